/*
 * Modified UTF-7: "&" begins a shift to base64 of UTF-16 with "," for "/", "-"
 * ends it. A name has one spelling: what utf7_encode() would have written.
 */
#include "mail/utf7.h"

#include "mail/charset.h"
#include "mail/transfer.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789+,";

/* Bits that do not fill a letter, or a unit of UTF-16, yet. */
struct bits {
	uint32_t value;
	unsigned count;
};

static void
put_unit(struct bits *b, uint32_t unit, struct buf *out)
{
	b->value = b->value << 16 | unit;
	for (b->count += 16; b->count >= 6; b->count -= 6)
		buf_add_char(out, letters[b->value >> (b->count - 6) & 63]);
}

/* Add a shift with the letters of *name up to one that is plain. */
static void
put_shift(struct buf *out, struct str *name)
{
	struct bits b = { 0, 0 };
	uint32_t point;
	size_t len;

	buf_add_char(out, '&');
	for (;;) {
		len = charset_point(*name, &point);
		if (len == 0 || (point >= ' ' && point <= '~'))
			break;
		str_take(name, len);
		if (point > 0xFFFF) {
			put_unit(&b, 0xD7C0 + (point >> 10), out);
			point = 0xDC00 | (point & 0x3FF);
		}
		put_unit(&b, point, out);
	}
	if (b.count > 0)
		buf_add_char(out, letters[b.value << (6 - b.count) & 63]);
	buf_add_char(out, '-');
}

void
utf7_encode(struct buf *out, struct str name)
{
	int c;

	while (name.len > 0) {
		c = str_at(name, 0);
		if (c < ' ' || c > '~')
			put_shift(out, &name);
		else
			buf_add(out, str_take(&name, 1));
		if (c == '&')
			buf_add_char(out, '-');
	}
}

/* Add the letters of a shift; false when a half of a pair is alone. */
static bool
decode_shift(struct buf *out, struct str shift)
{
	struct bits b = { 0, 0 };
	uint32_t unit, high;
	size_t i;
	int c;

	high = 0;
	for (i = 0; i < shift.len; i++) {
		c = str_at(shift, i);
		c = transfer_base64(c == ',' ? '/' : c == '/' ? ',' : c);
		if (c < 0)
			return false;
		b.value = b.value << 6 | (uint32_t)c;
		b.count += 6;
		if (b.count < 16)
			continue;
		b.count -= 16;
		unit = b.value >> b.count & 0xFFFF;
		if ((high != 0) != ((unit & 0xFC00) == 0xDC00))
			return false;
		if ((unit & 0xFC00) == 0xD800)
			high = unit;
		else {
			if (high != 0)
				unit += (high << 10) - 0x35FDC00;
			charset_add(out, unit);
			high = 0;
		}
	}
	return high == 0;
}

static bool
decode_all(struct buf *out, struct str text)
{
	struct str shift;
	int c;

	while (text.len > 0) {
		c = str_at(str_take(&text, 1), 0);
		if (c != '&') {
			buf_add_char(out, (char)c);
			continue;
		}
		if (!str_split(&text, '-', &shift))
			return false;
		if (shift.len == 0)
			buf_add_char(out, '&');
		else if (!decode_shift(out, shift))
			return false;
	}
	return true;
}

bool
utf7_decode(struct buf *out, struct str text)
{
	struct buf name, again;
	bool good;

	buf_init(&name, text.len * 3);
	buf_init(&again, text.len);
	good = str_is_ascii(text) && decode_all(&name, text);
	if (good) {
		utf7_encode(&again, buf_str(&name));
		good = !again.full && str_equal(buf_str(&again), text);
	}
	if (good)
		buf_add(out, buf_str(&name));
	buf_drop(&name);
	buf_drop(&again);
	return good;
}
