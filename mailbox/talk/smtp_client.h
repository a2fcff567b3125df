/* The sending half of SMTP as a machine: replies in, commands out, asks. */
#ifndef TALK_SMTP_CLIENT_H
#define TALK_SMTP_CLIENT_H

#include "mail/piece.h"
#include "talk/smtp_reply.h"

#define SMTP_CLIENT_RECIPIENTS_MAX 100	/* RFC 5321 section 4.5.3.1.8 */
#define SMTP_CLIENT_OUT_STOP 65536	/* bytes to send before more come */
#define SMTP_CLIENT_SAID_MAX 500	/* bytes of a reply in an outcome */
#define SMTP_CLIENT_SECRET_MAX 1024	/* bytes of a name or a password */

/* How it fared, with one recipient or with the server. */
enum smtp_fate {
	SMTP_UNDECIDED,
	SMTP_DELIVERED,		/* the server has it in its care */
	SMTP_TEMPORARY,		/* try again later */
	SMTP_PERMANENT
};

struct smtp_outcome {
	enum smtp_fate fate;
	unsigned code;		/* of the reply; 0 when the judgement is ours:
				   this server cannot take this message, which
				   another host of the domain perhaps can */
	unsigned status[3];	/* enhanced code (RFC 3463), always there when
				   decided; class.0.0 when the server gave
				   none */
	bool unknown;		/* temporary, and lost behind the last byte:
				   it may have arrived all the same */
	bool again;		/* temporary only because there were too many
				   recipients: send to it at once when others
				   were delivered (section 4.5.3.1.10) */
	bool reports;		/* delivered, and the server sends the reports
				   that NOTIFY asked for (RFC 3461) */
	char said[SMTP_CLIENT_SAID_MAX + 1];	/* the reply's text or our own
				   sentence: one line of printable ASCII */
};

/* One recipient of a letter; views borrowed while the letter is. */
struct smtp_client_recipient {
	struct str address;	/* without brackets, as it goes out */
	unsigned notify;	/* smtp_notify bits (talk/smtp_args.h), or 0 */
	struct str orcpt;	/* "type;xtext", or empty */
	struct smtp_outcome outcome;

	/* private to smtp_client*.c */
	bool told;		/* RCPT was sent */
	bool taken;		/* and well received */
};

/* A message to be sent to some recipients at one server. */
struct smtp_letter {
	struct str sender;	/* reverse path without brackets; empty: <> */
	struct smtp_client_recipient *recipients;
	size_t count;		/* 1 to SMTP_CLIENT_RECIPIENTS_MAX */
	uint64_t size;		/* octets as stored, dots not doubled */
	bool has_8bit;		/* bytes above 127 in the body */
	bool utf8;		/* and in the header: needs SMTPUTF8; addresses
				   are looked at by the machine itself */
	bool require_tls;	/* REQUIRETLS (RFC 8689) */
	unsigned ret;		/* SMTP_RET_NONE, _FULL or _HDRS */
	struct str envid;	/* xtext, or empty */
};

enum smtp_client_tls {
	SMTP_CLIENT_CLEAR,	/* never, for a server whose TLS is broken */
	SMTP_CLIENT_MAYBE,	/* when it is offered */
	SMTP_CLIENT_ALWAYS,	/* or not at all */
	SMTP_CLIENT_TLS_ON	/* from the first byte on (RFC 8314) */
};

/* What a connection is for; kept by the shell until smtp_client_drop(). */
struct smtp_client_setup {
	struct str host;	/* our name */
	enum smtp_client_tls tls;
	bool verified;		/* TLS_ON: the server has proven its name */
	bool chunks;		/* BDAT, when it is offered */
	struct str user;	/* AUTH, behind TLS only; empty: none */
	struct str secret;
};

enum smtp_client_ask {
	SMTP_CLIENT_MORE,	/* send c->out, then feed more input, waiting no
				   longer than smtp_client_wait_ms() */
	SMTP_CLIENT_DRAIN,	/* c->out holds SMTP_CLIENT_OUT_STOP or more:
				   send it, then step again */
	SMTP_CLIENT_STARTTLS,	/* do the handshake; then
				   smtp_client_secured(), or, when it fails,
				   smtp_client_lost() */
	SMTP_CLIENT_READY,	/* nothing is under way; what was decided of the
				   last letter stands in its outcomes. Then
				   smtp_client_send(), smtp_client_quit(), or
				   wait and step again when input comes */
	SMTP_CLIENT_DOWNGRADE,	/* the letter has 8-bit text and the server no
				   8BITMIME: then smtp_client_downgraded() */
	SMTP_CLIENT_BODY,	/* then smtp_client_body() with the next piece
				   of the letter, its first one at first */
	SMTP_CLIENT_BYE		/* send what can be sent of c->out, and close;
				   all outcomes are decided */
};

/* Why a session ended that did not end with QUIT. */
enum smtp_client_trouble {
	SMTP_CLIENT_FINE,
	SMTP_CLIENT_LOST,	/* smtp_client_lost() */
	SMTP_CLIENT_UNWELCOME,	/* by the greeting, or after EHLO and HELO */
	SMTP_CLIENT_NO_TLS,	/* it was required, and not to be had */
	SMTP_CLIENT_NO_LOGIN,	/* AUTH failed; session.code tells how */
	SMTP_CLIENT_CLOSED,	/* the server said 421, or broke off a text */
	SMTP_CLIENT_NONSENSE	/* the server does not keep to the protocol */
};

