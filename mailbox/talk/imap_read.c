/*
 * Lines and literals (RFC 9051 section 4.3, RFC 7888): how much of a command
 * there is, and how much of it is kept. What it means is not known here, but
 * for whether a literal is worth waiting for.
 *
 * CRLF ends a line and nothing else does. After a CR or LF alone, or NUL, the
 * rest of the command is passed over; before a login the session ends.
 */
#include "talk/imap_part.h"

#include <string.h>

#define PASSED_MAX (UINT64_C(1) << 40)	/* octets of a literal that is worth
					   passing over */

/* Remember the end of the line. */
static void
tail_add(struct imap_reading *r, struct str s)
{
	size_t keep;

	if (s.len > IMAP_TAIL_MAX)
		s = str_part(s, s.len - IMAP_TAIL_MAX, IMAP_TAIL_MAX);
	keep = r->tail_len;
	if (keep > IMAP_TAIL_MAX - s.len)
		keep = IMAP_TAIL_MAX - s.len;
	memmove(r->tail, r->tail + (r->tail_len - keep), keep);
	if (s.len > 0)
		memcpy(r->tail + keep, s.at, s.len);
	r->tail_len = keep + s.len;
}

/* From now on nothing of the command is kept. */
static void
pass(struct imap_reading *r, const struct imap_words *w)
{
	if (r->passing)
		return;
	r->passing = true;
	r->pass_end = w->end;
	r->pass_why = w->why;
	buf_clear(&r->pass_code);
	buf_add_text(&r->pass_code, w->code == NULL ? "" : w->code);
}

static void
pass_for(struct imap_reading *r, const char *code, const char *why)
{
	const struct imap_words w =
	    { .why = why, .code = code, .end = IMAP_BAD };

	pass(r, &w);
}

/* Learn the tag from what there is of the command, if it has one. */
static void
learn_tag(struct imap *m)
{
	struct imap_words w = imap_words_from(m, 0);

	if (m->reading->tag.len == 0)
		(void)imap_obey_begin(m, &w);
}

static void
pass_finish(struct imap *m)
{
	struct imap_reading *r = m->reading;
	struct buf code = r->pass_code;

	learn_tag(m);
	r->pass_code = (struct buf){ .max = code.max };
	imap_finish(m, r->pass_end, buf_str(&code), r->pass_why);
	buf_drop(&code);
}

void
imap_read_refuse(struct imap *m, const struct imap_literal *literal,
	const struct imap_words *w)
{
	struct imap_reading *r = m->reading;

	if (literal->sync) {
		imap_finish_wrong(m, w);
		return;
	}
	pass(r, w);
	r->left = literal->size;
	r->tail_len = 0;
	r->state = r->left > 0 ? IMAP_AT_PASSED : IMAP_AT_LINE;
}

/* Count octets before login; false when they were too many. */
static bool
count_early(struct imap *m, size_t octets)
{
	struct imap_reading *r = m->reading;

	if (r->authenticated)
		return true;
	r->early += octets;
	if (r->early <= IMAP_EARLY_MAX)
		return true;
	imap_leave(m, "Too much before a login.");
	return false;
}

/* How much of a line is kept. */
static size_t
line_room(const struct imap_reading *r)
{
	size_t max = r->state == IMAP_AT_IDLE ? IMAP_DONE_MAX :
	    r->state == IMAP_AT_SASL ? SASL_LINE_MAX : IMAP_COMMAND_MAX;

	return r->text.len < max ? max - r->text.len : 0;
}

static void
text_add(struct imap_reading *r, struct str s)
{
	char *end = buf_space_secret(&r->text, s.len);

	must(end != NULL);
	if (s.len > 0)
		memcpy(end, s.at, s.len);
	buf_grew(&r->text, s.len);
}

/* Keep a part of a line. */
static void
line_add(struct imap_reading *r, struct str s)
{
	size_t room = line_room(r);

	tail_add(r, s);
	if (r->passing)
		return;
	if (s.len > room)
		pass_for(r, "TOOBIG", "The command is too large.");
	text_add(r, str_part(s, 0, room));
}

