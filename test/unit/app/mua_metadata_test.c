/* Annotations and quota. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"
#include "store/annotation.h"

int mua_metadata_test(void);

#define SET "A OK They are set.\n"
#define GOT "A OK These are they.\n"

static const struct exchange exchanges[] = {
	{ "SETMETADATA INBOX (/private/comment \"mine\" /shared/comment "
	  "\"ours\")", SET },
	{ "GETMETADATA INBOX /private/comment",
	  "* METADATA INBOX (/private/comment \"mine\")\n" GOT },
	{ "GETMETADATA INBOX (/Shared/Comment /private/none)",
	  "* METADATA INBOX (/shared/comment \"ours\")\n"
	  "* METADATA INBOX (/private/none NIL)\n" GOT },
	{ "SETMETADATA \"\" (/shared/comment \"all\")", SET },
	{ "GETMETADATA \"\" /shared/comment",
	  "* METADATA \"\" (/shared/comment \"all\")\n" GOT },
	{ "SETMETADATA INBOX (/private/a \"1\" /private/a/b \"22\" "
	  "/private/a/b/c \"\" /private/a-b \"4\" /private/a0 \"5\")", SET },
	{ "GETMETADATA (DEPTH 1) INBOX (/private/a)",
	  "* METADATA INBOX (/private/a \"1\")\n"
	  "* METADATA INBOX (/private/a/b \"22\")\n" GOT },
	{ "GETMETADATA (DEPTH infinity) INBOX (/private/a)",
	  "* METADATA INBOX (/private/a \"1\")\n"
	  "* METADATA INBOX (/private/a/b \"22\")\n"
	  "* METADATA INBOX (/private/a/b/c \"\")\n" GOT },
	{ "GETMETADATA (DEPTH 1) INBOX (/shared)",
	  "* METADATA INBOX (/shared/comment \"ours\")\n" GOT },
	{ "GETMETADATA (MAXSIZE 1) INBOX (/private/a /private/a/b "
	  "/private/comment)", "* METADATA INBOX (/private/a \"1\")\n"
	  "A OK [METADATA LONGENTRIES 4] Some are longer.\n" },
	{ "SETMETADATA INBOX (/private/a NIL)", SET },
	{ "GETMETADATA INBOX /private/a",
	  "* METADATA INBOX (/private/a NIL)\n" GOT },
	{ "SETMETADATA Nowhere (/private/a \"1\")",
	  "A NO [NONEXISTENT] There is no such mailbox.\n" },
	{ "GETMETADATA Nowhere /private/a",
	  "A NO [NONEXISTENT] There is no such mailbox.\n" },
};

/* Names that are none; whoever finds it first says BAD. */
static const char *const wrong[] = {
	"/other/a", "/private//a", "/private/a/", "private", "/privatea",
	"/private/a*", "\"/private/%\""
};

static void
annotations_are_kept(void **state)
{
	struct script_world s;
	char ask[100];
	size_t n;

	(void)state;
	script_begin(&s, 0);
	script_play(&s.c, exchanges, countof(exchanges));
	for (n = 0; n < countof(wrong); n++) {
		(void)snprintf(ask, sizeof ask, "GETMETADATA INBOX %s",
		    wrong[n]);
		assert_true(strncmp(imap_client_ask(&s.c, ask), "A BAD ", 6) ==
		    0);
	}
	script_end(&s);
}

/* When one cannot be set, none is. */
static void
all_or_none_are_set(void **state)
{
	struct script_world s;
	struct buf ask;
	char name[40];
	unsigned n;

	(void)state;
	script_begin(&s, 0);
	buf_init(&ask, 200000);
	script_ask(&s.c, "SETMETADATA INBOX (/private/a \"old\")", SET);
	buf_add_format(&ask, "SETMETADATA INBOX (/private/a \"new\" /private/b"
	    " \"new\" /private/c {%d+}\r\n%0*d)", ANNOTATION_MAX + 1,
	    ANNOTATION_MAX + 1, 0);
	script_ask(&s.c, buf_text(&ask),
	    "A NO [METADATA MAXSIZE 65536] The value is too long.\n");
	buf_drop(&ask);
	for (n = 1; n < ANNOTATIONS_MAX; n++) {
		(void)snprintf(name, sizeof name, "/private/n%u", n);
		assert_int_equal(annotation_set(s.w.at.db,
		    s.c.m->entry.owner, 2, str_of(name), STR("x")), 0);
	}
	script_ask(&s.c, "SETMETADATA INBOX (/private/a NIL /private/b \"new\""
	    " /private/c \"new\")",
	    "A NO [METADATA TOOMANY] There are too many.\n");
	s.w.fails = true;
	script_ask(&s.c, "SETMETADATA INBOX (/private/a NIL)",
	    "A NO [SERVERBUG] The disk failed; the log has more.\n");
	script_ask(&s.c, "GETMETADATA INBOX (/private/a /private/b "
	    "/private/c)", "* METADATA INBOX (/private/a \"old\")\n"
	    "* METADATA INBOX (/private/b NIL)\n"
	    "* METADATA INBOX (/private/c NIL)\n" GOT);
	script_end(&s);
}

static const struct exchange quotas[] = {
	{ "GETQUOTA \"\"", "* QUOTA \"\" (STORAGE 1 #)\n"
	  "A OK That is the quota.\n" },
	{ "GETQUOTA other",
	  "A NO [NONEXISTENT] The one quota root is \"\".\n" },
	{ "GETQUOTAROOT INBOX", "* QUOTAROOT INBOX \"\"\n"
	  "* QUOTA \"\" (STORAGE 1 #)\nA OK That is the quota.\n" },
	{ "SETQUOTA \"\" (STORAGE 100)",
	  "A NO [NOPERM] The disk is the only limit.\n" },
};

static void
quotas_are_told(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 1);
	script_play(&s.c, quotas, countof(quotas));
	script_end(&s);
}

int
mua_metadata_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(annotations_are_kept),
		cmocka_unit_test(all_or_none_are_set),
		cmocka_unit_test(quotas_are_told),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_metadata", tests, NULL,
	    NULL);
}
