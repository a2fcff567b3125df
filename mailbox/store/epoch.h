/* Where new messages get their numbers and keys from. */
#ifndef STORE_EPOCH_H
#define STORE_EPOCH_H

#include "store/db_inner.h"

/*
 * A row of the epoch table, and the ratchet that only the process which made
 * the row has. In locked memory, shared by the writers that took a key of it.
 */
struct epoch {
	int64_t id;
	int64_t begun_ms;	/* mono ms */
	unsigned users;
	bool fresh;		/* its row is in the open transaction */
	bool dead;		/* which was rolled back */
	struct seal_ratchet ratchet;
};

/*
 * Take the next message number and its key, beginning a new epoch when there
 * is none, it is used up, or a day old.
 *
 * epoch     gets the epoch; epoch_leave() it
 *
 * Returns:  0; -ENOKEY when the box has no owner yet (logged); others as
 *           db_commit().
 */
int epoch_take(struct db *db, struct epoch **epoch, uint64_t *message,
	unsigned char key[SEAL_KEY]) __attribute__((warn_unused_result));

void epoch_leave(struct epoch *epoch);	/* NULL is fine */

/*
 * Whether a message numbered by it may be kept, within the transaction.
 *
 * Returns:  0; -EIO when its row was rolled back or is gone (logged).
 */
int epoch_check(struct db *db, const struct epoch *epoch)
	__attribute__((warn_unused_result));

/* The transaction is committed, or lost. NULL is fine. */
void epoch_committed(struct epoch *epoch);
void epoch_lost(struct db *db);

/* Load the owner's public key: as epoch_take(). */
int epoch_owner(struct db *db) __attribute__((warn_unused_result));

/* The epoch of a message, and its place in it. */
static inline int64_t
epoch_of(uint64_t message)
{
	return (int64_t)(message / SEAL_EPOCH_MAX);
}

static inline uint32_t
epoch_place(uint64_t message)
{
	return (uint32_t)(message % SEAL_EPOCH_MAX);
}

#endif
