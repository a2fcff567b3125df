/*
 * Which address a letter came to, or was sent from, by its Message-ID: so that
 * a reply can go out as that address. Kept as a keyed hash, for ever, also when
 * the letter was fetched and deleted. White space, control characters and
 * angle brackets in an id make no difference.
 */
#ifndef STORE_IDENTITY_H
#define STORE_IDENTITY_H

#include "base/buf.h"
#include "store/db.h"

#define IDENTITY_TURNS_MAX 8	/* notes of one id; further ones are not kept */

/*
 * Note a message-id, within the open transaction; an empty one is not noted.
 * A second note of the same id with another address is kept beside the first.
 *
 * address   canonical
 * message   what it belongs to, for where it is put: the message's number;
 *           0 for one that was just received
 *
 * Returns:  0; -ENOKEY without a device key: nothing is noted; others as
 *           db_commit().
 */
int identity_note(struct db *db, struct str id, struct str address,
	uint64_t message) __attribute__((warn_unused_result));

/* The same for a letter that we sent. */
int identity_note_sent(struct db *db, struct str id, struct str address)
	__attribute__((warn_unused_result));

/*
 * Find the address of a message-id: of a letter that we sent before any other,
 * then the first one noted. Costs a look for each thousand letters that ever
 * came.
 *
 * address   cleared first
 *
 * Returns:  0; -ENOENT; others as db_commit().
 */
int identity_find(struct db *db, struct str id, struct buf *address)
	__attribute__((warn_unused_result));

/*
 * Whether a letter that we sent bore a message-id. Costs one look.
 *
 * Returns:  1, 0; negative errno as db_commit().
 */
int identity_is_sent(struct db *db, struct str id)
	__attribute__((warn_unused_result));

#endif
