/*
 * The role that holds the mail: it takes letters from the wire, serves POP3,
 * IMAP and submission, has the post office, and is the only one that may touch
 * the data directory.
 *
 * Invariants:
 * 1. One loop turn, one commit: what letters, QUITs, commands of IMAP and
 *    results of the courier changed in a turn is made durable by one
 *    db_commit() in on_settle(), and nobody is told that it is before that.
 * 2. A commit that failed is answered to all who were in it.
 * 3. The loop never waits for anything but the disk.
 */
#include "app/keeper.h"

#include "app/keeper_part.h"

#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAILS_PER_TURN 512	/* read from the wire before a commit */
#define QUIET_MS 300		/* without change before housekeeping */
#define BUSY_MAX_MS 3000	/* and the longest it is put off */
#define REST_AGAIN_MS 20	/* between two steps of it */
#define REST_LAZY_MS 5000	/* while counts wait to be written */
#define RESTS_AT_END 100

enum smtp_verdict
keeper_verdict(int err)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EROFS:
		return SMTP_FULL;
	default:
		return SMTP_LATER;
	}
}

static int
answer_send(const struct keeper *k, const struct answer *answer)
{
	const struct wire_head head = {
		.kind = answer->kind, .session = answer->session,
		.number = answer->verdict
	};

	return wire_send(k->wire.fd, &head, NULL, 0, -1);
}

void
keeper_answer(struct keeper *k, const struct answer *answer)
{
	must(k->answer_count < KEEPER_ANSWERS_MAX);
	if (k->answer_count == 0 && !answer->promise &&
	    answer_send(k, answer) != -EAGAIN)
		return;
	k->answers[k->answer_count++] = *answer;
}

/* Send what waits, as far as there is room. */
static void
answers_flush(struct keeper *k)
{
	size_t n = 0;

	if (!k->wire_up)
		return;
	while (n < k->answer_count &&
	    answer_send(k, &k->answers[n]) != -EAGAIN)
		n++;
	k->answer_count -= n;
	memmove(k->answers, k->answers + n,
	    k->answer_count * sizeof k->answers[0]);
	loop_change(k->loop, &k->wire,
	    (k->answer_count < KEEPER_ANSWERS_MAX ? LOOP_READ : 0) |
	    (k->answer_count > 0 ? LOOP_WRITE : 0));
}

/* No letter outlasts its turn in clear. */
static void
letter_hear(struct keeper *k, const struct wire_mail *mail)
{
	letter_take(k, mail);
	crypto_wipe(k->room.at, k->room.len);
}

static void
hear(struct keeper *k, const struct wire_mail *mail)
{
	if (mail->head.kind == WIRE_RCPT)
		letter_judge(k, mail);
	else if (mail->head.kind == WIRE_LETTER)
		letter_hear(k, mail);
	else if (mail->head.kind == WIRE_ABORT)
		letter_abort(k, mail->head.session);
	else
		log_event(LOG_ERROR, "wire-unknown",
		    LOG_N("kind", mail->head.kind));
	if (mail->fd >= 0)
		close(mail->fd);
}

/* Of all services. */
static size_t
session_count(const struct keeper *k)
{
	return k->pop3.common.crowd.count + k->imap.common.crowd.count +
	    k->submit.common.crowd.count;
}

static void
end_soon(struct keeper *k)
{
	if (k->stopping && !k->wire_up && session_count(k) == 0 &&
	    post_idle(k->post))
		timer_set(k->loop, &k->end, 0);
}

static void
wire_drop(struct keeper *k)
{
	if (!k->wire_up)
		return;
	k->wire_up = false;
	loop_unwatch(k->loop, &k->wire);
	close(k->wire.fd);
	letter_abort_all(k);
	/* What is whole is kept all the same; nobody hears of it. */
	k->answer_count = 0;
	end_soon(k);
}

