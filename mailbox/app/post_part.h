/* What the post office's files share; nobody else includes it. */
#ifndef APP_POST_PART_H
#define APP_POST_PART_H

#include "app/carry.h"
#include "app/post.h"
#include "base/crypto.h"
#include "store/message.h"
#include "store/route.h"

#define POST_RESULTS_MAX (2 * CARRY_JOBS_MAX)	/* heard and not yet noted; no
						   more is read then */
#define POST_TOLD_MAX (CARRY_JOBS_MAX * QUEUE_RECIPIENTS_MAX)
#define POST_PLACE_MAX 288	/* bytes of a domain, or of host and port */
#define POST_ROUTE_TEXT 4096	/* bytes; as route_find() wants it */
#define POST_MARK SHA256_SIZE	/* bytes by which a smart host is known, with
				   its port, user and password */

/* What a courier has of us, or of a keeper before us (then without ids). */
struct post_job {
	struct list link;
	uint32_t number;		/* session on the wire */
	uint64_t letter;
	char place[POST_PLACE_MAX];	/* where it goes; empty: not known */
	unsigned char mark[POST_MARK];	/* of a smart host; zeroes for none */
	uint64_t ids[QUEUE_RECIPIENTS_MAX];	/* without an outcome */
	size_t count;

	struct queue_reader *reader;	/* NULL: nothing is open */
	uint64_t size;			/* of what is open */
	uint32_t next;			/* piece that reader gives */
	uint32_t wanted;
	bool asked;			/* wanted is to be sent */
	bool foreign;			/* a keeper before us gave it */
	bool walked;			/* a piece was had out of its turn */
	bool unreadable;		/* its text is */
};

/* What became of a job, until the courier knows that it is noted. */
struct post_result {
	struct list link;
	uint32_t number;
	uint64_t letter;
	bool last;			/* the job is over with it */
	bool own;			/* we say it: the courier died */
	bool doomed;			/* noting it failed with all that is in
					   the transaction */
	bool marked;			/* mark is that of the job */
	unsigned char mark[POST_MARK];
	unsigned wire;			/* on which it was said; 0: own */
	struct buf body;
	uint64_t ids[QUEUE_RECIPIENTS_MAX];
	size_t count;
	enum {
		RESULT_HEARD,		/* to be noted */
		RESULT_NOTED,		/* in the open transaction */
		RESULT_DONE		/* on stable storage: say so */
	} state;
};

/* A recipient that a keeper before us handed out. */
struct post_told {
	uint64_t recipient;
	uint64_t letter;		/* 0: it is not in the queue */
	bool due;			/* that may be true */
	bool fetched;			/* a job was made for it */
};

/* A recipient that couriers have died with. */
struct post_loss {
	uint64_t recipient;
	unsigned times;
};

struct post {
	struct loop *loop;
	struct db *db;
	struct era *era;
	struct timer look;		/* at what is due */
	struct timer again;		/* note what could not be noted */
	bool wanted;			/* look when the turn has settled */
	struct queue_place place;	/* where the look goes on; zeroed: it
					   begins anew */
	bool stopping;
	bool keyless;			/* it was said that there is no key */
	bool changed;			/* by us, since held was found */
	bool held;			/* somebody is */
	int64_t outside;		/* db_outside() at that time */

	struct watch wire;
	bool wire_up;
	bool met;			/* the first WIRE_ROOM has come */
	bool blocked;			/* the wire is full */
	unsigned wires;			/* so far */
	uint32_t serial;		/* of the latest job */
	size_t vacant;			/* jobs that may be given */
	struct buf room;
	struct buf piece;		/* one that is on its way */
	struct post_job *piece_of;	/* it did not fit the wire; NULL */

	struct list jobs;
	size_t job_count;
	struct post_told *told;
	size_t told_count;
	struct post_loss *losses;	/* those latest lost last */
	size_t loss_count;
	struct list results;
	size_t result_count;
};

/* post.c */

/* Whether a recipient is at the courier, or its outcome is not yet noted. */
bool post_busy(const struct post *p, uint64_t recipient);

