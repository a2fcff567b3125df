/*
 * A mailbox as the mail program knows it: which messages it was told of, by
 * which numbers, and what it sees of them. What has changed since is told by
 * mua_view_tell.c.
 */
#include "app/mua_part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define RUNS_MAX 2048		/* of a set in one line */

int
view_open(struct mua *m, int64_t box, bool read_only)
{
	struct imap_service *service = m->service;
	struct mua_view *v = &m->view;
	struct box_status status;
	int err;

	must(!v->open);
	err = box_status(service->db, box, &status);
	if (err == 0)
		err = box_uids(service->db, box, &v->uids);
	if (err == 0)
		err = keyword_list(service->db, box, &v->keywords);
	if (err != 0) {
		view_close(m);
		return err;
	}
	v->open = true;
	v->read_only = read_only;
	v->box = box;
	v->uidvalidity = status.uidvalidity;
	v->uidnext = status.uidnext;
	v->modseq = v->gone_modseq = status.modseq;
	v->changed_uid = UINT32_MAX;
	v->condstore = view_condstore(m);
	v->recent = recent_first(service, box);
	if (!read_only)
		recent_given(service, box, status.uidnext);
	m->imap.selected = true;
	notify_selected(m);
	return 0;
}

void
view_close(struct mua *m)
{
	struct mua_view *v = &m->view;

	uids_drop(&v->uids);
	uids_drop(&v->saved);
	keyword_list_drop(&v->keywords);
	free(v->own);
	*v = (struct mua_view){ .open = false };
	m->imap.selected = false;
}

bool
view_condstore(const struct mua *m)
{
	return (m->imap.enabled & (IMAP_ENABLED_CONDSTORE |
	    IMAP_ENABLED_QRESYNC)) != 0;
}

bool
view_recent(const struct mua *m, uint32_t uid)
{
	return uid >= m->view.recent &&
	    (m->imap.enabled & IMAP_ENABLED_REV2) == 0;
}

void
view_own(struct mua *m, uint64_t modseq)
{
	struct mua_view *v = &m->view;
	uint64_t before = v->own_count > 0 ? v->own[v->own_count - 1] :
	    v->modseq;

	/* Nothing is told from which it could be left out. */
	if (!notify_hears_all(m))
		return;
	/*
	 * What others changed meanwhile may be among the same messages, and
	 * is to be told.
	 */
	if (!v->open || modseq != before + 1)
		return;
	v->own = xresize(v->own, (v->own_count + 1) * sizeof v->own[0]);
	v->own[v->own_count++] = modseq;
}

/* ---- sets ---- */

