/*
 * One connection of a mail program: bytes through talk/imap.c, replies back,
 * and what there is to do when time passes or the other side goes.
 */
#include "app/mua_part.h"

#include "base/log.h"

#include <stdlib.h>

#define EARLY_S 60		/* without progress, before the login */

static void
log_end(const struct mua *m)
{
	const struct tls *tls = conn_tls(&m->conn);

	if (m->imap.progress == 0)
		return;
	log_event(LOG_INFO, "session", LOG_N("session", m->number),
	    LOG_C("service", MUA_SERVICE), LOG_C("ip", m->peer.text),
	    LOG_S("tls", tls == NULL ? STR("none") : tls_version(tls)),
	    LOG_N("commands", m->commands));
}

static void
leave(struct mua *m)
{
	struct loop *loop = m->service->common.loop;

	log_end(m);
	list_take(&m->settling);
	list_take(&m->hearing);
	timer_cancel(loop, &m->turn);
	crowd_leave(&m->service->common.crowd, &m->member);
	mua_work_drop(m);
	notify_drop(m);
	view_close(m);
	mua_lock(m);
	conn_drop(&m->conn);
	imap_drop(&m->imap);
	buf_drop(&m->code);
	buf_wipe(&m->service->piece);
	era_drop(m->era);
	free(m);
}

static void
deadline_set(struct mua *m)
{
	int64_t idle_s = m->era->setup.config.imap_idle_s;

	if (m->entry.owner == NULL && idle_s > EARLY_S)
		idle_s = EARLY_S;
	conn_deadline(&m->conn, idle_s * 1000);
}

/* Progress puts the deadline off; mere bytes do not. */
static void
note_progress(struct mua *m)
{
	if (m->progress == m->imap.progress)
		return;
	m->progress = m->imap.progress;
	crowd_touch(&m->service->common.crowd, &m->member);
	deadline_set(m);
}

static void
greet(struct mua *m)
{
	imap_init(&m->imap, m->secure_port, m->era->tls != NULL);
	m->imap.append_limit = m->era->setup.config.size_max;
}

/* Send the replies and go on, by CONN_DRAINED, when they are gone. */
static void
drain(struct mua *m, int state)
{
	m->state = state;
	conn_pause(&m->conn);
	conn_flush(&m->conn);
}

static void
shake(struct mua *m)
{
	m->state = MUA_SHAKES;
	conn_resume(&m->conn);
	conn_secure(&m->conn, m->era->tls);
}

static void
part(struct mua *m)
{
	m->state = MUA_PARTS;
	crowd_yield(&m->service->common.crowd, &m->member);
	conn_finish(&m->conn);
}

/* A step of the command is done; true when the machine can go on at once. */
static bool
worked(struct mua *m, bool answered)
{
	if (m->broken)
		part(m);
	else if (answered && m->packs)
		drain(m, MUA_PACKS);
	return answered && !m->broken && !m->packs;
}

/*
 * Tell news to one who may hear them now, and send them; what there is no room
 * for is told when that is sent. Returns: true when the machine has more to
 * say.
 */
static bool
tell(struct mua *m)
{
	bool fetch = false;

	/* At the end of the turn, then. */
	if (mua_unsettled(m))
		m->service->news = true;
	else
		m->untold = notify_tell(m, &fetch);
	if (fetch)
		return worked(m, mua_begin(m));
	if (m->lost)
		imap_bye(&m->imap, MUA_LOST);
	conn_flush(&m->conn);
	return m->lost;
}

bool
mua_hears(const struct mua *m)
{
	return m->job == NULL && (m->imap.idling || m->notify != NULL);
}

/* All is read that came; true when the machine has more to say. */
static bool
pause_or_part(struct mua *m)
{
	/* Who is in the middle of APPEND may finish it. */
	if (m->service->common.stopping && m->job == NULL) {
		imap_bye(&m->imap, MUA_STOPPING);
		return true;
	}
	if (mua_hears(m))
		return tell(m);
	/* ENABLE may have turned it on. */
	if (m->view.open && !m->view.condstore)
		view_tell_modseq(m);
	conn_flush(&m->conn);
	return false;
}

/* Do what the machine asks; true when it can go on at once. */
static bool
obey(struct mua *m, enum imap_ask ask)
{
	switch (ask) {
	case IMAP_MORE:
		return pause_or_part(m);
	case IMAP_DRAIN:
		drain(m, MUA_DRAINS);
		return false;
	case IMAP_SECURE:
		drain(m, MUA_LEADS);
		return false;
	case IMAP_ENTER:
		return mua_login(m);
	case IMAP_DO:
		return worked(m, mua_begin(m));
	case IMAP_TAKE:
		mua_append_take(m);
		return true;
	case IMAP_TEXT:
		return true;	/* see talk() */
	case IMAP_TEXT_END:
		mua_append_text_end(m);
		return true;
	case IMAP_FORGET:
		mua_append_forget(m);
		return true;
	case IMAP_BYE:
		part(m);
		return false;
	}
	must(false);
	return false;
}

