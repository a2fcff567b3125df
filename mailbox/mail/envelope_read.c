/* Reads what is on the wire already, as envelope.c and summary*.c wrote it. */
#include "mail/envelope_part.h"

#include "mail/head.h"

#define QUOTED_MAX 250		/* octets of a quoted-string in a message-id;
				   a local-part has 64 (RFC 5321 section
				   4.5.3.1.1) */

/* The length of the literal that s begins with, and of what says so. */
static bool
literal_span(struct str s, size_t *from, size_t *len)
{
	uint64_t number;
	struct str digits;
	size_t end;

	end = str_at(s, 0) == '{' ? str_find(s, 0, '}') : STR_NONE;
	digits = str_part(s, 1, end == STR_NONE ? 0 : end - 1);
	if (!str_number(digits, SIZE_MAX / 2, &number) ||
	    !str_starts(str_part(s, end, 3), STR("}\r\n")))
		return false;
	*from = end + 3;
	*len = (size_t)number;
	return *len <= s.len - *from;
}

/* The length of the string that s begins with, or 0. */
static size_t
string_span(struct str s)
{
	size_t i, from, len;

	if (str_at(s, 0) == '{')
		return literal_span(s, &from, &len) ? from + len : 0;
	for (i = 1; i < s.len; i++) {
		if (str_at(s, i) == '\\')
			i++;
		else if (str_at(s, i) == '"')
			return i + 1;
	}
	return 0;
}

enum envelope_token
envelope_take(struct str *rest, struct str *token)
{
	enum envelope_token kind;
	size_t len;
	int c;

	while (str_skip(rest, ' '))
		continue;
	c = str_at(*rest, 0);
	len = 1;
	if (c == '(')
		kind = ENVELOPE_OPEN;
	else if (c == ')')
		kind = ENVELOPE_CLOSE;
	else if (c == '"' || c == '{') {
		kind = ENVELOPE_STRING;
		len = string_span(*rest);
	} else if (char_is_digit(c)) {
		kind = ENVELOPE_NUMBER;
		while (char_is_digit(str_at(*rest, len)))
			len++;
	} else {
		kind = ENVELOPE_NIL;
		len = str_starts(*rest, STR("NIL")) ? 3 : 0;
	}
	if (len == 0) {
		str_take(rest, rest->len);
		kind = ENVELOPE_OVER;
	}
	*token = str_take(rest, len);
	return kind;
}

void
envelope_unescape(struct buf *out, struct str s)
{
	size_t at;

	while ((at = str_find(s, 0, '\\')) != STR_NONE) {
		buf_add(out, str_take(&s, at));
		str_take(&s, 1);
		buf_add(out, str_take(&s, 1));
	}
	buf_add(out, s);
}

/* Add what a token of kind ENVELOPE_STRING says. */
static void
unquote(struct buf *out, struct str token)
{
	size_t from, len;

	if (literal_span(token, &from, &len))
		buf_add(out, str_part(token, from, len));
	else
		envelope_unescape(out, str_part(token, 1, token.len - 2));
}

void
envelope_leave(struct str *rest)
{
	enum envelope_token kind;
	struct str token;
	size_t depth;

	depth = 1;
	while (depth > 0) {
		kind = envelope_take(rest, &token);
		if (kind == ENVELOPE_OVER)
			return;
		if (kind == ENVELOPE_OPEN)
			depth++;
		else if (kind == ENVELOPE_CLOSE)
			depth--;
	}
}

/* Begin behind the fields before one; what it begins with. */
static enum envelope_token
find_field(struct str *rest, struct str *token, enum envelope_field field)
{
	enum envelope_token kind;
	unsigned i;

	if (envelope_take(rest, token) != ENVELOPE_OPEN)
		return ENVELOPE_OVER;
	for (i = 0; ; i++) {
		kind = envelope_take(rest, token);
		if (i == field || kind == ENVELOPE_OVER)
			return kind;
		if (kind == ENVELOPE_OPEN)
			envelope_leave(rest);
	}
}

bool
envelope_text(struct buf *out, struct str envelope, enum envelope_field field)
{
	struct str token;

	buf_clear(out);
	if (find_field(&envelope, &token, field) != ENVELOPE_STRING)
		return false;
	unquote(out, token);
	return true;
}

void
envelope_people(struct envelope_people *p, struct str envelope,
	enum envelope_field field)
{
	struct str token;

	p->rest = envelope;
	if (find_field(&p->rest, &token, field) != ENVELOPE_OPEN)
		p->rest = STR("");
}

/* Read one string of an address, or NIL. */
static bool
read_part(struct str *rest, struct buf *part, bool *has)
{
	enum envelope_token kind;
	struct str token;

	buf_clear(part);
	part->max = rest->len;
	kind = envelope_take(rest, &token);
	*has = kind == ENVELOPE_STRING;
	if (*has)
		unquote(part, token);
	return *has || kind == ENVELOPE_NIL;
}

bool
envelope_next(struct envelope_people *p, struct envelope_person *person)
{
	struct str token;

	if (envelope_take(&p->rest, &token) != ENVELOPE_OPEN ||
	    !read_part(&p->rest, &person->name, &person->has_name) ||
	    (envelope_take(&p->rest, &token) != ENVELOPE_NIL &&
	    str_at(token, 0) != '"' && str_at(token, 0) != '{') ||
	    !read_part(&p->rest, &person->mailbox, &person->has_mailbox) ||
	    !read_part(&p->rest, &person->host, &person->has_host)) {
		p->rest = STR("");
		return false;
	}
	envelope_leave(&p->rest);
	return true;
}

void
envelope_person_drop(struct envelope_person *person)
{
	buf_drop(&person->name);
	buf_drop(&person->mailbox);
	buf_drop(&person->host);
}

/*
 * Cut off *rest what stands before '>', and that too.
 *
 * Returns:  false when something ends it that cannot be in an id; *rest goes
 *           on there.
 */
static bool
take_id(struct str *rest, struct buf *id)
{
	size_t len;
	int c;

	while ((c = str_at(*rest, 0)) >= 0 && c != '<') {
		len = c != '"' ? 1 :
		    head_closed_span(str_part(*rest, 0, QUOTED_MAX), '"');
		if (len == 0)
			return false;
		if (c == '"')
			head_unquote(id, str_part(*rest, 0, len));
		else if (c > ' ' && c != '>')
			buf_add_char(id, (char)(unsigned char)c);
		str_take(rest, len);
		if (c == '>')
			return true;
	}
	return false;
}

bool
envelope_id(struct str *rest, struct buf *id)
{
	size_t at;

	while ((at = str_find(*rest, 0, '<')) != STR_NONE) {
		str_take(rest, at + 1);
		buf_clear(id);
		if (!take_id(rest, id))
			continue;
		at = str_find(buf_str(id), 0, '@');
		if (at != STR_NONE && at > 0 && at + 1 < id->len)
			return true;
	}
	str_take(rest, rest->len);
	buf_clear(id);
	return false;
}
