/*
 * SELECT and EXAMINE (RFC 9051 sections 6.3.2 and 6.3.3) with CONDSTORE and
 * QRESYNC (RFC 7162), and their ends, CLOSE and UNSELECT.
 */
#include "app/mua_mailbox.h"

#include <errno.h>
#include <inttypes.h>

#define ROWS 128		/* entries of the store at a time */

/* What QRESYNC brings up to date, step by step. */
struct resync {
	struct uids known;	/* UIDs that the mail program knows */
	uint64_t since;		/* modseq up to which it knows them */
	struct uids vanished;	/* to be told */
	uint64_t modseq;	/* flags of older ones were told up to it, */
	uint32_t changed_uid;	/* and of it up to this UID */
	uint32_t arrived;	/* who is new since: from this UID on; */
	uint32_t next;		/* told below this one */
};

static void
resync_drop(void *job)
{
	struct resync *r = job;

	uids_drop(&r->known);
	uids_drop(&r->vanished);
}

/* Tell the flags of one, if it is known. */
static void
put_known(struct mua *m, const struct resync *r, const struct box_entry *e)
{
	if (e->modseq > r->since && uids_has(&r->known, e->uid) &&
	    uids_has(&m->view.uids, e->uid))
		view_put_flags(m, e, true);
}

/* Tell whose flags have changed. Returns: 1: go on; 0: done; errno. */
static int
resync_changed(struct mua *m, struct resync *r)
{
	const struct box_since told = { m->view.box, r->modseq,
	    r->changed_uid, r->arrived };
	struct box_entry entries[ROWS];
	size_t count, n;
	int err = box_changed(m->service->db, &told, entries, ROWS, &count);

	if (err != 0)
		return err;
	for (n = 0; n < count && !mua_full(m); n++) {
		put_known(m, r, &entries[n]);
		r->modseq = entries[n].modseq;
		r->changed_uid = entries[n].uid;
	}
	return n < count || count == ROWS;
}

/* Tell who is new. Returns: as resync_changed(). */
static int
resync_arrived(struct mua *m, struct resync *r)
{
	const struct box_span new = { m->view.box, r->next, UINT32_MAX };
	struct box_entry entries[ROWS];
	size_t count, n;
	int err = box_entries(m->service->db, &new, entries, ROWS, &count);

	if (err != 0)
		return err;
	for (n = 0; n < count && !mua_full(m); n++) {
		put_known(m, r, &entries[n]);
		r->next = entries[n].uid + 1;
	}
	return n < count || count == ROWS;
}

static enum mua_go
end_select(struct mua *m)
{
	return mua_end_code(m, IMAP_OK, "It is selected.", "%s",
	    m->view.read_only ? "READ-ONLY" : "READ-WRITE");
}

/* RFC 7162 section 3.2.6: first who vanished, then whose flags changed. */
static enum mua_go
resync_step(struct mua *m)
{
	struct resync *r = m->job;
	int more = 0;

	while (r->vanished.count > 0 && !mua_full(m))
		view_put_runs(m, "VANISHED (EARLIER)", &r->vanished, NULL);
	if (mua_full(m))
		return MUA_AGAIN;
	more = resync_changed(m, r);
	if (more == 0)
		more = resync_arrived(m, r);
	if (more < 0)
		return mua_end_errno(m, more);
	return more > 0 ? MUA_AGAIN : end_select(m);
}

/* A place within a set, as it was written. */
struct walk {
	const struct imap_set *set;
	size_t range;
	uint32_t offset;
};

/* The next member of a set; 0: there is none. */
static uint32_t
walk_next(struct walk *w)
{
	const struct imap_range *r = &w->set->ranges[w->range];
	uint32_t low, high;

	if (w->range == w->set->count)
		return 0;
	low = r->first < r->last ? r->first : r->last;
	high = r->first < r->last ? r->last : r->first;
	if (low + w->offset < high)
		return low + w->offset++;
	w->range++;
	w->offset = 0;
	return high;
}

/*
 * The greatest UID whose message number is still what the mail program says:
 * it knows who is gone below (RFC 7162 section 3.2.5.2). Message numbers must
 * ascend, so that there are no more than messages.
 */
static uint32_t
matched(const struct mua *m, const struct imap_select *s)
{
	struct walk seqs = { .set = &s->match_seqs };
	struct walk uids = { .set = &s->match_uids };
	uint32_t seq, uid, before = 0, best = 0;

	while ((seq = walk_next(&seqs)) > before &&
	    seq <= uids_len(&m->view.uids) && (uid = walk_next(&uids)) > 0) {
		if (uids_at(&m->view.uids, seq) == uid && uid > best)
			best = uid;
		before = seq;
	}
	return best;
}

