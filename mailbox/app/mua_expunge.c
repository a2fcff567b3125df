/*
 * EXPUNGE and UID EXPUNGE (RFC 9051 sections 6.4.3 and 6.4.9), and what CLOSE
 * removes. What is gone is told by the view, with all other news.
 *
 * A slice of entries is looked at in a step; when some are to go, the next
 * slice waits for the commit.
 */
#include "app/mua_mailbox.h"

#include <errno.h>
#include <inttypes.h>

struct expunge_job {
	struct mua_walk walk;
	uint64_t modseq;	/* of the mailbox after the latest; 0: none */
	bool settling;
	struct box_entry entries[MUA_ROWS];
	uint32_t uids[MUA_ROWS];
};

int
mua_walk_on(struct mua *m, struct mua_walk *walk, struct box_entry *to,
	size_t room, size_t *count)
{
	struct box_span span = { .box = walk->box,
	    .first = uids_next(&walk->set, walk->next) };
	size_t runs, got;
	int err = 0;

	*count = 0;
	for (runs = 0; runs < MUA_ROWS && span.first != 0 && *count < room;
	    runs++) {
		must(uids_run(&walk->set, span.first, &span.last));
		err = box_entries(m->service->db, &span, to + *count,
		    room - *count, &got);
		if (err != 0)
			return err;
		*count += got;
		/* Full before the end of the run: go on behind the last. */
		if (*count == room && got > 0)
			span.last = to[*count - 1].uid;
		span.first = span.last == UINT32_MAX ? 0 :
		    uids_next(&walk->set, span.last + 1);
	}
	walk->next = span.first;
	return 0;
}

static void
expunge_drop(void *at)
{
	struct expunge_job *job = at;

	uids_drop(&job->walk.set);
}

/* Which UIDs are to go, of those given or of all. */
static int
expunge_set(struct mua *m, struct expunge_job *job)
{
	const struct imap_command *c = &m->imap.command;
	struct uids given = { .count = 0 }, deleted = { .count = 0 };
	int err;

	job->walk.box = m->view.box;
	job->walk.next = 1;
	if (c->verb != IMAP_EXPUNGE || !c->uid)
		return box_deleted_uids(m->service->db, m->view.box,
		    &job->walk.set);
	err = box_deleted_uids(m->service->db, m->view.box, &deleted);
	/* UIDs that are none are passed over. */
	if (view_set(m, &c->set, true, &given))
		uids_meet(&job->walk.set, &given, &deleted);
	uids_drop(&given);
	uids_drop(&deleted);
	return err;
}

/* Begin; true: the command has ended. */
static bool
expunge_begin(struct mua *m)
{
	struct expunge_job *job = mua_job(m, sizeof *job, expunge_drop);
	int err;

	if (mua_read_only(m))
		return true;
	err = expunge_set(m, job);
	if (err != 0)
		(void)mua_end_errno(m, err);
	else if (job->walk.set.count == 0)
		(void)mua_end(m, IMAP_OK, "None was to go.");
	else
		return false;
	return true;
}

/* Delete those of a slice that still have \Deleted. Returns: 1: some; 0: none;
   negative errno. */
static int
expunge_slice(struct mua *m, struct expunge_job *job)
{
	struct db *db = m->service->db;
	struct box_status status;
	size_t n, count, gone = 0;
	int err = mua_walk_on(m, &job->walk, job->entries, MUA_ROWS, &count);

	if (err != 0)
		return err;
	for (n = 0; n < count; n++)
		if ((job->entries[n].flags & BOX_DELETED) != 0)
			job->uids[gone++] = job->entries[n].uid;
	if (gone == 0)
		return 0;
	err = box_delete(db, m->view.box, job->uids, gone);
	if (err == 0)
		err = box_status(db, m->view.box, &status);
	if (err != 0)
		return err;
	job->modseq = status.modseq;
	m->work_done += gone;
	return 1;
}

static enum mua_go
expunge_end(struct mua *m, const struct expunge_job *job)
{
	/* RFC 7162 sections 3.2.7 and 3.2.8: never to a CLOSE. */
	if (job->modseq != 0 && m->imap.command.verb != IMAP_CLOSE &&
	    notify_hears_all(m) &&
	    (m->imap.enabled & IMAP_ENABLED_QRESYNC) != 0)
		return mua_end_code(m, IMAP_OK, "They are gone.",
		    "HIGHESTMODSEQ %" PRIu64, job->modseq);
	return mua_end(m, IMAP_OK, "They are gone.");
}

enum mua_go
mua_expunge(struct mua *m)
{
	struct expunge_job *job = m->job;
	int some;

	if (job == NULL && expunge_begin(m))
		return MUA_DONE;
	job = m->job;
	if (job->settling && m->settled != 0)
		return mua_end_errno(m, m->settled);
	job->settling = false;
	if (job->walk.next == 0)
		return expunge_end(m, job);
	some = expunge_slice(m, job);
	if (some < 0)
		return mua_end_errno(m, some);
	job->settling = some > 0;
	return some > 0 ? MUA_SETTLE : MUA_AGAIN;
}
