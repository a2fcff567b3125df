/* What a server answers, read line by line (RFC 5321 section 4.2). */
#ifndef TALK_SMTP_REPLY_H
#define TALK_SMTP_REPLY_H

#include "base/buf.h"

#define SMTP_REPLY_LINE_MAX 2048	/* bytes with its end; RFC 5321
					   section 4.5.3.1.5 promises 512 */
#define SMTP_REPLY_LINES_MAX 128	/* of one reply */
#define SMTP_REPLY_TEXT_MAX 8192	/* bytes of text kept; no more is */

enum smtp_reply_result {
	SMTP_REPLY_MORE,
	SMTP_REPLY_DONE,	/* the reply is there until the next call */
	SMTP_REPLY_BAD		/* no reply at all, too long, or of two minds:
				   trust nothing more */
};

/* Zeroed plus smtp_reply_init(); end with smtp_reply_drop(). */
struct smtp_reply {
	unsigned code;		/* 200 to 599 */
	unsigned status[3];	/* the enhanced code (RFC 2034); zeros when
				   there is none that fits the code */
	struct buf text;	/* the lines with LF between them, codes left
				   out; printable ASCII, all else is '?' */

	/* private */
	unsigned lines;
	bool done;
};

void smtp_reply_init(struct smtp_reply *r);

/* Free everything; safe on a zeroed struct and twice. */
void smtp_reply_drop(struct smtp_reply *r);

/*
 * Take lines of a reply off *in; a line may end in LF alone, as some servers
 * have it. What was not cut off *in must be there again at the next call.
 *
 * why       on SMTP_REPLY_BAD a static sentence
 */
enum smtp_reply_result smtp_reply_take(struct smtp_reply *r, struct str *in,
	const char **why);

#endif
