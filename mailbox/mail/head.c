/*
 * Walks the fields of a header block and counts Received in one that goes
 * by. Tells where fields are, and what all structured ones are made of; what
 * is in them is for others to read.
 */
#include "mail/head.h"

/* Cut the line at the front of *s off, line end included. */
static struct str
take_line(struct str *s)
{
	size_t end;

	end = str_find(*s, 0, '\n');
	return str_take(s, end == STR_NONE ? s->len : end + 1);
}

/* Without the CRLF or LF at its end. */
static struct str
without_end(struct str line)
{
	if (str_ends(line, STR("\r\n")))
		line.len -= 2;
	else if (str_ends(line, STR("\n")))
		line.len--;
	return line;
}

static bool
is_space(int c)
{
	return c == ' ' || c == '\t';
}

/*
 * The length of the field name that line begins with (RFC 5322 section
 * 2.2), the white space before the colon (section 4.5) left out, or 0.
 */
static size_t
name_len(struct str line)
{
	size_t len, i;

	for (len = 0; str_at(line, len) > 32 && str_at(line, len) < 127 &&
	    str_at(line, len) != ':'; len++)
		continue;
	for (i = len; is_space(str_at(line, i)); i++)
		continue;
	return str_at(line, i) == ':' ? len : 0;
}

bool
head_next(struct str *block, struct head_field *field)
{
	struct str line, from;
	size_t len;

	do {
		from = *block;
		line = take_line(block);
		if (without_end(line).len == 0)
			return false;
		len = name_len(line);
		/* what a line belongs to that is no field is none either */
		while (is_space(str_at(*block, 0)))
			take_line(block);
	} while (len == 0);
	field->whole = str_part(from, 0, from.len - block->len);
	field->name = str_part(from, 0, len);
	field->value = without_end(field->whole);
	str_take(&field->value, str_find(field->value, len, ':') + 1);
	return true;
}

bool
head_find(struct str block, struct str name, struct head_field *field)
{
	while (head_next(&block, field))
		if (str_same(field->name, name))
			return true;
	return false;
}

void
head_unfold(struct buf *out, struct str value)
{
	size_t end;
	int c;

	while (value.len > 0) {
		end = str_find_break(value, 0);
		buf_add(out, str_take(&value, end));
		c = str_at(str_take(&value, 1), 0);
		if (c == '\0')
			buf_add_char(out, '\0');
	}
}

/* The length of the comment that s begins with, or 0 when it is open. */
static size_t
comment_span(struct str s)
{
	size_t i, depth;

	depth = 0;
	for (i = 0; i < s.len; i++) {
		if (str_at(s, i) == '\\')
			i++;
		else if (str_at(s, i) == '(')
			depth++;
		else if (str_at(s, i) == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

bool
head_skip_space(struct str *s, struct buf *comment)
{
	struct str text;
	size_t len;

	for (;;) {
		while (is_space(str_at(*s, 0)) ||
		    str_at(*s, 0) == '\r' || str_at(*s, 0) == '\n')
			str_take(s, 1);
		if (str_at(*s, 0) != '(')
			return true;
		len = comment_span(*s);
		if (len == 0)
			return false;
		text = str_take(s, len);
		if (comment == NULL)
			continue;
		if (comment->len > 0)
			buf_add_char(comment, ' ');
		buf_add(comment, str_part(text, 1, len - 2));
	}
}

size_t
head_closed_span(struct str s, int end)
{
	size_t i;

	for (i = 1; i < s.len; i++) {
		if (str_at(s, i) == '\\')
			i++;
		else if (str_at(s, i) == end)
			return i + 1;
	}
	return 0;
}

void
head_unquote(struct buf *out, struct str quoted)
{
	size_t i;
	int c;

	for (i = 1; i + 1 < quoted.len; i++) {
		c = str_at(quoted, i);
		if (c == '\r' || c == '\n')
			continue;
		if (c == '\\' && i + 2 < quoted.len)
			c = str_at(quoted, ++i);
		buf_add_char(out, (char)(unsigned char)c);
	}
}

/* Take one byte of a line that is not decided yet, nor ended by it. */
static void
hops_match(struct hops *h, int c)
{
	static const struct str received = { "received", 8 };

	if (h->matched < received.len) {
		if (char_lower(c) == str_at(received, h->matched))
			h->matched++;
		else
			h->matched = STR_NONE;
	} else if (c == ':') {
		h->count++;
		h->matched = STR_NONE;
	} else if (!is_space(c))
		h->matched = STR_NONE;
}

void
hops_feed(struct hops *h, struct str s)
{
	size_t end;
	int c;

	while (s.len > 0 && !h->ended) {
		if (h->matched == STR_NONE) {
			end = str_find(s, 0, '\n');
			str_take(&s, end == STR_NONE ? s.len : end);
			if (s.len == 0)
				return;
		}
		c = str_at(str_take(&s, 1), 0);
		if (c == '\n') {
			h->ended = !h->in_line;
			h->in_line = false;
			h->matched = 0;
		} else if (c != '\r') {
			h->in_line = true;
			hops_match(h, c);
		}
	}
}
