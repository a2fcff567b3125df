/*
 * What a submission session asks of the box: to be let in, whether an address
 * of ours is open, and to take a letter. The rest of a letter's way is
 * app/outgoing.c.
 */
#include "app/serve_submit_part.h"

#include "app/keeper.h"
#include "base/log.h"
#include "store/address.h"

static void
answer_login(struct author *a, enum gate_result result)
{
	static const enum smtp_login answers[] = {
		[GATE_WELCOME] = SMTP_WELCOME,
		[GATE_REFUSED] = SMTP_LOGIN_REFUSED,
		[GATE_TOO_MANY] = SMTP_LOGIN_LATER,
		[GATE_FAULT] = SMTP_LOGIN_LATER
	};

	if (result == GATE_WELCOME) {
		/* The owner does not have to make room for strangers. */
		a->member.settled = true;
		log_event(LOG_INFO, "login", LOG_N("session", a->number),
		    LOG_C("service", SERVE_SUBMIT_NAME),
		    LOG_C("ip", a->peer.text),
		    LOG_N("credential", a->entry.credential));
	}
	/* Sending takes no key of the owner's. */
	entry_drop(&a->entry);
	smtp_login(&a->smtp, answers[result]);
}

static void
on_judged(struct entry *e, enum gate_result result)
{
	struct author *a = list_of(e, struct author, entry);

	answer_login(a, result);
	author_resume(a);
}

bool
author_login(struct author *a)
{
	const struct gate_ask ask = {
		.config = &a->era->setup.config, .member = &a->member,
		.user = buf_str(&a->smtp.user),
		.secret = buf_str(&a->smtp.secret),
		.service = SERVE_SUBMIT_NAME, .ip = a->peer.text,
		.number = a->number
	};
	enum gate_result result;

	a->entry.done = on_judged;
	if (!gate_enter(a->service->gate, &a->entry, &ask, &result)) {
		a->state = AUTHOR_PROVES;
		conn_pause(&a->conn);
		return false;
	}
	answer_login(a, result);
	return true;
}

void
author_judge(struct author *a)
{
	enum smtp_verdict verdict = SMTP_ACCEPT;
	enum address_state state;
	int err;

	err = address_state(a->service->db, a->smtp.recipient, &state);
	if (err != 0)
		verdict = keeper_verdict(err);
	else if (state == ADDRESS_REFUSE)
		verdict = SMTP_REFUSE;
	smtp_judged(&a->smtp, verdict);
}

/* Who writes to whom is sealed in the box; it is not for a log beside it. */
static void
log_letter(const struct author *a, enum smtp_verdict verdict)
{
	static const char *const results[] = {
		[SMTP_ACCEPT] = "accepted", [SMTP_REFUSE] = "refused",
		[SMTP_FULL] = "no-room", [SMTP_LATER] = "not-now"
	};

	log_event(LOG_INFO, "submitted", LOG_N("session", a->number),
	    LOG_C("id", a->id),
	    LOG_N("recipients", (int64_t)a->smtp.recipient_count),
	    LOG_N("size", (int64_t)a->smtp.size),
	    LOG_S("tls", tls_version(conn_tls(&a->conn))),
	    LOG_C("result", results[verdict]));
}

void
author_open(struct author *a)
{
	struct submit_service *service = a->service;
	const struct tls *tls = conn_tls(&a->conn);
	struct outgoing_start start = {
		.db = service->db, .signing = &service->signing,
		.clock = &service->common.loop->clock, .era = a->era,
		.smtp = &a->smtp, .tls_version = tls_version(tls),
		.tls_cipher = tls_cipher(tls), .number = a->number
	};
	enum smtp_verdict verdict;

	service_letter_id(a->id);
	start.id = str_of(a->id);
	verdict = outgoing_begin(&a->outgoing, &start);
	if (verdict != SMTP_ACCEPT) {
		a->outgoing = NULL;
		log_letter(a, verdict);
	}
	smtp_opened(&a->smtp, verdict, start.id, start.clock->unix_s);
}

/* Nothing of the letter is kept; app/outgoing.c has logged why. */
static void
answer_refused(struct author *a, enum smtp_verdict verdict,
	const char *refusal, bool last)
{
	log_letter(a, verdict);
	if (refusal != NULL)
		smtp_refused(&a->smtp, refusal);
	else if (last)
		smtp_stored(&a->smtp, verdict);
	else
		smtp_pieced(&a->smtp, verdict);
}

bool
author_take(struct author *a, bool last)
{
	struct submit_service *service = a->service;
	const char *refusal = NULL;
	enum smtp_verdict verdict;

	verdict = outgoing_piece(a->outgoing, buf_str(&a->smtp.piece), last,
	    &refusal);
	if (verdict == SMTP_ACCEPT && !last) {
		smtp_pieced(&a->smtp, SMTP_ACCEPT);
		return true;
	}
	if (verdict == SMTP_ACCEPT && outgoing_queued(a->outgoing))
		post_wake(service->post);
	outgoing_drop(a->outgoing);
	a->outgoing = NULL;
	if (verdict != SMTP_ACCEPT) {
		answer_refused(a, verdict, refusal, last);
		return true;
	}
	a->state = AUTHOR_SETTLES;
	conn_pause(&a->conn);
	list_add(&service->settling, &a->settling);
	return false;
}

void
author_settled(struct author *a, int err)
{
	enum smtp_verdict verdict = SMTP_ACCEPT;

	if (err != 0)
		verdict = keeper_verdict(err);
	log_letter(a, verdict);
	smtp_stored(&a->smtp, verdict);
	author_resume(a);
}
