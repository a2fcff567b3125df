/* firmware/mbedtls_x25519.c: what TLS agrees on is X25519 (RFC 7748). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <psa/crypto.h>

#include "base/crypto.h"

int x25519_test(void);

/* Section 6.1. */
static const char secret_a[] =
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
static const char public_a[] =
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
static const char secret_b[] =
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
static const char public_b[] =
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
static const char shared[] =
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

static void
bytes_of(const char *hex, unsigned char out[32])
{
	for (size_t i = 0; i < 32; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (unsigned char)strtoul(two, NULL, 16);
	}
}

static psa_key_id_t
key_of(const char *hex)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key;
	unsigned char secret[32];

	bytes_of(hex, secret);
	psa_set_key_type(&attributes,
	    PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY));
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDH);
	assert_int_equal(psa_import_key(&attributes, secret, sizeof secret,
	    &key), PSA_SUCCESS);
	return key;
}

static void
try_pair(const char *secret, const char *own, const char *peer)
{
	psa_key_id_t key = key_of(secret);
	unsigned char out[32], want[32], other[32];
	size_t len;

	bytes_of(own, want);
	assert_int_equal(psa_export_public_key(key, out, sizeof out, &len),
	    PSA_SUCCESS);
	assert_int_equal(len, 32);
	assert_memory_equal(out, want, 32);
	assert_int_equal(psa_export_public_key(key, out, 31, &len),
	    PSA_ERROR_BUFFER_TOO_SMALL);

	bytes_of(peer, other);
	bytes_of(shared, want);
	assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, key, other, 32,
	    out, sizeof out, &len), PSA_SUCCESS);
	assert_memory_equal(out, want, 32);
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static void
test_vector(void **state)
{
	(void)state;
	try_pair(secret_a, public_a, public_b);
	try_pair(secret_b, public_b, public_a);
}

/* A peer that sends a point of small order gets no secret out of us. */
static void
test_small_order(void **state)
{
	psa_key_id_t key = key_of(secret_a);
	unsigned char peer[32] = { 0 }, out[32];
	size_t len;

	(void)state;
	for (unsigned char first = 0; first < 2; first++) {
		peer[0] = first;
		assert_int_not_equal(psa_raw_key_agreement(PSA_ALG_ECDH, key,
		    peer, sizeof peer, out, sizeof out, &len), PSA_SUCCESS);
	}
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

/* The other curves still go the library's own way. */
static void
test_p256(void **state)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key;
	unsigned char out[65];
	size_t len;

	(void)state;
	psa_set_key_type(&attributes,
	    PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 256);
	assert_int_equal(psa_generate_key(&attributes, &key), PSA_SUCCESS);
	assert_int_equal(psa_export_public_key(key, out, sizeof out, &len),
	    PSA_SUCCESS);
	assert_int_equal(len, 65);
	assert_int_equal(out[0], 4);
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static int
start(void **state)
{
	(void)state;
	crypto_start();
	return 0;
}

int
x25519_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_small_order),
		cmocka_unit_test(test_p256),
	};

	return cmocka_run_group_tests_name("base/x25519", tests, start, NULL);
}
