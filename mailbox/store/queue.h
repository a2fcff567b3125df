/*
 * Mail that is to be sent: a letter once, a row per recipient.
 *
 * Header and body are sealed to the device key (device.h), under a key of each
 * letter's own; a long body is a file in blob/. Envelopes are in clear, and so
 * is what servers said. When the last recipient has gone the row goes, and
 * after the commit the file. SQLite and the file system overwrite neither at
 * once, and flash keeps old pages for as long as it likes: what remains there
 * is sealed, and opens with device.key alone.
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "base/buf.h"
#include "mail/piece.h"
#include "store/db.h"

#define QUEUE_RECIPIENTS_MAX 100	/* of a letter */
#define QUEUE_SAID_MAX 500		/* bytes of what a server said */
#define QUEUE_HEAD_MAX (1u << 20)	/* bytes of a letter's header */

/* What a letter is sent with. Views: until the call returns, or as told. */
struct queue_letter {
	uint64_t id;			/* never used again */
	struct str sender;		/* reverse-path; empty for <> */
	int64_t queued;			/* unix s */
	uint64_t size;			/* octets of header and body */
	bool has_8bit;			/* in the body */
	bool utf8;			/* needs SMTPUTF8 */
	bool require_tls;		/* RFC 8689 */
	unsigned ret;			/* as enum in talk/smtp_args.h */
	struct str envid;		/* xtext, or empty */
};

enum queue_state {
	QUEUE_WAITING,		/* to be tried at `next` */
	QUEUE_HELD		/* until somebody says so */
};

struct queue_recipient {
	uint64_t id;			/* never used again */
	uint64_t letter;
	struct str address;
	struct str route;		/* what it is tried by: the domain in
					   lower case, of 255 bytes at most */
	unsigned notify;		/* enum smtp_notify, 0: not said */
	struct str orcpt;		/* "type;xtext", or empty */
	enum queue_state state;
	unsigned attempts;		/* made so far */
	int64_t next;			/* unix s */
	bool told_late;			/* its sender knows that it is late */

	/* of the latest attempt; zero or empty before the first */
	int64_t tried;			/* unix s */
	unsigned code;			/* of the reply; 0: nobody gave one */
	unsigned status[3];		/* RFC 3463 */
	struct str said;
	struct str remote;		/* who said it; empty: ourselves */
};

struct queue_writer;

/*
 * Begin a letter; several may be open at once. Its body comes first, piece by
 * piece, since the header can be made only when the body is known: DKIM signs
 * its hash. Sealed under a key of its own that only the device key gives.
 *
 * Returns:  0 with *w owned (queue_keep() or queue_abort() ends it); -ENOKEY
 *           without a device key; -ENOSPC when mail may take no more of the
 *           disk; others as db_commit().
 */
int queue_begin(struct db *db, struct queue_writer **w)
	__attribute__((warn_unused_result));

/* Seal the next part of the body, of any length up to PIECE_SIZE. */
int queue_piece(struct queue_writer *w, struct str part)
	__attribute__((warn_unused_result));

/*
 * Put the whole letter into the queue, within the open transaction; durable
 * with the next db_commit(), and gone if that fails.
 *
 * w         given, whatever the outcome
 * letter    id and queued are set by the queue, into *letter too; size is
 *           the header's and the body's
 * head      the header with its empty line, at most QUEUE_HEAD_MAX
 * recipients, count  1 to QUEUE_RECIPIENTS_MAX; id, letter, state, attempts
 *           and what follows are not looked at: they are due at once
 *
 * Returns:  0; the error of an earlier queue_piece(), which harms no other
 *           letter of the transaction (db_doom() if it should); others as
 *           db_commit().
 */
int queue_keep(struct queue_writer *w, struct queue_letter *letter,
	struct str head, const struct queue_recipient *recipients,
	size_t count) __attribute__((warn_unused_result));

void queue_abort(struct queue_writer *w);	/* NULL is fine */

/* A recipient whose time has come. */
struct queue_due {
	uint64_t recipient;
	uint64_t letter;
	char route[256];
};

/*
 * List who is due, those that wait for longest first. Recipients of one
 * letter and route that were given one time stand together, in one list if
 * there is room for all of them at all.
 *
 * after     passes over what was listed before: the last one's place, zeroed
 *           at first
 * due       gets at most room
 *
 * Returns:  how many, or negative errno.
 */
