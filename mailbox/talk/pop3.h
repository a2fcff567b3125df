/* POP3 (RFC 1939, 2449, 2595, 3206, 5034, 6856) as a machine. */
#ifndef TALK_POP3_H
#define TALK_POP3_H

#include "base/buf.h"
#include "talk/sasl.h"

#define POP3_LINE_MAX 255	/* bytes with CRLF; RFC 2449 section 4 */
#define POP3_EARLY_MAX 100	/* commands before login, good or bad */
#define POP3_ERRORS_MAX 20	/* bad commands in a session */
#define POP3_TRIES_MAX 3	/* refused logins in a session */
#define POP3_OUT_STOP 32768	/* bytes of replies before the shell sends */
#define POP3_OUT_MAX 262144	/* bytes; OUT_STOP and one piece, all dots */

/* One message as the session saw it at login. */
struct pop3_item {
	uint64_t size;		/* octets on the wire, dots not stuffed */
	uint32_t uid;
	uint32_t deleted;	/* marked; the machine's */
};

/* Until it is answered, an ask is repeated by every pop3_step(). */
enum pop3_ask {
	POP3_MORE,	/* send p->out, then feed more input */
	POP3_DRAIN,	/* p->out holds POP3_OUT_STOP or more: send it, go on */
	POP3_STARTTLS,	/* send p->out, drop unread input, do the handshake;
			   then pop3_secured() */
	POP3_LOGIN,	/* check p->user, p->secret; then pop3_login() */
	POP3_OPEN,	/* send message p->index: pop3_body() piece by piece,
			   then pop3_body_end() */
	POP3_COMMIT,	/* delete the marked items, of which there is one at
			   least; then pop3_committed() */
	POP3_BYE	/* send p->out and close */
};

enum pop3_login {
	POP3_WELCOME,
	POP3_REFUSED,	/* [AUTH]: wrong name or password */
	POP3_TOO_MANY,	/* [SYS/TEMP]: too many failures of late */
	POP3_FAULT	/* [SYS/TEMP]: something is wrong on our side */
};

/* Zeroed plus pop3_init(); end with pop3_drop(), which wipes. */
struct pop3 {
	/* for the shell */
	struct buf out;
	struct buf user;		/* stays after a login, for the log */
	struct buf secret;	/* wiped by pop3_login() */
	size_t index;		/* POP3_OPEN: which of items */
	bool whole;		/* POP3_OPEN: all of it; false: TOP, and the
				   shell may stop when pop3_body() says so */
	struct pop3_item *items;	/* given by pop3_login() */
	size_t count;
	uint64_t retrieved;	/* messages sent; for the log */
	uint64_t progress;	/* grows with each command and piece */

	/* private to pop3*.c */
	enum {
		POP3_AUTH, POP3_IN_SASL, POP3_IN_TLS, POP3_IN_LOGIN,
		POP3_TRANSACTION, POP3_IN_LIST, POP3_IN_BODY, POP3_IN_COMMIT,
		POP3_OVER
	} state;
	struct sasl sasl;
	uint32_t uidvalidity;
	uint64_t left_octets;	/* of items not marked */
	size_t left_count;
	size_t next;		/* LIST, UIDL: where to go on */
	bool uidl;		/* IN_LIST: UIDL, not LIST */
	uint64_t lines_left;	/* TOP */
	bool began;		/* body: +OK is in out */
	bool in_head, at_start, line_bare, body_done;
	bool tls, tls_offered, skipping;
	unsigned commands;	/* before login */
	unsigned errors, tries;
};

/*
 * Begin a session; the greeting is in p->out at once.
 *
 * tls       the connection is secure already
 * offer     STLS is on offer
 */
void pop3_init(struct pop3 *p, bool tls, bool offer);

void pop3_drop(struct pop3 *p);

/*
 * Go on with what came in.
 *
 * in        unread bytes; what is used is cut off. Whatever is left must be
 *           there again, first, at the next call. It may hold a password in
 *           clear: wipe what was cut off before the memory goes elsewhere.
 *
 * Returns:  the first thing the machine cannot do alone. p->out may hold
 *           replies with any ask; order is kept, so they may be sent at once
 *           or later.
 */
enum pop3_ask pop3_step(struct pop3 *p, struct str *in);

/*
 * Answer POP3_STARTTLS: the handshake is done, and the session starts over
 * without a greeting (RFC 2595 section 4).
 */
void pop3_secured(struct pop3 *p);

/*
 * Answer POP3_LOGIN.
 *
 * items     with POP3_WELCOME: the messages in ascending uid, from xalloc();
 *           given (freed by pop3_drop()); NULL when count is 0
 */
void pop3_login(struct pop3 *p, enum pop3_login result,
	struct pop3_item *items, size_t count, uint32_t uidvalidity);

/*
 * Give the next bytes of the opened message, in CRLF form; they are dotted
 * into p->out. The first call adds +OK as well.
 *
 * piece     at most PIECE_SIZE bytes, cut anywhere; borrowed. Give none while
 *           p->out holds POP3_OUT_STOP or more: send that first.
 *
 * Returns:  false when no more are wanted (TOP has its lines).
 */
bool pop3_body(struct pop3 *p, struct str piece);

/*
 * The message is at its end, or (failed) cannot be read. When some of it went
 * to p->out already, the session ends rather than passing off a part as the
 * whole.
 */
void pop3_body_end(struct pop3 *p, bool failed);

/*
 * Answer POP3_COMMIT.
 *
 * done      every marked item is gone; false: some or all are still there
 */
void pop3_committed(struct pop3 *p, bool done);

#endif
