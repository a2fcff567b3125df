/*
 * Previews: short, clean UTF-8 in single spaces, the same however the octets
 * are cut. The first octet chooses HTML, the second how long the pieces are.
 */
#include "mail/preview.h"

#define LETTERS PREVIEW_LETTERS_MAX

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
preview(struct buf *out, bool html, struct str in, size_t piece)
{
	struct preview *p;

	p = preview_new(STR("utf-8"), html);
	while (in.len > 0 && !preview_full(p))
		preview_feed(p, str_take(&in, piece));
	preview_end(p, out, LETTERS);
	preview_drop(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, cut;
	struct str in, rest;
	size_t letters;

	if (size < 2)
		return 0;
	in = str_from(data + 2, size - 2);
	buf_init(&whole, 4 * LETTERS);
	buf_init(&cut, 4 * LETTERS);
	preview(&whole, data[0] & 1, in, in.len);
	preview(&cut, data[0] & 1, in, 1 + data[1]);
	must(str_equal(buf_str(&whole), buf_str(&cut)));
	must(!whole.full);
	letters = 0;
	for (rest = buf_str(&whole); rest.len > 0; letters++) {
		must(str_at(rest, 0) >= ' ' && str_utf8(rest, 0) > 0);
		must(!str_starts(rest, STR("  ")));
		str_take(&rest, str_utf8(rest, 0));
	}
	must(letters <= LETTERS);
	buf_drop(&whole);
	buf_drop(&cut);
	return 0;
}
