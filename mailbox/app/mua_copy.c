/*
 * COPY and MOVE (RFC 9051 sections 6.4.7 and 6.4.8, RFC 6851, RFC 4315).
 *
 * A slice is copied, and with MOVE also removed, in one transaction. A COPY
 * that cannot be finished takes back what it has done, even when its session
 * ends; of a MOVE each message is in the one mailbox or in the other.
 */
#include "app/mua_mailbox.h"

#include <errno.h>
#include <inttypes.h>

#define COPY_CODE_MAX 32768	/* bytes of one COPYUID */
#define COPY_CODE_UIDS 1024	/* and UIDs of one, when they are several */

struct copy_job {
	struct db *db;
	bool move;
	int64_t to;
	uint32_t uidvalidity;		/* of the target */
	uint64_t modseq;		/* of the source, after a MOVE */
	struct mua_walk walk;		/* of the source */
	enum {
		COPY_WORKS,
		COPY_SETTLES,
		COPY_TELLS,
		COPY_FAILS,		/* wait for the commit, whatever comes
					   of it, and take back */
		COPY_TAKES_BACK
	} state;
	int err;			/* why it fails; 0 */
	uint32_t told;			/* of taken and given */
	struct uids taken, given;	/* UIDs there and here */
	struct keywords keywords;	/* of the source */
	uint64_t known;			/* bits of flags whose like is known */
	uint64_t like[64];		/* in the target */

	/* the slice */
	struct box_entry entries[MUA_ROWS];
	uint32_t uids[MUA_ROWS];
	size_t count;
	uint32_t first;			/* UID that the first got */
};

/* Take back a part of what was copied. */
static int
take_back(struct copy_job *job)
{
	const uint32_t uid = uids_next(&job->given, 1);
	uint32_t n, last;

	must(uids_run(&job->given, uid, &last));
	for (n = 0; n < MUA_ROWS && n <= last - uid; n++)
		job->uids[n] = uid + n;
	uids_remove(&job->given, uid, uid + n - 1);
	return box_delete(job->db, job->to, job->uids, n);
}

static void
copy_drop(void *at)
{
	struct copy_job *job = at;

	/* What waits for its commit is there as well. */
	if (job->state == COPY_SETTLES && job->count > 0)
		uids_add(&job->given, job->first,
		    job->first + (uint32_t)job->count - 1);
	if (!job->move && job->state != COPY_TELLS)
		while (job->given.count > 0 && take_back(job) == 0)
			;
	uids_drop(&job->walk.set);
	uids_drop(&job->taken);
	uids_drop(&job->given);
	keyword_list_drop(&job->keywords);
}

/* Learn what the bits of flags are in the target. */
static int
learn_like(struct mua *m, struct copy_job *job, uint64_t flags)
{
	uint64_t bit;
	int err = 0;
	size_t n;

	if ((flags & ~job->known) == 0)
		return 0;
	keyword_list_drop(&job->keywords);
	err = keyword_list(job->db, m->view.box, &job->keywords);
	for (n = 0; n < 64 && err == 0; n++) {
		bit = UINT64_C(1) << n;
		if ((flags & ~job->known & bit) == 0)
			continue;
		err = mua_flags_move(m, &job->keywords, job->to, bit,
		    &job->like[n]);
		/* RFC 9051 section 6.4.7: flags should be kept; messages
		   must. */
		if (err == -EDQUOT)
			err = 0;
		job->known |= bit;
	}
	return err;
}

/* Give the entries of the slice the flags of the target. */
static int
translate(struct mua *m, struct copy_job *job)
{
	uint64_t all = 0, flags;
	size_t i, n;
	int err;

	for (i = 0; i < job->count; i++)
		all |= job->entries[i].flags;
	err = learn_like(m, job, all);
	for (i = 0; i < job->count && err == 0; i++) {
		flags = 0;
		for (n = 0; job->entries[i].flags >> n != 0; n++)
			if ((job->entries[i].flags >> n & 1) != 0)
				flags |= job->like[n];
		job->entries[i].flags = flags;
		job->uids[i] = job->entries[i].uid;
	}
	return err;
}

