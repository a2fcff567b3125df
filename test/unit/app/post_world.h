/* A box, a post office in it, and a courier that a test plays. */
#ifndef TEST_POST_WORLD_H
#define TEST_POST_WORLD_H

#include "app/carry.h"
#include "app/post.h"
#include "store/seal.h"

#define OFFICE_HEAD "From: shop@example.test\r\nTo: a@one.example\r\n" \
	"Subject: An offer\r\nMessage-ID: <1@example.test>\r\n\r\n"

struct office {
	char dir[64];
	struct loop loop;
	struct settle settle;
	struct timer tick;
	struct era *era;
	struct db *db;
	struct seal_owner *owner;
	struct post *post;
	int courier;			/* the test's end of the wire; -1 */
	struct buf room;
	bool torn;			/* commits fail, and all is lost */
	bool rewake;			/* post_wake() in this turn */
};

/* cmocka's setup and teardown: *state is a new office without a wire. */
int office_begin(void **state);
int office_end(void **state);

/* The keeper dies and is born again. */
void office_restart(struct office *o);

/* Give it a new wire; the courier's end of the old one is closed. */
void office_wire(struct office *o);

/* One turn of its loop, as the keeper's: events, commit, and what follows. */
void office_turn(struct office *o);

/* Queue a letter; recipients as "a@one.example b@two.example". */
uint64_t office_letter(struct office *o, const char *recipients);

/* The same, with all that can be said; the body is size bytes long. */
struct office_letter {
	const char *sender;		/* NULL: shop@example.test */
	const char *recipients;
	unsigned notify;
	size_t size;
};
uint64_t office_letter_as(struct office *o, const struct office_letter *as);

/* The courier says that it has room; ids of who is under way. */
void office_room(struct office *o, unsigned jobs, const uint64_t *ids,
	size_t count);

/* The next datagram at the courier; false when there is none. */
bool office_hear(struct office *o, struct wire_mail *mail);

/* A job that has to be there; its number. The views live as that datagram. */
uint32_t office_job(struct office *o, struct carry_job *job);

/* No datagram is there. */
void office_silent(struct office *o);

/* The courier says a result. Then a turn. */
void office_result(struct office *o, uint32_t number, bool last,
	const struct carry_result *result);

/* The courier asks for a piece of a letter; and it has to be answered so. */
void office_fetch(struct office *o, uint32_t job, uint64_t letter,
	uint32_t piece);
void office_text(struct office *o, uint32_t piece, unsigned flags, size_t len);

/* The outcome that all recipients of a job share, and a turn. */
struct carry_outcome office_outcome(enum smtp_fate fate, unsigned code);
void office_fate(struct office *o, uint32_t number,
	const struct carry_job *job, const struct carry_outcome *outcome);

/* WIRE_NOTED of that job has to be there. */
void office_noted(struct office *o, uint32_t number);

/* How many messages are in INBOX, and the text of the latest. */
size_t office_inbox(struct office *o);
void office_latest(struct office *o, struct buf *text);

/* How many rows of the queue; and the first of a letter's rows. */
size_t office_rows(struct office *o);
struct queue_item *office_item(struct office *o, uint64_t letter);

/* Change the database behind the store's back. */
void office_sql(struct office *o, const char *text);

/* The letters of the queue were queued longer ago, and are due now. */
void office_age(struct office *o, int64_t seconds);

#endif
