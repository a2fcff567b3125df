/*
 * What an outcome means. The reports are written before anything is changed:
 * that is where a full disk shows, and then nothing is changed at all.
 */
#include "app/post_note.h"

#include "app/post_notice.h"
#include "app/post_part.h"
#include "base/log.h"
#include "rules/retry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KINDS (BOUNCE_DELIVERED + 1)

static const char broken_off[] = "The attempt was broken off";

/* What is to become of a recipient. */
struct verdict {
	const struct queue_recipient *row;
	const struct carry_outcome *outcome;
	enum { VERDICT_DONE, VERDICT_FAILED, VERDICT_AGAIN, VERDICT_HELD } is;
	int64_t next;		/* VERDICT_AGAIN */
	bool expired;		/* VERDICT_FAILED: for time */
	bool told_late;
	bool reported;		/* in a report */
	enum bounce_kind kind;	/* of that */
};

/* A result being noted. */
struct note {
	struct post *p;
	struct post_result *result;
	struct notice_desk desk;
	struct carry_result said;
	struct queue_item *item;
	struct post_job *job;	/* NULL: of another wire, or another keeper */
	struct verdict verdicts[QUEUE_RECIPIENTS_MAX];
	size_t count;
	uint32_t chance;	/* the same for all: they stay together */

	bool locked_out;	/* the smart host that is in use now did it */
	bool mended;		/* another one did it, which was replaced */
	bool news;		/* somebody was not held for that already */
	bool told;		/* its owner knows */
	struct route route;	/* it */
	unsigned char mark[POST_MARK];
	struct buf route_text;

	struct message_writer *reports[KINDS];
	struct message_writer *notice;
	struct bounce_recipient recipients[QUEUE_RECIPIENTS_MAX];
};

static bool
is_of(const struct post_result *result, uint64_t id)
{
	size_t i;

	for (i = 0; i < result->count; i++)
		if (result->ids[i] == id)
			return true;
	return false;
}

/* Whether it was found when it was fetched that it cannot be read. */
static bool
is_unreadable(const struct note *n)
{
	return n->job != NULL && n->job->unreadable;
}

static bool
is_in_job(const struct note *n, uint64_t id)
{
	size_t i;

	for (i = 0; n->job != NULL && i < n->job->count; i++)
		if (n->job->ids[i] == id)
			return true;
	return false;
}

/*
 * A job that is over has an outcome for everybody: who got none was tried in
 * vain. Otherwise a courier that says nothing would be given it for ever.
 */
static void
complete(struct note *n)
{
	const struct queue_recipient *row;
	struct carry_result *said = &n->said;
	size_t i;

	if (!n->result->last)
		return;
	for (i = 0; i < n->item->count; i++) {
		row = &n->item->recipients[i];
		if (!is_in_job(n, row->id) || is_of(n->result, row->id) ||
		    said->count == QUEUE_RECIPIENTS_MAX)
			continue;
		said->outcomes[said->count++] = (struct carry_outcome){
			.id = row->id, .attempts = row->attempts,
			.fate = SMTP_TEMPORARY, .status = { 4, 4, 2 },
			.said = str_of(broken_off), .remote = STR("")
		};
	}
}

/*
 * Pair what was said with whom it is about. What was noted is passed over, and
 * who was not given to the courier that says it.
 */
static void
pair(struct note *n)
{
	const struct queue_recipient *row;
	size_t i, k;

	for (i = 0; i < n->said.count; i++)
		for (k = 0; k < n->item->count; k++) {
			row = &n->item->recipients[k];
			if (row->id != n->said.outcomes[i].id || row->attempts
			    != n->said.outcomes[i].attempts ||
			    (!is_of(n->result, row->id) &&
			    !is_in_job(n, row->id)))
				continue;
			n->verdicts[n->count++] = (struct verdict){
				.row = row, .outcome = &n->said.outcomes[i],
				.told_late = row->told_late
			};
		}
}

/*
 * Find whether the smart host is still the one that refused us: a name or a
 * password that was changed meanwhile is tried at once.
 */
static int
find_lockout(struct note *n)
{
	static const unsigned char none[POST_MARK];
	unsigned char mark[POST_MARK];
	size_t i;
	int err;

	if (!n->said.locked_out || n->count == 0)
		return 0;
	err = post_route_find(n->p, n->verdicts[0].row->route, &n->route,
	    &n->route_text);
	if (err != 0 || n->route.host.len == 0)
		return err == -EBADMSG ? 0 : err;
	post_mark(&n->route, mark);
	n->locked_out = !n->result->marked ||
	    memcmp(mark, n->result->mark, POST_MARK) == 0;
	n->mended = !n->locked_out &&
	    memcmp(none, n->result->mark, POST_MARK) != 0;
	memcpy(n->mark, mark, sizeof n->mark);
	for (i = 0; i < n->count && n->locked_out; i++)
		if (n->verdicts[i].row->state == QUEUE_WAITING)
			n->news = true;
	return n->news ? post_told_lockout(n->p, n->mark, &n->told) : 0;
}

