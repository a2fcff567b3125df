/* Mailboxes made, renamed, removed and subscribed to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_mailbox_test(void);

#define NONE "A NO [NONEXISTENT] There is no such mailbox.\n"
#define EXISTS "A NO [ALREADYEXISTS] There is such a mailbox already.\n"
#define NO_NAME "A NO [CANNOT] That can be no name.\n"
#define MADE "A OK [MAILBOXID (F#)] It is made.\n"
#define ENDED "A OK These are all.\n"

static const struct exchange lives[] = {
	{ "CREATE one", MADE },
	{ "CREATE one", EXISTS },
	{ "CREATE two/", MADE },
	{ "CREATE two/three/four", MADE },
	{ "CREATE inbox", EXISTS },
	{ "CREATE INBOX/below", MADE },
	{ "CREATE a//b", NO_NAME },
	{ "CREATE /a", NO_NAME },
	{ "CREATE \"\"", NO_NAME },
	{ "CREATE a//", NO_NAME },
	{ "RENAME one uno", "A OK It has its new name.\n" },
	{ "RENAME one due", NONE },
	{ "RENAME uno two", EXISTS },
	{ "RENAME uno uno/below", NO_NAME },
	{ "RENAME uno uno", EXISTS },
	{ "RENAME two zwei/", "A OK It has its new name.\n" },
	{ "LIST \"\" (*o *four zwei)", "* LIST () \"/\" uno\n"
	  "* LIST () \"/\" zwei\n* LIST () \"/\" zwei/three/four\n" ENDED },
	/* a name that is not there, but above others */
	{ "RENAME zwei/three zwei/drei", "A OK It has its new name.\n" },
	{ "RENAME zwei/drei zwei/drei/x", NO_NAME },
	{ "CREATE uno/four", MADE },
	{ "RENAME zwei/drei uno", EXISTS },
	{ "LIST \"\" *four", "* LIST (\\HasNoChildren) \"/\" uno/four\n"
	  "* LIST (\\HasNoChildren) \"/\" zwei/drei/four\n" ENDED },
	{ "DELETE zwei/drei",
	  "A NO [HASCHILDREN] There are only mailboxes below that name.\n" },
	{ "DELETE uno", "A OK It is gone.\n" },
	{ "DELETE uno/four", "A OK It is gone.\n" },
	{ "DELETE uno/four", NONE },
	{ "DELETE uno", NONE },
	{ "DELETE inbox", "A NO [CANNOT] INBOX is always there.\n" },
	{ "RENAME nowhere uno", NONE },
	{ "SUBSCRIBE nowhere", "A OK So be it.\n" },
	{ "SUBSCRIBE nowhere", "A OK So be it.\n" },
	{ "LSUB \"\" no*", "* LSUB () \"/\" nowhere\n" ENDED },
	{ "UNSUBSCRIBE nowhere", "A OK So be it.\n" },
	{ "UNSUBSCRIBE nowhere", "A OK So be it.\n" },
	{ "SUBSCRIBE a//b", NO_NAME },
	{ "LSUB \"\" no*", ENDED },
};

static void
a_mailbox_lives_and_dies(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	script_play(&s.c, lives, countof(lives));
	script_end(&s);
}

#define USED "A NO [USEATTR] Another mailbox is for that use.\n"

static const struct exchange uses[] = {
	{ "CREATE mine (USE (\\Sent))", USED },
	{ "CREATE mine (USE (\\All))",
	  "A NO [USEATTR] No mailbox can be made for that use.\n" },
	{ "LIST \"\" mine", ENDED },
	{ "DELETE Sent", "A OK It is gone.\n" },
	{ "CREATE mine (USE (\\sent))", MADE },
	{ "LIST (SPECIAL-USE) \"\" mine", "* LIST (\\Sent) \"/\" mine\n"
	  ENDED },
	{ "CREATE more (USE (\\Sent))", USED },
};

static void
a_use_has_one_mailbox(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	script_play(&s.c, uses, countof(uses));
	script_end(&s);
}

static const struct exchange rev2[] = {
	{ "ENABLE IMAP4rev2", NULL },
	{ "CREATE one/", "* LIST () \"/\" one (\"OLDNAME\" (one/))\n" MADE },
	{ "RENAME one uno/", "* LIST () \"/\" uno (\"OLDNAME\" (one))\n"
	  "A OK It has its new name.\n" },
	{ "RENAME uno one", "A OK It has its new name.\n" },
};

static void
another_name_is_told(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	script_play(&s.c, rev2, countof(rev2));
	script_end(&s);
}

static const struct exchange inbox[] = {
	{ "SELECT INBOX", NULL },
	{ "RENAME INBOX Old", "* 2 EXPUNGE\n* 1 EXPUNGE\n"
	  "A OK It has its new name.\n" },
	{ "STATUS Old (MESSAGES)", "* STATUS Old (MESSAGES 2)\n"
	  "A OK That is its status.\n" },
	{ "LIST \"\" INBOX", "* LIST (\\HasNoChildren) \"/\" INBOX\n" ENDED },
};

static void
inbox_is_left_empty(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 2);
	script_play(&s.c, inbox, countof(inbox));
	script_end(&s);
}

/* Who removes what it has open goes on; another one is sent away. */
static void
the_open_mailbox_is_deleted(void **state)
{
	struct script_world s;
	struct imap_client other;

	(void)state;
	script_begin(&s, 0);
	imap_client_enter(&other, &s.w);
	script_ask(&s.c, "CREATE box", MADE);
	script_ask(&s.c, "SELECT box", NULL);
	script_ask(&other, "SELECT box", NULL);
	script_ask(&s.c, "DELETE box", "* OK [CLOSED] The mailbox is gone.\n"
	    "A OK It is gone.\n");
	script_ask(&s.c, "NOOP", "A OK Done.\n");
	assert_false(s.c.m->imap.selected);
	assert_non_null(strstr(imap_client_ask(&other, "NOOP"), "* BYE"));
	imap_client_close(&other);
	script_end(&s);
}

/* The commit fails, and nothing has happened. */
static void
a_failed_commit_is_told(void **state)
{
	static const char *const asks[] = {
		"CREATE new", "DELETE Sent", "RENAME Sent Gone",
		"SUBSCRIBE new"
	};
	struct script_world s;
	size_t n;

	(void)state;
	script_begin(&s, 0);
	for (n = 0; n < countof(asks); n++) {
		s.w.fails = true;
		script_ask(&s.c, asks[n], "A NO [SERVERBUG] The disk failed; "
		    "the log has more.\n");
		assert_false(s.w.fails);
	}
	script_ask(&s.c, "LIST \"\" (new Sent Gone)",
	    "* LIST () \"/\" Sent\n" ENDED);
	script_ask(&s.c, "LSUB \"\" new", ENDED);
	script_end(&s);
}

int
mua_mailbox_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mailbox_lives_and_dies),
		cmocka_unit_test(a_use_has_one_mailbox),
		cmocka_unit_test(another_name_is_told),
		cmocka_unit_test(inbox_is_left_empty),
		cmocka_unit_test(the_open_mailbox_is_deleted),
		cmocka_unit_test(a_failed_commit_is_told),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_mailbox", tests, NULL,
	    NULL);
}
