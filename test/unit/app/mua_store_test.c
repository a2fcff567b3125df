/* STORE in all its forms, large ones, and beside other sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_store_test(void);

#define DONE "A OK It is done.\n"

static const struct exchange plain[] = {
	{ "SELECT INBOX", NULL },
	{ "STORE 1:2 +FLAGS (\\Seen)", "* 1 FETCH (FLAGS (\\Seen))\n"
	  "* 2 FETCH (FLAGS (\\Seen))\n" DONE },
	{ "STORE 1 FLAGS (\\Flagged \\Draft)",
	  "* 1 FETCH (FLAGS (\\Flagged \\Draft))\n" DONE },
	{ "STORE 1 -FLAGS \\Draft", "* 1 FETCH (FLAGS (\\Flagged))\n" DONE },
	{ "UID STORE 2,9 -FLAGS (\\Seen)", "* 2 FETCH (UID 2 FLAGS ())\n"
	  DONE },
	{ "UID STORE 99 +FLAGS (\\Seen)", DONE },
	{ "STORE 99 +FLAGS (\\Seen)", "A BAD There is no such message.\n" },
	{ "STORE 1:* +FLAGS.SILENT (\\Answered)", DONE },
	{ "NOOP", "A OK Done.\n" },
	{ "STORE 1 FLAGS.SILENT ()", DONE },
	{ "FETCH 1:3 FLAGS", "* 1 FETCH (FLAGS ())\n"
	  "* 2 FETCH (FLAGS (\\Answered))\n* 3 FETCH (FLAGS (\\Answered))\n"
	  "A OK Fetched.\n" },
	{ "STORE 1 -FLAGS (none)", "* 1 FETCH (FLAGS ())\n" DONE },
};

static const struct exchange keywords[] = {
	{ "SELECT INBOX", NULL },
	{ "STORE 1 +FLAGS (work $Junk)", NULL },
	{ "STORE 1 -FLAGS (WORK)", "* 1 FETCH (FLAGS ($Junk))\n" DONE },
	{ "STORE 2 +FLAGS (Work)", "* 2 FETCH (FLAGS (work))\n" DONE },
};

static const struct exchange conditional[] = {
	{ "SELECT INBOX", NULL },
	{ "STORE 1:2 (UNCHANGEDSINCE 0) +FLAGS (\\Seen)",
	  "* OK [HIGHESTMODSEQ #] All up to it is told.\n"
	  "A OK [MODIFIED 1:2] Some were changed meanwhile.\n" },
	{ "STORE 1:3 (UNCHANGEDSINCE 100) +FLAGS.SILENT (\\Seen)",
	  "* 1 FETCH (MODSEQ (#))\n* 2 FETCH (MODSEQ (#))\n"
	  "* 3 FETCH (MODSEQ (#))\n" DONE },
	{ "UID STORE 2 +FLAGS.SILENT (\\Draft)",
	  "* 2 FETCH (UID 2 MODSEQ (#))\n" DONE },
	{ "UID STORE 2 +FLAGS.SILENT (\\Draft)", DONE },
	{ "STORE 3 +FLAGS (\\Draft)",
	  "* 3 FETCH (FLAGS (\\Seen \\Draft) MODSEQ (#))\n" DONE },
	{ "ENABLE QRESYNC", NULL },
	{ "STORE 2 -FLAGS.SILENT (\\Draft)",
	  "* 2 FETCH (UID 2 MODSEQ (#))\n" DONE },
};

static void
flags_are_changed(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 3);
	script_play(&s.c, plain, countof(plain));
	script_end(&s);
	script_begin(&s, 2);
	script_play(&s.c, keywords, countof(keywords));
	script_end(&s);
	script_begin(&s, 3);
	script_play(&s.c, conditional, countof(conditional));
	script_end(&s);
}

static void
who_may_only_read_changes_nothing(void **state)
{
	static const struct exchange exchanges[] = {
		{ "EXAMINE INBOX", NULL },
		{ "STORE 1 +FLAGS (\\Seen)", "A NO [READ-ONLY] The mailbox is "
		  "open for reading only.\n" },
		{ "EXPUNGE", "A NO [READ-ONLY] The mailbox is open for "
		  "reading only.\n" },
		{ "MOVE 1 Sent", "A NO [READ-ONLY] The mailbox is open for "
		  "reading only.\n" },
		{ "FETCH 1 FLAGS", NULL },
	};
	struct script_world s;

	(void)state;
	script_begin(&s, 1);
	script_play(&s.c, exchanges, countof(exchanges));
	script_end(&s);
}

static void
a_mailbox_has_so_many_keywords(void **state)
{
	struct script_world s;
	char ask[60];
	unsigned n;

	(void)state;
	script_begin(&s, 2);
	script_ask(&s.c, "SELECT INBOX", NULL);
	for (n = 0; n < BOX_KEYWORDS_MAX; n++) {
		(void)snprintf(ask, sizeof ask, "STORE 1 FLAGS.SILENT (k%u)",
		    n);
		(void)imap_client_ask(&s.c, ask);
	}
	script_ask(&s.c, "STORE 1 +FLAGS (more)", "A NO [LIMIT] The mailbox "
	    "has no room for another keyword.\n");
	script_ask(&s.c, "STORE 2 +FLAGS (K53)",
	    "* 2 FETCH (FLAGS (k53))\n" DONE);
	script_end(&s);
}

/* How often a text is in another one. */
static unsigned
times(const char *said, const char *text)
{
	unsigned n;

	for (n = 0; (said = strstr(said, text)) != NULL; n++)
		said++;
	return n;
}

