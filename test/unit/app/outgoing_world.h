/* An owner who submits letters, in the office of post_world.h. */
#ifndef TEST_OUTGOING_WORLD_H
#define TEST_OUTGOING_WORLD_H

#include "app/post_world.h"

#include "app/outgoing.h"

#define ME "From: Robert <owner@example.test>\r\n"
#define SHOP "From: Robert <shop@example.test>\r\n"

/* What is submitted, and what it came to. */
struct sent {
	const char *text;
	const char *recipients;		/* as "a@one.example b@example.test" */
	const char *sender;		/* NULL: owner@example.test */
	unsigned notify;
	size_t cut;			/* length of a piece; 0: PIECE_SIZE */
	bool lost;			/* the commit fails */

	enum smtp_verdict verdict;
	const char *refusal;
	bool queued;
};

/* Submit it, and commit. */
void world_submit(struct office *o, struct sent *sent);

/* The only letter of the queue, and its text. */
struct queue_item *world_queued(struct office *o, struct buf *text);

bool world_has(const struct buf *text, const char *words);

#endif
