/*
 * What became of a job, noted: all outcomes of one result, and the reports
 * about them, in one transaction. A result stays in memory until that is on
 * stable storage; when it cannot be, as on a full disk, it is noted again
 * after a while, and its recipients count as under way for as long.
 */
#include "app/post_part.h"

#include "app/keeper.h"
#include "app/post_note.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 10000		/* before a result is noted again */

void
post_result_drop(struct post *p, struct post_result *result)
{
	buf_drop(&result->body);
	list_take(&result->link);
	p->result_count--;
	free(result);
}

/* Which letter a recipient belongs to; 0 when it is not at the courier. */
static uint64_t
letter_of(const struct post *p, const struct post_job *job, uint64_t id)
{
	size_t i;

	for (i = 0; job != NULL && i < job->count; i++)
		if (job->ids[i] == id)
			return job->letter;
	for (i = 0; i < p->told_count; i++)
		if (p->told[i].recipient == id && p->told[i].due)
			return p->told[i].letter;
	return 0;
}

/* The courier has it no more, and never was given it by our rows. */
static void
told_forget(struct post *p, uint64_t id)
{
	size_t i;

	for (i = 0; i < p->told_count; i++)
		if (p->told[i].recipient == id && !p->told[i].due)
			p->told[i--] = p->told[--p->told_count];
}

/* Take over who it is about; strangers to us are passed over. */
static void
take_ids(struct post *p, const struct post_job *job,
	struct post_result *result, const struct carry_result *said)
{
	uint64_t letter;
	size_t i;

	result->letter = job != NULL ? job->letter : 0;
	for (i = 0; i < said->count; i++) {
		letter = letter_of(p, job, said->outcomes[i].id);
		if (result->letter == 0)
			result->letter = letter;
		if (letter != 0 && letter == result->letter) {
			result->ids[result->count++] = said->outcomes[i].id;
		} else {
			log_event(LOG_INFO, "outcome-unknown",
			    LOG_N("recipient",
			    (int64_t)said->outcomes[i].id));
			told_forget(p, said->outcomes[i].id);
		}
	}
}

void
post_hear_result(struct post *p, const struct wire_mail *mail)
{
	const struct post_job *job = post_job_find(p, mail->head.session);
	struct carry_result *said = xalloc(1, sizeof *said);
	struct post_result *result;

	if (carry_result_read(said, mail->body) != 0) {
		log_event(LOG_ERROR, "courier-garbled",
		    LOG_N("kind", mail->head.kind),
		    LOG_N("session", mail->head.session),
		    LOG_C("why", "result"));
		free(said);
		return;
	}
	result = xalloc(1, sizeof *result);
	result->number = mail->head.session;
	result->last = (mail->head.flags & WIRE_LAST) != 0;
	result->wire = p->wires;
	if (job != NULL) {
		memcpy(result->mark, job->mark, sizeof result->mark);
		result->marked = true;
	}
	buf_init(&result->body, mail->body.len);
	buf_add(&result->body, mail->body);
	take_ids(p, job, result, said);
	list_add(&p->results, &result->link);
	p->result_count++;
	free(said);
	post_note(p);
}

void
post_result_own(struct post *p, uint64_t letter,
	const struct carry_result *said)
{
	struct post_result *result = xalloc(1, sizeof *result);
	size_t i;

	result->own = true;
	result->letter = letter;
	for (i = 0; i < said->count; i++)
		result->ids[result->count++] = said->outcomes[i].id;
	buf_init(&result->body, WIRE_BODY_MAX);
	carry_result_add(&result->body, said);
	list_add(&p->results, &result->link);
	p->result_count++;
	post_note(p);
}

/*
 * Find the letters of those who are at the courier. Nobody gave it one that is
 * not due: such a row stays, whatever it says. So does one that its owner has
 * held since, which may then be sent twice.
 */
static void
find_told(void *ctx, const struct queue_item *item)
{
	struct post *p = ctx;
	const struct queue_recipient *r;
	size_t i, n;

	for (n = 0; n < item->count; n++) {
		r = &item->recipients[n];
		for (i = 0; i < p->told_count; i++) {
			if (p->told[i].recipient != r->id)
				continue;
			p->told[i].letter = item->letter.id;
			p->told[i].due = post_is_due(p, r);
		}
	}
}

void
post_hear_told(struct post *p, struct str ids)
{
	size_t i;
	int err;

	p->told_count = ids.len / sizeof (uint64_t);
	free(p->told);
	p->told = xalloc(p->told_count, sizeof *p->told);
	for (i = 0; i < p->told_count; i++)
		memcpy(&p->told[i].recipient, ids.at + i * sizeof (uint64_t),
		    sizeof (uint64_t));
	err = queue_list(p->db, find_told, p);
	if (err != 0)
		log_event(LOG_ERROR, "queue-unlisted",
		    LOG_C("why", strerror(-err)));
}

void
post_note(struct post *p)
{
	struct post_result *result;
	struct list *link;
	int err;

	for (link = p->results.next; link != &p->results; link = link->next) {
		result = list_of(link, struct post_result, link);
		if (result->state != RESULT_HEARD)
			continue;
		err = post_note_result(p, result);
		if (err == 0) {
			result->state = RESULT_NOTED;
			continue;
		}
		log_event(LOG_ERROR, "result-unnoted",
		    LOG_N("queue", (int64_t)result->letter),
		    LOG_C("why", strerror(-err)));
		timer_set(p->loop, &p->again, AGAIN_MS);
		/* what stands in the way of all, or of this one alone? */
		if (result->doomed || keeper_verdict(err) == SMTP_FULL)
			return;
	}
}

/* It is on stable storage: the courier may forget it. */
static void
result_done(struct post *p, struct post_result *result)
{
	struct post_job *job = NULL;

	result->state = RESULT_DONE;
	post_forget(p, result->ids, result->count);
	if (!result->own)
		post_lose_no_more(p, result->ids, result->count);
	result->count = 0;
	buf_drop(&result->body);
	if (result->last && result->wire == p->wires)
		job = post_job_find(p, result->number);
	if (job != NULL)
		post_job_drop(p, job);
	p->changed = p->wanted = true;
}

void
post_noted(struct post *p, int err)
{
	struct post_result *result;
	struct list *link;

	for (link = p->results.next; link != &p->results; link = link->next) {
		result = list_of(link, struct post_result, link);
		if (result->state != RESULT_NOTED)
			continue;
		if (err == 0) {
			result_done(p, result);
			continue;
		}
		result->state = RESULT_HEARD;
		timer_set(p->loop, &p->again, AGAIN_MS);
	}
}
