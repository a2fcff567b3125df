/*
 * News of a mailbox: what is in the store and not yet in the view is told and
 * taken over, in an order that keeps message numbers right: who is gone, who
 * is new, whose flags have changed. Each part goes on where it stopped.
 */
#include "app/mua_part.h"

#include <errno.h>
#include <inttypes.h>

#define ROWS 128		/* entries of the store at a time */
#define EXPUNGES 2048		/* lines, before out is looked at again */

/*
 * Tell the last of those who are gone one by one, in descending order, so that
 * each number is what it was before, and take them out of the set.
 */
static void
put_expunges(struct mua *m, struct uids *gone, struct uids *told)
{
	const struct uids *view = &m->view.uids;
	struct uid_run run;
	unsigned n = 0;

	while (gone->count > 0 && n < EXPUNGES) {
		run = gone->runs[gone->count - 1];
		if (run.last - run.first > EXPUNGES - n - 1)
			run.first = run.last - (EXPUNGES - n - 1);
		uids_remove(gone, run.first, run.last);
		uids_add(told, run.first, run.last);
		n += run.last - run.first + 1;
		while (run.last >= run.first)
			buf_add_format(&m->imap.out, "* %" PRIu32
			    " EXPUNGE\r\n", uids_place(view, run.last--));
	}
}

/* Tell some of those who are gone, and forget them. */
static void
tell_gone(struct mua *m, struct uids *gone)
{
	struct uids told = { .count = 0 };

	m->view.gone_told = (m->imap.enabled & (IMAP_ENABLED_QRESYNC |
	    IMAP_ENABLED_UIDONLY)) != 0;
	if (m->view.gone_told)
		view_put_runs(m, "VANISHED", gone, &told);
	else
		put_expunges(m, gone, &told);
	uids_part(&m->view.uids, &told);
	uids_drop(&told);
}

/*
 * Tell who is gone, or that this will be told later.
 *
 * Returns:  1: there are more; 0: done; negative errno.
 */
static int
news_gone(struct mua *m, const struct box_status *status, bool expunges)
{
	struct mua_view *v = &m->view;
	struct uids all = { .count = 0 }, gone = { .count = 0 };
	int err;

	if (v->gone_modseq == status->modseq)
		return 0;
	err = box_vanished(m->service->db, v->box, v->gone_modseq, &all);
	uids_meet(&gone, &all, &v->uids);
	uids_drop(&all);
	while (err == 0 && expunges && gone.count > 0 && !mua_full(m))
		tell_gone(m, &gone);
	if (err == 0 && gone.count == 0)
		v->gone_modseq = status->modseq;
	else if (err == 0)
		err = expunges;
	uids_drop(&gone);
	return err;
}

/* Messages were added: say how many there are. */
static void
tell_new(struct mua *m, uint32_t first)
{
	struct imap_service *service = m->service;
	struct mua_view *v = &m->view;
	uint32_t len = uids_len(&v->uids), uid;

	/* Another session may have been shown them first. */
	if (recent_first(service, v->box) > first && v->recent >= first)
		v->recent = v->uidnext;
	if (!v->read_only)
		recent_given(service, v->box, v->uidnext);
	buf_add_format(&m->imap.out, "* %" PRIu32 " EXISTS\r\n", len);
	if ((m->imap.enabled & IMAP_ENABLED_REV2) != 0)
		return;
	uid = uids_next(&v->uids, v->recent);
	buf_add_format(&m->imap.out, "* %" PRIu32 " RECENT\r\n",
	    uid == 0 ? 0 : len + 1 - uids_place(&v->uids, uid));
}

/* Tell who is new. Returns: as news_gone(). */
static int
news_new(struct mua *m, const struct box_status *status)
{
	struct mua_view *v = &m->view;
	const uint32_t first = v->uidnext, before = uids_len(&v->uids);
	const struct box_span span = { v->box, first, status->uidnext - 1 };
	struct box_entry entries[ROWS];
	size_t count, n;
	int err;

	if (first >= status->uidnext)
		return 0;
	err = box_entries(m->service->db, &span, entries, ROWS, &count);
	if (err != 0)
		return err;
	for (n = 0; n < count; n++)
		uids_add(&v->uids, entries[n].uid, entries[n].uid);
	v->uidnext = count == ROWS ? entries[ROWS - 1].uid + 1 :
	    status->uidnext;
	if (uids_len(&v->uids) > before)
		tell_new(m, first);
	return count == ROWS;
}

