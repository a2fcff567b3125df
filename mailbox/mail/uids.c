/*
 * Runs in ascending order. Whoever looks for a member goes by halves, whoever
 * adds in ascending order touches the last run alone, and what has two sets
 * walks both once.
 */
#include "mail/uids.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_LEAST 4	/* of the first allocation */

void
uids_drop(struct uids *u)
{
	free(u->runs);
	*u = (struct uids){ 0 };
}

void
uids_clear(struct uids *u)
{
	u->count = 0;
}

static uint32_t
run_len(const struct uid_run *run)
{
	return run->last - run->first + 1;
}

/* The first run that ends at uid or behind it; count when there is none. */
static size_t
run_at(const struct uids *u, uint32_t uid)
{
	size_t low = 0, high = u->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (u->runs[middle].last < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Reckon anew what stands before each run from index i on. */
static void
runs_count(struct uids *u, size_t i)
{
	for (; i < u->count; i++)
		u->runs[i].before = i == 0 ? 0 :
		    u->runs[i - 1].before + run_len(&u->runs[i - 1]);
}

/* Make the runs from index i to before j become count runs. */
static void
runs_make_room(struct uids *u, size_t i, size_t j, size_t count)
{
	size_t need, rest = u->count - j;

	must(add_ok(&need, u->count - (j - i), count));
	if (need > u->room) {
		u->room = u->room < RUNS_LEAST / 2 ? RUNS_LEAST : u->room * 2;
		must(u->room >= need && u->room < SIZE_MAX / sizeof *u->runs);
		u->runs = xresize(u->runs, u->room * sizeof *u->runs);
	}
	if (rest > 0 && i + count != j)
		memmove(&u->runs[i + count], &u->runs[j],
		    rest * sizeof *u->runs);
	u->count = need;
}

static void
run_append(struct uids *u, uint32_t first, uint32_t last)
{
	size_t i = u->count;

	runs_make_room(u, i, i, 1);
	u->runs[i] = (struct uid_run){ .first = first, .last = last };
	runs_count(u, i);
}

void
uids_add(struct uids *u, uint32_t first, uint32_t last)
{
	struct uid_run *run;
	uint32_t swap;
	size_t i, j;

	if (first > last) {
		swap = first;
		first = last;
		last = swap;
	}
	must(first > 0);
	if (u->count == 0 || u->runs[u->count - 1].last < first - 1) {
		run_append(u, first, last);
		return;
	}
	/* i to before j touch or overlap */
	i = run_at(u, first - 1);
	j = last == UINT32_MAX ? u->count : run_at(u, last + 1);
	if (j < u->count && u->runs[j].first - 1 <= last)
		j++;
	if (i < j) {
		if (u->runs[i].first < first)
			first = u->runs[i].first;
		if (u->runs[j - 1].last > last)
			last = u->runs[j - 1].last;
	}
	runs_make_room(u, i, j, 1);
	run = &u->runs[i];
	run->first = first;
	run->last = last;
	runs_count(u, i);
}

void
uids_remove(struct uids *u, uint32_t first, uint32_t last)
{
	struct uid_run left, right;
	uint32_t swap;
	size_t i, j;

	if (first > last) {
		swap = first;
		first = last;
		last = swap;
	}
	i = run_at(u, first);
	j = run_at(u, last);
	if (j < u->count && u->runs[j].first <= last)
		j++;
	if (i >= j)
		return;
	left = u->runs[i];
	right = u->runs[j - 1];
	runs_make_room(u, i, j, (size_t)(left.first < first) +
	    (right.last > last));
	j = i;
	if (left.first < first)
		u->runs[j++] = (struct uid_run){ .first = left.first,
		    .last = first - 1 };
	if (right.last > last)
		u->runs[j] = (struct uid_run){ .first = last + 1,
		    .last = right.last };
	runs_count(u, i);
}

/* Let u be what was made of it. */
static void
uids_become(struct uids *u, struct uids *made)
{
	uids_drop(u);
	*u = *made;
}

void
uids_join(struct uids *u, const struct uids *other)
{
	struct uids both = { 0 };
	const struct uid_run *run;
	size_t i, j;

	if (other->count == 1) {
		uids_add(u, other->runs[0].first, other->runs[0].last);
		return;
	}
	if (other->count == 0 || other == u)
		return;
	for (i = j = 0; i < u->count || j < other->count; ) {
		if (j == other->count || (i < u->count &&
		    u->runs[i].first <= other->runs[j].first))
			run = &u->runs[i++];
		else
			run = &other->runs[j++];
		uids_add(&both, run->first, run->last);
	}
	uids_become(u, &both);
}

void
uids_part(struct uids *u, const struct uids *other)
{
	struct uids rest = { 0 };
	uint32_t from, to;
	size_t i, j;

	if (other->count == 1) {
		uids_remove(u, other->runs[0].first, other->runs[0].last);
		return;
	}
	if (other->count == 0)
		return;
	for (i = j = 0; i < u->count; i++) {
		from = u->runs[i].first;
		to = u->runs[i].last;
		while (j < other->count && other->runs[j].last < from)
			j++;
		for (; j < other->count && other->runs[j].first <= to; j++) {
			if (other->runs[j].first > from)
				uids_add(&rest, from, other->runs[j].first - 1);
			if (other->runs[j].last >= to)
				break;
			from = other->runs[j].last + 1;
		}
		if (j == other->count || other->runs[j].first > to)
			uids_add(&rest, from, to);
	}
	uids_become(u, &rest);
}

void
uids_meet(struct uids *out, const struct uids *a, const struct uids *b)
{
	uint32_t from, to;
	size_t i = 0, j = 0;

	while (i < a->count && j < b->count) {
		from = a->runs[i].first;
		if (b->runs[j].first > from)
			from = b->runs[j].first;
		to = a->runs[i].last;
		if (b->runs[j].last < to)
			to = b->runs[j].last;
		if (from <= to)
			uids_add(out, from, to);
		if (a->runs[i].last == to)
			i++;
		else
			j++;
	}
}

void
uids_copy(struct uids *to, const struct uids *from)
{
	uids_drop(to);
	if (from->count == 0)
		return;
	to->runs = xalloc(from->count, sizeof *to->runs);
	memcpy(to->runs, from->runs, from->count * sizeof *to->runs);
	to->count = to->room = from->count;
}

uint32_t
uids_len(const struct uids *u)
{
	const struct uid_run *run;

	if (u->count == 0)
		return 0;
	run = &u->runs[u->count - 1];
	return run->before + run_len(run);
}

bool
uids_has(const struct uids *u, uint32_t uid)
{
	size_t i = run_at(u, uid);

	return i < u->count && u->runs[i].first <= uid;
}

uint32_t
uids_at(const struct uids *u, uint32_t place)
{
	size_t low = 0, high = u->count, middle;

	if (place == 0 || place > uids_len(u))
		return 0;
	/* the last run with fewer than place before it */
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (u->runs[middle].before < place)
			low = middle;
		else
			high = middle;
	}
	return u->runs[low].first + (place - u->runs[low].before - 1);
}

uint32_t
uids_place(const struct uids *u, uint32_t uid)
{
	size_t i = run_at(u, uid);

	if (i == u->count || u->runs[i].first > uid)
		return 0;
	return u->runs[i].before + (uid - u->runs[i].first) + 1;
}

uint32_t
uids_next(const struct uids *u, uint32_t uid)
{
	size_t i = run_at(u, uid);

	if (i == u->count)
		return 0;
	return u->runs[i].first > uid ? u->runs[i].first : uid;
}

uint32_t
uids_last(const struct uids *u)
{
	return u->count == 0 ? 0 : u->runs[u->count - 1].last;
}

bool
uids_run(const struct uids *u, uint32_t uid, uint32_t *last)
{
	size_t i = run_at(u, uid);

	if (i == u->count || u->runs[i].first > uid)
		return false;
	*last = u->runs[i].last;
	return true;
}

void
uids_write(struct buf *out, const struct uids *u)
{
	size_t i;

	for (i = 0; i < u->count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_number(out, u->runs[i].first);
		if (u->runs[i].last == u->runs[i].first)
			continue;
		buf_add_char(out, ':');
		buf_add_number(out, u->runs[i].last);
	}
}
