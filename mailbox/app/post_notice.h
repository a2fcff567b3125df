/* What the box tells its owner by letter, put into INBOX. */
#ifndef APP_POST_NOTICE_H
#define APP_POST_NOTICE_H

#include "app/era.h"
#include "mail/bounce.h"
#include "store/message.h"
#include "store/queue.h"
#include "store/route.h"

/* Where a notice is made. */
struct notice_desk {
	struct db *db;
	const struct era *era;
	int64_t now;		/* unix s */
};

/*
 * Add the lines of a final delivery (RFC 5321 section 4.4).
 *
 * sender    reverse-path; empty for <>
 * to        count addresses of ours
 */
void notice_add_top(struct buf *out, struct str sender,
	const struct str *to, size_t count);

/*
 * Write a report (RFC 3464), not yet within the transaction, so that all that
 * can fail does so before anything is changed.
 *
 * b         host, from, id and now are set here
 *
 * Returns:  0 with *w owned, for notice_keep(); or as message_begin().
 */
int notice_report(const struct notice_desk *desk, struct bounce *b,
	struct message_writer **w) __attribute__((warn_unused_result));

/*
 * Write what is to be done about a smart host that refused the password.
 *
 * code, said   its reply
 */
int notice_locked_out(const struct notice_desk *desk,
	const struct route *route, unsigned code, struct str said,
	struct message_writer **w) __attribute__((warn_unused_result));

/* The same about a letter whose text cannot be read. */
int notice_unreadable(const struct notice_desk *desk,
	const struct queue_letter *letter, struct message_writer **w)
	__attribute__((warn_unused_result));

/* And about a smart host, for mail to a domain, whose password cannot be. */
int notice_no_password(const struct notice_desk *desk, struct str domain,
	struct message_writer **w) __attribute__((warn_unused_result));

/*
 * Put it into INBOX, within the open transaction.
 *
 * w         given; NULL is nothing to keep
 */
int notice_keep(const struct notice_desk *desk, struct message_writer *w)
	__attribute__((warn_unused_result));

#endif
