/* Notices of what became of a message (RFC 3464), in a report (RFC 6522). */
#ifndef MAIL_BOUNCE_H
#define MAIL_BOUNCE_H

#include "base/buf.h"

#define BOUNCE_HEAD_MAX 32768	/* bytes of the header that go back */
#define BOUNCE_MAX 524288	/* bytes that always hold a notice of at most
				   BOUNCE_RECIPIENTS_MAX recipients */
#define BOUNCE_RECIPIENTS_MAX 100

enum bounce_kind {
	BOUNCE_FAILED,
	BOUNCE_DELAYED,		/* it is still being tried */
	BOUNCE_RELAYED,		/* to a server that sends no such notices */
	BOUNCE_DELIVERED	/* into a mailbox of ours */
};

/* What a sender asked for (RFC 3461 section 4.1), as enum smtp_notify. */
enum bounce_notify {
	BOUNCE_NOTIFY_NEVER = 1,
	BOUNCE_NOTIFY_SUCCESS = 2,
	BOUNCE_NOTIFY_FAILURE = 4,
	BOUNCE_NOTIFY_DELAY = 8
};

/* All views borrowed. */
struct bounce_recipient {
	struct str address;	/* as it was tried */
	struct str orcpt;	/* "type;xtext" as it was given, or empty */
	unsigned status[3];	/* RFC 3463 */
	unsigned code;		/* of the reply; 0: nobody gave one */
	struct str said;	/* the reply's text, or our own sentence */
	struct str remote;	/* host that said it; empty: ourselves */
	int64_t tried;		/* last attempt, unix s; 0: none */
	bool expired;		/* given up for time (RFC 3463, X.4.7), with
				   the above as it was last */
};

struct bounce {
	enum bounce_kind kind;	/* of all recipients */
	struct str host;	/* our name */
	struct str from;	/* mailbox of ours that the notice is from */
	struct str to;		/* the message's envelope sender */
	struct str id;		/* letters and digits that nobody can guess:
				   for Message-ID and boundary */
	struct str envid;	/* xtext as it was given, or empty */
	struct str head;	/* the message's header, CRLF lines */
	int64_t queued;		/* when the message was taken in, unix s */
	int64_t now;
	int64_t until;		/* BOUNCE_DELAYED: when it is given up */
	const struct bounce_recipient *recipients;
	size_t count;		/* 1 to BOUNCE_RECIPIENTS_MAX */
};

/*
 * Whether a notice is to be made: never for a message that was itself sent
 * with an empty reverse path (RFC 5321 section 6.1), else as NOTIFY says,
 * and without NOTIFY for failure and delay (RFC 3461 section 4.1).
 */
bool bounce_is_due(struct str sender, unsigned notify, enum bounce_kind kind);

/*
 * Add a whole notice, CRLF lines, to be sent with an empty reverse path. The
 * message's header comes with it, its text never does. In UTF-8 (RFC 6533)
 * only when an address or the header is not ASCII.
 *
 * out       with room for BOUNCE_MAX
 */
void bounce_add(struct buf *out, const struct bounce *b);

#endif
