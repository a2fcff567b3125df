/* What the files of a letter on its way out share; nobody else includes it. */
#ifndef APP_OUTGOING_PART_H
#define APP_OUTGOING_PART_H

#include "app/outgoing.h"
#include "mail/seven.h"
#include "proof/canon.h"
#include "rules/submit.h"
#include "store/message.h"
#include "store/queue.h"

#define OUTGOING_ID_MAX 23	/* bytes of the id of a letter */
#define OUTGOING_SLICE 8192	/* bytes of body that are turned at a time */

/* One recipient of the envelope; views into struct smtp. */
struct outgoing_recipient {
	struct str written;
	struct str canonical;	/* empty: not ours */
	unsigned notify;	/* enum smtp_notify */
	struct str orcpt;
	bool muted;
};

struct outgoing {
	struct outgoing_start start;
	char id[OUTGOING_ID_MAX + 1];
	struct outgoing_recipient recipients[SMTP_RECIPIENTS_MAX];
	size_t count, own, muted;	/* muted are own too */

	bool headed;			/* the header is whole */
	struct buf head;		/* until then: what came */
	struct submit submit;		/* what was made of it */
	struct buf canonical;		/* of the chosen address */
	struct buf top;			/* the header as it goes out, without
					   signatures */
	uint64_t size;			/* of that and the body */

	struct message_writer *message;	/* for us; NULL: nobody */
	struct buf piece;		/* of it */
	struct queue_writer *queue;	/* for others; NULL: nobody */
	struct seven *seven;
	struct canon canon;
	struct buf part;		/* of the body, turned */
	struct buf signatures;
	bool queued;
};

/* outgoing_head.c */

/*
 * Make the header of what was gathered, in o->submit and o->top.
 *
 * Returns:  as outgoing_piece().
 */
enum smtp_verdict outgoing_head(struct outgoing *o, struct str head,
	const char **refusal);

/* outgoing_copy.c: the copies; 0 or negative errno */

/* Begin those that there will be. */
int outgoing_copies_begin(struct outgoing *o)
	__attribute__((warn_unused_result));

/* The header is made: it comes first. */
int outgoing_copies_head(struct outgoing *o)
	__attribute__((warn_unused_result));

int outgoing_copies_body(struct outgoing *o, struct str body, bool last)
	__attribute__((warn_unused_result));

/*
 * The body is whole: sign what goes out.
 *
 * Returns:  NULL, or a refusal.
 */
const char *outgoing_copies_sign(struct outgoing *o);

/* Put them where they belong, within the open transaction. */
int outgoing_copies_keep(struct outgoing *o)
	__attribute__((warn_unused_result));

void outgoing_copies_drop(struct outgoing *o);

#endif
