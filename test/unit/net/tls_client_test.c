/* Sessions that we begin, with servers good and bad. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls_visit.h"

#include "base/crypto.h"

int tls_client_test(void);

#define UNKNOWN "certificate is signed by nobody we know"

/* Made once, since keys take their time. */
struct world {
	struct cert root, stranger, leaf, self, weak;
	struct buf roots;
	struct tls_client *client;
};

static int
begin(void **state)
{
	static struct world w;

	crypto_start();
	memset(&w, 0, sizeof w);
	cert_make(&w.root, &(struct cert_order){ .name = "Root",
	    .authority = true }, NULL);
	cert_make(&w.stranger, &(struct cert_order){ .name = "Root",
	    .authority = true }, NULL);
	cert_make(&w.leaf, &(struct cert_order){ .name = "leaf",
	    .host = "mx.example.test" }, &w.root);
	cert_make(&w.self, &(struct cert_order){ .name = "self",
	    .host = "other.example", .from = "20100101000000",
	    .until = "20110101000000" }, NULL);
	cert_make(&w.weak, &(struct cert_order){ .name = "weak",
	    .short_key = true }, NULL);
	buf_init(&w.roots, 100000);
	buf_add(&w.roots, buf_str(&w.root.pem));
	assert_int_equal(tls_client_open(&w.client, buf_str(&w.roots)), 0);
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	cert_drop(&w->root);
	cert_drop(&w->stranger);
	cert_drop(&w->leaf);
	cert_drop(&w->self);
	cert_drop(&w->weak);
	tls_client_drop(w->client);
	buf_drop(&w->roots);
	return 0;
}

static struct tls_visit
visit_to(const struct world *w, const struct cert *cert, enum tls_proof proof)
{
	return (struct tls_visit){
		.client = w->client,
		.goal = { .proof = proof, .host = STR("mx.example.test") },
		.now = TLS_HOST_NOW,
		.chain = buf_str(&cert->pem),
		.cert = cert
	};
}

static void
test_any(void **state)
{
	struct world *w = *state;
	const struct cert *certs[] = { &w->leaf, &w->self, &w->weak,
		&w->root };
	struct tls_visit v;
	size_t i;

	for (i = 0; i < countof(certs); i++) {
		v = visit_to(w, certs[i], TLS_ANY);
		assert_true(tls_visit_welcome(&v));
		assert_string_equal(v.version_text, "TLSv1.3");
		assert_string_equal(v.cipher, "TLS_CHACHA20_POLY1305_SHA256");
		assert_string_equal(v.asked, "mx.example.test");
	}
	v.goal.host = STR("");
	assert_true(tls_visit_welcome(&v));
	assert_string_equal(v.asked, "");
}

/* Another name that is known of the server proves nothing by the roots. */
static void
test_other_name(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->leaf, TLS_NAME);

	v.goal.other_host = v.goal.host;
	assert_true(tls_visit_welcome(&v));
	v.goal.host = STR("mx.victim.example");
	assert_true(tls_visit_fails(&v, "certificate is for another name"));
}

/* A bundle is full of what cannot be read; what can is not lost by it. */
static void
test_bundle(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->leaf, TLS_NAME);
	struct buf bundle;

	buf_init(&bundle, 100000);
	buf_add_text(&bundle, "# of old\n-----BEGIN CERTIFICATE-----\nAAAA\n"
	    "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n");
	buf_add(&bundle, str_part(buf_str(&w->stranger.pem), 28, 200));
	buf_add(&bundle, buf_str(&w->stranger.pem));
	buf_add(&bundle, buf_str(&w->root.pem));
	buf_add_text(&bundle, "-----BEGIN CERTIFICATE-----\nAA");
	assert_int_equal(tls_client_open(&v.client, buf_str(&bundle)), 0);
	assert_true(tls_visit_welcome(&v));
	v.chain = buf_str(&w->self.pem);
	v.cert = &w->self;
	assert_true(tls_visit_fails(&v, UNKNOWN));
	tls_client_drop(v.client);
	assert_int_equal(tls_client_open(&v.client, STR("no roots\n")),
	    -EBADMSG);
	buf_drop(&bundle);
	tls_client_drop(NULL);
}

