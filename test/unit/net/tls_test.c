/* TLS sessions and their certificates, against a client in this program. */
#include <errno.h>
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

#define ROUNDS_MAX 20000

int tls_test(void);

static const char *const mx_names[] = { "mx.example.test", NULL };
static const char *const web_names[] = { "web.example.test",
	"*.wild.example", NULL };

static const mbedtls_ssl_protocol_version versions[] = {
	MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3
};

struct world {
	struct tls_peer_pair mx, web;
	struct tls_server *server;
	struct tls *tls;
	struct tls_peer peer;
	int ends[2];
};

static void
serve(struct world *w, bool tickets)
{
	struct tls_pair pairs[2];

	tls_peer_pair_make(&w->mx, mx_names);
	tls_peer_pair_make(&w->web, web_names);
	pairs[0] = tls_peer_pair_view(&w->mx);
	pairs[1] = tls_peer_pair_view(&w->web);
	assert_int_equal(tls_server_open(&w->server, pairs, 2, tickets), 0);
	w->tls = NULL;
}

static void
knock(struct world *w, const char *name, mbedtls_ssl_protocol_version version)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->ends), 0);
	w->tls = tls_begin(w->server, w->ends[0]);
	tls_peer_begin(&w->peer, w->ends[1], name, version);
}

/* Both sides in turns until both are done. */
static void
shake(struct world *w)
{
	enum tls_result result = TLS_WANT_READ;
	int i;

	for (i = 0; i < ROUNDS_MAX && (result != TLS_OK || !w->peer.shaken);
	    i++) {
		assert_int_equal(tls_peer_shake(&w->peer), 0);
		result = tls_handshake(w->tls);
		assert_true(result == TLS_OK || result == TLS_WANT_READ ||
		    result == TLS_WANT_WRITE);
	}
	assert_true(result == TLS_OK && w->peer.shaken);
}

static void
part(struct world *w)
{
	tls_drop(w->tls);
	w->tls = NULL;
	tls_peer_end(&w->peer);
	close(w->ends[0]);
	close(w->ends[1]);
}

static void
end(struct world *w)
{
	tls_server_drop(w->server);
	tls_peer_pair_drop(&w->mx);
	tls_peer_pair_drop(&w->web);
}

static void
assert_same(struct str s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.at, text, s.len);
}

static void
tell_server(struct world *w, const char *text)
{
	assert_int_equal(mbedtls_ssl_write(&w->peer.ssl,
	    (const unsigned char *)text, strlen(text)), strlen(text));
}

static void
test_versions(void **state)
{
	static const char *const names[] = { "TLSv1.2", "TLSv1.3" };
	struct world w;
	char bytes[100];
	size_t i, got, put;

	(void)state;
	serve(&w, true);
	for (i = 0; i < 2; i++) {
		knock(&w, "mx.example.test", versions[i]);
		shake(&w);
		assert_same(tls_version(w.tls), names[i]);
		assert_true(str_starts(tls_cipher(w.tls), i == 0 ?
		    STR("TLS_ECDHE_ECDSA_WITH_") : STR("TLS_AES_")) ||
		    str_starts(tls_cipher(w.tls), STR("TLS_CHACHA20_")));
		tell_server(&w, "HELP\r\n");
		assert_int_equal(tls_read(w.tls, bytes, sizeof bytes, &got),
		    TLS_OK);
		assert_same(str_from(bytes, got), "HELP\r\n");
		assert_int_equal(tls_read(w.tls, bytes, sizeof bytes, &got),
		    TLS_WANT_READ);
		assert_int_equal(tls_write(w.tls, STR("+OK\r\n"), &put),
		    TLS_OK);
		assert_int_equal(put, 5);
		got = tls_peer_read(&w.peer, bytes, sizeof bytes);
		assert_same(str_from(bytes, got), "+OK\r\n");
		assert_int_equal(mbedtls_ssl_close_notify(&w.peer.ssl), 0);
		assert_int_equal(tls_read(w.tls, bytes, sizeof bytes, &got),
		    TLS_CLOSED);
		part(&w);
	}
	end(&w);
}

/* A few bytes at a time, both ways. */
static void
test_trickle(void **state)
{
	struct world w;
	size_t i;

	(void)state;
	serve(&w, false);
	for (i = 0; i < 2; i++) {
		knock(&w, NULL, versions[i]);
		w.peer.step = 1;
		shake(&w);
		part(&w);
	}
	end(&w);
}