/* Several slices of one run, and runs of one message each. */
static void
many_are_changed_in_slices(void **state)
{
	static const char letter[] = "a\r\n";
	const struct message_start start = { .box = BOX_INBOX };
	struct script_world s;
	struct message_writer *w;
	struct box_status status;
	struct buf ask;
	unsigned n;

	(void)state;
	script_begin(&s, 0);
	for (n = 0; n < 6000; n++) {
		assert_int_equal(message_begin(s.w.at.db, &w), 0);
		assert_int_equal(message_piece(w, str_of(letter), true), 0);
		assert_int_equal(message_keep(w, &start, NULL), 0);
	}
	imap_world_turn(&s.w, 1);
	script_ask(&s.c, "SELECT INBOX", NULL);
	s.w.commits = 0;
	script_ask(&s.c, "STORE 1:* +FLAGS.SILENT (\\Seen)", DONE);
	assert_int_equal(s.w.commits, 2);
	assert_int_equal(box_status(s.w.at.db, BOX_INBOX, &status), 0);
	assert_int_equal(status.unseen, 0);
	n = times(imap_client_ask(&s.c, "STORE 1:* -FLAGS (\\Seen)"),
	    " FETCH (FLAGS (\\Recent))");
	assert_int_equal(n, 6000);
	buf_init(&ask, 20000);
	buf_add_text(&ask, "STORE 1");
	for (n = 3; n < 3000; n += 2)
		buf_add_format(&ask, ",%u", n);
	buf_add_text(&ask, " +FLAGS (\\Flagged)");
	s.w.commits = 0;
	n = times(imap_client_ask(&s.c, buf_text(&ask)), " FETCH (FLAGS");
	assert_int_equal(n, 1500);
	assert_int_equal(s.w.commits, 3);
	buf_drop(&ask);
	script_end(&s);
}

/* .SILENT keeps nothing secret that somebody else has done. */
static void
what_others_did_is_told(void **state)
{
	struct script_world s;
	struct imap_client other;

	(void)state;
	script_begin(&s, 2);
	imap_client_enter(&other, &s.w);
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&other, "SELECT INBOX", NULL);
	script_ask(&other, "STORE 1 +FLAGS.SILENT (\\Answered)", DONE);
	script_ask(&s.c, "STORE 1 +FLAGS.SILENT (\\Seen)",
	    "* 1 FETCH (FLAGS (\\Answered \\Seen))\n" DONE);
	script_ask(&s.c, "STORE 2 +FLAGS.SILENT (\\Seen)", DONE);
	script_ask(&other, "NOOP", "* 1 FETCH (FLAGS (\\Answered \\Seen))\n"
	    "* 2 FETCH (FLAGS (\\Seen))\nA OK Done.\n");
	/* gone, but not yet told */
	script_ask(&other, "STORE 1 +FLAGS.SILENT (\\Deleted)", DONE);
	script_ask(&other, "EXPUNGE", NULL);
	assert_non_null(strstr(imap_client_ask(&s.c, "STORE 1 +FLAGS "
	    "(\\Draft)"), "A NO [EXPUNGEISSUED] Some are there no more.\r\n"));
	imap_client_close(&other);
	script_end(&s);
}

static void
a_failed_commit_is_told(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 1);
	script_ask(&s.c, "SELECT INBOX", NULL);
	s.w.fails = true;
	script_ask(&s.c, "STORE 1 +FLAGS (\\Seen new)",
	    "A NO [SERVERBUG] The disk failed; the log has more.\n");
	script_ask(&s.c, "STORE 1 +FLAGS (\\Draft)",
	    "* 1 FETCH (FLAGS (\\Draft))\n" DONE);
	script_end(&s);
}

int
mua_store_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_changed),
		cmocka_unit_test(who_may_only_read_changes_nothing),
		cmocka_unit_test(a_mailbox_has_so_many_keywords),
		cmocka_unit_test(many_are_changed_in_slices),
		cmocka_unit_test(what_others_did_is_told),
		cmocka_unit_test(a_failed_commit_is_told),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_store", tests, NULL, NULL);
}
