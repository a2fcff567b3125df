/*
 * A message on its way through POP3: RETR and TOP.
 *
 * The answer is begun with the first piece and not before, so that a message
 * that cannot be opened is still an honest -ERR. Pieces may be cut anywhere;
 * a line is looked at only as long as TOP has to know where the head ends and
 * how many lines of the body were sent (RFC 1939 section 7).
 */
#include "talk/pop3.h"

#include "mail/line.h"

static void
begin(struct pop3 *p)
{
	if (p->began)
		return;
	p->began = true;
	if (!p->whole) {
		buf_add(&p->out, STR("+OK\r\n"));
		return;
	}
	buf_add(&p->out, STR("+OK "));
	buf_add_number(&p->out, p->items[p->index].size);
	buf_add(&p->out, STR(" octets\r\n"));
}

/* Note a span of one line, ended or not; false when it was the last. */
static bool
note_line(struct pop3 *p, struct str span, bool ended)
{
	size_t text = span.len - ended;

	if (text > 1 || (text == 1 && str_at(span, 0) != '\r'))
		p->line_bare = false;
	if (!ended)
		return true;
	if (!p->in_head)
		p->lines_left--;
	else if (p->line_bare)
		p->in_head = false;
	p->line_bare = true;
	return p->in_head || p->lines_left > 0;
}

/* How much of a piece TOP wants; sets body_done at the end of its last line. */
static size_t
wanted(struct pop3 *p, struct str piece)
{
	size_t from = 0, end;
	bool ended;

	while (from < piece.len && !p->body_done) {
		end = str_find(piece, from, '\n');
		ended = end != STR_NONE;
		end = ended ? end + 1 : piece.len;
		p->body_done =
		    !note_line(p, str_part(piece, from, end - from), ended);
		from = end;
	}
	return from;
}

bool
pop3_body(struct pop3 *p, struct str piece)
{
	must(p->state == POP3_IN_BODY);
	begin(p);
	if (p->body_done)
		return false;
	if (!p->whole)
		piece = str_part(piece, 0, wanted(p, piece));
	text_dot(&p->out, piece, &p->at_start);
	must(!p->out.full);
	p->progress++;
	return !p->body_done;
}

void
pop3_body_end(struct pop3 *p, bool failed)
{
	must(p->state == POP3_IN_BODY);
	if (failed && p->began) {
		p->state = POP3_OVER;
		return;
	}
	p->state = POP3_TRANSACTION;
	if (failed) {
		buf_add(&p->out,
		    STR("-ERR [SYS/TEMP] this message cannot be read now\r\n"));
		return;
	}
	begin(p);
	if (!p->at_start)
		buf_add(&p->out, STR("\r\n"));
	buf_add(&p->out, STR(".\r\n"));
	if (p->whole)
		p->retrieved++;
}
