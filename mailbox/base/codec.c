/*
 * Text forms of bytes. Decoders are strict, so that one value has one
 * spelling: what decodes, encodes to the same text again.
 */
#include "base/codec.h"

void
base64_encode(struct buf *out, struct str raw)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char group[4];
	struct str part;
	uint32_t bits;

	while (raw.len > 0) {
		part = str_take(&raw, 3);
		bits = (uint32_t)str_at(part, 0) << 16;
		if (part.len > 1)
			bits |= (uint32_t)str_at(part, 1) << 8;
		if (part.len > 2)
			bits |= (uint32_t)str_at(part, 2);
		group[0] = letters[bits >> 18];
		group[1] = letters[bits >> 12 & 63];
		group[2] = part.len > 1 ? letters[bits >> 6 & 63] : '=';
		group[3] = part.len > 2 ? letters[bits & 63] : '=';
		buf_add(out, str_from(group, sizeof group));
	}
}

/* What a base64 letter stands for, or -1. */
static int
base64_value(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Decode one group of two to four letters, padding taken off: the bits that
 * do not fill a byte must be zero.
 */
static bool
base64_group(struct buf *out, struct str group)
{
	uint32_t bits;
	size_t i, count;
	int value;

	bits = 0;
	for (i = 0; i < 4; i++) {
		value = i < group.len ? base64_value(str_at(group, i)) : 0;
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	if (group.len < 2)
		return false;
	count = group.len - 1;
	if ((bits & (0xFFFFFFu >> 8 * count)) != 0)
		return false;
	for (i = 0; i < count; i++)
		buf_add_char(out, (char)(unsigned char)(bits >> (16 - 8 * i)));
	return true;
}

bool
base64_decode(struct buf *out, struct str text)
{
	struct str group;

	while (text.len > 0) {
		group = str_take(&text, 4);
		if (group.len < 4)
			return false;
		if (text.len == 0 && str_at(group, 3) == '=')
			group.len = str_at(group, 2) == '=' ? 2 : 3;
		if (!base64_group(out, group))
			return false;
	}
	return true;
}

/* Byte i of s, or zero bits behind its end. */
static unsigned
byte_or_zero(struct str s, size_t i)
{
	return i < s.len ? (unsigned)str_at(s, i) : 0;
}

void
base32_encode(struct buf *out, struct str raw, size_t group)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned pair;
	size_t i, bit;

	must(raw.len < SIZE_MAX / 8);
	for (i = 0, bit = 0; bit < raw.len * 8; i++, bit += 5) {
		if (group > 0 && i > 0 && i % group == 0)
			buf_add_char(out, '-');
		pair = byte_or_zero(raw, bit / 8) << 8 |
		    byte_or_zero(raw, bit / 8 + 1);
		buf_add_char(out, letters[pair >> (11 - bit % 8) & 31]);
	}
}

/* What a base32 sign stands for, as people mistake them, or -1. */
static int
base32_value(int c)
{
	c = char_lower(c);
	c = c == '0' ? 'o' : c == '1' ? 'l' : c == '8' ? 'b' : c;
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool
base32_decode(struct buf *out, struct str text)
{
	unsigned bits, held;
	size_t i;
	int c, value;

	bits = held = 0;
	for (i = 0; i < text.len; i++) {
		c = str_at(text, i);
		if (c == '-' || c == ' ')
			continue;
		value = base32_value(c);
		if (value < 0)
			return false;
		bits = (bits << 5 | (unsigned)value) & 0xFFF;
		held += 5;
		if (held >= 8) {
			held -= 8;
			buf_add_char(out,
			    (char)(unsigned char)(bits >> held));
		}
	}
	return held < 5 && (bits & ((1u << held) - 1)) == 0;
}

void
hex_encode(struct buf *out, struct str raw)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < raw.len; i++) {
		buf_add_char(out, digits[str_at(raw, i) >> 4]);
		buf_add_char(out, digits[str_at(raw, i) & 15]);
	}
}
