/*
 * The wire to the courier. Its other end meets strangers and may have been
 * taken over by one: all it can do is ask for the text of what is queued, and
 * say what became of it.
 */
#include "app/post_part.h"

#include "base/log.h"
#include "talk/sts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAILS_PER_TURN 256	/* read before a commit */
#define JOBS_MAX (2 * CARRY_JOBS_MAX)	/* of ours and of a keeper before */

static void
interest(struct post *p)
{
	if (p->wire_up)
		loop_change(p->loop, &p->wire,
		    (p->result_count < POST_RESULTS_MAX ? LOOP_READ : 0) |
		    (p->blocked ? LOOP_WRITE : 0));
}

int
post_send(struct post *p, const struct wire_head *head, struct str body)
{
	int err;

	if (!p->wire_up || p->blocked)
		return -EAGAIN;
	err = wire_send(p->wire.fd, head, &body, 1, -1);
	if (err == -EAGAIN) {
		p->blocked = true;
		interest(p);
	}
	return err;
}

/* Begin to read a letter for a job, at its first piece. */
static int
fetch_open(struct post *p, struct post_job *job)
{
	struct queue_item *item;
	int err;

	queue_close(job->reader);
	job->reader = NULL;
	job->next = 0;
	err = queue_item(p->db, job->letter, &item);
	if (err != 0)
		return err;
	job->size = item->letter.size;
	queue_item_drop(item);
	return queue_open(p->db, job->letter, &job->reader);
}

/*
 * Read the piece that is wanted: the first, or the next. One out of its turn
 * costs reading all before it, and is had once: the one given last, or any, by
 * a courier that goes on with what a keeper before us has begun.
 */
static int
fetch_read(struct post *p, struct post_job *job)
{
	const bool steps = job->reader != NULL && job->wanted == job->next;
	int n = 1, err = 0;

	if (!steps && job->wanted != 0) {
		if (job->walked || (!job->foreign &&
		    (uint64_t)job->wanted + 1 != job->next))
			return -EPROTO;
		job->walked = true;
	}
	if (!steps)
		err = fetch_open(p, job);
	if (err != 0)
		return err;
	while (n == 1 && job->next <= job->wanted) {
		n = queue_read(job->reader, &p->piece);
		job->next++;
	}
	return n == 1 ? 0 : n == 0 ? -ENOENT : n;
}

/* Answer a WIRE_FETCH, unless the wire is full. */
static void
fetch_answer(struct post *p, struct post_job *job)
{
	struct wire_head head = {
		.kind = WIRE_TEXT, .session = job->number,
		.number = job->wanted
	};
	int err = 0;

	if (p->piece_of != job)
		err = fetch_read(p, job);
	if (err != 0) {
		job->unreadable = err == -EBADMSG;
		if (err != -ENOENT)
			log_event(LOG_ERROR, "text-unreadable",
			    LOG_N("queue", (int64_t)job->letter),
			    LOG_C("why", strerror(-err)));
		head.flags = WIRE_FAILED;
		buf_clear(&p->piece);
	} else if (((uint64_t)job->wanted + 1) * PIECE_SIZE >= job->size) {
		head.flags = WIRE_LAST;
	}
	p->piece_of = NULL;
	if (post_send(p, &head, buf_str(&p->piece)) == -EAGAIN) {
		p->piece_of = err == 0 ? job : NULL;
		return;
	}
	job->asked = false;
	if (head.flags != 0) {
		queue_close(job->reader);
		job->reader = NULL;
	}
}

/* Say what is noted. What was said on another wire needs no answer. */
static bool
result_answer(struct post *p, struct post_result *result)
{
	const struct wire_head head = {
		.kind = WIRE_NOTED, .session = result->number
	};

	if (p->wire_up && result->wire == p->wires &&
	    post_send(p, &head, STR("")) == -EAGAIN)
		return false;
	post_result_drop(p, result);
	return true;
}

