/*
 * All the cryptography of the store, on libsodium.
 *
 * It knows neither rows nor files. What it promises:
 * 1. A message key seals each piece of one message once, under a nonce made of
 *    kind and index, and what is made of that message by promise 4. The two
 *    kinds of nonces do not meet: of the former all bytes but five are zero.
 * 2. From a chain follow the keys to come, never those that were.
 * 3. Every key is wiped by whoever used it last.
 * 4. What one key seals many of, or again with other content, has a random
 *    nonce of 192 bits each time.
 */
#include "store/seal.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/crypto.h"

#define KDF_CONTEXT "pillarbx"	/* eight signs, crypto_kdf wants them */
#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

struct seal_owner {
	unsigned char secret[SEAL_KEY];
	unsigned char public_key[SEAL_KEY];
};

_Static_assert(SEAL_SEED_SEALED == SEAL_KEY + crypto_box_SEALBYTES, "seed");
_Static_assert(SEAL_EXTRA == crypto_aead_xchacha20poly1305_ietf_ABYTES,
	"tag");
_Static_assert(SEAL_SECRET_EXTRA == SEAL_EXTRA + NONCE_SIZE, "secret");
_Static_assert(SEAL_WRAPPED == SEAL_KEY + SEAL_SECRET_EXTRA, "wrap");

void *
seal_memory_new(size_t size)
{
	void *at = sodium_malloc(size);

	must(at != NULL);
	memset(at, 0, size);
	return at;
}

void
seal_memory_drop(void *at)
{
	sodium_free(at);
}

struct seal_owner *
seal_owner_new(unsigned char public_key[SEAL_KEY])
{
	struct seal_owner *owner = seal_memory_new(sizeof *owner);

	must(crypto_box_keypair(owner->public_key, owner->secret) == 0);
	memcpy(public_key, owner->public_key, SEAL_KEY);
	return owner;
}

void
seal_owner_drop(struct seal_owner *owner)
{
	seal_memory_drop(owner);
}

void
seal_wrap(const struct seal_owner *owner, const unsigned char key[SEAL_KEY],
	unsigned char wrapped[SEAL_WRAPPED])
{
	unsigned char *nonce = wrapped;

	crypto_random(nonce, NONCE_SIZE);
	must(crypto_aead_xchacha20poly1305_ietf_encrypt(wrapped + NONCE_SIZE,
	    NULL, owner->secret, SEAL_KEY, owner->public_key, SEAL_KEY, NULL,
	    nonce, key) == 0);
}

struct seal_owner *
seal_unwrap(const unsigned char wrapped[SEAL_WRAPPED],
	const unsigned char key[SEAL_KEY],
	const unsigned char public_key[SEAL_KEY])
{
	struct seal_owner *owner = seal_memory_new(sizeof *owner);

	if (crypto_aead_xchacha20poly1305_ietf_decrypt(owner->secret, NULL,
	    NULL, wrapped + NONCE_SIZE, SEAL_WRAPPED - NONCE_SIZE, public_key,
	    SEAL_KEY, wrapped, key) == 0 &&
	    crypto_scalarmult_base(owner->public_key, owner->secret) == 0 &&
	    crypto_equal(owner->public_key, public_key, SEAL_KEY))
		return owner;
	seal_owner_drop(owner);
	return NULL;
}

int
seal_stretch(struct str password, const unsigned char salt[16], unsigned ops,
	unsigned mem, unsigned char key[SEAL_KEY])
{
	_Static_assert(crypto_pwhash_SALTBYTES == 16, "salt");

	if (crypto_pwhash(key, SEAL_KEY, password.at != NULL ? password.at : "",
	    password.len, salt, ops, (size_t)mem * 1024,
	    crypto_pwhash_ALG_ARGON2ID13) != 0)
		return -ENOMEM;
	return 0;
}

void
seal_hash(struct str secret, const unsigned char salt[16],
	unsigned char key[SEAL_KEY])
{
	must(crypto_generichash(key, SEAL_KEY,
	    (const unsigned char *)secret.at, secret.len, salt, 16) == 0);
}

void
seal_derive(const unsigned char key[SEAL_KEY], struct str what,
	unsigned char *out, size_t size)
{
	must(crypto_generichash(out, size, (const unsigned char *)what.at,
	    what.len, key, SEAL_KEY) == 0);
}

void
seal_owner_derive(const struct seal_owner *owner, struct str what,
	unsigned char *out, size_t size)
{
	seal_derive(owner->secret, what, out, size);
}

void
seal_give(const unsigned char key[SEAL_KEY],
	const unsigned char public_key[SEAL_KEY],
	unsigned char sealed[SEAL_SEED_SEALED])
{
	must(crypto_box_seal(sealed, key, SEAL_KEY, public_key) == 0);
}

