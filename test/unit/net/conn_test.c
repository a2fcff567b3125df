/* Connections in clear, over a socketpair and over loopback. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/conn.h"
#include "net/listen.h"

int conn_test(void);

#define IN_MAX 65536
#define TURNS_MAX 20000

struct world {
	struct loop loop;
	struct settle settle;
	struct conn conn;
	struct buf out;
	struct buf got;		/* what CONN_INPUT brought */
	struct buf log;		/* one letter per event */
	size_t eat;		/* bytes of input to take at a time */
	char drop_at;		/* the event to drop the conn in */
	char stop_at;		/* the event to stop the loop at */
	char pause_at;		/* the event to pause in */
	bool echo;
	bool in_call;		/* no event may come now */
	int peer;
	int turns, turns_max;
};

static const char letters[] = "idstc";

static void
on_conn(struct conn *c, enum conn_event event)
{
	struct world *w = list_of(c, struct world, conn);
	char letter = letters[event];

	assert_false(w->in_call);
	buf_add_char(&w->log, letter);
	if (event == CONN_INPUT && w->eat > 0) {
		struct str s = str_part(buf_str(&c->in), 0, w->eat);

		buf_add(&w->got, s);
		if (w->echo)
			buf_add(&w->out, s);
		buf_eat(&c->in, s.len);
		conn_flush(c);
	}
	if (letter == w->pause_at)
		conn_pause(c);
	if (letter == w->drop_at)
		conn_drop(c);
	if (letter == w->stop_at)
		w->loop.stop = true;
}

static void
on_settle(struct settle *s)
{
	struct world *w = list_of(s, struct world, settle);

	if (++w->turns >= w->turns_max)
		w->loop.stop = true;
}

static void
open_on(struct world *w, int fd, size_t in_max)
{
	*w = (struct world){ .eat = SIZE_MAX, .peer = -1 };
	assert_int_equal(loop_init(&w->loop), 0);
	w->settle.run = on_settle;
	loop_settle(&w->loop, &w->settle);
	buf_init(&w->out, 64 << 20);
	buf_init(&w->got, 64 << 20);
	buf_init(&w->log, 1 << 20);
	w->conn.on = on_conn;
	assert_int_equal(conn_open(&w->conn, &w->loop, fd, in_max, &w->out),
	    0);
}

static void
begin(struct world *w, size_t in_max)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends), 0);
	open_on(w, ends[0], in_max);
	w->peer = ends[1];
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
}

static void
finish(struct world *w)
{
	conn_drop(&w->conn);
	conn_drop(&w->conn);	/* as good as zeroed */
	buf_drop(&w->out);
	buf_drop(&w->got);
	buf_drop(&w->log);
	loop_drop(&w->loop);
	if (w->peer >= 0)
		close(w->peer);
}

/* Turn until an event, or until nothing has happened for a while. */
static void
run(struct world *w, char stop_at)
{
	w->stop_at = stop_at;
	w->turns_max = w->turns + TURNS_MAX;
	w->loop.stop = false;
	assert_int_equal(loop_run(&w->loop), 0);
	assert_true(w->turns < w->turns_max);
}

struct bell {
	struct timer timer;
	struct loop *loop;
};

static void
on_bell(struct timer *t)
{
	list_of(t, struct bell, timer)->loop->stop = true;
}

static void
run_ms(struct world *w, int64_t ms)
{
	struct bell b = { .timer.fire = on_bell, .loop = &w->loop };

	timer_set(&w->loop, &b.timer, ms);
	run(w, 0);
}

static void
put(struct world *w, const char *text)
{
	assert_int_equal(write(w->peer, text, strlen(text)), strlen(text));
}

/* What the peer has received by now. */
static void
assert_peer(struct world *w, const char *text)
{
	char bytes[1000];
	ssize_t len = read(w->peer, bytes, sizeof bytes);

	assert_int_equal(len, strlen(text));
	assert_memory_equal(bytes, text, (size_t)len);
}