/* The piece that did not fit comes before all others. */
static void
fetches_answer(struct post *p)
{
	struct list *link;
	struct post_job *job;

	if (p->piece_of != NULL)
		fetch_answer(p, p->piece_of);
	for (link = p->jobs.next; link != &p->jobs && !p->blocked;
	    link = link->next) {
		job = list_of(link, struct post_job, link);
		if (job->asked)
			fetch_answer(p, job);
	}
	if (p->piece_of == NULL)
		buf_wipe(&p->piece);
}

void
post_flush(struct post *p)
{
	struct post_result *result;
	struct list *link, *after;

	for (link = p->results.next; link != &p->results; link = after) {
		after = link->next;
		result = list_of(link, struct post_result, link);
		if (result->state == RESULT_DONE && !result_answer(p, result))
			break;
	}
	if (p->wire_up && !p->blocked)
		fetches_answer(p);
	interest(p);
}

/* The other end says what ours never would. */
static void
log_refused(const struct wire_mail *mail, const char *why)
{
	log_event(LOG_ERROR, "courier-garbled",
	    LOG_N("kind", mail->head.kind),
	    LOG_N("session", mail->head.session), LOG_C("why", why));
}

static void
hear_room(struct post *p, const struct wire_mail *mail)
{
	size_t count = mail->body.len / sizeof (uint64_t);

	if (mail->body.len % sizeof (uint64_t) != 0 ||
	    count > (p->met ? 0 : POST_TOLD_MAX)) {
		log_refused(mail, "recipients under way");
		return;
	}
	if (count > 0)
		post_hear_told(p, mail->body);
	p->met = true;
	p->vacant += mail->head.number < CARRY_JOBS_MAX ? mail->head.number :
	    CARRY_JOBS_MAX;
	if (p->vacant > CARRY_JOBS_MAX)
		p->vacant = CARRY_JOBS_MAX;
	p->wanted = true;
}

/* A job that a keeper before us gave: one for each that the courier told. */
static struct post_job *
foreign_job(struct post *p, uint32_t number, uint64_t letter)
{
	struct post_job *job;
	struct post_told *told;
	size_t i = 0;

	if (p->job_count >= JOBS_MAX)
		return NULL;
	for (; i < p->told_count; i++) {
		told = &p->told[i];
		if (told->letter == letter && told->due && !told->fetched)
			break;
	}
	if (i == p->told_count)
		return NULL;
	p->told[i].fetched = true;
	job = post_job_new(p, number, letter);
	job->foreign = true;
	return job;
}

/* What it asks for it was not given, or it has gone meanwhile. */
static void
fetch_refuse(struct post *p, const struct wire_head *asked)
{
	const struct wire_head head = {
		.kind = WIRE_TEXT, .session = asked->session,
		.number = asked->number, .flags = WIRE_FAILED
	};

	/* when the wire is full its patience ends that attempt */
	(void)post_send(p, &head, STR(""));
}

static void
hear_fetch(struct post *p, const struct wire_mail *mail)
{
	struct post_job *job = post_job_find(p, mail->head.session);
	uint64_t letter;

	if (mail->body.len != sizeof letter) {
		log_refused(mail, "letter of a fetch");
		return;
	}
	memcpy(&letter, mail->body.at, sizeof letter);
	if (job == NULL)
		job = foreign_job(p, mail->head.session, letter);
	if (job == NULL || job->letter != letter) {
		log_refused(mail, "not the letter of that job");
		fetch_refuse(p, &mail->head);
		return;
	}
	if (p->piece_of == job)
		p->piece_of = NULL;
	job->wanted = mail->head.number;
	job->asked = true;
}

/* Whether a letter to that domain, by its MX, is under way. */
static bool
goes_to(const struct post *p, struct str domain)
{
	struct list *link;

	for (link = p->jobs.next; link != &p->jobs; link = link->next)
		if (str_equal(str_of(list_of(link, struct post_job,
		    link)->place), domain))
			return true;
	return false;
}

/*
 * Kept is what the domain could have said, for as long as it says, and of a
 * domain that we have asked for. That of a job which is over meanwhile is
 * fetched again with the next.
 */
