/* APPEND, MULTIAPPEND and REPLACE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_append_test(void);

#define KEPT(uids) "A OK [APPENDUID # " uids "] It is kept.\n"

static const struct exchange appends[] = {
	{ "APPEND INBOX (\\Seen work) \"17-Jul-1996 02:44:25 -0700\" "
	  "{10+}\r\na: b\r\n\r\nx\n", KEPT("1") },
	{ "APPEND Nowhere {3+}\r\nabc",
	  "A NO [TRYCREATE] There is no such mailbox.\n" },
	{ "APPEND INBOX {1+}\r\na {2+}\r\nbb (\\Flagged) {3+}\r\nccc",
	  KEPT("2:4") },
	{ "APPEND INBOX {1+}\r\na {0+}\r\n",
	  "A NO A message has some text; nothing was kept.\n" },
	{ "SELECT INBOX", NULL },
	{ "FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)", "* 1 FETCH (FLAGS "
	  "(\\Seen \\Recent work) INTERNALDATE \"17-Jul-1996 09:44:25 +0000\""
	  " RFC822.SIZE 11)\nA OK Fetched.\n" },
	{ "FETCH 4 (FLAGS RFC822.SIZE)", "* 4 FETCH (FLAGS (\\Flagged "
	  "\\Recent) RFC822.SIZE 3)\nA OK Fetched.\n" },
	{ "APPEND INBOX {6+}\r\nd\n\re\r\n", "* 5 EXISTS\n* 5 RECENT\n"
	  KEPT("5") },
	{ "FETCH 5 BODY.PEEK[]",
	  "* 5 FETCH (BODY[] {7}\nd\n\re\n)\nA OK Fetched.\n" },
	{ "APPEND INBOX ~{3+}\r\nabc", "* 6 EXISTS\n* 6 RECENT\n"
	  KEPT("6") },
	{ "APPEND INBOX UTF8 (~{3+}\r\nabc)",
	  "A NO [CANNOT] UTF8=ACCEPT was not enabled.\n" },
};

static const struct exchange replaces[] = {
	{ "REPLACE 1 INBOX {3+}\r\nnew", NULL },
	{ "SELECT INBOX", NULL },
	{ "REPLACE 2 INBOX (\\Draft) {3+}\r\nnew", "* OK [APPENDUID # 4] It is "
	  "there.\n* 2 EXPUNGE\n* 3 EXISTS\n* 1 RECENT\n"
	  "A OK It is replaced.\n" },
	{ "UID REPLACE 4 Sent {3+}\r\nnew", "* OK [APPENDUID # 1] It is "
	  "there.\n* 3 EXPUNGE\nA OK It is replaced.\n" },
	{ "REPLACE 9 INBOX {3+}\r\nnew", "A NO There is no such message.\n" },
	{ "UID REPLACE 4 INBOX {3+}\r\nnew",
	  "A NO There is no such message.\n" },
	{ "REPLACE 1 Nowhere {3+}\r\nnew",
	  "A NO [TRYCREATE] There is no such mailbox.\n" },
	{ "FETCH 1:* UID",
	  "* 1 FETCH (UID 1)\n* 2 FETCH (UID 3)\nA OK Fetched.\n" },
	{ "EXAMINE INBOX", NULL },
	{ "REPLACE 1 INBOX {3+}\r\nnew", "A NO [READ-ONLY] The mailbox is open "
	  "for reading only.\n" },
};

static void
messages_are_appended(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	script_play(&s.c, appends, countof(appends));
	script_end(&s);
}

static void
a_message_takes_the_place_of_another(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 3);
	script_play(&s.c, replaces, countof(replaces));
	script_end(&s);
}

/* Line ends cut anywhere, over several pieces. */
static void
a_long_one_is_what_it_was(void **state)
{
	struct script_world s;
	struct buf ask, text, want;
	unsigned n;

	(void)state;
	script_begin(&s, 0);
	buf_init(&text, 400000);
	buf_init(&want, 400000);
	buf_init(&ask, 500000);
	for (n = 0; n < 30000; n++) {
		buf_add_text(&text, n % 7 == 0 ? "ab\r\n" : n % 7 == 1 ?
		    "\n" : "cde\rf\n");
		buf_add_text(&want, n % 7 == 0 ? "ab\r\n" : n % 7 == 1 ?
		    "\r\n" : "cde\rf\r\n");
	}
	buf_add_format(&ask, "APPEND INBOX {%zu+}\r\n", text.len);
	buf_add(&ask, buf_str(&text));
	script_ask(&s.c, buf_text(&ask), KEPT("1"));
	script_ask(&s.c, "SELECT INBOX", NULL);
	assert_non_null(strstr(imap_client_ask(&s.c, "FETCH 1 BODY[]"),
	    buf_text(&want)));
	buf_drop(&ask);
	buf_drop(&text);
	buf_drop(&want);
	script_end(&s);
}

