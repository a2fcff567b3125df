/*
 * The sending half of SMTP: the text, by DATA with its dots doubled
 * (RFC 5321 section 4.5.2) or in BDAT chunks of a piece each (RFC 3030
 * section 2), and the reply that decides.
 */
#include "talk/smtp_client_part.h"

#include "mail/line.h"

/*
 * A server that speaks within the text has given up on it; what follows
 * would be taken for commands, so the connection cannot be used any more.
 */
static void
broken_off(struct smtp_client *c)
{
	if (c->reply.code < 400) {
		client_nonsense(c, "The server answered too early");
		return;
	}
	client_judge_taken(c, client_fate(c->reply.code));
	client_judge(c, &c->session, SMTP_TEMPORARY);
	client_session_end(c, SMTP_CLIENT_CLOSED);
}

static bool
text_go_on(struct smtp_client *c, struct str *in)
{
	if (client_hear(c, in))
		broken_off(c);
	if (c->state != CLIENT_IN_TEXT)
		return true;
	c->body_asked = true;
	return false;
}

static void
chunk_heard(struct smtp_client *c)
{
	c->chunks--;
	if (c->reply.code >= 300 && c->reply.code < 400) {
		client_nonsense(c, "The server's reply fits no command");
		return;
	}
	if (c->reply.code >= 400 && !c->chunk_failed) {
		client_judge_taken(c, client_fate(c->reply.code));
		c->chunk_failed = true;
	}
	if (c->chunks > 0)
		return;
	if (c->chunk_failed)
		client_letter_done(c, true);
	else if (c->last)
		client_end_heard(c);
}

static bool
chunks_go_on(struct smtp_client *c, struct str *in)
{
	if ((c->chunks > 0 || in->len > 0) && client_hear(c, in))
		chunk_heard(c);
	else if (c->state == CLIENT_IN_CHUNKS) {
		c->body_asked = !c->last && !c->chunk_failed &&
		    (c->chunks == 0 || c->offers.pipelining);
		return false;
	}
	return true;
}

bool
client_text_go_on(struct smtp_client *c, struct str *in)
{
	return c->state == CLIENT_IN_TEXT ? text_go_on(c, in) :
	    chunks_go_on(c, in);
}

/* Add one chunk; a last line that is not ended gets its end. */
static void
add_chunk(struct smtp_client *c, struct str piece, bool last)
{
	bool close;

	if (piece.len == 0 && !last)
		return;
	if (piece.len > 0)
		c->at_start = str_ends(piece, STR("\n"));
	close = last && !c->at_start;
	buf_add_text(&c->out, "BDAT ");
	buf_add_number(&c->out, piece.len + (close ? 2 : 0));
	client_say(c, last ? " LAST" : "");
	buf_add(&c->out, piece);
	if (close)
		client_say(c, "");
	c->chunks++;
	c->last = last;
}

static void
add_text(struct smtp_client *c, struct str piece, bool last)
{
	text_dot(&c->out, piece, &c->at_start);
	if (!last)
		return;
	if (!c->at_start)
		client_say(c, "");
	client_say(c, ".");
	c->state = CLIENT_IN_END;
}

void
smtp_client_body(struct smtp_client *c, struct str piece, bool last)
{
	if (c->state == CLIENT_OVER)
		return;
	must(c->body_asked && piece.len <= PIECE_SIZE);
	c->body_asked = false;
	if (piece.len > 0)
		c->moves++;
	if (c->state == CLIENT_IN_TEXT)
		add_text(c, piece, last);
	else
		add_chunk(c, piece, last);
	must(!c->out.full);
}

void
client_end_heard(struct smtp_client *c)
{
	if (c->reply.code >= 300 && c->reply.code < 400) {
		client_nonsense(c, "The server's reply fits no command");
		return;
	}
	if (c->out.len > 0) {
		broken_off(c);
		return;
	}
	if (c->taken > 0)
		c->letters++;
	client_judge_taken(c, c->reply.code < 300 ? SMTP_DELIVERED :
	    client_fate(c->reply.code));
	client_letter_done(c, false);
}
