/* Reads the second text of a summary. */
#include "mail/envelope_part.h"
#include "mail/summary_part.h"

bool
summary_read_body(struct summary_body *b, struct str text)
{
	uint64_t count;

	*b = (struct summary_body){ .part_count = 0 };
	if (!str_skip(&text, SUMMARY_VERSION) ||
	    !summary_take_number(&text, &count) || count == 0 ||
	    count > MIME_PARTS_MAX ||
	    !summary_take_text(&text, &b->parts) ||
	    !summary_take_text(&text, &b->structure) ||
	    !summary_take_text(&text, &b->preview))
		return false;
	b->part_count = (uint32_t)count;
	return text.len == 0;
}

/* ---- parts ---- */

/* The table of parts, walked from its beginning. */
struct walk {
	struct str rest;
	struct mime_part part;
};

/* The next part; false at the end. */
static bool
walk_next(struct walk *w)
{
	uint64_t bits, head, body, len;

	if (!summary_take_number(&w->rest, &bits) ||
	    !summary_take_number(&w->rest, &head) ||
	    !summary_take_number(&w->rest, &body) ||
	    !summary_take_number(&w->rest, &len) ||
	    !summary_take_number(&w->rest, &w->part.lines) ||
	    (bits & 3) > MIME_MESSAGE || (bits >> 2 & 7) > MIME_UNKNOWN)
		return false;
	w->part.depth = (unsigned)(bits >> 5);
	w->part.encoding = (enum mime_encoding)(bits >> 2 & 7);
	w->part.kind = (enum mime_kind)(bits & 3);
	w->part.head += head;
	w->part.body = w->part.head + body;
	w->part.end = w->part.body + len;
	return true;
}

/* Go to the n-th part of the multipart it is at. */
static bool
walk_child(struct walk *w, uint32_t n)
{
	unsigned depth;

	depth = w->part.depth + 1;
	while (n > 0) {
		if (!walk_next(w) || w->part.depth < depth)
			return false;
		if (w->part.depth == depth)
			n--;
	}
	return true;
}

bool
summary_part(const struct summary_body *b, const uint32_t *number,
	size_t count, struct mime_part *part, struct mime_part *within)
{
	struct walk w = { .rest = b->parts };
	bool message;
	size_t i;

	if (!walk_next(&w))
		return false;
	message = true;
	for (i = 0; i < count; i++) {
		if (i > 0 && w.part.kind == MIME_MESSAGE) {
			message = true;
			if (!walk_next(&w))
				return false;
		}
		if (w.part.kind == MIME_MULTIPART) {
			message = false;
			if (number[i] == 0 || !walk_child(&w, number[i]))
				return false;
			continue;
		}
		/* the text of a message that is no multipart is its part 1 */
		if (!message || number[i] != 1)
			return false;
		message = false;
	}
	*part = w.part;
	if (within == NULL)
		return true;
	if (count > 0 && w.part.kind == MIME_MESSAGE && !walk_next(&w))
		return false;
	*within = w.part;
	return true;
}

/* ---- BODY ---- */

/* The list of a part that is being copied. */
struct level {
	unsigned elements;	/* seen so far */
	unsigned last;		/* the one before the extension data */
	bool multipart;
	struct str type;
};

/* How many elements of a part stand before its extension data. */
static unsigned
last_element(struct str type, struct str subtype)
{
	if (str_same(type, STR("\"text\"")))
		return 8;
	if (str_same(type, STR("\"message\"")) &&
	    (str_same(subtype, STR("\"rfc822\"")) ||
	    str_same(subtype, STR("\"global\""))))
		return 10;
	return 7;
}

/*
 * Copy an element of the list of a part, which begins with token.
 *
 * Returns:  false when it is a part itself; nothing of it is copied.
 */
static bool
copy_element(struct buf *out, struct level *level, enum envelope_token kind,
	struct str token, struct str *rest)
{
	struct str from;

	level->elements++;
	if (level->elements == 1) {
		level->multipart = kind == ENVELOPE_OPEN;
		level->type = token;
	}
	if (level->multipart && kind == ENVELOPE_OPEN)
		return false;
	if (level->multipart)
		level->last = level->elements;
	else if (level->elements == 2)
		level->last = last_element(level->type, token);
	if (level->elements > 1)
		buf_add_char(out, ' ');
	if (level->elements == 9 && kind == ENVELOPE_OPEN)
		return false;
	buf_add(out, token);
	from = *rest;
	if (kind == ENVELOPE_OPEN)
		envelope_leave(rest);
	buf_add(out, str_part(from, 0, from.len - rest->len));
	return true;
}

void
summary_short(struct buf *out, struct str structure)
{
	struct level levels[MIME_DEPTH_MAX] = { 0 };
	enum envelope_token kind;
	struct level *level;
	struct str token;
	unsigned depth;

	kind = envelope_take(&structure, &token);
	for (depth = 0; kind == ENVELOPE_OPEN && depth < MIME_DEPTH_MAX; ) {
		buf_add_char(out, '(');
		levels[depth++] = (struct level){ 0 };
		while (depth > 0) {
			level = &levels[depth - 1];
			kind = envelope_take(&structure, &token);
			if (kind == ENVELOPE_OVER || kind == ENVELOPE_CLOSE)
				return;
			if (!copy_element(out, level, kind, token, &structure))
				break;
			if (level->elements != level->last)
				continue;
			envelope_leave(&structure);
			buf_add_char(out, ')');
			depth--;
		}
	}
}
