/*
 * X25519 of libsodium inside Mbed TLS, compiled as a part of it.
 *
 * The library's own makes a public key in TLS 1.3 by its generic
 * multiplication, twenty times slower, and agrees on a secret by Everest,
 * which is fast on 64 bits alone. Here Everest's one multiplication and the
 * export of a public key go to libsodium; firmware/recipe/mbedtls.mk leaves
 * the former out and renames the latter to ..._slow, for the other curves.
 */
#include <string.h>

#include <psa/crypto.h>

#include "psa_crypto_ecp.h"

#define X25519_SIZE 32

int crypto_scalarmult_curve25519(unsigned char *out,
	const unsigned char *secret, const unsigned char *point);
int crypto_scalarmult_curve25519_base(unsigned char *out,
	const unsigned char *secret);

/* As Everest's header says it, which wants 128-bit arithmetic. */
void Hacl_Curve25519_crypto_scalarmult(uint8_t *out, uint8_t *secret,
	uint8_t *point);

psa_status_t mbedtls_psa_ecp_export_public_key_slow(
	const psa_key_attributes_t *attributes, const uint8_t *key,
	size_t size, uint8_t *out, size_t room, size_t *len);

void
Hacl_Curve25519_crypto_scalarmult(uint8_t *out, uint8_t *secret, uint8_t *point)
{
	static const uint8_t base[X25519_SIZE] = { 9 };
	int failed;

	if (memcmp(point, base, sizeof base) == 0)
		failed = crypto_scalarmult_curve25519_base(out, secret);
	else
		failed = crypto_scalarmult_curve25519(out, secret, point);
	/* a point of small order: zero, which the caller refuses, as RFC
	 * 7748 section 6.1 has it */
	if (failed != 0)
		memset(out, 0, X25519_SIZE);
}

psa_status_t
mbedtls_psa_ecp_export_public_key(const psa_key_attributes_t *attributes,
	const uint8_t *key, size_t size, uint8_t *out, size_t room, size_t *len)
{
	if (psa_get_key_type(attributes) !=
	    PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY) ||
	    psa_get_key_bits(attributes) != 255 || size != X25519_SIZE)
		return mbedtls_psa_ecp_export_public_key_slow(attributes, key,
		    size, out, room, len);
	if (room < X25519_SIZE)
		return PSA_ERROR_BUFFER_TOO_SMALL;
	if (crypto_scalarmult_curve25519_base(out, key) != 0)
		return PSA_ERROR_GENERIC_ERROR;
	*len = X25519_SIZE;
	return PSA_SUCCESS;
}
