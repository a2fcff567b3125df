/*
 * Writes the parameters of a field. A long one comes in pieces (RFC 2231
 * section 3), in any order; mail programs expect to hear it as one, behind the
 * others. If one piece has charset and percent signs (section 4), the whole
 * has, and its name ends with '*'.
 */
#include "mail/summary_part.h"

#include <stdlib.h>

#define PIECES_MAX 200		/* of all parameters of a field that are put
				   together */

struct piece {
	struct param_piece name;
	struct str whole;	/* the name as it stands */
	struct str value;
	size_t place;		/* among the pieces, to keep equals in order */
};

/* Parameters being written. */
struct writer {
	struct buf *out;
	struct buf *value;
	bool begun;
	bool charset;		/* one is told */
};

static void
write_name(struct writer *w, struct str name, const char *star)
{
	struct buf *value;

	buf_add_char(w->out, w->begun ? ' ' : '(');
	w->begun = true;
	value = w->value;
	buf_clear(value);
	buf_add(value, name);
	buf_add_text(value, star);
	envelope_string(w->out, value->len > 0 ? buf_str(value) : STR(""));
	buf_add_char(w->out, ' ');
	w->charset = w->charset ||
	    str_same(buf_str(value), STR("charset"));
}

static void
write_value(struct writer *w)
{
	envelope_string(w->out, w->value->len > 0 ? buf_str(w->value) :
	    STR(""));
}

static void
write_whole(struct writer *w, struct str name, struct str value)
{
	write_name(w, name, "");
	buf_clear(w->value);
	param_plain(w->value, value);
	write_value(w);
}

/* By name, then by number. */
static int
compare(const void *a, const void *b)
{
	const struct piece *one = a, *two = b;
	size_t len, i;
	int differ;

	len = one->name.base.len < two->name.base.len ? one->name.base.len :
	    two->name.base.len;
	for (i = 0; i < len; i++) {
		differ = char_lower(str_at(one->name.base, i)) -
		    char_lower(str_at(two->name.base, i));
		if (differ != 0)
			return differ;
	}
	if (one->name.base.len != two->name.base.len)
		return one->name.base.len < two->name.base.len ? -1 : 1;
	if (one->name.index != two->name.index)
		return one->name.index < two->name.index ? -1 : 1;
	return one->place < two->place ? -1 : 1;
}

/* Add a piece without percent signs to a whole with them. */
static void
add_escaped(struct buf *out, struct str value)
{
	struct str part;
	struct buf plain;

	buf_init(&plain, value.len);
	param_plain(&plain, value);
	value = buf_str(&plain);
	while (str_split(&value, '%', &part)) {
		buf_add(out, part);
		buf_add_text(out, "%25");
	}
	buf_add(out, value);
	buf_drop(&plain);
}

/* Write the pieces of one parameter: as one if none is missing. */
static void
write_pieces(struct writer *w, const struct piece *pieces, size_t count)
{
	bool extended, gap;
	size_t i;

	extended = gap = false;
	for (i = 0; i < count; i++) {
		gap = gap || pieces[i].name.index != i;
		extended = extended || pieces[i].name.extended;
	}
	if (gap) {
		for (i = 0; i < count; i++)
			write_whole(w, pieces[i].whole, pieces[i].value);
		return;
	}
	write_name(w, pieces[0].name.base, extended ? "*" : "");
	buf_clear(w->value);
	if (extended && !pieces[0].name.extended)
		buf_add_text(w->value, "''");
	for (i = 0; i < count; i++) {
		if (extended && !pieces[i].name.extended)
			add_escaped(w->value, pieces[i].value);
		else
			param_plain(w->value, pieces[i].value);
	}
	write_value(w);
}

/* Write what was put aside, one parameter after the other. */
static void
write_all_pieces(struct writer *w, struct piece *pieces, size_t count)
{
	size_t i, from;

	if (count == 0)
		return;
	qsort(pieces, count, sizeof *pieces, compare);
	for (i = from = 0; i < count; i++) {
		if (i + 1 < count && str_same(pieces[i + 1].name.base,
		    pieces[from].name.base))
			continue;
		write_pieces(w, pieces + from, i + 1 - from);
		from = i + 1;
	}
}

void
summary_params(struct buf *out, struct param *p, struct buf *value,
	bool text)
{
	struct piece *pieces, piece;
	struct writer w = { .out = out, .value = value };
	size_t count;

	pieces = NULL;
	count = 0;
	while (param_raw(p, &piece.whole, &piece.value)) {
		if (!param_piece(piece.whole, &piece.name) ||
		    count == PIECES_MAX) {
			write_whole(&w, piece.whole, piece.value);
			continue;
		}
		if (pieces == NULL)
			pieces = xalloc(PIECES_MAX, sizeof *pieces);
		piece.place = count;
		pieces[count++] = piece;
	}
	write_all_pieces(&w, pieces, count);
	free(pieces);
	if (text && !w.charset)
		write_whole(&w, STR("charset"), STR("us-ascii"));
	buf_add_text(out, w.begun ? ")" : "NIL");
}
