/* Servers that are proven by roots, name and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tls_visit.h"

#include "base/crypto.h"
#include "net/tls_part.h"

int tls_name_test(void);

#define YEAR_S (366 * 86400LL)
#define UNKNOWN "certificate is signed by nobody we know"
#define OTHER "certificate is for another name"

static const unsigned char ip4[4] = { 192, 0, 2, 25 };

/* Made once, since keys take their time. */
struct world {
	struct cert root, between, stranger;
	struct cert leaf, far, wild, self, at_ip, weak, client_only, no_names;
	struct buf roots;
	struct tls_client *client;
};

static const struct {
	size_t at;		/* in struct world */
	struct cert_order order;
	size_t issuer;		/* SIZE_MAX: itself */
} orders[] = {
#define AT(member) offsetof(struct world, member)
	{ AT(root), { .name = "Root", .authority = true }, SIZE_MAX },
	{ AT(stranger), { .name = "Root", .authority = true }, SIZE_MAX },
	{ AT(between), { .name = "Between", .authority = true }, AT(root) },
	{ AT(leaf), { .name = "leaf", .host = "mx.example.test" }, AT(root) },
	{ AT(far), { .name = "far", .host = "mx.example.test" },
	  AT(between) },
	{ AT(wild), { .name = "wild", .host = "*.example.test" }, AT(root) },
	{ AT(self), { .name = "self", .host = "other.example",
	  .from = "20100101000000", .until = "20110101000000" }, SIZE_MAX },
	{ AT(at_ip), { .name = "ip", .ip = ip4 }, AT(root) },
	{ AT(weak), { .name = "weak", .host = "mx.example.test",
	  .short_key = true }, AT(root) },
	{ AT(client_only), { .name = "user", .host = "mx.example.test",
	  .client_only = true }, AT(root) },
	{ AT(no_names), { .name = "mx.example.test" }, AT(root) }
#undef AT
};

static struct cert *
cert_of(struct world *w, size_t at)
{
	return (struct cert *)(void *)((char *)w + at);
}

static int
begin(void **state)
{
	static struct world w;
	size_t i;

	crypto_start();
	memset(&w, 0, sizeof w);
	for (i = 0; i < countof(orders); i++)
		cert_make(cert_of(&w, orders[i].at), &orders[i].order,
		    orders[i].issuer == SIZE_MAX ? NULL :
		    cert_of(&w, orders[i].issuer));
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
	size_t i;

	for (i = 0; i < countof(orders); i++)
		cert_drop(cert_of(w, orders[i].at));
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
test_name(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->leaf, TLS_NAME);

	assert_true(tls_visit_welcome(&v));
	v.goal.host = STR("MX.Example.Test");
	assert_true(tls_visit_welcome(&v));
	v.goal.host = STR("x.example.test");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.host = STR("mx.example.test.");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.host = STR("");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.host = str_from("mx.example.test\0x", 17);
	assert_true(tls_visit_fails(&v, OTHER));
	v = visit_to(w, &w->no_names, TLS_NAME);
	assert_true(tls_visit_fails(&v, OTHER));
}

static void
test_wildcard(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->wild, TLS_NAME);

	assert_true(tls_visit_welcome(&v));
	v.goal.host = STR("a.mx.example.test");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.host = STR("example.test");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.host = STR(".example.test");
	assert_true(tls_visit_fails(&v, OTHER));
}

/* An address is in no SNI, and only an iPAddress proves it. */
static void
test_address(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->at_ip, TLS_NAME);

	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.host = STR("192.0.2.25");
	assert_true(tls_visit_welcome(&v));
	assert_string_equal(v.asked, "");
	v.goal.host = STR("192.0.2.26");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.host = STR("2001:db8::25");
	assert_true(tls_visit_fails(&v, OTHER));
	v = visit_to(w, &w->leaf, TLS_NAME);
	v.goal.host = STR("192.0.2.25");
	assert_true(tls_visit_fails(&v, OTHER));
}

static void
test_time(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->leaf, TLS_NAME);

	v.now += 2 * YEAR_S;
	assert_true(tls_visit_fails(&v, "certificate has expired"));
	v.now -= 4 * YEAR_S;
	assert_true(tls_visit_fails(&v, "certificate is not valid yet"));
}

static void
test_issuer(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->self, TLS_NAME);
	struct buf chain;

	assert_true(tls_visit_fails(&v, UNKNOWN));
	v = visit_to(w, &w->far, TLS_NAME);
	assert_true(tls_visit_fails(&v, UNKNOWN));
	buf_init(&chain, 10000);
	buf_add(&chain, buf_str(&w->far.pem));
	buf_add(&chain, buf_str(&w->between.pem));
	v.chain = buf_str(&chain);
	assert_true(tls_visit_welcome(&v));
	/* one of the same name, and with another key */
	assert_int_equal(tls_client_open(&v.client, buf_str(
	    &w->stranger.pem)), 0);
	assert_true(tls_visit_fails(&v, UNKNOWN));
	tls_client_drop(v.client);
	assert_int_equal(tls_client_open(&v.client, STR("")), 0);
	assert_true(tls_visit_fails(&v, UNKNOWN));
	tls_client_drop(v.client);
	buf_drop(&chain);
}

static void
test_weak(void **state)
{
	struct world *w = *state;
	struct tls_visit v = visit_to(w, &w->weak, TLS_NAME);

	assert_true(tls_visit_fails(&v, "certificate is too weak"));
}

/* No server of this library would present such a one, so it is judged bare. */
static void
test_uses(void **state)
{
	struct world *w = *state;
	struct tls_goal goal = { .proof = TLS_NAME,
		.host = STR("mx.example.test") };
	mbedtls_x509_crt chain, roots;
	struct tls_demand *demand;

	mbedtls_x509_crt_init(&chain);
	mbedtls_x509_crt_init(&roots);
	assert_int_equal(mbedtls_x509_crt_parse_der(&roots,
	    (const unsigned char *)w->root.der.at, w->root.der.len), 0);
	assert_int_equal(mbedtls_x509_crt_parse_der(&chain,
	    (const unsigned char *)w->client_only.der.at,
	    w->client_only.der.len), 0);
	demand = tls_demand_make(&goal, &roots, TLS_HOST_NOW);
	assert_string_equal(tls_demand_judge(demand, &chain),
	    "certificate is not for servers");
	assert_string_equal(tls_demand_judge(demand, NULL),
	    "no certificate");
	tls_demand_drop(demand);
	tls_demand_drop(NULL);
	mbedtls_x509_crt_free(&chain);
	mbedtls_x509_crt_free(&roots);
}

int
tls_name_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_wildcard),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_issuer),
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_uses),
	};

	return cmocka_run_group_tests_name("net/tls by name", tests, begin,
	    end);
}