/* Whether it made that change itself. */
static bool
is_own(const struct mua_view *v, uint64_t modseq)
{
	size_t low = 0, high = v->own_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (v->own[middle] < modseq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->own_count && v->own[low] == modseq;
}

/*
 * Tell changed flags up to a modseq, as far as there is room. Returns: how many
 * were.
 */
static size_t
tell_changed(struct mua *m, const struct box_entry *entries, size_t count,
	uint64_t modseq)
{
	struct mua_view *v = &m->view;
	const struct box_entry *e;
	size_t n;

	for (n = 0; n < count && !mua_full(m); n++) {
		e = &entries[n];
		if (e->modseq > modseq)
			break;
		if (!is_own(v, e->modseq) && uids_has(&v->uids, e->uid))
			view_put_flags(m, e, false);
		else if (view_know_keywords(m, e->flags) != 0)
			break;
		v->modseq = e->modseq;
		v->changed_uid = e->uid;
	}
	return n;
}

/*
 * What comes next it changed itself, be it all of a mailbox: that need not be
 * read. Modseqs of its own follow one another without a gap, see view_own(),
 * and are of nobody else's change.
 */
static int
pass_own(struct mua *m, uint64_t modseq)
{
	struct mua_view *v = &m->view;
	const size_t count = v->own_count;
	int err;

	if (count == 0 || v->changed_uid != UINT32_MAX ||
	    v->own[0] != v->modseq + 1 || v->own[count - 1] > modseq)
		return 0;
	/* There may be new ones among them. */
	err = view_know_keywords(m, UINT64_MAX);
	if (err != 0)
		return err;
	v->modseq = v->own[count - 1];
	v->own_count = 0;
	return 0;
}

/* Tell whose flags have changed. Returns: as news_gone(). */
static int
news_changed(struct mua *m, const struct box_status *status)
{
	struct mua_view *v = &m->view;
	struct box_since since = { .box = v->box, .before = v->uidnext };
	struct box_entry entries[ROWS];
	size_t count, told;
	int err = pass_own(m, status->modseq);

	if (err != 0 ||
	    (v->modseq == status->modseq && v->changed_uid == UINT32_MAX))
		return err;
	since.modseq = v->modseq;
	since.uid = v->changed_uid;
	err = box_changed(m->service->db, &since, entries, ROWS, &count);
	if (err != 0)
		return err;
	told = tell_changed(m, entries, count, status->modseq);
	if (told < count ? entries[told].modseq <= status->modseq :
	    count == ROWS)
		return 1;
	v->modseq = status->modseq;
	v->changed_uid = UINT32_MAX;
	v->own_count = 0;
	return 0;
}

/* Up to where all was told. */
static uint64_t
told_modseq(const struct mua_view *v)
{
	return v->gone_modseq < v->modseq ? v->gone_modseq : v->modseq;
}

void
view_tell_modseq(struct mua *m)
{
	struct mua_view *v = &m->view;
	const uint64_t told = told_modseq(v);
	const bool later = v->gone_modseq < v->modseq;
	/* VANISHED has no modseq, but that of one's own is in the reply. */
	const bool gone = v->gone_told && !str_starts(buf_str(&m->code),
	    STR("HIGHESTMODSEQ"));
	const bool due = v->held ||
	    ((m->imap.enabled & IMAP_ENABLED_QRESYNC) != 0 &&
	    (later || v->gone_later || gone));

	if (!view_condstore(m))
		return;
	if (due || !v->condstore)
		view_put_modseq(m, told);
	v->condstore = true;
	v->gone_later = later;
	v->gone_told = false;
}

/* A command has an end, however fast others work: it tells up to its goal. */
static void
set_goal(struct mua *m, struct box_status *status)
{
	struct mua_view *v = &m->view;

	if (m->step == NULL && !m->over)
		return;
	if (v->goal_modseq == 0) {
		v->goal_modseq = status->modseq;
		v->goal_uidnext = status->uidnext;
	}
	status->modseq = v->goal_modseq;
	status->uidnext = v->goal_uidnext;
}

bool
view_tell(struct mua *m, bool expunges)
{
	struct mua_view *v = &m->view;
	const bool hears = notify_hears(m);
	const bool hears_gone = hears || notify_removed(m);
	const bool hears_new = hears || notify_made(m);
	struct box_status status;
	int more;

	/* At the end of a command it is also told what is not. */
	if (!v->open || (!hears && !m->over))
		return false;
	if (mua_full(m))
		return true;
	more = box_status(m->service->db, v->box, &status);
	if (more == -ENOENT) {
		/* RFC 2180 section 3.3 */
		view_close(m);
		m->lost = true;
		return false;
	}
	if (more == 0)
		set_goal(m, &status);
	if (more == 0 && hears_gone)
		more = news_gone(m, &status, expunges);
	if (more == 0 && hears_new)
		more = news_new(m, &status);
	if (more == 0 && notify_hears_all(m))
		more = news_changed(m, &status);
	if (v->keywords.count > v->keywords_told)
		view_put_keywords(m);
	/* MODSEQ in replies to this command promises nothing, then. */
	v->held = more == 0 && m->over && !notify_hears_all(m) &&
	    told_modseq(v) < status.modseq;
	if (more == 0)
		view_tell_modseq(m);
	return more > 0;
}
