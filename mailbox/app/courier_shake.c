/*
 * TLS on a connection to a server: what it must prove, and what becomes of
 * mail when that fails.
 */
#include "app/courier_part.h"

#include "base/log.h"

void
link_shake(struct link *l)
{
	const struct place *p = &l->job->place;
	struct tls_goal goal = {
		.proof = l->proof,
		.host = buf_str(&l->host),
		.other_host = l->proof == TLS_PINNED ?
		    buf_str(&l->job->name) : STR(""),
		.pins = p->pins, .pin_count = p->pin_count
	};
	struct buf literal;

	/* what is to be said in clear is never said behind TLS */
	if (!conn_idle(&l->conn)) {
		link_lost(l, "The server answered what was not asked");
		return;
	}
	buf_init(&literal, DIAL_TEXT_MAX);
	if (str_at(goal.host, 0) == '[') {
		dial_address_add(&literal, &l->address, false);
		goal.host = buf_str(&literal);
	}
	l->state = LINK_SHAKES;
	conn_secure_to(&l->conn, l->kit->tls, &goal);
	conn_deadline(&l->conn, COURIER_SHAKE_MS);
	buf_drop(&literal);
}

/*
 * TLS does not come about. Where nothing was asked of it, mail that would
 * have gone in clear does so now, over a new connection (RFC 7435); elsewhere
 * it is kept.
 */
bool
link_goes_clear(struct link *l, struct str why)
{
	bool clear = l->setup.tls == SMTP_CLIENT_MAYBE;

	log_event(LOG_INFO, "tls-failed", LOG_N("job", l->job->number),
	    LOG_S("host", buf_str(&l->host)), LOG_S("why", why),
	    LOG_C("then", clear ? "in clear" : "later"));
	if (!clear)
		return false;
	conn_drop(&l->conn);
	smtp_client_drop(&l->client);
	l->setup.tls = SMTP_CLIENT_CLEAR;
	l->state = LINK_DIALS;
	dial_begin(&l->dial, l->courier->loop, &l->address, COURIER_DIAL_MS);
	return true;
}

void
link_shake_failed(struct link *l)
{
	struct str why = tls_why(conn_tls(&l->conn));
	static const char *const failed[] = {
		[TLS_ANY] = "TLS, which is required, failed: ",
		[TLS_NAME] = "The server does not prove its name: ",
		[TLS_PINNED] =
		    "The server does not prove what its domain pins (DANE): "
	};
	struct parting parting = { .trouble = SMTP_CLIENT_NO_TLS };
	struct buf said;

	if (link_goes_clear(l, why))
		return;
	buf_init(&said, SMTP_CLIENT_SAID_MAX);
	buf_add_text(&said, failed[l->proof]);
	buf_add(&said, why);
	link_judge(&parting.why, 7, 5, &said);
	buf_drop(&said);
	link_part(l, &parting, true);
}

/* What is offered is tried at once: neither has TLS begun then nor a letter. */
bool
link_starttls_broke(const struct link *l)
{
	const struct smtp_client *c = &l->client;

	return l->job != NULL && !l->job->sending && !l->used && !c->secure &&
	    c->offers.starttls && l->setup.tls == SMTP_CLIENT_MAYBE &&
	    (c->trouble == SMTP_CLIENT_LOST ||
	    c->trouble == SMTP_CLIENT_NONSENSE);
}
