/*
 * The order of mail servers, and what is heard from one after the other. A
 * letter that a server puts off may be taken by the next one, which is asked
 * once; more would only knock at the same house again.
 */
#include "rules/mx.h"

#include <stdlib.h>
#include <string.h>

#include "mail/addr.h"

static int
compare(const void *a, const void *b)
{
	const struct mx_record *one = a, *other = b;

	if (one->preference != other->preference)
		return one->preference < other->preference ? -1 : 1;
	return (one->draw > other->draw) - (one->draw < other->draw);
}

/* Leave out the root, which stands for no server (RFC 7505 section 3). */
static size_t
without_root(struct mx_record *records, size_t count)
{
	size_t i, kept = 0;

	for (i = 0; i < count; i++)
		if (records[i].host.len > 0)
			records[kept++] = records[i];
	return kept;
}

enum mx_plan
mx_plan(struct mx_record *records, size_t *count, struct str own)
{
	size_t i, kept;

	must(*count > 0);
	kept = without_root(records, *count);
	*count = kept;
	if (kept == 0)
		return MX_NULL;
	qsort(records, kept, sizeof records[0], compare);
	for (i = 0; i < kept && !str_same(records[i].host, own); i++)
		continue;
	if (i == kept)
		return MX_TRY;
	while (i > 0 && records[i - 1].preference == records[i].preference)
		i--;
	*count = i;
	return i > 0 ? MX_TRY : MX_LOOP;
}

size_t
mx_share(size_t tries, size_t behind)
{
	if (behind == 0)
		return tries;
	if (tries <= behind)
		return 1;
	return tries - behind < MX_SHARE_MAX ? tries - behind : MX_SHARE_MAX;
}

bool
mx_outweighs(enum mx_word now, enum mx_word before)
{
	return before != MX_FINAL && now >= before;
}

bool
mx_goes_on(enum mx_word word, unsigned heard)
{
	return word != MX_FINAL && (word != MX_LATER || heard < MX_HEARD_MAX);
}

/* The number of a group; s is known to be one, of hexadecimal digits. */
static unsigned
group(struct str s)
{
	unsigned value = 0;
	size_t i;
	int c;

	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		value = value << 4 | (unsigned)(char_is_digit(c) ? c - '0' :
		    char_lower(c) - 'a' + 10);
	}
	return value;
}

static bool
read_ipv4(struct str s, unsigned char *ip)
{
	uint64_t number;
	struct str part;
	size_t i;

	for (i = 0; i < 4; i++) {
		if (!str_split(&s, '.', &part))
			part = str_take(&s, s.len);
		if (!str_number(part, 255, &number))
			return false;
		ip[i] = (unsigned char)number;
	}
	return s.len == 0;
}

/* s is known to be an address. */
static void
read_ipv6(struct str s, unsigned char ip[16])
{
	size_t at = 0, gap = 16, tail;
	unsigned value;
	struct str part;

	do {
		part = str_take(&s, str_find(s, 0, ':'));
		if (part.len == 0) {
			gap = at;
		} else if (str_find(part, 0, '.') != STR_NONE) {
			must(at <= 12 && read_ipv4(part, ip + at));
			at += 4;
		} else {
			must(at <= 14);
			value = group(part);
			ip[at++] = (unsigned char)(value >> 8);
			ip[at++] = (unsigned char)value;
		}
	} while (str_skip(&s, ':'));
	if (gap == 16)
		return;
	tail = at - gap;
	memmove(ip + 16 - tail, ip + gap, tail);
	memset(ip + gap, 0, 16 - at);
}

bool
mx_literal(struct str domain, unsigned char ip[16], size_t *len)
{
	if (!addr_is_literal(domain))
		return false;
	str_skip(&domain, '[');
	domain.len--;
	memset(ip, 0, 16);
	if (str_skip_word(&domain, STR("IPv6:"))) {
		read_ipv6(domain, ip);
		*len = 16;
		return true;
	}
	*len = 4;
	return read_ipv4(domain, ip);
}