/* More than the socket takes: nothing is lost, nothing sent twice. */
static void
test_large(void **state)
{
	static char bytes[1 << 20], back[1 << 20];
	struct world w;
	size_t i, put, sent = 0, came = 0, got;
	enum tls_result result;
	int stuck = 0;

	(void)state;
	for (i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 31 + i / 509);
	serve(&w, true);
	knock(&w, NULL, MBEDTLS_SSL_VERSION_TLS1_3);
	shake(&w);
	do {
		result = tls_write(w.tls, str_part(str_from(bytes,
		    sizeof bytes), sent, STR_NONE), &put);
		sent += put;
		assert_true(result == TLS_OK || result == TLS_WANT_WRITE);
		stuck += result == TLS_WANT_WRITE;
		while ((got = tls_peer_read(&w.peer, back + came,
		    sizeof back - came)) > 0)
			came += got;
	} while (result != TLS_OK || came < sizeof bytes);
	assert_true(stuck > 0);
	assert_memory_equal(bytes, back, sizeof bytes);
	part(&w);
	end(&w);
}

/* What was read ahead is announced by tls_pending() alone. */
static void
test_pending(void **state)
{
	struct world w;
	char bytes[4];
	size_t got;

	(void)state;
	serve(&w, false);
	knock(&w, NULL, MBEDTLS_SSL_VERSION_TLS1_3);
	shake(&w);
	assert_false(tls_pending(w.tls));
	tell_server(&w, "one...");
	tell_server(&w, "two");
	assert_int_equal(tls_read(w.tls, bytes, 4, &got), TLS_OK);
	assert_same(str_from(bytes, got), "one.");
	assert_true(tls_pending(w.tls));
	assert_int_equal(tls_read(w.tls, bytes, 4, &got), TLS_OK);
	assert_same(str_from(bytes, got), "..");
	assert_true(tls_pending(w.tls));
	assert_int_equal(tls_read(w.tls, bytes, 4, &got), TLS_OK);
	assert_same(str_from(bytes, got), "two");
	assert_false(tls_pending(w.tls));
	part(&w);
	end(&w);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		const char *subject;
	} cases[] = {
		{ NULL, "mx.example.test" },
		{ "mx.example.test", "mx.example.test" },
		{ "MX.Example.TEST", "mx.example.test" },
		{ "web.example.test", "web.example.test" },
		{ "a.wild.example", "web.example.test" },
		{ "A.WILD.example", "web.example.test" },
		{ "wild.example", "mx.example.test" },
		{ "a.b.wild.example", "mx.example.test" },
		{ ".wild.example", "mx.example.test" },
		{ "unknown.example", "mx.example.test" }
	};
	const mbedtls_x509_name *subject;
	struct world w;
	size_t i;

	(void)state;
	serve(&w, true);
	for (i = 0; i < 2 * countof(cases); i++) {
		knock(&w, cases[i / 2].name, versions[i % 2]);
		shake(&w);
		subject = &mbedtls_ssl_get_peer_cert(&w.peer.ssl)->subject;
		assert_same(str_from(subject->val.p, subject->val.len),
		    cases[i / 2].subject);
		part(&w);
	}
	end(&w);
}

/*
 * Two handshakes, the second with the session of the first.
 *
 * Returns:  whether the second was without a certificate, to judge by the
 *           bytes the server sent.
 */
static bool
resumes(struct world *w, mbedtls_ssl_protocol_version version)
{
	struct tls_peer first;
	int ends[2];
	char bytes[10];
	bool shorter;

	knock(w, "mx.example.test", version);
	shake(w);
	assert_int_equal(tls_peer_read(&w->peer, bytes, sizeof bytes), 0);
	first = w->peer;
	memcpy(ends, w->ends, sizeof ends);
	tls_drop(w->tls);
	knock(w, "mx.example.test", version);
	if (first.ticket)
		tls_peer_resume(&w->peer, &first);
	shake(w);
	assert_int_equal(tls_peer_read(&w->peer, bytes, sizeof bytes), 0);
	shorter = w->peer.received + 300 < first.received;
	part(w);
	tls_peer_end(&first);
	close(ends[0]);
	close(ends[1]);
	return shorter;
}

static void
test_resume(void **state)
{
	struct world w;

	(void)state;
	serve(&w, true);
	assert_true(resumes(&w, MBEDTLS_SSL_VERSION_TLS1_2));
	assert_true(resumes(&w, MBEDTLS_SSL_VERSION_TLS1_3));
	end(&w);
	serve(&w, false);
	assert_false(resumes(&w, MBEDTLS_SSL_VERSION_TLS1_2));
	assert_false(resumes(&w, MBEDTLS_SSL_VERSION_TLS1_3));
	end(&w);
}

