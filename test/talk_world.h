/* The world around a pure machine: mailbox, owner, store, and the client. */
#ifndef TEST_TALK_WORLD_H
#define TEST_TALK_WORLD_H

#include "talk/pop3.h"
#include "talk/smtp.h"

#define WORLD_MESSAGES_MAX 1000
#define WORLD_CLOSED_MAX 32	/* addresses refused or muted */
#define WORLD_TEXT_MAX (64 << 20)	/* bytes of a message, of replies */
#define WORLD_NOW 1795210678	/* unix s of the fake clock */

/* How bytes go in and out: what may differ without any effect. */
struct way {
	const char *name;
	size_t feed;		/* client bytes given at once */
	size_t drain;		/* reply bytes sent at a time, as late as may
				   be; 0: all, at once */
	size_t piece;		/* bytes of a message given at once */
	bool glued;		/* all a client says up to the next change in
				   the world, without waiting for replies */
};

struct world {
	const struct way *way;
	enum { WORLD_NONE, WORLD_POP3, WORLD_SMTP } talk;
	union {
		struct pop3 pop3;
		struct smtp smtp;
	} at;
	struct buf in;		/* what the machine has not consumed */
	struct buf told;	/* what the server said, unread */
	bool tls_wanted;	/* STARTTLS was asked and not begun */
	bool over;

	struct buf messages[WORLD_MESSAGES_MAX];
	bool gone[WORLD_MESSAGES_MAX];
	size_t count;
	size_t stored;
	struct buf coming;	/* the message that SMTP is receiving */
	uint32_t seen[WORLD_MESSAGES_MAX];	/* of the POP3 session */
	enum smtp_verdict store;	/* how it takes what is to be stored */
	bool login_busy;
	struct buf closed[WORLD_CLOSED_MAX];
	enum smtp_verdict verdicts[WORLD_CLOSED_MAX];
	size_t closed_count;
	struct domains domains;
	struct smtp_policy policy;
};

/* Zeroed plus world_init(); end with world_drop(). */
void world_init(struct world *w, const struct way *way);
void world_drop(struct world *w);

/* Begin a session, cutting off the one before. */
void world_pop3(struct world *w, bool tls);
void world_smtp(struct world *w, bool tls);
void world_submission(struct world *w, bool tls);

/* The client says something; what comes of it is in w->told. */
void world_say(struct world *w, struct str bytes);

/* Have everything said so far come out. */
void world_flush(struct world *w);

/* Begin TLS; false when nobody asked for it. */
bool world_secure(struct world *w);

/* Let time pass; a session idle for too long is ended. */
void world_wait(struct world *w, uint64_t seconds);

/* A message is there; given. */
void world_arrive(struct world *w, struct buf message);

/* The owner closes an address: refuse, or drop what comes (ACCEPT). */
void world_close(struct world *w, struct str address,
	enum smtp_verdict verdict);

#endif
