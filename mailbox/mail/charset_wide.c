/*
 * Charsets that the C library of the release has not, or that the two C
 * libraries read differently: UTF-7 (RFC 2152), UTF-16 and UTF-32, and those
 * that shift between ASCII and pairs of 7-bit octets.
 */
#include "mail/charset_part.h"

#include "mail/transfer.h"

#define ESCAPE '\x1B'
#define SHIFT_OUT 0x0E
#define SHIFT_IN 0x0F

static void
add_lost(struct buf *out)
{
	charset_add(out, CHARSET_LOST);
}

/* A half that waits for the other is alone. */
static void
end_pair(struct charset *c, struct buf *out)
{
	if (c->high != 0)
		add_lost(out);
	c->high = 0;
}

/* The next unit of UTF-16. */
static void
put_unit(struct charset *c, uint32_t unit, struct buf *out)
{
	if (c->high != 0 && (unit & 0xFC00) == 0xDC00) {
		charset_add(out, unit + (c->high << 10) - 0x35FDC00);
		c->high = 0;
		return;
	}
	end_pair(c, out);
	if ((unit & 0xFC00) == 0xD800)
		c->high = unit;
	else
		charset_add(out, unit);
}

/* An octet outside of a shift. */
static void
put_direct(struct charset *c, int octet, struct buf *out)
{
	if (octet == '+') {
		c->shifted = true;
		c->begun = false;
		c->bit_count = 0;
	} else
		charset_add(out, octet < 128 ? (uint32_t)octet : CHARSET_LOST);
}

void
charset_feed_utf7(struct charset *c, struct str *in, struct buf *out)
{
	int octet, value;

	while (in->len > 0) {
		octet = str_at(str_take(in, 1), 0);
		value = transfer_base64(octet);
		if (!c->shifted) {
			put_direct(c, octet, out);
			continue;
		}
		if (value < 0) {
			/* "+-" is a plus sign, and "+" before what is no
			   letter of base64 means nothing else */
			c->shifted = false;
			end_pair(c, out);
			if (!c->begun)
				buf_add_char(out, '+');
			if (octet != '-')
				put_direct(c, octet, out);
			continue;
		}
		c->begun = true;
		c->bits = c->bits << 6 | (uint32_t)value;
		c->bit_count += 6;
		if (c->bit_count >= 16) {
			c->bit_count -= 16;
			put_unit(c, c->bits >> c->bit_count & 0xFFFF, out);
		}
	}
}

/* Read size octets as a number. */
static uint32_t
read_unit(struct str octets, bool little)
{
	uint32_t unit;
	size_t i;

	unit = 0;
	for (i = 0; i < octets.len; i++)
		unit = unit << 8 | (uint32_t)str_at(octets,
		    little ? octets.len - 1 - i : i);
	return unit;
}

/*
 * UTF-16 and UTF-32. Without a mark or a name that tells, the high octet comes
 * first (RFC 2781 section 4.3).
 */
void
charset_feed_wide(struct charset *c, struct str *in, struct buf *out)
{
	const size_t size = c->kind == CHARSET_UTF16 ? 2 : 4;
	const uint32_t swapped = size == 2 ? 0xFFFE : 0xFFFE0000;
	uint32_t unit;

	while (in->len >= size) {
		unit = read_unit(str_take(in, size), c->shifted ||
		    c->order == ORDER_LITTLE);
		if (!c->begun) {
			c->begun = true;
			c->shifted = c->order == ORDER_ASK && unit == swapped;
			if (unit == 0xFEFF || c->shifted)
				continue;
		}
		if (size == 2)
			put_unit(c, unit, out);
		else
			charset_add(out, unit);
	}
}

/* A tilde and what follows (RFC 1843); false when that has to come yet. */
static bool
take_tilde(struct charset *c, struct str *in, struct buf *out)
{
	int next;

	next = str_at(*in, 1);
	if (next < 0)
		return false;
	if (next == '{' || next == '}')
		c->shifted = next == '{';
	else if (next != '\n')
		buf_add_char(out, '~');
	str_take(in, next == '{' || next == '}' || next == '\n' ||
	    next == '~' ? 2 : 1);
	return true;
}

/* An escape, which says what is to be shifted to (RFC 1557); likewise. */
static bool
take_escape(struct str *in, struct buf *out)
{
	const struct str whole = STR("\x1B$)C");

	if (str_starts(*in, whole))
		str_take(in, whole.len);
	else if (str_starts(whole, *in))
		return false;
	else {
		add_lost(out);
		str_take(in, 1);
	}
	return true;
}

static bool
is_half(int octet)
{
	return octet > ' ' && octet < 127;
}

/* Two octets of a letter; likewise. */
static bool
take_pair(struct charset *c, struct str *in, struct buf *out)
{
	unsigned char pair[2];
	struct str both;

	if (in->len < 2)
		return false;
	if (!is_half(str_at(*in, 1))) {
		add_lost(out);
		str_take(in, 1);
		return true;
	}
	both = str_take(in, 2);
	pair[0] = (unsigned char)(str_at(both, 0) | 0x80);
	pair[1] = (unsigned char)(str_at(both, 1) | 0x80);
	both = str_from(pair, 2);
	charset_feed_iconv(c, &both, out);
	return true;
}

void
charset_feed_shift(struct charset *c, struct str *in, struct buf *out)
{
	const bool hz = c->kind == CHARSET_HZ;
	bool going;
	int octet;

	for (going = true; going && in->len > 0; ) {
		octet = str_at(*in, 0);
		if (hz && octet == '~')
			going = take_tilde(c, in, out);
		else if (!hz && octet == ESCAPE)
			going = take_escape(in, out);
		else if (c->shifted && is_half(octet))
			going = take_pair(c, in, out);
		else {
			str_take(in, 1);
			if (!hz && (octet == SHIFT_OUT || octet == SHIFT_IN))
				c->shifted = octet == SHIFT_OUT;
			else
				charset_add(out, octet < 128 ? (uint32_t)octet :
				    CHARSET_LOST);
			/* no shift goes over the end of a line */
			if (octet == '\n')
				c->shifted = false;
		}
	}
}