static void
test_in_and_out(void **state)
{
	struct world w;

	(void)state;
	begin(&w, IN_MAX);
	put(&w, "NOOP\r\n");
	run(&w, 'i');
	assert_string_equal(buf_text(&w.got), "NOOP\r\n");
	assert_true(conn_idle(&w.conn));
	buf_add(&w.out, STR("250 OK\r\n"));
	w.in_call = true;
	conn_flush(&w.conn);
	w.in_call = false;
	assert_true(conn_idle(&w.conn));
	assert_peer(&w, "250 OK\r\n");
	run(&w, 'd');
	assert_string_equal(buf_text(&w.log), "id");
	run_ms(&w, 1100);
	assert_null(w.conn.in.at);
	assert_null(w.out.at);
	assert_null(conn_tls(&w.conn));
	finish(&w);
}

/* More than the socket takes at once, both ways. */
static void
test_large(void **state)
{
	struct world w;
	static char bytes[8192];
	size_t sent = 0, came = 0, i, all = 5 << 20;
	ssize_t len;

	(void)state;
	begin(&w, IN_MAX);
	w.echo = true;
	for (i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	while (came < all) {
		len = sent < all ? write(w.peer, bytes + sent % 8192,
		    8192 - sent % 8192) : 0;
		sent += len > 0 ? (size_t)len : 0;
		run_ms(&w, 0);
		while ((len = read(w.peer, (char[8192]){ 0 }, 8192)) > 0)
			came += (size_t)len;
	}
	assert_int_equal(came, all);
	for (i = 0; i < all; i++)
		assert_true(w.got.at[i] == bytes[i % 8192]);
	finish(&w);
}

/* Reading stops at in_max, and goes on once the owner has eaten. */
static void
test_in_max(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 4);
	w.eat = 0;
	put(&w, "abcdefgh");
	run(&w, 'i');
	run_ms(&w, 5);
	assert_string_equal(buf_text(&w.conn.in), "abcd");
	assert_string_equal(buf_text(&w.log), "i");
	buf_eat(&w.conn.in, 3);
	conn_flush(&w.conn);
	run(&w, 'i');
	assert_string_equal(buf_text(&w.conn.in), "defg");
	buf_eat(&w.conn.in, 4);
	conn_resume(&w.conn);
	run(&w, 'i');
	assert_string_equal(buf_text(&w.conn.in), "h");
	finish(&w);
}

static void
test_pause(void **state)
{
	struct world w;

	(void)state;
	begin(&w, IN_MAX);
	conn_pause(&w.conn);
	assert_int_equal(w.conn.watch.events, LOOP_READ);
	put(&w, "one");
	run_ms(&w, 5);
	assert_int_equal(w.conn.watch.events, 0);
	assert_string_equal(buf_text(&w.log), "");
	w.eat = 0;
	conn_resume(&w.conn);
	run(&w, 'i');
	conn_pause(&w.conn);
	w.eat = SIZE_MAX;
	w.in_call = true;
	conn_resume(&w.conn);
	w.in_call = false;
	run(&w, 'i');
	assert_string_equal(buf_text(&w.got), "one");
	finish(&w);
}

/* A half-close is told after what came before it was read and answered. */
static void
test_half_close(void **state)
{
	struct world w;

	(void)state;
	begin(&w, IN_MAX);
	w.pause_at = 'i';
	put(&w, "QUIT\r\n");
	assert_int_equal(shutdown(w.peer, SHUT_WR), 0);
	run(&w, 'i');
	run_ms(&w, 5);
	assert_string_equal(buf_text(&w.log), "i");
	buf_add(&w.out, STR("221 bye\r\n"));
	conn_flush(&w.conn);
	conn_resume(&w.conn);
	run(&w, 'c');
	assert_string_equal(buf_text(&w.log), "idc");
	assert_peer(&w, "221 bye\r\n");
	/* told once, and nothing after it */
	buf_add(&w.out, STR("x"));
	conn_flush(&w.conn);
	conn_deadline(&w.conn, 1);
	conn_resume(&w.conn);
	run_ms(&w, 5);
	assert_string_equal(buf_text(&w.log), "idc");
	finish(&w);
}

/* A peer that is gone does not spin the loop of a paused owner. */
static void
test_hang_up_paused(void **state)
{
	struct world w;
	int turns;

	(void)state;
	begin(&w, IN_MAX);
	conn_pause(&w.conn);
	put(&w, "last");
	close(w.peer);
	w.peer = -1;
	turns = w.turns;
	run_ms(&w, 20);
	assert_true(w.turns - turns < 5);
	assert_string_equal(buf_text(&w.log), "");
	conn_resume(&w.conn);
	run(&w, 'c');
	assert_string_equal(buf_text(&w.got), "last");
	assert_string_equal(buf_text(&w.log), "ic");
	finish(&w);
}

