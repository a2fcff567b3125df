/*
 * FETCH and UID FETCH (RFC 9051 section 6.4.5): which messages.
 *
 * They are loaded in batches. What becomes \Seen is committed before anything
 * of a batch is told, so that its FETCH reply can say so. What other sessions
 * delete meanwhile stays readable: its content is held by m->stamp.
 */
#include "app/mua_fetch_part.h"

#include <stdlib.h>

#define CHANGED_MAX 4096	/* changed messages that are gathered before
				   all are looked at instead */
#define GAP_MAX 16		/* UIDs that are read in vain rather than
				   asking twice */

static void
fetch_drop(void *job)
{
	struct mua_fetch *f = job;

	f->m->stamp = INT64_MAX;
	uids_drop(&f->wanted);
	uids_drop(&f->gone);
	free(f->rows);
	free(f->marked);
	message_summary_drop(f->maker);
	buf_drop(&f->head);
	buf_drop(&f->body);
	fetch_text_drop(&f->text);
}

static const struct imap_fetch *
fetch_of(const struct mua_fetch *f)
{
	return &f->m->imap.command.u.fetch;
}

/*
 * Find what vanished (RFC 7162 section 3.2.6), but for what the mail program
 * still believes to be there: news tell that. Up to '*' is also up to the end,
 * where some may have been.
 */
static int
gone_find(struct mua_fetch *f)
{
	struct mua *m = f->m;
	const struct uids *view = &m->view.uids;
	const struct imap_set *set = &m->imap.command.set;
	struct uids all = { .count = 0 }, asked = { .count = 0 };
	int err;

	err = box_vanished(m->service->db, m->view.box,
	    fetch_of(f)->changed_since, &all);
	if (err == 0) {
		view_ranges(set, uids_last(view), &asked);
		view_ranges(set, UINT32_MAX, &asked);
		if (set->saved)
			uids_join(&asked, &m->view.saved);
		uids_part(&asked, view);
		uids_meet(&f->gone, &all, &asked);
	}
	uids_drop(&all);
	uids_drop(&asked);
	return err;
}

static void
gone_tell(struct mua_fetch *f)
{
	if (f->gone.count > 0)
		view_put_runs(f->m, "VANISHED (EARLIER)", &f->gone, NULL);
	else
		f->state = FETCH_LOADS;
}

/* Want only what has changed, if that is not much. */
static int
changed_find(struct mua_fetch *f)
{
	const struct mua *m = f->m;
	struct uids changed = { 0 }, both = { 0 };
	struct box_since since = { .box = m->view.box,
	    .modseq = fetch_of(f)->changed_since, .uid = UINT32_MAX };
	size_t i, count = MUA_ROWS, total = 0;
	int err;

	err = box_arrived(m->service->db, since.box, since.modseq,
	    &since.before);
	while (err == 0 && count == MUA_ROWS && total < CHANGED_MAX) {
		err = box_changed(m->service->db, &since, f->rows, MUA_ROWS,
		    &count);
		for (i = 0; err == 0 && i < count; i++) {
			since.modseq = f->rows[i].modseq;
			since.uid = f->rows[i].uid;
			uids_add(&changed, since.uid, since.uid);
		}
		total += count;
	}
	if (err == 0 && count < MUA_ROWS) {
		uids_add(&changed, since.before, UINT32_MAX);
		uids_meet(&both, &f->wanted, &changed);
		uids_copy(&f->wanted, &both);
	}
	uids_drop(&changed);
	uids_drop(&both);
	return err;
}

/* The last UID to be asked for together with first. */
static uint32_t
stretch_end(const struct mua_fetch *f, uint32_t first)
{
	uint32_t last = first;
	uint32_t next = first;

	while (next != 0 && next - last <= GAP_MAX &&
	    uids_run(&f->wanted, next, &last))
		next = last < UINT32_MAX ?
		    uids_next(&f->wanted, last + 1) : 0;
	return last;
}

/*
 * Keep the rows that are wanted, of count that were read behind the others.
 *
 * octets    of all that are kept and will be marked
 *
 * Returns:  the UID of one to begin the next batch with; 0: all were taken.
 */
