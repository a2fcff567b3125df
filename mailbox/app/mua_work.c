/*
 * A command from IMAP_DO to its reply: its steps, each in a turn of its own,
 * then the news that may be told after it, then imap_done().
 */
#include "app/mua_part.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 8		/* commands of a session in one turn */
#define PULSE_MS 10000		/* RFC 9585 section 4 */

enum mua_go
mua_end(struct mua *m, enum imap_end end, const char *text)
{
	m->end = end;
	m->end_text = text;
	return MUA_DONE;
}

enum mua_go
mua_end_code(struct mua *m, enum imap_end end, const char *text,
	const char *format, ...)
{
	va_list values, again;
	char *space = NULL;
	int len;

	va_start(values, format);
	va_copy(again, values);
	len = vsnprintf(NULL, 0, format, values);
	buf_clear(&m->code);
	if (len >= 0)
		space = buf_space(&m->code, (size_t)len + 1);
	if (space != NULL) {
		(void)vsnprintf(space, (size_t)len + 1, format, again);
		buf_grew(&m->code, (size_t)len);
	}
	va_end(again);
	va_end(values);
	return mua_end(m, end, text);
}

/* What errors of the store are to a mail program (RFC 5530 section 3). */
static const struct trouble {
	int err;
	const char *code;
	const char *text;
} troubles[] = {
	{ ENOSPC, "OVERQUOTA", "The disk is full." },
	{ EDQUOT, "OVERQUOTA", "There is no room for more." },
	{ EFBIG, "LIMIT", "That is too large." },
	{ E2BIG, "LIMIT", "That is too large." },
	{ EOVERFLOW, "LIMIT", "There are too many." },
	{ EEXIST, "ALREADYEXISTS", "It is there already." },
	{ ENOENT, "NONEXISTENT", "It is not there, or no longer." },
	{ EPERM, "CANNOT", "That cannot be done." },
	{ EINVAL, "CANNOT", "That cannot be done." },
	{ EBUSY, "INUSE", "Somebody else is at work; try again." },
	{ EROFS, "UNAVAILABLE", "The disk can only be read." },
	{ EBADMSG, "CORRUPTION", "The message is damaged." },
	{ EUCLEAN, "CORRUPTION", "The mailbox is damaged." },
	{ EIO, "SERVERBUG", "The disk failed; the log has more." },
};

enum mua_go
mua_end_errno(struct mua *m, int err)
{
	size_t n;

	for (n = 0; n < countof(troubles) - 1; n++)
		if (troubles[n].err == -err)
			break;
	return mua_end_code(m, IMAP_NO, troubles[n].text, "%s",
	    troubles[n].code);
}

enum mua_go
mua_break(struct mua *m)
{
	m->broken = true;
	return MUA_DONE;
}

/* RFC 4978 */
static enum mua_go
compress_begin(struct mua *m)
{
	if (m->imap.compressed)
		return mua_end_code(m, IMAP_NO, "It is compressed already.",
		    "COMPRESSIONACTIVE");
	m->packs = true;
	return mua_end(m, IMAP_OK, "From here on compressed.");
}

