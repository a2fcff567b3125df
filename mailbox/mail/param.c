/*
 * Reads "type; name=value" as mail writes it, good and bad: what is no
 * parameter is passed over up to the next semicolon.
 */
#include "mail/param.h"

#include "mail/head.h"
#include "mail/transfer.h"

#define PIECES_MAX 100		/* continuations of one parameter that are
				   put together (RFC 2231 section 3) */
#define INDEX_MAX 10000

/* RFC 2045 section 5.1, token, and UTF-8. */
static bool
is_token(int c)
{
	return c > 32 && c != 127 &&
	    str_find(STR("()<>@,;:\\\"/[]?="), 0, (char)c) == STR_NONE;
}

static struct str
take_token(struct str *s)
{
	size_t len;

	for (len = 0; is_token(str_at(*s, len)); len++)
		continue;
	return str_take(s, len);
}

/* Pass over space and comments; a comment that is open takes all. */
static bool
skip_space(struct str *s)
{
	if (head_skip_space(s, NULL))
		return true;
	str_take(s, s->len);
	return false;
}

bool
param_type(struct param *p, struct str value, struct str *type,
	struct str *subtype)
{
	struct str rest;

	rest = value;
	*p = (struct param){ STR("") };
	*type = *subtype = STR("");
	if (skip_space(&rest))
		*type = take_token(&rest);
	if (type->len > 0 && skip_space(&rest) && str_skip(&rest, '/') &&
	    skip_space(&rest))
		*subtype = take_token(&rest);
	if (subtype->len == 0 || !skip_space(&rest) ||
	    (rest.len > 0 && str_at(rest, 0) != ';')) {
		*type = *subtype = STR("");
		return false;
	}
	p->rest = rest;
	return true;
}

bool
param_word(struct param *p, struct str value, struct str *word)
{
	p->rest = value;
	*word = STR("");
	if (!skip_space(&p->rest))
		return false;
	*word = take_token(&p->rest);
	return skip_space(&p->rest);
}

/*
 * Take a value: a token, a quoted-string with its quotes, or an encoded-word,
 * which has no business here but is seen.
 */
static bool
take_value(struct str *rest, struct str *value)
{
	size_t len;
	int c;

	len = 0;
	c = str_at(*rest, 0);
	if (c == '"') {
		len = head_closed_span(*rest, '"');
		if (len == 0) {
			str_take(rest, rest->len);
			return false;
		}
	} else if (c == '=') {
		while (str_at(*rest, len) > ' ' && str_at(*rest, len) != ';')
			len++;
	} else {
		*value = take_token(rest);
		return true;
	}
	*value = str_take(rest, len);
	return true;
}

/* Take a parameter with the semicolon before it. */
static bool
take_param(struct str *rest, struct str *name, struct str *value)
{
	if (!str_skip(rest, ';') || !skip_space(rest))
		return false;
	*name = take_token(rest);
	return skip_space(rest) && str_skip(rest, '=') && skip_space(rest) &&
	    take_value(rest, value) && skip_space(rest);
}

bool
param_raw(struct param *p, struct str *name, struct str *value)
{
	while (p->rest.len > 0) {
		if (take_param(&p->rest, name, value))
			return true;
		str_take(&p->rest, 1);
	}
	return false;
}

void
param_plain(struct buf *out, struct str value)
{
	if (str_at(value, 0) == '"')
		head_unquote(out, value);
	else
		buf_add(out, value);
}

bool
param_next(struct param *p, struct str *name, struct buf *text)
{
	struct str value;

	buf_clear(text);
	if (!param_raw(p, name, &value))
		return false;
	param_plain(text, value);
	return true;
}

bool
param_piece(struct str name, struct param_piece *piece)
{
	struct str index;
	size_t at;

	*piece = (struct param_piece){ .base = name };
	at = str_find(name, 0, '*');
	if (at == STR_NONE)
		return false;
	piece->base = str_part(name, 0, at);
	index = str_part(name, at + 1, name.len);
	/* "name*" is "name*0*" that goes on nowhere */
	piece->extended = index.len == 0 || str_ends(index, STR("*"));
	if (index.len > 0 && piece->extended)
		index.len--;
	return index.len == 0 || str_number(index, INDEX_MAX, &piece->index);
}

/* Add with what stands for an octet, such as %C3, as that octet. */
static void
add_decoded(struct buf *out, struct str s)
{
	int high, low;
	size_t at;

	while ((at = str_find(s, 0, '%')) != STR_NONE) {
		buf_add(out, str_take(&s, at));
		high = transfer_hex(str_at(s, 1));
		low = transfer_hex(str_at(s, 2));
		if (high < 0 || low < 0) {
			buf_add(out, str_take(&s, 1));
			continue;
		}
		str_take(&s, 3);
		buf_add_char(out, (char)(unsigned char)(high * 16 + low));
	}
	buf_add(out, s);
}

/* A parameter in pieces; at NULL: that one is not there. */
struct pieces {
	struct str values[PIECES_MAX];
	bool extended[PIECES_MAX];
};

/* Add what they are together, as far as they go without a gap. */
static void
add_pieces(struct buf *out, struct buf *charset, const struct pieces *pieces)
{
	struct buf plain;
	struct str s, name;
	size_t i;

	buf_init(&plain, out->max);
	for (i = 0; i < PIECES_MAX && pieces->values[i].at != NULL; i++) {
		buf_clear(&plain);
		param_plain(&plain, pieces->values[i]);
		s = buf_str(&plain);
		if (!pieces->extended[i]) {
			buf_add(out, s);
			continue;
		}
		/* RFC 2231 section 4: charset'language'text */
		if (i == 0 && str_split(&s, '\'', &name)) {
			if (charset != NULL)
				buf_add(charset, name);
			str_split(&s, '\'', &name);
		}
		add_decoded(out, s);
	}
	buf_drop(&plain);
}

bool
param_find(struct str value, struct str name, struct buf *text,
	struct buf *charset)
{
	struct param_piece piece;
	struct pieces pieces = { 0 };
	struct str found, plain, word;
	struct param p;
	bool whole;

	buf_clear(text);
	if (charset != NULL)
		buf_clear(charset);
	plain = str_from(NULL, 0);
	param_word(&p, value, &word);
	while (param_raw(&p, &found, &value)) {
		whole = !param_piece(found, &piece);
		if (whole && plain.at == NULL && str_same(found, name))
			plain = value;
		if (whole || piece.index >= PIECES_MAX ||
		    pieces.values[piece.index].at != NULL ||
		    !str_same(piece.base, name))
			continue;
		pieces.values[piece.index] = value;
		pieces.extended[piece.index] = piece.extended;
	}
	if (pieces.values[0].at != NULL)
		add_pieces(text, charset, &pieces);
	else if (plain.at != NULL)
		param_plain(text, plain);
	return pieces.values[0].at != NULL || plain.at != NULL;
}
