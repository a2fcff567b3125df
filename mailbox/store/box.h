/* Mailboxes: which messages are in them, under which UID. */
#ifndef STORE_BOX_H
#define STORE_BOX_H

#include "store/db.h"

#define BOX_INBOX 1

/* System flags (RFC 9051 section 2.3.2), as bits. */
enum box_flag {
	BOX_SEEN = 1, BOX_ANSWERED = 2, BOX_FLAGGED = 4, BOX_DELETED = 8,
	BOX_DRAFT = 16
};

/* What a mailbox keeps, never counts. */
struct box_status {
	uint64_t messages;
	uint64_t octets;
	uint64_t unseen;
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint64_t modseq;
};

int box_status(struct db *db, int64_t box, struct box_status *status)
	__attribute__((warn_unused_result));

struct box_item {
	uint64_t message;
	uint64_t size;		/* octets in wire form */
	uint32_t uid;
	uint32_t flags;
};

/*
 * List a mailbox in ascending UID, without touching bodies.
 *
 * items     gets an array from xalloc(), NULL when empty; returned owned
 */
int box_list(struct db *db, int64_t box, struct box_item **items,
	size_t *count) __attribute__((warn_unused_result));

/* When a message was received (INTERNALDATE, unix s); -ENOENT: not there. */
int box_received(struct db *db, int64_t box, uint32_t uid, int64_t *received)
	__attribute__((warn_unused_result));

/*
 * Take messages out of a mailbox; each uid that is there no more is passed
 * over. Their vanishing is recorded for QRESYNC, their content freed later by
 * db_rest(). Within the open transaction.
 *
 * uids      ascending
 */
int box_delete(struct db *db, int64_t box, const uint32_t *uids, size_t count)
	__attribute__((warn_unused_result));

#endif
