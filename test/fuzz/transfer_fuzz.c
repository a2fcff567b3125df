/*
 * Transfer encodings: however the octets are cut the same comes out, never
 * more than went in. The first octet chooses the encoding, the second how long
 * the pieces are.
 */
#include "mail/transfer.h"

#define OUT_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(struct buf *out, enum mime_encoding encoding, struct str in,
	size_t piece)
{
	struct transfer t = { 0 };

	transfer_begin(&t, encoding);
	while (in.len > 0)
		transfer_feed(&t, str_take(&in, piece), out);
	transfer_end(&t, out);
	transfer_drop(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum mime_encoding encoding;
	struct buf whole, cut;
	struct str in;

	if (size < 2)
		return 0;
	encoding = data[0] & 1 ? MIME_BASE64 : MIME_QUOTED_PRINTABLE;
	in = str_from(data + 2, size - 2);
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	decode(&whole, encoding, in, in.len);
	decode(&cut, encoding, in, 1 + data[1]);
	must(str_equal(buf_str(&whole), buf_str(&cut)));
	must(whole.len <= in.len && !whole.full);
	buf_drop(&whole);
	buf_drop(&cut);
	return 0;
}
