/*
 * Sealing: ratchet, pieces, the owner's key and what hangs on the device key.
 * The crypto of the store.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "base/buf.h"

#define SEAL_KEY 32		/* bytes of every key here */
#define SEAL_SEED_SEALED 80	/* a key in a sealed box */
#define SEAL_WRAPPED 72		/* nonce, key and tag */
#define SEAL_EXTRA 16		/* a sealed piece is longer by this */
#define SEAL_SECRET_EXTRA 40	/* a sealed secret is longer by this */
#define SEAL_EPOCH_MAX 1024	/* messages per epoch; opening a message costs
				   at most this many steps */

/*
 * Memory for secrets: locked where the limits of the process allow it, kept
 * out of core dumps, zeroed. Returned owned: seal_memory_drop() wipes it.
 */
void *seal_memory_new(size_t size) __attribute__((warn_unused_result));
void seal_memory_drop(void *at);	/* NULL is fine */

/* The owner's pair (X25519). The secret lives in seal_memory_new(). */
struct seal_owner;

/* Make a new pair; its public half is copied to public_key. */
struct seal_owner *seal_owner_new(unsigned char public_key[SEAL_KEY]);
void seal_owner_drop(struct seal_owner *owner);	/* wipes; NULL is fine */

/* As seal_derive(), from the secret. */
void seal_owner_derive(const struct seal_owner *owner, struct str what,
	unsigned char *out, size_t size);

/* Put the secret under a key, and get it back. */
void seal_wrap(const struct seal_owner *owner,
	const unsigned char key[SEAL_KEY], unsigned char wrapped[SEAL_WRAPPED]);

/* Returns: NULL when the key does not fit. */
struct seal_owner *seal_unwrap(const unsigned char wrapped[SEAL_WRAPPED],
	const unsigned char key[SEAL_KEY],
	const unsigned char public_key[SEAL_KEY]);

/*
 * A password as a key: argon2id (RFC 9106).
 *
 * ops, mem  passes, and KiB of memory
 *
 * Returns:  0 or -ENOMEM. Slow and large on purpose: call it in a child.
 */
int seal_stretch(struct str password, const unsigned char salt[16],
	unsigned ops, unsigned mem, unsigned char key[SEAL_KEY])
	__attribute__((warn_unused_result));

/* 128 random bits or more as a key: one keyed hash. */
void seal_hash(struct str secret, const unsigned char salt[16],
	unsigned char key[SEAL_KEY]);

/*
 * A key or a mark that follows from another key, and says nothing about it.
 *
 * what      what it is for, or of
 * size      bytes of out, 16 to 64
 */
void seal_derive(const unsigned char key[SEAL_KEY], struct str what,
	unsigned char *out, size_t size);

/* Seal a key to the owner, and get it back. Returns: 0 or -EBADMSG. */
void seal_give(const unsigned char key[SEAL_KEY],
	const unsigned char public_key[SEAL_KEY],
	unsigned char sealed[SEAL_SEED_SEALED]);
int seal_take(unsigned char key[SEAL_KEY], const struct seal_owner *owner,
	const unsigned char sealed[SEAL_SEED_SEALED])
	__attribute__((warn_unused_result));

/*
 * Seal a secret under a key that seals many, or seals it more than once:
 * plain.len + SEAL_SECRET_EXTRA bytes are added to out. The nonce is random.
 *
 * name      what it is; authenticated with it
 */
void seal_secret(struct buf *out, struct str plain, struct str name,
	const unsigned char key[SEAL_KEY]);

/* Returns: 0, or -EBADMSG when it is not what was sealed by that name. */
int seal_secret_open(struct buf *out, struct str sealed, struct str name,
	const unsigned char key[SEAL_KEY]) __attribute__((warn_unused_result));

/*
 * The one-way ratchet of an epoch: message n has key n, and the key of n+1
 * says nothing about it. Receiving needs no secret.
 */
struct seal_ratchet {
	unsigned char chain[SEAL_KEY];
	uint32_t next;		/* the message the chain stands at */
};

/* Begin an epoch; its seed leaves only sealed to the owner's public key. */
void seal_epoch_new(struct seal_ratchet *r,
	const unsigned char public_key[SEAL_KEY],
	unsigned char sealed_seed[SEAL_SEED_SEALED]);

/* Open an epoch for reading. Returns: 0 or -EBADMSG. */
int seal_epoch_open(struct seal_ratchet *r, const struct seal_owner *owner,
	const unsigned char sealed_seed[SEAL_SEED_SEALED])
	__attribute__((warn_unused_result));

/* The key of message r->next; the ratchet moves on and forgets it. */
void seal_ratchet_key(struct seal_ratchet *r, unsigned char key[SEAL_KEY]);

/* Move on to message n without keys. n is not below r->next. */
void seal_ratchet_skip(struct seal_ratchet *r, uint32_t n);

#define SEAL_STORED 0		/* codec: as it is */

/* Which part of a message or letter a piece is of. */
enum seal_kind { SEAL_BODY, SEAL_HEAD };

/* Where a piece belongs; authenticated with it. */
struct seal_place {
	uint64_t message;	/* or letter, by the number of its file */
	uint32_t index;
	uint8_t kind;		/* enum seal_kind */
	uint8_t codec;		/* how the content is coded; SEAL_STORED */
	bool last;
};

/* Add plain, sealed, to out: plain.len + SEAL_EXTRA bytes. */
void seal_piece(struct buf *out, struct str plain,
	const unsigned char key[SEAL_KEY], const struct seal_place *place);

/* Returns: 0, or -EBADMSG when it is not what was sealed for that place. */
int seal_piece_open(struct buf *out, struct str sealed,
	const unsigned char key[SEAL_KEY], const struct seal_place *place)
	__attribute__((warn_unused_result));

#endif