static void
hear_policy(struct post *p, const struct wire_mail *mail)
{
	struct sts_policy *is = xalloc(1, sizeof *is);
	struct carry_policy policy;
	const char *why;
	int64_t latest = 0;
	int err;

	if (carry_policy_read(&policy, mail->body) == 0 &&
	    sts_policy(policy.text, is, &why) == STS_OK)
		latest = p->loop->clock.unix_s + is->max_age_s;
	free(is);
	if (latest == 0) {
		log_refused(mail, "policy");
		return;
	}
	if (!goes_to(p, policy.domain)) {
		log_event(LOG_INFO, "policy-unasked",
		    LOG_S("domain", policy.domain));
		return;
	}
	if (policy.expires > latest)
		policy.expires = latest;
	err = policy_set(p->db, policy.domain, policy.id, policy.text,
	    policy.expires);
	if (err != 0)
		log_event(LOG_ERROR, "policy-unkept",
		    LOG_S("domain", policy.domain),
		    LOG_C("why", strerror(-err)));
}

static void
hear(struct post *p, const struct wire_mail *mail)
{
	if (mail->head.kind == WIRE_ROOM)
		hear_room(p, mail);
	else if (mail->head.kind == WIRE_FETCH)
		hear_fetch(p, mail);
	else if (mail->head.kind == WIRE_RESULT && p->met)
		post_hear_result(p, mail);
	else if (mail->head.kind == WIRE_POLICY)
		hear_policy(p, mail);
	else
		log_refused(mail, "kind");
	if (mail->fd >= 0)
		close(mail->fd);
}

void
post_wire_drop(struct post *p)
{
	if (!p->wire_up)
		return;
	p->wire_up = p->met = p->blocked = false;
	loop_unwatch(p->loop, &p->wire);
	close(p->wire.fd);
	while (!list_empty(&p->jobs))
		post_job_drop(p, list_of(p->jobs.next, struct post_job, link));
	free(p->told);
	p->told = NULL;
	p->told_count = 0;
	p->vacant = 0;
	buf_wipe(&p->piece);
}

/* The courier has gone, and was not told to. */
static void
wire_lost(struct post *p)
{
	if (!p->stopping)
		post_lose(p);
	post_wire_drop(p);
}

/*
 * Hear what was said on the wire, at most so many mails.
 *
 * Returns:  0 when there may be more; else negative errno.
 */
static int
hear_all(struct post *p, int most)
{
	struct wire_mail mail;
	int err = 0, n;

	for (n = 0; n < most && p->result_count < POST_RESULTS_MAX; n++) {
		err = wire_receive(p->wire.fd, &p->room, &mail);
		if (err == 0)
			hear(p, &mail);
		else if (err != -EBADMSG)
			break;
	}
	buf_drop(&p->room);
	return err;
}

static void
on_wire(struct watch *w, unsigned events)
{
	struct post *p = list_of(w, struct post, wire);
	int err;

	if ((events & LOOP_WRITE) != 0)
		p->blocked = false;
	err = hear_all(p, MAILS_PER_TURN);
	if (err == 0 || err == -EAGAIN || err == -EBADMSG) {
		post_flush(p);
		return;
	}
	log_event(p->stopping ? LOG_DEBUG : LOG_ERROR, "courier-gone",
	    LOG_N("jobs", (int64_t)p->job_count));
	wire_lost(p);
}

void
post_wire(struct post *p, int fd)
{
	int err;

	/* What a courier that is gone has said last is true all the same. */
	if (p->wire_up) {
		(void)hear_all(p, INT_MAX);
		wire_lost(p);
	}
	p->wire = (struct watch){ .fd = fd, .ready = on_wire };
	err = loop_watch(p->loop, &p->wire, LOOP_READ);
	if (err != 0) {
		log_event(LOG_ERROR, "wire-unwatched",
		    LOG_C("why", strerror(-err)));
		close(fd);
		return;
	}
	p->wire_up = true;
	p->wires++;
}
