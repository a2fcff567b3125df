/*
 * Reads and writes the words of RFC 2047. Reading is mild, as what is not
 * decoded here will be decoded by some other program; writing is strict. It
 * does not know what a field means: phrases and comments are found by others.
 */
#include "mail/word.h"

#include "base/codec.h"
#include "mail/charset.h"
#include "mail/transfer.h"

#define FRAME 12	/* columns around what is encoded */
#define TELLING 300	/* bytes by which the shorter encoding is chosen */

enum word_charset {
	WORD_UTF8, WORD_LATIN1, WORD_LATIN9,
	WORD_FOREIGN,
	WORD_OCTETS		/* as they come, to be converted later */
};

struct word {
	enum word_charset charset;
	struct str name;	/* of the charset */
	bool base64;
	struct str text;
};

static enum word_charset
charset_of(struct str name)
{
	static const struct {
		const char *name;
		enum word_charset charset;
	} known[] = {
		{ "utf-8", WORD_UTF8 }, { "utf8", WORD_UTF8 },
		{ "us-ascii", WORD_UTF8 }, { "ascii", WORD_UTF8 },
		{ "iso-8859-1", WORD_LATIN1 },
		{ "iso8859-1", WORD_LATIN1 },
		{ "latin1", WORD_LATIN1 },
		{ "windows-1252", WORD_LATIN1 },
		{ "cp1252", WORD_LATIN1 },
		{ "iso-8859-15", WORD_LATIN9 },
		{ "iso8859-15", WORD_LATIN9 },
		{ "latin9", WORD_LATIN9 },
	};
	size_t i;

	for (i = 0; i < countof(known); i++)
		if (str_same(name, str_of(known[i].name)))
			return known[i].charset;
	return WORD_FOREIGN;
}

/* The code point of a byte above 127 of ISO-8859-15. */
static unsigned
latin9_point(unsigned byte)
{
	switch (byte) {
	case 0xA4:
		return 0x20AC;
	case 0xA6:
		return 0x160;
	case 0xA8:
		return 0x161;
	case 0xB4:
		return 0x17D;
	case 0xB8:
		return 0x17E;
	case 0xBC:
		return 0x152;
	case 0xBD:
		return 0x153;
	case 0xBE:
		return 0x178;
	}
	return byte < 0xA0 ? 0xFFFD : byte;
}

/* Add a byte that came out of a word. */
static void
add_byte(struct buf *out, enum word_charset charset, unsigned byte)
{
	if (charset == WORD_OCTETS) {
		buf_add_char(out, (char)(unsigned char)byte);
		return;
	}
	if (byte == '\t' || byte == '\r' || byte == '\n')
		byte = ' ';
	if (byte < 32 || byte == 127)
		return;
	if (byte < 128 || charset == WORD_UTF8)
		buf_add_char(out, (char)(unsigned char)byte);
	else if (charset == WORD_LATIN1)
		charset_add(out, charset_latin1((int)byte));
	else if (charset == WORD_LATIN9)
		charset_add(out, latin9_point(byte));
}

/* RFC 2047 section 4.2. */
static void
decode_q(struct buf *out, const struct word *word)
{
	size_t i;
	int c, high, low;

	for (i = 0; i < word->text.len; i++) {
		c = str_at(word->text, i);
		high = transfer_hex(str_at(word->text, i + 1));
		low = transfer_hex(str_at(word->text, i + 2));
		if (c == '=' && high >= 0 && low >= 0) {
			c = high << 4 | low;
			i += 2;
		} else if (c == '_')
			c = ' ';
		else if (c == '\r' || c == '\n')
			continue;
		add_byte(out, word->charset, (unsigned)c);
	}
}

/* RFC 2047 section 4.1; signs that are no base64 are passed over. */
static void
decode_b(struct buf *out, const struct word *word)
{
	unsigned bits, held;
	size_t i;
	int value;

	bits = held = 0;
	for (i = 0; i < word->text.len; i++) {
		if (str_at(word->text, i) == '=')
			bits = held = 0;
		value = transfer_base64(str_at(word->text, i));
		if (value < 0)
			continue;
		bits = (bits << 6 | (unsigned)value) & 0xFFFF;
		held += 6;
		if (held >= 8) {
			held -= 8;
			add_byte(out, word->charset, bits >> held & 0xFF);
		}
	}
}

static void
decode_word(struct buf *out, const struct word *word)
{
	if (word->base64)
		decode_b(out, word);
	else
		decode_q(out, word);
}