static void
judge_late(struct note *n, struct verdict *v)
{
	if (v->told_late || !retry_is_late(n->item->letter.queued,
	    n->desk.now))
		return;
	v->told_late = true;
	v->kind = BOUNCE_DELAYED;
	v->reported = true;
}

static void
judge_temporary(struct note *n, struct verdict *v)
{
	if (n->locked_out || is_unreadable(n)) {
		v->is = VERDICT_HELD;
		return;
	}
	v->is = VERDICT_AGAIN;
	v->next = n->desk.now;
	if (n->mended)
		return;
	v->next = retry_next(v->row->attempts + 1, n->item->letter.queued,
	    n->desk.now, n->chance);
	if (v->next == RETRY_NEVER) {
		v->is = VERDICT_FAILED;
		v->expired = v->reported = true;
		v->kind = BOUNCE_FAILED;
		return;
	}
	judge_late(n, v);
}

/* RFC 3461 section 5.2.2: who does not report gets it reported for. */
static void
judge(struct note *n, struct verdict *v)
{
	switch (v->outcome->fate) {
	case SMTP_DELIVERED:
		v->is = VERDICT_DONE;
		v->kind = BOUNCE_RELAYED;
		v->reported = !v->outcome->reports;
		break;
	case SMTP_PERMANENT:
		v->is = VERDICT_FAILED;
		v->kind = BOUNCE_FAILED;
		v->reported = true;
		break;
	case SMTP_TEMPORARY:
	case SMTP_UNDECIDED:
		judge_temporary(n, v);
		break;
	}
	if (!bounce_is_due(n->item->letter.sender, v->row->notify, v->kind))
		v->reported = false;
}

/* List who is in a report of a kind. */
static size_t
list_reported(struct note *n, enum bounce_kind kind)
{
	const struct carry_outcome *o;
	const struct verdict *v;
	size_t i, count = 0;

	for (i = 0; i < n->count; i++) {
		v = &n->verdicts[i];
		o = v->outcome;
		if (!v->reported || v->kind != kind)
			continue;
		n->recipients[count++] = (struct bounce_recipient){
			.address = v->row->address, .orcpt = v->row->orcpt,
			.status = { o->status[0], o->status[1], o->status[2] },
			.code = o->code, .said = o->said,
			.remote = o->remote, .tried = n->desk.now,
			.expired = v->expired
		};
	}
	return count;
}

/* Write the report of a kind, if anybody is in it. */
static int
write_report(struct note *n, enum bounce_kind kind, struct buf *head)
{
	const struct queue_letter *letter = &n->item->letter;
	struct bounce b = {
		.kind = kind, .to = letter->sender, .envid = letter->envid,
		.queued = letter->queued,
		.until = letter->queued + RETRY_FOR_S,
		.recipients = n->recipients
	};

	b.count = list_reported(n, kind);
	if (b.count == 0)
		return 0;
	/* the clock has jumped: some attempts are made all the same */
	if (b.until < n->desk.now)
		b.until = n->desk.now + RETRY_WAIT_MAX_S;
	/* one that cannot be read is no reason to say nothing */
	if (head->len == 0 && queue_head(n->p->db, letter->id, head) != 0)
		buf_clear(head);
	b.head = buf_str(head);
	return notice_report(&n->desk, &b, &n->reports[kind]);
}

/* Tell the owner what is to be done about those who are held now. */
static int
write_notice(struct note *n)
{
	const struct carry_outcome *first = n->verdicts[0].outcome;
	size_t i;

	if (n->news && !n->told)
		return notice_locked_out(&n->desk, &n->route, first->code,
		    first->said, &n->notice);
	for (i = 0; i < n->count; i++)
		if (n->verdicts[i].is == VERDICT_HELD && !n->locked_out)
			return post_trouble_tell(n->p, n->item, TROUBLE_TEXT,
			    STR(""), &n->notice);
	return 0;
}

static int
write_notices(struct note *n)
{
	struct buf head;
	int err = 0;
	size_t kind;

	buf_init(&head, QUEUE_HEAD_MAX);
	for (kind = 0; err == 0 && kind < KINDS; kind++)
		err = write_report(n, (enum bounce_kind)kind, &head);
	buf_wipe(&head);
	return err != 0 ? err : write_notice(n);
}

