/* The seal: what fits opens, everything else is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "store/seal.h"

int seal_test(void);

static const struct seal_place here = {
	.message = 1025, .index = 3, .kind = SEAL_BODY, .codec = SEAL_STORED,
	.last = true
};

static void
test_piece(void **state)
{
	unsigned char key[SEAL_KEY] = { 1, 2, 3 };
	struct buf sealed, plain;

	(void)state;
	buf_init(&sealed, 1000);
	buf_init(&plain, 1000);
	seal_piece(&sealed, STR("Dear Sir,\r\n"), key, &here);
	assert_int_equal(sealed.len, 11 + SEAL_EXTRA);
	assert_int_equal(str_find_str(buf_str(&sealed), STR("Dear")),
	    STR_NONE);
	assert_int_equal(seal_piece_open(&plain, buf_str(&sealed), key, &here),
	    0);
	assert_string_equal(buf_text(&plain), "Dear Sir,\r\n");
	/* every bit counts */
	for (size_t i = 0; i < sealed.len * 8; i++) {
		sealed.at[i / 8] ^= (char)(1 << i % 8);
		assert_int_equal(seal_piece_open(&plain, buf_str(&sealed), key,
		    &here), -EBADMSG);
		sealed.at[i / 8] ^= (char)(1 << i % 8);
	}
	/* and every length */
	for (size_t i = 0; i < sealed.len; i++)
		assert_int_equal(seal_piece_open(&plain,
		    str_part(buf_str(&sealed), 0, i), key, &here), -EBADMSG);
	/* a refused piece leaves nothing of itself */
	assert_string_equal(buf_text(&plain), "Dear Sir,\r\n");
	key[31] ^= 1;
	assert_int_equal(seal_piece_open(&plain, buf_str(&sealed), key, &here),
	    -EBADMSG);
	buf_drop(&sealed);
	buf_drop(&plain);
}

static void
test_place(void **state)
{
	unsigned char key[SEAL_KEY] = { 7 };
	struct seal_place others[5];
	struct buf sealed, plain;

	(void)state;
	buf_init(&sealed, 1000);
	buf_init(&plain, 1000);
	seal_piece(&sealed, STR(""), key, &here);
	for (size_t i = 0; i < countof(others); i++)
		others[i] = here;
	others[0].message++;
	others[1].index--;
	others[2].kind++;
	others[3].codec++;
	others[4].last = false;
	for (size_t i = 0; i < countof(others); i++)
		assert_int_equal(seal_piece_open(&plain, buf_str(&sealed), key,
		    &others[i]), -EBADMSG);
	assert_int_equal(seal_piece_open(&plain, buf_str(&sealed), key, &here),
	    0);
	assert_int_equal(plain.len, 0);
	buf_drop(&sealed);
	buf_drop(&plain);
}

static void
test_ratchet(void **state)
{
	unsigned char public_key[SEAL_KEY], seed[SEAL_SEED_SEALED];
	unsigned char keys[40][SEAL_KEY], key[SEAL_KEY];
	struct seal_owner *owner, *other;
	struct seal_ratchet r;

	(void)state;
	owner = seal_owner_new(public_key);
	seal_epoch_new(&r, public_key, seed);
	for (size_t i = 0; i < countof(keys); i++) {
		assert_int_equal(r.next, i);
		seal_ratchet_key(&r, keys[i]);
		/* no key is another, nor the chain that follows */
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], SEAL_KEY);
		assert_memory_not_equal(keys[i], r.chain, SEAL_KEY);
	}
	for (uint32_t i = 0; i < countof(keys); i++) {
		assert_int_equal(seal_epoch_open(&r, owner, seed), 0);
		seal_ratchet_skip(&r, i);
		seal_ratchet_key(&r, key);
		assert_memory_equal(key, keys[i], SEAL_KEY);
	}
	other = seal_owner_new(public_key);
	assert_int_equal(seal_epoch_open(&r, other, seed), -EBADMSG);
	seed[5] ^= 1;
	assert_int_equal(seal_epoch_open(&r, owner, seed), -EBADMSG);
	seal_owner_drop(other);
	seal_owner_drop(owner);
}

