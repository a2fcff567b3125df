/*
 * The sending half of SMTP: the session, what is awaited, and how it ends.
 * Greeting and login are in smtp_client_hello.c, the envelope is in
 * smtp_client_mail.c, the text in smtp_client_text.c.
 *
 * Knows nothing of sockets, of time, or of where letters come from.
 * Invariants:
 * 1. A reply is taken off the input only where one is awaited, in the order
 *    of the commands (RFC 2920 section 3.1), and only when the command it
 *    answers has been sent.
 * 2. A recipient is decided once: by its own reply, by the one that ends the
 *    transaction for all, or by what ends the session.
 * 3. DELIVERED is said of nobody before a 2yz to the last byte of the text.
 * 4. No secret is sent but behind TLS.
 */
#include "talk/smtp_client_part.h"

#include <string.h>

#include "mail/addr.h"

/* A piece with every dot doubled, and a few commands. */
#define OUT_MAX (SMTP_CLIENT_OUT_STOP + 2 * PIECE_SIZE + 4096)

/* RFC 5321 section 4.5.3.2, ms. */
#define WAIT_COMMAND_MS (5 * 60 * 1000)
#define WAIT_DATA_MS (2 * 60 * 1000)
#define WAIT_TEXT_MS (3 * 60 * 1000)
#define WAIT_END_MS (10 * 60 * 1000)
#define WAIT_QUIT_MS (10 * 1000)	/* nothing is at stake any more */

void
client_say(struct smtp_client *c, const char *command)
{
	buf_add_text(&c->out, command);
	buf_add_text(&c->out, "\r\n");
	must(!c->out.full);
	c->moves++;
}

void
smtp_status_add(struct buf *out, const unsigned status[3])
{
	buf_add_format(out, "%u.%u.%u", status[0], status[1], status[2]);
}

void
client_judge(const struct smtp_client *c, struct smtp_outcome *outcome,
	enum smtp_fate fate)
{
	struct str text = buf_str(&c->reply.text);
	size_t i;

	*outcome = (struct smtp_outcome){
		.fate = fate, .code = c->reply.code
	};
	memcpy(outcome->status, c->reply.status, sizeof outcome->status);
	if (outcome->status[0] == 0)
		outcome->status[0] = c->reply.code / 100;
	text = str_part(text, 0, SMTP_CLIENT_SAID_MAX);
	for (i = 0; i < text.len; i++)
		outcome->said[i] = text.at[i] == '\n' ? ' ' : text.at[i];
	/* whatever the code, a class that misleads is none */
	if (fate == SMTP_TEMPORARY && outcome->status[0] != 4) {
		outcome->status[0] = 4;
		outcome->status[1] = outcome->status[2] = 0;
	}
}

void
client_judge_alone(struct smtp_outcome *outcome, enum smtp_fate fate,
	unsigned subject, unsigned detail, const char *why)
{
	struct str text = str_part(str_of(why), 0, SMTP_CLIENT_SAID_MAX);

	*outcome = (struct smtp_outcome){
		.fate = fate,
		.status = { fate == SMTP_PERMANENT ? 5 : 4, subject, detail }
	};
	memcpy(outcome->said, text.at, text.len);
}

enum smtp_fate
client_fate(unsigned code)
{
	return code >= 500 ? SMTP_PERMANENT : SMTP_TEMPORARY;
}

/* Whether the last byte of a text is said and not yet answered. */
static bool
is_behind_text(const struct smtp_client *c)
{
	return (c->state == CLIENT_IN_END && c->taken > 0) ||
	    (c->state == CLIENT_IN_CHUNKS && c->last && !c->chunk_failed);
}

/*
 * What is left of a text does not go out: a server that has given up on it
 * takes it for commands, and one that has not could have it to its end.
 */
void
client_session_end(struct smtp_client *c, enum smtp_client_trouble trouble)
{
	size_t i;

	if (c->state == CLIENT_IN_TEXT || c->state == CLIENT_IN_CHUNKS ||
	    c->state == CLIENT_IN_END)
		buf_clear(&c->out);
	c->trouble = trouble;
	c->body_asked = false;
	c->state = CLIENT_OVER;
	if (c->letter == NULL)
		return;
	for (i = 0; i < c->letter->count; i++)
		if (c->letter->recipients[i].outcome.fate == SMTP_UNDECIDED)
			c->letter->recipients[i].outcome = c->session;
	c->letter = NULL;
}

