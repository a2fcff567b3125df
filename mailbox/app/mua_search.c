/*
 * SEARCH (RFC 9051 section 6.4.4, RFC 4731, RFC 5182): what was found, told as
 * SEARCH or ESEARCH.
 */
#include "app/mua_search_part.h"

#include <inttypes.h>

struct hunt {
	struct search search;
	bool extended;
	unsigned returns;	/* enum imap_return */
	struct uids found;	/* UIDs */
	uint64_t modseq, first_modseq, last_modseq;
	enum {
		HUNT_SEEKS,
		HUNT_TELLS	/* "* SEARCH 2 3" has begun */
	} state;
	struct uids told;	/* found, as numbers that are told */
	uint32_t next;		/* of them; 0: all are told */
};

static void
hunt_drop(void *job)
{
	struct hunt *h = job;

	search_drop(&h->search);
	uids_drop(&h->found);
	uids_drop(&h->told);
}

/* ---- the reply ---- */

/* UIDs as the numbers that the command wants. */
static void
numbers_make(struct hunt *h)
{
	const struct mua *m = h->search.m;
	const struct uid_run *run;
	uint32_t place;
	size_t i;

	if (m->imap.command.uid) {
		uids_copy(&h->told, &h->found);
		return;
	}
	for (i = 0; i < h->found.count; i++) {
		run = &h->found.runs[i];
		place = uids_place(&m->view.uids, run->first);
		uids_add(&h->told, place, place + (run->last - run->first));
	}
}

/* What MODSEQ tells (RFC 4731 section 3.2). */
static uint64_t
modseq_of(const struct hunt *h)
{
	const unsigned ends = h->returns & (IMAP_RETURN_MIN | IMAP_RETURN_MAX);

	if (!h->extended || ends == 0 ||
	    (h->returns & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT)) != 0)
		return h->modseq;
	if (ends == IMAP_RETURN_MIN)
		return h->first_modseq;
	if (ends == IMAP_RETURN_MAX || h->last_modseq > h->first_modseq)
		return h->last_modseq;
	return h->first_modseq;
}

static void
reply_begin(struct hunt *h)
{
	const struct mua *m = h->search.m;
	struct buf *out = &h->search.m->imap.out;
	const uint32_t first = uids_next(&h->told, 1);

	h->state = HUNT_TELLS;
	h->next = first;
	if (!h->extended) {
		buf_add_text(out, "* SEARCH");
		return;
	}
	buf_add_text(out, "* ESEARCH (TAG ");
	imap_put_string(out, m->imap.command.tag);
	buf_add_text(out, m->imap.command.uid ? ") UID" : ")");
	if ((h->returns & IMAP_RETURN_MIN) != 0 && first != 0)
		buf_add_format(out, " MIN %" PRIu32, first);
	if ((h->returns & IMAP_RETURN_MAX) != 0 && first != 0)
		buf_add_format(out, " MAX %" PRIu32, uids_last(&h->told));
	if ((h->returns & IMAP_RETURN_ALL) == 0)
		h->next = 0;
	else if (first != 0)
		buf_add_text(out, " ALL ");
}

/* The next number, or the next run of them. */
static void
reply_add(struct hunt *h)
{
	struct buf *out = &h->search.m->imap.out;
	uint32_t last = h->next;

	if (!h->extended) {
		buf_add_char(out, ' ');
		buf_add_number(out, h->next);
	} else {
		(void)uids_run(&h->told, h->next, &last);
		if (h->next != uids_next(&h->told, 1))
			buf_add_char(out, ',');
		buf_add_number(out, h->next);
		if (last > h->next) {
			buf_add_char(out, ':');
			buf_add_number(out, last);
		}
	}
	h->next = last < UINT32_MAX ? uids_next(&h->told, last + 1) : 0;
}

