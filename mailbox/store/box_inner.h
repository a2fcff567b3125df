/* What message_keep() needs of a mailbox. */
#ifndef STORE_BOX_INNER_H
#define STORE_BOX_INNER_H

#include "store/box.h"
#include "store/message.h"

/*
 * Enter a message into a mailbox and its counters, within the open
 * transaction.
 *
 * Returns:  0 with *uid; -ENOENT: no such mailbox; -EOVERFLOW: it has used up
 *           its UIDs; others as db_commit().
 */
int box_add(struct db *db, const struct message_start *start,
	uint64_t message, uint64_t size, uint32_t *uid)
	__attribute__((warn_unused_result));

#endif