static uint32_t
rows_keep(struct mua_fetch *f, size_t count, uint64_t *octets)
{
	const struct imap_fetch *fetch = fetch_of(f);
	const struct box_entry *read = f->rows + f->row_count;
	size_t i;

	for (i = 0; i < count; i++) {
		if (f->marks && *octets >= FETCH_MARK_MAX)
			return read[i].uid;
		if (!uids_has(&f->wanted, read[i].uid))
			continue;
		f->found++;
		if (fetch->since && read[i].modseq <= fetch->changed_since)
			continue;
		if ((read[i].flags & BOX_SEEN) == 0)
			*octets += read[i].size;
		f->rows[f->row_count++] = read[i];
	}
	return 0;
}

static int
rows_load(struct mua_fetch *f)
{
	struct mua *m = f->m;
	uint64_t octets = 0;
	struct box_span span = { .box = m->view.box };
	uint32_t left = 0;
	size_t room, count;
	int err;

	f->row = f->row_count = 0;
	m->stamp = db_stamp(m->service->db);
	while (f->row_count < MUA_ROWS && f->looked < MUA_ROWS && left == 0 &&
	    f->next != 0 &&
	    (span.first = uids_next(&f->wanted, f->next)) != 0) {
		span.last = stretch_end(f, span.first);
		room = MUA_ROWS - f->row_count;
		err = box_entries(m->service->db, &span,
		    f->rows + f->row_count, room, &count);
		if (err != 0)
			return err;
		if (count == room)
			span.last = f->rows[MUA_ROWS - 1].uid;
		f->looked += count + 1;
		left = rows_keep(f, count, &octets);
		/* behind UINT32_MAX is 0: there are no more */
		f->next = left != 0 ? left : span.last + 1;
	}
	return 0;
}

static enum mua_go
fetch_end(struct mua_fetch *f)
{
	struct mua *m = f->m;

	if (f->err != 0)
		return mua_end_errno(m, f->err);
	if (f->unknown)
		return mua_end_code(m, IMAP_NO,
		    "Nobody knows that transfer encoding.", "UNKNOWN-CTE");
	if (f->expunged && !m->imap.command.uid)
		return mua_end_code(m, IMAP_NO, "Some are there no more.",
		    "EXPUNGEISSUED");
	return mua_end(m, IMAP_OK, "Fetched.");
}

/* Load rows; *go is what to return when true is returned. */
static bool
load(struct mua_fetch *f, enum mua_go *go)
{
	int err;

	if (f->next == 0 || uids_next(&f->wanted, f->next) == 0) {
		f->expunged = f->expunged ||
		    f->found < uids_len(&f->wanted);
		*go = fetch_end(f);
		return true;
	}
	err = rows_load(f);
	if (err != 0) {
		*go = mua_end_errno(f->m, err);
		return true;
	}
	f->state = FETCH_BEGINS;
	if (!f->marks || !fetch_mark(f))
		return false;
	f->state = FETCH_MARKS;
	*go = MUA_SETTLE;
	return true;
}

static enum mua_go
fetch_step(struct mua *m)
{
	struct mua_fetch *f = m->job;
	enum mua_go go;

	f->octets = 0;
	f->looked = 0;
	f->piece = FETCH_NO_PIECE;
	if (f->state == FETCH_MARKS)
		fetch_marked(f);
	while (!fetch_pauses(f)) {
		switch (f->state) {
		case FETCH_GONE:
			gone_tell(f);
			break;
		case FETCH_LOADS:
			if (load(f, &go))
				return go;
			break;
		case FETCH_MARKS:
			must(false);
			break;
		case FETCH_BEGINS:
			fetch_message(f);
			break;
		case FETCH_ITEMS:
			fetch_item(f);
			break;
		case FETCH_COUNTS:
			fetch_text_count(f);
			break;
		case FETCH_TELLS:
			if (fetch_text_tell(f) != 0)
				return mua_break(m);
			break;
		}
	}
	return MUA_AGAIN;
}

enum mua_go
mua_fetch(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	struct mua_fetch *f = mua_job(m, sizeof *f, fetch_drop);
	int err = 0;

	f->m = m;
	f->next = 1;
	if (!view_set(m, &c->set, c->uid, &f->wanted))
		return mua_end(m, IMAP_BAD, "There is no such message.");
	f->rows = xalloc(MUA_ROWS, sizeof *f->rows);
	f->marked = xalloc(MUA_ROWS, sizeof *f->marked);
	fetch_items_look(f);
	if (c->u.fetch.since)
		err = changed_find(f);
	if (err == 0 && c->u.fetch.vanished)
		err = gone_find(f);
	if (err != 0)
		return mua_end_errno(m, err);
	m->step = fetch_step;
	return fetch_step(m);
}
