/* Writes ENVELOPE; who is in it is told by envelope_people.c. */
#include "mail/envelope_part.h"

#include <string.h>

enum envelope_field
envelope_field(struct str name)
{
	static const struct str names[ENVELOPE_COUNT] = {
		[ENVELOPE_DATE] = { "Date", 4 },
		[ENVELOPE_SUBJECT] = { "Subject", 7 },
		[ENVELOPE_FROM] = { "From", 4 },
		[ENVELOPE_SENDER] = { "Sender", 6 },
		[ENVELOPE_REPLY_TO] = { "Reply-To", 8 },
		[ENVELOPE_TO] = { "To", 2 },
		[ENVELOPE_CC] = { "Cc", 2 },
		[ENVELOPE_BCC] = { "Bcc", 3 },
		[ENVELOPE_IN_REPLY_TO] = { "In-Reply-To", 11 },
		[ENVELOPE_MESSAGE_ID] = { "Message-ID", 10 },
	};
	unsigned i;

	for (i = 0; i < ENVELOPE_COUNT; i++)
		if (name.len == names[i].len && str_same(name, names[i]))
			break;
	return (enum envelope_field)i;
}

/* Whether quotes cannot hold it (RFC 9051 section 9, QUOTED-CHAR). */
static bool
wants_literal(struct str s)
{
	return !str_is_ascii(s) || str_find_break(s, 0) < s.len;
}

static void
add_literal(struct buf *out, struct str s)
{
	struct str part, rest;
	size_t len;

	len = 0;
	for (rest = s; str_split(&rest, '\0', &part); )
		len += part.len;
	len += rest.len;
	buf_add_char(out, '{');
	buf_add_number(out, len);
	buf_add_text(out, "}\r\n");
	for (rest = s; str_split(&rest, '\0', &part); )
		buf_add(out, part);
	buf_add(out, rest);
}

static void
add_escaped(struct buf *out, struct str s)
{
	size_t i, from;

	for (i = from = 0; i < s.len; i++) {
		if (str_at(s, i) != '"' && str_at(s, i) != '\\')
			continue;
		buf_add(out, str_part(s, from, i - from));
		buf_add_char(out, '\\');
		from = i;
	}
	buf_add(out, str_part(s, from, s.len));
}

void
envelope_string(struct buf *out, struct str s)
{
	if (s.at == NULL) {
		buf_add_text(out, "NIL");
		return;
	}
	if (wants_literal(s)) {
		add_literal(out, s);
		return;
	}
	buf_add_char(out, '"');
	if (str_find(s, 0, '"') == STR_NONE &&
	    str_find(s, 0, '\\') == STR_NONE)
		buf_add(out, s);
	else
		add_escaped(out, s);
	buf_add_char(out, '"');
}

/* Whether s holds white space that is not one space. */
static bool
is_untidy(struct str s)
{
	return str_find(s, 0, '\t') != STR_NONE ||
	    str_find_str(s, STR("  ")) != STR_NONE ||
	    str_find_break(s, 0) < s.len;
}

void
envelope_human(struct buf *out, struct str s)
{
	struct buf tidy;
	size_t len;

	s = str_trim(s);
	if (!is_untidy(s)) {
		envelope_string(out, s);
		return;
	}
	buf_init(&tidy, s.len);
	while (s.len > 0) {
		for (len = 1; len < s.len; len++)
			if (str_trim(str_part(s, len, 1)).len == 0)
				break;
		if (tidy.len > 0)
			buf_add_char(&tidy, ' ');
		buf_add(&tidy, str_take(&s, len));
		s = str_trim(s);
	}
	envelope_string(out, buf_str(&tidy));
	buf_drop(&tidy);
}

void
envelope_repeat(struct buf *out, size_t at, size_t len)
{
	char *space;

	space = buf_space(out, len);
	if (space == NULL)
		return;
	memcpy(space, str_part(buf_str(out), at, len).at, len);
	buf_grew(out, len);
}

/* Add the sender or whom to reply to: From, len bytes at from, by default. */
static void
add_default(struct buf *out, struct envelope_reader *r, struct str value,
	size_t from, size_t len)
{
	size_t start;

	buf_add_char(out, ' ');
	start = out->len;
	envelope_write_people(out, r, value);
	if (out->full || out->len - start != STR("NIL").len)
		return;
	buf_cut(out, start);
	envelope_repeat(out, from, len);
}

void
envelope_write(struct buf *out, const struct str values[ENVELOPE_COUNT])
{
	struct envelope_reader r = { .count = 0 };
	size_t from, len;
	unsigned i;

	buf_add_char(out, '(');
	envelope_string(out, values[ENVELOPE_DATE]);
	buf_add_char(out, ' ');
	if (values[ENVELOPE_SUBJECT].at == NULL)
		buf_add_text(out, "NIL");
	else
		envelope_human(out, values[ENVELOPE_SUBJECT]);
	buf_add_char(out, ' ');
	from = out->len;
	envelope_write_people(out, &r, values[ENVELOPE_FROM]);
	len = out->len - from;
	add_default(out, &r, values[ENVELOPE_SENDER], from, len);
	add_default(out, &r, values[ENVELOPE_REPLY_TO], from, len);
	for (i = ENVELOPE_TO; i <= ENVELOPE_BCC; i++) {
		buf_add_char(out, ' ');
		envelope_write_people(out, &r, values[i]);
	}
	for (i = ENVELOPE_IN_REPLY_TO; i <= ENVELOPE_MESSAGE_ID; i++) {
		buf_add_char(out, ' ');
		envelope_string(out, values[i]);
	}
	buf_add_char(out, ')');
	envelope_reader_drop(&r);
}
