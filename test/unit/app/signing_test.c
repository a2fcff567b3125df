/* Keys ready to sign: whose, in which order, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "app/post_world.h"

#include "app/signing.h"

int signing_test(void);

/* RSA keys take long to make: one is enough. */
static struct buf rsa;

static void
add(struct office *o, const char *domain, const char *selector,
	enum crypto_kind kind, enum dkim_state state)
{
	struct dkim_key key = {
		.domain = str_of(domain), .selector = str_of(selector),
		.kind = kind, .state = state
	};
	struct buf pem;

	if (rsa.len == 0) {
		buf_init(&rsa, CRYPTO_KEY_PEM_MAX);
		crypto_key_make(CRYPTO_RSA, &rsa);
	}
	buf_init(&pem, CRYPTO_KEY_PEM_MAX);
	if (kind == CRYPTO_RSA)
		buf_add(&pem, buf_str(&rsa));
	else
		crypto_key_make(kind, &pem);
	key.pem = buf_str(&pem);
	assert_int_equal(dkim_add(o->db, &key), 0);
	assert_int_equal(db_commit(o->db), 0);
	buf_wipe(&pem);
}

/* Who signs, as "domain selector selector". */
static void
signs(struct signing *s, const char *address, const char *who)
{
	struct sign_key keys[4];
	struct str domain;
	struct buf text;
	size_t i, count;

	buf_init(&text, 1000);
	count = signing_find(s, str_of(address), keys, countof(keys),
	    &domain);
	if (count > 0)
		buf_add(&text, domain);
	for (i = 0; i < count; i++) {
		buf_add_char(&text, ' ');
		buf_add(&text, keys[i].selector);
	}
	assert_string_equal(buf_text(&text), who);
	buf_drop(&text);
}

static void
who_signs(void **state)
{
	struct office *o = *state;
	struct signing s;

	signing_open(&s, o->db);
	signs(&s, "shop@example.test", "");
	add(o, "example.test", "e1", CRYPTO_ED25519, DKIM_SIGNS);
	signs(&s, "shop@example.test", "example.test e1");
	add(o, "example.test", "r1", CRYPTO_RSA, DKIM_SIGNS);
	add(o, "example.test", "r2", CRYPTO_RSA, DKIM_NEXT);
	add(o, "example.test", "e0", CRYPTO_ED25519, DKIM_PAST);
	/* RSA first */
	signs(&s, "shop@example.test", "example.test r1 e1");
	/* a domain above, but never one beside or below */
	signs(&s, "shop@a.b.example.test", "example.test r1 e1");
	signs(&s, "shop@anexample.test", "");
	signs(&s, "shop@test", "");
	signs(&s, "\"a@example.test\"@other.test", "");
	signs(&s, "shop", "");
	add(o, "b.example.test", "b1", CRYPTO_ED25519, DKIM_SIGNS);
	signs(&s, "shop@a.b.example.test", "b.example.test b1");
	assert_int_equal(dkim_rotate(o->db, STR("example.test")), 0);
	assert_int_equal(db_commit(o->db), 0);
	signs(&s, "shop@example.test", "example.test r2");
	assert_int_equal(dkim_remove(o->db, STR("example.test"), STR("r2")),
	    0);
	assert_int_equal(db_commit(o->db), 0);
	signs(&s, "shop@example.test", "");
	signing_drop(&s);
	signing_drop(&s);
}

/* Nothing is read anew as long as nothing has changed. */
static void
kept_ready(void **state)
{
	struct office *o = *state;
	struct signing_key *keys;
	struct signing s;

	signing_open(&s, o->db);
	add(o, "example.test", "e1", CRYPTO_ED25519, DKIM_SIGNS);
	signs(&s, "a@example.test", "example.test e1");
	keys = s.keys;
	signs(&s, "b@example.test", "example.test e1");
	assert_ptr_equal(keys, s.keys);
	signing_drop(&s);
}

int
signing_test(void)
{
#define OFFICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, office_begin, office_end)
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(who_signs),
		OFFICE_TEST(kept_ready),
	};

	return cmocka_run_group_tests_name("app/signing", tests, NULL, NULL);
}
