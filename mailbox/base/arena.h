/* Memory for things that live and end together, up to a stated cap. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/base.h"

struct arena_chunk;

/* A zeroed struct is an empty arena with max 0. */
struct arena {
	struct arena_chunk *chunks;	/* the newest first */
	size_t used;			/* bytes given out */
	size_t max;
	bool full;			/* a request did not fit */
};

/* Make an empty arena of at most max bytes; nothing is allocated yet. */
void arena_init(struct arena *a, size_t max);

/*
 * Zeroed memory, aligned for anything.
 *
 * Returns:  NULL, and full set, when max is in the way.
 * Lives:    until arena_drop().
 */
void *arena_take(struct arena *a, size_t count, size_t size)
	__attribute__((warn_unused_result));

/* Free everything; max stays. Safe on a zeroed struct and twice. */
void arena_drop(struct arena *a);

/* As arena_drop(), overwriting everything first: for secrets. */
void arena_wipe(struct arena *a);

#endif
