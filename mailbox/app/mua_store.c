/*
 * STORE and UID STORE (RFC 9051 section 6.4.6, RFC 7162 section 3.1.3).
 *
 * A slice of the messages is changed in one turn; its entries are read before
 * the commit, so that they hold nothing that a later turn could take back, and
 * told after it. Then comes the next slice.
 *
 * With .SILENT nothing is told of what the mail program changed itself; if
 * somebody else may have changed the same messages, view_own() has the news
 * tell them all the same.
 */
#include "app/mua_mailbox.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define STORE_ROWS 4096		/* of a slice, when its messages stand
				   together */

/* Messages that are changed together. */
struct store_run {
	uint32_t first, last;
	uint64_t modseq;	/* 0: nothing has changed */
};

struct store_job {
	struct uids set;
	uint32_t next;		/* member of the set; 0: all are changed */
	struct uids failed;	/* the condition left them out */
	struct box_change change;
	bool began;		/* change.flags is known */
	bool gone;		/* a message was there no more */
	enum {
		STORE_CHANGES,
		STORE_SETTLES,
		STORE_TELLS
	} state;

	/* the slice */
	struct store_run runs[MUA_ROWS];
	size_t run_count;
	struct box_entry *entries;
	size_t room, count, told;
};

static void
store_drop(void *at)
{
	struct store_job *job = at;

	uids_drop(&job->set);
	uids_drop(&job->failed);
	free(job->entries);
}

/* Whether the entries of the slice are to be read. */
static bool
tells(const struct mua *m)
{
	return !m->imap.command.u.store.silent || view_condstore(m);
}

/* Change a run, and read what it has become. */
static int
change_run(struct mua *m, struct store_job *job, uint32_t first, uint32_t last)
{
	const struct box_span span = { m->view.box, first, last };
	struct db *db = m->service->db;
	struct store_run *run = &job->runs[job->run_count++];
	size_t got = 0;
	int err;

	*run = (struct store_run){ .first = first, .last = last };
	err = box_flags(db, &span, &job->change, &job->failed, &run->modseq);
	if (err == 0 && tells(m)) {
		err = box_entries(db, &span, job->entries + job->count,
		    job->room - job->count, &got);
		job->gone = job->gone || got <= last - first;
	}
	job->count += got;
	return err;
}

static int
change_slice(struct mua *m, struct store_job *job)
{
	uint32_t uid = uids_next(&job->set, job->next), last, rows = 0;
	int err = 0;

	job->run_count = job->count = job->told = 0;
	while (err == 0 && uid != 0 && rows < STORE_ROWS &&
	    job->run_count < MUA_ROWS) {
		must(uids_run(&job->set, uid, &last));
		if (last - uid >= STORE_ROWS - rows)
			last = uid + (STORE_ROWS - rows) - 1;
		rows += last - uid + 1;
		err = change_run(m, job, uid, last);
		uid = last == UINT32_MAX ? 0 : uids_next(&job->set, last + 1);
	}
	job->next = uid;
	return err;
}

/* The bits of the flags; a keyword that is to be taken away is not made. */
static int
learn_flags(struct mua *m, struct store_job *job)
{
	const struct imap_store *want = &m->imap.command.u.store;
	int err = mua_flag_bits(m, m->view.box, &want->flags,
	    want->how != IMAP_FLAGS_REMOVE, &job->change.flags);

	job->began = err == 0;
	return err;
}

/* The reply of one message. */
static void
tell(struct mua *m, const struct store_job *job, const struct box_entry *e,
	bool changed)
{
	const struct imap_command *c = &m->imap.command;
	struct buf *out = &m->imap.out;

	/* Who was left out is told by the news when somebody changed it. */
	if (uids_has(&job->failed, e->uid))
		return;
	if (!c->u.store.silent) {
		view_put_flags(m, e, c->uid);
		return;
	}
	if (!changed && !c->u.store.conditional)
		return;
	view_put_fetch(m, e->uid);
	if ((c->uid || (m->imap.enabled & IMAP_ENABLED_QRESYNC) != 0) &&
	    (m->imap.enabled & IMAP_ENABLED_UIDONLY) == 0)
		buf_add_format(out, "UID %" PRIu32 " ", e->uid);
	buf_add_format(out, "MODSEQ (%" PRIu64 "))\r\n", e->modseq);
}

/* The replies of the slice; false: out is full. */
static bool
tell_slice(struct mua *m, struct store_job *job)
{
	const struct store_run *run = job->runs;
	const struct box_entry *e;

	for (; job->told < job->count; job->told++) {
		if (mua_full(m))
			return false;
		e = &job->entries[job->told];
		while (e->uid > run->last)
			run++;
		tell(m, job, e, run->modseq != 0 && e->modseq == run->modseq);
	}
	return true;
}

