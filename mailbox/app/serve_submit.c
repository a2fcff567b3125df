/*
 * Submission in the keeper: connections of mail programs, each driven through
 * talk/smtp.c, with the gate, the store and the queue behind it. Knows no SMTP.
 *
 * Invariants:
 * 1. 250 is said to a letter after the commit that keeps it.
 * 2. The owner's key is locked again as soon as the login is through.
 * 3. A letter whose session ends before its last piece leaves nothing.
 */
#include "app/serve_submit_part.h"

#include "base/log.h"

#include <stdlib.h>

#define STOPPING "4.3.2 Shutting down"

/* A line for sessions that said something. */
static void
log_end(const struct author *a)
{
	const struct tls *tls = conn_tls(&a->conn);
	const struct smtp *smtp = &a->smtp;

	if (smtp->progress == 0 && smtp->errors == 0)
		return;
	log_event(LOG_INFO, "session", LOG_N("session", a->number),
	    LOG_C("service", SERVE_SUBMIT_NAME),
	    LOG_C("ip", a->peer.text),
	    LOG_S("tls", tls == NULL ? STR("none") : tls_version(tls)),
	    LOG_N("messages", smtp->messages), LOG_N("errors", smtp->errors),
	    LOG_C("last-refusal",
	    smtp->complaint == NULL ? "none" : smtp->complaint));
}

static void
author_end(struct author *a)
{
	log_end(a);
	list_take(&a->settling);
	entry_drop(&a->entry);
	crowd_leave(&a->service->common.crowd, &a->member);
	outgoing_drop(a->outgoing);
	conn_drop(&a->conn);
	smtp_drop(&a->smtp);
	era_drop(a->era);
	free(a);
}

static void
deadline_set(struct author *a)
{
	conn_deadline(&a->conn,
	    (int64_t)a->era->setup.config.submission_idle_s * 1000);
}

/* Progress puts the deadline off; mere bytes do not. */
static void
note_progress(struct author *a)
{
	if (a->progress == a->smtp.progress)
		return;
	a->progress = a->smtp.progress;
	crowd_touch(&a->service->common.crowd, &a->member);
	deadline_set(a);
}

static void
shake(struct author *a)
{
	a->state = AUTHOR_SHAKES;
	conn_resume(&a->conn);
	conn_secure(&a->conn, a->era->tls);
}

/* Send the replies; true when they are gone, else wait in that state. */
static bool
drain(struct author *a, int state)
{
	conn_flush(&a->conn);
	if (conn_idle(&a->conn))
		return true;
	a->state = state;
	conn_pause(&a->conn);
	return false;
}

static void
part(struct author *a)
{
	a->state = AUTHOR_PARTS;
	crowd_yield(&a->service->common.crowd, &a->member);
	conn_finish(&a->conn);
}

/* Do what the machine asks; true when it can go on at once. */
static bool
obey(struct author *a, enum smtp_ask ask)
{
	switch (ask) {
	case SMTP_MORE:
		/* Who does not read what we say is not listened to. */
		(void)drain(a, AUTHOR_DRAINS);
		return false;
	case SMTP_DRAIN:
		return drain(a, AUTHOR_DRAINS);
	case SMTP_STARTTLS:
		if (drain(a, AUTHOR_LEADS))
			shake(a);
		return false;
	case SMTP_LOGIN:
		return author_login(a);
	case SMTP_RCPT:
		author_judge(a);
		return true;
	case SMTP_OPEN:
		author_open(a);
		return true;
	case SMTP_PIECE:
		return author_take(a, false);
	case SMTP_STORE:
		return author_take(a, true);
	case SMTP_ABORT:
		outgoing_drop(a->outgoing);
		a->outgoing = NULL;
		return true;
	case SMTP_BYE:
		part(a);
		return false;
	}
	must(false);
	return false;
}

/* Let the machine run as far as it goes. */
static void
author_go(struct author *a)
{
	enum smtp_ask ask;
	struct str in;
	size_t len;

	a->state = AUTHOR_TALKS;
	do {
		if (a->service->common.stopping && a->outgoing == NULL)
			smtp_close(&a->smtp, STOPPING);
		in = buf_str(&a->conn.in);
		len = in.len;
		ask = smtp_step(&a->smtp, &in);
		service_eat(&a->conn.in, len - in.len);
		note_progress(a);
	} while (obey(a, ask));
}

void
author_resume(struct author *a)
{
	conn_resume(&a->conn);
	author_go(a);
}

static void
greet(struct author *a)
{
	const struct tls *tls = conn_tls(&a->conn);

	smtp_init(&a->smtp, &a->era->submission, str_of(a->peer.text));
	if (tls != NULL)
		smtp_secure_from_start(&a->smtp, tls_version(tls),
		    tls_cipher(tls));
}

static void
on_secured(struct author *a)
{
	const struct tls *tls = conn_tls(&a->conn);

	if (a->secure_port)
		greet(a);
	else
		smtp_secured(&a->smtp, tls_version(tls), tls_cipher(tls));
	author_go(a);
}

