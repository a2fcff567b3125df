/* Keys that sign: made, read, published; what they sign verifies. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mbedtls/pk.h>
#include <sodium.h>

#include "base/codec.h"
#include "base/crypto_key.h"

int crypto_key_test(void);

/* RFC 8032 section 7.1, test 1, as openssl writes it. */
static const char ed25519_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

static int
start(void **state)
{
	(void)state;
	crypto_start();
	return 0;
}

static struct crypto_key *
read_key(struct str pem)
{
	struct crypto_key *key;

	assert_int_equal(crypto_key_read(&key, pem), 0);
	assert_non_null(key);
	return key;
}

static void
test_ed25519_vector(void **state)
{
	struct crypto_key *key;
	struct buf open, hex;

	(void)state;
	key = read_key(str_of(ed25519_pem));
	assert_int_equal(crypto_key_kind(key), CRYPTO_ED25519);
	buf_init(&open, CRYPTO_PUBLIC_MAX);
	buf_init(&hex, CRYPTO_PUBLIC_MAX);
	crypto_key_public(key, &open);
	hex_encode(&hex, buf_str(&open));
	assert_string_equal(buf_text(&hex), "d75a980182b10ab7d54bfed3c964073a"
	    "0ee172f3daa62325af021a68f707511a");
	buf_drop(&open);
	buf_drop(&hex);
	crypto_key_drop(key);
}

/* Whether signature is good for hash, asked of the libraries themselves. */
static bool
verifies(enum crypto_kind kind, struct str open, const unsigned char *hash,
	struct str signature)
{
	mbedtls_pk_context pair;
	bool good;

	if (kind == CRYPTO_ED25519)
		return open.len == 32 && signature.len == 64 &&
		    crypto_sign_ed25519_verify_detached(
		    (const unsigned char *)signature.at, hash, SHA256_SIZE,
		    (const unsigned char *)open.at) == 0;
	mbedtls_pk_init(&pair);
	good = mbedtls_pk_parse_public_key(&pair,
	    (const unsigned char *)open.at, open.len) == 0 &&
	    mbedtls_pk_get_bitlen(&pair) == CRYPTO_RSA_BITS &&
	    mbedtls_pk_verify(&pair, MBEDTLS_MD_SHA256, hash, SHA256_SIZE,
	    (const unsigned char *)signature.at, signature.len) == 0;
	mbedtls_pk_free(&pair);
	return good;
}

static void
check_made(enum crypto_kind kind)
{
	unsigned char hash[SHA256_SIZE];
	struct buf pem, other, open, first, again;
	struct crypto_key *key;

	buf_init(&pem, CRYPTO_KEY_PEM_MAX);
	buf_init(&other, CRYPTO_KEY_PEM_MAX);
	buf_init(&open, CRYPTO_PUBLIC_MAX);
	buf_init(&first, CRYPTO_SIGNATURE_MAX);
	buf_init(&again, CRYPTO_SIGNATURE_MAX);
	crypto_key_make(kind, &pem);
	if (kind == CRYPTO_ED25519) {
		crypto_key_make(kind, &other);
		assert_string_not_equal(buf_text(&pem), buf_text(&other));
	}
	key = read_key(buf_str(&pem));
	assert_int_equal(crypto_key_kind(key), kind);
	crypto_key_public(key, &open);
	crypto_sha256(STR("a letter"), hash);
	crypto_key_sign(key, hash, &first);
	crypto_key_sign(key, hash, &again);
	assert_true(str_equal(buf_str(&first), buf_str(&again)));
	assert_true(verifies(kind, buf_str(&open), hash, buf_str(&first)));
	hash[31] ^= 1;
	assert_false(verifies(kind, buf_str(&open), hash, buf_str(&first)));
	crypto_key_drop(key);
	buf_wipe(&pem);
	buf_wipe(&other);
	buf_drop(&open);
	buf_drop(&first);
	buf_drop(&again);
}

static void
test_made(void **state)
{
	(void)state;
	check_made(CRYPTO_ED25519);
	check_made(CRYPTO_RSA);
}