/* Whether the time of a recipient has come; see RETRY_WAIT_MAX_S. */
bool post_is_due(const struct post *p, const struct queue_recipient *r);

/* These have an outcome that is noted. */
void post_forget(struct post *p, const uint64_t *ids, size_t count);

struct post_job *post_job_new(struct post *p, uint32_t number,
	uint64_t letter);
struct post_job *post_job_find(const struct post *p, uint32_t number);
void post_job_drop(struct post *p, struct post_job *job);

/* Look at the queue again, after a while, or when somebody comes due. */
void post_look_later(struct post *p);

/* post_held.c */

/* Why the box itself holds somebody. */
enum post_trouble { TROUBLE_TEXT, TROUBLE_PASSWORD };

/* What is said of it, and its status. */
struct str post_trouble_said(enum post_trouble trouble);
extern const unsigned post_trouble_status[][3];

/* Write a notice about it, unless its owner was told: then *w is NULL. */
int post_trouble_tell(struct post *p, const struct queue_item *item,
	enum post_trouble trouble, struct str route, struct message_writer **w)
	__attribute__((warn_unused_result));

/*
 * Hold some recipients of a letter, and tell its owner once.
 *
 * whom      of the letter's recipients; false for those that are held now
 * route     only those that go by it; NULL: all
 */
int post_hold(struct post *p, const struct queue_item *item, bool *whom,
	enum post_trouble trouble, const struct str *route)
	__attribute__((warn_unused_result));

/* Put some recipients of a letter off for minutes; no attempt was made. */
int post_put_off(struct post *p, const struct queue_item *item,
	const bool *whom) __attribute__((warn_unused_result));

/* post_hand.c: hand out what is due, as far as there is room. */
void post_hand(struct post *p);

/* post_route.c */

/* Whether a name is in a list of names, each ended by NUL. */
bool post_is_named(const struct buf *names, struct str name);

/* As route_find(), but without a smart host 0, and route->host is empty. */
int post_route_find(struct post *p, struct str domain, struct route *route,
	struct buf *text) __attribute__((warn_unused_result));

/* The mark of a smart host. */
void post_mark(const struct route *route, unsigned char mark[POST_MARK]);

/*
 * What a recipient gets that is held because its smart host refused the
 * password, whatever that said: 4.7.8 (RFC 4954 section 6).
 */
extern const unsigned post_lockout[3];

/* Whether somebody is held for that already: the owner was told then. */
int post_told_lockout(struct post *p, const unsigned char mark[POST_MARK],
	bool *told) __attribute__((warn_unused_result));

/* Hold all that goes by a smart host. */
int post_hold_smart(struct post *p, const unsigned char mark[POST_MARK])
	__attribute__((warn_unused_result));

/* post_wire.c */

/* As wire_send() for this wire; -EAGAIN also while it is blocked. */
int post_send(struct post *p, const struct wire_head *head, struct str body);

/* Send what waits, as far as there is room. */
void post_flush(struct post *p);

void post_wire_drop(struct post *p);

/* post_result.c */

/* WIRE_RESULT */
void post_hear_result(struct post *p, const struct wire_mail *mail);

/* The first WIRE_ROOM: what a courier has of a keeper before us. */
void post_hear_told(struct post *p, struct str ids);

/* Note what is heard and not yet noted, within the open transaction. */
void post_note(struct post *p);

/* The transaction was committed (0) or lost. */
void post_noted(struct post *p, int err);

/* Say ourselves what became of some recipients of a letter, and note it. */
void post_result_own(struct post *p, uint64_t letter,
	const struct carry_result *said);

void post_result_drop(struct post *p, struct post_result *result);

/* post_lost.c */

/*
 * The courier has died: put off what it had and had not said a word of, for
 * longer each time, and in the end count that as an attempt.
 */
void post_lose(struct post *p);

/* The courier lives to tell what became of them. */
void post_lose_no_more(struct post *p, const uint64_t *ids, size_t count);

#endif
