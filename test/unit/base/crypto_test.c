/* Chance, hashes, and certificates that belong to their key. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "base/crypto.h"

int crypto_test(void);

#define NOW 1795210678		/* 2026-11-20 */
#define TEN_YEARS (3652 * 86400LL)

/* The shape of a key with nothing in it. */
static const char no_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "AAAA\n"
    "-----END EC PRIVATE KEY-----\n";

static int
start(void **state)
{
	(void)state;
	crypto_start();
	return 0;
}

static void
test_random(void **state)
{
	unsigned char a[1000], b[1000];
	size_t i;
	int seen;

	(void)state;
	memset(a, 0, sizeof a);
	memset(b, 0, sizeof b);
	crypto_random(a, sizeof a - 1);
	assert_int_equal(crypto_rng(NULL, b, sizeof b - 1), 0);
	assert_memory_not_equal(a, b, 16);
	assert_memory_not_equal(a + sizeof a - 17, b + sizeof b - 17, 16);
	assert_int_equal(a[sizeof a - 1], 0);
	seen = 0;
	for (i = 0; i < sizeof a; i++)
		seen |= a[i];
	assert_int_equal(seen, 255);
	crypto_random(a, 0);
}

static void
test_sha256(void **state)
{
	static const struct {
		const char *text;
		const char *hash;
	} cases[] = {
		/* FIPS 180-4 examples */
		{ "", "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
	};
	unsigned char hash[SHA256_SIZE];
	struct buf hex;
	size_t i;

	(void)state;
	buf_init(&hex, 100);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&hex);
		crypto_sha256(str_of(cases[i].text), hash);
		hex_encode(&hex, str_from(hash, sizeof hash));
		assert_string_equal(buf_text(&hex), cases[i].hash);
	}
	crypto_sha256(str_from(NULL, 0), hash);
	buf_drop(&hex);
}

static void
test_equal_wipe(void **state)
{
	char a[] = "secret", b[] = "secret";

	(void)state;
	assert_true(crypto_equal(a, b, sizeof a));
	b[5] = 'x';
	assert_false(crypto_equal(a, b, sizeof a));
	assert_true(crypto_equal(a, b, 5));
	crypto_wipe(a, sizeof a);
	assert_memory_equal(a, "\0\0\0\0\0\0", sizeof a);
}

static void
test_self_sign(void **state)
{
	struct str names[] = { STR("mail.example.test"),
	    STR("*.example.test"), STR("localhost") };
	struct buf key, cert, other_cert, other;
	int64_t expires;

	(void)state;
	buf_init(&key, 4096);
	buf_init(&cert, 16384);
	buf_init(&other, 4096);
	buf_init(&other_cert, 16384);
	assert_int_equal(crypto_self_sign(names, 3, NOW, &key, &cert), 0);
	assert_int_equal(crypto_self_sign(names, 1, NOW, &other,
	    &other_cert), 0);
	assert_true(str_starts(buf_str(&cert),
	    STR("-----BEGIN CERTIFICATE-----\n")));
	assert_true(str_ends(buf_str(&key), STR("PRIVATE KEY-----\n")));

	expires = 0;
	assert_int_equal(crypto_check_pair(buf_str(&cert), buf_str(&key),
	    &expires), 0);
	assert_true(expires == NOW - 86400 + TEN_YEARS);
	expires = 0;
	assert_int_equal(crypto_check_pair(buf_str(&cert), buf_str(&other),
	    &expires), -EKEYREJECTED);
	assert_true(expires == NOW - 86400 + TEN_YEARS);

	/* a chain: the first certificate counts */
	buf_add(&other_cert, buf_str(&cert));
	assert_int_equal(crypto_check_pair(buf_str(&other_cert),
	    buf_str(&other), &expires), 0);
	assert_int_equal(crypto_check_pair(buf_str(&other_cert),
	    buf_str(&key), &expires), -EKEYREJECTED);

	buf_drop(&cert);
	buf_wipe(&key);
	buf_drop(&other_cert);
	buf_wipe(&other);
}

/* A key that nobody can read, a certificate cut short, and the like. */
static void
test_broken_pair(void **state)
{
	struct str name, cut;
	struct buf key, cert;
	int64_t expires;

	(void)state;
	name = STR("mail.example.test");
	buf_init(&key, 4096);
	buf_init(&cert, 16384);
	assert_int_equal(crypto_self_sign(&name, 1, NOW, &key, &cert), 0);
	expires = 7;
	assert_int_equal(crypto_check_pair(STR(""), buf_str(&key),
	    &expires), -EBADMSG);
	assert_int_equal(crypto_check_pair(STR("hello"), buf_str(&key),
	    &expires), -EBADMSG);
	cut = str_part(buf_str(&cert), 0, cert.len - 40);
	assert_int_equal(crypto_check_pair(cut, buf_str(&key), &expires),
	    -EBADMSG);
	assert_int_equal(crypto_check_pair(buf_str(&key), buf_str(&key),
	    &expires), -EBADMSG);
	assert_int_equal(expires, 7);
	assert_int_equal(crypto_check_pair(buf_str(&cert), STR(""),
	    &expires), -EBADMSG);
	assert_int_equal(crypto_check_pair(buf_str(&cert), str_of(no_key),
	    &expires), -EBADMSG);
	assert_int_equal(crypto_check_pair(buf_str(&cert), buf_str(&cert),
	    &expires), -EBADMSG);
	cut = str_part(buf_str(&key), 0, key.len - 40);
	assert_int_equal(crypto_check_pair(buf_str(&cert), cut, &expires),
	    -EBADMSG);
	buf_drop(&cert);
	buf_wipe(&key);
}

static void
test_bad_names(void **state)
{
	char text[300];
	struct str names[17];
	struct buf key, cert;
	size_t i;

	(void)state;
	buf_init(&key, 4096);
	buf_init(&cert, 16384);
	memset(text, 'a', sizeof text);
	for (i = 0; i < countof(names); i++)
		names[i] = STR("mail.example.test");
	assert_int_equal(crypto_self_sign(names, 0, NOW, &key, &cert),
	    -EINVAL);
	assert_int_equal(crypto_self_sign(names, 17, NOW, &key, &cert),
	    -EINVAL);
	names[0] = STR("");
	assert_int_equal(crypto_self_sign(names, 1, NOW, &key, &cert),
	    -EINVAL);
	names[0] = STR("a,O=Evil");
	assert_int_equal(crypto_self_sign(names, 1, NOW, &key, &cert),
	    -EINVAL);
	names[0] = str_from(text, 65);
	assert_int_equal(crypto_self_sign(names, 1, NOW, &key, &cert),
	    -EINVAL);
	names[0] = str_from(text, 64);
	names[1] = str_from(text, 254);
	assert_int_equal(crypto_self_sign(names, 2, NOW, &key, &cert),
	    -EINVAL);
	assert_int_equal(key.len, 0);
	for (i = 1; i < countof(names); i++)
		names[i] = str_from(text, 253);
	assert_int_equal(crypto_self_sign(names, 16, NOW, &key, &cert), 0);
	buf_clear(&cert);
	cert.max = 100;
	assert_int_equal(crypto_self_sign(names, 1, NOW, &key, &cert),
	    -EINVAL);
	buf_drop(&cert);
	buf_wipe(&key);
}

int
crypto_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_equal_wipe),
		cmocka_unit_test(test_self_sign),
		cmocka_unit_test(test_broken_pair),
		cmocka_unit_test(test_bad_names),
	};

	return cmocka_run_group_tests_name("base/crypto", tests, start, NULL);
}
