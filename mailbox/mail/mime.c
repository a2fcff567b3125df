/*
 * Cuts a message into its parts while it goes by. Text is told as it lies in
 * the input; only what may belong to a delimiter is held back, a line end and
 * the beginning of one line, and the field of a header that is being read.
 */
#include "mail/mime_part.h"

#include <stdlib.h>

#define LEVELS_FIRST 4		/* levels of the first allocation */
#define FIELD_FIRST 1000	/* likewise octets of a field */
#define BOUNDARIES_MAX (MIME_DEPTH_MAX * MIME_BOUNDARY_MAX)

struct mime *
mime_new(void)
{
	struct mime *m;

	m = xalloc(1, sizeof *m);
	m->room = LEVELS_FIRST;
	m->levels = xalloc(m->room, sizeof *m->levels);
	buf_init(&m->boundaries, BOUNDARIES_MAX);
	buf_init(&m->field, MIME_FIELD_MAX);
	must(buf_space(&m->field, FIELD_FIRST) != NULL);
	m->held[0] = '\r';
	m->held[1] = '\n';
	return m;
}

void
mime_drop(struct mime *m)
{
	if (m == NULL)
		return;
	free(m->levels);
	buf_drop(&m->boundaries);
	buf_drop(&m->field);
	free(m);
}

void
mime_end(struct mime *m)
{
	m->ended = true;
}

static bool
begin_part(struct mime *m)
{
	struct mime_level *level;

	if (m->depth == m->room) {
		m->room *= 2;
		m->levels = xresize(m->levels, m->room * sizeof *m->levels);
	}
	level = &m->levels[m->depth];
	*level = (struct mime_level){ .boundary = m->boundaries.len };
	level->part.head = level->part.body = level->part.end = mime_settled(m);
	level->part.depth = m->depth;
	m->told = m->depth++;
	m->parts++;
	m->state = MIME_IN_HEADER;
	m->line_start = true;
	m->field_begun = m->header_over = false;
	return mime_tell(m, MIME_BEGIN);
}

/* ---- body ---- */

/* What was held back is text after all. */
static struct str
release(struct mime *m)
{
	struct str text;

	text = str_part(str_from(m->held, sizeof m->held), 2 - m->eol,
	    m->eol + m->held_len);
	m->cr = str_ends(mime_held(m), STR("\r"));
	if (m->cr)
		text.len--;
	m->line_start = false;
	m->eol = 0;
	m->held_len = 0;
	return text;
}

/*
 * How much of in is text in any case: up to the end of the line before one
 * that may be a delimiter, or all but a CR at the end.
 */
static size_t
text_span(struct mime *m, struct str in)
{
	size_t at, end;
	int c;

	for (at = 0; (end = str_find(in, at, '\n')) != STR_NONE; ) {
		m->lines++;
		at = end + 1;
		if (m->bounded == 0)
			continue;
		c = str_at(in, at);
		if (c >= 0 && c != '-')
			continue;
		c = str_at(in, at + 1);
		if (c >= 0 && c != '-')
			continue;
		m->line_start = true;
		m->eol = end > 0 && str_at(in, end - 1) == '\r' ? 2 : 1;
		return at - m->eol;
	}
	m->cr = str_ends(in, STR("\r"));
	return in.len - m->cr;
}

/* Take text from the middle of a line on. */
static struct str
take_text(struct mime *m, struct str *in)
{
	struct str text;

	if (m->cr && str_at(*in, 0) == '\n') {
		mime_take(m, in, 1);
		m->lines++;
		m->cr = false;
		m->eol = 2;
		m->line_start = true;
		return STR("");
	}
	if (m->cr) {
		m->cr = false;
		return str_from(m->held, 1);
	}
	text = mime_take(m, in, text_span(m, *in));
	mime_take(m, in, m->line_start ? m->eol : m->cr);
	return text;
}

/* All text is out. */
static void
end_all(struct mime *m)
{
	m->end = m->offset;
	m->end_lines = m->lines;
	m->keep = 0;
	m->state = MIME_ENDS;
}

static bool
read_body(struct mime *m, struct str *in)
{
	enum mime_look look;

	look = m->line_start ? mime_look(m, in) : MIME_LOOK_NO;
	if (look == MIME_LOOK_MORE)
		return mime_tell(m, MIME_MORE);
	if (look == MIME_LOOK_YES) {
		mime_end_parts(m);
		return false;
	}
	if (m->line_start)
		m->text = release(m);
	else if (in->len > 0 || (m->cr && m->ended))
		m->text = take_text(m, in);
	else if (!m->ended)
		return mime_tell(m, MIME_MORE);
	else {
		end_all(m);
		return false;
	}
	m->told = m->depth - 1;
	return m->text.len > 0 && mime_innermost(m)->part.kind == MIME_LEAF &&
	    mime_tell(m, MIME_TEXT);
}

/* ---- ends ---- */

/* End the innermost part while there is one to end. */
static bool
end_part(struct mime *m)
{
	struct mime_level *level;

	if (m->depth == m->keep) {
		m->cut_eol = 0;
		m->state = m->depth == 0 ? MIME_OVER : MIME_SKIPS;
		return false;
	}
	level = mime_innermost(m);
	level->part.end = m->end;
	level->part.lines = m->end_lines - level->lines;
	if (m->depth - 1 < m->cut && m->cut_eol > 0) {
		level->part.end += m->cut_eol;
		level->part.lines++;
	}
	mime_unbound(m, level);
	buf_cut(&m->boundaries, level->boundary);
	m->told = --m->depth;
	return mime_tell(m, MIME_END);
}

/* Pass over the rest of a delimiter line; its line end is nobody else's. */
static bool
skip_line(struct mime *m, struct str *in)
{
	size_t end;

	end = str_find(*in, 0, '\n');
	mime_take(m, in, end == STR_NONE ? in->len : end + 1);
	if (end != STR_NONE) {
		m->lines++;
		m->line_start = true;
		m->state = m->opens ? MIME_BEGINS : MIME_IN_BODY;
	} else if (m->ended)
		end_all(m);
	else
		return mime_tell(m, MIME_MORE);
	return false;
}

enum mime_event
mime_step(struct mime *m, struct str *in)
{
	bool told;

	do {
		told = false;
		m->told = m->depth > 0 ? m->depth - 1 : 0;
		switch (m->state) {
		case MIME_BEGINS:
			told = begin_part(m);
			break;
		case MIME_IN_HEADER:
			told = mime_read_header(m, in);
			break;
		case MIME_IN_BODY:
			told = read_body(m, in);
			break;
		case MIME_ENDS:
			told = end_part(m);
			break;
		case MIME_SKIPS:
			told = skip_line(m, in);
			break;
		case MIME_OVER:
			told = mime_tell(m, MIME_DONE);
			break;
		}
	} while (!told);
	return m->event;
}

const struct mime_part *
mime_part(const struct mime *m)
{
	return &m->levels[m->told].part;
}

struct str
mime_name(const struct mime *m)
{
	return m->name;
}

struct str
mime_value(const struct mime *m)
{
	return m->value;
}

struct str
mime_text(const struct mime *m)
{
	return m->text;
}

size_t
mime_size(const struct mime *m)
{
	return sizeof *m + m->room * sizeof *m->levels + m->boundaries.room +
	    m->field.room;
}
