/*
 * Looking through a message while it goes by. The text of a leaf becomes UTF-8,
 * is folded, and gathers in a window; when the window is full it is searched,
 * and as much of its end as the longest needle could begin in stays for the
 * next one. Header fields are looked at one by one.
 */
#include "mail/look_part.h"

#include <stdlib.h>

#include "mail/charset.h"
#include "mail/fold.h"
#include "mail/mime.h"
#include "mail/param.h"
#include "mail/transfer.h"

#define NEEDLES_MAX 32
#define PIECE 4096		/* octets that are decoded at once */
#define WINDOW 16384		/* octets that are searched at once, at least */
#define ROOM_MAX (SIZE_MAX / 2)	/* of bufs that a piece or the needles bound */

struct look {
	const struct needle *needles[NEEDLES_MAX];
	unsigned where[NEEDLES_MAX];
	size_t count;
	size_t longest;			/* needle */

	uint32_t all;			/* a bit for each needle */
	uint32_t found;
	struct mime *mime;		/* NULL: no message has begun */

	/* the part that is read */
	bool reading;			/* its text is looked at */
	bool has_type;
	bool is_text;
	struct buf charset_name;

	struct transfer transfer;
	struct charset *charset;
	struct buf opened;		/* what charset was opened as */
	struct buf decoded;
	struct buf text;
	struct buf window;
	struct buf field;
	struct buf value;		/* of a parameter */
};

/* Nothing is found yet but what is everywhere. */
static void
forget(struct look *l)
{
	size_t i;

	mime_drop(l->mime);
	l->mime = NULL;
	l->reading = false;
	l->found = 0;
	for (i = 0; i < l->count; i++)
		if (l->needles[i]->folded.len == 0)
			l->found |= UINT32_C(1) << i;
}

struct look *
look_new(const struct needle *const *needles, const unsigned *where,
	size_t count)
{
	struct look *l;
	size_t i;

	must(count > 0 && count <= NEEDLES_MAX);
	l = xalloc(1, sizeof *l);
	for (i = 0; i < count; i++) {
		l->needles[i] = needles[i];
		l->where[i] = where[i];
		l->all |= UINT32_C(1) << i;
		if (needles[i]->folded.len > l->longest)
			l->longest = needles[i]->folded.len;
	}
	l->count = count;
	buf_init(&l->charset_name, ROOM_MAX);
	buf_init(&l->opened, ROOM_MAX);
	buf_init(&l->decoded, ROOM_MAX);
	buf_init(&l->text, ROOM_MAX);
	buf_init(&l->window, ROOM_MAX);
	buf_init(&l->field, ROOM_MAX);
	buf_init(&l->value, ROOM_MAX);
	forget(l);
	return l;
}

void
look_free(struct look *l)
{
	if (l == NULL)
		return;
	mime_drop(l->mime);
	transfer_drop(&l->transfer);
	charset_drop(l->charset);
	buf_drop(&l->charset_name);
	buf_drop(&l->opened);
	buf_drop(&l->decoded);
	buf_drop(&l->text);
	buf_drop(&l->window);
	buf_drop(&l->field);
	buf_drop(&l->value);
	free(l);
}

/* Whether a needle that is not found yet is looked for there. */
static bool
is_wanted(const struct look *l, size_t needle, enum look_where where)
{
	return (l->where[needle] & where) != 0 &&
	    (l->found >> needle & 1) == 0;
}

static bool
is_any_wanted(const struct look *l, enum look_where where)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (is_wanted(l, i, where))
			return true;
	return false;
}

/* A charset, and whether a text/ or message/, is all that is asked for. */
static void
read_type(struct look *l, struct str value)
{
	struct param param;
	struct str type, subtype;

	if (l->has_type)
		return;
	l->has_type = true;
	/* what cannot be read is text (RFC 2045 section 5.2) */
	if (!param_type(&param, value, &type, &subtype))
		return;
	l->is_text = str_same(type, STR("text")) ||
	    str_same(type, STR("message"));
	if (param_find(value, STR("charset"), &l->value, NULL))
		buf_add(&l->charset_name, buf_str(&l->value));
}

static void
look_at_field(struct look *l)
{
	struct str name;
	size_t i;

	name = mime_name(l->mime);
	if (str_same(name, STR("Content-Type")))
		read_type(l, mime_value(l->mime));
	if (!is_any_wanted(l, LOOK_HEAD))
		return;
	buf_clear(&l->field);
	fold_text(&l->field, name);
	if (name.len > 0)
		buf_add_text(&l->field, ": ");
	look_fold_field(&l->field, mime_value(l->mime));
	for (i = 0; i < l->count; i++)
		if (is_wanted(l, i, LOOK_HEAD) &&
		    look_find_spaced(l->needles[i], buf_str(&l->field)))
			l->found |= UINT32_C(1) << i;
}

