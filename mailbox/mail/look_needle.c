/*
 * Finding. The C library's memchr() goes from one place to the next where the
 * needle's rarest octet stands; the rest is compared there. Text and needle may
 * be such that most places look promising: when that has cost more than
 * reading the text twice, the rest is read octet by octet (Knuth, Morris and
 * Pratt).
 */
#include "mail/look_part.h"

#include <stdlib.h>
#include <string.h>

#include "mail/fold.h"
#include "mail/word.h"

#define FOLDED_MAX (SIZE_MAX / 2)	/* the caller has caps for texts */

/* How often an octet stands in folded text, roughly. */
static size_t
octet_rank(int octet)
{
	const struct str common =
	    STR("ZQXJ9876543210/:-VKBYWGPF.,MUCDLHRSNIOATE\n ");
	size_t at;

	/* all letters of a script begin with one of few octets */
	if (octet >= 0xC0)
		return common.len;
	if (octet >= 0x80)
		return common.len / 2;
	at = str_find(common, 0, (char)octet);
	return at == STR_NONE ? 0 : at + 1;
}

/* Where the rarest octet of s stands; the last one of equals. */
static size_t
rarest(struct str s)
{
	size_t i, best;

	best = 0;
	for (i = 1; i < s.len; i++)
		if (octet_rank(str_at(s, i)) <= octet_rank(str_at(s, best)))
			best = i;
	return best;
}

static bool
is_white(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Add s with each run of white space as one space. */
static void
add_spaced(struct buf *out, struct str s)
{
	size_t i;

	while (s.len > 0) {
		for (i = 0; i < s.len && !is_white(s.at[i]); i++)
			continue;
		buf_add(out, str_take(&s, i));
		for (i = 0; i < s.len && is_white(s.at[i]); i++)
			continue;
		if (str_take(&s, i).len > 0)
			buf_add_char(out, ' ');
	}
}

void
look_needle(struct needle *n, struct str text)
{
	buf_init(&n->folded, FOLDED_MAX);
	buf_init(&n->spaced, FOLDED_MAX);
	fold_text(&n->folded, text);
	add_spaced(&n->spaced, buf_str(&n->folded));
	n->rare = rarest(buf_str(&n->folded));
	n->spaced_rare = rarest(buf_str(&n->spaced));
}

void
look_needle_drop(struct needle *n)
{
	buf_drop(&n->folded);
	buf_drop(&n->spaced);
}

/*
 * borders[i]: the length of the longest border of the first i + 1 octets,
 * something both at their beginning and at their end but not all of them.
 */
static void
find_borders(size_t *borders, struct str needle)
{
	size_t i, len;

	borders[0] = len = 0;
	for (i = 1; i < needle.len; i++) {
		while (len > 0 && needle.at[i] != needle.at[len])
			len = borders[len - 1];
		if (needle.at[i] == needle.at[len])
			len++;
		borders[i] = len;
	}
}

static bool
find_patiently(struct str needle, struct str text)
{
	size_t *borders, i, len;

	borders = xalloc(needle.len, sizeof *borders);
	find_borders(borders, needle);
	len = 0;
	for (i = 0; i < text.len && len < needle.len; i++) {
		while (len > 0 && text.at[i] != needle.at[len])
			len = borders[len - 1];
		if (text.at[i] == needle.at[len])
			len++;
	}
	free(borders);
	return len == needle.len;
}

static bool
find_quickly(struct str needle, size_t rare, struct str text)
{
	const size_t last = needle.len - 1;
	size_t at, cost;

	cost = 0;
	for (at = 0; text.len - at >= needle.len; at++) {
		at = str_find(text, at + rare, needle.at[rare]);
		if (at == STR_NONE)
			return false;
		at -= rare;
		if (text.len - at < needle.len)
			return false;
		if (text.at[at] != needle.at[0] ||
		    text.at[at + last] != needle.at[last])
			continue;
		if (memcmp(text.at + at, needle.at, needle.len) == 0)
			return true;
		cost += needle.len;
		if (cost > 2 * text.len)
			return find_patiently(needle, str_part(text, at + 1,
			    text.len));
	}
	return false;
}

bool
look_find(const struct needle *n, struct str folded)
{
	return n->folded.len == 0 || (folded.len >= n->folded.len &&
	    find_quickly(buf_str(&n->folded), n->rare, folded));
}

bool
look_find_spaced(const struct needle *n, struct str folded)
{
	return n->spaced.len == 0 || (folded.len >= n->spaced.len &&
	    find_quickly(buf_str(&n->spaced), n->spaced_rare, folded));
}

void
look_fold_field(struct buf *out, struct str value)
{
	struct buf text, folded;

	buf_init(&text, FOLDED_MAX);
	buf_init(&folded, FOLDED_MAX);
	value = str_trim(value);
	if (str_is_ascii(value) && str_find_str(value, STR("=?")) == STR_NONE)
		fold_text(&folded, value);
	else {
		word_text(&text, value);
		fold_text(&folded, buf_str(&text));
	}
	add_spaced(out, buf_str(&folded));
	buf_drop(&text);
	buf_drop(&folded);
}

bool
look_in_field(const struct needle *n, struct str value)
{
	struct buf folded;
	bool found;

	buf_init(&folded, FOLDED_MAX);
	look_fold_field(&folded, value);
	found = look_find_spaced(n, buf_str(&folded));
	buf_drop(&folded);
	return found;
}
