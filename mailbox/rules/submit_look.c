/*
 * Writes a text as somebody who searches it must see it: whatever any program
 * would decode is decoded, in the order in which it is wrapped. The result is
 * to be looked at and for nothing else.
 */
#include "rules/submit_part.h"

#include "mail/sign.h"
#include "mail/word.h"

#define PIECES_MAX 64		/* of parameters of one field that are joined:
				   more than the longest file name has */
#define DECODED_TWICE 2		/* mailto: within a parameter */

/* A part of a parameter's value (RFC 2231 section 3). */
struct piece {
	struct str name;
	uint64_t number;
	struct str value;
};

/* Cut what stands before the next ";" outside of quotes off *s. */
static struct str
take_parameter(struct str *s)
{
	struct str from = *s;
	bool quoted = false;
	size_t end;

	for (end = 0; end < from.len; end++) {
		if (str_at(from, end) == '"')
			quoted = !quoted;
		else if (str_at(from, end) == '\\')
			end++;
		else if (str_at(from, end) == ';' && !quoted)
			break;
	}
	str_take(s, end + 1);
	return str_part(from, 0, end);
}

/* Read "name*1=value", "name*1*=value"; false if it is none. */
static bool
read_piece(struct str text, struct piece *piece)
{
	struct str left;

	if (!str_split(&text, '=', &left))
		return false;
	left = str_trim(left);
	if (str_ends(left, STR("*")))
		left.len--;
	if (!str_split(&left, '*', &piece->name) ||
	    !str_number(left, PIECES_MAX, &piece->number))
		return false;
	piece->value = str_trim(text);
	if (str_skip(&piece->value, '"') &&
	    str_ends(piece->value, STR("\"")))
		piece->value.len--;
	return true;
}

static const struct piece *
find_piece(const struct piece *pieces, size_t count, struct str name,
	uint64_t number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (pieces[i].number == number &&
		    str_same(pieces[i].name, name))
			return &pieces[i];
	return NULL;
}

/* Add each parameter that comes in pieces as a whole. */
static void
add_joined(struct buf *out, struct str text)
{
	struct piece pieces[PIECES_MAX];
	const struct piece *piece;
	uint64_t number;
	size_t count, i;

	if (str_find(text, 0, '*') == STR_NONE)
		return;
	for (count = 0; text.len > 0 && count < PIECES_MAX; )
		if (read_piece(take_parameter(&text), &pieces[count]))
			count++;
	for (i = 0; i < count; i++) {
		if (pieces[i].number != 0)
			continue;
		buf_add_text(out, "; ");
		piece = &pieces[i];
		for (number = 1; piece != NULL; number++) {
			buf_add(out, piece->value);
			piece = find_piece(pieces, count, pieces[i].name,
			    number);
		}
	}
}

static int
hex_value(int c)
{
	c = char_lower(c);
	if (char_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX where it stands. */
static void
decode_percent(struct buf *text)
{
	struct str from = buf_str(text);
	size_t i, len;
	int high, low;

	for (i = len = 0; i < from.len; i++) {
		text->at[len] = from.at[i];
		high = hex_value(str_at(from, i + 1));
		low = hex_value(str_at(from, i + 2));
		if (str_at(from, i) == '%' && high >= 0 && low >= 0) {
			text->at[len] = (char)(unsigned char)(high << 4 | low);
			i += 2;
		}
		len++;
	}
	buf_cut(text, len);
}

/* Whether the next sign of s that is seen is "@" or ".". */
static bool
goes_on(struct str s)
{
	unsigned point;
	size_t len;

	while (s.len > 0) {
		point = sign_narrow(sign_at(s, &len));
		if (!sign_is_space(point) && !sign_is_unseen(point) &&
		    point != '\\')
			return point == '@' || point == '.';
		str_take(&s, len);
	}
	return false;
}

/* Whether the last sign of out that is no space is "@" or ".". */
static bool
has_begun(const struct buf *out)
{
	size_t end;

	for (end = out->len; end > 0 && out->at[end - 1] == ' '; end--)
		continue;
	return end > 0 && (out->at[end - 1] == '@' || out->at[end - 1] == '.');
}

/* Add the signs of text that count, in their plain forms. */
static void
add_signs(struct buf *out, struct str text)
{
	unsigned point;
	struct str sign;
	size_t len;

	while (text.len > 0) {
		point = sign_narrow(sign_at(text, &len));
		sign = str_take(&text, len);
		if (sign_is_space(point))
			buf_add_char(out, ' ');
		else if (sign_is_unseen(point) || point == '\\' ||
		    (point == '"' && (has_begun(out) || goes_on(text))))
			continue;
		else if (point < 128)
			buf_add_char(out, (char)point);
		else
			buf_add(out, sign);
	}
}

void
submit_look(struct buf *out, struct str text)
{
	struct buf look;
	unsigned i;

	buf_init(&look, 3 * text.len);
	word_look(&look, text);
	buf_init(out, 3 * look.len + 1);
	buf_add(out, buf_str(&look));
	add_joined(out, buf_str(&look));
	for (i = 0; i < DECODED_TWICE; i++)
		decode_percent(out);
	buf_drop(&look);
	look = *out;
	buf_init(out, look.len);
	add_signs(out, buf_str(&look));
	buf_drop(&look);
}

void
submit_uncomment(struct buf *out, struct str text)
{
	bool closed = true;

	while (text.len > 0) {
		if (closed && str_at(text, 0) == '(') {
			closed = head_skip_space(&text, NULL);
			continue;
		}
		buf_add(out, str_take(&text, 1));
	}
}
