/* Sorting in slices, so that nobody waits for a large one. */
#ifndef TALK_MERGE_H
#define TALK_MERGE_H

#include "base/base.h"

/* Zeroed plus merge_begin(). */
struct merge {
	uint32_t *items;	/* in order, once merge_step() says so */
	size_t count;

	/* private */
	int (*compare)(const void *context, uint32_t a, uint32_t b);
	const void *context;
	uint32_t *target;	/* of the round under way */
	size_t width;		/* of the runs that are in order already */
	size_t at;		/* where the two runs begin that are merged */
	size_t left, right;	/* how much of them was moved */
};

/*
 * Begin with count items, numbered from 0 on, in that order.
 *
 * compare   whether a comes before b (below 0) or behind it (above 0); at 0
 *           their order stays
 * context   kept; given to compare
 */
void merge_begin(struct merge *s, size_t count,
	int (*compare)(const void *context, uint32_t a, uint32_t b),
	const void *context);

/* Safe on a zeroed struct and twice. */
void merge_drop(struct merge *s);

/*
 * Go on, moving some steps items at the most.
 *
 * Returns:  true when all are in order.
 */
bool merge_step(struct merge *s, size_t steps);

#endif
