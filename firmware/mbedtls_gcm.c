/*
 * AES-GCM by eight blocks inside Mbed TLS, compiled as a part of it.
 *
 * The library has the processor encrypt and multiply one block after the
 * other, each waiting for the one before: a fifth of what the processor could
 * do, and half of the time in which a mailbox is read. Here eight counters are
 * encrypted together, and eight blocks are multiplied by the powers of H, of
 * which all products are reduced at once. On amd64 alone: the arm64 boards
 * that have such instructions are quick enough for what they are connected to.
 *
 * firmware/recipe/mbedtls.mk has mbedtls_gcm_update() call it, which goes on
 * with what is left. test/unit/net/gcm_test.c compares the two ways.
 *
 * S. Gueron, M. Kounavis: Intel Carry-Less Multiplication Instruction and its
 * Usage for Computing the GCM Mode, algorithm 5; NIST SP 800-38D.
 */
#include "common.h"

#include "mbedtls/aes.h"
#include "mbedtls/gcm.h"
#include "mbedtls/platform_util.h"

#include "aesni.h"

size_t mbedtls_gcm_eights(mbedtls_gcm_context *ctx, const unsigned char *in,
	size_t len, unsigned char *out);

#if defined(MBEDTLS_AESNI_HAVE_CODE) && defined(__x86_64__)

#if defined(MBEDTLS_ARIA_C) || defined(MBEDTLS_CAMELLIA_C)
#error "the cipher of a GCM context is AES"
#endif

#include <immintrin.h>

#define WIDE 8				/* blocks at a time */
#define LEAST (2 * WIDE * 16)		/* bytes for which powers pay */
#define ROUNDS_MAX 14

#define CODE static inline __attribute__((always_inline, \
	target("aes,pclmul,ssse3")))

/* What is computed from the key. */
struct eights {
	__m128i keys[ROUNDS_MAX + 1];	/* of the rounds */
	int rounds;
	__m128i powers[WIDE];		/* of H, the first one is H^8 */
	__m128i folded[WIDE];		/* their halves added up */
};

/* A sum of products, by Karatsuba's method. */
struct product {
	__m128i low, high, middle;
};

CODE __m128i
swap(__m128i block)
{
	return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8,
	    9, 10, 11, 12, 13, 14, 15));
}

