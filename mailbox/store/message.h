/* Messages: written piece by piece, sealed, and read back by the owner. */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "base/buf.h"
#include "mail/piece.h"
#include "store/db.h"
#include "store/seal.h"

/*
 * A message up to this long is a row of the database and so costs no sync of
 * its own; a longer one is written once, to a file, not twice by way of the
 * WAL.
 */
#define MESSAGE_ROW_MAX PIECE_SIZE	/* bytes */

struct message_writer;

/*
 * Begin a message; many may be open at once.
 *
 * Returns:  0 with *w owned (message_keep() or message_abort() ends it), or
 *           negative errno as db_commit().
 */
int message_begin(struct db *db, struct message_writer **w)
	__attribute__((warn_unused_result));

/*
 * Seal and write the next piece: PIECE_SIZE bytes exactly unless it is the
 * last, which may be shorter or empty. At most one piece is held in memory.
 */
int message_piece(struct message_writer *w, struct str piece, bool last)
	__attribute__((warn_unused_result));

/* What a message begins its life with in a mailbox. */
struct message_start {
	int64_t box;		/* BOX_INBOX */
	int64_t received;	/* unix s; INTERNALDATE */
	uint64_t flags;		/* as of a struct box_entry */
};

/*
 * Put the whole message into a mailbox, within the open transaction; durable
 * with the next db_commit(), and gone if that fails.
 *
 * w         given, whatever the outcome
 * uid       gets its UID; may be NULL
 */
int message_keep(struct message_writer *w, const struct message_start *start,
	uint32_t *uid) __attribute__((warn_unused_result));

/* Forget it; NULL is fine. */
void message_abort(struct message_writer *w);

struct message_reader;

/*
 * Open a message for reading. Several reads in ascending order are cheap: the
 * reader of an owner remembers where its ratchet stands.
 *
 * Returns:  0; -ENOENT: gone; -EBADMSG: the seal does not hold (logged).
 */
int message_open(struct db *db, struct message_reader *r, uint64_t message)
	__attribute__((warn_unused_result));

/* One per session. owner is kept. */
struct message_reader *message_reader_new(const struct seal_owner *owner);
void message_reader_drop(struct message_reader *r);

/*
 * Read the next piece to out (cleared first; max PIECE_SIZE or more).
 *
 * Returns:  1: a piece is there; 0: the message is at its end; -EBADMSG, -EIO,
 *           -ENOENT when it cannot be read (logged).
 */
int message_read(struct db *db, struct message_reader *r, struct buf *out)
	__attribute__((warn_unused_result));

/*
 * Go on with a piece of the open message, the first is 0: message_read() then
 * reads from octet index * PIECE_SIZE on.
 *
 * Returns:  0; -EINVAL: the message ends before, or none is open: reading the
 *           last piece closes it.
 */
int message_seek(struct message_reader *r, uint32_t index)
	__attribute__((warn_unused_result));

/* The texts of mail/summary.h. */
enum message_summary { MESSAGE_HEAD, MESSAGE_BODY };

/*
 * Read a summary text; what message_open() opened stays open. Several in
 * ascending order of message are cheap.
 *
 * out       cleared first; max SUMMARY_MAX
 *
 * Returns:  1: it is there; 0: it was never made, or is of another version:
 *           message_summary_begin(); -EBADMSG and others (logged).
 */
int message_summary(struct db *db, struct message_reader *r,
	uint64_t message, enum message_summary which, struct buf *out)
	__attribute__((warn_unused_result));

/* Makes the summary of a message from its content, step by step. */
struct message_summary_maker;

/*
 * Begin. Closes what message_open() opened.
 *
 * r         kept, until the summary is made; it reads nothing else meanwhile
 *
 * Returns:  0 with *maker owned: message_summary_drop() it; or as
 *           message_open().
 */
int message_summary_begin(struct db *db, struct message_reader *r,
	uint64_t message, struct message_summary_maker **maker)
	__attribute__((warn_unused_result));

/*
 * Go on by a piece of the message, or, when there are no more, by putting the
 * texts together; they are kept with the next commit (lazily: a commit is not
 * asked for).
 *
 * head, body  cleared first; max SUMMARY_MAX; get the texts
 * octets      grows by those that were looked at or put together
 *
 * Returns:  1: there is more to do; 0: the texts are there; as message_read().
 *           After the latter two there is nothing left but to drop it.
 */
int message_summary_step(struct db *db, struct message_summary_maker *maker,
	struct buf *head, struct buf *body, uint64_t *octets)
	__attribute__((warn_unused_result));

void message_summary_drop(struct message_summary_maker *maker);	/* NULL is
	fine */

#endif