struct queue_place {
	int64_t next;
	uint64_t recipient;
};
int queue_due(struct db *db, int64_t now, struct queue_place *after,
	struct queue_due *due, size_t room)
	__attribute__((warn_unused_result));

/* When the next one will be due, unix s; INT64_MAX when none waits. */
int queue_next(struct db *db, int64_t *next)
	__attribute__((warn_unused_result));

/*
 * A letter and its recipients in memory; owned, free with queue_item_drop().
 * The views live as long as it.
 */
struct queue_item {
	struct queue_letter letter;
	struct queue_recipient *recipients;	/* all that are left, by id */
	size_t count;
	struct buf text;			/* private: holds the views */
};

/* Returns: 0; -ENOENT: it is gone; others as db_commit(). */
int queue_item(struct db *db, uint64_t letter, struct queue_item **item)
	__attribute__((warn_unused_result));
void queue_item_drop(struct queue_item *item);	/* NULL is fine */

/*
 * Read the header of a letter.
 *
 * head      of at least QUEUE_HEAD_MAX; cleared first
 *
 * Returns:  0; -ENOENT; -ENOKEY; -EBADMSG.
 */
int queue_head(struct db *db, uint64_t letter, struct buf *head)
	__attribute__((warn_unused_result));

struct queue_reader;

/*
 * Read header and body as one text.
 *
 * Returns:  0 with *r owned; -ENOENT: it was erased; -ENOKEY; -EBADMSG, also
 *           when its file is lost; -EIO and the like.
 */
int queue_open(struct db *db, uint64_t letter, struct queue_reader **r)
	__attribute__((warn_unused_result));

/*
 * Read the next piece (cleared first; of at least PIECE_SIZE).
 *
 * Returns:  1: a piece is there, of PIECE_SIZE bytes unless it is the last;
 *           0: it was the last one before; -EBADMSG, -EIO (logged).
 */
int queue_read(struct queue_reader *r, struct buf *piece)
	__attribute__((warn_unused_result));
void queue_close(struct queue_reader *r);	/* NULL is fine */

/*
 * What became of an attempt; each within the open transaction. A recipient
 * that is not there any more, or an attempt that was noted already, is passed
 * over: *met then is false. The letter is erased when its last recipient has
 * gone; what it was stays readable until the commit.
 */

/* It is done with, well or badly. */
int queue_done(struct db *db, uint64_t recipient, bool *met)
	__attribute__((warn_unused_result));

/* What an attempt has left behind. */
struct queue_attempt {
	unsigned number;	/* attempts before it, as it was handed out */
	enum queue_state state;
	int64_t next;
	unsigned code, status[3];
	struct str said;	/* cut at QUEUE_SAID_MAX */
	struct str remote;
	bool told_late;
};

/* One that was held while the attempt was under way stays held. */
int queue_tried(struct db *db, uint64_t recipient,
	const struct queue_attempt *attempt, bool *met)
	__attribute__((warn_unused_result));

/* Put one off that waits; no attempt was made. One that is held stays so. */
int queue_put_off(struct db *db, uint64_t recipient, int64_t next)
	__attribute__((warn_unused_result));

/* Hold every recipient that goes by a route, NULL for all; as now. */
int queue_hold_route(struct db *db, const struct str *route)
	__attribute__((warn_unused_result));

/*
 * Add the routes by which somebody is in a state, each once and ended by NUL.
 *
 * status    of the latest attempt; NULL: any
 * names     what it has no room for is left out
 */
int queue_routes(struct db *db, enum queue_state state,
	const unsigned status[3], struct buf *names)
	__attribute__((warn_unused_result));

/*
 * For the owner. letter 0 means all. Returns: 0; -ENOENT: no such letter.
 */
int queue_retry(struct db *db, uint64_t letter)	/* now, and those held */
	__attribute__((warn_unused_result));
int queue_hold(struct db *db, uint64_t letter)
	__attribute__((warn_unused_result));
int queue_drop(struct db *db, uint64_t letter)	/* not 0 */
	__attribute__((warn_unused_result));

/* Show every letter, oldest first. */
int queue_list(struct db *db,
	void (*each)(void *ctx, const struct queue_item *item), void *ctx)
	__attribute__((warn_unused_result));

/*
 * A number that changes when another process has written to the database: a
 * cheap look at whether the queue has to be looked at anew.
 */
int64_t db_outside(struct db *db);

#endif
