/*
 * Charsets: whatever the octets, UTF-8 comes out, the same however they are
 * cut, and not much more than went in. The first octet chooses the charset,
 * the second how long the pieces are; without a choice the input is a name.
 */
#include "mail/charset.h"

#define OUT_MAX (8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
convert(struct buf *out, struct str name, struct str in, size_t piece)
{
	struct charset *c;

	c = charset_open(name);
	must(c != NULL);
	while (in.len > 0)
		charset_feed(c, str_take(&in, piece), out);
	charset_end(c, out);
	charset_drop(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"us-ascii", "utf-8", "iso-8859-1", "macintosh", "utf-7",
		"utf-16", "utf-16le", "utf-32", "koi8-r", "windows-1255",
		"shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "big5",
		"euc-kr", "iso-2022-kr", "hz-gb-2312"
	};
	struct buf whole, cut;
	struct str in, name;

	if (size < 2)
		return 0;
	in = str_from(data + 2, size - 2);
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	if (data[0] < countof(names)) {
		name = str_of(names[data[0]]);
		convert(&whole, name, in, in.len);
		convert(&cut, name, in, 1 + data[1]);
		must(str_equal(buf_str(&whole), buf_str(&cut)));
		must(whole.len <= 6 * in.len && !whole.full);
	} else if (!charset_convert(in, in, &whole))
		must(whole.len == 0);
	must(str_is_utf8(buf_str(&whole)));
	buf_drop(&whole);
	buf_drop(&cut);
	return 0;
}
