/* The receiving half of SMTP as a machine: bytes in, replies out, asks. */
#ifndef TALK_SMTP_H
#define TALK_SMTP_H

#include "base/buf.h"
#include "mail/head.h"
#include "mail/line.h"
#include "mail/piece.h"
#include "rules/recipient.h"
#include "talk/sasl.h"

#define SMTP_COMMAND_MAX 2048	/* bytes with CRLF; RFC 5321 section 4.5.3.1.4
				   asks for 512, parameters add to it */
#define SMTP_HELO_MAX 255	/* section 4.5.3.1.2, octets */
#define SMTP_RECIPIENTS_MAX 100	/* section 4.5.3.1.8; told by LIMITS */
#define SMTP_ERRORS_MAX 10	/* bad commands and refused recipients */
#define SMTP_COMMANDS_MAX 1000	/* between two accepted messages */
#define SMTP_MAILS_MAX 1000	/* in a session; told by LIMITS */
#define SMTP_HOPS_MAX 50	/* section 6.3: more Received is a loop */
#define SMTP_CHUNK_MIN 1024	/* octets; smaller BDAT chunks are counted
				   as commands, larger ones are not */
#define SMTP_SWALLOW_MAX 67108864	/* octets of refused text read between
					   two accepted messages */
#define SMTP_OUT_STOP 16384	/* bytes of replies before the shell sends */
#define SMTP_EARLY_MAX 100	/* commands before a login, with submission */
#define SMTP_TRIES_MAX 3	/* logins in a session that come to nothing */

/* What all sessions share; borrowed, outlives them. */
struct smtp_policy {
	struct str host;		/* our name in greeting and trace; at
					   most ADDR_DOMAIN_MAX octets */
	const struct domains *domains;	/* one at least */
	uint64_t size_max;		/* bytes of a message, trace apart */
	size_t line_max;		/* bytes of a text line with CRLF */
	bool tls;			/* offer STARTTLS */
	bool own_sender_refused;	/* MAIL FROM one of our domains: 550 */

	/*
	 * Mail of our own for anywhere (RFC 6409): nothing goes without TLS
	 * and AUTH, recipients need not be ours, reports may be asked for
	 * (RFC 3461), and no trace is added: the shell rewrites the header.
	 */
	bool submission;
	const struct str *listed;	/* senders that are ours beside our
					   domains: "me@a.example" or
					   "@a.example" */
	size_t listed_count;
};

enum smtp_ask {
	SMTP_MORE,	/* send s->out, then feed more input */
	SMTP_DRAIN,	/* s->out holds SMTP_OUT_STOP or more: send it, then
			   step again with the same input */
	SMTP_STARTTLS,	/* send s->out, drop all unread input, do the handshake;
			   then smtp_secured() */
	SMTP_LOGIN,	/* check s->user, s->secret; then smtp_login() */
	SMTP_RCPT,	/* judge s->recipient; then smtp_judged(). With
			   submission only for recipients of ours */
	SMTP_OPEN,	/* a message begins: s->reverse_path, s->recipients;
			   then smtp_opened() */
	SMTP_PIECE,	/* s->piece holds PIECE_SIZE bytes, not the last ones:
			   take them; then smtp_pieced() */
	SMTP_STORE,	/* s->piece holds the last piece (may be empty): commit
			   the message; then smtp_stored() */
	SMTP_ABORT,	/* forget the message that was opened; just go on */
	SMTP_BYE	/* send s->out and close */
};

enum smtp_login {
	SMTP_WELCOME,
	SMTP_LOGIN_REFUSED,	/* 535: wrong name or password */
	SMTP_LOGIN_LATER	/* 454: too many failures of late, or something
				   is wrong on our side */
};

/* How a recipient or a message fared; the machine words the reply. */
enum smtp_verdict {
	SMTP_ACCEPT,
	SMTP_REFUSE,	/* 550: the owner closed this address */
	SMTP_FULL,	/* 452: no room now */
	SMTP_LATER	/* 451: something is wrong on our side */
};

/* One session. Zeroed memory plus smtp_init(); end with smtp_drop(). */
struct smtp {
	/* for the shell */
	struct buf out;			/* replies to send; the shell eats it */
	struct buf piece;		/* trace and text of the message */
	struct str recipient;		/* SMTP_RCPT: the canonical address;
					   until smtp_judged() */
	struct buf reverse_path;	/* without brackets; empty for <> */
	struct buf recipients;		/* as written, each ended by NUL */
	struct buf canonical;		/* the same in canonical form */
	size_t recipient_count;
	struct buf helo;
	struct str client_ip;		/* kept by the shell */
	uint64_t size;			/* octets of the message so far, trace
					   lines included; as POP3 will say */
	unsigned messages;		/* accepted in this session */
	unsigned errors;
	uint64_t progress;		/* grows with each good command and each
					   PIECE_SIZE octets of text: for
					   deadlines */
	/* with submission */
	struct buf user;		/* SMTP_LOGIN; stays after a welcome,
					   for the log */
	struct buf secret;		/* wiped by smtp_login() */
	struct buf wishes;		/* per recipient, each ended by NUL:
					   '0' + enum smtp_notify bits, then
					   ORCPT as written. canonical holds an
					   empty name for who is not ours */
	struct buf envid;		/* xtext as written */
	unsigned ret;			/* SMTP_RET_* of talk/smtp_args.h */
	bool require_tls;		/* MAIL said REQUIRETLS */
	bool smtputf8;			/* MAIL said SMTPUTF8 */