static int
range_compare(const void *a, const void *b)
{
	const struct imap_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Ranges with '*' resolved, each and all of them ascending. Returns owned. */
static struct imap_range *
ranges_sorted(const struct imap_set *set, uint32_t star)
{
	struct imap_range *ranges = xalloc(set->count + 1, sizeof *ranges);
	struct imap_range r;
	size_t n;

	for (n = 0; n < set->count; n++) {
		r = set->ranges[n];
		if (r.first == IMAP_STAR)
			r.first = star;
		if (r.last == IMAP_STAR)
			r.last = star;
		ranges[n].first = r.first < r.last ? r.first : r.last;
		ranges[n].last = r.first < r.last ? r.last : r.first;
	}
	qsort(ranges, set->count, sizeof *ranges, range_compare);
	return ranges;
}

/* Add the UIDs at some places of the view. */
static void
places_add(const struct uids *view, const struct imap_range *places,
	struct uids *out)
{
	uint32_t place = places->first, uid, last;

	while (place != 0 && place <= places->last) {
		uid = uids_at(view, place);
		if (uid == 0 || !uids_run(view, uid, &last))
			break;
		if (last - uid > places->last - place)
			last = uid + (places->last - place);
		uids_add(out, uid, last);
		place += last - uid + 1;
	}
}

/* Add the UIDs of message numbers; false when one is none. */
static bool
numbers_add(const struct uids *view, const struct imap_set *set,
	struct uids *out)
{
	const uint32_t len = uids_len(view);
	struct imap_range *ranges = ranges_sorted(set, len);
	bool good = true;
	size_t n;

	for (n = 0; n < set->count && good; n++) {
		good = ranges[n].first > 0 && ranges[n].last <= len;
		if (good)
			places_add(view, &ranges[n], out);
	}
	free(ranges);
	return good;
}

void
view_ranges(const struct imap_set *set, uint32_t star, struct uids *out)
{
	struct imap_range *ranges = ranges_sorted(set, star);
	size_t n;

	/* '*' of an empty mailbox is 0, which is no UID. */
	for (n = 0; n < set->count; n++)
		if (ranges[n].last > 0)
			uids_add(out, ranges[n].first > 0 ?
			    ranges[n].first : 1, ranges[n].last);
	free(ranges);
}

bool
view_set(const struct mua *m, const struct imap_set *set, bool uid,
	struct uids *out)
{
	const struct uids *view = &m->view.uids;
	struct uids meant = { .count = 0 };
	bool good = true;

	if (uid)
		view_ranges(set, uids_last(view), &meant);
	else
		good = numbers_add(view, set, &meant);
	if (good && set->saved)
		uids_join(&meant, &m->view.saved);
	if (good)
		uids_meet(out, &meant, view);
	uids_drop(&meant);
	return good;
}

/* ---- replies ---- */

void
view_put_runs(struct mua *m, const char *name, struct uids *set,
	struct uids *told)
{
	struct uids now = { .count = 0 };
	size_t n;

	for (n = 0; n < set->count && n < RUNS_MAX; n++)
		uids_add(&now, set->runs[n].first, set->runs[n].last);
	uids_part(set, &now);
	buf_add_format(&m->imap.out, "* %s ", name);
	uids_write(&m->imap.out, &now);
	buf_add_text(&m->imap.out, "\r\n");
	if (told != NULL)
		uids_join(told, &now);
	uids_drop(&now);
}

void
view_put_modseq(struct mua *m, uint64_t modseq)
{
	buf_add_format(&m->imap.out, "* OK [HIGHESTMODSEQ %" PRIu64
	    "] All up to it is told.\r\n", modseq);
}

void
view_put_keywords(struct mua *m)
{
	struct mua_view *v = &m->view;
	struct buf *out = &m->imap.out;
	uint64_t all = IMAP_SEEN | IMAP_ANSWERED | IMAP_FLAGGED |
	    IMAP_DELETED | IMAP_DRAFT;

	all |= ((UINT64_C(1) << v->keywords.count) - 1) << BOX_KEYWORD_SHIFT;
	buf_add_text(out, "* FLAGS ");
	imap_put_flags(out, all, v->keywords.names, v->keywords.count, false);
	buf_add_text(out, "\r\n* OK [PERMANENTFLAGS ");
	if (v->read_only) {
		buf_add_text(out, "()] Open for reading only.\r\n");
	} else {
		imap_put_flags(out, all, v->keywords.names, v->keywords.count,
		    false);
		/* More can be made, as long as there is room for them. */
		if (v->keywords.count < BOX_KEYWORDS_MAX && !out->full) {
			buf_cut(out, out->len - 1);
			buf_add_text(out, " \\*)");
		}
		buf_add_text(out, "] They are kept.\r\n");
	}
	v->keywords_told = v->keywords.count;
}

void
view_put_fetch(struct mua *m, uint32_t uid)
{
	const bool only = (m->imap.enabled & IMAP_ENABLED_UIDONLY) != 0;
	struct buf *out = &m->imap.out;

	/* The inner loop of every list: no format is read for it. */
	buf_add(out, STR("* "));
	buf_add_number(out, only ? uid : uids_place(&m->view.uids, uid));
	buf_add(out, only ? STR(" UIDFETCH (") : STR(" FETCH ("));
}

void
view_put_flag_item(struct mua *m, const struct box_entry *entry)
{
	const struct keywords *k = &m->view.keywords;

	buf_add(&m->imap.out, STR("FLAGS "));
	imap_put_flags(&m->imap.out, entry->flags, k->names, k->count,
	    view_recent(m, entry->uid));
}

int
view_know_keywords(struct mua *m, uint64_t flags)
{
	struct mua_view *v = &m->view;
	struct keywords fresh = { .count = 0 };
	int err;

	if (flags >> BOX_KEYWORD_SHIFT >> v->keywords.count == 0)
		return 0;
	err = keyword_list(m->service->db, v->box, &fresh);
	if (err != 0)
		return err;
	keyword_list_drop(&v->keywords);
	v->keywords = fresh;
	return 0;
}

void
view_put_flags(struct mua *m, const struct box_entry *entry, bool uid)
{
	struct buf *out = &m->imap.out;

	if (view_know_keywords(m, entry->flags) == 0 &&
	    m->view.keywords.count > m->view.keywords_told)
		view_put_keywords(m);
	view_put_fetch(m, entry->uid);
	if ((m->imap.enabled & IMAP_ENABLED_UIDONLY) == 0 &&
	    (uid || (m->imap.enabled & IMAP_ENABLED_QRESYNC) != 0))
		buf_add_format(out, "UID %" PRIu32 " ", entry->uid);
	view_put_flag_item(m, entry);
	if (view_condstore(m))
		buf_add_format(out, " MODSEQ (%" PRIu64 ")", entry->modseq);
	buf_add(out, STR(")\r\n"));
}
