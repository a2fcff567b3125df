/*
 * The intake's side of the wire: what sessions ask the keeper, and its
 * answers. Sessions that find the wire full stand in a queue, so that all get
 * their turn; a letter that was begun on a wire that broke is lost, and its
 * session is told "later".
 */
#include "app/intake_part.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWERS_PER_TURN 256

/* Whether the keeper at the wire has what s sent before. */
static bool
letter_there(const struct session *s)
{
	return s->letter && s->intake->wire_up &&
	    s->wire_serial == s->intake->wire_serial;
}

static int
send_recipient(const struct session *s)
{
	const struct wire_head head = {
		.kind = WIRE_RCPT, .session = s->number
	};

	return wire_send(s->intake->wire.fd, &head, &s->smtp.recipient, 1,
	    -1);
}

static int
send_abort(struct session *s)
{
	const struct wire_head head = {
		.kind = WIRE_ABORT, .session = s->number
	};
	int err;

	err = wire_send(s->intake->wire.fd, &head, NULL, 0, -1);
	if (err != -EAGAIN)
		s->letter = false;
	return err;
}

static int
send_piece(struct session *s)
{
	const struct smtp *smtp = &s->smtp;
	struct wire_head head = {
		.kind = WIRE_LETTER,
		.session = s->number,
		.flags = s->asked == SMTP_STORE ? WIRE_LAST : 0,
		.piece_len = (uint32_t)smtp->piece.len
	};
	struct str parts[3] = {
		str_from(NULL, 0), str_from(NULL, 0), buf_str(&smtp->piece)
	};
	int err;

	if (!s->letter) {
		parts[0] = buf_str(&smtp->reverse_path);
		parts[1] = buf_str(&smtp->canonical);
		head.flags |= WIRE_FIRST;
		head.path_len = (uint32_t)parts[0].len;
		head.recipients_len = (uint32_t)parts[1].len;
		head.recipient_count = (uint32_t)smtp->recipient_count;
	}
	err = wire_send(s->intake->wire.fd, &head, parts, countof(parts), -1);
	if (err == 0) {
		/* With its last piece the letter is out of our hands. */
		s->letter = s->asked != SMTP_STORE;
		s->wire_serial = s->intake->wire_serial;
	}
	return err;
}

/* Send what s->asked wants. */
static int
send_ask(struct session *s)
{
	switch (s->asked) {
	case SMTP_RCPT:
		return send_recipient(s);
	case SMTP_PIECE:
	case SMTP_STORE:
		return send_piece(s);
	case SMTP_ABORT:
		return send_abort(s);
	case SMTP_MORE:
	case SMTP_DRAIN:
	case SMTP_STARTTLS:
	case SMTP_LOGIN:
	case SMTP_OPEN:
	case SMTP_BYE:
		break;
	}
	must(false);
	return -EINVAL;
}

static void
enqueue(struct session *s)
{
	struct intake *i = s->intake;

	list_add(&i->queue, &s->queued);
	loop_change(i->loop, &i->wire, LOOP_READ | LOOP_WRITE);
}

bool
intake_ask(struct session *s)
{
	struct intake *i = s->intake;
	int err;

	if (!i->wire_up || (s->letter && !letter_there(s))) {
		s->letter = false;
		return false;
	}
	if (!list_empty(&i->queue)) {
		enqueue(s);
		return true;
	}
	err = send_ask(s);
	if (err == -EAGAIN)
		enqueue(s);
	/* A wire that broke is dropped when its end is read. */
	return true;
}

bool
intake_abort(struct session *s)
{
	list_take(&s->queued);
	s->asked = SMTP_ABORT;
	if (!letter_there(s)) {
		s->letter = false;
		return true;
	}
	if (list_empty(&s->intake->queue) && send_abort(s) != -EAGAIN)
		return true;
	enqueue(s);
	return false;
}

/* The wire has room: send for those who stand in the queue. */
static void
queue_serve(struct intake *i)
{
	struct session *s;

	while (!list_empty(&i->queue)) {
		s = list_of(i->queue.next, struct session, queued);
		if (send_ask(s) == -EAGAIN)
			return;
		list_take(&s->queued);
		if (s->asked == SMTP_ABORT)
			session_aborted(s);
	}
	if (i->wire_up)
		loop_change(i->loop, &i->wire, LOOP_READ);
}

/* Whose answer is this? NULL when nobody waits for it any more. */
static struct session *
asker(const struct intake *i, const struct wire_head *head)
{
	size_t n = head->session % INTAKE_SLOTS_MAX;
	struct session *s = n < i->slot_count ? i->slots[n].session : NULL;
	bool letter = head->kind == WIRE_TAKEN;

	if (s == NULL || s->number != head->session ||
	    s->state != SESSION_ASKS || s->queued.next != NULL)
		return NULL;
	if (s->asked == SMTP_RCPT)
		return letter ? NULL : s;
	return letter ? s : NULL;
}

static void
hear(struct intake *i, const struct wire_mail *mail)
{
	struct session *s;

	if (mail->fd >= 0)
		close(mail->fd);
	if ((mail->head.kind != WIRE_JUDGED && mail->head.kind != WIRE_TAKEN) ||
	    mail->head.number > SMTP_LATER) {
		log_event(LOG_ERROR, "answer-garbled",
		    LOG_N("kind", mail->head.kind),
		    LOG_N("number", mail->head.number));
		return;
	}
	s = asker(i, &mail->head);
	if (s != NULL)
		session_answer(s, (enum smtp_verdict)mail->head.number);
}

static void
on_wire(struct watch *w, unsigned events)
{
	struct intake *i = list_of(w, struct intake, wire);
	unsigned serial = i->wire_serial;
	struct wire_mail mail;
	int err = 0, n;

	for (n = 0; n < ANSWERS_PER_TURN; n++) {
		err = wire_receive(w->fd, &i->room, &mail);
		if (err == 0)
			hear(i, &mail);
		else if (err != -EBADMSG)
			break;
	}
	if (!i->wire_up || i->wire_serial != serial)
		return;
	if (err == 0 || err == -EAGAIN || err == -EBADMSG) {
		if ((events & LOOP_WRITE) != 0)
			queue_serve(i);
		return;
	}
	log_event(LOG_ERROR, "keeper-gone", LOG_N("sessions",
	    (int64_t)i->session_count));
	intake_wire_drop(i);
}

void
intake_wire_set(struct intake *i, int fd)
{
	int err;

	intake_wire_drop(i);
	i->wire = (struct watch){ .fd = fd, .ready = on_wire };
	err = loop_watch(i->loop, &i->wire, LOOP_READ);
	if (err != 0) {
		log_event(LOG_ERROR, "wire-unwatched",
		    LOG_C("why", strerror(-err)));
		close(fd);
		return;
	}
	i->wire_up = true;
	i->wire_serial++;
}

void
intake_wire_drop(struct intake *i)
{
	struct session *s;
	size_t n;

	if (!i->wire_up)
		return;
	i->wire_up = false;
	loop_unwatch(i->loop, &i->wire);
	close(i->wire.fd);
	for (n = 0; n < i->slot_count; n++) {
		s = i->slots[n].session;
		if (s == NULL)
			continue;
		list_take(&s->queued);
		if (s->state == SESSION_GHOST ||
		    (s->state == SESSION_ASKS && s->asked == SMTP_ABORT))
			session_aborted(s);
		else if (s->state == SESSION_ASKS)
			session_answer(s, SMTP_LATER);
	}
}
