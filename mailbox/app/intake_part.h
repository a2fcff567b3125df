/* What the intake's files share; nobody else includes it. */
#ifndef APP_INTAKE_PART_H
#define APP_INTAKE_PART_H

#include "app/crowd.h"
#include "app/era.h"
#include "app/orders.h"
#include "app/role.h"
#include "app/service.h"
#include "net/conn.h"
#include "net/listen.h"
#include "net/wire.h"

#define INTAKE_IN_MAX 16384	/* bytes of input a session holds; with one
				   piece (mail/piece.h), its recipients and TLS
				   that is all it can make us hold */
#define INTAKE_SLOTS_MAX 65536	/* sessions and those that wait to be
				   forgotten; their index is half a number */

struct intake;

/* One SMTP connection. */
struct session {
	struct intake *intake;
	struct conn conn;
	struct buf out;		/* of conn: replies are handed to it only when
				   the machine wants input, so that a pipelined
				   group is answered in one packet */
	struct smtp smtp;	/* zeroed until it is greeted */
	struct era *era;
	struct peer peer;
	struct member member;
	struct timer greet;
	bool looked;		/* whether it talks too early was looked at */

	uint32_t number;	/* on the wire and in the log */
	enum {
		SESSION_WAITS,	/* to be greeted */
		SESSION_TALKS,
		SESSION_DRAINS,	/* to go on when all replies are sent */
		SESSION_LEADS,	/* the same, with the handshake */
		SESSION_SHAKES,	/* hands */
		SESSION_ASKS,	/* the keeper; s->asked says what */
		SESSION_PARTS,	/* conn_finish() */
		SESSION_GHOST	/* gone, but the keeper has yet to be told */
	} state;
	enum smtp_ask asked;
	struct list queued;	/* while the wire has no room */
	uint64_t progress;	/* of smtp, as it was */

	bool open;		/* a message is under way */
	bool letter;		/* the keeper has some of it */
	unsigned wire_serial;	/* by which wire */
	char id[SERVICE_ID];
};

/* A row of the table of sessions. */
struct slot {
	struct session *session;
	uint32_t uses;		/* the other half of a number */
};

struct port {
	struct listener listener;
	struct intake *intake;
};

struct intake {
	struct loop *loop;
	struct orders orders;
	struct era *era;	/* of new sessions */
	struct port ports[ROLE_LISTENERS_MAX];
	size_t port_count;

	struct crowd crowd;
	struct slot *slots;
	size_t slot_count, slot_next, session_count;

	struct watch wire;	/* to the keeper */
	bool wire_up;
	unsigned wire_serial;
	struct buf room;
	struct list queue;	/* of sessions, while the wire is full */

	uint64_t silent, crowded; /* sessions not worth a line each */
	struct timer summary;

	bool stopping;
	struct timer end;
};

/* intake.c */

/* Put a session into the table; false when it is full. */
bool intake_enter(struct intake *i, struct session *s);
void intake_leave(struct intake *i, struct session *s);

/* One session more that is only counted. */
void intake_count(struct intake *i, uint64_t *counter);

/* intake_session.c */

/* Take over a new connection; fd is given. */
void session_begin(struct intake *i, int fd, const struct peer *peer);

/*
 * The keeper has answered what s asked, or (SMTP_LATER) cannot. The session
 * goes on, and is still there afterwards.
 */
void session_answer(struct session *s, enum smtp_verdict verdict);

/* The WIRE_ABORT of s is on its way; a ghost is freed. */
void session_aborted(struct session *s);

/* End a session at once, with 421 and a word if it can be told. */
void session_evict(struct session *s, const char *why);

/* We are stopping: end it, or have it end with the message under way. */
void session_stop(struct session *s);

/* intake_wire.c */

/*
 * Send what s asks to the keeper, now or when there is room.
 *
 * Returns:  false when there is no keeper to ask.
 */
bool intake_ask(struct session *s);

/*
 * The keeper is to forget the letter of s, if it has one.
 *
 * Returns:  false when that must wait; session_aborted() comes then.
 */
bool intake_abort(struct session *s);

/* Use another wire; fd is given. */
void intake_wire_set(struct intake *i, int fd);

/* The keeper is gone: answer everybody who waits for it. */
void intake_wire_drop(struct intake *i);

#endif
