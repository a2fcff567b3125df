/* COPY and MOVE: within the mailbox, in slices, and when they fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_copy_test(void);

#define COPIED(code) "A OK [COPYUID # " code "] They are copied.\n"

static const struct exchange copies[] = {
	{ "SELECT INBOX", NULL },
	{ "STORE 1 FLAGS.SILENT (\\Seen work)", NULL },
	{ "STORE 2 FLAGS.SILENT (play work)", NULL },
	{ "COPY 1:2 Sent", COPIED("1:2 1:2") },
	{ "UID COPY 3,1 Sent", COPIED("1,3 3:4") },
	{ "COPY 1 Nowhere",
	  "A NO [TRYCREATE] There is no such mailbox.\n" },
	{ "COPY 9 Sent", "A BAD There is no such message.\n" },
	{ "UID COPY 9 Sent", "A OK It is done.\n" },
	{ "COPY 1:2 INBOX", "* 5 EXISTS\n* 2 RECENT\n" COPIED("1:2 4:5") },
	{ "FETCH 4:5 FLAGS", "* 4 FETCH (FLAGS (\\Seen \\Recent work))\n"
	  "* 5 FETCH (FLAGS (\\Recent work play))\nA OK Fetched.\n" },
	{ "EXAMINE Sent", NULL },
	{ "FETCH 1:3 FLAGS", NULL },
	{ "STATUS Sent (MESSAGES UNSEEN)", "* STATUS Sent (MESSAGES 4 UNSEEN "
	  "2)\nA OK That is its status.\n" },
};

static const struct exchange moves[] = {
	{ "SELECT INBOX", NULL },
	{ "STORE 2 FLAGS.SILENT (\\Deleted work)", NULL },
	{ "MOVE 2:3 Sent", "* OK [COPYUID # 2:3 1:2] They are there.\n"
	  "* 3 EXPUNGE\n* 2 EXPUNGE\nA OK It is done.\n" },
	{ "MOVE 1 Nowhere",
	  "A NO [TRYCREATE] There is no such mailbox.\n" },
	{ "UID MOVE 9 Sent", "A OK It is done.\n" },
	{ "MOVE 1 INBOX", "* OK [COPYUID # 1 5] They are there.\n"
	  "* 1 EXPUNGE\n* 2 EXISTS\n* 1 RECENT\nA OK It is done.\n" },
	{ "ENABLE QRESYNC", NULL },
	{ "UID MOVE 5 Sent", "* OK [COPYUID # 5 3] They are there.\n"
	  "* VANISHED 5\nA OK [HIGHESTMODSEQ #] They are moved.\n" },
	{ "SELECT Sent", NULL },
	{ "FETCH 1 FLAGS", NULL },
};

static void
messages_are_copied(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 3);
	script_play(&s.c, copies, countof(copies));
	script_end(&s);
}

static void
messages_are_moved(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 4);
	script_play(&s.c, moves, countof(moves));
	script_ask(&s.c, "FETCH 1 FLAGS", "* 1 FETCH (FLAGS (\\Deleted "
	    "\\Recent work))\nA OK Fetched.\n");
	script_end(&s);
}

static void
fill(struct script_world *s, unsigned count)
{
	const struct message_start start = { .box = BOX_INBOX };
	struct message_writer *w;

	while (count-- > 0) {
		assert_int_equal(message_begin(s->w.at.db, &w), 0);
		assert_int_equal(message_piece(w, STR("a\r\n"), true), 0);
		assert_int_equal(message_keep(w, &start, NULL), 0);
	}
	imap_world_turn(&s->w, 1);
}

static uint64_t
messages(struct script_world *s, int64_t box)
{
	struct box_status status;

	assert_int_equal(box_status(s->w.at.db, box, &status), 0);
	return status.messages;
}

/* Let the loop turn until a part is copied. */
static void
wait_for_part(struct script_world *s, int64_t box)
{
	unsigned turns;

	for (turns = 0; messages(s, box) == 0; turns++) {
		assert_true(turns < 1000);
		imap_world_turn(&s->w, 1);
	}
	assert_true(messages(s, box) < 5000);
}

static int64_t
box_of(struct script_world *s, struct str name)
{
	int64_t box;

	assert_int_equal(mailbox_find(s->w.at.db, name, &box), 0);
	return box;
}