/* The shared part goes with the last session. */
static void
test_drop(void **state)
{
	struct world *w = *state;
	struct tls_client *client;
	struct tls_goal goal = { .proof = TLS_NAME,
		.host = STR("mx.example.test") };
	struct tls *tls;
	int ends[2];

	assert_int_equal(tls_client_open(&client, buf_str(&w->roots)), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	tls = tls_begin_to(client, ends[0], &goal, TLS_HOST_NOW);
	tls_client_drop(client);
	assert_int_equal(tls_handshake(tls), TLS_WANT_READ);
	tls_drop(tls);
	close(ends[0]);
	close(ends[1]);
}

/* Old ciphers are for those who have nothing better and need prove nothing. */
static void
test_old_ciphers(void **state)
{
	static const struct {
		int id;
		const char *name;
	} old[] = {
		{ 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
		{ 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
		{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
		{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA" }
	};
	struct world *w = *state;
	struct tls_visit v;
	size_t i;

	for (i = 0; i < countof(old); i++) {
		v = visit_to(w, i < 2 ? &w->leaf : &w->weak, TLS_ANY);
		v.version = MBEDTLS_SSL_VERSION_TLS1_2;
		v.suite = old[i].id;
		tls_visit(&v);
		assert_string_equal(v.why, "");
		assert_string_equal(v.cipher, old[i].name);
		v.goal.proof = TLS_NAME;
		tls_visit(&v);
		assert_string_equal(v.why, "peer sent an alert");
	}
}

/* What a server says to our hello, in place of a handshake. */
static void
answer(struct world *w, struct str said, const char *why)
{
	struct tls_goal goal = { .proof = TLS_ANY,
		.host = STR("mx.example.test") };
	enum tls_result result;
	struct tls *tls;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	tls = tls_begin_to(w->client, ends[0], &goal, TLS_HOST_NOW);
	assert_int_equal(tls_handshake(tls), TLS_WANT_READ);
	assert_int_equal(write(ends[1], said.at, said.len), said.len);
	assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	result = tls_handshake(tls);
	if (result == TLS_WANT_READ)
		result = tls_handshake(tls);
	assert_int_equal(result, TLS_FAILED);
	if (why == NULL)
		assert_true(tls_why(tls).len > 0);
	else
		assert_true(str_equal(tls_why(tls), str_of(why)));
	assert_int_equal(tls_handshake(tls), TLS_FAILED);
	assert_false(tls_pending(tls));
	tls_drop(tls);
	close(ends[0]);
	close(ends[1]);
}

static void
test_broken_servers(void **state)
{
	/* TLS 1.0, and TLS_RSA_WITH_AES_128_CBC_SHA */
	static const char hello_tls10[] = "\x16\x03\x01\x00\x2a"
	    "\x02\x00\x00\x26\x03\x01"
	    "0123456789abcdef0123456789abcdef" "\x00" "\x00\x2f" "\x00";
	/* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 and a certificate of zeros */
	static const char certificate[42 + 10 + 10 + 128] =
	    "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03"
	    "0123456789abcdef0123456789abcdef" "\x00" "\xc0\x2f" "\x00"
	    "\x16\x03\x03\x00\x8a\x0b\x00\x00\x86\x00\x00\x83"
	    "\x00\x00\x80";
	static const char alert[] = "\x15\x03\x01\x00\x02\x02\x46";
	static const char farewell[] = "\x15\x03\x03\x00\x02\x01\x00";
	struct world *w = *state;

	answer(w, STR("220 mx.example.test ESMTP\r\n"), "not a TLS record");
	answer(w, STR("454 4.7.0 TLS not available\r\n"), "not a TLS record");
	answer(w, STR(""), "closed early");
	answer(w, str_from(alert, sizeof alert - 1), "peer sent an alert");
	answer(w, str_from(farewell, sizeof farewell - 1), "closed early");
	answer(w, str_from(hello_tls10, sizeof hello_tls10 - 1),
	    "no common version");
	answer(w, str_from(certificate, sizeof certificate),
	    "certificate cannot be read");
	answer(w, STR("\x16\x03\x03\xff\xff"), NULL);
	answer(w, STR("\x16\x03\x03\x40\x00" "xx"), "closed early");
}

/* What a whole server says, cut at every byte, ends in a reason. */
static void
test_cut(void **state)
{
	static const mbedtls_ssl_protocol_version versions[] = {
		MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3
	};
	struct world *w = *state;
	struct tls_goal goal = { .proof = TLS_ANY };
	struct tls_host host;
	struct buf heard;
	struct tls *tls;
	int ends[2];
	size_t i, len;

	buf_init(&heard, 100000);
	for (i = 0; i < 2; i++) {
		buf_clear(&heard);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends),
		    0);
		tls_host_begin(&host, ends[1], versions[i],
		    buf_str(&w->leaf.pem), &w->leaf);
		host.heard = &heard;
		tls = tls_begin_to(w->client, ends[0], &goal, TLS_HOST_NOW);
		assert_int_equal(tls_handshake(tls), TLS_WANT_READ);
		tls_host_shake(&host);
		tls_drop(tls);
		tls_host_end(&host);
		close(ends[0]);
		close(ends[1]);
		assert_true(heard.len > 200);
		for (len = 0; len <= heard.len; len++)
			answer(w, str_part(buf_str(&heard), 0, len), NULL);
	}
	buf_drop(&heard);
}

static void
test_talk(void **state)
{
	struct world *w = *state;
	struct tls_goal goal = { .proof = TLS_NAME,
		.host = STR("mx.example.test") };
	enum tls_result result = TLS_WANT_READ;
	struct tls_host host;
	struct tls *tls;
	unsigned char there[10];
	char here[10];
	size_t put, got;
	int ends[2], i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	tls_host_begin(&host, ends[1], MBEDTLS_SSL_VERSION_TLS1_3,
	    buf_str(&w->leaf.pem), &w->leaf);
	tls = tls_begin_to(w->client, ends[0], &goal, TLS_HOST_NOW);
	for (i = 0; i < 100 && result != TLS_OK; i++) {
		result = tls_handshake(tls);
		tls_host_shake(&host);
	}
	assert_int_equal(tls_write(tls, STR("EHLO\r\n"), &put), TLS_OK);
	assert_int_equal(put, 6);
	assert_int_equal(mbedtls_ssl_read(&host.ssl, there, sizeof there), 6);
	assert_memory_equal(there, "EHLO\r\n", 6);
	assert_int_equal(mbedtls_ssl_write(&host.ssl,
	    (const unsigned char *)"250\r\n", 5), 5);
	assert_int_equal(tls_read(tls, here, sizeof here, &got), TLS_OK);
	assert_int_equal(got, 5);
	assert_memory_equal(here, "250\r\n", 5);
	tls_finish(tls);
	assert_int_equal(mbedtls_ssl_read(&host.ssl, there, sizeof there),
	    MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
	assert_int_equal(mbedtls_ssl_close_notify(&host.ssl), 0);
	assert_int_equal(tls_read(tls, here, sizeof here, &got), TLS_CLOSED);
	tls_drop(tls);
	tls_host_end(&host);
	close(ends[0]);
	close(ends[1]);
}

/* Tickets that a server sends unasked are passed over. */
static void
test_tickets(void **state)
{
	struct world *w = *state;
	struct tls_pair pair = { buf_str(&w->leaf.pem),
		buf_str(&w->leaf.key_pem) };
	struct tls_goal goal = { .proof = TLS_ANY };
	struct tls_server *server;
	struct tls *here, *there;
	enum tls_result result;
	char bytes[10];
	size_t put, got;
	int ends[2], i;

	assert_int_equal(tls_server_open(&server, &pair, 1, true), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	here = tls_begin_to(w->client, ends[0], &goal, TLS_HOST_NOW);
	there = tls_begin(server, ends[1]);
	for (i = 0; i < 10; i++) {
		(void)tls_handshake(here);
		(void)tls_handshake(there);
	}
	assert_int_equal(tls_write(there, STR("220 mx\r\n"), &put), TLS_OK);
	for (i = 0, got = 0; i < 10 && got == 0; i++) {
		result = tls_read(here, bytes, sizeof bytes, &got);
		assert_true(result == TLS_OK ||
		    (result == TLS_WANT_READ && tls_pending(here)));
	}
	assert_int_equal(got, 8);
	assert_memory_equal(bytes, "220 mx\r\n", 8);
	tls_drop(here);
	tls_drop(there);
	tls_server_drop(server);
	close(ends[0]);
	close(ends[1]);
}

int
tls_client_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_other_name),
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_old_ciphers),
		cmocka_unit_test(test_broken_servers),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_tickets),
	};

	return cmocka_run_group_tests_name("net/tls_client", tests, begin,
	    end);
}
