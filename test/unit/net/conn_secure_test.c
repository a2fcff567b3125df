/* Connections that turn to TLS, with the client turned in the same loop. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls_peer.h"

#include "base/crypto.h"
#include "net/conn.h"

int conn_secure_test(void);

#define TURNS_MAX 20000
#define LARGE (1 << 20)

struct world {
	struct loop loop;
	struct settle settle;
	struct tls_peer_pair pair;
	struct tls_server *server;
	struct conn conn;
	struct buf out;
	struct buf got;
	struct buf log;		/* one letter per event */
	struct tls_peer peer;
	int fd;			/* the peer's */
	char drop_at;
	char stop_at;
	size_t stop_len;	/* stop when got is as long */
	bool echo;
	bool shaking;		/* the peer goes on with its handshake */
	int peer_error;
	int turns;
};

static const char letters[] = "idstc";

static void
on_conn(struct conn *c, enum conn_event event)
{
	struct world *w = list_of(c, struct world, conn);
	char letter = letters[event];

	buf_add_char(&w->log, letter);
	if (event == CONN_INPUT) {
		buf_add(&w->got, buf_str(&c->in));
		if (w->echo)
			buf_add(&w->out, buf_str(&c->in));
		buf_clear(&c->in);
		conn_flush(c);
	}
	if (letter == w->drop_at)
		conn_drop(c);
	if (letter == w->stop_at ||
	    (w->stop_len > 0 && w->got.len >= w->stop_len))
		w->loop.stop = true;
}

static void
on_settle(struct settle *s)
{
	struct world *w = list_of(s, struct world, settle);

	if (w->shaking)
		w->peer_error = tls_peer_shake(&w->peer);
	if (++w->turns >= TURNS_MAX)
		w->loop.stop = true;
}

static void
begin(struct world *w, mbedtls_ssl_protocol_version version)
{
	static const char *const names[] = { "mx.example.test", NULL };
	struct tls_pair pair;
	int ends[2];

	*w = (struct world){ .fd = -1 };
	assert_int_equal(loop_init(&w->loop), 0);
	w->settle.run = on_settle;
	loop_settle(&w->loop, &w->settle);
	buf_init(&w->out, 4 << 20);
	buf_init(&w->got, 4 << 20);
	buf_init(&w->log, 1 << 20);
	tls_peer_pair_make(&w->pair, names);
	pair = tls_peer_pair_view(&w->pair);
	assert_int_equal(tls_server_open(&w->server, &pair, 1, false), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends), 0);
	w->fd = ends[1];
	w->conn.on = on_conn;
	assert_int_equal(conn_open(&w->conn, &w->loop, ends[0], 65536,
	    &w->out), 0);
	tls_peer_begin(&w->peer, w->fd, "mx.example.test", version);
}

static void
finish(struct world *w)
{
	conn_drop(&w->conn);
	tls_peer_end(&w->peer);
	tls_server_drop(w->server);
	tls_peer_pair_drop(&w->pair);
	buf_drop(&w->out);
	buf_drop(&w->got);
	buf_drop(&w->log);
	loop_drop(&w->loop);
	close(w->fd);
}

static void
run(struct world *w, char stop_at, size_t stop_len)
{
	w->stop_at = stop_at;
	w->stop_len = stop_len;
	w->turns = 0;
	w->loop.stop = false;
	assert_int_equal(loop_run(&w->loop), 0);
	assert_true(w->turns < TURNS_MAX);
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
	run(w, 0, 0);
}

/* Until both sides have done the handshake. */
static void
secure(struct world *w)
{
	w->shaking = true;
	conn_secure(&w->conn, w->server);
	assert_int_equal(tls_peer_shake(&w->peer), 0);
	run(w, 's', 0);
	assert_int_equal(w->peer_error, 0);
	assert_true(w->peer.shaken);
	w->shaking = false;
}

static void
tell(struct world *w, struct str s)
{
	assert_int_equal(mbedtls_ssl_write(&w->peer.ssl,
	    (const unsigned char *)s.at, s.len), s.len);
}

/* STARTTLS, and what was said in clear behind it is forgotten. */
static void
test_starttls(void **state)
{
	struct world w;
	char bytes[100];
	size_t got;

	(void)state;
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_2);
	assert_null(conn_tls(&w.conn));
	conn_pause(&w.conn);
	buf_add(&w.conn.in, STR("RCPT TO:<planted@example.test>\r\n"));
	secure(&w);
	assert_non_null(conn_tls(&w.conn));
	assert_int_equal(w.conn.in.len, 0);
	conn_resume(&w.conn);
	w.echo = true;
	tell(&w, STR("EHLO\r\n"));
	run(&w, 'd', 0);
	assert_string_equal(buf_text(&w.got), "EHLO\r\n");
	got = tls_peer_read(&w.peer, bytes, sizeof bytes);
	assert_int_equal(got, 6);
	assert_memory_equal(bytes, "EHLO\r\n", 6);
	assert_string_equal(buf_text(&w.log), "sid");
	run_ms(&w, 1100);
	assert_null(w.conn.in.at);
	assert_null(w.out.at);
	assert_int_equal(mbedtls_ssl_close_notify(&w.peer.ssl), 0);
	run(&w, 'c', 0);
	assert_string_equal(buf_text(&w.log), "sidc");
	finish(&w);
}

