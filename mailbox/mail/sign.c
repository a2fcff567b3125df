/*
 * Knows the signs of Unicode that matter to those who look for what is hidden
 * in a text. No tables of letters: letter case is ASCII's alone.
 */
#include "mail/sign.h"

unsigned
sign_at(struct str s, size_t *len)
{
	unsigned point;
	size_t i;

	*len = str_utf8(s, 0);
	point = (unsigned)str_at(s, 0);
	if (*len <= 1) {
		*len = 1;
		return point;
	}
	point &= 0x7Fu >> *len;
	for (i = 1; i < *len; i++)
		point = point << 6 | ((unsigned)str_at(s, i) & 63);
	return point;
}

bool
sign_is_space(unsigned point)
{
	return point == ' ' || (point >= '\t' && point <= '\r') ||
	    point == 0x85 || point == 0xA0 || point == 0x1680 ||
	    (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
	    point == 0x2029 || point == 0x202F || point == 0x205F ||
	    point == 0x3000;
}

bool
sign_is_unseen(unsigned point)
{
	return point < 32 || (point >= 0x7F && point < 0xA0) ||
	    point == 0xAD || point == 0x34F || point == 0x61C ||
	    point == 0x115F || point == 0x1160 || point == 0x17B4 ||
	    point == 0x17B5 || (point >= 0x180B && point <= 0x180F) ||
	    (point >= 0x200B && point <= 0x200F) ||
	    (point >= 0x202A && point <= 0x202E) ||
	    (point >= 0x2060 && point <= 0x206F) || point == 0x3164 ||
	    (point >= 0xFE00 && point <= 0xFE0F) || point == 0xFEFF ||
	    point == 0xFFA0 || (point >= 0xFFF0 && point <= 0xFFFF) ||
	    point >= 0xE0000;
}

unsigned
sign_narrow(unsigned point)
{
	static const struct {
		unsigned point;
		unsigned sign;
	} small[] = {
		{ 0x2024, '.' }, { 0x3002, '.' }, { 0xFE52, '.' },
		{ 0xFE55, ':' }, { 0xFE6A, '%' }, { 0xFE6B, '@' },
		{ 0xFF61, '.' },
	};
	size_t i;

	if (point > 0xFF00 && point < 0xFF5F)
		return point - 0xFEE0;
	for (i = 0; i < countof(small); i++)
		if (small[i].point == point)
			return small[i].sign;
	return point;
}

struct str
sign_trim(struct str s)
{
	struct str from;
	size_t len, keep;
	unsigned point;

	while (s.len > 0 && sign_is_space(sign_at(s, &len)))
		str_take(&s, len);
	from = s;
	keep = 0;
	while (s.len > 0) {
		point = sign_at(s, &len);
		str_take(&s, len);
		if (!sign_is_space(point))
			keep = from.len - s.len;
	}
	return str_part(from, 0, keep);
}