/* The set of a response code: UIDs, or sequence numbers. */
static void
put_set(struct mua *m, struct buf *text, const struct uids *set)
{
	const bool uid = m->imap.command.uid ||
	    (m->imap.enabled & IMAP_ENABLED_UIDONLY) != 0;
	struct uids places = { .count = 0 };
	size_t n;

	for (n = 0; n < set->count && !uid; n++)
		uids_add(&places, uids_place(&m->view.uids,
		    set->runs[n].first), uids_place(&m->view.uids,
		    set->runs[n].last));
	uids_write(text, uid ? set : &places);
	uids_drop(&places);
}

static enum mua_go
store_end(struct mua *m, const struct store_job *job)
{
	const bool uid = m->imap.command.uid;
	/* RFC 2180 section 4.2.1 */
	const enum imap_end end = job->gone && !uid ? IMAP_NO : IMAP_OK;
	const char *text = end == IMAP_NO ? "Some are there no more." :
	    "It is done.";
	struct uids around = { .count = 0 };
	struct buf set;

	if (job->failed.count == 0 && end == IMAP_NO)
		return mua_end_code(m, end, text, "EXPUNGEISSUED");
	if (job->failed.count == 0)
		return mua_end(m, end, text);
	buf_init(&set, MUA_CODE_MAX - 64);
	put_set(m, &set, &job->failed);
	/* Too many to be named: all around them may have failed. */
	if (set.full) {
		buf_clear(&set);
		uids_add(&around, uids_next(&job->failed, 1),
		    uids_last(&job->failed));
		put_set(m, &set, &around);
		uids_drop(&around);
	}
	(void)mua_end_code(m, end, end == IMAP_NO ? text :
	    "Some were changed meanwhile.", "MODIFIED %s", buf_text(&set));
	buf_drop(&set);
	return MUA_DONE;
}

/* Begin; true: the command has ended. */
static bool
store_begin(struct mua *m)
{
	static const int how[] = {
		[IMAP_FLAGS_SET] = BOX_FLAGS_SET,
		[IMAP_FLAGS_ADD] = BOX_FLAGS_ADD,
		[IMAP_FLAGS_REMOVE] = BOX_FLAGS_REMOVE
	};
	const struct imap_command *c = &m->imap.command;
	const struct imap_store *want = &c->u.store;
	struct store_job *job = mua_job(m, sizeof *job, store_drop);

	if (mua_read_only(m))
		return true;
	if (!view_set(m, &c->set, c->uid, &job->set)) {
		(void)mua_end(m, IMAP_BAD, "There is no such message.");
		return true;
	}
	job->change.how = how[want->how];
	job->change.conditional = want->conditional;
	job->change.unchanged_since = want->unchanged_since;
	job->room = uids_len(&job->set);
	if (job->room > STORE_ROWS)
		job->room = STORE_ROWS;
	job->entries = xalloc(job->room + 1, sizeof *job->entries);
	job->next = uids_next(&job->set, 1);
	m->work_total = uids_len(&job->set);
	return false;
}

static enum mua_go
store_change(struct mua *m, struct store_job *job)
{
	int err = 0;

	if (job->next == 0)
		return store_end(m, job);
	if (!job->began)
		err = learn_flags(m, job);
	if (err == -EDQUOT)
		return mua_end_code(m, IMAP_NO,
		    "The mailbox has no room for another keyword.", "LIMIT");
	if (err == 0)
		err = change_slice(m, job);
	if (err != 0)
		return mua_end_errno(m, err);
	job->state = STORE_SETTLES;
	return MUA_SETTLE;
}

static enum mua_go
store_settled(struct mua *m, struct store_job *job)
{
	size_t n;

	if (m->settled != 0)
		return mua_end_errno(m, m->settled);
	for (n = 0; n < job->run_count; n++) {
		if (job->runs[n].modseq != 0)
			view_own(m, job->runs[n].modseq);
		m->work_done += job->runs[n].last - job->runs[n].first + 1;
	}
	job->state = STORE_TELLS;
	return MUA_AGAIN;
}

enum mua_go
mua_store(struct mua *m)
{
	struct store_job *job = m->job;

	if (job == NULL && store_begin(m))
		return MUA_DONE;
	job = m->job;
	if (job->state == STORE_SETTLES && store_settled(m, job) == MUA_DONE)
		return MUA_DONE;
	if (job->state == STORE_TELLS) {
		if (!tell_slice(m, job))
			return MUA_AGAIN;
		job->state = STORE_CHANGES;
		if (job->next != 0)
			return MUA_AGAIN;
	}
	return store_change(m, job);
}
