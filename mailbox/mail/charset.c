/*
 * Charsets, letter by letter. What is left of a piece is the beginning of a
 * letter: it is held and put before the next piece. Nothing ends a conversion:
 * an octet that means nothing becomes U+FFFD, and it goes on behind it.
 */
#include "mail/charset_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 1024		/* octets that iconv() writes at once */

struct charset *
charset_open(struct str name)
{
	const struct charset_name *found;
	struct charset *c;

	found = charset_find(name);
	if (found == NULL)
		return NULL;
	c = xalloc(1, sizeof *c);
	c->kind = found->kind;
	c->order = found->order;
	if (found->iconv == NULL)
		return c;
	c->cd = iconv_open("UTF-8", found->iconv);
	/* the C libraries say it in this way (iconv_open(3)) */
	if ((intptr_t)c->cd == -1) {
		free(c);
		return NULL;
	}
	c->iconv = found->iconv;
	return c;
}

void
charset_drop(struct charset *c)
{
	if (c != NULL && c->iconv != NULL)
		(void)iconv_close(c->cd);
	free(c);
}

/* Whether s is the beginning of one letter of UTF-8 and nothing more. */
static bool
is_cut(struct str s)
{
	unsigned char whole[4];
	size_t i;

	if (s.len == 0 || s.len > 3)
		return false;
	for (i = 0; i < sizeof whole; i++)
		whole[i] = (unsigned char)(i < s.len ? str_at(s, i) : 0x80);
	if (str_utf8(str_from(whole, sizeof whole), 0) > s.len)
		return true;
	/* some first octets want the next one higher */
	if (s.len == 1)
		whole[1] = 0xBF;
	return str_utf8(str_from(whole, sizeof whole), 0) > s.len;
}

/* How many octets at the front of s are well-formed UTF-8. */
static size_t
utf8_run(struct str s)
{
	size_t i, len;

	for (i = charset_ascii(s); i < s.len; i += len) {
		len = str_utf8(s, i);
		if (len == 0)
			break;
		if (len == 1)
			len = charset_ascii(str_part(s, i, s.len));
	}
	return i;
}

static void
feed_utf8(struct charset *c, struct str *in, struct buf *out)
{
	while (in->len > 0) {
		buf_add(out, str_take(in, utf8_run(*in)));
		if (in->len == 0 || is_cut(*in))
			return;
		charset_add(out, c->kind == CHARSET_ASCII ?
		    charset_latin1(str_at(*in, 0)) : CHARSET_LOST);
		str_take(in, 1);
	}
}

static void
feed_octets(struct charset *c, struct str *in, struct buf *out)
{
	int octet;

	while (in->len > 0) {
		buf_add(out, str_take(in, charset_ascii(*in)));
		octet = str_at(str_take(in, 1), 0);
		if (octet >= 0)
			charset_add(out, c->kind == CHARSET_MAC ?
			    charset_mac(octet) : charset_latin1(octet));
	}
}

void
charset_feed_iconv(struct charset *c, struct str *in, struct buf *out)
{
	char piece[PIECE], *from, *to;
	size_t room, left, done;

	while (in->len > 0) {
		/* iconv() does not write there */
		memcpy(&from, &in->at, sizeof from);
		to = piece;
		room = sizeof piece;
		left = in->len;
		errno = 0;
		done = iconv(c->cd, &from, &left, &to, &room);
		buf_add(out, str_from(piece, sizeof piece - room));
		str_take(in, in->len - left);
		if (done != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && left < CHARSET_HELD)
			return;
		/* feed_sjis() gives whole pairs, which must stay so */
		charset_add(out, CHARSET_LOST);
		str_take(in, c->kind == CHARSET_SJIS ? 2 : 1);
	}
}

/*
 * How many octets at the front of s are letters of Shift_JIS that the C
 * library of the release has (its table ends at 0xEA, unchecked).
 */