/* Read "=?charset?B?" off the front of *s. */
static bool
word_open(struct str *s, struct word *word)
{
	struct str rest, part, charset;
	size_t end, i;

	rest = *s;
	if (!str_skip(&rest, '=') || !str_skip(&rest, '?'))
		return false;
	part = str_part(rest, 0, WORD_CHARSET_MAX + 1);
	end = str_find(part, 0, '?');
	if (end == STR_NONE || end == 0)
		return false;
	charset = str_take(&rest, end);
	for (i = 0; i < charset.len; i++)
		if (str_at(charset, i) <= 32 || str_at(charset, i) > 126)
			return false;
	word->name = str_part(charset, 0, str_find(charset, 0, '*'));
	word->charset = charset_of(word->name);
	word->base64 = char_lower(str_at(rest, 1)) == 'b';
	if ((!word->base64 && char_lower(str_at(rest, 1)) != 'q') ||
	    str_at(rest, 2) != '?')
		return false;
	str_take(&rest, 3);
	*s = rest;
	return true;
}

/* Read an encoded-word at the front of s; returns its length or 0. */
static size_t
word_read(struct str s, struct word *word)
{
	struct str rest;
	size_t end;

	rest = s;
	if (!word_open(&rest, word))
		return 0;
	end = str_find(rest, 0, '?');
	if (end == STR_NONE || str_at(rest, end + 1) != '=')
		return 0;
	word->text = str_part(rest, 0, end);
	return s.len - rest.len + end + 2;
}

/*
 * The same for word_look(): once opened it is a word, and goes on to its end
 * or to what can be none of it.
 */
static size_t
word_grope(struct str s, struct word *word)
{
	struct str rest;
	size_t end;

	rest = s;
	if (!word_open(&rest, word))
		return 0;
	for (end = 0; end < rest.len; end++)
		if (str_at(rest, end) == '?' &&
		    (word->base64 || (str_at(rest, end + 1) == '=' &&
		    transfer_hex(str_at(rest, end + 2)) < 0)))
			break;
	word->text = str_part(rest, 0, end);
	if (str_at(rest, end) == '?' && str_at(rest, end + 1) == '=')
		end += 2;
	return s.len - rest.len + end;
}

size_t
word_span(struct str s)
{
	struct word word;

	return word_read(s, &word);
}

static bool
is_white(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether a foreign word can be written again just as it is. */
static bool
can_keep(struct str whole)
{
	size_t i;

	for (i = 0; i < whole.len; i++)
		if (str_at(whole, i) <= 32 || str_at(whole, i) > 126)
			return false;
	return whole.len <= WORD_KEPT_MAX;
}

/* Add the first byte of text, which begins no word. */
static void
add_plain(struct buf *out, int c)
{
	if (c == '\r' || c == '\n')
		return;
	if (c > 127)
		buf_add_char(out, (char)(unsigned char)c);
	else
		add_byte(out, WORD_UTF8, (unsigned)c);
}

/* White space between two words is no part of the text (section 6.2). */
static void
skip_gap(struct str *text)
{
	struct word word;
	size_t gap;

	for (gap = 0; is_white(str_at(*text, gap)); gap++)
		continue;
	if (gap > 0 && word_read(str_part(*text, gap, text->len), &word) > 0)
		str_take(text, gap);
}

/* Add raw with what is not UTF-8, or a control of it, as U+FFFD. */
static void
add_clean(struct buf *out, struct str raw)
{
	size_t len;

	while (raw.len > 0) {
		len = str_utf8(raw, 0);
		if (len == 0 || (str_at(raw, 0) == 0xC2 &&
		    str_at(raw, 1) < 0xA0)) {
			buf_add_text(out, "\xEF\xBF\xBD");
			str_take(&raw, len == 0 ? 1 : len);
		} else
			buf_add(out, str_take(&raw, len));
	}
}

void
word_decode(struct buf *out, struct str text)
{
	struct word word;
	struct buf raw;
	struct str whole;
	size_t len;

	/* letters cut in two by neighbouring words grow whole again in raw */
	buf_init(&raw, out->max);
	while (text.len > 0) {
		len = str_at(text, 0) == '=' ? word_read(text, &word) : 0;
		if (len == 0) {
			add_plain(&raw, str_at(str_take(&text, 1), 0));
			continue;
		}
		whole = str_take(&text, len);
		if (word.charset != WORD_FOREIGN)
			decode_word(&raw, &word);
		else if (can_keep(whole)) {
			buf_add_char(&raw, WORD_KEPT);
			buf_add(&raw, whole);
			buf_add_char(&raw, WORD_KEPT_END);
		} else
			while (whole.len > 0)
				add_plain(&raw, str_at(str_take(&whole, 1),
				    0));
		skip_gap(&text);
	}
	out->full = out->full || raw.full;
	add_clean(out, buf_str(&raw));
	buf_drop(&raw);
}

void
word_look(struct buf *out, struct str text)
{
	struct word word;
	struct buf raw;
	size_t len;

	buf_init(&raw, out->max);
	while (text.len > 0) {
		len = str_at(text, 0) == '=' ? word_grope(text, &word) : 0;
		if (len == 0) {
			add_plain(&raw, str_at(str_take(&text, 1), 0));
			continue;
		}
		str_take(&text, len);
		decode_word(&raw, &word);
		skip_gap(&text);
	}
	out->full = out->full || raw.full;
	add_clean(out, buf_str(&raw));
	buf_drop(&raw);
}

/* Add what words of one charset held; one that is not known as US-ASCII. */
static void
add_octets(struct buf *raw, struct buf *octets, struct str charset)
{
	struct buf text;
	struct str rest;

	if (octets->len == 0)
		return;
	buf_init(&text, raw->max);
	if (!charset_convert(charset, buf_str(octets), &text))
		(void)charset_convert(STR(""), buf_str(octets), &text);
	for (rest = buf_str(&text); rest.len > 0; )
		add_byte(raw, WORD_UTF8, (unsigned)str_at(str_take(&rest, 1),
		    0));
	raw->full = raw->full || text.full;
	buf_clear(octets);
	buf_drop(&text);
}

/* How many bytes at the front of s are themselves and nothing more. */
static size_t
plain_run(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.at[i] < ' ' || s.at[i] > '~' || s.at[i] == '=')
			break;
	return i;
}

