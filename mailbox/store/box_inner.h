/* What the files of store/ that deal with mailboxes share. */
#ifndef STORE_BOX_INNER_H
#define STORE_BOX_INNER_H

#include "store/box.h"
#include "store/message.h"

/*
 * Enter a message into a mailbox and its counters, within the open
 * transaction.
 *
 * Returns:  0 with *uid; -ENOENT: no such mailbox; -EOVERFLOW: it has used up
 *           its UIDs; then nothing has changed. Others as db_commit(), with
 *           the transaction doomed.
 */
int box_add(struct db *db, const struct message_start *start,
	uint64_t message, uint64_t size, uint32_t *uid)
	__attribute__((warn_unused_result));

/* What comes to a mailbox. */
struct box_more {
	int64_t messages;	/* at least one */
	int64_t octets;
	int64_t unseen;
};

/*
 * Count new entries, within the open transaction; box_enter() makes them.
 *
 * uid       gets that of the first; the others follow it
 * modseq    gets that of all
 *
 * Returns:  as box_add().
 */
int box_next(struct db *db, int64_t box, const struct box_more *more,
	int64_t *uid, int64_t *modseq) __attribute__((warn_unused_result));

/* Make an entry, counted already. saved 0: as received. */
int box_enter(struct db *db, int64_t box, const struct box_entry *e)
	__attribute__((warn_unused_result));

/* Note that the UIDs from first to last have vanished. */
int box_vanish(struct db *db, int64_t box, int64_t modseq, int64_t first,
	int64_t last) __attribute__((warn_unused_result));

/* After a change: bring unseen_from up to the next one without \Seen. */
int box_unseen_seek(struct db *db, int64_t box)
	__attribute__((warn_unused_result));

/* A transaction was rolled back. */
void box_lost(struct db *db);

/*
 * One entry fewer names a message: the last one makes it garbage.
 *
 * stamp     of the garbage
 */
int box_message_leave(struct db *db, int64_t message, int64_t stamp)
	__attribute__((warn_unused_result));

/*
 * The stamp of a deletion in the open transaction; and it is given away. It
 * stays so even if that is rolled back: sessions may know it.
 */
int box_stamp(struct db *db, int64_t *stamp)
	__attribute__((warn_unused_result));
int box_stamp_given(struct db *db, int64_t stamp)
	__attribute__((warn_unused_result));

/*
 * Take a step at what is left of mailboxes that were removed.
 *
 * Returns:  true when there is more to do.
 */
bool box_empty_removed(struct db *db);

#endif
