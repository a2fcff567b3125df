/* Signing a message for its domain: DKIM (RFC 6376, 8301, 8463). */
#ifndef PROOF_SIGN_H
#define PROOF_SIGN_H

#include "base/crypto_key.h"

#define SIGN_FIELDS_MAX 128	/* header fields that are signed */
#define SIGN_RECORD_MAX 2048	/* bytes of a TXT record, split or not */
#define SIGN_STRING_MAX 255	/* bytes of one string in it, RFC 1035 3.3 */

/* A key, and the name under which DNS has its public half. */
struct sign_key {
	struct str selector;
	const struct crypto_key *key;
};

/* Who signs; all borrowed. */
struct signer {
	struct str domain;		/* d=: that of From, or above it */
	const struct sign_key *keys;	/* one signature each, in this order;
					   RSA first, for those who look
					   at the first alone */
	size_t count;
	int64_t now;			/* t=, unix s */
};

enum sign_result {
	SIGN_DONE,
	SIGN_NO_FROM,	/* a signature has to cover From (section 5.4) */
	SIGN_TOO_MANY	/* more than SIGN_FIELDS_MAX fields to be signed */
};

/*
 * Add a DKIM-Signature field for each key, whole lines, to be put above head.
 * Nothing in head or body may change after it. From, Subject, Date, To,
 * Message-ID and more are signed once more than they are there, so that
 * nobody can add one.
 *
 * out       with room for 4 KB and 1 KB for each key
 * head      the header block, in CRLF lines, with or without the empty line
 *           that ends it
 * body_hash of canon_end(), of the body as it is sent
 *
 * Returns:  see above; nothing is added unless SIGN_DONE.
 */
enum sign_result sign_add(struct buf *out, const struct signer *signer,
	struct str head, const unsigned char body_hash[SHA256_SIZE])
	__attribute__((warn_unused_result));

/* Add the name at which the record of a key is looked for (section 3.6.2.1). */
void sign_record_name(struct buf *out, struct str selector,
	struct str domain);

/* Add the TXT record of a key as one string (section 3.6.1). */
void sign_record(struct buf *out, const struct crypto_key *key);

/*
 * Add a TXT record as zone files and many forms want it: quoted strings of
 * at most SIGN_STRING_MAX bytes, a space between them.
 */
void sign_record_split(struct buf *out, struct str record);

#endif