void
client_give_up(struct smtp_client *c, enum smtp_client_trouble trouble)
{
	client_say(c, "QUIT");
	client_session_end(c, trouble);
}

void
client_give_up_by_reply(struct smtp_client *c,
	enum smtp_client_trouble trouble, enum smtp_fate fate)
{
	client_judge(c, &c->session, fate);
	client_give_up(c, trouble);
}

void
client_nonsense(struct smtp_client *c, const char *why)
{
	client_judge_alone(&c->session, SMTP_TEMPORARY, 5, 0, why);
	c->session.unknown = is_behind_text(c) && c->out.len == 0;
	client_session_end(c, SMTP_CLIENT_NONSENSE);
}

void
smtp_client_lost(struct smtp_client *c, const char *why)
{
	if (c->state == CLIENT_OVER)
		return;
	client_judge_alone(&c->session, SMTP_TEMPORARY, 4, 2, why);
	c->session.unknown = is_behind_text(c) && c->out.len == 0;
	buf_clear(&c->out);
	client_session_end(c, SMTP_CLIENT_LOST);
}

void
smtp_client_init(struct smtp_client *c, const struct smtp_client_setup *setup)
{
	must(setup->host.len > 0 && setup->host.len <= ADDR_DOMAIN_MAX);
	must(setup->user.len <= SMTP_CLIENT_SECRET_MAX &&
	    setup->secret.len <= SMTP_CLIENT_SECRET_MAX);
	*c = (struct smtp_client){
		.setup = setup,
		.secure = setup->tls == SMTP_CLIENT_TLS_ON,
		.verified = setup->tls == SMTP_CLIENT_TLS_ON &&
		    setup->verified
	};
	buf_init(&c->out, OUT_MAX);
	smtp_reply_init(&c->reply);
}

void
smtp_client_drop(struct smtp_client *c)
{
	buf_wipe(&c->out);
	smtp_reply_drop(&c->reply);
}

/*
 * Whether the command that a reply would answer is not sent yet. That a
 * server gives up on a text before it has all of it is looked at there.
 */
static bool
is_unasked(const struct smtp_client *c)
{
	size_t i, lines = 0;

	switch (c->state) {
	case CLIENT_IN_ENVELOPE:
		for (i = 0; i < c->out.len; i++)
			lines += c->out.at[i] == '\n';
		return c->awaited <= lines;
	case CLIENT_IDLE:
		return true;
	case CLIENT_IN_TEXT:
	case CLIENT_IN_END:
		return false;
	case CLIENT_IN_CHUNKS:
		return c->chunks == 0;
	case CLIENT_IN_GREETING:
	case CLIENT_IN_EHLO:
	case CLIENT_IN_HELO:
	case CLIENT_IN_STARTTLS:
	case CLIENT_IN_HANDSHAKE:
	case CLIENT_IN_AUTH:
	case CLIENT_IN_RSET:
	case CLIENT_IN_DOWNGRADE:
	case CLIENT_IN_QUIT:
	case CLIENT_OVER:
		break;
	}
	return c->out.len > 0;
}

bool
client_hear(struct smtp_client *c, struct str *in)
{
	const char *why = NULL;

	switch (smtp_reply_take(&c->reply, in, &why)) {
	case SMTP_REPLY_MORE:
		return false;
	case SMTP_REPLY_BAD:
		client_nonsense(c, why);
		return false;
	case SMTP_REPLY_DONE:
		c->moves++;
		break;
	}
	/* at any time (RFC 5321 section 3.8), and then it closes */
	if (c->reply.code != 421 || c->state == CLIENT_IN_QUIT) {
		if (is_unasked(c))
			client_nonsense(c,
			    "The server spoke without being asked");
		return c->state != CLIENT_OVER;
	}
	client_judge(c, &c->session, SMTP_TEMPORARY);
	client_session_end(c, SMTP_CLIENT_CLOSED);
	return false;
}

