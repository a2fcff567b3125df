/*
 * Reads the header of a part, a field at a time. A line that is no field ends
 * nothing; only an empty line, a delimiter and the end of the message do.
 */
#include "mail/mime_part.h"

/* Whether c is the last octet of s. */
static bool
is_last(struct str s, char c)
{
	return s.len > 0 && str_at(s, s.len - 1) == c;
}

/* The field is over; what is none has no name and is all value. */
static bool
end_field(struct mime *m)
{
	struct str field;
	size_t colon;

	m->field_begun = false;
	field = buf_str(&m->field);
	if (is_last(field, '\n'))
		field.len--;
	if (is_last(field, '\r'))
		field.len--;
	colon = str_find(field, 0, ':');
	m->name = colon == STR_NONE ? STR("") : str_part(field, 0, colon);
	if (colon == STR_NONE || str_at(field, 0) == ' ' ||
	    str_at(field, 0) == '\t' ||
	    str_find(m->name, 0, '\n') != STR_NONE) {
		m->name = STR("");
		m->value = field;
		return mime_tell(m, MIME_FIELD);
	}
	m->value = str_part(field, colon + 1, field.len);
	while (is_last(m->name, ' ') || is_last(m->name, '\t'))
		m->name.len--;
	mime_note_field(m, m->name, m->value);
	return mime_tell(m, MIME_FIELD);
}

/*
 * A delimiter ends the header. The line end before it is the delimiter's, but
 * only as far as the part itself goes: a message around it keeps a header
 * whose last line ends.
 */
static void
end_at_header(struct mime *m)
{
	if (m->cut_eol == 0) {
		m->cut = m->depth - 1;
		m->cut_eol = m->eol;
	}
	if (m->state != MIME_BEGINS)
		mime_end_parts(m);
}

/* The header is over; the body begins where what is settled ends. */
static bool
end_header(struct mime *m, bool delimiter)
{
	struct mime_level *level;

	if (m->field_begun && end_field(m))
		return true;
	level = mime_innermost(m);
	level->part.body = level->part.end = mime_settled(m);
	level->lines = m->lines - (m->eol > 0);
	if (!m->header_over)
		mime_note_head(m);
	m->state = level->part.kind == MIME_MESSAGE ? MIME_BEGINS :
	    MIME_IN_BODY;
	if (delimiter)
		end_at_header(m);
	return mime_tell(m, MIME_HEAD);
}

static void
add_to_field(struct mime *m, struct str s)
{
	size_t room;

	if (m->field_cut)
		return;
	room = MIME_FIELD_MAX - m->field.len;
	m->field_cut = s.len > room;
	buf_add(&m->field, str_part(s, 0, room));
}

/* Take the rest of a line of the header; false when more is to come. */
static bool
take_line(struct mime *m, struct str *in)
{
	struct str line;
	size_t end;

	end = str_find(*in, 0, '\n');
	line = mime_take(m, in, end == STR_NONE ? in->len : end + 1);
	add_to_field(m, line);
	m->line_start = end != STR_NONE;
	if (!m->line_start) {
		m->cr = line.len > 0 ? is_last(line, '\r') : m->cr;
		return false;
	}
	m->lines++;
	m->eol = line.len == 1 ? 1 + m->cr :
	    1 + (str_at(line, line.len - 2) == '\r');
	m->cr = false;
	return true;
}

/* What the line that begins here is to the header. */
enum header_line {
	LINE_MORE, LINE_NONE, LINE_DELIMITER, LINE_EMPTY, LINE_GOES_ON,
	LINE_NEW
};

static enum header_line
look_line(struct mime *m, struct str *in)
{
	enum mime_look look;
	int c;

	look = m->cr ? MIME_LOOK_NO : mime_look(m, in);
	if (look != MIME_LOOK_NO)
		return look == MIME_LOOK_YES ? LINE_DELIMITER : LINE_MORE;
	if (m->held_len > 0)
		return LINE_NEW;
	c = str_at(*in, 0);
	if (!m->cr && c == '\r') {
		mime_take(m, in, 1);
		m->cr = true;
		c = str_at(*in, 0);
	}
	if (c == '\n')
		return LINE_EMPTY;
	if (c < 0 && !m->ended)
		return LINE_MORE;
	if (m->cr)
		return LINE_NEW;
	if (c < 0) {
		m->eol = 0;
		return LINE_NONE;
	}
	return c == ' ' || c == '\t' ? LINE_GOES_ON : LINE_NEW;
}

/* A line that is part of a field begins: take what is held of it. */
static void
begin_line(struct mime *m)
{
	if (!m->field_begun) {
		buf_clear(&m->field);
		m->field_begun = true;
		m->field_cut = false;
	}
	m->line_start = false;
	m->eol = 0;
	if (m->cr)
		add_to_field(m, STR("\r"));
	m->cr = false;
	if (m->held_len == 0)
		return;
	m->cr = is_last(mime_held(m), '\r');
	add_to_field(m, mime_held(m));
	m->held_len = 0;
}

/*
 * The empty line has passed. If the next one is a delimiter of a part around,
 * the line end before it is that of the empty line, which is then none.
 */
static bool
end_empty(struct mime *m, struct str *in)
{
	enum mime_look look;

	look = mime_look(m, in);
	if (look == MIME_LOOK_MORE)
		return mime_tell(m, MIME_MORE);
	if (look == MIME_LOOK_YES && m->matched != m->depth - 1)
		return end_header(m, true);
	m->eol = 0;
	return end_header(m, false);
}

bool
mime_read_header(struct mime *m, struct str *in)
{
	enum header_line line;

	if (m->header_over)
		return end_empty(m, in);
	while (m->line_start || take_line(m, in)) {
		line = look_line(m, in);
		if (line == LINE_MORE)
			return mime_tell(m, MIME_MORE);
		if (line == LINE_DELIMITER || line == LINE_NONE)
			return end_header(m, line == LINE_DELIMITER);
		if (line != LINE_GOES_ON && m->field_begun && end_field(m))
			return true;
		if (line == LINE_EMPTY) {
			mime_take(m, in, 1);
			m->lines++;
			m->eol = m->cr ? 2 : 1;
			m->cr = false;
			m->header_over = true;
			mime_note_head(m);
			return end_empty(m, in);
		}
		begin_line(m);
	}
	if (!m->ended)
		return mime_tell(m, MIME_MORE);
	m->cr = false;
	return end_header(m, false);
}
