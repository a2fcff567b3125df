/*
 * Finds delimiter lines. As senders forget close-delimiters, and let one
 * boundary begin with another, the longest boundary of all open parts with
 * which a line begins is meant; what stands behind it does not matter.
 */
#include "mail/mime_part.h"

#include <string.h>

bool
mime_tell(struct mime *m, enum mime_event event)
{
	m->event = event;
	return true;
}

struct mime_level *
mime_innermost(struct mime *m)
{
	return &m->levels[m->depth - 1];
}

struct str
mime_take(struct mime *m, struct str *in, size_t len)
{
	m->offset += len;
	return str_take(in, len);
}

uint64_t
mime_settled(const struct mime *m)
{
	return m->offset - m->held_len - m->eol;
}

/*
 * What line is.
 *
 * whole     there is no more of it
 */
static enum mime_look
judge(struct mime *m, struct str line, bool whole)
{
	if ((line.len > 0 && str_at(line, 0) != '-') ||
	    (line.len > 1 && str_at(line, 1) != '-'))
		return MIME_LOOK_NO;
	if (!whole && line.len < MIME_LOOK_MAX)
		return MIME_LOOK_MORE;
	if (line.len < 2)
		return MIME_LOOK_NO;
	str_take(&line, 2);
	if (whole && str_ends(line, STR("\r")))
		line.len--;
	m->matched = mime_find_boundary(m, line);
	if (m->matched == m->depth)
		return MIME_LOOK_NO;
	m->closes = str_starts(str_part(line,
	    m->levels[m->matched].boundary_len, 2), STR("--"));
	return MIME_LOOK_YES;
}

struct str
mime_held(const struct mime *m)
{
	return str_part(str_from(m->held, sizeof m->held), 2, m->held_len);
}

enum mime_look
mime_look(struct mime *m, struct str *in)
{
	enum mime_look found;
	struct str line;
	size_t end;
	bool whole;

	if (m->bounded == 0 || m->parts >= MIME_PARTS_MAX)
		return MIME_LOOK_NO;
	line = str_part(*in, 0, MIME_LOOK_MAX - m->held_len);
	end = str_find(line, 0, '\n');
	line = str_part(line, 0, end);
	whole = end != STR_NONE || (m->ended && line.len == in->len);
	if (m->held_len == 0) {
		found = judge(m, line, whole);
		if (found != MIME_LOOK_MORE)
			return found;
	}
	if (line.len > 0)
		memcpy(m->held + 2 + m->held_len, line.at, line.len);
	m->held_len += line.len;
	m->offset += str_take(in, line.len).len;
	return judge(m, mime_held(m), whole);
}

void
mime_end_parts(struct mime *m)
{
	struct mime_level *level;

	level = &m->levels[m->matched];
	m->end = mime_settled(m);
	m->end_lines = m->lines - (m->eol > 0);
	m->keep = m->matched + 1;
	m->opens = !m->closes;
	m->state = MIME_ENDS;
	if (m->closes)
		mime_unbound(m, level);
	m->cr = false;
	m->eol = 0;
	m->held_len = 0;
}
