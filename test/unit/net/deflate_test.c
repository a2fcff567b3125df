/* Compression, by itself and on a connection. */
#include <errno.h>
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

int deflate_test(void);

#define TEXT_SIZE 3000000
#define TURNS_MAX 200000

/* Text of which some repeats and some does not. */
static void
text_make(struct buf *text, size_t len)
{
	unsigned seed = 7;

	buf_init(text, len + 16);
	while (text->len < len) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 30 == 0)
			buf_add_text(text, "* 1 FETCH (");
		else
			buf_add_char(text, (char)(seed >> 16));
	}
	buf_cut(text, len);
}

static void
unpack_all(struct deflate *d, struct str s, struct buf *out, size_t step)
{
	char at[4096];
	size_t got;

	do {
		assert_true(deflate_unpack(d, &s, at, step, &got));
		buf_add(out, str_from(at, got));
	} while (s.len > 0 || got == step);
}

static void
test_both_ways(void **state)
{
	struct deflate *ours = deflate_new(), *theirs = deflate_new();
	struct buf text, packed, plain;
	struct str rest, part;
	size_t step = 1;

	(void)state;
	text_make(&text, 100000);
	buf_init(&packed, 200000);
	buf_init(&plain, 100000);
	for (rest = buf_str(&text); rest.len > 0; step = step * 5 % 4093) {
		part = str_take(&rest, step);
		deflate_pack(ours, part, &packed);
		unpack_all(theirs, buf_str(&packed), &plain, step);
		buf_clear(&packed);
		/* All of it is there, without more input. */
		assert_int_equal(plain.len, text.len - rest.len);
	}
	assert_true(str_equal(buf_str(&text), buf_str(&plain)));
	buf_drop(&text);
	buf_drop(&packed);
	buf_drop(&plain);
	deflate_drop(ours);
	deflate_drop(theirs);
}

static void
test_broken(void **state)
{
	static const char *const inputs[] = { "\xff\xff\xff", "\x07\x00" };
	struct deflate *d;
	struct str s;
	char at[100];
	size_t got;

	(void)state;
	for (size_t i = 0; i < countof(inputs); i++) {
		d = deflate_new();
		s = str_of(inputs[i]);
		assert_false(deflate_unpack(d, &s, at, sizeof at, &got));
		deflate_drop(d);
	}
	/* An end of the stream is none of a connection. */
	d = deflate_new();
	s = STR("\x03\x00");
	assert_false(deflate_unpack(d, &s, at, sizeof at, &got));
	deflate_drop(d);
	deflate_drop(NULL);
}

struct world {
	struct loop loop;
	struct settle settle;
	struct timer tick;	/* so that the peer gets its turns */
	struct conn conn;
	struct buf out;
	struct buf got;		/* in clear */
	struct deflate *peer_deflate;
	struct buf to_send;	/* by the peer, compressed */
	struct buf came;	/* to the peer, plain */
	int peer;
	int turns;
	size_t bytes;		/* to the peer, compressed */
	bool echo, closed, half;
};

static void
on_conn(struct conn *c, enum conn_event event)
{
	struct world *w = list_of(c, struct world, conn);

	if (event == CONN_INPUT) {
		buf_add(&w->got, buf_str(&c->in));
		if (w->echo)
			buf_add(&w->out, buf_str(&c->in));
		buf_clear(&c->in);
		conn_flush(c);
	} else if (event == CONN_CLOSED) {
		w->closed = true;
		conn_drop(c);
		w->loop.stop = true;
	}
}

/* The peer reads and writes what it can, once a turn. */
static void
on_settle(struct settle *s)
{
	struct world *w = list_of(s, struct world, settle);
	char at[8192];
	ssize_t len;

	while ((len = recv(w->peer, at, sizeof at, MSG_DONTWAIT)) > 0) {
		w->bytes += (size_t)len;
		unpack_all(w->peer_deflate, str_from(at, (size_t)len),
		    &w->came, sizeof at / 2);
	}
	if (w->to_send.len > 0) {
		len = send(w->peer, w->to_send.at, w->to_send.len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (len > 0)
			buf_eat(&w->to_send, (size_t)len);
	}
	if (w->half && w->to_send.len == 0) {
		w->half = false;
		(void)shutdown(w->peer, SHUT_WR);
	}
	if (++w->turns > TURNS_MAX)
		w->loop.stop = true;
	timer_set(&w->loop, &w->tick, 0);
}

static void
on_tick(struct timer *t)
{
	(void)t;
}

static void
world_open(struct world *w, size_t in_max)
{
	int fds[2];

	*w = (struct world){ .conn.on = on_conn };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	w->peer = fds[1];
	w->peer_deflate = deflate_new();
	buf_init(&w->out, TEXT_SIZE + 65536);
	buf_init(&w->got, TEXT_SIZE + 65536);
	buf_init(&w->to_send, TEXT_SIZE + 65536);
	buf_init(&w->came, TEXT_SIZE + 65536);
	assert_int_equal(loop_init(&w->loop), 0);
	w->settle.run = on_settle;
	w->tick.fire = on_tick;
	timer_set(&w->loop, &w->tick, 0);
	loop_settle(&w->loop, &w->settle);
	assert_int_equal(conn_open(&w->conn, &w->loop, fds[0], in_max,
	    &w->out), 0);
	conn_compress(&w->conn);
}

static void
world_drop(struct world *w)
{
	conn_drop(&w->conn);
	deflate_drop(w->peer_deflate);
	close(w->peer);
	buf_drop(&w->out);
	buf_drop(&w->got);
	buf_drop(&w->to_send);
	buf_drop(&w->came);
	loop_drop(&w->loop);
}

/* Much goes there and comes back; then the peer ends its side. */
static void
test_echo(void **state)
{
	struct world w;
	struct buf text;

	(void)state;
	text_make(&text, TEXT_SIZE);
	world_open(&w, 5000);
	w.echo = w.half = true;
	for (struct str rest = buf_str(&text); rest.len > 0;)
		deflate_pack(w.peer_deflate, str_take(&rest, 40000),
		    &w.to_send);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_true(w.closed);
	assert_true(str_equal(buf_str(&w.got), buf_str(&text)));
	assert_true(str_equal(buf_str(&w.came), buf_str(&text)));
	assert_true(w.bytes < text.len);
	buf_drop(&text);
	world_drop(&w);
}

/* A thousand times as much as came in: taken piece by piece, none lost. */
static void
test_dense(void **state)
{
	static char zeros[65536];
	struct world w;

	(void)state;
	world_open(&w, 1000);
	w.half = true;
	for (int i = 0; i < TEXT_SIZE / 65536; i++)
		deflate_pack(w.peer_deflate, str_from(zeros, sizeof zeros),
		    &w.to_send);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_true(w.closed);
	assert_int_equal(w.got.len, TEXT_SIZE / 65536 * 65536);
	world_drop(&w);
}

static void
test_garbage(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, 1000);
	buf_add_text(&w.to_send, "a1 NOOP\r\n\xff\xff\xff\xff");
	assert_int_equal(loop_run(&w.loop), 0);
	assert_true(w.closed);
	world_drop(&w);
}

int
deflate_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_dense),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests_name("net/deflate", tests, NULL, NULL);
}
