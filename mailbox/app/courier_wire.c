/*
 * The courier's side of the wire. All that is to be said waits with the jobs
 * it is about, and is said again on a new wire until the keeper has noted it.
 * A keeper that is gone holds nothing up but the reading of letters.
 */
#include "app/courier_part.h"

#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAILS_PER_TURN 64

/* Who may not be given to anybody else: all that is not noted. */
static void
add_under_way(struct buf *out, const struct job *j)
{
	size_t i;

	for (i = 0; i < j->parcel_count; i++)
		if (j->parcels[i].told != PARCEL_NOTED)
			buf_add(out, str_from(&j->order.recipients[i].id,
			    sizeof j->order.recipients[i].id));
}

/* The first word on a wire. */
static int
say_greeting(struct courier *c)
{
	struct wire_head head = { .kind = WIRE_ROOM };
	struct list *link;
	struct str body;
	int err;

	buf_clear(&c->words);
	for (link = c->jobs.next; link != &c->jobs; link = link->next)
		add_under_way(&c->words, list_of(link, struct job, all));
	must(!c->words.full);
	body = buf_str(&c->words);
	if (!c->stopping)
		head.number = (uint32_t)(CARRY_JOBS_MAX - c->job_count);
	err = wire_send(c->wire.fd, &head, &body, 1, -1);
	if (err == 0) {
		c->wire_greeted = true;
		c->rooms = 0;
	}
	return err;
}

static int
say_room(struct courier *c)
{
	const struct wire_head head = {
		.kind = WIRE_ROOM, .number = c->rooms
	};
	int err;

	err = wire_send(c->wire.fd, &head, NULL, 0, -1);
	if (err == 0)
		c->rooms = 0;
	return err;
}

static int
say_fetch(struct job *j)
{
	const struct wire_head head = {
		.kind = WIRE_FETCH, .session = j->number, .number = j->piece
	};
	struct str letter = str_from(&j->order.letter,
	    sizeof j->order.letter);
	int err;

	err = wire_send(j->courier->wire.fd, &head, &letter, 1, -1);
	if (err == 0) {
		j->fetch_due = false;
		j->text_asked = true;
	}
	return err;
}

static int
say_result(struct job *j)
{
	struct wire_head head = {
		.kind = WIRE_RESULT, .session = j->number
	};
	struct courier *c = j->courier;
	struct carry_result result;
	struct str body;
	bool last;
	int err;

	job_result(j, &result, &last);
	buf_clear(&c->words);
	carry_result_add(&c->words, &result);
	body = buf_str(&c->words);
	head.flags = last ? WIRE_LAST : 0;
	err = wire_send(c->wire.fd, &head, &body, 1, -1);
	if (err == 0) {
		j->result_due = false;
		j->result_out = true;
	}
	return err;
}

static int
say_of_job(struct job *j)
{
	int err = 0;

	if (j->result_due)
		err = say_result(j);
	if (err == 0 && j->fetch_due)
		err = say_fetch(j);
	if (err == 0)
		list_take(&j->speaks);
	return err;
}

static int
say_all(struct courier *c)
{
	int err = 0;

	if (!c->wire_greeted)
		err = say_greeting(c);
	while (err == 0 && !list_empty(&c->speakers))
		err = say_of_job(list_of(c->speakers.next, struct job,
		    speaks));
	if (err == 0 && c->rooms > 0 && !c->stopping)
		err = say_room(c);
	if (err == 0)
		err = policies_say(c);
	return err;
}

void
courier_wire_say(struct courier *c)
{
	int err;

	if (!c->wire_up)
		return;
	err = say_all(c);
	/* A wire that broke is dropped when its end is read. */
	loop_change(c->loop, &c->wire, err == -EAGAIN ?
	    LOOP_READ | LOOP_WRITE : LOOP_READ);
}

void
courier_wire_speak(struct job *j)
{
	if (j->speaks.next == NULL)
		list_add(&j->courier->speakers, &j->speaks);
	courier_wire_say(j->courier);
}

static void
hear(struct courier *c, const struct wire_mail *mail)
{
	struct job *j = job_find(c, mail->head.session);

	if (mail->fd >= 0)
		close(mail->fd);
	switch (mail->head.kind) {
	case WIRE_CARRY:
		job_take(c, mail->head.session, mail->body);
		/* it may hold a password */
		crypto_wipe(c->room.at, c->room.len);
		break;
	case WIRE_TEXT:
		if (j != NULL)
			text_came(j, mail);
		break;
	case WIRE_NOTED:
		if (j != NULL)
			job_noted(j);
		break;
	default:
		log_event(LOG_ERROR, "word-unknown",
		    LOG_N("kind", mail->head.kind));
	}
}

static void
on_wire(struct watch *w, unsigned events)
{
	struct courier *c = list_of(w, struct courier, wire);
	struct wire_mail mail;
	int err = 0, n;

	(void)events;
	for (n = 0; n < MAILS_PER_TURN && c->wire_up; n++) {
		err = wire_receive(w->fd, &c->room, &mail);
		if (err == 0)
			hear(c, &mail);
		else if (err != -EBADMSG)
			break;
	}
	if (!c->wire_up)
		return;
	if (err == 0 || err == -EAGAIN || err == -EBADMSG) {
		courier_wire_say(c);
		return;
	}
	log_event(LOG_INFO, "keeper-gone", LOG_N("jobs",
	    (int64_t)c->job_count));
	courier_wire_drop(c);
	courier_look_for_end(c);
}

void
courier_wire_set(struct courier *c, int fd)
{
	struct list *link, *next;
	int err;

	courier_wire_drop(c);
	c->wire = (struct watch){ .fd = fd, .ready = on_wire };
	err = loop_watch(c->loop, &c->wire, LOOP_READ);
	if (err != 0) {
		log_event(LOG_ERROR, "wire-unwatched",
		    LOG_C("why", strerror(-err)));
		close(fd);
		return;
	}
	c->wire_up = true;
	for (link = c->jobs.next; link != &c->jobs; link = next) {
		next = link->next;
		job_rewire(list_of(link, struct job, all));
	}
	courier_wire_say(c);
}

void
courier_wire_drop(struct courier *c)
{
	if (!c->wire_up)
		return;
	c->wire_up = false;
	c->wire_greeted = false;
	loop_unwatch(c->loop, &c->wire);
	close(c->wire.fd);
}
