/* What the files of the submission service share; nobody else includes it. */
#ifndef APP_SERVE_SUBMIT_PART_H
#define APP_SERVE_SUBMIT_PART_H

#include "app/outgoing.h"
#include "app/serve_submit.h"
#include "net/conn.h"

#define SERVE_SUBMIT_IN_MAX 16384	/* bytes of input a session holds:
					   SASL's longest line (talk/sasl.h)
					   and a command */

#define SERVE_SUBMIT_NAME "submission"	/* in the log */

/* One connection of a mail program. */
struct author {
	struct submit_service *service;
	struct conn conn;
	struct smtp smtp;	/* zeroed until it is greeted */
	struct era *era;
	struct peer peer;
	struct member member;
	uint32_t number;	/* in the log */
	enum {
		AUTHOR_SHAKES,	/* hands */
		AUTHOR_TALKS,
		AUTHOR_DRAINS,	/* to go on when all replies are sent */
		AUTHOR_LEADS,	/* the same, with the handshake */
		AUTHOR_PROVES,	/* judged at the gate */
		AUTHOR_SETTLES,	/* its letter is being committed */
		AUTHOR_PARTS	/* conn_finish() */
	} state;
	uint64_t progress;	/* of smtp, as it was */
	bool secure_port;	/* TLS from the first byte */

	struct entry entry;
	struct outgoing *outgoing;	/* the letter under way, or NULL */
	char id[SERVICE_ID];	/* of that letter */
	struct list settling;
};

/* serve_submit.c */

/* Go on after conn_pause(): let the machine run as far as it goes. */
void author_resume(struct author *a);

/* serve_submit_letter.c: what the machine asks of the box */

/* SMTP_LOGIN; true when the answer is there already. */
bool author_login(struct author *a);

/* SMTP_RCPT: an address of ours. */
void author_judge(struct author *a);

/* SMTP_OPEN */
void author_open(struct author *a);

/*
 * SMTP_PIECE, and with last SMTP_STORE; true when the answer is there
 * already, else it is settling.
 */
bool author_take(struct author *a, bool last);

/* The commit that the letter was in has been made, or (err) could not be. */
void author_settled(struct author *a, int err);

#endif
