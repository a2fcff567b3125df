/*
 * A letter that its owner submits, on its way: rewritten so that it shows one
 * address alone, then into the box for recipients of ours and, signed, into
 * the queue for all others. No copy of it is kept for its sender: mail programs
 * do that themselves.
 */
#ifndef APP_OUTGOING_H
#define APP_OUTGOING_H

#include "app/era.h"
#include "app/signing.h"
#include "store/db.h"
#include "talk/smtp.h"

struct outgoing;

/* All borrowed until the letter ends, but for id, which is copied. */
struct outgoing_start {
	struct db *db;
	struct signing *signing;
	const struct clock *clock;
	const struct era *era;
	const struct smtp *smtp;	/* at SMTP_OPEN: envelope and helo */
	struct str tls_version, tls_cipher;
	struct str id;			/* of the letter: for Received, a
					   Message-ID of ours, and the log */
	uint32_t number;		/* of the session, for the log */
};

/*
 * Begin a letter.
 *
 * Returns:  SMTP_ACCEPT with *o owned (outgoing_drop() ends it), or why not.
 */
enum smtp_verdict outgoing_begin(struct outgoing **o,
	const struct outgoing_start *start);

/*
 * Take the next bytes of its text as the client gave them. With the last ones
 * the letter is whole and within the open transaction: durable with the next
 * db_commit(), and gone if that fails.
 *
 * refusal   with SMTP_REFUSE a whole reply, static
 *
 * Returns:  SMTP_ACCEPT; anything else: nothing of it is kept.
 */
enum smtp_verdict outgoing_piece(struct outgoing *o, struct str piece,
	bool last, const char **refusal);

/* Whether some of it goes into the queue, after the last piece. */
bool outgoing_queued(const struct outgoing *o);

void outgoing_drop(struct outgoing *o);	/* NULL is fine */

#endif