static uint64_t
messages(struct script_world *s)
{
	struct box_status status;

	assert_int_equal(box_status(s->w.at.db, BOX_INBOX, &status), 0);
	return status.messages;
}

static void
nul_is_refused(void **state)
{
	static const char ask[] = "A APPEND INBOX ~{5+}\r\na\0b\r\n\r\n";
	struct script_world s;
	struct str rest = { ask, sizeof ask - 1 };

	(void)state;
	script_begin(&s, 0);
	buf_clear(&s.c.said);
	assert_int_equal(send(s.c.fd, rest.at, rest.len, 0), rest.len);
	assert_string_equal(imap_client_hear(&s.c, "A "), "A NO [UNKNOWN-CTE] "
	    "A message cannot be kept with NUL in it.\r\n");
	assert_int_equal(messages(&s), 0);
	script_end(&s);
}

/* One of several that fails takes all along. */
static void
all_or_none_are_kept(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 1);
	s.w.fails = true;
	script_ask(&s.c, "APPEND INBOX {1+}\r\na {1+}\r\nb",
	    "A NO [SERVERBUG] The disk failed; the log has more.\n");
	assert_int_equal(messages(&s), 1);
	script_ask(&s.c, "SELECT INBOX", NULL);
	s.w.fails = true;
	script_ask(&s.c, "REPLACE 1 INBOX {1+}\r\na",
	    "A NO [SERVERBUG] The disk failed; the log has more.\n");
	script_ask(&s.c, "APPEND INBOX {1+}\r\na", NULL);
	assert_int_equal(messages(&s), 2);
	/* who goes away in the middle leaves nothing */
	imap_client_say(&s.c, "A APPEND INBOX {1+}\r\na {1000+}\r\nb");
	imap_world_turn(&s.w, 3);
	script_end(&s);
}

/* What goes wrong behind a message takes it along, and the session goes on. */
static void
a_bad_end_keeps_nothing(void **state)
{
	struct script_world s;
	struct buf ask;
	unsigned n;

	(void)state;
	script_begin(&s, 0);
	assert_true(strncmp(imap_client_ask(&s.c, "APPEND INBOX {1+}\r\na "
	    "(\\Seen"), "A BAD ", 6) == 0);
	buf_init(&ask, 100000);
	buf_add_text(&ask, "APPEND INBOX");
	for (n = 0; n < 1000; n++)
		buf_add_text(&ask, " {1+}\r\na");
	script_ask(&s.c, buf_text(&ask), KEPT("1:1000"));
	assert_int_equal(messages(&s), 1000);
	buf_add_text(&ask, " {1+}\r\na (\\Seen) {3+}\r\na\r\n");
	script_ask(&s.c, buf_text(&ask),
	    "A NO [LIMIT] Too many for one command.\n");
	buf_drop(&ask);
	assert_int_equal(messages(&s), 1000);
	script_ask(&s.c, "APPEND INBOX {1+}\r\na", KEPT("1001"));
	script_end(&s);
}

int
mua_append_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_appended),
		cmocka_unit_test(a_message_takes_the_place_of_another),
		cmocka_unit_test(a_long_one_is_what_it_was),
		cmocka_unit_test(nul_is_refused),
		cmocka_unit_test(all_or_none_are_kept),
		cmocka_unit_test(a_bad_end_keeps_nothing),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_append", tests, NULL,
	    NULL);
}
