/* Connections that we make, turning to TLS; the server is in the same loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls_host.h"

#include "base/crypto.h"
#include "net/conn.h"

int conn_client_test(void);

#define TURNS_MAX 20000

struct world {
	struct loop loop;
	struct settle settle;
	struct cert cert;
	struct tls_client *client;
	struct tls_goal goal;
	struct conn conn;
	struct buf out, got;
	struct buf log;		/* one letter per event */
	struct tls_host host;
	int fd;			/* the server's */
	bool serving;		/* the server shakes, and echoes */
	bool turning;		/* the next input begins TLS */
	char stop_at;
	int turns;
};

static const char letters[] = "idstc";

static void
on_conn(struct conn *c, enum conn_event event)
{
	struct world *w = list_of(c, struct world, conn);

	buf_add_char(&w->log, letters[event]);
	if (event == CONN_INPUT && w->turning) {
		w->turning = false;
		conn_secure_to(c, w->client, &w->goal);
	} else if (event == CONN_INPUT) {
		buf_add(&w->got, buf_str(&c->in));
		buf_clear(&c->in);
	}
	if (letters[event] == w->stop_at)
		w->loop.stop = true;
}

static void
on_settle(struct settle *s)
{
	struct world *w = list_of(s, struct world, settle);
	unsigned char bytes[100];
	int len;

	if (w->serving && !w->host.shaken) {
		tls_host_shake(&w->host);
	} else if (w->serving) {
		len = mbedtls_ssl_read(&w->host.ssl, bytes, sizeof bytes);
		if (len > 0)
			assert_int_equal(mbedtls_ssl_write(&w->host.ssl,
			    bytes, (size_t)len), len);
	}
	if (++w->turns >= TURNS_MAX)
		w->loop.stop = true;
}

static int
begin(void **state)
{
	static const struct cert_order order = { .name = "mx",
		.host = "mx.example.test", .until = "20991231235959" };
	static struct world w;
	int ends[2];

	crypto_start();
	w = (struct world){ .fd = -1 };
	assert_int_equal(loop_init(&w.loop), 0);
	w.settle.run = on_settle;
	loop_settle(&w.loop, &w.settle);
	buf_init(&w.out, 1 << 20);
	buf_init(&w.got, 1 << 20);
	buf_init(&w.log, 1 << 10);
	cert_make(&w.cert, &order, NULL);
	assert_int_equal(tls_client_open(&w.client, buf_str(&w.cert.pem)), 0);
	w.goal.proof = TLS_NAME;
	w.goal.host = STR("mx.example.test");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends), 0);
	w.fd = ends[1];
	w.conn.on = on_conn;
	assert_int_equal(conn_open(&w.conn, &w.loop, ends[0], 4096, &w.out),
	    0);
	tls_host_begin(&w.host, w.fd, MBEDTLS_SSL_VERSION_TLS1_3,
	    buf_str(&w.cert.pem), &w.cert);
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	conn_drop(&w->conn);
	tls_host_end(&w->host);
	tls_client_drop(w->client);
	cert_drop(&w->cert);
	buf_drop(&w->out);
	buf_drop(&w->got);
	buf_drop(&w->log);
	loop_drop(&w->loop);
	close(w->fd);
	return 0;
}

static void
run(struct world *w, char stop_at)
{
	w->stop_at = stop_at;
	w->turns = 0;
	w->loop.stop = false;
	assert_int_equal(loop_run(&w->loop), 0);
	assert_true(w->turns < TURNS_MAX);
}

/* TLS from the start, as on port 465; what is said waits for it. */
static void
test_at_once(void **state)
{
	struct world *w = *state;

	w->serving = true;
	conn_secure_to(&w->conn, w->client, &w->goal);
	buf_add(&w->out, STR("EHLO\r\n"));
	conn_flush(&w->conn);
	assert_int_equal(w->log.len, 0);
	run(w, 'i');
	assert_string_equal(buf_text(&w->got), "EHLO\r\n");
	assert_string_equal(buf_text(&w->log), "sdi");
	assert_true(str_equal(tls_version(conn_tls(&w->conn)),
	    STR("TLSv1.3")));
	assert_string_equal(w->host.asked, "mx.example.test");
	w->serving = false;
	assert_int_equal(mbedtls_ssl_close_notify(&w->host.ssl), 0);
	run(w, 'c');
	assert_string_equal(buf_text(&w->log), "sdic");
}

/* STARTTLS from within an event, and what was planted behind the answer. */
static void
test_starttls(void **state)
{
	struct world *w = *state;

	w->turning = w->serving = true;
	assert_int_equal(write(w->fd, "220 go\r\n250 planted\r\n", 21), 21);
	run(w, 's');
	assert_int_equal(w->got.len, 0);
	assert_int_equal(w->conn.in.len, 0);
	buf_add(&w->out, STR("EHLO\r\n"));
	conn_flush(&w->conn);
	run(w, 'i');
	assert_string_equal(buf_text(&w->got), "EHLO\r\n");
	assert_string_equal(buf_text(&w->log), "isdi");
}

static void
test_unproven(void **state)
{
	struct world *w = *state;

	w->goal.host = STR("other.example");
	buf_add(&w->out, STR("EHLO\r\n"));
	conn_flush(&w->conn);
	run(w, 'd');
	conn_secure_to(&w->conn, w->client, &w->goal);
	assert_int_equal(read(w->fd, (char[10]){ 0 }, 6), 6);
	w->serving = true;
	buf_add(&w->out, STR("AUTH PLAIN secret\r\n"));
	conn_flush(&w->conn);
	run(w, 'c');
	assert_string_equal(buf_text(&w->log), "dc");
	assert_true(str_equal(tls_why(conn_tls(&w->conn)),
	    STR("certificate is for another name")));
	conn_drop(&w->conn);
	tls_host_shake(&w->host);
	assert_false(w->host.shaken);
}

static void
test_plain_server(void **state)
{
	struct world *w = *state;

	conn_secure_to(&w->conn, w->client, &w->goal);
	assert_int_equal(write(w->fd, "220 mx.example.test\r\n", 21), 21);
	run(w, 'c');
	assert_string_equal(buf_text(&w->log), "c");
	assert_true(str_equal(tls_why(conn_tls(&w->conn)),
	    STR("not a TLS record")));
}

static void
test_silent_server(void **state)
{
	struct world *w = *state;

	conn_secure_to(&w->conn, w->client, &w->goal);
	conn_deadline(&w->conn, 30);
	run(w, 't');
	assert_string_equal(buf_text(&w->log), "t");
	conn_finish(&w->conn);
	conn_drop(&w->conn);
	conn_secure_to(&w->conn, w->client, &w->goal);
}

int
conn_client_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_at_once, begin, end),
		cmocka_unit_test_setup_teardown(test_starttls, begin, end),
		cmocka_unit_test_setup_teardown(test_unproven, begin, end),
		cmocka_unit_test_setup_teardown(test_plain_server, begin,
		    end),
		cmocka_unit_test_setup_teardown(test_silent_server, begin,
		    end),
	};

	return cmocka_run_group_tests_name("net/conn as a client", tests,
	    NULL, NULL);
}