static void
many_go_in_slices(void **state)
{
	struct script_world s;
	int64_t sent;

	(void)state;
	script_begin(&s, 0);
	fill(&s, 1500);
	sent = box_of(&s, STR("Sent"));
	script_ask(&s.c, "SELECT INBOX", NULL);
	s.w.commits = 0;
	script_ask(&s.c, "COPY 1:* Sent", COPIED("1:1500 1:1500"));
	assert_int_equal(s.w.commits, 3);
	assert_int_equal(messages(&s, sent), 1500);
	script_ask(&s.c, "MOVE 1:* Sent", NULL);
	assert_non_null(strstr(buf_text(&s.c.said),
	    "1:1500 1501:3000] They are there.\r\n* 1500 EXPUNGE\r\n"));
	assert_int_equal(messages(&s, sent), 3000);
	assert_int_equal(messages(&s, BOX_INBOX), 0);
	script_end(&s);
}

/* A set too long for one code is told in several. */
static void
a_long_code_is_cut(void **state)
{
	struct script_world s;
	struct buf ask;
	const char *said;
	unsigned n;

	(void)state;
	script_begin(&s, 0);
	fill(&s, 20000);
	script_ask(&s.c, "SELECT INBOX", NULL);
	buf_init(&ask, 100000);
	buf_add_text(&ask, "UID COPY 1");
	for (n = 3; n < 20000; n += 2)
		buf_add_format(&ask, ",%u", n);
	buf_add_text(&ask, " Sent");
	said = imap_client_ask(&s.c, buf_text(&ask));
	buf_drop(&ask);
	assert_true(strncmp(said, "* OK [COPYUID ", 14) == 0);
	assert_non_null(strstr(said, ",2047 1:1024] They are there.\r\n"));
	assert_non_null(strstr(said, " 2049,2051,"));
	assert_non_null(strstr(said, "19999 "));
	assert_non_null(strstr(said, ":10000] They are there.\r\n"
	    "A OK It is done.\r\n"));
	script_end(&s);
}

/* Half a COPY is taken back, however it fails. */
static void
half_a_copy_is_none(void **state)
{
	struct script_world s;
	struct imap_client other;
	int64_t sent;

	(void)state;
	script_begin(&s, 0);
	fill(&s, 5000);
	sent = box_of(&s, STR("Sent"));
	script_ask(&s.c, "SELECT INBOX", NULL);
	imap_client_enter(&other, &s.w);
	script_ask(&other, "SELECT INBOX", NULL);
	/* the second commit fails */
	imap_client_say(&s.c, "A COPY 1:* Sent\r\n");
	wait_for_part(&s, sent);
	s.w.fails = true;
	assert_string_equal(imap_client_hear(&s.c, "A "),
	    "A NO [SERVERBUG] The disk failed; the log has more.\r\n");
	assert_int_equal(messages(&s, sent), 0);
	/* one of them has vanished */
	script_ask(&other, "STORE 1400 +FLAGS (\\Deleted)", NULL);
	script_ask(&other, "EXPUNGE", NULL);
	imap_client_say(&s.c, "A COPY 1:* Sent\r\n");
	assert_non_null(strstr(imap_client_hear(&s.c, "A NO"),
	    "A NO [EXPUNGEISSUED] Some are there no more.\r\n"));
	assert_int_equal(messages(&s, sent), 0);
	/* nobody waits for it any more */
	imap_client_say(&s.c, "A COPY 1:* Sent\r\n");
	wait_for_part(&s, sent);
	mua_evict(s.c.m, "Gone.");
	imap_world_turn(&s.w, 5);
	assert_int_equal(messages(&s, sent), 0);
	imap_client_close(&other);
	script_end(&s);
}

/* Of a MOVE each message is in one mailbox. */
static void
half_a_move_is_half(void **state)
{
	struct script_world s;
	uint64_t moved;
	char code[40];
	int64_t sent;

	(void)state;
	script_begin(&s, 0);
	fill(&s, 5000);
	sent = box_of(&s, STR("Sent"));
	script_ask(&s.c, "SELECT INBOX", NULL);
	imap_client_say(&s.c, "A MOVE 1:* Sent\r\n");
	wait_for_part(&s, sent);
	s.w.fails = true;
	(void)imap_client_hear(&s.c, "A NO [SERVERBUG]");
	moved = messages(&s, sent);
	assert_int_equal(messages(&s, BOX_INBOX), 5000 - moved);
	(void)snprintf(code, sizeof code, " 1:%u 1:%u] ", (unsigned)moved,
	    (unsigned)moved);
	assert_non_null(strstr(buf_text(&s.c.said), code));
	script_end(&s);
}

int
mua_copy_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_copied),
		cmocka_unit_test(messages_are_moved),
		cmocka_unit_test(many_go_in_slices),
		cmocka_unit_test(a_long_code_is_cut),
		cmocka_unit_test(half_a_copy_is_none),
		cmocka_unit_test(half_a_move_is_half),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_copy", tests, NULL, NULL);
}