static void
talk(struct mua *m)
{
	struct buf *in = &m->conn.in;
	enum imap_ask ask;
	struct str rest;
	size_t len;

	m->state = MUA_TALKS;
	do {
		rest = buf_str(in);
		len = rest.len;
		ask = imap_step(&m->imap, &rest);
		/* It is a view of what is eaten now. */
		if (ask == IMAP_TEXT)
			mua_append_text(m);
		if (m->entry.owner == NULL)
			service_eat(in, len - rest.len);
		else
			buf_eat(in, len - rest.len);
		note_progress(m);
	} while (obey(m, ask));
}

void
mua_resume(struct mua *m)
{
	conn_resume(&m->conn);
	talk(m);
}

/* Go on with the command under way. */
static void
go_on(struct mua *m)
{
	if (worked(m, mua_work(m)))
		mua_resume(m);
}

void
mua_settled(struct mua *m)
{
	struct loop *loop = m->service->common.loop;

	if (!m->ran_settled) {
		m->ran_settled = true;
		go_on(m);
		return;
	}
	/* The others come first; it may change something again. */
	m->state = MUA_WORKS;
	timer_set(loop, &m->turn, 0);
}

void
mua_news(struct mua *m)
{
	if (tell(m))
		talk(m);
}

static void
on_turn(struct timer *t)
{
	struct mua *m = list_of(t, struct mua, turn);

	m->chain = 0;
	m->ran_settled = false;
	go_on(m);
}

static void
on_secured(struct mua *m)
{
	if (m->secure_port)
		greet(m);
	else
		imap_secured(&m->imap);
	talk(m);
}

static void
on_drained(struct mua *m)
{
	if (m->entry.owner != NULL)
		deadline_set(m);
	switch (m->state) {
	case MUA_LEADS:
		shake(m);
		break;
	case MUA_PACKS:
		m->packs = false;
		conn_compress(&m->conn);
		m->imap.compressed = true;
		mua_resume(m);
		break;
	case MUA_DRAINS:
		mua_resume(m);
		break;
	case MUA_WAITS:
		go_on(m);
		break;
	case MUA_TALKS:
		if (m->untold && mua_hears(m) && tell(m))
			talk(m);
		break;
	case MUA_SHAKES:
	case MUA_PROVES:
	case MUA_WORKS:
	case MUA_SETTLES:
	case MUA_PARTS:
		break;
	}
}

/* Have the machine say BYE where it can be heard; true when it does. */
static bool
dismiss(struct mua *m, const char *why)
{
	if (m->state != MUA_TALKS && m->state != MUA_PROVES)
		return false;
	mua_lock(m);
	imap_bye(&m->imap, why);
	return true;
}

static void
on_timeout(struct mua *m)
{
	if (m->state == MUA_PROVES || m->state == MUA_WORKS ||
	    m->state == MUA_SETTLES)
		deadline_set(m);	/* it is we who keep it waiting */
	else if (dismiss(m, "Idle for too long."))
		mua_resume(m);
	else
		leave(m);
}

static void
on_closed(struct mua *m)
{
	if (m->state == MUA_SHAKES)
		log_event(LOG_INFO, "tls-failed", LOG_N("session", m->number),
		    LOG_C("ip", m->peer.text),
		    LOG_S("why", tls_why(conn_tls(&m->conn))));
	leave(m);
}

static void
on_event(struct conn *conn, enum conn_event event)
{
	struct mua *m = list_of(conn, struct mua, conn);

	m->chain = 0;
	m->ran_settled = false;
	switch (event) {
	case CONN_INPUT:
		if (m->state == MUA_TALKS)
			talk(m);
		break;
	case CONN_DRAINED:
		on_drained(m);
		break;
	case CONN_SECURED:
		on_secured(m);
		break;
	case CONN_TIMEOUT:
		on_timeout(m);
		break;
	case CONN_CLOSED:
		on_closed(m);
		break;
	}
}

void
mua_evict(struct mua *m, const char *why)
{
	struct str none = STR("");

	if (dismiss(m, why) && imap_step(&m->imap, &none) == IMAP_BYE)
		conn_flush(&m->conn);
	leave(m);
}

void
mua_stop(struct mua *m)
{
	if (m->state == MUA_TALKS && m->job != NULL)
		return;
	if (dismiss(m, MUA_STOPPING))
		mua_resume(m);
	else if (m->state == MUA_SHAKES || m->state == MUA_LEADS)
		leave(m);
}

void
mua_join(struct imap_service *service, int fd, const struct peer *peer,
	struct network network, bool secure)
{
	struct service *s = &service->common;
	struct mua *m = xalloc(1, sizeof *m);

	m->service = service;
	m->peer = *peer;
	m->secure_port = secure;
	m->conn.on = on_event;
	if (conn_open(&m->conn, s->loop, fd, MUA_IN_MAX, &m->imap.out) != 0) {
		free(m);
		return;
	}
	m->turn.fire = on_turn;
	m->stamp = INT64_MAX;
	m->era = era_hold(s->era);
	m->number = ++service->gate->serial;
	buf_init(&m->code, MUA_CODE_MAX);
	crowd_join(&s->crowd, &m->member, network);
	deadline_set(m);
	if (secure) {
		shake(m);
		return;
	}
	greet(m);
	talk(m);
}
