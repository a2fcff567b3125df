/*
 * When the queue is looked at, and who is at the courier.
 *
 * Invariants:
 * 1. A recipient is handed out only while it is neither at the courier nor
 *    in a result that is not yet on stable storage: nobody is sent to twice.
 * 2. Only what is committed is handed out, and only what is committed is told
 *    to be noted.
 * 3. What a courier has died with is put off, no attempt counted: one that it
 *    died of is not to take it along for ever (post_lost.c). A keeper that is
 *    stopped, or dies, leaves its rows as they were.
 */
#include "app/post_part.h"

#include "rules/retry.h"

#include <stdlib.h>

#define LOOK_MS 5000		/* while somebody is in the queue: the command
				   line may have changed something */
#define LOOK_IDLE_MS 60000
#define HELD_NAMES_MAX 256	/* bytes: one route is enough */

bool
post_busy(const struct post *p, uint64_t recipient)
{
	const struct post_result *result;
	const struct post_job *job;
	struct list *link;
	size_t i;

	for (link = p->jobs.next; link != &p->jobs; link = link->next) {
		job = list_of(link, struct post_job, link);
		for (i = 0; i < job->count; i++)
			if (job->ids[i] == recipient)
				return true;
	}
	for (link = p->results.next; link != &p->results; link = link->next) {
		result = list_of(link, struct post_result, link);
		for (i = 0; i < result->count; i++)
			if (result->ids[i] == recipient)
				return true;
	}
	for (i = 0; i < p->told_count; i++)
		if (p->told[i].recipient == recipient)
			return true;
	return false;
}

bool
post_is_due(const struct post *p, const struct queue_recipient *r)
{
	int64_t now = p->loop->clock.unix_s;

	return r->state == QUEUE_WAITING && (r->next <= now ||
	    r->next > now + RETRY_WAIT_MAX_S);
}

static void
job_forget(struct post_job *job, uint64_t id)
{
	size_t i;

	for (i = 0; i < job->count; i++)
		if (job->ids[i] == id)
			job->ids[i--] = job->ids[--job->count];
}

void
post_forget(struct post *p, const uint64_t *ids, size_t count)
{
	struct list *link;
	size_t i, n;

	for (n = 0; n < count; n++) {
		for (link = p->jobs.next; link != &p->jobs; link = link->next)
			job_forget(list_of(link, struct post_job, link),
			    ids[n]);
		for (i = 0; i < p->told_count; i++)
			if (p->told[i].recipient == ids[n])
				p->told[i--] = p->told[--p->told_count];
	}
}

struct post_job *
post_job_new(struct post *p, uint32_t number, uint64_t letter)
{
	struct post_job *job = xalloc(1, sizeof *job);

	job->number = number;
	job->letter = letter;
	list_add(&p->jobs, &job->link);
	p->job_count++;
	return job;
}

struct post_job *
post_job_find(const struct post *p, uint32_t number)
{
	struct post_job *job;
	struct list *link;

	for (link = p->jobs.next; link != &p->jobs; link = link->next) {
		job = list_of(link, struct post_job, link);
		if (job->number == number)
			return job;
	}
	return NULL;
}

void
post_job_drop(struct post *p, struct post_job *job)
{
	if (p->piece_of == job)
		p->piece_of = NULL;
	queue_close(job->reader);
	list_take(&job->link);
	p->job_count--;
	free(job);
}

/* Whether somebody waits for the owner. */
static bool
somebody_held(struct post *p)
{
	struct buf names;
	bool is;

	buf_init(&names, HELD_NAMES_MAX);
	is = queue_routes(p->db, QUEUE_HELD, NULL, &names) != 0 ||
	    names.len > 0;
	buf_drop(&names);
	return is;
}

/* Whether anybody is in the queue. */
static bool
somebody_queued(struct post *p, int64_t next)
{
	int64_t outside = db_outside(p->db);

	if (next != INT64_MAX)
		return true;
	if (p->changed || outside != p->outside) {
		p->held = somebody_held(p);
		p->changed = false;
		p->outside = outside;
	}
	return p->held;
}

void
post_look_later(struct post *p)
{
	int64_t next, left, after = LOOK_IDLE_MS;

	if (queue_next(p->db, &next) != 0)
		next = INT64_MAX;
	if (somebody_queued(p, next))
		after = LOOK_MS;
	/* who is due already waits for room, not for time */
	left = next == INT64_MAX ? 0 : next - p->loop->clock.unix_s;
	if (left > 0 && left < after / 1000)
		after = left * 1000;
	timer_set(p->loop, &p->look, after);
}

static void
on_look(struct timer *t)
{
	list_of(t, struct post, look)->wanted = true;
}

static void
on_again(struct timer *t)
{
	post_note(list_of(t, struct post, again));
}

struct post *
post_new(struct loop *loop, struct db *db, struct era *era)
{
	struct post *p = xalloc(1, sizeof *p);

	p->loop = loop;
	p->db = db;
	p->era = era_hold(era);
	p->look = (struct timer){ .fire = on_look };
	p->again = (struct timer){ .fire = on_again };
	p->wanted = p->changed = true;
	list_init(&p->jobs);
	list_init(&p->results);
	buf_init(&p->room, WIRE_BODY_MAX);
	buf_init(&p->piece, PIECE_SIZE);
	/* a keeper before us may have jobs at the courier */
	crypto_random(&p->serial, sizeof p->serial);
	return p;
}

void
post_drop(struct post *p)
{
	if (p == NULL)
		return;
	post_wire_drop(p);
	while (!list_empty(&p->results))
		post_result_drop(p, list_of(p->results.next,
		    struct post_result, link));
	timer_cancel(p->loop, &p->look);
	timer_cancel(p->loop, &p->again);
	buf_drop(&p->room);
	buf_wipe(&p->piece);
	free(p->losses);
	era_drop(p->era);
	free(p);
}

void
post_renew(struct post *p, struct era *era)
{
	era_hold(era);
	era_drop(p->era);
	p->era = era;
	p->wanted = true;
}

void
post_wake(struct post *p)
{
	p->wanted = true;
}

void
post_settled(struct post *p, int err)
{
	post_noted(p, err);
	post_flush(p);
	if (p->wanted)
		post_hand(p);
}

void
post_stop(struct post *p)
{
	p->stopping = true;
}

bool
post_idle(const struct post *p)
{
	return list_empty(&p->results) && (!p->wire_up ||
	    (list_empty(&p->jobs) && p->told_count == 0));
}