int
seal_take(unsigned char key[SEAL_KEY], const struct seal_owner *owner,
	const unsigned char sealed[SEAL_SEED_SEALED])
{
	return crypto_box_seal_open(key, sealed, SEAL_SEED_SEALED,
	    owner->public_key, owner->secret) == 0 ? 0 : -EBADMSG;
}

void
seal_secret(struct buf *out, struct str plain, struct str name,
	const unsigned char key[SEAL_KEY])
{
	size_t size = plain.len + SEAL_SECRET_EXTRA;
	unsigned char *to = (unsigned char *)buf_space(out, size);

	must(to != NULL);
	crypto_random(to, NONCE_SIZE);
	must(crypto_aead_xchacha20poly1305_ietf_encrypt(to + NONCE_SIZE, NULL,
	    (const unsigned char *)plain.at, plain.len,
	    (const unsigned char *)name.at, name.len, NULL, to, key) == 0);
	buf_grew(out, size);
}

int
seal_secret_open(struct buf *out, struct str sealed, struct str name,
	const unsigned char key[SEAL_KEY])
{
	const unsigned char *from = (const unsigned char *)sealed.at;
	char *to;

	if (sealed.len < SEAL_SECRET_EXTRA)
		return -EBADMSG;
	to = buf_space_secret(out, sealed.len - SEAL_SECRET_EXTRA);
	must(to != NULL);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)to,
	    NULL, NULL, from + NONCE_SIZE, sealed.len - NONCE_SIZE,
	    (const unsigned char *)name.at, name.len, from, key) != 0)
		return -EBADMSG;
	buf_grew(out, sealed.len - SEAL_SECRET_EXTRA);
	return 0;
}

void
seal_epoch_new(struct seal_ratchet *r, const unsigned char public_key[SEAL_KEY],
	unsigned char sealed_seed[SEAL_SEED_SEALED])
{
	crypto_random(r->chain, sizeof r->chain);
	r->next = 0;
	seal_give(r->chain, public_key, sealed_seed);
}

int
seal_epoch_open(struct seal_ratchet *r, const struct seal_owner *owner,
	const unsigned char sealed_seed[SEAL_SEED_SEALED])
{
	r->next = 0;
	return seal_take(r->chain, owner, sealed_seed);
}

void
seal_ratchet_key(struct seal_ratchet *r, unsigned char key[SEAL_KEY])
{
	unsigned char both[2 * SEAL_KEY];

	must(crypto_kdf_derive_from_key(both, sizeof both, 1, KDF_CONTEXT,
	    r->chain) == 0);
	memcpy(r->chain, both, SEAL_KEY);
	memcpy(key, both + SEAL_KEY, SEAL_KEY);
	crypto_wipe(both, sizeof both);
	r->next++;
}

void
seal_ratchet_skip(struct seal_ratchet *r, uint32_t n)
{
	unsigned char key[SEAL_KEY];

	must(n >= r->next);
	while (r->next < n)
		seal_ratchet_key(r, key);
	crypto_wipe(key, sizeof key);
}

static void
number_put(unsigned char *at, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (unsigned char)(number >> (8 * i));
}

/* What is authenticated with a piece, and the nonce it is sealed under. */
struct seal_frame {
	unsigned char extra[15];
	unsigned char nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
};

static void
frame_fill(struct seal_frame *f, const struct seal_place *place)
{
	memset(f, 0, sizeof *f);
	number_put(f->extra, place->message, 8);
	number_put(f->extra + 8, place->index, 4);
	f->extra[12] = place->kind;
	f->extra[13] = place->codec;
	f->extra[14] = place->last;
	number_put(f->nonce, place->index, 4);
	f->nonce[4] = place->kind;
}

void
seal_piece(struct buf *out, struct str plain, const unsigned char key[SEAL_KEY],
	const struct seal_place *place)
{
	struct seal_frame f;
	char *to = buf_space(out, plain.len + SEAL_EXTRA);

	must(to != NULL);
	frame_fill(&f, place);
	must(crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *)to,
	    NULL, (const unsigned char *)plain.at, plain.len, f.extra,
	    sizeof f.extra, NULL, f.nonce, key) == 0);
	buf_grew(out, plain.len + SEAL_EXTRA);
}

int
seal_piece_open(struct buf *out, struct str sealed,
	const unsigned char key[SEAL_KEY], const struct seal_place *place)
{
	struct seal_frame f;
	char *to;

	if (sealed.len < SEAL_EXTRA)
		return -EBADMSG;
	to = buf_space(out, sealed.len - SEAL_EXTRA);
	must(to != NULL);
	frame_fill(&f, place);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)to,
	    NULL, NULL, (const unsigned char *)sealed.at, sealed.len, f.extra,
	    sizeof f.extra, f.nonce, key) != 0)
		return -EBADMSG;
	buf_grew(out, sealed.len - SEAL_EXTRA);
	return 0;
}