	const char *complaint;		/* the latest 4yz or 5yz, static text;
					   for the log, which may clear it */

	/* private to smtp*.c */
	const struct smtp_policy *policy;
	enum {
		SMTP_COMMAND, SMTP_IN_SASL, SMTP_IN_TEXT, SMTP_IN_CHUNK,
		SMTP_IN_END, SMTP_OVER
	} state;
	enum smtp_ask asked;		/* not yet answered; else SMTP_MORE */
	struct str tls_version;		/* kept by the shell; empty in clear */
	struct str tls_cipher;
	size_t recipients_len;		/* of the lists without the recipient */
	size_t canonical_len;		/* being judged */
	size_t wishes_len;
	struct sasl sasl;
	struct text text;
	struct hops hops;
	uint64_t text_size;		/* octets of the message, trace apart */
	uint64_t text_read;		/* octets read since progress grew */
	uint64_t swallowed;		/* octets of refused text */
	uint64_t chunk_left;		/* BDAT: octets still to come */
	unsigned commands, mails, tries;
	bool skipping;			/* see line_take() */
	bool secure;			/* behind TLS */
	bool logged_in;
	bool greeted, extended;		/* HELO or EHLO; EHLO */
	bool have_mail;
	bool opened;			/* the shell holds a message of ours */
	bool by_chunks, chunk_last, chunk_failed;
	const char *doom;		/* reply to give when the text ends */
	char id[24];
};

/*
 * Begin a session; the greeting is in s->out at once.
 *
 * policy    kept
 * client_ip text of the address, kept
 */
void smtp_init(struct smtp *s, const struct smtp_policy *policy,
	struct str client_ip);

/*
 * The connection was secure before its first byte (RFC 8314 section 3.3):
 * right after smtp_init().
 */
void smtp_secure_from_start(struct smtp *s, struct str version,
	struct str cipher);

/* Free everything, wiping what is secret; safe on a zeroed struct and twice. */
void smtp_drop(struct smtp *s);

/*
 * Go on with what came in.
 *
 * in        unread bytes; what is used is cut off. Whatever is left must be
 *           there again, first, at the next call. With submission it may hold
 *           a password in clear: wipe what was cut off before the memory goes
 *           elsewhere.
 *
 * Returns:  the first thing the machine cannot do alone. Until its answer is
 *           given, do not call smtp_step(). s->out may hold replies with any
 *           ask; order is kept, so they may be sent at once or later.
 * Limits:   s->out stays below SMTP_OUT_STOP and one reply.
 */
enum smtp_ask smtp_step(struct smtp *s, struct str *in);

/*
 * The TLS handshake is done: the session starts over without a greeting
 * (RFC 3207 section 4.2).
 *
 * version, cipher   kept
 */
void smtp_secured(struct smtp *s, struct str version, struct str cipher);

/* Answer SMTP_LOGIN. Until then s->user and s->secret stay as they are. */
void smtp_login(struct smtp *s, enum smtp_login result);

void smtp_judged(struct smtp *s, enum smtp_verdict verdict);

/*
 * The message is opened (SMTP_ACCEPT) or cannot be (SMTP_FULL, SMTP_LATER).
 * After any other verdict than SMTP_ACCEPT, here and below, the shell holds
 * no message any more, and no SMTP_ABORT follows.
 *
 * id        for Received and the final reply, at most 23 bytes; copied
 * now       unix s, for Received
 */
void smtp_opened(struct smtp *s, enum smtp_verdict verdict, struct str id,
	int64_t now);

/* The piece was taken: it is emptied. verdict as for smtp_stored(). */
void smtp_pieced(struct smtp *s, enum smtp_verdict verdict);

/* The message is on stable storage (SMTP_ACCEPT), or is not. */
void smtp_stored(struct smtp *s, enum smtp_verdict verdict);

/*
 * Answer SMTP_OPEN, SMTP_PIECE or SMTP_STORE: the message is refused for what
 * it is, and the shell holds it no more. The reply comes when its text has
 * ended, or at once when that has not begun.
 *
 * reply     static, whole but for its line end: "550 5.6.0 No such address"
 */
void smtp_refused(struct smtp *s, const char *reply);

/*
 * End the session from our side, at any moment: smtp_step() then says
 * SMTP_BYE (after SMTP_ABORT when a message is open), and an answer that was
 * still owed is no longer needed; it is ignored when given.
 *
 * why       enhanced code and sentence, static: "4.4.2 Idle for too long";
 *           421 is put in front (RFC 5321 section 3.8)
 */
void smtp_close(struct smtp *s, const char *why);

/*
 * Turn a client away before it was greeted: s->out holds nothing but
 * "554 why" instead of the greeting (RFC 5321 section 3.1); smtp_step() then
 * says SMTP_BYE.
 *
 * why       enhanced code and sentence, static: "5.5.1 Talked too early"
 */
void smtp_turn_away(struct smtp *s, const char *why);

#endif