static void
on_drained(struct author *a)
{
	if (a->state == AUTHOR_LEADS)
		shake(a);
	else if (a->state == AUTHOR_DRAINS)
		author_resume(a);
}

/* Have the machine say 421 where it can be heard; true when it does. */
static bool
dismiss(struct author *a, const char *why)
{
	if (a->state != AUTHOR_TALKS && a->state != AUTHOR_PROVES)
		return false;
	entry_drop(&a->entry);
	smtp_close(&a->smtp, why);
	return true;
}

static void
on_timeout(struct author *a)
{
	if (a->state == AUTHOR_PROVES || a->state == AUTHOR_SETTLES)
		deadline_set(a);	/* it is we who keep it waiting */
	else if (dismiss(a, "4.4.2 Idle for too long"))
		author_resume(a);
	else
		author_end(a);
}

static void
on_closed(struct author *a)
{
	if (a->state == AUTHOR_SHAKES)
		log_event(LOG_INFO, "tls-failed", LOG_N("session", a->number),
		    LOG_C("ip", a->peer.text),
		    LOG_S("why", tls_why(conn_tls(&a->conn))));
	author_end(a);
}

static void
on_event(struct conn *conn, enum conn_event event)
{
	struct author *a = list_of(conn, struct author, conn);

	switch (event) {
	case CONN_INPUT:
		if (a->state == AUTHOR_TALKS)
			author_go(a);
		break;
	case CONN_DRAINED:
		on_drained(a);
		break;
	case CONN_SECURED:
		on_secured(a);
		break;
	case CONN_TIMEOUT:
		on_timeout(a);
		break;
	case CONN_CLOSED:
		on_closed(a);
		break;
	}
}

static struct service_limits
limits_of(const struct config *config)
{
	return (struct service_limits){
		.connections = config->submission_connections,
		.per_network = config->submission_per_network
	};
}

/* End a session at once, with 421 and a word if it can be told. */
static void
evict(struct author *a, const char *why)
{
	struct str none = STR("");

	if (dismiss(a, why)) {
		while (smtp_step(&a->smtp, &none) != SMTP_BYE)
			;	/* SMTP_ABORT, which author_end() does */
		conn_flush(&a->conn);
	}
	author_end(a);
}

static void
on_evict(struct service *s, struct member *m)
{
	(void)s;
	evict(list_of(m, struct author, member),
	    "4.3.2 Too many connections");
}

static void
on_begin(struct service *s, int fd, const struct peer *peer,
	struct network network, bool secure)
{
	struct submit_service *service = list_of(s, struct submit_service,
	    common);
	struct author *a = xalloc(1, sizeof *a);

	a->service = service;
	a->peer = *peer;
	a->secure_port = secure;
	a->conn.on = on_event;
	if (conn_open(&a->conn, s->loop, fd, SERVE_SUBMIT_IN_MAX,
	    &a->smtp.out) != 0) {
		free(a);
		return;
	}
	a->era = era_hold(s->era);
	a->number = ++service->gate->serial;
	crowd_join(&s->crowd, &a->member, network);
	deadline_set(a);
	if (secure) {
		shake(a);
		return;
	}
	greet(a);
	author_go(a);
}

int
serve_submit_open(struct submit_service *service,
	const struct role_start *start, struct gate *gate, struct post *post,
	struct era *era)
{
	*service = (struct submit_service){
		.common = {
			.limits = limits_of, .begin = on_begin,
			.evict = on_evict
		},
		.gate = gate, .db = gate->db, .post = post
	};
	list_init(&service->settling);
	signing_open(&service->signing, gate->db);
	return service_open(&service->common, start->loop, era,
	    start->submission, start->submissions);
}

void
serve_submit_renew(struct submit_service *service, struct era *era)
{
	service_renew(&service->common, era);
}

void
serve_submit_settled(struct submit_service *service, int err)
{
	struct list now;
	struct author *a;

	service_settling(&service->settling, &now);
	while (!list_empty(&now)) {
		a = list_of(now.next, struct author, settling);
		list_take(&a->settling);
		author_settled(a, err);
	}
}

/* Part from one; who has a letter under way may finish it. */
static void
stop(struct author *a)
{
	if (a->outgoing != NULL || a->state == AUTHOR_SETTLES ||
	    a->state == AUTHOR_PARTS)
		return;
	if (dismiss(a, STOPPING))
		author_resume(a);
	else
		author_end(a);
}

void
serve_submit_stop(struct submit_service *service)
{
	struct crowd *crowd = &service->common.crowd;
	struct list *link, *next;

	service_stop(&service->common);
	for (link = crowd->members.next; link != &crowd->members;
	    link = next) {
		next = link->next;
		stop(list_of(link, struct author, member.link));
	}
}

void
serve_submit_drop(struct submit_service *service)
{
	struct list *members = &service->common.crowd.members;

	while (!list_empty(members))
		evict(list_of(members->next, struct author, member.link),
		    STOPPING);
	service_drop(&service->common);
	signing_drop(&service->signing);
}
