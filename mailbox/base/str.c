/*
 * Views: comparing, searching and cutting bytes that somebody else owns. The
 * pointer arithmetic on foreign bytes of the whole program is here and in
 * buf.c, so that there is one place to read for it.
 */
#include "base/str.h"

#include <string.h>

#define WORD_ONES (~0UL / 255)	/* 0x01 in every byte */

struct str
str_of(const char *text)
{
	return (struct str){ text, text == NULL ? 0 : strlen(text) };
}

struct str
str_from(const void *at, size_t len)
{
	return (struct str){ at, len };
}

struct str
str_part(struct str s, size_t from, size_t len)
{
	if (from > s.len)
		from = s.len;
	if (len > s.len - from)
		len = s.len - from;
	if (from > 0)
		s.at += from;
	s.len = len;
	return s;
}

struct str
str_take(struct str *s, size_t n)
{
	struct str head;

	head = str_part(*s, 0, n);
	*s = str_part(*s, n, s->len);
	return head;
}

bool
str_split(struct str *s, char c, struct str *head)
{
	size_t i;

	i = str_find(*s, 0, c);
	if (i == STR_NONE)
		return false;
	*head = str_take(s, i);
	str_take(s, 1);
	return true;
}

bool
str_skip(struct str *s, char c)
{
	if (s->len == 0 || s->at[0] != c)
		return false;
	str_take(s, 1);
	return true;
}

bool
str_skip_word(struct str *s, struct str prefix)
{
	if (!str_same(str_part(*s, 0, prefix.len), prefix))
		return false;
	str_take(s, prefix.len);
	return true;
}

size_t
str_find(struct str s, size_t from, char c)
{
	const char *found;

	if (from >= s.len)
		return STR_NONE;
	found = memchr(s.at + from, (unsigned char)c, s.len - from);
	return found == NULL ? STR_NONE : (size_t)(found - s.at);
}

size_t
str_find_str(struct str s, struct str needle)
{
	size_t i;

	if (needle.len == 0)
		return 0;
	for (i = 0; s.len - i >= needle.len; i++) {
		i = str_find(s, i, needle.at[0]);
		if (i == STR_NONE || s.len - i < needle.len)
			return STR_NONE;
		if (memcmp(s.at + i, needle.at, needle.len) == 0)
			return i;
	}
	return STR_NONE;
}

/*
 * Whether a byte of word is below 14, as NUL, LF and CR are; exact as a
 * whole, though not as to which byte.
 */
static bool
word_has_low(unsigned long word)
{
	return ((word - WORD_ONES * 14) & ~word & (WORD_ONES * 128)) != 0;
}

size_t
str_find_break(struct str s, size_t from)
{
	unsigned long word;
	size_t i, stop;

	for (i = from; i < s.len; ) {
		stop = s.len;
		if (s.len - i >= sizeof word) {
			memcpy(&word, s.at + i, sizeof word);
			stop = i + sizeof word;
			if (!word_has_low(word))
				i = stop;
		}
		for (; i < stop; i++)
			if (s.at[i] == '\0' || s.at[i] == '\n' ||
			    s.at[i] == '\r')
				return i;
	}
	return s.len;
}

int
str_at(struct str s, size_t i)
{
	return i < s.len ? (unsigned char)s.at[i] : -1;
}

bool
str_equal(struct str a, struct str b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
str_same(struct str a, struct str b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (char_lower((unsigned char)a.at[i]) !=
		    char_lower((unsigned char)b.at[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return str_equal(str_part(s, 0, prefix.len), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	    str_equal(str_part(s, s.len - suffix.len, suffix.len), suffix);
}

static bool
char_is_white(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && char_is_white(s.at[s.len - 1]))
		s.len--;
	while (s.len > 0 && char_is_white(s.at[0]))
		str_take(&s, 1);
	return s;
}

bool
str_number(struct str s, uint64_t max, uint64_t *number)
{
	uint64_t sum, digit;
	size_t i;

	sum = 0;
	for (i = 0; i < s.len; i++) {
		if (!char_is_digit((unsigned char)s.at[i]))
			return false;
		digit = (uint64_t)(s.at[i] - '0');
		if (digit > max || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (s.len == 0)
		return false;
	*number = sum;
	return true;
}

bool
char_is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
char_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

bool
char_is_alnum(int c)
{
	return char_is_alpha(c) || char_is_digit(c);
}

int
char_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

size_t
str_utf8(struct str s, size_t i)
{
	int first, second, low, high;
	size_t len, k;

	first = str_at(s, i);
	if (first >= 0 && first < 0x80)
		return 1;
	if (first < 0xC2 || first > 0xF4)
		return 0;
	len = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	/* no overlong form, no surrogate, nothing past U+10FFFF */
	low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
	high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
	second = str_at(s, i + 1);
	if (second < low || second > high)
		return 0;
	for (k = 2; k < len; k++)
		if (str_at(s, i + k) < 0x80 || str_at(s, i + k) > 0xBF)
			return 0;
	return len;
}

bool
str_is_utf8(struct str s)
{
	size_t i, len;

	for (i = 0; i < s.len; i += len) {
		len = str_utf8(s, i);
		if (len == 0)
			return false;
	}
	return true;
}

bool
str_is_ascii(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] > 127)
			return false;
	return true;
}