static enum mua_go
resync_begin(struct mua *m, const struct imap_select *s)
{
	struct resync *r = mua_job(m, sizeof *r, resync_drop);
	struct uids gone = { .count = 0 };
	struct db *db = m->service->db;
	uint32_t best;
	int err;

	r->since = r->modseq = s->modseq;
	r->changed_uid = UINT32_MAX;
	if (s->has_known)
		view_ranges(&s->known, m->view.uidnext - 1, &r->known);
	else if (m->view.uidnext > 1)
		uids_add(&r->known, 1, m->view.uidnext - 1);
	err = box_vanished(db, m->view.box, r->since, &gone);
	if (err == 0)
		err = box_arrived(db, m->view.box, r->since, &r->arrived);
	r->next = r->arrived;
	uids_meet(&r->vanished, &gone, &r->known);
	uids_drop(&gone);
	best = matched(m, s);
	if (best > 0)
		uids_remove(&r->vanished, 1, best);
	if (err != 0)
		return mua_end_errno(m, err);
	m->step = resync_step;
	return resync_step(m);
}

/* Say what is in the mailbox that was just opened. */
static int
put_state(struct mua *m)
{
	const struct mua_view *v = &m->view;
	const bool rev2 = (m->imap.enabled & IMAP_ENABLED_REV2) != 0;
	const uint32_t len = uids_len(&v->uids);
	const uint32_t recent = uids_next(&v->uids, v->recent);
	struct buf *out = &m->imap.out;
	uint32_t unseen = 0;
	int err = 0;

	if (!rev2)
		err = box_unseen(m->service->db, v->box, &unseen);
	if (err != 0)
		return err;
	view_put_keywords(m);
	buf_add_format(out, "* %" PRIu32 " EXISTS\r\n", len);
	if (!rev2)
		buf_add_format(out, "* %" PRIu32 " RECENT\r\n", recent == 0 ?
		    0 : len + 1 - uids_place(&v->uids, recent));
	if (unseen != 0)
		buf_add_format(out, "* OK [UNSEEN %" PRIu32 "] The first "
		    "that is not seen.\r\n", uids_place(&v->uids, unseen));
	buf_add_format(out, "* OK [UIDVALIDITY %" PRIu32 "] UIDs are valid."
	    "\r\n* OK [UIDNEXT %" PRIu32 "] The next UID.\r\n"
	    "* OK [HIGHESTMODSEQ %" PRIu64 "] The highest there is.\r\n"
	    "* OK [MAILBOXID (", v->uidvalidity, v->uidnext, v->modseq);
	mua_put_mailbox_id(out, v->box);
	buf_add_text(out, ")] Its name for ever.\r\n");
	if (rev2) {
		buf_add_text(out, "* LIST () \"/\" ");
		mua_put_name(m, m->imap.command.mailbox);
		buf_add_text(out, "\r\n");
	}
	return 0;
}

enum mua_go
mua_select(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	const struct imap_select *s = &c->u.select;
	int64_t box;
	int err;

	/* RFC 9586 section 3 */
	if ((m->imap.enabled & IMAP_ENABLED_UIDONLY) != 0 &&
	    s->match_seqs.count > 0)
		return mua_end_code(m, IMAP_BAD,
		    "With UIDONLY there are no sequence numbers.",
		    "UIDREQUIRED");
	if (m->view.open) {
		view_close(m);
		buf_add_text(&m->imap.out,
		    "* OK [CLOSED] The one before is closed.\r\n");
	}
	if (!mua_find(m, "NONEXISTENT", &box))
		return MUA_DONE;
	err = view_open(m, box, c->verb == IMAP_EXAMINE);
	if (err == 0)
		err = put_state(m);
	if (err != 0) {
		view_close(m);
		return mua_end_errno(m, err);
	}
	if (s->qresync && s->uidvalidity == m->view.uidvalidity)
		return resync_begin(m, s);
	return end_select(m);
}

/* CLOSE removes who has \Deleted, and says nothing of it. */
enum mua_go
mua_close(struct mua *m)
{
	enum mua_go go;

	if (m->imap.command.verb == IMAP_CLOSE && !m->view.read_only) {
		go = mua_expunge(m);
		if (go != MUA_DONE || m->end != IMAP_OK)
			return go;
	}
	view_close(m);
	return mua_end(m, IMAP_OK, "It is closed.");
}