static void
on_wire(struct watch *w, unsigned events)
{
	struct keeper *k = list_of(w, struct keeper, wire);
	struct wire_mail mail;
	int err = 0, n;

	(void)events;
	for (n = 0; n < MAILS_PER_TURN &&
	    k->answer_count < KEEPER_ANSWERS_MAX; n++) {
		err = wire_receive(w->fd, &k->room, &mail);
		if (err == 0)
			hear(k, &mail);
		else if (err != -EBADMSG)
			break;
	}
	if (err == 0 || err == -EAGAIN || err == -EBADMSG)
		return;
	log_event(k->stopping ? LOG_DEBUG : LOG_ERROR, "intake-gone",
	    LOG_N("letters", (int64_t)k->letter_count));
	wire_drop(k);
}

static void
wire_set(struct keeper *k, int fd)
{
	int err;

	wire_drop(k);
	k->wire = (struct watch){ .fd = fd, .ready = on_wire };
	err = loop_watch(k->loop, &k->wire, LOOP_READ);
	if (err != 0) {
		log_event(LOG_ERROR, "wire-unwatched",
		    LOG_C("why", strerror(-err)));
		close(fd);
		return;
	}
	k->wire_up = true;
}

/* Put housekeeping off while there is work, but not for ever. */
static void
rest_later(struct keeper *k)
{
	int64_t now = k->loop->clock.mono_ms, after = QUIET_MS;

	if (k->busy_ms == 0)
		k->busy_ms = now;
	if (now + after > k->busy_ms + BUSY_MAX_MS)
		after = k->busy_ms + BUSY_MAX_MS - now;
	timer_set(k->loop, &k->rest, after > 0 ? after : 0);
}

/* Who was deleted at or after this stamp may be being read. */
static int64_t
oldest(const struct keeper *k)
{
	int64_t pop3 = serve_pop3_oldest(&k->pop3);
	int64_t imap = serve_imap_oldest(&k->imap);

	return pop3 < imap ? pop3 : imap;
}

static void
on_rest(struct timer *t)
{
	struct keeper *k = list_of(t, struct keeper, rest);

	k->busy_ms = 0;
	if (db_rest(k->db, oldest(k)))
		timer_set(k->loop, &k->rest, REST_AGAIN_MS);
	else if (db_pending(k->db) == DB_LAZY)
		timer_set(k->loop, &k->rest, REST_LAZY_MS);
}

/* Make this turn's changes durable, and only then say so. */
static void
commit(struct keeper *k)
{
	bool changed = db_pending(k->db) == DB_URGENT;
	int err = 0;
	size_t n;

	if (changed) {
		err = db_commit(k->db);
		if (err != 0)
			log_event(LOG_ERROR, "commit-failed",
			    LOG_C("why", strerror(-err)),
			    LOG_N("answers", (int64_t)k->answer_count));
	}
	for (n = 0; n < k->answer_count; n++) {
		if (k->answers[n].promise && err != 0)
			k->answers[n].verdict = keeper_verdict(err);
		k->answers[n].promise = false;
	}
	if (k->answer_count > 0)
		answers_flush(k);
	/* First of all, since it looks at the box as it was committed. */
	serve_pop3_settled(&k->pop3, err);
	serve_imap_settled(&k->imap, err, changed && err == 0);
	serve_submit_settled(&k->submit, err);
	post_settled(k->post, err);
}

static void
on_settle(struct settle *settle)
{
	struct keeper *k = list_of(settle, struct keeper, settle);
	bool busy = false;

	/* A session that is let in now may have said DELE and QUIT already. */
	do {
		busy = busy || db_pending(k->db) == DB_URGENT;
		commit(k);
	} while (db_pending(k->db) == DB_URGENT);
	if (busy || (db_pending(k->db) == DB_LAZY && k->rest.slot == 0))
		rest_later(k);
	end_soon(k);
}

