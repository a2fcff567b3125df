/* EXPUNGE, UID EXPUNGE and CLOSE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_expunge_test(void);

#define GONE "A OK They are gone.\n"

static const struct exchange exchanges[] = {
	{ "SELECT INBOX", NULL },
	{ "EXPUNGE", "A OK None was to go.\n" },
	{ "STORE 2:5 +FLAGS.SILENT (\\Deleted)", NULL },
	{ "UID EXPUNGE 1:3", "* 3 EXPUNGE\n* 2 EXPUNGE\n" GONE },
	{ "UID EXPUNGE 1:3,100", "A OK None was to go.\n" },
	{ "EXPUNGE", "* 3 EXPUNGE\n* 2 EXPUNGE\n" GONE },
	{ "FETCH 1:* UID", "* 1 FETCH (UID 1)\n* 2 FETCH (UID 6)\n"
	  "* 3 FETCH (UID 7)\n* 4 FETCH (UID 8)\nA OK Fetched.\n" },
	{ "ENABLE QRESYNC", NULL },
	{ "STORE 2 +FLAGS.SILENT (\\Deleted)", NULL },
	{ "UID EXPUNGE 1", "A OK None was to go.\n" },
	{ "EXPUNGE", "* VANISHED 6\nA OK [HIGHESTMODSEQ #] They are gone.\n" },
	{ "STORE 2 +FLAGS.SILENT (\\Deleted)", NULL },
	{ "CLOSE", "A OK It is closed.\n" },
	{ "EXAMINE INBOX", NULL },
	{ "UID FETCH 1:* UID",
	  "* 1 FETCH (UID 1)\n* 2 FETCH (UID 8)\nA OK Fetched.\n" },
	{ "CLOSE", "A OK It is closed.\n" },
	{ "SELECT INBOX", NULL },
	{ "STORE 1:2 +FLAGS.SILENT (\\Deleted)", NULL },
	{ "UNSELECT", NULL },
	{ "STATUS INBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 2)\n"
	  "A OK That is its status.\n" },
};

static void
the_deleted_are_gone(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 8);
	script_play(&s.c, exchanges, countof(exchanges));
	script_end(&s);
}

static void
many_go_in_slices(void **state)
{
	const struct message_start start = {
		.box = BOX_INBOX, .flags = BOX_DELETED
	};
	struct script_world s;
	struct message_writer *w;
	struct box_status status;
	unsigned n;

	(void)state;
	script_begin(&s, 1);
	for (n = 0; n < 1500; n++) {
		assert_int_equal(message_begin(s.w.at.db, &w), 0);
		assert_int_equal(message_piece(w, STR("a\r\n"), true), 0);
		assert_int_equal(message_keep(w, &start, NULL), 0);
	}
	imap_world_turn(&s.w, 1);
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&s.c, "ENABLE QRESYNC", NULL);
	s.w.commits = 0;
	script_ask(&s.c, "EXPUNGE", "* VANISHED 2:1501\n"
	    "A OK [HIGHESTMODSEQ #] They are gone.\n");
	assert_int_equal(s.w.commits, 3);
	assert_int_equal(box_status(s.w.at.db, BOX_INBOX, &status), 0);
	assert_int_equal(status.messages, 1);
	script_end(&s);
}

static void
a_failed_commit_is_told(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 2);
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&s.c, "STORE 1 +FLAGS.SILENT (\\Deleted)", NULL);
	s.w.fails = true;
	script_ask(&s.c, "EXPUNGE",
	    "A NO [SERVERBUG] The disk failed; the log has more.\n");
	s.w.fails = true;
	script_ask(&s.c, "CLOSE",
	    "A NO [SERVERBUG] The disk failed; the log has more.\n");
	script_ask(&s.c, "EXPUNGE", "* 1 EXPUNGE\n" GONE);
	script_end(&s);
}

int
mua_expunge_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deleted_are_gone),
		cmocka_unit_test(many_go_in_slices),
		cmocka_unit_test(a_failed_commit_is_told),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_expunge", tests, NULL,
	    NULL);
}
