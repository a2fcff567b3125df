/* Randomness, hashes and certificates, behind one small door. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/buf.h"

#define SHA256_SIZE 32

/* Make the libraries ready; call once at start, before any other. */
void crypto_start(void);

/* Fill size bytes from getrandom(2). */
void crypto_random(void *at, size_t size);

/*
 * The same in the form that Mbed TLS calls: f_rng.
 *
 * Returns:  0, always.
 */
int crypto_rng(void *unused, unsigned char *out, size_t len);

void crypto_sha256(struct str s, unsigned char hash[SHA256_SIZE]);

/* A hash of bytes that come in pieces; plain memory, may be copied. */
struct sha256 {
	uint64_t state[16];
};

void crypto_sha256_init(struct sha256 *h);
void crypto_sha256_add(struct sha256 *h, struct str s);

/* The hash of all that was added; h is then of no more use. */
void crypto_sha256_end(struct sha256 *h, unsigned char hash[SHA256_SIZE]);

/* Compare in time that depends on size alone. */
bool crypto_equal(const void *a, const void *b, size_t size);

/* Overwrite, never optimised away. */
void crypto_wipe(void *at, size_t size);

/*
 * Make an ECDSA P-256 key and a certificate that it signs itself (RFC 5280).
 *
 * names     host names for subjectAltName, of at most 253 bytes; the first,
 *           of at most 64, also as CN; borrowed
 * count     1 to 16
 * now       unix seconds; the certificate is good for ten years from a day
 *           before
 * key, cert bufs that get the PEM; give a wiped-later buf for key
 *
 * Returns:  0, or -EINVAL when a name is too long or no host name, or the
 *           library refuses.
 */
int crypto_self_sign(const struct str *names, size_t count, int64_t now,
	struct buf *key, struct buf *cert) __attribute__((warn_unused_result));

/*
 * Whether a PEM key belongs to the first certificate of a PEM chain.
 *
 * Returns:  0; -EBADMSG when either cannot be read; -EKEYREJECTED when they
 *           do not belong together. *expires gets the end of the first
 *           certificate, unix seconds, when it can be read.
 */
int crypto_check_pair(struct str cert, struct str key, int64_t *expires)
	__attribute__((warn_unused_result));

#endif
