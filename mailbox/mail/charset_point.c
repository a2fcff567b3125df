/* Code points and UTF-8; str_utf8() judges what is well-formed. */
#include "mail/charset.h"

#include <string.h>

#define HIGH_BITS (~0ULL / 255 * 128)

size_t
charset_ascii(struct str s)
{
	uint64_t word;
	size_t i;

	for (i = 0; s.len - i >= sizeof word; i += sizeof word) {
		memcpy(&word, s.at + i, sizeof word);
		if ((word & HIGH_BITS) != 0)
			break;
	}
	while (i < s.len && (unsigned char)s.at[i] < 128)
		i++;
	return i;
}

void
charset_add(struct buf *out, uint32_t point)
{
	unsigned char octets[4];
	size_t len, i;

	if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
		point = CHARSET_LOST;
	len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (i = len - 1; i > 0; i--) {
		octets[i] = (unsigned char)(0x80 | (point & 63));
		point >>= 6;
	}
	/* 0, 0xC0, 0xE0 or 0xF0 in front */
	octets[0] = (unsigned char)((len == 1 ? 0 : 0xF00 >> len) | point);
	buf_add(out, str_from(octets, len));
}

size_t
charset_point(struct str s, uint32_t *point)
{
	static const unsigned char masks[] = { 0, 127, 31, 15, 7 };
	size_t len, i;

	len = str_utf8(s, 0);
	if (len == 0) {
		*point = CHARSET_LOST;
		return s.len > 0;
	}
	*point = (uint32_t)str_at(s, 0) & masks[len];
	for (i = 1; i < len; i++)
		*point = *point << 6 | ((uint32_t)str_at(s, i) & 63);
	return len;
}