/* A literal is announced that may come. */
static void
literal_begin(struct imap *m, const struct imap_literal *literal)
{
	struct imap_reading *r = m->reading;

	text_add(r, STR("\r\n"));
	r->left = literal->size;
	r->tail_len = 0;
	r->state = r->left > 0 ? IMAP_AT_LITERAL : IMAP_AT_LINE;
	if (literal->sync)
		buf_add(&m->out, STR("+ Go on.\r\n"));
}

/* A literal is announced. */
static void
literal_announced(struct imap *m, const struct imap_literal *literal)
{
	struct imap_reading *r = m->reading;
	struct imap_words w = imap_words_from(m, 0);

	if (!r->authenticated && literal->size > IMAP_EARLY_MAX - r->early &&
	    !literal->sync) {
		imap_leave(m, "Too much before a login.");
		return;
	}
	if (r->passing && literal->sync) {
		pass_finish(m);
		return;
	}
	if (r->messages > 0 && !r->passing) {
		(void)imap_text_announced(m, literal);
		return;
	}
	if (imap_obey_begin(m, &w) != NULL && !r->passing &&
	    imap_text_is(m) && imap_text_announced(m, literal))
		return;
	if (literal->size > line_room(r) || line_room(r) - literal->size < 2 ||
	    (!r->authenticated && literal->size > IMAP_EARLY_MAX - r->early))
		(void)words_fail_code(&w, IMAP_BAD, "TOOBIG",
		    "That literal is too large.");
	if (r->passing || w.why != NULL)
		imap_read_refuse(m, literal, &w);
	else
		literal_begin(m, literal);
}

/* A line is whole. */
static void
line_end(struct imap *m)
{
	struct imap_reading *r = m->reading;
	struct imap_literal literal;
	int found = 0;

	m->progress++;
	if (r->state == IMAP_AT_LINE)
		found = words_literal_end(str_from(r->tail, r->tail_len),
		    &literal);
	if (found < 0 || (found > 0 && literal.size > PASSED_MAX)) {
		imap_leave(m, "No literal is that large.");
		return;
	}
	if (found > 0) {
		literal_announced(m, &literal);
		return;
	}
	if (r->passing)
		pass_finish(m);
	else if (r->state == IMAP_AT_SASL)
		imap_login_line(m, buf_str(&r->text));
	else if (r->state == IMAP_AT_IDLE)
		imap_obey_idle(m, buf_str(&r->text));
	else if (r->messages > 0)
		imap_text_last(m);
	else
		imap_obey(m);
}

static bool
read_line(struct imap *m, struct str *in)
{
	struct imap_reading *r = m->reading;
	size_t len = str_find_break(*in, 0);
	int c;

	if (!count_early(m, len))
		return true;
	line_add(r, str_take(in, len));
	c = str_at(*in, 0);
	if (c < 0 || (c == '\r' && in->len == 1))
		return false;
	if (c == '\r' && str_at(*in, 1) == '\n') {
		if (!count_early(m, 2))
			return true;
		str_take(in, 2);
		line_end(m);
		return true;
	}
	if (!r->authenticated) {
		imap_leave(m, "A line ends with CR LF and holds no NUL.");
		return true;
	}
	pass_for(r, "", "A line ends with CR LF and holds no NUL.");
	str_take(in, 1);
	return true;
}

static bool
read_literal(struct imap *m, struct str *in)
{
	struct imap_reading *r = m->reading;
	struct str part;

	if (in->len == 0)
		return false;
	part = str_take(in, r->left < in->len ? (size_t)r->left : in->len);
	r->left -= part.len;
	m->progress++;
	/* no literal begins that would be too much */
	must(count_early(m, part.len));
	if (r->state == IMAP_AT_LITERAL)
		text_add(r, part);
	if (r->left == 0)
		r->state = IMAP_AT_LINE;
	return true;
}

bool
imap_read(struct imap *m, struct str *in)
{
	return m->reading->state == IMAP_AT_LITERAL ||
	    m->reading->state == IMAP_AT_PASSED ?
	    read_literal(m, in) : read_line(m, in);
}
