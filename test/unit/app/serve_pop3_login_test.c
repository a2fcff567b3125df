/* Logins, in whatever state the door is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/gate_world.h"
#include "app/serve_pop3_part.h"
#include "base/crypto.h"
#include "freed.h"
#include "store/box.h"

int serve_pop3_login_test(void);

/* A service without ports, behind a gate. */
struct world {
	struct gate_world at;
	struct era *era;
	struct pop3_service service;
	struct settle settle;
	const struct client *proves;	/* while we make it wait, the loop
					   runs */
};

static void
on_settle(struct settle *settle)
{
	struct world *w = list_of(settle, struct world, settle);

	w->at.loop.stop = w->proves->state != CLIENT_PROVES ||
	    !w->proves->member.settled;
}

static int
begin(void **state)
{
	static const char text[] = "data = \"/nowhere\";\n"
	    "domains = [\"example.test\"];\n"
	    "pop3 = { port = 0; tls_port = 0; };\n"
	    "imap = { port = 0; tls_port = 0; };\n"
	    "submission = { port = 0; tls_port = 0; };\n";
	static const int none[] = { -1 };
	static struct world w;
	const struct role_start start = {
		.loop = &w.at.loop, .pop3 = none, .pop3s = none
	};
	struct setup setup = { .text = { NULL, 0, 0, 0, false } };
	struct buf why;

	w = (struct world){ .era = NULL };
	*state = &w;
	gate_world_begin(&w.at);
	buf_init(&why, 1000);
	assert_int_equal(config_parse(&setup.config, str_of(text), "test",
	    &why), 0);
	assert_int_equal(era_open(&w.era, &setup, true), 0);
	assert_int_equal(serve_pop3_open(&w.service, &start, &w.at.gate,
	    w.era), 0);
	w.settle = (struct settle){ .run = on_settle };
	loop_settle(&w.at.loop, &w.settle);
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	serve_pop3_drop(&w->service);
	list_take(&w->settle.link);
	era_drop(w->era);
	gate_world_end(&w->at);
	return 0;
}

static void
on_event(struct conn *conn, enum conn_event event)
{
	(void)conn;
	(void)event;
}

/* A session behind its handshake that has given a name and a password. */
static struct client *
client_of(struct world *w, unsigned char from, const char *name,
	struct str password)
{
	struct client *c = xalloc(1, sizeof *c);
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	c->service = &w->service;
	c->conn.on = on_event;
	assert_int_equal(conn_open(&c->conn, &w->at.loop, fds[0],
	    SERVE_POP3_IN_MAX, &c->pop3.out), 0);
	close(fds[1]);
	c->era = era_hold(w->era);
	crowd_join(&w->service.common.crowd, &c->member,
	    gate_world_network(from));
	pop3_init(&c->pop3, true, false);
	buf_add_format(&c->conn.in, "USER %s\r\nPASS ", name);
	buf_add(&c->conn.in, password);
	buf_add_text(&c->conn.in, "\r\n");
	client_go(c);
	return c;
}

static bool
may_have_to_go(struct world *w)
{
	struct member *victim;

	return crowd_room(&w->service.common.crowd, gate_world_network(9), 1,
	    1, &victim);
}

/* The time it takes to stretch a password is not the client's doing. */
static void
who_proves_need_not_make_room(void **state)
{
	struct world *w = *state;
	struct client *c = client_of(w, 1, "mailbox", STR("wrong"));

	assert_int_equal(c->state, CLIENT_PROVES);
	assert_false(may_have_to_go(w));
	w->proves = c;
	assert_int_equal(loop_run(&w->at.loop), 0);
	assert_int_equal(c->state, CLIENT_PROVES);
	assert_true(may_have_to_go(w));
}

static void
who_enters_need_not_make_room(void **state)
{
	struct world *w = *state;
	struct client *c = client_of(w, 1, "mailbox",
	    STR("a long password"));

	w->proves = c;
	assert_int_equal(loop_run(&w->at.loop), 0);
	assert_int_equal(c->state, CLIENT_ENTERS);
	assert_false(may_have_to_go(w));
	serve_pop3_settled(&w->service, 0);
	assert_int_equal(c->state, CLIENT_TALKS);
	assert_non_null(c->reader);
	assert_false(may_have_to_go(w));
}

/* What was read for it does not outlast a session. */
static void
its_mail_goes_with_a_session(void **state)
{
	struct world *w = *state;
	const struct buf *piece = &w->service.piece;
	struct client *c = client_of(w, 1, "mailbox",
	    buf_str(&w->at.app_password));
	uintptr_t read_at, sent_at;

	buf_add_format(&w->service.piece, "%100s", "a letter");
	buf_add_format(&c->pop3.out, "%100s", "a letter");
	read_at = (uintptr_t)piece->at;
	sent_at = (uintptr_t)c->pop3.out.at;
	serve_pop3_drop(&w->service);
	assert_false(freed_holds(read_at, 100, "a letter"));
	assert_false(freed_holds(sent_at, 100, "a letter"));
}

static void
letter_keep(struct db *db)
{
	const struct message_start start = { .box = BOX_INBOX, .received = 1 };
	struct message_writer *writer;

	assert_int_equal(message_begin(db, &writer), 0);
	assert_int_equal(message_piece(writer, STR("a letter\r\n"), true), 0);
	assert_int_equal(message_keep(writer, &start, NULL), 0);
	assert_int_equal(db_commit(db), 0);
}

/* Whoever is let in beside one that deletes at once sees what is durable. */
static void
a_snapshot_is_of_what_is_committed(void **state)
{
	struct world *w = *state;
	struct str good = buf_str(&w->at.app_password);
	struct client *first, *second;

	letter_keep(w->at.db);
	first = client_of(w, 1, "mailbox", good);
	second = client_of(w, 2, "mailbox", good);
	buf_add_text(&first->conn.in, "DELE 1\r\nQUIT\r\n");
	serve_pop3_settled(&w->service, 0);
	assert_int_equal(first->state, CLIENT_LEAVES);
	assert_int_equal(second->state, CLIENT_ENTERS);
	db_rollback(w->at.db);
	serve_pop3_settled(&w->service, -EIO);
	assert_int_equal(second->state, CLIENT_TALKS);
	assert_int_equal(second->pop3.count, 1);
}

int
serve_pop3_login_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_proves_need_not_make_room,
		    begin, end),
		cmocka_unit_test_setup_teardown(who_enters_need_not_make_room,
		    begin, end),
		cmocka_unit_test_setup_teardown(its_mail_goes_with_a_session,
		    begin, end),
		cmocka_unit_test_setup_teardown(
		    a_snapshot_is_of_what_is_committed, begin, end),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/serve_pop3_login", tests,
	    NULL, NULL);
}
