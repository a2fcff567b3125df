/* Mailboxes: which messages are in them, under which UID. */
#ifndef STORE_BOX_H
#define STORE_BOX_H

#include "mail/uids.h"
#include "store/db.h"

#define BOX_INBOX 1

/* System flags (RFC 9051 section 2.3.2), as bits. */
enum box_flag {
	BOX_SEEN = 1, BOX_ANSWERED = 2, BOX_FLAGGED = 4, BOX_DELETED = 8,
	BOX_DRAFT = 16
};

/* Flags are 64 bits: those above in bits 0 to 7, keyword n in bit 8 + n. */
#define BOX_KEYWORD_SHIFT 8
#define BOX_KEYWORDS_MAX 54	/* of one mailbox */

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
	uint64_t flags;
	uint32_t uid;
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

/* A message in a mailbox, as IMAP sees it. */
struct box_entry {
	uint64_t message;	/* the same in all mailboxes it is in */
	uint64_t size;		/* octets in wire form */
	uint64_t flags;
	uint64_t modseq;	/* of its arrival or last change of flags */
	int64_t received;	/* unix s; INTERNALDATE */
	int64_t saved;		/* unix s; SAVEDATE (RFC 8514) */
	uint32_t uid;
};

/*
 * The UIDs of a mailbox. Quick when nothing but deletions made gaps, however
 * many messages there are.
 *
 * uids      an empty set that gets them
 */
int box_uids(struct db *db, int64_t box, struct uids *uids)
	__attribute__((warn_unused_result));

/* The UIDs of a mailbox from first to last. */
struct box_span {
	int64_t box;
	uint32_t first, last;
};

/*
 * The entries of a span, ascending, of which at most room: go on behind the
 * last one when *count is room.
 */
int box_entries(struct db *db, const struct box_span *span,
	struct box_entry *to, size_t room, size_t *count)
	__attribute__((warn_unused_result));

/*
 * What changed in a mailbox, and where to go on.
 *
 * modseq, uid   of the last one seen; uid UINT32_MAX to begin behind all of
 *               modseq
 * before        of UIDs below it
 */
struct box_since {
	int64_t box;
	uint64_t modseq;
	uint32_t uid;
	uint32_t before;
};

/*
 * The entries whose flags have changed, ascending in (modseq, uid), of which
 * at most room. What only arrived is none of them. Quick however large the
 * mailbox is.
 */
int box_changed(struct db *db, const struct box_since *since,
	struct box_entry *to, size_t room, size_t *count)
	__attribute__((warn_unused_result));

/*
 * The least UID from which on all that arrived after a modseq is found; the
 * UIDNEXT of the mailbox when nothing did. Others that changed: box_changed().
 */
int box_arrived(struct db *db, int64_t box, uint64_t modseq, uint32_t *uid)
	__attribute__((warn_unused_result));

/* Add the UIDs that vanished after a modseq; none is ever forgotten. */
int box_vanished(struct db *db, int64_t box, uint64_t modseq,
	struct uids *uids) __attribute__((warn_unused_result));

/* The least UID without \Seen; 0: none. */
int box_unseen(struct db *db, int64_t box, uint32_t *uid)
	__attribute__((warn_unused_result));

/* How many have \Deleted, and their octets (RFC 9051 section 6.3.11). */
int box_deleted(struct db *db, int64_t box, uint64_t *count,
	uint64_t *octets) __attribute__((warn_unused_result));

/* Add the UIDs that have \Deleted; quick when few have. */
int box_deleted_uids(struct db *db, int64_t box, struct uids *uids)
	__attribute__((warn_unused_result));

/* A change of flags. */
struct box_change {
	enum { BOX_FLAGS_SET, BOX_FLAGS_ADD, BOX_FLAGS_REMOVE } how;
	uint64_t flags;
	bool conditional;
	uint64_t unchanged_since;	/* a modseq; who is above is left */
};

/*
 * Change the flags of all in a span, within the open transaction. Who has them
 * already is not touched.
 *
 * failed    gets the UIDs that the condition left out; may be NULL when there
 *           is none
 * modseq    gets that of the changed ones, or 0: nothing has changed
 */
int box_flags(struct db *db, const struct box_span *span,
	const struct box_change *change, struct uids *failed,
	uint64_t *modseq) __attribute__((warn_unused_result));

/*
 * Put messages that are in some mailbox into another one as well, within the
 * open transaction, under new UIDs that follow one another without a gap.
 *
 * entries   message, size, flags (already with the keywords of the new
 *           mailbox) and received are taken; all must be in their mailbox
 *           now: read them in the same turn of the loop
 * first     gets the UID of the first
 */
int box_copy(struct db *db, int64_t to, const struct box_entry *entries,
	size_t count, uint32_t *first) __attribute__((warn_unused_result));

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
