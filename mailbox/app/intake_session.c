/*
 * One SMTP connection: turns what talk/smtp.c asks into calls of net/ and of
 * the keeper, and what comes back into answers. Knows no SMTP.
 *
 * A session ends in session_end() alone, which is reached from its own events
 * and timers, from session_evict() and from session_aborted().
 */
#include "app/intake_part.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STOPPING "4.3.2 Shutting down"

/* A line for sessions that said something; the others are only counted. */
static void
log_end(struct session *s)
{
	const struct tls *tls = conn_tls(&s->conn);
	const struct smtp *smtp = &s->smtp;

	if (smtp->progress == 0 && smtp->errors == 0) {
		intake_count(s->intake, &s->intake->silent);
		return;
	}
	log_event(LOG_INFO, "session", LOG_N("session", s->number),
	    LOG_C("ip", s->peer.text), LOG_S("helo", buf_str(&smtp->helo)),
	    LOG_S("tls", tls == NULL ? STR("none") : tls_version(tls)),
	    LOG_N("messages", smtp->messages), LOG_N("errors", smtp->errors),
	    LOG_C("last-refusal",
	    smtp->complaint == NULL ? "none" : smtp->complaint));
}

static void
session_free(struct session *s)
{
	intake_leave(s->intake, s);
	free(s);
}

/* Close the connection; the rest stays only until the keeper is told. */
static void
session_end(struct session *s)
{
	log_end(s);
	timer_cancel(s->intake->loop, &s->greet);
	crowd_leave(&s->intake->crowd, &s->member);
	conn_drop(&s->conn);
	smtp_drop(&s->smtp);
	buf_drop(&s->out);
	era_drop(s->era);
	s->era = NULL;
	s->state = SESSION_GHOST;
	if (intake_abort(s))
		session_free(s);
}

/* Progress puts the deadline off; mere bytes do not. */
static void
note_progress(struct session *s)
{
	if (s->progress == s->smtp.progress)
		return;
	s->progress = s->smtp.progress;
	crowd_touch(&s->intake->crowd, &s->member);
	conn_deadline(&s->conn,
	    (int64_t)s->era->setup.config.smtp_idle_s * 1000);
}

static void
log_letter(const struct session *s, enum smtp_verdict verdict)
{
	static const char *const results[] = {
		[SMTP_ACCEPT] = "stored", [SMTP_REFUSE] = "refused",
		[SMTP_FULL] = "no-room", [SMTP_LATER] = "not-now"
	};
	const struct tls *tls = conn_tls(&s->conn);
	const struct smtp *smtp = &s->smtp;
	struct str sender = buf_str(&smtp->reverse_path), local;

	/* Who writes is sealed in the box; it is not for a log beside it. */
	while (str_split(&sender, '@', &local))
		;
	log_event(LOG_INFO, "letter", LOG_N("session", s->number),
	    LOG_C("id", s->id), LOG_S("sender-domain", sender),
	    LOG_N("recipients", (int64_t)smtp->recipient_count),
	    LOG_N("size", (int64_t)smtp->size),
	    LOG_S("tls", tls == NULL ? STR("none") : tls_version(tls)),
	    LOG_C("result", results[verdict]));
}

/* Give the answer to s->asked to the machine. */
static void
hand_over(struct session *s, enum smtp_verdict verdict)
{
	if (s->asked == SMTP_RCPT) {
		smtp_judged(&s->smtp, verdict);
		return;
	}
	if (s->asked == SMTP_STORE || verdict != SMTP_ACCEPT) {
		log_letter(s, verdict);
		s->open = s->letter = false;
	}
	if (s->asked == SMTP_PIECE)
		smtp_pieced(&s->smtp, verdict);
	else
		smtp_stored(&s->smtp, verdict);
}

/*
 * What takes long now is not the client's doing: it does not have to make
 * room, least of all while its letter is being made durable.
 */
static void
wait_for_keeper(struct session *s)
{
	s->state = SESSION_ASKS;
	s->member.settled = true;
	conn_pause(&s->conn);
}

/* Ask the keeper; true when the answer is there already. */
static bool
ask_keeper(struct session *s, enum smtp_ask ask)
{
	s->asked = ask;
	if (!intake_ask(s)) {
		hand_over(s, SMTP_LATER);
		return true;
	}
	wait_for_keeper(s);
	return false;
}

