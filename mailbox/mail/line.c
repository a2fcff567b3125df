/*
 * Framing: command lines, and message text with and without dots. The one
 * rule against smuggling is kept here: CRLF ends a line and nothing else
 * does; a CR or LF alone is an error at once (RFC 5321 section 2.3.8), never
 * something to be guessed at.
 *
 * Text is read by a byte machine, text_byte(), that defines what is right. In
 * front of it take_lines() passes over whole runs of ordinary lines at a time
 * with the same outcome; that is where the time goes, so it reads words and
 * copies once.
 */
#include "mail/line.h"

enum line_result
line_take(struct str *in, size_t max, bool *skipping, struct str *line)
{
	size_t i;

	*line = STR("");
	i = str_find_break(*in, 0);
	if (i + 2 > max)
		*skipping = true;
	if (*skipping) {
		str_take(in, i);
		i = 0;
	}
	if (i == in->len || (i + 1 == in->len && str_at(*in, i) == '\r'))
		return LINE_MORE;
	if (str_at(*in, i) != '\r' || str_at(*in, i + 1) != '\n')
		return LINE_BAD;
	*line = str_take(in, i);
	str_take(in, 2);
	if (!*skipping)
		return LINE_DONE;
	*skipping = false;
	return LINE_LONG;
}

/*
 * How many bytes of s, which goes on in t's state, belong to ordinary lines
 * and can be copied as they are: up to a dot at a line start, a line break
 * that is not CRLF or not whole, or a line too long. Leaves t as the byte
 * machine would.
 */
static size_t
take_lines(struct text *t, struct str s, size_t line_max)
{
	size_t at, end;

	at = 0;
	for (;;) {
		if (t->dotted && t->state == TEXT_LINE_START &&
		    str_at(s, at) == '.')
			return at;
		end = str_find_break(s, at);
		if (end - at > line_max - t->line_len)
			end = at + line_max - t->line_len;
		if (end > at) {
			t->line_len += end - at;
			t->state = TEXT_IN_LINE;
		}
		if (str_at(s, end) != '\r' || str_at(s, end + 1) != '\n' ||
		    line_max - t->line_len < 2)
			return end;
		t->state = TEXT_LINE_START;
		t->line_len = 0;
		at = end + 2;
	}
}

/* Add one byte of the line to out, unless the line gets too long. */
static enum text_result
text_keep(struct text *t, char c, size_t line_max, struct buf *out)
{
	if (t->line_len >= line_max)
		return TEXT_LONG;
	t->line_len++;
	buf_add_char(out, c);
	return TEXT_MORE;
}

/* A byte at the start or within a line, no dot to be undone. */
static enum text_result
text_in_line(struct text *t, char c, size_t line_max, struct buf *out)
{
	enum text_result result;

	if (c == '\0')
		return TEXT_NUL;
	if (c == '\n')
		return TEXT_BARE;
	result = text_keep(t, c, line_max, out);
	if (result == TEXT_MORE)
		t->state = c == '\r' ? TEXT_SEEN_CR : TEXT_IN_LINE;
	return result;
}

/* Take one byte; on anything but TEXT_MORE and TEXT_END it is not used. */
static enum text_result
text_byte(struct text *t, char c, size_t line_max, struct buf *out)
{
	enum text_result result;

	switch (t->state) {
	case TEXT_LINE_START:
		if (c == '.' && t->dotted) {
			t->state = TEXT_SEEN_DOT;
			return TEXT_MORE;
		}
		return text_in_line(t, c, line_max, out);
	case TEXT_IN_LINE:
		return text_in_line(t, c, line_max, out);
	case TEXT_SEEN_CR:
		if (c != '\n')
			return TEXT_BARE;
		result = text_keep(t, c, line_max, out);
		if (result == TEXT_MORE) {
			t->state = TEXT_LINE_START;
			t->line_len = 0;
		}
		return result;
	case TEXT_SEEN_DOT:
		if (c == '\r') {
			t->state = TEXT_SEEN_DOT_CR;
			return TEXT_MORE;
		}
		return text_in_line(t, c, line_max, out);
	case TEXT_SEEN_DOT_CR:
		return c == '\n' ? TEXT_END : TEXT_BARE;
	}
	return TEXT_BARE;
}

/* What text_undot() and text_plain() share; t->dotted tells them apart. */
static enum text_result
text_read(struct text *t, struct str *in, size_t line_max,
	struct buf *out, size_t out_stop)
{
	enum text_result result;
	struct str run;
	size_t len;

	must(out_stop <= out->max && !out->full && t->line_len <= line_max);
	while (in->len > 0 && out->len < out_stop) {
		if (t->state == TEXT_LINE_START || t->state == TEXT_IN_LINE) {
			run = str_part(*in, 0, out_stop - out->len);
			len = take_lines(t, run, line_max);
			buf_add(out, str_take(in, len));
			if (in->len == 0 || out->len == out_stop)
				break;
		}
		result = text_byte(t, in->at[0], line_max, out);
		if (result != TEXT_MORE && result != TEXT_END)
			return result;
		str_take(in, 1);
		if (result == TEXT_END)
			return result;
	}
	return TEXT_MORE;
}

enum text_result
text_undot(struct text *t, struct str *in, size_t line_max,
	struct buf *out, size_t out_stop)
{
	t->dotted = true;
	return text_read(t, in, line_max, out, out_stop);
}

enum text_result
text_plain(struct text *t, struct str *in, size_t line_max,
	struct buf *out, size_t out_stop)
{
	t->dotted = false;
	return text_read(t, in, line_max, out, out_stop);
}

bool
text_closed(const struct text *t)
{
	return t->state == TEXT_LINE_START;
}

void
text_dot(struct buf *out, struct str s, bool *at_start)
{
	size_t feed;

	/* s is cut behind each LF that a dot or the end follows */
	while (s.len > 0) {
		if (*at_start && str_at(s, 0) == '.')
			buf_add_char(out, '.');
		feed = str_find(s, 0, '\n');
		while (feed != STR_NONE && feed + 1 < s.len &&
		    str_at(s, feed + 1) != '.')
			feed = str_find(s, feed + 1, '\n');
		*at_start = feed != STR_NONE;
		buf_add(out, str_take(&s, *at_start ? feed + 1 : s.len));
	}
}