/* The source loses what was moved. */
static int
remove_slice(struct mua *m, struct copy_job *job)
{
	struct box_status status;
	int err = box_delete(job->db, m->view.box, job->uids, job->count);

	if (err == 0)
		err = box_status(job->db, m->view.box, &status);
	if (err == 0)
		job->modseq = status.modseq;
	return err;
}

static int
copy_slice(struct mua *m, struct copy_job *job)
{
	struct box_status status;
	int err;

	/* Either mailbox may have been removed since the last slice. */
	err = box_status(job->db, m->view.box, &status);
	if (err == 0)
		err = box_status(job->db, job->to, &status);
	if (err != 0)
		return err;
	job->uidvalidity = status.uidvalidity;
	err = mua_walk_on(m, &job->walk, job->entries, MUA_ROWS, &job->count);
	if (err == 0)
		err = translate(m, job);
	if (err == 0)
		err = box_copy(job->db, job->to, job->entries, job->count,
		    &job->first);
	if (err == 0 && job->move)
		err = remove_slice(m, job);
	return err;
}

/* The slice is durable. */
static void
note_slice(struct mua *m, struct copy_job *job)
{
	size_t n;

	for (n = 0; n < job->count; n++)
		uids_add(&job->taken, job->uids[n], job->uids[n]);
	if (job->count > 0)
		uids_add(&job->given, job->first,
		    job->first + (uint32_t)job->count - 1);
	m->work_done += job->count;
}

/* Add the members of a set from one place to another, both within it. */
static void
put_places(struct buf *code, const struct uids *set, uint32_t from,
	uint32_t to)
{
	struct uids all = { .count = 0 }, some = { .count = 0 };

	uids_add(&all, uids_at(set, from), uids_at(set, to));
	uids_meet(&some, &all, set);
	uids_write(code, &some);
	uids_drop(&all);
	uids_drop(&some);
}

/* COPYUID of some of the messages, those at places of both sets. */
static void
put_code(struct buf *code, const struct copy_job *job, uint32_t from,
	uint32_t to)
{
	buf_add_format(code, "COPYUID %" PRIu32 " ", job->uidvalidity);
	put_places(code, &job->taken, from, to);
	buf_add_char(code, ' ');
	put_places(code, &job->given, from, to);
}

/*
 * COPYUID as untagged replies: before what was moved vanishes (RFC 6851
 * section 4.3), or when one code cannot hold it. False: out is full.
 */
static bool
put_codes(struct mua *m, struct copy_job *job)
{
	const uint32_t count = uids_len(&job->taken);
	struct buf code;
	uint32_t to;

	for (; job->told < count && !mua_full(m); job->told = to) {
		to = count;
		buf_init(&code, COPY_CODE_MAX);
		put_code(&code, job, job->told + 1, to);
		if (code.full) {
			buf_clear(&code);
			if (count - job->told > COPY_CODE_UIDS)
				to = job->told + COPY_CODE_UIDS;
			put_code(&code, job, job->told + 1, to);
		}
		buf_add_format(&m->imap.out, "* OK [%s] They are there.\r\n",
		    buf_text(&code));
		buf_drop(&code);
	}
	return job->told == count;
}

/* The last word. */
static enum mua_go
copy_end(struct mua *m, const struct copy_job *job)
{
	int64_t box;

	if (job->err == -ESTALE)
		return mua_end_code(m, IMAP_NO, "Some are there no more.",
		    "EXPUNGEISSUED");
	if (job->err == -ENOENT && mailbox_find(job->db,
	    m->imap.command.mailbox, &box) == -ENOENT)
		return mua_end_code(m, IMAP_NO, "There is no such mailbox.",
		    "TRYCREATE");
	if (job->err != 0)
		return mua_end_errno(m, job->err);
	/* RFC 6851 section 4.4 */
	if (job->modseq != 0 && notify_hears_all(m) &&
	    (m->imap.enabled & IMAP_ENABLED_CONDSTORE) != 0)
		return mua_end_code(m, IMAP_OK, "They are moved.",
		    "HIGHESTMODSEQ %" PRIu64, job->modseq);
	return mua_end(m, IMAP_OK, "It is done.");
}

