/* Sessions of IMAP side by side: who is told what, when, and who goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/imap_world.h"
#include "base/crypto.h"

int serve_imap_test(void);

#define LETTER "Subject: x\r\n\r\nA letter.\r\n"

static int
begin(void **state)
{
	static struct imap_world w;

	imap_world_begin(&w, NULL);
	*state = &w;
	return 0;
}

static int
begin_small(void **state)
{
	static struct imap_world w;

	imap_world_begin(&w, "imap = { port = 0; tls_port = 0; "
	    "connections = 2; per_network = 2; idle_s = 1; };\n");
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	imap_world_end(*state);
	return 0;
}

static void
only_the_owner_gets_in(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	imap_client_open(&c, w);
	assert_non_null(strstr(imap_client_ask(&c, "SELECT INBOX"),
	    "A BAD "));
	assert_non_null(strstr(imap_client_ask(&c, "LOGIN mailbox wrong"),
	    "A NO [AUTHENTICATIONFAILED] "));
	assert_false(c.m->member.settled);
	assert_non_null(strstr(imap_client_ask(&c,
	    "LOGIN mailbox@example.test \"" GATE_WORLD_PASSWORD "\""),
	    "A OK "));
	assert_true(c.m->member.settled);
	assert_non_null(c.m->reader);
	assert_non_null(strstr(imap_client_ask(&c, "SELECT INBOX"),
	    "A OK [READ-WRITE] "));
	assert_non_null(strstr(imap_client_ask(&c, "LOGOUT"), "* BYE "));
	(void)imap_client_hear(&c, "never");
	imap_client_close(&c);
	assert_int_equal(w->service.common.crowd.count, 0);
}

/* Whoever is in IDLE hears in the turn that commits. */
static void
news_come_at_once(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;
	char text[200] = "";

	imap_client_enter(&c, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	imap_client_say(&c, "B IDLE\r\n");
	(void)imap_client_hear(&c, "+ ");
	(void)imap_world_letter(w, BOX_INBOX, LETTER);
	assert_true(recv(c.fd, text, sizeof text - 1, 0) > 0);
	assert_string_equal(text, "* 1 EXISTS\r\n* 1 RECENT\r\n");
	imap_client_say(&c, "DONE\r\n");
	assert_null(strstr(imap_client_hear(&c, "B OK "), "EXISTS"));
	imap_client_close(&c);
}

/* What came between the last command and IDLE is told as IDLE begins. */
static void
idle_begins_with_what_was_missed(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	imap_client_enter(&c, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	(void)imap_world_letter(w, BOX_INBOX, LETTER);
	imap_client_say(&c, "B IDLE\r\n");
	(void)imap_client_hear(&c, "* 1 EXISTS\r\n");
	imap_client_close(&c);
}

static void
what_could_not_be_committed_is_no_news(void **state)
{
	const struct message_start start = { .box = BOX_INBOX };
	struct imap_world *w = *state;
	struct message_writer *writer;
	struct imap_client c, other;

	imap_client_enter(&c, w);
	imap_client_enter(&other, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	(void)imap_client_ask(&other, "SELECT INBOX");
	imap_client_say(&c, "B IDLE\r\n");
	(void)imap_client_hear(&c, "+ ");
	imap_client_say(&other, "A NOOP\r\n");
	assert_int_equal(message_begin(w->at.db, &writer), 0);
	assert_int_equal(message_piece(writer, STR(LETTER), true), 0);
	assert_int_equal(message_keep(writer, &start, NULL), 0);
	w->fails = true;
	assert_string_equal(imap_client_hear(&other, "A OK "),
	    "A OK Done.\r\n");
	imap_world_turn(w, 3);
	assert_int_equal(uids_len(&c.m->view.uids), 0);
	(void)imap_world_letter(w, BOX_INBOX, LETTER);
	(void)imap_client_hear(&c, "* 1 EXISTS\r\n");
	imap_client_close(&c);
	imap_client_close(&other);
}

static void
a_mailbox_may_go_while_it_is_open(void **state)
{
	struct imap_world *w = *state;
	struct imap_client idler, worker;

	imap_client_enter(&idler, w);
	imap_client_enter(&worker, w);
	(void)imap_client_ask(&idler, "SELECT Archive");
	(void)imap_client_ask(&worker, "SELECT Archive");
	imap_client_say(&idler, "B IDLE\r\n");
	(void)imap_client_hear(&idler, "+ ");
	assert_int_equal(mailbox_remove(w->at.db, STR("Archive")), 0);
	imap_world_turn(w, 1);
	(void)imap_client_hear(&idler, "* BYE The selected mailbox was "
	    "deleted.\r\n");
	(void)imap_client_hear(&idler, "never");
	assert_non_null(strstr(imap_client_ask(&worker, "NOOP"),
	    "* BYE The selected mailbox was deleted.\r\n"));
	(void)imap_client_hear(&worker, "never");
	imap_client_close(&idler);
	imap_client_close(&worker);
	assert_int_equal(w->service.common.crowd.count, 0);
}

/* Another process has it; nobody tells us. */
static void
what_others_wrote_is_noticed(void **state)
{
	const struct message_start start = { .box = BOX_INBOX };
	struct imap_world *w = *state;
	struct message_writer *writer;
	struct imap_client c;
	struct db *other;

	imap_client_enter(&c, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	imap_client_say(&c, "B IDLE\r\n");
	(void)imap_client_hear(&c, "+ ");
	assert_int_equal(db_open(&other, w->at.dir, DB_WRITE,
	    &w->at.loop.clock), 0);
	assert_int_equal(message_begin(other, &writer), 0);
	assert_int_equal(message_piece(writer, STR(LETTER), true), 0);
	assert_int_equal(message_keep(writer, &start, NULL), 0);
	assert_int_equal(db_commit(other), 0);
	db_close(other);
	imap_world_turn(w, 2);
	assert_int_equal(uids_len(&c.m->view.uids), 0);
	timer_set(&w->at.loop, &w->service.look, 0);
	(void)imap_client_hear(&c, "* 1 EXISTS\r\n");
	imap_client_close(&c);
}

/* However many commands came at once, others have their turn. */
static void
many_commands_share_the_turns(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;
	struct str said, line;
	struct buf many;
	unsigned n, count = 0;

	imap_client_enter(&c, w);
	buf_init(&many, 1 << 20);
	for (n = 0; n < 1000; n++)
		buf_add_text(&many, "B NOOP\r\n");
	buf_add_text(&many, "C NOOP\r\n");
	n = c.m->commands;
	imap_client_say(&c, buf_text(&many));
	imap_world_turn(w, 3);
	assert_true(c.m->commands > n);
	assert_true(c.m->commands < n + 100);
	said = str_of(imap_client_hear(&c, "C OK "));
	while (str_split(&said, '\n', &line))
		count += str_starts(line, STR("B OK "));
	assert_int_equal(count, 1000);
	buf_drop(&many);
	imap_client_close(&c);
}

/* Who asks for much and reads nothing costs a fixed buffer. */
static void
who_does_not_read_waits(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;
	unsigned n;

	imap_client_enter(&c, w);
	for (n = 0; n < 4000; n++) {
		(void)!send(c.fd, "B SELECT INBOX\r\n", 16, MSG_NOSIGNAL);
		imap_world_turn(w, 1);
		assert_true(c.m->imap.out.len < IMAP_OUT_STOP + 4096);
	}
	assert_true(c.m->state == MUA_WAITS || c.m->state == MUA_DRAINS);
	imap_client_close(&c);
}

static void
who_is_not_offered_is_told_so(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	imap_client_enter(&c, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	assert_string_equal(imap_client_ask(&c, "CHECK"),
	    "A OK Done.\r\n");
	assert_string_equal(imap_client_ask(&c, "NOOP"),
	    "A OK Done.\r\n");
	imap_client_close(&c);
}

/* Numbers stay what they are while a command may speak of them. */
static void
who_is_gone_is_told_when_it_may_be(void **state)
{
	static const struct {
		const char *command;
		bool told;
	} cases[] = {
		{ "FETCH 1 FLAGS", false }, { "UID FETCH 1 FLAGS", true },
		{ "SEARCH ALL", false }, { "UID SEARCH ALL", true },
		{ "UID SEARCH OR SEEN NOT 1", false },
		{ "UID SEARCH UID 1", true },
		{ "SORT (DATE) UTF-8 ALL", false },
		{ "UID SORT (DATE) UTF-8 SEEN", true },
		{ "STORE 1 +FLAGS (\\Seen)", false }, { "NOOP", true },
		{ "UID THREAD REFERENCES UTF-8 (SEEN 1)", false },
		{ "STATUS INBOX (MESSAGES)", true },
	};
	struct imap_world *w = *state;
	struct imap_client c;
	uint32_t uid;
	size_t n;

	(void)imap_world_letter(w, BOX_INBOX, LETTER);
	imap_client_enter(&c, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	for (n = 0; n < countof(cases); n++) {
		uid = imap_world_letter(w, BOX_INBOX, LETTER);
		(void)imap_client_ask(&c, "NOOP");
		assert_int_equal(box_delete(w->at.db, BOX_INBOX, &uid, 1), 0);
		imap_world_turn(w, 1);
		assert_int_equal(strstr(imap_client_ask(&c, cases[n].command),
		    " EXPUNGE\r\n") != NULL, cases[n].told);
		(void)imap_client_ask(&c, "NOOP");
		assert_int_equal(uids_len(&c.m->view.uids), 1);
	}
	imap_client_close(&c);
}

/* RFC 9585: what takes long tells how far it is. */
static void
long_work_tells_how_far_it_is(void **state)
{
	const struct message_start start = { .box = BOX_INBOX };
	struct imap_world *w = *state;
	struct message_writer *writer;
	struct imap_client c;
	unsigned n;

	for (n = 0; n < 10000; n++) {
		assert_int_equal(message_begin(w->at.db, &writer), 0);
		assert_int_equal(message_piece(writer, STR(LETTER), true), 0);
		assert_int_equal(message_keep(writer, &start, NULL), 0);
	}
	imap_world_turn(w, 1);
	imap_client_enter(&c, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	imap_client_say(&c, "B UID STORE 1:* +FLAGS.SILENT \\Seen\r\n");
	while (c.m->work_done == 0)
		imap_world_turn(w, 1);
	assert_true(c.m->work_done < 10000);
	assert_true(c.m->pulse.slot != 0);
	timer_set(&w->at.loop, &c.m->pulse, 0);
	(void)imap_client_hear(&c, "* OK [INPROGRESS (\"B\" ");
	assert_non_null(strstr(imap_client_hear(&c, "B OK "), " 10000)] "));
	assert_int_equal(c.m->pulse.slot, 0);
	imap_client_close(&c);
}

static void
the_owner_stays_when_strangers_come(void **state)
{
	struct imap_world *w = *state;
	struct member *victim;
	struct imap_client c, stranger;

	imap_client_enter(&c, w);
	imap_client_open(&stranger, w);
	assert_true(crowd_room(&w->service.common.crowd,
	    gate_world_network(1), 2, 2, &victim));
	assert_ptr_equal(victim, &stranger.m->member);
	mua_evict(stranger.m, "Go.");
	(void)imap_client_hear(&stranger, "* BYE Go.\r\n");
	assert_non_null(strstr(imap_client_ask(&c, "NOOP"), "A OK "));
	imap_client_close(&stranger);
	imap_client_close(&c);
}

static void
who_is_idle_for_too_long_goes(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c, idler;

	imap_client_enter(&idler, w);
	imap_client_say(&idler, "B IDLE\r\n");
	imap_client_open(&c, w);
	(void)imap_client_hear(&c, "* BYE Idle for too long.\r\n");
	(void)imap_client_hear(&idler, "* BYE Idle for too long.\r\n");
	imap_client_close(&c);
	imap_client_close(&idler);
	assert_int_equal(w->service.common.crowd.count, 0);
}

static void
all_are_told_of_a_stop(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c, idler, stranger;

	imap_client_enter(&c, w);
	imap_client_enter(&idler, w);
	imap_client_open(&stranger, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	imap_client_say(&idler, "B IDLE\r\n");
	(void)imap_client_hear(&idler, "+ ");
	imap_client_say(&c, "");
	imap_client_say(&stranger, "");
	serve_imap_stop(&w->service);
	(void)imap_client_hear(&c, "* BYE Shutting down");
	(void)imap_client_hear(&idler, "* BYE Shutting down");
	(void)imap_client_hear(&stranger, "* BYE Shutting down");
	imap_client_close(&c);
	imap_client_close(&idler);
	imap_client_close(&stranger);
	assert_int_equal(w->service.common.crowd.count, 0);
}

int
serve_imap_test(void)
{
#define TEST(name, how) cmocka_unit_test_setup_teardown(name, how, end)
	const struct CMUnitTest tests[] = {
		TEST(only_the_owner_gets_in, begin),
		TEST(news_come_at_once, begin),
		TEST(idle_begins_with_what_was_missed, begin),
		TEST(what_could_not_be_committed_is_no_news, begin),
		TEST(a_mailbox_may_go_while_it_is_open, begin),
		TEST(what_others_wrote_is_noticed, begin),
		TEST(many_commands_share_the_turns, begin),
		TEST(who_does_not_read_waits, begin),
		TEST(who_is_not_offered_is_told_so, begin),
		TEST(who_is_gone_is_told_when_it_may_be, begin),
		TEST(long_work_tells_how_far_it_is, begin),
		TEST(the_owner_stays_when_strangers_come, begin_small),
		TEST(who_is_idle_for_too_long_goes, begin_small),
		TEST(all_are_told_of_a_stop, begin),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/serve_imap", tests, NULL,
	    NULL);
}