/* Port 25 gives no ticket, since some senders break on them. */
static void
test_no_ticket(void **state)
{
	struct world w;
	char bytes[10];
	int tickets;

	(void)state;
	for (tickets = 0; tickets < 2; tickets++) {
		serve(&w, tickets);
		knock(&w, NULL, MBEDTLS_SSL_VERSION_TLS1_3);
		shake(&w);
		assert_int_equal(tls_peer_read(&w.peer, bytes, sizeof bytes),
		    0);
		assert_int_equal(w.peer.ticket, tickets);
		part(&w);
		end(&w);
	}
}

/* A new server for new sessions; the old one lives as long as its own. */
static void
test_reload(void **state)
{
	struct world w;
	struct tls_pair pair;
	char bytes[10];
	size_t put, got;

	(void)state;
	serve(&w, true);
	knock(&w, NULL, MBEDTLS_SSL_VERSION_TLS1_3);
	tls_server_drop(w.server);
	pair = tls_peer_pair_view(&w.web);
	assert_int_equal(tls_server_open(&w.server, &pair, 1, true), 0);
	shake(&w);
	assert_int_equal(tls_write(w.tls, STR("old"), &put), TLS_OK);
	got = tls_peer_read(&w.peer, bytes, sizeof bytes);
	assert_same(str_from(bytes, got), "old");
	part(&w);
	end(&w);
	tls_server_drop(NULL);
	tls_drop(NULL);
}

static void
test_not_tls(void **state)
{
	static const char *const texts[] = {
		"EHLO client.example\r\nMAIL FROM:<a@example.test>\r\n",
		"\x16\x03\x01\x00\x05hello\r\n",
		"\x16\x03\x01\xff\xff",
		"\x80\x2e\x01\x03\x01"
	};
	struct world w;
	enum tls_result result;
	size_t i, len;

	(void)state;
	serve(&w, true);
	for (i = 0; i < countof(texts); i++) {
		knock(&w, NULL, MBEDTLS_SSL_VERSION_TLS1_3);
		len = i == 1 ? 12 : strlen(texts[i]);
		assert_int_equal(write(w.ends[1], texts[i], len), len);
		assert_int_equal(shutdown(w.ends[1], SHUT_WR), 0);
		result = tls_handshake(w.tls);
		if (result == TLS_WANT_READ)
			result = tls_handshake(w.tls);
		assert_int_equal(result, TLS_FAILED);
		assert_true(tls_why(w.tls).len > 0);
		assert_int_equal(tls_handshake(w.tls), TLS_FAILED);
		assert_false(tls_pending(w.tls));
		part(&w);
	}
	end(&w);
}

/* The peer leaves amid the handshake, or without a word after it. */
static void
test_leaves(void **state)
{
	struct world w;
	char bytes[10];
	size_t got;

	(void)state;
	serve(&w, true);
	knock(&w, NULL, MBEDTLS_SSL_VERSION_TLS1_3);
	assert_int_equal(tls_peer_shake(&w.peer), 0);
	assert_int_equal(tls_handshake(w.tls), TLS_WANT_READ);
	assert_int_equal(shutdown(w.ends[1], SHUT_WR), 0);
	assert_int_equal(tls_handshake(w.tls), TLS_FAILED);
	assert_same(tls_why(w.tls), "closed early");
	part(&w);
	knock(&w, NULL, MBEDTLS_SSL_VERSION_TLS1_3);
	shake(&w);
	assert_int_equal(shutdown(w.ends[1], SHUT_WR), 0);
	assert_int_equal(tls_read(w.tls, bytes, sizeof bytes, &got),
	    TLS_CLOSED);
	part(&w);
	end(&w);
}

static void
test_bad_pairs(void **state)
{
	struct world w;
	struct tls_server *none = NULL;
	struct tls_pair bad[2];

	(void)state;
	serve(&w, true);
	bad[0] = tls_peer_pair_view(&w.mx);
	bad[1] = bad[0];
	bad[1].key = buf_str(&w.web.key);
	assert_int_equal(tls_server_open(&none, bad, 2, true), -EKEYREJECTED);
	bad[1].key = STR("");
	assert_int_equal(tls_server_open(&none, bad, 2, true), -EBADMSG);
	bad[1] = bad[0];
	bad[1].cert = STR("-----BEGIN CERTIFICATE-----\n");
	assert_int_equal(tls_server_open(&none, bad, 2, true), -EBADMSG);
	bad[1].cert = str_part(bad[0].cert, 0, bad[0].cert.len / 2);
	assert_int_equal(tls_server_open(&none, bad, 2, true), -EBADMSG);
	assert_null(none);
	end(&w);
}

static int
start(void **state)
{
	(void)state;
	crypto_start();
	return 0;
}

int
tls_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_trickle),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_no_ticket),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_bad_pairs),
	};

	return cmocka_run_group_tests_name("net/tls", tests, start, NULL);
}
