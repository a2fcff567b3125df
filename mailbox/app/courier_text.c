/*
 * The text of a letter for the link that sends it: out of the job, when it
 * came with it, else piece by piece from the keeper. A keeper that goes away
 * has a minute to come back, then the connection is given up.
 */
#include "app/courier_part.h"

#include "mail/piece.h"

static void
on_patience(struct timer *t)
{
	struct job *j = list_of(t, struct job, text_patience);

	j->text_wanted = false;
	j->unreadable = true;
	link_lost(j->link, "The message could not be read in time");
}

void
text_begin(struct job *j)
{
	text_drop(j);
	j->piece = 0;
}

/* One piece is asked for at a time; what an attempt before wanted comes yet. */
static void
ask(struct job *j)
{
	struct courier *c = j->courier;

	/* a server that talks meanwhile does not lengthen it */
	if (!j->text_wanted) {
		j->text_patience.fire = on_patience;
		timer_set(c->loop, &j->text_patience, COURIER_TEXT_MS);
	}
	j->text_wanted = true;
	if (j->text_asked)
		return;
	j->fetch_due = true;
	courier_wire_speak(j);
}

bool
text_next(struct job *j, struct str *piece, bool *last)
{
	size_t from = (size_t)j->piece * PIECE_SIZE;

	if (!j->order.whole) {
		ask(j);
		return false;
	}
	*piece = str_part(j->order.text, from, PIECE_SIZE);
	*last = from + piece->len == j->order.text.len;
	j->piece++;
	return true;
}

void
text_came(struct job *j, const struct wire_mail *mail)
{
	bool wanted = j->text_wanted && mail->head.number == j->piece;

	j->text_asked = false;
	if (!wanted) {
		if (j->text_wanted)
			ask(j);
		return;
	}
	text_drop(j);
	if ((mail->head.flags & WIRE_FAILED) != 0 ||
	    mail->body.len > PIECE_SIZE) {
		j->unreadable = true;
		link_lost(j->link, "The message could not be read");
		return;
	}
	j->piece++;
	link_text(j->link, mail->body, (mail->head.flags & WIRE_LAST) != 0);
}

void
text_rewire(struct job *j)
{
	j->text_asked = false;
	if (!j->text_wanted)
		return;
	j->fetch_due = true;
	courier_wire_speak(j);
}

void
text_drop(struct job *j)
{
	j->text_wanted = false;
	j->fetch_due = false;
	timer_cancel(j->courier->loop, &j->text_patience);
}