void
word_text(struct buf *out, struct str text)
{
	struct buf octets, raw;
	struct str charset;
	struct word word;
	size_t len;

	/* most fields hold nothing else */
	len = plain_run(text);
	buf_add(out, str_take(&text, len));
	if (text.len == 0)
		return;
	/* letters cut in two by neighbouring words grow whole in octets */
	buf_init(&octets, out->max);
	buf_init(&raw, out->max);
	charset = STR("");
	while (text.len > 0) {
		len = str_at(text, 0) == '=' ? word_read(text, &word) : 0;
		if (len == 0 || !str_same(word.name, charset))
			add_octets(&raw, &octets, charset);
		if (len == 0) {
			len = plain_run(text);
			buf_add(&raw, str_take(&text, len));
			if (len == 0)
				add_plain(&raw, str_at(str_take(&text, 1), 0));
			continue;
		}
		str_take(&text, len);
		charset = word.name;
		word.charset = WORD_OCTETS;
		decode_word(&octets, &word);
		skip_gap(&text);
	}
	add_octets(&raw, &octets, charset);
	(void)charset_convert(STR(""), buf_str(&raw), &octets);
	add_clean(out, buf_str(&octets));
	out->full = out->full || raw.full || octets.full;
	buf_drop(&octets);
	buf_drop(&raw);
}

/* Whether c may stand for itself in the Q encoding of a phrase. */
static bool
is_q_plain(int c)
{
	return char_is_alnum(c) || c == '!' || c == '*' || c == '+' ||
	    c == '-' || c == '/' || c == ' ';
}

/* The columns that s takes in the Q encoding. */
static size_t
q_columns(struct str s)
{
	size_t i, columns;

	columns = 0;
	for (i = 0; i < s.len; i++)
		columns += is_q_plain(str_at(s, i)) ? 1 : 3;
	return columns;
}

static size_t
b_columns(struct str s)
{
	return (s.len + 2) / 3 * 4;
}

static void
add_q(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i;
	int c;

	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		if (c == ' ')
			buf_add_char(out, '_');
		else if (is_q_plain(c))
			buf_add_char(out, (char)c);
		else {
			buf_add_char(out, '=');
			buf_add_char(out, digits[c >> 4]);
			buf_add_char(out, digits[c & 15]);
		}
	}
}

size_t
word_encode(struct buf *out, struct str text, size_t room)
{
	struct str part;
	size_t len, letter;
	bool base64;

	must(text.len > 0 && room >= WORD_ROOM_MIN);
	room = (room > WORD_MAX ? WORD_MAX : room) - FRAME;
	part = str_part(text, 0, TELLING);
	base64 = b_columns(part) < q_columns(part);
	for (len = 0; len < text.len; len += letter) {
		letter = str_utf8(text, len);
		if (letter == 0)
			letter = 1;
		part = str_part(text, 0, len + letter);
		if ((base64 ? b_columns(part) : q_columns(part)) > room)
			break;
	}
	part = str_part(text, 0, len);
	buf_add_text(out, base64 ? "=?UTF-8?B?" : "=?UTF-8?Q?");
	if (base64)
		base64_encode(out, part);
	else
		add_q(out, part);
	buf_add_text(out, "?=");
	return len;
}