static enum mua_go
copy_tell(struct mua *m, struct copy_job *job)
{
	if (!put_codes(m, job))
		return MUA_AGAIN;
	return copy_end(m, job);
}

/* All are copied. */
static enum mua_go
copy_whole(struct mua *m, struct copy_job *job)
{
	struct buf code;
	bool told;

	job->state = COPY_TELLS;
	if (job->move || job->taken.count == 0)
		return copy_tell(m, job);
	buf_init(&code, COPY_CODE_MAX);
	put_code(&code, job, 1, uids_len(&job->taken));
	told = !code.full;
	if (told)
		(void)mua_end_code(m, IMAP_OK, "They are copied.", "%s",
		    buf_text(&code));
	buf_drop(&code);
	return told ? MUA_DONE : copy_tell(m, job);
}

/* It cannot be finished. */
static enum mua_go
copy_fail(struct mua *m, struct copy_job *job, int err)
{
	job->err = err;
	if (job->move || job->given.count == 0) {
		job->state = COPY_TELLS;
		return copy_tell(m, job);
	}
	job->state = COPY_FAILS;
	return MUA_SETTLE;
}

static enum mua_go
copy_take_back(struct mua *m, struct copy_job *job)
{
	/* Who cannot even delete has no other way. */
	const bool can = job->state == COPY_FAILS || m->settled == 0;

	if (can && job->given.count > 0 && take_back(job) == 0) {
		job->state = COPY_TAKES_BACK;
		return MUA_SETTLE;
	}
	uids_clear(&job->given);
	return copy_end(m, job);
}

/* Begin; true: the command has ended. */
static bool
copy_begin(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	struct copy_job *job = mua_job(m, sizeof *job, copy_drop);

	job->db = m->service->db;
	job->move = c->verb == IMAP_MOVE;
	if (job->move && mua_read_only(m))
		return true;
	if (!mua_find(m, "TRYCREATE", &job->to))
		return true;
	if (!view_set(m, &c->set, c->uid, &job->walk.set)) {
		(void)mua_end(m, IMAP_BAD, "There is no such message.");
		return true;
	}
	job->walk.box = m->view.box;
	job->walk.next = uids_next(&job->walk.set, 1);
	m->work_total = uids_len(&job->walk.set);
	return false;
}

static enum mua_go
copy_on(struct mua *m, struct copy_job *job)
{
	int err;

	if (job->walk.next == 0) {
		/* RFC 2180 section 4.4.1: some are gone, none is copied. */
		if (!m->imap.command.uid &&
		    uids_len(&job->taken) < uids_len(&job->walk.set))
			return copy_fail(m, job, -ESTALE);
		return copy_whole(m, job);
	}
	err = copy_slice(m, job);
	if (err != 0)
		return copy_fail(m, job, err);
	job->state = COPY_SETTLES;
	return MUA_SETTLE;
}

enum mua_go
mua_copy(struct mua *m)
{
	struct copy_job *job = m->job;

	if (job == NULL && copy_begin(m))
		return MUA_DONE;
	job = m->job;
	switch (job->state) {
	case COPY_SETTLES:
		job->state = COPY_WORKS;
		if (m->settled != 0)
			return copy_fail(m, job, m->settled);
		note_slice(m, job);
		break;
	case COPY_TELLS:
		return copy_tell(m, job);
	case COPY_FAILS:
	case COPY_TAKES_BACK:
		return copy_take_back(m, job);
	case COPY_WORKS:
		break;
	}
	return copy_on(m, job);
}