/* Open the charset of the part, unless it is the one that is open. */
static void
open_charset(struct look *l)
{
	struct str name;

	name = buf_str(&l->charset_name);
	if (l->charset != NULL && str_same(name, buf_str(&l->opened))) {
		/* the text before may have been left in the middle */
		buf_clear(&l->text);
		charset_end(l->charset, &l->text);
		return;
	}
	charset_drop(l->charset);
	l->charset = charset_open(name);
	if (l->charset == NULL)
		l->charset = charset_open(STR(""));
	buf_clear(&l->opened);
	buf_add(&l->opened, name);
}

/* The header of a part is over: whether its text is looked at. */
static void
look_at_head(struct look *l)
{
	const struct mime_part *part;

	part = mime_part(l->mime);
	l->reading = part->kind == MIME_LEAF && l->is_text &&
	    part->encoding != MIME_UNKNOWN && is_any_wanted(l, LOOK_BODY);
	if (!l->reading)
		return;
	open_charset(l);
	transfer_begin(&l->transfer, part->encoding);
	buf_clear(&l->window);
}

static void
search_window(struct look *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (is_wanted(l, i, LOOK_BODY) &&
		    look_find(l->needles[i], buf_str(&l->window)))
			l->found |= UINT32_C(1) << i;
	l->reading = is_any_wanted(l, LOOK_BODY);
}

/* Text in UTF-8; whole letters. */
static void
add_text(struct look *l, struct str text)
{
	fold_text(&l->window, text);
	if (l->window.len < WINDOW + 2 * l->longest)
		return;
	search_window(l);
	if (l->longest > 0)
		buf_eat(&l->window, l->window.len - (l->longest - 1));
}

/* Octets behind the transfer encoding. */
static void
add_octets(struct look *l, struct str octets)
{
	if (charset_is_plain(l->charset) &&
	    charset_ascii(octets) == octets.len) {
		add_text(l, octets);
		return;
	}
	buf_clear(&l->text);
	charset_feed(l->charset, octets, &l->text);
	add_text(l, buf_str(&l->text));
}

static void
look_at_text(struct look *l)
{
	struct str text, piece;

	for (text = mime_text(l->mime); l->reading && text.len > 0; ) {
		piece = str_take(&text, PIECE);
		if (l->transfer.encoding == MIME_QUOTED_PRINTABLE ||
		    l->transfer.encoding == MIME_BASE64) {
			buf_clear(&l->decoded);
			transfer_feed(&l->transfer, piece, &l->decoded);
			piece = buf_str(&l->decoded);
		}
		add_octets(l, piece);
	}
}

static void
look_at_end(struct look *l)
{
	if (!l->reading)
		return;
	buf_clear(&l->decoded);
	transfer_end(&l->transfer, &l->decoded);
	buf_clear(&l->text);
	charset_feed(l->charset, buf_str(&l->decoded), &l->text);
	charset_end(l->charset, &l->text);
	fold_text(&l->window, buf_str(&l->text));
	search_window(l);
	l->reading = false;
}

/* Take what has come; stops when there is no more, or no need of it. */
static void
look_on(struct look *l, struct str *in)
{
	while (l->found != l->all)
		switch (mime_step(l->mime, in)) {
		case MIME_MORE:
		case MIME_DONE:
			return;
		case MIME_BEGIN:
			l->has_type = false;
			l->is_text = true;
			buf_clear(&l->charset_name);
			break;
		case MIME_FIELD:
			look_at_field(l);
			break;
		case MIME_HEAD:
			look_at_head(l);
			break;
		case MIME_TEXT:
			look_at_text(l);
			break;
		case MIME_END:
			look_at_end(l);
			break;
		}
}

bool
look_feed(struct look *l, struct str octets)
{
	if (l->mime == NULL)
		l->mime = mime_new();
	look_on(l, &octets);
	return l->found != l->all;
}

uint32_t
look_end(struct look *l)
{
	struct str nothing = STR("");
	uint32_t found;

	if (l->mime != NULL) {
		mime_end(l->mime);
		look_on(l, &nothing);
	}
	found = l->found;
	forget(l);
	return found;
}
