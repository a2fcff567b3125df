/*
 * A job from taking to noting. What is settled of it is said to the keeper at
 * once, also when other recipients are still under way: should this process
 * be killed, nobody is to get twice what a server has answered for. One result
 * of a job is out at a time; what was not noted is said again on a new wire.
 */
#include "app/courier_part.h"

#include "base/log.h"

#include <stdlib.h>

struct job *
job_find(struct courier *c, uint32_t number)
{
	struct list *link;
	struct job *j;

	for (link = c->jobs.next; link != &c->jobs; link = link->next) {
		j = list_of(link, struct job, all);
		if (j->number == number)
			return j;
	}
	return NULL;
}

static struct job *
job_new(struct courier *c, uint32_t number, struct str body)
{
	struct job *j = xalloc(1, sizeof *j);

	j->courier = c;
	j->kit = kit_hold(c->kit);
	j->number = number;
	buf_init(&j->body, WIRE_BODY_MAX);
	must(buf_space_secret(&j->body, body.len) != NULL);
	buf_add(&j->body, body);
	list_add(&c->jobs, &j->all);
	c->job_count++;
	return j;
}

void
job_take(struct courier *c, uint32_t number, struct str body)
{
	struct job *j;

	if (c->stopping)
		return;
	if (c->job_count == CARRY_JOBS_MAX || job_find(c, number) != NULL) {
		log_event(LOG_ERROR, "job-untimely", LOG_N("job", number));
		return;
	}
	j = job_new(c, number, body);
	if (carry_job_read(&j->order, buf_str(&j->body)) != 0 ||
	    j->order.count == 0) {
		log_event(LOG_ERROR, "job-garbled", LOG_N("job", number));
		job_drop(j);
		return;
	}
	j->parcel_count = j->order.count;
	j->parcels = xalloc(j->parcel_count, sizeof j->parcels[0]);
	j->batch = xalloc(j->parcel_count, sizeof j->batch[0]);
	j->batch_of = xalloc(j->parcel_count, sizeof j->batch_of[0]);
	pool_enter(j);
}

void
job_begin(struct job *j)
{
	j->state = JOB_RUNS;
	j->began_ms = j->courier->loop->clock.mono_ms;
	try_moved(j);
	route_begin(j);
}

static bool
any(const struct job *j, bool settled, int told)
{
	size_t i;

	for (i = 0; i < j->parcel_count; i++)
		if (j->parcels[i].settled == settled &&
		    (int)j->parcels[i].told == told)
			return true;
	return false;
}

void
job_report(struct job *j)
{
	if (j->result_out || !any(j, true, PARCEL_UNSAID))
		return;
	j->result_due = true;
	courier_wire_speak(j);
}

static void
add_outcome(const struct job *j, size_t i, struct carry_result *result)
{
	const struct parcel *p = &j->parcels[i];
	struct carry_outcome *outcome = &result->outcomes[result->count++];

	*outcome = (struct carry_outcome){
		.id = j->order.recipients[i].id,
		.attempts = j->order.recipients[i].attempts,
		.fate = p->outcome.fate,
		.code = p->outcome.code,
		.status = { p->outcome.status[0], p->outcome.status[1],
		    p->outcome.status[2] },
		.reports = p->outcome.reports,
		.said = str_of(p->outcome.said),
		.remote = p->host,
	};
}

void
job_result(struct job *j, struct carry_result *result, bool *last)
{
	size_t i;

	result->locked_out = j->locked_out;
	result->count = 0;
	*last = true;
	for (i = 0; i < j->parcel_count; i++) {
		if (!j->parcels[i].settled)
			*last = false;
		else if (j->parcels[i].told != PARCEL_NOTED) {
			add_outcome(j, i, result);
			j->parcels[i].told = PARCEL_SAID;
		}
	}
}

/* Whether the keeper knows all that it is to know. */
static bool
is_told(const struct job *j)
{
	return !any(j, true, PARCEL_UNSAID) && !any(j, true, PARCEL_SAID);
}

void
job_noted(struct job *j)
{
	size_t i;

	if (!j->result_out)
		return;
	j->result_out = false;
	for (i = 0; i < j->parcel_count; i++)
		if (j->parcels[i].told == PARCEL_SAID)
			j->parcels[i].told = PARCEL_NOTED;
	if (j->state == JOB_OVER && is_told(j))
		job_drop(j);
	else
		job_report(j);
}

void
job_rewire(struct job *j)
{
	size_t i;

	for (i = 0; i < j->parcel_count; i++)
		if (j->parcels[i].told == PARCEL_SAID)
			j->parcels[i].told = PARCEL_UNSAID;
	j->result_out = false;
	text_rewire(j);
	job_report(j);
}

/* Let go of everything that is under way. */
static void
stop(struct job *j)
{
	if (j->link != NULL)
		link_drop(j->link);
	j->link = NULL;
	route_drop(j);
	policy_drop(j);
	place_drop(&j->place);
	text_drop(j);
	timer_cancel(j->courier->loop, &j->stillness);
	pool_leave(j);
}

void
job_over(struct job *j)
{
	stop(j);
	j->state = JOB_OVER;
	job_report(j);
	courier_look_for_end(j->courier);
}

void
job_abandon(struct job *j)
{
	stop(j);
	j->state = JOB_OVER;
	if (is_told(j) || !j->courier->wire_up)
		job_drop(j);
}

void
job_drop(struct job *j)
{
	struct courier *c = j->courier;

	stop(j);
	list_take(&j->all);
	list_take(&j->speaks);
	c->job_count--;
	c->rooms++;
	free(j->parcels);
	free(j->batch);
	free(j->batch_of);
	buf_drop(&j->name);
	buf_drop(&j->names);
	buf_drop(&j->policy_text);
	buf_wipe(&j->body);
	kit_drop(j->kit);
	free(j);
	courier_look_for_end(c);
}