/* What EHLO offered; all false behind HELO. */
struct smtp_offers {
	bool pipelining, eight, utf8, dsn, chunking, starttls, require_tls;
	bool auth_plain, auth_login;
	bool size;
	uint64_t size_max;	/* 0: not said */
	uint64_t recipients_max;	/* of LIMITS (RFC 9422); 0: not said */
};

/* One connection. smtp_client_init(); end with smtp_client_drop(). */
struct smtp_client {
	/* for the shell */
	struct buf out;			/* to send; the shell eats it */
	enum smtp_client_trouble trouble;
	struct smtp_outcome session;	/* of the trouble; UNDECIDED without */
	struct smtp_offers offers;
	bool secure;			/* behind TLS */
	unsigned letters;		/* that went as far as a final reply */
	unsigned mails;			/* MAIL that were well received */
	uint64_t moves;			/* commands and pieces said, and whole
					   replies heard */

	/* private to smtp_client*.c */
	const struct smtp_client_setup *setup;
	enum {
		CLIENT_IN_GREETING, CLIENT_IN_EHLO, CLIENT_IN_HELO,
		CLIENT_IN_STARTTLS, CLIENT_IN_HANDSHAKE, CLIENT_IN_AUTH,
		CLIENT_IDLE, CLIENT_IN_RSET, CLIENT_IN_DOWNGRADE,
		CLIENT_IN_ENVELOPE, CLIENT_IN_TEXT, CLIENT_IN_CHUNKS,
		CLIENT_IN_END, CLIENT_IN_QUIT, CLIENT_OVER
	} state;
	struct smtp_reply reply;
	struct smtp_letter *letter;	/* under way, or NULL */
	enum {
		CLIENT_PLAIN, CLIENT_PLAIN_SAID, CLIENT_LOGIN,
		CLIENT_LOGIN_NAME, CLIENT_LOGIN_SECRET
	} auth;
	bool verified, tls_tried, logged_in;
	bool dirty;			/* RSET comes before the next MAIL */
	bool eight, utf8;		/* 8-bit text; needs SMTPUTF8 */
	uint64_t size;
	bool body_asked;
	bool mail_told, mail_heard, mail_taken, data_told;
	size_t told, heard;		/* recipients gone through */
	size_t taken;			/* and well received */
	size_t awaited;			/* replies to the envelope */
	bool at_start, last, chunk_failed;
	size_t chunks;			/* sent, and not yet answered */
};

/* Begin on a fresh connection: the server talks first. */
void smtp_client_init(struct smtp_client *c,
	const struct smtp_client_setup *setup);

/* Wipe and free; safe on a zeroed struct and twice. */
void smtp_client_drop(struct smtp_client *c);

/*
 * Go on with what came in.
 *
 * in        unread bytes; what is used is cut off. Whatever is left must be
 *           there again, first, at the next call. Give at least
 *           SMTP_REPLY_LINE_MAX bytes when there are as many.
 *
 * Returns:  the first thing the machine cannot do alone. But for
 *           SMTP_CLIENT_MORE, _DRAIN and _READY, do not step until it is
 *           answered, and do not feed what comes in meanwhile.
 */
enum smtp_client_ask smtp_client_step(struct smtp_client *c, struct str *in);

/*
 * How long to wait for the server now, ms (RFC 5321 section 4.5.3.2): for
 * its next reply, or for it to take the text that is being sent. 0 when
 * nothing is awaited. Count from when c->moves grew, or when some of the text
 * was taken: a server that gives a byte now and then has not answered.
 */
int64_t smtp_client_wait_ms(const struct smtp_client *c);

/*
 * The handshake is done.
 *
 * verified  the server has proven to be the host we wanted (PKIX with
 *           MTA-STS, or DANE): without it REQUIRETLS letters do not go
 */
void smtp_client_secured(struct smtp_client *c, bool verified);

/*
 * At SMTP_CLIENT_READY: send a letter. Its outcomes are set anew.
 *
 * letter    kept, and changed, until READY or BYE comes again
 */
void smtp_client_send(struct smtp_client *c, struct smtp_letter *letter);

/* At SMTP_CLIENT_READY: say QUIT; BYE comes when it is answered. */
void smtp_client_quit(struct smtp_client *c);

/* What is to be done with 8-bit text for a 7-bit server. */
enum smtp_client_downgrade {
	SMTP_CLIENT_CONVERTED,	/* the pieces will hold quoted-printable */
	SMTP_CLIENT_AS_IS,	/* send it, against RFC 6152 section 3 */
	SMTP_CLIENT_REFUSED	/* fail with 5.6.3 */
};

/*
 * Answer SMTP_CLIENT_DOWNGRADE.
 *
 * size      of the letter from now on, octets
 */
void smtp_client_downgraded(struct smtp_client *c,
	enum smtp_client_downgrade how, uint64_t size);

/*
 * Answer SMTP_CLIENT_BODY.
 *
 * piece     at most PIECE_SIZE bytes in CRLF lines, cut anywhere; copied
 * last      it is the last one; may be empty
 */
void smtp_client_body(struct smtp_client *c, struct str piece, bool last);

/*
 * The connection is gone, a timer ran out, the handshake failed, or the
 * letter cannot be read: at any moment. smtp_client_step() then says BYE, and
 * no answer is owed any more. c->out is emptied, so that nothing is sent that
 * could end a text.
 *
 * why       static sentence in ASCII: "The connection timed out"
 */
void smtp_client_lost(struct smtp_client *c, const char *why);

/* Add an enhanced code as "5.1.1". */
void smtp_status_add(struct buf *out, const unsigned status[3]);

#endif
