/*
 * A session with one mail server that sends no letter, for "check --outbound".
 * The loop is turned until it is over, so there is one at a time.
 */
#include "app/cli_probe.h"

#include "app/config_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IN_MAX (8 * SMTP_REPLY_LINE_MAX)

struct probe {
	const struct probe_goal *goal;
	struct probe_result *result;
	struct loop *loop;
	struct dial dial;
	struct conn conn;
	struct smtp_client client;
	bool known;		/* the result is there */
	bool shaking;
};

/*
 * Find the address of the client in a reply to EHLO: "[192.0.2.1]" in a line
 * that begins with 250, as big servers say it.
 */
static void
find_seen(struct str in, char seen[PROBE_SEEN_MAX])
{
	struct str line, address;

	while (str_split(&in, '\n', &line)) {
		if (!str_starts(line, STR("250")) ||
		    !str_split(&line, '[', &address) ||
		    !str_split(&line, ']', &address))
			continue;
		if (str_starts(address, STR("IPv6:")))
			str_take(&address, strlen("IPv6:"));
		if (config_is_server(address) && address.len < PROBE_SEEN_MAX)
			(void)snprintf(seen, PROBE_SEEN_MAX, "%.*s",
			    (int)address.len, address.at);
	}
}

static void
know(struct probe *p, enum probe_end end, struct str said)
{
	if (p->known)
		return;
	p->known = true;
	p->result->end = end;
	(void)snprintf(p->result->said, sizeof p->result->said, "%.*s",
	    (int)said.len, said.at);
}

/* The machine is at its end: what does it say? */
static void
hear_end(struct probe *p)
{
	const struct smtp_outcome *session = &p->client.session;
	struct buf said;

	buf_init(&said, sizeof p->result->said);
	if (session->code != 0)
		buf_add_format(&said, "%u ", session->code);
	buf_add_text(&said, session->said);
	know(p, p->client.trouble == SMTP_CLIENT_NO_LOGIN ? PROBE_NO_LOGIN :
	    p->client.trouble == SMTP_CLIENT_NO_TLS ? PROBE_UNPROVEN :
	    PROBE_UNWELCOME, buf_str(&said));
	buf_drop(&said);
	p->loop->stop = true;
}

static void
shake(struct probe *p)
{
	const struct tls_goal goal = {
		.proof = TLS_NAME, .host = p->goal->host
	};

	p->shaking = true;
	conn_secure_to(&p->conn, p->goal->tls, &goal);
	conn_deadline(&p->conn, PROBE_WAIT_MS);
}

/* Answer what the machine asks; false when it has to wait. */
static bool
answer(struct probe *p, enum smtp_client_ask ask)
{
	switch (ask) {
	case SMTP_CLIENT_MORE:
	case SMTP_CLIENT_DRAIN:
		conn_flush(&p->conn);
		conn_deadline(&p->conn, PROBE_WAIT_MS);
		return false;
	case SMTP_CLIENT_STARTTLS:
		shake(p);
		return false;
	case SMTP_CLIENT_READY:
		know(p, PROBE_FINE, STR(""));
		smtp_client_quit(&p->client);
		return true;
	case SMTP_CLIENT_DOWNGRADE:
	case SMTP_CLIENT_BODY:
		must(false);	/* they are about a letter */
		return false;
	case SMTP_CLIENT_BYE:
		hear_end(p);
		return false;
	}
	return false;
}

static void
turn(struct probe *p)
{
	enum smtp_client_ask ask;
	struct str in;

	find_seen(buf_str(&p->conn.in), p->result->seen);
	do {
		in = buf_str(&p->conn.in);
		ask = smtp_client_step(&p->client, &in);
		buf_eat(&p->conn.in, p->conn.in.len - in.len);
	} while (answer(p, ask));
}

static void
lose(struct probe *p, const char *why)
{
	if (p->shaking) {
		know(p, PROBE_UNPROVEN, tls_why(conn_tls(&p->conn)));
		p->loop->stop = true;
		return;
	}
	smtp_client_lost(&p->client, why);
	turn(p);
}

static void
on_conn(struct conn *c, enum conn_event event)
{
	struct probe *p = list_of(c, struct probe, conn);

	switch (event) {
	case CONN_SECURED:
		p->shaking = false;
		if (p->goal->setup.tls != SMTP_CLIENT_TLS_ON)
			smtp_client_secured(&p->client, true);
		turn(p);
		return;
	case CONN_INPUT:
	case CONN_DRAINED:
		if (!p->shaking)
			turn(p);
		return;
	case CONN_TIMEOUT:
		lose(p, "The server did not answer in time");
		return;
	case CONN_CLOSED:
		lose(p, "The server closed the connection");
		return;
	}
}

static void
on_dialled(struct dial *d, int fd)
{
	struct probe *p = list_of(d, struct probe, dial);
	int err = fd < 0 ? fd : 0;

	if (err == 0)
		err = conn_open(&p->conn, p->loop, fd, IN_MAX,
		    &p->client.out);
	if (err != 0) {
		p->result->err = err;
		know(p, PROBE_UNREACHED, STR(""));
		p->loop->stop = true;
	} else if (p->goal->setup.tls == SMTP_CLIENT_TLS_ON) {
		shake(p);
	} else {
		turn(p);
	}
}

void
probe_run(struct loop *loop, const struct probe_goal *goal,
	struct probe_result *result)
{
	struct probe p = {
		.goal = goal, .result = result, .loop = loop,
		.dial = { .done = on_dialled }, .conn = { .on = on_conn }
	};

	*result = (struct probe_result){ .end = PROBE_UNREACHED };
	smtp_client_init(&p.client, &goal->setup);
	dial_begin(&p.dial, loop, &goal->address, PROBE_WAIT_MS);
	loop->stop = false;
	if (loop_run(loop) != 0 && !p.known)
		result->err = -EIO;
	dial_cancel(&p.dial);
	conn_drop(&p.conn);
	smtp_client_drop(&p.client);
}