static void
on_setup(struct orders *o, struct setup *setup)
{
	struct keeper *k = list_of(o, struct keeper, orders);
	struct era *era;

	if (era_open(&era, setup, true) != 0)
		return;
	era_drop(k->era);
	k->era = era;
	k->renewed = true;
	serve_pop3_renew(&k->pop3, era);
	serve_imap_renew(&k->imap, era);
	serve_submit_renew(&k->submit, era);
	post_renew(k->post, era);
	orders_ready(o);
}

static void
on_peer(struct orders *o, enum role_id to, int fd)
{
	struct keeper *k = list_of(o, struct keeper, orders);

	if (to == ROLE_INTAKE)
		wire_set(k, fd);
	else if (to == ROLE_COURIER)
		post_wire(k->post, fd);
	else
		close(fd);
}

static void
on_stop(struct orders *o)
{
	struct keeper *k = list_of(o, struct keeper, orders);

	log_event(LOG_INFO, "stopping",
	    LOG_N("sessions", (int64_t)session_count(k)));
	k->stopping = true;
	timer_set(k->loop, &k->end, ROLE_DRAIN_MS);
	serve_pop3_stop(&k->pop3);
	serve_imap_stop(&k->imap);
	serve_submit_stop(&k->submit);
	post_stop(k->post);
	end_soon(k);
}

static void
on_end(struct timer *t)
{
	struct keeper *k = list_of(t, struct keeper, end);
	int n;

	wire_drop(k);
	serve_pop3_drop(&k->pop3);
	serve_imap_drop(&k->imap);
	serve_submit_drop(&k->submit);
	gate_drop(&k->gate);
	post_drop(k->post);
	timer_cancel(k->loop, &k->end);
	timer_cancel(k->loop, &k->rest);
	list_take(&k->settle.link);
	if (db_commit(k->db) != 0)
		log_event(LOG_DEBUG, "counts-unwritten", LOG_N("answers",
		    (int64_t)k->answer_count));
	for (n = 0; n < RESTS_AT_END && db_rest(k->db, INT64_MAX); n++)
		;
	db_close(k->db);
	era_drop(k->era);
	buf_drop(&k->room);
	orders_end(&k->orders);
	free(k);
}

static struct keeper *
keeper_new(const struct role_start *start)
{
	struct keeper *k = xalloc(1, sizeof *k);

	k->loop = start->loop;
	k->orders = (struct orders){
		.setup = on_setup, .peer = on_peer, .stop = on_stop
	};
	k->end = (struct timer){ .fire = on_end };
	k->rest = (struct timer){ .fire = on_rest };
	k->settle = (struct settle){ .run = on_settle };
	list_init(&k->letters);
	/* At full size from the start, it need not be asked for each time. */
	buf_init(&k->room, WIRE_BODY_MAX);
	must(buf_space(&k->room, WIRE_BODY_MAX) != NULL);
	return k;
}

int
keeper_start(const struct role_start *start)
{
	struct keeper *k = keeper_new(start);
	int err;

	err = era_open(&k->era, start->setup, true);
	if (err == 0)
		err = db_open(&k->db, start->data, DB_SERVE,
		    &k->loop->clock);
	if (err == 0)
		err = orders_open(&k->orders, start);
	if (err != 0)
		return err;
	gate_open(&k->gate, k->loop, k->db);
	k->post = post_new(k->loop, k->db, k->era);
	err = serve_pop3_open(&k->pop3, start, &k->gate, k->era);
	if (err == 0)
		err = serve_imap_open(&k->imap, start, &k->gate, k->era);
	if (err == 0)
		err = serve_submit_open(&k->submit, start, &k->gate, k->post,
		    k->era);
	if (err != 0)
		return err;
	loop_settle(k->loop, &k->settle);
	if (start->wires[ROLE_INTAKE] >= 0)
		wire_set(k, start->wires[ROLE_INTAKE]);
	if (start->wires[ROLE_COURIER] >= 0)
		post_wire(k->post, start->wires[ROLE_COURIER]);
	rest_later(k);
	orders_ready(&k->orders);
	return 0;
}
