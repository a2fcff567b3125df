/*
 * FETCH: the messages that are read become \Seen (RFC 9051 section 6.4.5).
 *
 * That it cannot be noted, on a full disk, is no reason not to show them.
 */
#include "app/mua_fetch_part.h"

/* Where a run of rows ends whose UIDs follow one another. */
static size_t
run_end(const struct mua_fetch *f, size_t from)
{
	size_t end = from + 1;

	while (end < f->row_count &&
	    f->rows[end].uid == f->rows[end - 1].uid + 1)
		end++;
	return end;
}

/* Returns: whether something has changed. */
static bool
run_mark(struct mua_fetch *f, size_t from, size_t end)
{
	struct mua *m = f->m;
	const struct box_change change = {
		.how = BOX_FLAGS_ADD, .flags = BOX_SEEN
	};
	struct box_span span = { .box = m->view.box };
	uint64_t modseq = 0;
	size_t i;

	for (i = from; i < end && (f->rows[i].flags & BOX_SEEN) != 0; i++)
		;
	if (i == end)
		return false;
	span.first = f->rows[i].uid;
	span.last = f->rows[end - 1].uid;
	if (box_flags(m->service->db, &span, &change, NULL, &modseq) != 0 ||
	    modseq == 0)
		return false;
	for (; i < end; i++)
		if ((f->rows[i].flags & BOX_SEEN) == 0)
			f->marked[i] = modseq;
	return true;
}

bool
fetch_mark(struct mua_fetch *f)
{
	bool changed = false;
	size_t from, end;

	for (from = 0; from < f->row_count; from++)
		f->marked[from] = 0;
	for (from = 0; from < f->row_count; from = end) {
		end = run_end(f, from);
		changed = run_mark(f, from, end) || changed;
	}
	return changed;
}

void
fetch_marked(struct mua_fetch *f)
{
	uint64_t modseq = 0;
	size_t i;

	f->state = FETCH_BEGINS;
	f->marks = f->m->settled == 0;
	for (i = 0; i < f->row_count; i++) {
		if (!f->marks)
			f->marked[i] = 0;
		if (f->marked[i] == 0)
			continue;
		f->rows[i].flags |= BOX_SEEN;
		f->rows[i].modseq = f->marked[i];
		if (f->marked[i] != modseq)
			view_own(f->m, f->marked[i]);
		modseq = f->marked[i];
	}
}