static int
keep_notices(struct note *n)
{
	struct message_writer *w;
	size_t kind;
	int err = 0;

	for (kind = 0; err == 0 && kind < KINDS; kind++) {
		w = n->reports[kind];
		n->reports[kind] = NULL;
		err = notice_keep(&n->desk, w);
	}
	if (err == 0) {
		w = n->notice;
		n->notice = NULL;
		err = notice_keep(&n->desk, w);
	}
	return err;
}

static void
log_outcome(const struct note *n, const struct verdict *v)
{
	static const char *const events[] = {
		[VERDICT_DONE] = "delivered", [VERDICT_FAILED] = "bounced",
		[VERDICT_AGAIN] = "deferred", [VERDICT_HELD] = "held"
	};
	const struct carry_outcome *o = v->outcome;
	struct buf status;

	buf_init(&status, 32);
	smtp_status_add(&status, o->status);
	log_event(v->is == VERDICT_HELD ? LOG_ERROR : LOG_INFO, events[v->is],
	    LOG_N("queue", (int64_t)n->item->letter.id),
	    LOG_S("domain", v->row->route), LOG_N("code", o->code),
	    LOG_S("status", buf_str(&status)), LOG_S("remote", o->remote),
	    LOG_N("attempts", v->row->attempts + 1),
	    LOG_N("reported", v->reported));
	buf_drop(&status);
}

/* Change the row of a recipient. */
static int
change(struct note *n, const struct verdict *v)
{
	const struct carry_outcome *o = v->outcome;
	struct queue_attempt attempt = {
		.number = o->attempts, .next = v->next, .code = o->code,
		.status = { o->status[0], o->status[1], o->status[2] },
		.said = o->said, .remote = o->remote,
		.told_late = v->told_late
	};
	bool met;

	if (v->is == VERDICT_DONE || v->is == VERDICT_FAILED)
		return queue_done(n->p->db, v->row->id, &met);
	if (v->is == VERDICT_HELD) {
		attempt.state = QUEUE_HELD;
		attempt.next = n->desk.now;
		if (n->locked_out)
			memcpy(attempt.status, post_lockout,
			    sizeof attempt.status);
		else
			attempt.said = post_trouble_said(TROUBLE_TEXT);
	}
	return queue_tried(n->p->db, v->row->id, &attempt, &met);
}

/*
 * Hold those that go where these were locked out. Once that is told, all that
 * could be found is held already but what came since, by these routes.
 */
static int
hold_others(struct note *n)
{
	const struct str *route, *latest = NULL;
	size_t i;
	int err = 0;

	if (!n->told)
		return post_hold_smart(n->p, n->mark);
	for (i = 0; err == 0 && i < n->count; i++) {
		route = &n->verdicts[i].row->route;
		if (latest == NULL || !str_equal(*route, *latest))
			err = queue_hold_route(n->p->db, route);
		latest = route;
	}
	return err;
}

static int
note_all(struct note *n)
{
	size_t i;
	int err;

	crypto_random(&n->chance, sizeof n->chance);
	complete(n);
	pair(n);
	err = find_lockout(n);
	for (i = 0; i < n->count; i++)
		judge(n, &n->verdicts[i]);
	if (err == 0)
		err = write_notices(n);
	if (err != 0)
		return err;
	err = keep_notices(n);
	for (i = 0; err == 0 && i < n->count; i++)
		err = change(n, &n->verdicts[i]);
	if (err == 0 && n->news)
		err = hold_others(n);
	if (err != 0) {
		n->result->doomed = true;
		return db_doom(n->p->db, err);
	}
	for (i = 0; i < n->count; i++)
		log_outcome(n, &n->verdicts[i]);
	return 0;
}

int
post_note_result(struct post *p, struct post_result *result)
{
	struct note *n;
	size_t kind;
	int err;

	result->doomed = false;
	if (result->letter == 0)
		return 0;
	n = xalloc(1, sizeof *n);
	n->p = p;
	n->result = result;
	n->desk = (struct notice_desk){
		.db = p->db, .era = p->era, .now = p->loop->clock.unix_s
	};
	buf_init(&n->route_text, POST_ROUTE_TEXT);
	if (result->wire == p->wires)
		n->job = post_job_find(p, result->number);
	must(carry_result_read(&n->said, buf_str(&result->body)) == 0);
	err = queue_item(p->db, result->letter, &n->item);
	if (err == 0)
		err = note_all(n);
	else if (err == -ENOENT)
		err = 0;
	for (kind = 0; kind < KINDS; kind++)
		message_abort(n->reports[kind]);
	message_abort(n->notice);
	queue_item_drop(n->item);
	buf_wipe(&n->route_text);
	free(n);
	return err;
}