static void
test_wrap(void **state)
{
	unsigned char public_key[SEAL_KEY], other_key[SEAL_KEY];
	unsigned char seed[SEAL_SEED_SEALED], wrapped[SEAL_WRAPPED];
	unsigned char key[SEAL_KEY] = { 9 };
	struct seal_owner *owner, *again;
	struct seal_ratchet r;

	(void)state;
	owner = seal_owner_new(public_key);
	seal_wrap(owner, key, wrapped);
	seal_epoch_new(&r, public_key, seed);
	again = seal_unwrap(wrapped, key, public_key);
	assert_non_null(again);
	assert_int_equal(seal_epoch_open(&r, again, seed), 0);
	seal_owner_drop(again);
	key[0]++;
	assert_null(seal_unwrap(wrapped, key, public_key));
	key[0]--;
	wrapped[SEAL_WRAPPED - 1] ^= 1;
	assert_null(seal_unwrap(wrapped, key, public_key));
	wrapped[SEAL_WRAPPED - 1] ^= 1;
	/* another box's public key beside our wrap */
	seal_owner_drop(owner);
	owner = seal_owner_new(other_key);
	assert_null(seal_unwrap(wrapped, key, other_key));
	seal_owner_drop(owner);
	seal_owner_drop(NULL);
}

static void
test_stretch(void **state)
{
	unsigned char salt[16] = { 1 }, a[SEAL_KEY], b[SEAL_KEY];

	(void)state;
	assert_int_equal(seal_stretch(STR("secret"), salt, 1, 64, a), 0);
	assert_int_equal(seal_stretch(STR("secret"), salt, 1, 64, b), 0);
	assert_memory_equal(a, b, SEAL_KEY);
	assert_int_equal(seal_stretch(STR("secreu"), salt, 1, 64, b), 0);
	assert_memory_not_equal(a, b, SEAL_KEY);
	assert_int_equal(seal_stretch(STR("secret"), salt, 2, 64, b), 0);
	assert_memory_not_equal(a, b, SEAL_KEY);
	assert_int_equal(seal_stretch(str_of(NULL), salt, 1, 64, b), 0);
	salt[0]++;
	assert_int_equal(seal_stretch(STR("secret"), salt, 1, 64, b), 0);
	assert_memory_not_equal(a, b, SEAL_KEY);
	seal_hash(STR("secret"), salt, a);
	seal_hash(STR("secret"), salt, b);
	assert_memory_equal(a, b, SEAL_KEY);
	salt[1]++;
	seal_hash(STR("secret"), salt, b);
	assert_memory_not_equal(a, b, SEAL_KEY);
}

static int
begin(void **state)
{
	(void)state;
	crypto_start();
	return 0;
}

/* What follows from a key depends on the key and on every byte. */
static void
test_derive(void **state)
{
	unsigned char key[SEAL_KEY] = { 1 }, one[64], two[64];

	(void)state;
	seal_derive(key, STR("purpose"), one, SEAL_KEY);
	seal_derive(key, STR("purpose"), two, SEAL_KEY);
	assert_memory_equal(one, two, SEAL_KEY);
	seal_derive(key, STR("purposf"), two, SEAL_KEY);
	assert_memory_not_equal(one, two, SEAL_KEY);
	seal_derive(key, STR("purpos"), two, SEAL_KEY);
	assert_memory_not_equal(one, two, SEAL_KEY);
	/* a shorter one is no part of a longer one */
	seal_derive(key, STR("purpose"), two, 16);
	assert_memory_not_equal(one, two, 16);
	key[31] ^= 1;
	seal_derive(key, STR("purpose"), two, SEAL_KEY);
	assert_memory_not_equal(one, two, SEAL_KEY);
	seal_derive(key, STR(""), two, 64);
}

/* A key given to an owner is had by nobody else. */
static void
test_give(void **state)
{
	unsigned char public_key[SEAL_KEY], other_key[SEAL_KEY];
	unsigned char key[SEAL_KEY] = { 5, 6 }, got[SEAL_KEY];
	unsigned char sealed[SEAL_SEED_SEALED];
	struct seal_owner *owner, *other;

	(void)state;
	owner = seal_owner_new(public_key);
	other = seal_owner_new(other_key);
	seal_give(key, public_key, sealed);
	assert_int_equal(seal_take(got, owner, sealed), 0);
	assert_memory_equal(key, got, SEAL_KEY);
	assert_int_equal(seal_take(got, other, sealed), -EBADMSG);
	sealed[40] ^= 1;
	assert_int_equal(seal_take(got, owner, sealed), -EBADMSG);
	seal_owner_drop(owner);
	seal_owner_drop(other);
}

int
seal_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_piece),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_ratchet),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_stretch),
		cmocka_unit_test(test_derive),
		cmocka_unit_test(test_give),
	};

	return cmocka_run_group_tests_name("store/seal", tests, begin, NULL);
}
