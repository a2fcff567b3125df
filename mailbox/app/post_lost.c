/*
 * What couriers died with. The letter that kills them is not told from those
 * beside it, so all are put off alike: for seconds the first time, since most
 * deaths are nobody's fault, then for longer. Who was lost LOSSES_MAX times
 * gets an attempt counted for it, and so the schedule of rules/retry.h, the
 * notice that it is late, and an end. Counted in memory: a keeper that begins
 * anew begins to count anew.
 */
#include "app/post_part.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOSSES_KNOWN_MAX POST_TOLD_MAX	/* recipients; then those go that
					   were lost longest ago */

/* Seconds until one is handed out again; then an attempt is counted. */
static const int64_t waits[] = { 5, 60 };

#define LOSSES_MAX (countof(waits) + 1)

static bool
is_in(const uint64_t *ids, size_t count, uint64_t id)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Take one out. Returns: how often it was lost. */
static unsigned
loss_take(struct post *p, uint64_t id)
{
	unsigned times;
	size_t i = 0;

	while (i < p->loss_count && p->losses[i].recipient != id)
		i++;
	if (i == p->loss_count)
		return 0;
	times = p->losses[i].times;
	memmove(&p->losses[i], &p->losses[i + 1],
	    (--p->loss_count - i) * sizeof *p->losses);
	return times;
}

/* Returns: how often it was lost, with this. */
static unsigned
loss_add(struct post *p, uint64_t id)
{
	unsigned times = loss_take(p, id);

	if (p->losses == NULL)
		p->losses = xalloc(LOSSES_KNOWN_MAX, sizeof *p->losses);
	if (p->loss_count == LOSSES_KNOWN_MAX)
		(void)loss_take(p, p->losses[0].recipient);
	if (times < LOSSES_MAX)
		times++;
	p->losses[p->loss_count++] = (struct post_loss){ id, times };
	return times;
}

void
post_lose_no_more(struct post *p, const uint64_t *ids, size_t count)
{
	size_t i;

	for (i = 0; p->loss_count > 0 && i < count; i++)
		(void)loss_take(p, ids[i]);
}

/* Whether the courier has said what became of it. */
static bool
is_said(const struct post *p, uint64_t id)
{
	const struct post_result *result;
	struct list *link;

	for (link = p->results.next; link != &p->results; link = link->next) {
		result = list_of(link, struct post_result, link);
		if (is_in(result->ids, result->count, id))
			return true;
	}
	return false;
}

/* One recipient is lost: put off, or an attempt of it is in the result. */
static int
lose_one(struct post *p, const struct queue_recipient *r, uint32_t chance,
	struct carry_result *said)
{
	unsigned times = loss_add(p, r->id);
	int64_t wait;

	if (times < LOSSES_MAX) {
		wait = waits[times - 1];
		wait += (int64_t)chance % (wait / 2 + 1) - wait / 4;
		return queue_put_off(p->db, r->id,
		    p->loop->clock.unix_s + wait);
	}
	said->outcomes[said->count++] = (struct carry_outcome){
		.id = r->id, .attempts = r->attempts,
		.fate = SMTP_TEMPORARY, .status = { 4, 3, 0 },
		.said = STR("The sending part of the box failed"),
		.remote = STR("")
	};
	return 0;
}

/* Those recipients of a letter are lost. */
static void
lose(struct post *p, uint64_t letter, const uint64_t *ids, size_t count)
{
	struct carry_result *said = xalloc(1, sizeof *said);
	struct queue_item *item = NULL;
	uint32_t chance;	/* the same for all: they stay together */
	size_t i;
	int err = queue_item(p->db, letter, &item);

	crypto_random(&chance, sizeof chance);
	for (i = 0; err == 0 && i < item->count; i++)
		if (is_in(ids, count, item->recipients[i].id) &&
		    !is_said(p, item->recipients[i].id))
			err = lose_one(p, &item->recipients[i], chance, said);
	queue_item_drop(item);
	if (err != 0 && err != -ENOENT)
		log_event(LOG_ERROR, "letter-not-put-off",
		    LOG_N("queue", (int64_t)letter),
		    LOG_C("why", strerror(-err)));
	else if (said->count > 0)
		post_result_own(p, letter, said);
	free(said);
}

void
post_lose(struct post *p)
{
	const struct post_job *job;
	struct list *link;
	size_t i;

	for (link = p->jobs.next; link != &p->jobs; link = link->next) {
		job = list_of(link, struct post_job, link);
		if (job->count > 0)
			lose(p, job->letter, job->ids, job->count);
	}
	for (i = 0; i < p->told_count; i++)
		if (p->told[i].letter != 0)
			lose(p, p->told[i].letter, &p->told[i].recipient, 1);
	p->wanted = true;
}