/* Have the keeper forget the letter; true when nothing has to wait. */
static bool
abort_letter(struct session *s)
{
	s->open = false;
	if (intake_abort(s))
		return true;
	wait_for_keeper(s);
	return false;
}

static void
open_letter(struct session *s)
{
	service_letter_id(s->id);
	s->open = true;
	smtp_opened(&s->smtp, SMTP_ACCEPT, str_of(s->id),
	    s->intake->loop->clock.unix_s);
}

static void
shake(struct session *s)
{
	s->state = SESSION_SHAKES;
	conn_resume(&s->conn);
	conn_secure(&s->conn, s->era->tls);
}

static void
send_replies(struct session *s)
{
	buf_add(&s->out, buf_str(&s->smtp.out));
	must(!s->out.full);
	buf_drop(&s->smtp.out);
	conn_flush(&s->conn);
}

/* Send the replies; true when they are gone, else wait in that state. */
static bool
drain(struct session *s, int state)
{
	send_replies(s);
	if (conn_idle(&s->conn))
		return true;
	s->state = state;
	conn_pause(&s->conn);
	return false;
}

/* Do what the machine asks; true when it can go on at once. */
static bool
obey(struct session *s, enum smtp_ask ask)
{
	switch (ask) {
	case SMTP_MORE:
		/* Who does not read what we say is not listened to. */
		(void)drain(s, SESSION_DRAINS);
		return false;
	case SMTP_DRAIN:
		return drain(s, SESSION_DRAINS);
	case SMTP_STARTTLS:
		if (drain(s, SESSION_LEADS))
			shake(s);
		return false;
	case SMTP_LOGIN:
		break;		/* not on this port */
	case SMTP_RCPT:
	case SMTP_PIECE:
	case SMTP_STORE:
		return ask_keeper(s, ask);
	case SMTP_OPEN:
		open_letter(s);
		return true;
	case SMTP_ABORT:
		return abort_letter(s);
	case SMTP_BYE:
		send_replies(s);
		s->state = SESSION_PARTS;
		crowd_yield(&s->intake->crowd, &s->member);
		conn_finish(&s->conn);
		return false;
	}
	must(false);
	return false;
}

/* Let the machine run as far as it goes. */
static void
session_go(struct session *s)
{
	enum smtp_ask ask;
	struct str in;
	size_t len;

	s->state = SESSION_TALKS;
	do {
		if (s->intake->stopping && !s->open)
			smtp_close(&s->smtp, STOPPING);
		in = buf_str(&s->conn.in);
		len = in.len;
		ask = smtp_step(&s->smtp, &in);
		buf_eat(&s->conn.in, len - in.len);
		note_progress(s);
	} while (obey(s, ask));
}

/* Go on after conn_pause(). */
static void
session_resume(struct session *s)
{
	s->member.settled = false;
	conn_resume(&s->conn);
	session_go(s);
}

void
session_answer(struct session *s, enum smtp_verdict verdict)
{
	must(s->state == SESSION_ASKS);
	hand_over(s, verdict);
	session_resume(s);
}

void
session_aborted(struct session *s)
{
	if (s->state == SESSION_GHOST)
		session_free(s);
	else
		session_resume(s);
}

/* Say 421 to whoever can hear it; true when the machine has ended. */
static bool
dismiss(struct session *s, const char *why)
{
	switch (s->state) {
	case SESSION_TALKS:
	case SESSION_ASKS:
		list_take(&s->queued);
		smtp_close(&s->smtp, why);
		return true;
	case SESSION_WAITS:
	case SESSION_DRAINS:
	case SESSION_LEADS:
	case SESSION_SHAKES:
	case SESSION_PARTS:
	case SESSION_GHOST:
		return false;
	}
	must(false);
	return false;
}

void
session_evict(struct session *s, const char *why)
{
	struct str none = STR("");

	if (s->state == SESSION_GHOST)
		return;
	if (dismiss(s, why)) {
		while (smtp_step(&s->smtp, &none) != SMTP_BYE)
			;	/* SMTP_ABORT, which session_end() does */
		send_replies(s);
	}
	session_end(s);
}

