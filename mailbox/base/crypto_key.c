/*
 * Keys that sign. Mbed TLS has no Ed25519 and libsodium no RSA, so a key is
 * one of two; whoever signs need not know which.
 */
#include "base/crypto_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <sodium.h>

#define PEM_BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define PEM_END "-----END PRIVATE KEY-----\n"
#define EXPONENT 65537

/* What stands before the seed in a PKCS #8 Ed25519 key (RFC 8410 7). */
static const unsigned char ed25519_head[] = {
	0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
	0x70, 0x04, 0x22, 0x04, 0x20
};

#define ED25519_DER_SIZE \
	(sizeof ed25519_head + crypto_sign_ed25519_SEEDBYTES)

struct crypto_key {
	enum crypto_kind kind;
	/* Blinding changes what a signature leaves behind in here. */
	mbedtls_pk_context *rsa;
	unsigned char secret[crypto_sign_ed25519_SECRETKEYBYTES];
	unsigned char open[crypto_sign_ed25519_PUBLICKEYBYTES];
};

static void
make_rsa(struct buf *pem)
{
	unsigned char *text;
	mbedtls_pk_context pair;

	text = xalloc(CRYPTO_KEY_PEM_MAX, 1);
	mbedtls_pk_init(&pair);
	must(mbedtls_pk_setup(&pair,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)) == 0);
	must(mbedtls_rsa_gen_key(mbedtls_pk_rsa(pair), crypto_rng, NULL,
	    CRYPTO_RSA_BITS, EXPONENT) == 0);
	must(mbedtls_pk_write_key_pem(&pair, text, CRYPTO_KEY_PEM_MAX) == 0);
	buf_add_text(pem, (const char *)text);
	mbedtls_pk_free(&pair);
	crypto_wipe(text, CRYPTO_KEY_PEM_MAX);
	free(text);
}

static void
make_ed25519(struct buf *pem)
{
	unsigned char der[ED25519_DER_SIZE], text[256];
	size_t len;

	memcpy(der, ed25519_head, sizeof ed25519_head);
	crypto_random(der + sizeof ed25519_head,
	    sizeof der - sizeof ed25519_head);
	must(mbedtls_pem_write_buffer(PEM_BEGIN, PEM_END, der, sizeof der,
	    text, sizeof text, &len) == 0);
	buf_add_text(pem, (const char *)text);
	crypto_wipe(der, sizeof der);
	crypto_wipe(text, sizeof text);
}

void
crypto_key_make(enum crypto_kind kind, struct buf *pem)
{
	switch (kind) {
	case CRYPTO_RSA:
		make_rsa(pem);
		break;
	case CRYPTO_ED25519:
		make_ed25519(pem);
		break;
	}
	must(!pem->full);
}

/* Returns: false when it is no Ed25519 key, which is no error yet. */
static bool
read_ed25519(struct crypto_key *key, const char *text)
{
	mbedtls_pem_context pem;
	const unsigned char *der;
	size_t used, len;
	bool good = false;

	mbedtls_pem_init(&pem);
	if (mbedtls_pem_read_buffer(&pem, "-----BEGIN PRIVATE KEY-----",
	    "-----END PRIVATE KEY-----", (const unsigned char *)text, NULL, 0,
	    &used) == 0) {
		der = mbedtls_pem_get_buffer(&pem, &len);
		good = len == ED25519_DER_SIZE &&
		    memcmp(der, ed25519_head, sizeof ed25519_head) == 0;
		if (good)
			crypto_sign_ed25519_seed_keypair(key->open,
			    key->secret, der + sizeof ed25519_head);
	}
	mbedtls_pem_free(&pem);
	return good;
}

static bool
read_rsa(struct crypto_key *key, const struct buf *text)
{
	size_t bits;

	key->rsa = xalloc(1, sizeof *key->rsa);
	mbedtls_pk_init(key->rsa);
	if (mbedtls_pk_parse_key(key->rsa,
	    (const unsigned char *)buf_text(text), text->len + 1, NULL, 0,
	    crypto_rng, NULL) != 0 ||
	    mbedtls_pk_get_type(key->rsa) != MBEDTLS_PK_RSA)
		return false;
	bits = mbedtls_pk_get_bitlen(key->rsa);
	return bits >= CRYPTO_RSA_BITS_MIN && bits <= CRYPTO_RSA_BITS_MAX;
}

int
crypto_key_read(struct crypto_key **key, struct str pem)
{
	struct buf text;

	*key = NULL;
	if (pem.len > CRYPTO_KEY_PEM_MAX)
		return -EBADMSG;
	buf_init(&text, pem.len);
	buf_add(&text, pem);
	*key = xalloc(1, sizeof **key);
	if (read_ed25519(*key, buf_text(&text))) {
		(*key)->kind = CRYPTO_ED25519;
	} else if (read_rsa(*key, &text)) {
		(*key)->kind = CRYPTO_RSA;
	} else {
		crypto_key_drop(*key);
		*key = NULL;
	}
	buf_wipe(&text);
	return *key == NULL ? -EBADMSG : 0;
}

void
crypto_key_drop(struct crypto_key *key)
{
	if (key == NULL)
		return;
	mbedtls_pk_free(key->rsa);
	free(key->rsa);
	crypto_wipe(key, sizeof *key);
	free(key);
}

enum crypto_kind
crypto_key_kind(const struct crypto_key *key)
{
	return key->kind;
}

void
crypto_key_public(const struct crypto_key *key, struct buf *out)
{
	unsigned char der[CRYPTO_PUBLIC_MAX];
	int len;

	switch (key->kind) {
	case CRYPTO_RSA:
		/* it is written at the end of the room */
		len = mbedtls_pk_write_pubkey_der(key->rsa, der, sizeof der);
		must(len > 0);
		buf_add(out, str_from(der + sizeof der - (size_t)len,
		    (size_t)len));
		break;
	case CRYPTO_ED25519:
		buf_add(out, str_from(key->open, sizeof key->open));
		break;
	}
}

void
crypto_key_sign(const struct crypto_key *key,
	const unsigned char hash[SHA256_SIZE], struct buf *out)
{
	unsigned char signature[CRYPTO_SIGNATURE_MAX];
	unsigned long long ed25519_len;
	size_t len = 0;

	switch (key->kind) {
	case CRYPTO_RSA:
		must(mbedtls_pk_sign(key->rsa, MBEDTLS_MD_SHA256, hash,
		    SHA256_SIZE, signature, sizeof signature, &len,
		    crypto_rng, NULL) == 0);
		break;
	case CRYPTO_ED25519:
		must(crypto_sign_ed25519_detached(signature, &ed25519_len,
		    hash, SHA256_SIZE, key->secret) == 0);
		len = (size_t)ed25519_len;
		break;
	}
	buf_add(out, str_from(signature, len));
}
