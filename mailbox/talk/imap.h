/* IMAP (RFC 3501, RFC 9051 and extensions) as a machine that reads. */
#ifndef TALK_IMAP_H
#define TALK_IMAP_H

#include "base/buf.h"
#include "talk/imap_command.h"
#include "talk/sasl.h"

#define IMAP_EARLY_MAX 65536	/* bytes of a session before login, in all */
#define IMAP_COMMAND_MAX 262144	/* bytes of a command, literals included but
				   for the text of a message */
#define IMAP_TREE_MAX (1 << 20)	/* bytes of its tree */
#define IMAP_NEST_MAX 50	/* search keys within search keys */
#define IMAP_ERRORS_MAX 20	/* BAD commands in a row */
#define IMAP_TRIES_MAX 3	/* refused logins in a session */
#define IMAP_OUT_STOP 32768	/* bytes of replies before the shell sends */
#define IMAP_OUT_MAX 524288	/* bytes */
#define IMAP_PIECE 65536	/* what a step of the shell may add beyond
				   IMAP_OUT_STOP at most */

/* What ENABLE or a command that implies it has turned on. */
enum imap_enabled {
	IMAP_ENABLED_CONDSTORE = 1, IMAP_ENABLED_QRESYNC = 2,
	IMAP_ENABLED_UTF8 = 4, IMAP_ENABLED_REV2 = 8, IMAP_ENABLED_UIDONLY = 16
};

/* Until it is answered, an ask is repeated by every imap_step(). */
enum imap_ask {
	IMAP_MORE,	/* send m->out, then feed more input */
	IMAP_DRAIN,	/* m->out holds IMAP_OUT_STOP or more: send it, go on */
	IMAP_SECURE,	/* send m->out, drop unread input, do the handshake;
			   then imap_secured() */
	IMAP_ENTER,	/* check m->user, m->secret; then imap_login() */
	IMAP_DO,	/* carry out m->command, put its untagged replies into
			   m->out; then imap_done() */
	IMAP_TAKE,	/* a message of APPEND or REPLACE is announced in
			   m->append: imap_take() */
	IMAP_TEXT,	/* m->text is the next part of it, in conn's input:
			   use it, then imap_text_used(); the next
			   imap_step() cuts it off */
	IMAP_TEXT_END,	/* the message is over; then imap_text_used() */
	IMAP_FORGET,	/* the command behind IMAP_TAKE went wrong and was
			   answered: forget its messages; imap_text_used().
			   It or IMAP_DO follows every IMAP_TAKE */
	IMAP_BYE	/* send m->out and close */
};

/* A message that is announced. */
struct imap_append {
	struct imap_flags flags;
	bool has_date;
	int64_t date;		/* unix s */
	uint64_t size;		/* octets */
	bool literal8;		/* ~{n}: may hold NUL (RFC 3516) */
	bool utf8;		/* within UTF8 (...) (RFC 6855) */
	unsigned number;	/* 0: the first of the command */
};

enum imap_login {
	IMAP_WELCOME,
	IMAP_REFUSED,	/* [AUTHENTICATIONFAILED] */
	IMAP_TOO_MANY,	/* [UNAVAILABLE]: too many failures of late */
	IMAP_FAULT	/* [UNAVAILABLE]: something is wrong on our side */
};

enum imap_end { IMAP_OK, IMAP_NO, IMAP_BAD };

/* Zeroed plus imap_init(); end with imap_drop(), which wipes. */
struct imap {
	/* for the shell */
	struct buf out;
	struct buf user;
	struct buf secret;		/* wiped by imap_login() */
	struct imap_command command;	/* with IMAP_DO and IMAP_TAKE */
	struct imap_append append;	/* with IMAP_TAKE to IMAP_TEXT_END */
	struct str text;		/* with IMAP_TEXT */
	bool idling;		/* within IDLE: the shell may tell news, and
				   IMAP_DO with verb IMAP_IDLE ends it */
	bool selected;		/* the shell's: a mailbox is selected */
	unsigned enabled;	/* enum imap_enabled; the shell may add
				   CONDSTORE */
	bool tls;
	bool compressed;	/* the shell's */
	uint64_t append_limit;	/* bytes; the shell's, after imap_init() */
	uint64_t progress;	/* grows with each command and each part of a
				   literal */

	/* private to imap*.c */
	struct imap_reading *reading;
};

/*
 * Begin a session; the greeting is in m->out at once.
 *
 * tls       the connection is secure already
 * offer     STARTTLS is on offer
 */
void imap_init(struct imap *m, bool tls, bool offer);

void imap_drop(struct imap *m);

/*
 * Go on with what came in.
 *
 * in        unread bytes; what is used is cut off. Whatever is left must be
 *           there again, first, at the next call. It may hold a password in
 *           clear: wipe what was cut off before the memory goes elsewhere.
 *
 * Returns:  the first thing the machine cannot do alone. m->out may hold
 *           replies with any ask; order is kept.
 */
enum imap_ask imap_step(struct imap *m, struct str *in);

/* Answer IMAP_SECURE: the handshake is done. */
void imap_secured(struct imap *m);

/* Answer IMAP_ENTER. */
void imap_login(struct imap *m, enum imap_login result);

/*
 * Answer IMAP_DO: adds the tagged reply.
 *
 * code      such as "READ-ONLY", without brackets; empty for none
 * text      a sentence
 */
void imap_done(struct imap *m, enum imap_end end, struct str code,
	const char *text);

/*
 * Answer IMAP_TAKE: the text may come, or (end is IMAP_NO) what there is of
 * it is passed over and the command ends with this reply, then IMAP_FORGET.
 *
 * code      as in imap_done(); borrowed
 * text      a sentence, static
 */
void imap_take(struct imap *m, enum imap_end end, struct str code,
	const char *text);

/* Answer IMAP_TEXT, IMAP_TEXT_END and IMAP_FORGET. After the last message
   IMAP_DO comes with verb IMAP_APPEND or IMAP_REPLACE. */
void imap_text_used(struct imap *m);

/* Say that we close, with BYE: for timeouts and stops. */
void imap_bye(struct imap *m, const char *text);

/* The capabilities as they are now, such as for the OK of a login. */
void imap_capabilities(const struct imap *m, struct buf *out);

#endif