/* What is put out before the handshake is done goes through it. */
static void
test_greeting_waits(void **state)
{
	struct world w;
	char bytes[100];

	(void)state;
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_3);
	conn_secure(&w.conn, w.server);
	buf_add(&w.out, STR("+OK ready\r\n"));
	conn_flush(&w.conn);
	assert_false(conn_idle(&w.conn));
	assert_int_equal(recv(w.fd, bytes, sizeof bytes, MSG_DONTWAIT), -1);
	w.shaking = true;
	assert_int_equal(tls_peer_shake(&w.peer), 0);
	run(&w, 'd', 0);
	assert_int_equal(tls_peer_read(&w.peer, bytes, sizeof bytes), 11);
	assert_memory_equal(bytes, "+OK ready\r\n", 11);
	assert_string_equal(buf_text(&w.log), "sd");
	finish(&w);
}

/* Large both ways, with a client that reads only when it must. */
static void
test_large(void **state)
{
	static char bytes[LARGE], back[LARGE];
	struct world w;
	size_t i, sent = 0, came = 0;
	int len;

	(void)state;
	for (i = 0; i < LARGE; i++)
		bytes[i] = (char)(i * 13 + i / 1021);
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_3);
	secure(&w);
	w.echo = true;
	while (came < LARGE) {
		len = sent < LARGE ? mbedtls_ssl_write(&w.peer.ssl,
		    (unsigned char *)bytes + sent, LARGE - sent) : 0;
		sent += len > 0 ? (size_t)len : 0;
		run_ms(&w, 0);
		if (len <= 0)
			came += tls_peer_read(&w.peer, back + came,
			    LARGE - came);
	}
	assert_memory_equal(bytes, back, LARGE);
	assert_int_equal(w.got.len, LARGE);
	run_ms(&w, 5);
	assert_true(conn_idle(&w.conn));
	finish(&w);
}

/* Many records in one packet: all come, though the socket is silent. */
static void
test_read_ahead(void **state)
{
	struct world w;
	size_t i;

	(void)state;
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_3);
	secure(&w);
	conn_pause(&w.conn);
	for (i = 0; i < 100; i++)
		tell(&w, STR("NOOP\r\n"));
	run_ms(&w, 2);
	assert_int_equal(w.got.len, 0);
	conn_resume(&w.conn);
	run(&w, 0, 600);
	assert_int_equal(w.got.len, 600);
	finish(&w);
}

static void
test_broken(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_3);
	conn_secure(&w.conn, w.server);
	assert_int_equal(write(w.fd, "MAIL FROM:<>\r\n", 14), 14);
	run(&w, 'c', 0);
	assert_string_equal(buf_text(&w.log), "c");
	assert_true(tls_why(conn_tls(&w.conn)).len > 0);
	finish(&w);
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_3);
	secure(&w);
	assert_int_equal(write(w.fd, "\x17\x03\x03\x00\x05hello", 10), 10);
	w.drop_at = 'c';
	run(&w, 'c', 0);
	assert_string_equal(buf_text(&w.log), "sc");
	finish(&w);
}

/* Dropped in the very event that ends the handshake. */
static void
test_drop_when_secured(void **state)
{
	struct world w;

	(void)state;
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_3);
	w.drop_at = 's';
	secure(&w);
	assert_null(w.conn.loop);
	assert_int_equal(tls_peer_read(&w.peer, (char[10]){ 0 }, 10), 0);
	finish(&w);
}

static void
test_finish(void **state)
{
	struct world w;
	char bytes[100];

	(void)state;
	begin(&w, MBEDTLS_SSL_VERSION_TLS1_3);
	secure(&w);
	buf_add(&w.out, STR("+OK bye\r\n"));
	conn_finish(&w.conn);
	tell(&w, STR("NOOP\r\n"));
	run_ms(&w, 5);
	assert_int_equal(tls_peer_read(&w.peer, bytes, sizeof bytes), 9);
	assert_int_equal(mbedtls_ssl_read(&w.peer.ssl,
	    (unsigned char *)bytes, sizeof bytes),
	    MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
	assert_string_equal(buf_text(&w.log), "s");
	assert_int_equal(mbedtls_ssl_close_notify(&w.peer.ssl), 0);
	run(&w, 'c', 0);
	assert_string_equal(buf_text(&w.log), "sc");
	finish(&w);
}

static int
start(void **state)
{
	(void)state;
	crypto_start();
	return 0;
}

int
conn_secure_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_greeting_waits),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_read_ahead),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_drop_when_secured),
		cmocka_unit_test(test_finish),
	};

	return cmocka_run_group_tests_name("net/conn over TLS", tests, start,
	    NULL);
}
