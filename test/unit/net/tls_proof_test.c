/* Servers that are proven by TLSA records: RFC 7671, RFC 7672. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tls_visit.h"

#include "base/crypto.h"

#include <mbedtls/sha512.h>

int tls_proof_test(void);

#define YEAR_S (366 * 86400LL)
#define NOT_IT "certificate is not the one that TLSA tells of"
#define OTHER "certificate is for another name"

struct world {
	struct cert root, between, far;	/* far is signed by between */
	struct cert named;		/* by its common name alone */
	struct cert self;		/* for nobody, and long expired */
	struct buf chain;		/* far, between, root */
	struct buf short_chain;		/* far, between */
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
	cert_make(&w.between, &(struct cert_order){ .name = "Between",
	    .authority = true }, &w.root);
	cert_make(&w.far, &(struct cert_order){ .name = "far",
	    .host = "mx.example.test" }, &w.between);
	cert_make(&w.named, &(struct cert_order){
	    .name = "mx.example.test" }, &w.root);
	cert_make(&w.self, &(struct cert_order){ .name = "self",
	    .from = "20100101000000", .until = "20110101000000" }, NULL);
	buf_init(&w.chain, 10000);
	buf_add(&w.chain, buf_str(&w.far.pem));
	buf_add(&w.chain, buf_str(&w.between.pem));
	buf_init(&w.short_chain, 10000);
	buf_add(&w.short_chain, buf_str(&w.chain));
	buf_add(&w.chain, buf_str(&w.root.pem));
	assert_int_equal(tls_client_open(&w.client, STR("")), 0);
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	cert_drop(&w->root);
	cert_drop(&w->between);
	cert_drop(&w->far);
	cert_drop(&w->named);
	cert_drop(&w->self);
	buf_drop(&w->chain);
	buf_drop(&w->short_chain);
	tls_client_drop(w->client);
	return 0;
}

/* A record of its own bytes. */
struct record {
	struct tls_pin pin;
	char data[4096];
};

static void
record_make(struct record *r, unsigned usage, unsigned selector,
	unsigned matching, const struct cert *cert)
{
	struct str part = selector == 0 ? buf_str(&cert->der) :
	    buf_str(&cert->spki);

	r->pin = (struct tls_pin){ usage, selector, matching, { r->data, 0 } };
	assert_true(part.len <= sizeof r->data);
	switch (matching) {
	case 0:
		memcpy(r->data, part.at, part.len);
		r->pin.data.len = part.len;
		break;
	case 1:
		crypto_sha256(part, (unsigned char *)r->data);
		r->pin.data.len = 32;
		break;
	default:
		assert_int_equal(mbedtls_sha512((const unsigned char *)part.at,
		    part.len, (unsigned char *)r->data, 0), 0);
		r->pin.data.len = 64;
	}
}

static struct tls_visit
visit_to(const struct world *w, struct str chain, const struct cert *cert,
	const struct tls_pin *pins, size_t count)
{
	return (struct tls_visit){
		.client = w->client,
		.goal = { .proof = TLS_PINNED, .host = STR("mx.example.test"),
		    .pins = pins, .pin_count = count },
		.now = TLS_HOST_NOW,
		.chain = chain,
		.cert = cert
	};
}

/* What fits a server hits, and nothing else does, whatever its form. */
static void
test_server_pinned(void **state)
{
	struct world *w = *state;
	struct tls_visit v;
	struct record r;
	unsigned selector, matching;

	for (selector = 0; selector < 2; selector++)
		for (matching = 0; matching < 3; matching++) {
			record_make(&r, 3, selector, matching, &w->self);
			v = visit_to(w, buf_str(&w->self.pem), &w->self,
			    &r.pin, 1);
			assert_true(tls_visit_welcome(&v));
			assert_string_equal(v.asked, "mx.example.test");
			r.data[r.pin.data.len - 1] ^= 1;
			assert_true(tls_visit_fails(&v, NOT_IT));
			record_make(&r, 3, selector, matching, &w->root);
			assert_true(tls_visit_fails(&v, NOT_IT));
		}
}

/* The one who signed, presented somewhere behind the server's own. */
static void
test_signer_pinned(void **state)
{
	struct world *w = *state;
	const struct cert *signers[2] = { &w->between, &w->root };
	struct tls_visit v;
	struct record r;
	unsigned i;

	for (i = 0; i < 12; i++) {
		record_make(&r, 2, i % 2, i / 2 % 3, signers[i / 6]);
		v = visit_to(w, buf_str(&w->chain), &w->far, &r.pin, 1);
		assert_true(tls_visit_welcome(&v));
		r.data[0] ^= 1;
		assert_true(tls_visit_fails(&v, NOT_IT));
	}
	/* it is not enough to be there, it must have signed */
	record_make(&r, 2, 0, 1, &w->self);
	buf_add(&w->chain, buf_str(&w->self.pem));
	v = visit_to(w, buf_str(&w->chain), &w->far, &r.pin, 1);
	assert_true(tls_visit_fails(&v,
	    "certificate is signed by nobody we know"));
	/* nor to be the server itself: that is usage 3 */
	record_make(&r, 2, 0, 1, &w->far);
	assert_true(tls_visit_fails(&v, NOT_IT));
	buf_cut(&w->chain, w->chain.len - w->self.pem.len);
}

