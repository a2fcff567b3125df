/*
 * Merge sort from the bottom: rounds of runs that grow to twice their width.
 * Where one run stands before the next already, nothing is compared: mail is
 * nearly in order by date.
 */
#include "talk/merge.h"

#include <stdlib.h>
#include <string.h>

void
merge_begin(struct merge *s, size_t count,
	int (*compare)(const void *context, uint32_t a, uint32_t b),
	const void *context)
{
	size_t i;

	*s = (struct merge){
		.count = count, .compare = compare, .context = context,
		.width = 1
	};
	s->items = xalloc(count + 1, sizeof *s->items);
	s->target = xalloc(count + 1, sizeof *s->target);
	for (i = 0; i < count; i++)
		s->items[i] = (uint32_t)i;
}

void
merge_drop(struct merge *s)
{
	free(s->items);
	free(s->target);
	*s = (struct merge){ .count = 0 };
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Move what is left of one run, at most steps items. */
static size_t
rest_move(struct merge *s, size_t *moved, size_t from, size_t to, size_t steps)
{
	size_t count = least(to - from, steps);

	memcpy(s->target + s->at + s->left + s->right, s->items + from,
	    count * sizeof *s->items);
	*moved += count;
	return count;
}

/* Merge two runs, or a part of them. Returns: how many were moved. */
static size_t
pair_merge(struct merge *s, size_t middle, size_t end, size_t steps)
{
	size_t done = 0, l = s->at + s->left, r = middle + s->right;
	bool apart = middle < end && s->left == 0 && s->right == 0 &&
	    s->compare(s->context, s->items[middle - 1],
	    s->items[middle]) <= 0;

	while (!apart && done < steps && l < middle && r < end) {
		if (s->compare(s->context, s->items[l], s->items[r]) <= 0)
			s->target[s->at + s->left++ + s->right] =
			    s->items[l++];
		else
			s->target[s->at + s->left + s->right++] =
			    s->items[r++];
		done++;
	}
	if (l < middle && (apart || r == end))
		done += rest_move(s, &s->left, l, middle, steps - done);
	if (s->at + s->left == middle && r < end)
		done += rest_move(s, &s->right, r, end, steps - done);
	return done;
}

/* All runs of this width are merged: the next round. */
static void
round_end(struct merge *s)
{
	uint32_t *items = s->items;

	s->items = s->target;
	s->target = items;
	s->width *= 2;
	s->at = 0;
}

bool
merge_step(struct merge *s, size_t steps)
{
	size_t middle, end;

	while (s->width < s->count && steps > 0) {
		middle = least(s->at + s->width, s->count);
		end = least(middle + s->width, s->count);
		steps -= pair_merge(s, middle, end, steps);
		if (s->left + s->right < end - s->at)
			continue;
		s->left = s->right = 0;
		s->at = end;
		if (s->at == s->count)
			round_end(s);
	}
	return s->width >= s->count;
}
