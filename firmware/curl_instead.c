/*
 * What libcurl would ask the system, answered our way.
 *
 * Chance: it wants an entropy pool and a generator of Mbed TLS, which we do
 * not have (firmware/mbedtls_config.h). The same names here hand it what PSA
 * hands out, which is getrandom(2); the pool is never looked at.
 *
 * Names: it is told where to go (net/fetch.c), and what it was not told it
 * shall not look up.
 */
#include <netdb.h>
#include <stddef.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/psa_util.h>

void
mbedtls_entropy_init(mbedtls_entropy_context *pool)
{
	(void)pool;
}

void
mbedtls_entropy_free(mbedtls_entropy_context *pool)
{
	(void)pool;
}

int
mbedtls_entropy_func(void *pool, unsigned char *out, size_t len)
{
	(void)pool;
	return mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, out, len);
}

void
mbedtls_ctr_drbg_init(mbedtls_ctr_drbg_context *generator)
{
	(void)generator;
}

void
mbedtls_ctr_drbg_free(mbedtls_ctr_drbg_context *generator)
{
	(void)generator;
}

int
mbedtls_ctr_drbg_seed(mbedtls_ctr_drbg_context *generator,
	int (*entropy)(void *, unsigned char *, size_t), void *pool,
	const unsigned char *custom, size_t len)
{
	(void)generator, (void)entropy, (void)pool, (void)custom, (void)len;
	return 0;
}

int
mbedtls_ctr_drbg_random(void *generator, unsigned char *out, size_t len)
{
	(void)generator;
	return mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, out, len);
}

struct hostent *
curl_no_host(const char *name)
{
	(void)name;
	return NULL;
}