static void
test_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"no key at all",
		"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n"
		    "-----END PRIVATE KEY-----\n",
		/* a byte short */
		"-----BEGIN PRIVATE KEY-----\n"
		    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7"
		    "rAMcrn8=\n-----END PRIVATE KEY-----\n",
		/* Ed448, by its number */
		"-----BEGIN PRIVATE KEY-----\n"
		    "MC4CAQAwBQYDK2VxBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7"
		    "rAMcrn9g\n-----END PRIVATE KEY-----\n",
		/* an RSA key of 512 bits */
		"-----BEGIN RSA PRIVATE KEY-----\n"
		    "MIIBOwIBAAJBAKuY67DCTxK6aP9lOXK5"
		    "9bBxCxJinHfYoI9xLqz6xFKVJ1z0TluC\n"
		    "5b4kXN+M0ANpGVxZDWCllhZa9LhjxcO4"
		    "uBMCAwEAAQJAPP8eyLZJZV7d8+sHgMCZ\n"
		    "lR6Z0O88r11RtauF6/c30iKdeOl7L7j7"
		    "xSPVo1vVXgslsyyXvl5OBxSnxexJGUrw\n"
		    "AQIhAOEPBG9gTa2q5OvQY44BT1WJS8rP"
		    "/IHWS9D5aKX25jKJAiEAwzBSdp3Mpzd4\n"
		    "0VTyewri3d1mdW8C9wEVqGCEzigH3rsC"
		    "IDWIofBwQuntfZiOMDAmJZ3eE7ZBdPnZ\n"
		    "ZJ1nxjm8GhOpAiEApTWOZuXTpil2ssAS"
		    "6YBiW+Yc5gMLYGRjn3vqjNAnMScCIQDe\n"
		    "tP6pJe8cof+IQsLlfp4NAAXD6Z9c45sHDKUBhvYsTg==\n"
		    "-----END RSA PRIVATE KEY-----\n",
	};
	struct crypto_key *key;
	struct buf text;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		key = (struct crypto_key *)1;
		assert_int_equal(crypto_key_read(&key, str_of(cases[i])),
		    -EBADMSG);
		assert_null(key);
	}
	buf_init(&text, 2 * CRYPTO_KEY_PEM_MAX);
	buf_add_text(&text, ed25519_pem);
	while (text.len <= CRYPTO_KEY_PEM_MAX)
		buf_add_char(&text, '\n');
	assert_int_equal(crypto_key_read(&key, buf_str(&text)), -EBADMSG);
	buf_cut(&text, CRYPTO_KEY_PEM_MAX);
	crypto_key_drop(read_key(buf_str(&text)));
	buf_drop(&text);
	crypto_key_drop(NULL);
}

static void
test_other_curve(void **state)
{
	static const struct str names[] = { { "mx.example.test", 15 } };
	struct crypto_key *key;
	struct buf pem, cert;

	(void)state;
	buf_init(&pem, CRYPTO_KEY_PEM_MAX);
	buf_init(&cert, CRYPTO_KEY_PEM_MAX);
	assert_int_equal(crypto_self_sign(names, 1, 1700000000, &pem, &cert),
	    0);
	assert_int_equal(crypto_key_read(&key, buf_str(&pem)), -EBADMSG);
	assert_int_equal(crypto_key_read(&key, buf_str(&cert)), -EBADMSG);
	buf_wipe(&pem);
	buf_drop(&cert);
}

static void
test_sha256_pieces(void **state)
{
	unsigned char whole[SHA256_SIZE], pieces[SHA256_SIZE];
	unsigned char copied[SHA256_SIZE];
	static const char text[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct sha256 hash, copy;
	size_t cut;

	(void)state;
	crypto_sha256(str_of(text), whole);
	for (cut = 0; cut < sizeof text; cut++) {
		crypto_sha256_init(&hash);
		crypto_sha256_add(&hash, str_part(str_of(text), 0, cut));
		copy = hash;
		crypto_sha256_add(&hash, str_part(str_of(text), cut, 999));
		crypto_sha256_end(&hash, pieces);
		assert_memory_equal(whole, pieces, SHA256_SIZE);
		crypto_sha256_add(&copy, str_part(str_of(text), cut, 999));
		crypto_sha256_end(&copy, copied);
		assert_memory_equal(whole, copied, SHA256_SIZE);
	}
}

int
crypto_key_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ed25519_vector),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_other_curve),
		cmocka_unit_test(test_sha256_pieces),
	};

	return cmocka_run_group_tests_name("base/crypto_key", tests, start,
	    NULL);
}