static size_t
sjis_run(struct str s)
{
	size_t i;
	int octet;

	for (i = 0; i < s.len; i++) {
		octet = str_at(s, i);
		if (octet < 0x80 || (octet > 0xA0 && octet < 0xE0))
			continue;
		if (octet == 0x80 || octet == 0xA0 || octet > 0xEA ||
		    str_at(s, i + 1) < 0x40 || str_at(s, i + 1) == 0x7F ||
		    str_at(s, i + 1) > 0xFC)
			break;
		i++;
	}
	return i;
}

static void
feed_sjis(struct charset *c, struct str *in, struct buf *out)
{
	struct str run;
	int octet;

	while (in->len > 0) {
		run = str_take(in, sjis_run(*in));
		charset_feed_iconv(c, &run, out);
		octet = str_at(*in, 0);
		if (in->len == 1 && octet != 0x80 && octet != 0xA0 &&
		    octet < 0xEB)
			return;
		if (in->len > 0)
			charset_add(out, CHARSET_LOST);
		str_take(in, 1);
	}
}

static void
feed_letters(struct charset *c, struct str *in, struct buf *out)
{
	switch (c->kind) {
	case CHARSET_ASCII:
	case CHARSET_UTF8:
		feed_utf8(c, in, out);
		return;
	case CHARSET_LATIN1:
	case CHARSET_MAC:
		feed_octets(c, in, out);
		return;
	case CHARSET_UTF7:
		charset_feed_utf7(c, in, out);
		return;
	case CHARSET_UTF16:
	case CHARSET_UTF32:
		charset_feed_wide(c, in, out);
		return;
	case CHARSET_ICONV:
		charset_feed_iconv(c, in, out);
		return;
	case CHARSET_SJIS:
		feed_sjis(c, in, out);
		return;
	case CHARSET_HZ:
	case CHARSET_KOREAN:
		charset_feed_shift(c, in, out);
		return;
	}
}

void
charset_feed(struct charset *c, struct str octets, struct buf *out)
{
	struct str in;

	while (c->held_len > 0 && octets.len > 0) {
		must(c->held_len < sizeof c->held);
		c->held[c->held_len++] =
		    (unsigned char)str_at(str_take(&octets, 1), 0);
		in = str_from(c->held, c->held_len);
		feed_letters(c, &in, out);
		memmove(c->held, c->held + c->held_len - in.len, in.len);
		c->held_len = in.len;
	}
	if (octets.len == 0)
		return;
	feed_letters(c, &octets, out);
	must(octets.len < sizeof c->held);
	memcpy(c->held, octets.at, octets.len);
	c->held_len = octets.len;
}

void
charset_end(struct charset *c, struct buf *out)
{
	struct str plain = STR("\x1B(B");
	size_t i;

	if (c->kind == CHARSET_ASCII)
		for (i = 0; i < c->held_len; i++)
			charset_add(out, charset_latin1(c->held[i]));
	else if (c->held_len > 0 || c->high != 0)
		charset_add(out, CHARSET_LOST);
	c->held_len = 0;
	c->high = 0;
	c->shifted = c->begun = false;
	/* the one of iconv's that has a state (RFC 1468) */
	if (c->iconv != NULL && str_equal(str_of(c->iconv),
	    STR("ISO-2022-JP")))
		charset_feed_iconv(c, &plain, out);
}

bool
charset_is_plain(const struct charset *c)
{
	return c->held_len == 0 && (c->kind == CHARSET_ASCII ||
	    c->kind == CHARSET_UTF8 || c->kind == CHARSET_LATIN1 ||
	    c->kind == CHARSET_MAC);
}

bool
charset_convert(struct str name, struct str octets, struct buf *out)
{
	struct charset *c;

	c = charset_open(name);
	if (c == NULL)
		return false;
	charset_feed(c, octets, out);
	charset_end(c, out);
	charset_drop(c);
	return true;
}