/* Act on the reply that came in a state in which one is awaited. */
static void
heard(struct smtp_client *c, const struct str *in)
{
	switch (c->state) {
	case CLIENT_IN_GREETING:
		client_greeting_heard(c);
		break;
	case CLIENT_IN_EHLO:
		client_ehlo_heard(c);
		break;
	case CLIENT_IN_HELO:
		client_helo_heard(c);
		break;
	case CLIENT_IN_STARTTLS:
		client_starttls_heard(c, in);
		break;
	case CLIENT_IN_AUTH:
		client_auth_heard(c);
		break;
	case CLIENT_IN_RSET:
		if (c->reply.code == 250)
			client_envelope_begin(c);
		else
			client_nonsense(c, "The server refused RSET");
		break;
	case CLIENT_IN_ENVELOPE:
		client_envelope_heard(c);
		break;
	case CLIENT_IN_END:
		client_end_heard(c);
		break;
	case CLIENT_IN_QUIT:
		c->state = CLIENT_OVER;
		break;
	case CLIENT_IDLE:
	case CLIENT_IN_HANDSHAKE:
	case CLIENT_IN_DOWNGRADE:
	case CLIENT_IN_TEXT:
	case CLIENT_IN_CHUNKS:
	case CLIENT_OVER:
		break;
	}
}

enum smtp_client_ask
smtp_client_step(struct smtp_client *c, struct str *in)
{
	must(!c->body_asked);
	for (;;) {
		if (c->state != CLIENT_OVER &&
		    c->out.len >= SMTP_CLIENT_OUT_STOP)
			return SMTP_CLIENT_DRAIN;
		switch (c->state) {
		case CLIENT_IN_HANDSHAKE:
			return SMTP_CLIENT_STARTTLS;
		case CLIENT_IN_DOWNGRADE:
			return SMTP_CLIENT_DOWNGRADE;
		case CLIENT_IN_TEXT:
		case CLIENT_IN_CHUNKS:
			if (client_text_go_on(c, in))
				break;
			return c->body_asked ? SMTP_CLIENT_BODY :
			    SMTP_CLIENT_MORE;
		case CLIENT_OVER:
			return SMTP_CLIENT_BYE;
		case CLIENT_IDLE:
			if (in->len == 0)
				return SMTP_CLIENT_READY;
			(void)client_hear(c, in);
			if (c->state == CLIENT_IDLE)
				return SMTP_CLIENT_READY;
			break;
		case CLIENT_IN_ENVELOPE:
			if (client_envelope_tell(c))
				break;
			/* fall through */
		case CLIENT_IN_GREETING:
		case CLIENT_IN_EHLO:
		case CLIENT_IN_HELO:
		case CLIENT_IN_STARTTLS:
		case CLIENT_IN_AUTH:
		case CLIENT_IN_RSET:
		case CLIENT_IN_END:
		case CLIENT_IN_QUIT:
			if (client_hear(c, in))
				heard(c, in);
			else if (c->state != CLIENT_OVER)
				return SMTP_CLIENT_MORE;
			break;
		}
	}
}

void
smtp_client_secured(struct smtp_client *c, bool verified)
{
	if (c->state == CLIENT_OVER)
		return;
	must(c->state == CLIENT_IN_HANDSHAKE);
	c->secure = true;
	c->verified = verified;
	client_hello(c, true);
}

void
smtp_client_quit(struct smtp_client *c)
{
	if (c->state == CLIENT_OVER)
		return;
	must(c->state == CLIENT_IDLE);
	client_say(c, "QUIT");
	c->state = CLIENT_IN_QUIT;
}

int64_t
smtp_client_wait_ms(const struct smtp_client *c)
{
	switch (c->state) {
	case CLIENT_IDLE:
	case CLIENT_IN_HANDSHAKE:
	case CLIENT_IN_DOWNGRADE:
	case CLIENT_OVER:
		return 0;
	case CLIENT_IN_GREETING:
	case CLIENT_IN_EHLO:
	case CLIENT_IN_HELO:
	case CLIENT_IN_STARTTLS:
	case CLIENT_IN_AUTH:
	case CLIENT_IN_RSET:
		return WAIT_COMMAND_MS;
	case CLIENT_IN_ENVELOPE:
		return c->data_told && c->awaited == 1 ? WAIT_DATA_MS :
		    WAIT_COMMAND_MS;
	case CLIENT_IN_TEXT:
		return WAIT_TEXT_MS;
	case CLIENT_IN_CHUNKS:
		return c->last ? WAIT_END_MS : WAIT_TEXT_MS;
	case CLIENT_IN_END:
		return WAIT_END_MS;
	case CLIENT_IN_QUIT:
		return WAIT_QUIT_MS;
	}
	return 0;
}