/* What a command is. */
static const struct command {
	enum mua_go (*step)(struct mua *m);
	bool changes;	/* it may join the changes of others; all others
			   see what is committed */
	bool numbers;	/* without UID no EXPUNGE may follow it (RFC 9051
			   section 7.5.1) */
} commands[IMAP_VERBS] = {
	[IMAP_SELECT] = { .step = mua_select },
	[IMAP_EXAMINE] = { .step = mua_select },
	[IMAP_CREATE] = { .step = mua_create, .changes = true },
	[IMAP_DELETE] = { .step = mua_delete, .changes = true },
	[IMAP_RENAME] = { .step = mua_rename, .changes = true },
	[IMAP_SUBSCRIBE] = { .step = mua_subscribe, .changes = true },
	[IMAP_UNSUBSCRIBE] = { .step = mua_subscribe, .changes = true },
	[IMAP_LIST] = { .step = mua_list },
	[IMAP_LSUB] = { .step = mua_list },
	[IMAP_NAMESPACE] = { .step = mua_namespace },
	[IMAP_STATUS] = { .step = mua_status },
	[IMAP_APPEND] = { .step = mua_append, .changes = true },
	[IMAP_COMPRESS] = { .step = compress_begin },
	[IMAP_GETQUOTA] = { .step = mua_quota },
	[IMAP_GETQUOTAROOT] = { .step = mua_quota },
	[IMAP_SETQUOTA] = { .step = mua_quota },
	[IMAP_GETMETADATA] = { .step = mua_get_metadata },
	[IMAP_SETMETADATA] = { .step = mua_set_metadata, .changes = true },
	[IMAP_NOTIFY] = { .step = mua_notify },
	[IMAP_CLOSE] = { .step = mua_close, .changes = true },
	[IMAP_UNSELECT] = { .step = mua_close },
	[IMAP_EXPUNGE] = { .step = mua_expunge, .changes = true },
	[IMAP_SEARCH] = { .step = mua_search, .numbers = true },
	[IMAP_SORT] = { .step = mua_sort, .numbers = true },
	[IMAP_THREAD] = { .step = mua_sort, .numbers = true },
	[IMAP_FETCH] = { .step = mua_fetch, .numbers = true },
	[IMAP_STORE] = { .step = mua_store, .changes = true, .numbers = true },
	[IMAP_COPY] = { .step = mua_copy, .changes = true },
	[IMAP_MOVE] = { .step = mua_copy, .changes = true },
	[IMAP_REPLACE] = { .step = mua_append, .changes = true },
};

static void
job_drop(struct mua *m)
{
	void *job = m->job;

	m->job = NULL;
	if (job != NULL && m->job_drop != NULL)
		m->job_drop(job);
	free(job);
}

void *
mua_job(struct mua *m, size_t size, void (*drop)(void *job))
{
	job_drop(m);
	m->job = xalloc(1, size);
	m->job_drop = drop;
	return m->job;
}

bool
mua_full(const struct mua *m)
{
	return m->imap.out.len >= IMAP_OUT_STOP;
}

bool
mua_unsettled(const struct mua *m)
{
	return db_pending(m->service->db) == DB_URGENT;
}

/* Wait until this turn has settled: for a commit, or (calm) for its end. */
static void
settle(struct mua *m, bool calm)
{
	m->state = MUA_SETTLES;
	m->calm = calm;
	conn_pause(&m->conn);
	list_add(&m->service->settling, &m->settling);
}

/* Go on in a later turn, when out has room. */
static void
later(struct mua *m)
{
	conn_pause(&m->conn);
	if (mua_full(m)) {
		m->state = MUA_WAITS;
		conn_flush(&m->conn);
	} else {
		m->state = MUA_WORKS;
		timer_set(m->service->common.loop, &m->turn, 0);
	}
}

static void
on_pulse(struct timer *t)
{
	struct mua *m = list_of(t, struct mua, pulse);
	struct buf *out = &m->imap.out;

	if (m->work_total > 0 && m->state != MUA_WAITS) {
		buf_add_text(out, "* OK [INPROGRESS (");
		imap_put_string(out, m->imap.command.tag);
		buf_add_format(out, " %" PRIu64 " %" PRIu64
		    ")] Still at work.\r\n", m->work_done, m->work_total);
		conn_flush(&m->conn);
	}
	timer_set(m->service->common.loop, t, PULSE_MS);
}

void
mua_work_drop(struct mua *m)
{
	timer_cancel(m->service->common.loop, &m->turn);
	timer_cancel(m->service->common.loop, &m->pulse);
	job_drop(m);
	m->step = NULL;
	m->over = false;
}

/*
 * One step; true when the command is over, else it was arranged how it goes
 * on.
 */