static void
test_write_to_gone(void **state)
{
	struct world w;

	(void)state;
	begin(&w, IN_MAX);
	conn_pause(&w.conn);
	close(w.peer);
	w.peer = -1;
	buf_add(&w.out, STR("250 OK\r\n"));
	w.in_call = true;
	conn_flush(&w.conn);
	w.in_call = false;
	run(&w, 'c');
	assert_string_equal(buf_text(&w.log), "c");
	finish(&w);
}

/* The owner may drop in any event, even freeing what the conn lives in. */
static void
test_drop_within(void **state)
{
	static const char events[] = "idtc";
	struct world w;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		begin(&w, IN_MAX);
		w.drop_at = events[i];
		w.echo = true;
		put(&w, "x");
		conn_deadline(&w.conn, 10);
		if (events[i] == 'c') {
			close(w.peer);
			w.peer = -1;
		}
		run(&w, events[i]);
		run_ms(&w, 5);
		assert_int_equal(w.log.at[w.log.len - 1], events[i]);
		assert_null(w.conn.loop);
		finish(&w);
	}
}

static void
test_deadline(void **state)
{
	struct world w;
	int64_t begun_ms;

	(void)state;
	begin(&w, IN_MAX);
	begun_ms = w.loop.clock.mono_ms;
	conn_deadline(&w.conn, 5);
	conn_deadline(&w.conn, 0);
	run_ms(&w, 10);
	conn_deadline(&w.conn, 1000);
	conn_deadline(&w.conn, 20);
	run(&w, 't');
	assert_string_equal(buf_text(&w.log), "t");
	assert_true(w.loop.clock.mono_ms - begun_ms >= 30);
	finish(&w);
}

/* Two connected TCP sockets: the one accepted, and the peer's. */
static void
tcp_pair(int fds[2])
{
	struct sockaddr_in a;
	socklen_t len = sizeof a;
	int fd = listen_open("127.0.0.1", 0);

	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[1], (struct sockaddr *)&a, sizeof a), 0);
	fds[0] = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	assert_true(fds[0] >= 0);
	close(fd);
}

/* The last reply reaches a peer that goes on talking, without a reset. */
static void
test_finish(void **state)
{
	struct world w;
	int fds[2];

	(void)state;
	tcp_pair(fds);
	open_on(&w, fds[0], IN_MAX);
	w.peer = fds[1];
	put(&w, "garbage");
	buf_add(&w.out, STR("554 no\r\n"));
	conn_finish(&w.conn);
	conn_pause(&w.conn);
	run_ms(&w, 5);
	put(&w, "more garbage");
	run_ms(&w, 5);
	assert_string_equal(buf_text(&w.log), "");
	assert_peer(&w, "554 no\r\n");
	assert_peer(&w, "");
	assert_int_equal(w.conn.in.len, 0);
	close(w.peer);
	w.peer = -1;
	run(&w, 'c');
	assert_string_equal(buf_text(&w.log), "c");
	finish(&w);
}

static void
test_finish_late(void **state)
{
	struct world w;
	int64_t begun_ms;

	(void)state;
	begin(&w, IN_MAX);
	begun_ms = w.loop.clock.mono_ms;
	conn_deadline(&w.conn, 1);
	conn_finish(&w.conn);
	run(&w, 'c');
	assert_true(w.loop.clock.mono_ms - begun_ms >= 2000);
	assert_string_equal(buf_text(&w.log), "c");
	finish(&w);
}

static void
test_reset(void **state)
{
	struct linger hard = { .l_onoff = 1 };
	struct world w;
	int fds[2], turns;

	(void)state;
	tcp_pair(fds);
	open_on(&w, fds[0], IN_MAX);
	conn_pause(&w.conn);
	assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &hard,
	    sizeof hard), 0);
	close(fds[1]);
	turns = w.turns;
	run_ms(&w, 20);
	assert_true(w.turns - turns < 5);
	conn_resume(&w.conn);
	run(&w, 'c');
	assert_string_equal(buf_text(&w.log), "c");
	finish(&w);
}

int
conn_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_and_out),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_in_max),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_hang_up_paused),
		cmocka_unit_test(test_write_to_gone),
		cmocka_unit_test(test_drop_within),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_finish_late),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests_name("net/conn", tests, NULL, NULL);
}
