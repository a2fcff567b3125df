/* Keys that sign: RSA and Ed25519, as DKIM uses them. */
#ifndef BASE_CRYPTO_KEY_H
#define BASE_CRYPTO_KEY_H

#include "base/crypto.h"

#define CRYPTO_RSA_BITS 2048	/* of keys we make; RFC 8301 section 3.2 */
#define CRYPTO_RSA_BITS_MIN 1024	/* of keys we read; the same section */
#define CRYPTO_RSA_BITS_MAX 4096
#define CRYPTO_KEY_PEM_MAX 8192	/* bytes of a private key as text */
#define CRYPTO_SIGNATURE_MAX (CRYPTO_RSA_BITS_MAX / 8)	/* bytes */
#define CRYPTO_PUBLIC_MAX 1024	/* bytes of a public key */

enum crypto_kind { CRYPTO_RSA, CRYPTO_ED25519 };

/* A private key, ready for use; made by crypto_key_read() alone. */
struct crypto_key;

/*
 * Make a key of a kind: RSA of CRYPTO_RSA_BITS, or Ed25519 (RFC 8032). RSA
 * takes a tenth of a second on a PC and many seconds on a small board.
 *
 * pem       a buf of at least CRYPTO_KEY_PEM_MAX that gets the private key:
 *           PKCS #1 for RSA, PKCS #8 (RFC 8410) for Ed25519; to be wiped
 */
void crypto_key_make(enum crypto_kind kind, struct buf *pem);

/*
 * Read a private key: PKCS #1 or PKCS #8 for RSA, PKCS #8 for Ed25519.
 *
 * key       gets the key, to be given to crypto_key_drop(); NULL on error
 *
 * Returns:  0; -EBADMSG when it cannot be read, is encrypted, of another
 *           kind, or an RSA key of a size out of bounds.
 */
int crypto_key_read(struct crypto_key **key, struct str pem)
	__attribute__((warn_unused_result));

/* Wipe and free; NULL is no key. */
void crypto_key_drop(struct crypto_key *key);

enum crypto_kind crypto_key_kind(const struct crypto_key *key);

/*
 * Add the public key as DKIM publishes it, not yet in base64: the
 * SubjectPublicKeyInfo of an RSA key (RFC 6376 section 3.6.1), the 32 bytes
 * of an Ed25519 key (RFC 8463 section 4.2).
 */
void crypto_key_public(const struct crypto_key *key, struct buf *out);

/*
 * Add the signature of a hash: PKCS #1 v1.5 (RFC 8017 section 8.2) or
 * PureEdDSA over the hash as the message (RFC 8463 section 3). The same hash
 * always gives the same signature.
 */
void crypto_key_sign(const struct crypto_key *key,
	const unsigned char hash[SHA256_SIZE], struct buf *out);

#endif