static enum mua_go
reply_end(struct hunt *h)
{
	struct mua *m = h->search.m;

	if (h->extended && (h->returns & IMAP_RETURN_COUNT) != 0)
		buf_add_format(&m->imap.out, " COUNT %" PRIu32,
		    uids_len(&h->told));
	if (h->search.modseq && h->told.count > 0)
		buf_add_format(&m->imap.out, h->extended ?
		    " MODSEQ %" PRIu64 : " (MODSEQ %" PRIu64 ")",
		    modseq_of(h));
	buf_add_text(&m->imap.out, "\r\n");
	return mua_end(m, IMAP_OK, "Searched.");
}

static enum mua_go
reply_step(struct hunt *h)
{
	while (h->next != 0) {
		if (mua_full(h->search.m))
			return MUA_AGAIN;
		reply_add(h);
	}
	return reply_end(h);
}

/* ---- seeking ---- */

/* RFC 5182 section 2.1; with MIN and MAX alone only those (section 2.4). */
static void
result_save(struct hunt *h)
{
	struct uids *saved = &h->search.m->view.saved;
	const uint32_t first = uids_next(&h->found, 1);

	if ((h->returns & IMAP_RETURN_SAVE) == 0)
		return;
	uids_copy(saved, &h->found);
	if (first == 0 || (h->returns & (IMAP_RETURN_MIN | IMAP_RETURN_MAX)) ==
	    0 || (h->returns & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT)) != 0)
		return;
	uids_clear(saved);
	if ((h->returns & IMAP_RETURN_MIN) != 0)
		uids_add(saved, first, first);
	if ((h->returns & IMAP_RETURN_MAX) != 0)
		uids_add(saved, uids_last(&h->found), uids_last(&h->found));
}

/* All are found. */
static enum mua_go
hunt_end(struct hunt *h)
{
	struct mua *m = h->search.m;

	result_save(h);
	m->work_total = 0;
	if (h->returns == IMAP_RETURN_SAVE)
		return mua_end(m, IMAP_OK, "Searched, and saved.");
	numbers_make(h);
	reply_begin(h);
	return reply_step(h);
}

static enum mua_go
hunt_fail(struct hunt *h, int err)
{
	if ((h->returns & IMAP_RETURN_SAVE) != 0)
		uids_clear(&h->search.m->view.saved);
	return mua_end_errno(h->search.m, err);
}

static void
found_add(struct hunt *h, const struct box_entry *entry)
{
	if (h->found.count == 0)
		h->first_modseq = entry->modseq;
	h->last_modseq = entry->modseq;
	if (entry->modseq > h->modseq)
		h->modseq = entry->modseq;
	uids_add(&h->found, entry->uid, entry->uid);
}

/* Whether the first one is all that is wanted. */
static bool
is_first_enough(const struct hunt *h)
{
	return (h->returns & ~(unsigned)IMAP_RETURN_SAVE) == IMAP_RETURN_MIN;
}

static enum mua_go
hunt_step(struct mua *m)
{
	struct hunt *h = m->job;
	enum search_go go;
	int err;

	if (h->state == HUNT_TELLS)
		return reply_step(h);
	search_step(&h->search);
	for (;;) {
		err = search_next(&h->search, false, &go);
		if (err != 0)
			return hunt_fail(h, err);
		if (go == SEARCH_PAUSES)
			return MUA_AGAIN;
		if (go == SEARCH_FOUND)
			found_add(h, h->search.entry);
		if (go == SEARCH_OVER || is_first_enough(h))
			return hunt_end(h);
	}
}

enum mua_go
mua_search(struct mua *m)
{
	const struct imap_search *c = &m->imap.command.u.search;
	struct hunt *h = mua_job(m, sizeof *h, hunt_drop);

	/* RFC 9051 section 6.4.4 */
	h->extended = c->extended ||
	    (m->imap.enabled & IMAP_ENABLED_REV2) != 0;
	h->returns = c->extended ? c->returns : IMAP_RETURN_ALL;
	if (!search_begin(&h->search, m)) {
		if ((h->returns & IMAP_RETURN_SAVE) != 0)
			uids_clear(&m->view.saved);
		return MUA_DONE;
	}
	m->step = hunt_step;
	if (!h->search.sure)
		return hunt_step(m);
	uids_copy(&h->found, &h->search.wanted);
	return hunt_end(h);
}