void
session_stop(struct session *s)
{
	if (s->open || s->state == SESSION_PARTS || s->state == SESSION_GHOST)
		return;
	if (dismiss(s, STOPPING))
		session_resume(s);
	else
		session_end(s);
}

/* The time for the greeting has come; whoever talked before is not greeted. */
static void
on_greet(struct timer *t)
{
	struct session *s = list_of(t, struct session, greet);

	if (!s->looked) {
		/* What came with the connection is told in the next turn. */
		s->looked = true;
		timer_set(s->intake->loop, t, 0);
		return;
	}
	smtp_init(&s->smtp, &s->era->policy, str_of(s->peer.text));
	session_go(s);
}

/* Input before the greeting (RFC 5321 section 3.1). */
static void
turn_away(struct session *s)
{
	timer_cancel(s->intake->loop, &s->greet);
	smtp_init(&s->smtp, &s->era->policy, str_of(s->peer.text));
	smtp_turn_away(&s->smtp, "5.5.0 Talked before the greeting");
	session_go(s);
}

static void
on_input(struct session *s)
{
	if (s->state == SESSION_WAITS)
		turn_away(s);
	else if (s->state == SESSION_TALKS)
		session_go(s);
}

static void
on_drained(struct session *s)
{
	if (s->state == SESSION_DRAINS)
		session_resume(s);
	else if (s->state == SESSION_LEADS)
		shake(s);
}

static void
on_secured(struct session *s)
{
	const struct tls *tls = conn_tls(&s->conn);

	smtp_secured(&s->smtp, tls_version(tls), tls_cipher(tls));
	session_go(s);
}

static void
on_timeout(struct session *s)
{
	if (s->state == SESSION_ASKS)
		conn_deadline(&s->conn,
		    (int64_t)s->era->setup.config.smtp_idle_s * 1000);
	else if (dismiss(s, "4.4.2 Idle for too long"))
		session_resume(s);
	else
		session_end(s);
}

static void
on_closed(struct session *s)
{
	if (s->state == SESSION_SHAKES)
		log_event(LOG_INFO, "tls-failed", LOG_N("session", s->number),
		    LOG_C("ip", s->peer.text),
		    LOG_S("why", tls_why(conn_tls(&s->conn))));
	session_end(s);
}

static void
on_event(struct conn *c, enum conn_event event)
{
	struct session *s = list_of(c, struct session, conn);

	switch (event) {
	case CONN_INPUT:
		on_input(s);
		break;
	case CONN_DRAINED:
		on_drained(s);
		break;
	case CONN_SECURED:
		on_secured(s);
		break;
	case CONN_TIMEOUT:
		on_timeout(s);
		break;
	case CONN_CLOSED:
		on_closed(s);
		break;
	}
}

/* Make room for a newcomer; false when there is none. */
static bool
make_room(struct intake *i, struct network network)
{
	const struct config *config = &i->era->setup.config;
	struct member *victim;

	if (!crowd_room(&i->crowd, network, config->smtp_connections,
	    config->smtp_per_network, &victim))
		return false;
	if (victim != NULL) {
		intake_count(i, &i->crowded);
		session_evict(list_of(victim, struct session, member),
		    "4.3.2 Too many connections");
	}
	return true;
}

void
session_begin(struct intake *i, int fd, const struct peer *peer)
{
	struct network network = { { 0 } };
	struct session *s;

	if (peer->ip_len > 0)
		network = network_of(peer->ip, peer->ip_len);
	if (!make_room(i, network)) {
		close(fd);
		return;
	}
	s = xalloc(1, sizeof *s);
	s->intake = i;
	s->peer = *peer;
	s->conn.on = on_event;
	buf_init(&s->out, 2 * SMTP_OUT_STOP);
	s->greet = (struct timer){ .fire = on_greet };
	if (!intake_enter(i, s)) {
		free(s);
		close(fd);
		return;
	}
	if (conn_open(&s->conn, i->loop, fd, INTAKE_IN_MAX,
	    &s->out) != 0) {
		session_free(s);
		return;
	}
	s->era = era_hold(i->era);
	crowd_join(&i->crowd, &s->member, network);
	timer_set(i->loop, &s->greet,
	    i->era->setup.config.smtp_greet_delay_ms);
	conn_deadline(&s->conn,
	    (int64_t)i->era->setup.config.smtp_idle_s * 1000);
}