static bool
step(struct mua *m)
{
	const enum imap_verb verb = m->imap.command.verb;
	enum mua_go go;
	uint32_t uid;

	if (m->step == NULL)
		return true;
	if (!commands[verb].changes && mua_unsettled(m)) {
		settle(m, true);
		return false;
	}
	db_look(m->service->db);
	uid = commands[verb].changes ? notify_before(m) : 0;
	go = m->step(m);
	notify_after(m, uid);
	db_looked(m->service->db);
	/* What is lost of a reply cannot be told otherwise. */
	if (m->imap.out.full) {
		log_event(LOG_ERROR, "reply-too-long",
		    LOG_N("session", m->number), LOG_N("verb", verb));
		go = mua_break(m);
	}
	switch (go) {
	case MUA_DONE:
		return true;
	case MUA_AGAIN:
		later(m);
		return false;
	case MUA_SETTLE:
		/* Perhaps nothing had to be changed. */
		m->settled = 0;
		if (mua_unsettled(m))
			settle(m, false);
		else
			later(m);
		return false;
	}
	must(false);
	return false;
}

/* Whether message numbers stand in a search; as deep as IMAP_NEST_MAX. */
static bool
has_numbers(const struct imap_search_key *key)
{
	for (; key != NULL; key = key->next)
		if ((key->key == IMAP_KEY_SET && key->set.count > 0) ||
		    has_numbers(key->child))
			return true;
	return false;
}

/*
 * Whether who is gone may be told after a command (RFC 9051 section 7.5.1, RFC
 * 7162 section 3.2.10).
 */
static bool
may_expunge(const struct imap_command *c)
{
	const bool searches = c->verb == IMAP_SEARCH ||
	    c->verb == IMAP_SORT || c->verb == IMAP_THREAD;

	if (c->uid && searches)
		return !has_numbers(c->u.search.top);
	return c->uid || !commands[c->verb].numbers;
}

/* Tell the news after a command; true when all are told. */
static bool
tell(struct mua *m)
{
	bool more;

	if (m->view.open && mua_unsettled(m)) {
		settle(m, true);
		return false;
	}
	db_look(m->service->db);
	more = view_tell(m, may_expunge(&m->imap.command));
	db_looked(m->service->db);
	if (more) {
		later(m);
		return false;
	}
	return true;
}

bool
mua_work(struct mua *m)
{
	if (!m->over && !step(m)) {
		if (m->pulse.slot == 0)
			timer_set(m->service->common.loop, &m->pulse,
			    PULSE_MS);
		return false;
	}
	m->over = true;
	m->work_total = 0;
	if (m->broken) {
		mua_work_drop(m);
		return true;
	}
	if (m->unasked) {
		mua_work_drop(m);
		buf_drop(&m->code);
		notify_fetched(m);
		return true;
	}
	if (!tell(m))
		return false;
	mua_work_drop(m);
	imap_done(&m->imap, m->end, buf_str(&m->code), m->end_text);
	buf_drop(&m->code);
	if (m->lost)
		imap_bye(&m->imap, MUA_LOST);
	return true;
}

bool
mua_begin(struct mua *m)
{
	const enum imap_verb verb = m->imap.command.verb;

	m->commands++;
	m->pulse.fire = on_pulse;
	m->work_done = m->work_total = 0;
	m->over = false;
	m->view.goal_modseq = 0;
	m->settled = 0;
	notify_began(m);
	buf_clear(&m->code);
	m->step = commands[verb].step;
	(void)mua_end(m, IMAP_OK, "Done.");
	if (m->step == NULL && verb != IMAP_NOOP && verb != IMAP_CHECK &&
	    verb != IMAP_IDLE)
		(void)mua_end_code(m, IMAP_NO, "This is not offered.",
		    "CANNOT");
	if (++m->chain <= CHAIN_MAX)
		return mua_work(m);
	later(m);
	return false;
}
