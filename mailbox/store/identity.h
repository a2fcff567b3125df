/*
 * Which address a letter came to, by its Message-ID: so that a reply can go
 * out as that address. Kept as a keyed hash, for ever, also when the letter
 * was fetched and deleted.
 */
#ifndef STORE_IDENTITY_H
#define STORE_IDENTITY_H

#include "base/buf.h"
#include "store/db.h"

#define IDENTITY_TURNS_MAX 8	/* notes of one id; further ones are not kept */

/*
 * Note a message-id, within the open transaction. A second note of the same
 * id with another address is kept beside the first.
 *
 * id        without brackets
 * address   canonical
 * message   what it belongs to, for where it is put: the message's number,
 *           0 for a letter that we sent
 *
 * Returns:  0; -ENOKEY without a device key: nothing is noted; others as
 *           db_commit().
 */
int identity_note(struct db *db, struct str id, struct str address,
	uint64_t message) __attribute__((warn_unused_result));

/*
 * Find the address of a message-id; the first one noted if there are several.
 *
 * address   cleared first
 *
 * Returns:  0; -ENOENT; others as db_commit().
 */
int identity_find(struct db *db, struct str id, struct buf *address)
	__attribute__((warn_unused_result));

#endif