/* Given whole by the record, it need not be presented. */
static void
test_signer_absent(void **state)
{
	struct world *w = *state;
	struct tls_visit v;
	struct record r;

	record_make(&r, 2, 0, 0, &w->root);
	v = visit_to(w, buf_str(&w->short_chain), &w->far, &r.pin, 1);
	assert_true(tls_visit_welcome(&v));
	record_make(&r, 2, 0, 1, &w->root);
	assert_true(tls_visit_fails(&v, NOT_IT));
	/* what cannot be read is no signer */
	r.pin = (struct tls_pin){ 2, 0, 0, STR("no certificate") };
	assert_true(tls_visit_fails(&v, NOT_IT));
}

/* For a signer, names and time count: RFC 7672 section 3.2.2. */
static void
test_signer_names(void **state)
{
	struct world *w = *state;
	struct tls_visit v;
	struct record r;
	struct buf chain;

	record_make(&r, 2, 0, 1, &w->between);
	v = visit_to(w, buf_str(&w->chain), &w->far, &r.pin, 1);
	v.goal.host = STR("mail.example.test");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.other_host = STR("example.test");
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.other_host = STR("mx.example.test");
	assert_true(tls_visit_welcome(&v));
	v.now += 2 * YEAR_S;
	assert_true(tls_visit_fails(&v, "certificate has expired"));

	buf_init(&chain, 10000);
	buf_add(&chain, buf_str(&w->named.pem));
	buf_add(&chain, buf_str(&w->root.pem));
	record_make(&r, 2, 1, 2, &w->root);
	v = visit_to(w, buf_str(&chain), &w->named, &r.pin, 1);
	assert_true(tls_visit_welcome(&v));
	v.goal.host = STR("mx.example");
	assert_true(tls_visit_fails(&v, OTHER));
	buf_drop(&chain);
}

/* One that fits is enough, among those that do not, or cannot be used. */
static void
test_many(void **state)
{
	static struct record r[TLS_PINS_MAX];
	struct tls_pin pins[TLS_PINS_MAX + 8];
	struct world *w = *state;
	struct tls_visit v;
	size_t i;

	for (i = 0; i < TLS_PINS_MAX; i++) {
		record_make(&r[i], 2 + i % 2, i / 2 % 2, i % 3, &w->root);
		r[i].data[9] ^= 1;
		pins[8 + i] = r[i].pin;
	}
	for (i = 0; i < 8; i++)
		pins[i] = (struct tls_pin){ (unsigned)i % 2, 0, 1,
		    STR("0123456789abcdef0123456789abcdef") };
	v = visit_to(w, buf_str(&w->chain), &w->far, pins, countof(pins));
	assert_true(tls_visit_fails(&v, NOT_IT));
	record_make(&r[TLS_PINS_MAX - 1], 3, 1, 1, &w->far);
	pins[TLS_PINS_MAX + 7] = r[TLS_PINS_MAX - 1].pin;
	assert_true(tls_visit_welcome(&v));
	/* a signer who does not fit the name is no matter then */
	record_make(&r[0], 2, 0, 1, &w->between);
	pins[8] = r[0].pin;
	v.goal.host = STR("other.example");
	assert_true(tls_visit_welcome(&v));
	v.goal.pin_count--;
	assert_true(tls_visit_fails(&v, OTHER));
	v.goal.pin_count = 0;
	assert_true(tls_visit_fails(&v, NOT_IT));
}

static void
test_usable(void **state)
{
	static const char bytes[64] = "";
	static const struct {
		unsigned usage, selector, matching;
		size_t len;
		bool usable;
	} cases[] = {
		{ 0, 0, 1, 32, false }, { 1, 1, 1, 32, false },
		{ 2, 0, 1, 32, true }, { 3, 1, 1, 32, true },
		{ 4, 0, 1, 32, false }, { 255, 0, 1, 32, false },
		{ 3, 2, 1, 32, false }, { 3, 255, 1, 32, false },
		{ 3, 1, 1, 31, false }, { 3, 1, 1, 33, false },
		{ 3, 1, 2, 64, true }, { 3, 1, 2, 32, false },
		{ 3, 1, 0, 0, false }, { 3, 1, 0, 40, true },
		{ 3, 1, 3, 48, false }, { 3, 1, 1, 0, false }
	};
	struct tls_pin pin;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		pin = (struct tls_pin){ cases[i].usage, cases[i].selector,
		    cases[i].matching, str_from(bytes, cases[i].len) };
		assert_int_equal(tls_pin_usable(&pin), cases[i].usable);
	}
}

int
tls_proof_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_pinned),
		cmocka_unit_test(test_signer_pinned),
		cmocka_unit_test(test_signer_absent),
		cmocka_unit_test(test_signer_names),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_usable),
	};

	return cmocka_run_group_tests_name("net/tls_proof", tests, begin,
	    end);
}
