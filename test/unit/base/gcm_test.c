/*
 * AES-GCM as firmware/mbedtls_gcm.c has it: what is encrypted at once is the
 * same as what is encrypted in pieces too short for it.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/gcm.h>

#include "base/base.h"

int gcm_test(void);

#define SIZE 17000
#define SHORT 48	/* bytes of a piece */

static const unsigned char key[32] = "what opens this is no secret...";
static const unsigned char iv[12] = "only once...";

struct text {
	unsigned char bytes[SIZE + SHORT];
	unsigned char tag[16];
};

/*
 * Encrypt or decrypt len bytes in pieces.
 *
 * counter   the last four bytes of the first counter; 0: as it comes
 */
static void
run(int mode, unsigned bits, uint32_t counter, size_t len, size_t piece,
	const struct text *from, struct text *to)
{
	mbedtls_gcm_context gcm;
	size_t at, n, got;

	mbedtls_gcm_init(&gcm);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key,
	    bits), 0);
	assert_int_equal(mbedtls_gcm_starts(&gcm, mode, iv, sizeof iv), 0);
	if (counter != 0)
		for (n = 0; n < 4; n++)
			gcm.y[15 - n] = (unsigned char)(counter >> 8 * n);
	assert_int_equal(mbedtls_gcm_update_ad(&gcm, key, 13), 0);
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		assert_int_equal(mbedtls_gcm_update(&gcm, from->bytes + at, n,
		    to->bytes + at, n, &got), 0);
	}
	assert_int_equal(mbedtls_gcm_finish(&gcm, NULL, 0, &got, to->tag,
	    sizeof to->tag), 0);
	mbedtls_gcm_free(&gcm);
}

static void
compare(unsigned bits, uint32_t counter, size_t len)
{
	static struct text plain, whole, pieces;
	size_t i;

	for (i = 0; i < sizeof plain.bytes; i++)
		plain.bytes[i] = (unsigned char)(i * 7 + i / 256 + bits);
	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	run(MBEDTLS_GCM_ENCRYPT, bits, counter, len, SIZE, &plain, &whole);
	run(MBEDTLS_GCM_ENCRYPT, bits, counter, len, SHORT, &plain, &pieces);
	assert_memory_equal(&whole, &pieces, sizeof whole);

	/* in place */
	run(MBEDTLS_GCM_DECRYPT, bits, counter, len, SIZE, &whole, &whole);
	assert_memory_equal(whole.bytes, plain.bytes, len);
	assert_memory_equal(whole.tag, pieces.tag, sizeof whole.tag);

	/* not aligned, behind what is no whole block */
	run(MBEDTLS_GCM_DECRYPT, bits, counter, len, 1021, &pieces, &whole);
	assert_memory_equal(whole.bytes, plain.bytes, len);
	assert_memory_equal(whole.tag, pieces.tag, sizeof whole.tag);
}

static void
test_lengths(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < 700; len += len < 250 ? 31 : 1)
		compare(256, 0, len);
	for (len = 4096; len <= SIZE; len += 1613) {
		compare(128, 0, len);
		compare(192, 0, len);
		compare(256, 0, len);
	}
}

/* The counter has 32 bits, and carries into nothing. */
static void
test_counter(void **state)
{
	uint32_t n;

	(void)state;
	for (n = 0; n < 20; n++)
		compare(256, UINT32_MAX - n, 1000);
}

int
gcm_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_counter),
	};

	return cmocka_run_group_tests_name("base/gcm", tests, NULL, NULL);
}