CODE __m128i
load(const void *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

CODE __m128i
fold(__m128i block)
{
	return _mm_xor_si128(block, _mm_shuffle_epi32(block, 0x4e));
}

CODE void
product_add(struct product *p, __m128i a, __m128i b, __m128i b_folded)
{
	p->low = _mm_xor_si128(p->low, _mm_clmulepi64_si128(a, b, 0x00));
	p->high = _mm_xor_si128(p->high, _mm_clmulepi64_si128(a, b, 0x11));
	p->middle = _mm_xor_si128(p->middle,
	    _mm_clmulepi64_si128(fold(a), b_folded, 0x00));
}

/* Modulo x^128 + x^7 + x^2 + x + 1, the bits being in reverse. */
CODE __m128i
product_reduce(struct product p)
{
	__m128i middle = _mm_xor_si128(p.middle,
	    _mm_xor_si128(p.low, p.high));
	__m128i low = _mm_xor_si128(p.low, _mm_slli_si128(middle, 8));
	__m128i high = _mm_xor_si128(p.high, _mm_srli_si128(middle, 8));
	__m128i low_out = _mm_srli_epi32(low, 31);
	__m128i high_out = _mm_srli_epi32(high, 31);
	__m128i over, fed;

	/* one to the left, all 256 bits */
	low = _mm_or_si128(_mm_slli_epi32(low, 1),
	    _mm_slli_si128(low_out, 4));
	high = _mm_or_si128(_mm_slli_epi32(high, 1),
	    _mm_slli_si128(high_out, 4));
	high = _mm_or_si128(high, _mm_srli_si128(low_out, 12));

	over = _mm_xor_si128(_mm_slli_epi32(low, 31),
	    _mm_xor_si128(_mm_slli_epi32(low, 30), _mm_slli_epi32(low, 25)));
	low = _mm_xor_si128(low, _mm_slli_si128(over, 12));
	fed = _mm_xor_si128(_mm_srli_epi32(low, 1),
	    _mm_xor_si128(_mm_srli_epi32(low, 2), _mm_srli_epi32(low, 7)));
	fed = _mm_xor_si128(fed, _mm_srli_si128(over, 4));
	return _mm_xor_si128(high, _mm_xor_si128(low, fed));
}

CODE void
eights_begin(struct eights *e, const mbedtls_gcm_context *ctx)
{
	const mbedtls_aes_context *aes = ctx->cipher_ctx.cipher_ctx;
	const __m128i h = swap(load(ctx->H[MBEDTLS_GCM_HTABLE_SIZE / 2]));
	int i;

	e->rounds = aes->nr;
	for (i = 0; i <= e->rounds; i++)
		e->keys[i] = load(aes->buf + aes->rk_offset + 4 * i);
	e->powers[WIDE - 1] = h;
	e->folded[WIDE - 1] = fold(h);
	for (i = WIDE - 2; i >= 0; i--) {
		struct product p = { 0 };

		product_add(&p, e->powers[i + 1], h, e->folded[WIDE - 1]);
		e->powers[i] = product_reduce(p);
		e->folded[i] = fold(e->powers[i]);
	}
}

/* Encrypt the next counters. */
CODE __m128i
masks_make(const struct eights *e, __m128i counter, __m128i mask[WIDE])
{
	const __m128i one = _mm_set_epi32(0, 0, 0, 1);
	int i, round;

	for (i = 0; i < WIDE; i++) {
		counter = _mm_add_epi32(counter, one);
		mask[i] = _mm_xor_si128(swap(counter), e->keys[0]);
	}
	for (round = 1; round < e->rounds; round++)
		for (i = 0; i < WIDE; i++)
			mask[i] = _mm_aesenc_si128(mask[i], e->keys[round]);
	for (i = 0; i < WIDE; i++)
		mask[i] = _mm_aesenclast_si128(mask[i], e->keys[e->rounds]);
	return counter;
}

/*
 * Encrypt or decrypt as many eights of blocks as there are in len bytes.
 *
 * Returns how many bytes that were; 0 when the processor, or so few bytes,
 * are not for it.
 */
__attribute__((target("aes,pclmul,ssse3"))) size_t
mbedtls_gcm_eights(mbedtls_gcm_context *ctx, const unsigned char *in,
	size_t len, unsigned char *out)
{
	const int decrypts = ctx->mode == MBEDTLS_GCM_DECRYPT;
	__m128i mask[WIDE], counter, sum;
	struct eights e;
	size_t done;
	int i;

	if (len < LEAST || !mbedtls_aesni_has_support(MBEDTLS_AESNI_AES) ||
	    !mbedtls_aesni_has_support(MBEDTLS_AESNI_CLMUL))
		return 0;
	eights_begin(&e, ctx);
	counter = swap(load(ctx->y));
	sum = swap(load(ctx->buf));
	for (done = 0; len - done >= WIDE * 16; done += WIDE * 16) {
		struct product p = { 0 };

		counter = masks_make(&e, counter, mask);
		for (i = 0; i < WIDE; i++) {
			__m128i from = load(in + done + 16 * i);
			__m128i to = _mm_xor_si128(from, mask[i]);
			__m128i block = swap(decrypts ? from : to);

			_mm_storeu_si128((__m128i *)(out + done + 16 * i), to);
			if (i == 0)
				block = _mm_xor_si128(block, sum);
			product_add(&p, block, e.powers[i], e.folded[i]);
		}
		sum = product_reduce(p);
	}
	_mm_storeu_si128((__m128i *)ctx->y, swap(counter));
	_mm_storeu_si128((__m128i *)ctx->buf, swap(sum));
	mbedtls_platform_zeroize(&e, sizeof e);
	mbedtls_platform_zeroize(mask, sizeof mask);
	return done;
}

#else

size_t
mbedtls_gcm_eights(mbedtls_gcm_context *ctx, const unsigned char *in,
	size_t len, unsigned char *out)
{
	(void)ctx;
	(void)in;
	(void)len;
	(void)out;
	return 0;
}

#endif
