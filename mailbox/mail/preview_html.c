/*
 * HTML as far as a preview needs it: tags, comments and what no reader sees are
 * passed over, entities decoded. It is read letter by letter, in whatever state
 * its writer left it.
 */
#include "mail/preview_part.h"

#include <string.h>

static bool
is_alnum(uint32_t point)
{
	return point < 128 && char_is_alnum((int)point);
}

static struct str
name_of(const struct preview *p)
{
	return str_from(p->name, p->name_len > PREVIEW_NAME_MAX ? 0 :
	    p->name_len);
}

static void
add_name(struct preview *p, uint32_t point)
{
	if (p->name_len < PREVIEW_NAME_MAX)
		p->name[p->name_len] = (char)point;
	if (p->name_len <= PREVIEW_NAME_MAX)
		p->name_len++;
}

static bool
is_one_of(struct str name, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (str_same(name, str_of(names[i])))
			return true;
	return false;
}

/* The name of a tag is known. */
static void
begin_tag(struct preview *p)
{
	static const char *const inlines[] = {
		"a", "abbr", "b", "big", "code", "del", "em", "font", "i",
		"ins", "mark", "s", "small", "span", "strong", "sub", "sup",
		"tt", "u", "wbr"
	};
	static const char *const unseen[] = {
		"head", "script", "style", "template", "title"
	};
	struct str name;

	name = name_of(p);
	if (!is_one_of(name, inlines, countof(inlines)))
		preview_put(p, ' ');
	if (str_same(name, STR("blockquote"))) {
		if (!p->closing)
			p->quotes++;
		else if (p->quotes > 0)
			p->quotes--;
	}
	if (!p->closing && is_one_of(name, unseen, countof(unseen))) {
		memcpy(p->skipped, name.at, name.len);
		p->skipped_len = name.len;
	}
	p->state = PREVIEW_TAG;
}

/* Within what is not seen: whether its end tag begins, or a body. */
static void
begin_tag_unseen(struct preview *p)
{
	struct str name, skipped;

	name = name_of(p);
	skipped = str_from(p->skipped, p->skipped_len);
	p->state = PREVIEW_TEXT;
	if (p->closing ? str_same(name, skipped) :
	    str_same(name, STR("body")) && str_same(skipped, STR("head"))) {
		p->skipped_len = 0;
		p->state = PREVIEW_TAG;
	}
}

/* The code point of "#65" or "#x41"; 0 when it is none. */
static uint32_t
number_entity(struct str name)
{
	uint32_t value, digit;
	bool hex;
	int c;

	str_take(&name, 1);
	hex = str_skip_word(&name, STR("x"));
	if (name.len == 0)
		return 0;
	for (value = 0; name.len > 0; value = value * (hex ? 16 : 10) + digit) {
		c = char_lower(str_at(str_take(&name, 1), 0));
		if (!char_is_digit(c) && !(hex && c >= 'a' && c <= 'f'))
			return 0;
		digit = (uint32_t)(char_is_digit(c) ? c - '0' : c - 'a' + 10);
		if (value > 0x10FFFF)
			return CHARSET_LOST;
	}
	return value >= 0x80 && value < 0xA0 ? charset_latin1((int)value) :
	    value;
}

/* The code point of a name; 0 when it is none of the common ones. */
static uint32_t
named_entity(struct str name)
{
	static const struct {
		const char *name;
		uint16_t point;
	} names[] = {
		{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
		{ "apos", '\'' }, { "nbsp", 0xA0 }, { "shy", 0xAD },
		{ "zwnj", 0x200C }, { "zwj", 0x200D }, { "ensp", 0x2002 },
		{ "emsp", 0x2003 }, { "thinsp", 0x2009 },
		{ "ndash", 0x2013 }, { "mdash", 0x2014 }, { "hellip", 0x2026 },
		{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "sbquo", 0x201A },
		{ "ldquo", 0x201C }, { "rdquo", 0x201D }, { "bdquo", 0x201E },
		{ "laquo", 0xAB }, { "raquo", 0xBB }, { "lsaquo", 0x2039 },
		{ "rsaquo", 0x203A }, { "bull", 0x2022 }, { "middot", 0xB7 },
		{ "copy", 0xA9 }, { "reg", 0xAE }, { "trade", 0x2122 },
		{ "euro", 0x20AC }, { "pound", 0xA3 }, { "yen", 0xA5 },
		{ "cent", 0xA2 }, { "sect", 0xA7 }, { "para", 0xB6 },
		{ "deg", 0xB0 }, { "plusmn", 0xB1 }, { "times", 0xD7 },
		{ "frac12", 0xBD }, { "sup2", 0xB2 }, { "rarr", 0x2192 },
		{ "larr", 0x2190 }, { "iexcl", 0xA1 }, { "iquest", 0xBF },
		{ "auml", 0xE4 }, { "ouml", 0xF6 }, { "uuml", 0xFC },
		{ "Auml", 0xC4 }, { "Ouml", 0xD6 }, { "Uuml", 0xDC },
		{ "szlig", 0xDF }, { "agrave", 0xE0 }, { "aacute", 0xE1 },
		{ "acirc", 0xE2 }, { "atilde", 0xE3 }, { "aring", 0xE5 },
		{ "aelig", 0xE6 }, { "ccedil", 0xE7 }, { "egrave", 0xE8 },
		{ "eacute", 0xE9 }, { "ecirc", 0xEA }, { "euml", 0xEB },
		{ "igrave", 0xEC }, { "iacute", 0xED }, { "icirc", 0xEE },
		{ "iuml", 0xEF }, { "ntilde", 0xF1 }, { "ograve", 0xF2 },
		{ "oacute", 0xF3 }, { "ocirc", 0xF4 }, { "otilde", 0xF5 },
		{ "oslash", 0xF8 }, { "ugrave", 0xF9 }, { "uacute", 0xFA },
		{ "ucirc", 0xFB }, { "Agrave", 0xC0 }, { "Aacute", 0xC1 },
		{ "Aring", 0xC5 }, { "Ccedil", 0xC7 }, { "Egrave", 0xC8 },
		{ "Eacute", 0xC9 }, { "Ntilde", 0xD1 }, { "Oslash", 0xD8 }
	};
	size_t i;

	for (i = 0; i < countof(names); i++)
		if (str_equal(name, str_of(names[i].name)))
			return names[i].point;
	return 0;
}

/* An entity is over; false when it was none, but text. */
static bool
end_entity(struct preview *p)
{
	uint32_t value;
	size_t i;

	value = str_at(name_of(p), 0) == '#' ? number_entity(name_of(p)) :
	    named_entity(name_of(p));
	p->state = PREVIEW_TEXT;
	if (value != 0) {
		preview_put(p, value);
		return true;
	}
	preview_put(p, '&');
	for (i = 0; i < p->name_len; i++)
		preview_put(p, (unsigned char)p->name[i]);
	return false;
}

/* A letter of an entity; false when it is none, and to be read yet. */
static bool
read_entity(struct preview *p, uint32_t point)
{
	if ((is_alnum(point) || (point == '#' && p->name_len == 0)) &&
	    p->name_len < PREVIEW_NAME_MAX) {
		add_name(p, point);
		return true;
	}
	return end_entity(p) && point == ';';
}

static void
read_less(struct preview *p, uint32_t point)
{
	p->name_len = 0;
	p->closing = point == '/';
	if (p->closing || (is_alnum(point) && !char_is_digit((int)point))) {
		p->state = PREVIEW_NAME;
		if (!p->closing)
			add_name(p, point);
	} else if (point == '!') {
		p->state = PREVIEW_MARK;
		p->dashes = 0;
	} else if (point == '?')
		p->state = PREVIEW_TAG;
	else {
		p->state = PREVIEW_TEXT;
		if (p->skipped_len == 0)
			preview_put(p, '<');
		preview_html(p, point);
	}
}

static void
read_name(struct preview *p, uint32_t point)
{
	if (is_alnum(point)) {
		add_name(p, point);
		return;
	}
	if (p->skipped_len > 0)
		begin_tag_unseen(p);
	else
		begin_tag(p);
	preview_html(p, point);
}

static void
read_text(struct preview *p, uint32_t point)
{
	if (point == '<')
		p->state = PREVIEW_LESS;
	else if (p->skipped_len > 0)
		return;
	else if (point == '&') {
		p->state = PREVIEW_ENTITY;
		p->name_len = 0;
	} else
		preview_put(p, point);
}

/* In a tag, behind its name. */
static void
read_tag(struct preview *p, uint32_t point)
{
	const bool behind_equals = p->state == PREVIEW_VALUE;

	if (point == '>')
		p->state = PREVIEW_TEXT;
	else if (behind_equals && (point == '"' || point == '\'')) {
		p->quote = point;
		p->state = PREVIEW_QUOTED;
	} else if (point == '=')
		p->state = PREVIEW_VALUE;
	else if (point > ' ')
		p->state = PREVIEW_TAG;
}

static void
read_comment(struct preview *p, uint32_t point)
{
	if (point == '>' && p->dashes >= 2)
		p->state = PREVIEW_TEXT;
	p->dashes = point == '-' ? p->dashes + 1 : 0;
}

bool
preview_html_reads(const struct preview *p)
{
	return p->state == PREVIEW_TEXT && p->skipped_len == 0;
}

size_t
preview_html_idle(const struct preview *p, struct str text)
{
	size_t end;

	end = 0;
	if (p->state == PREVIEW_QUOTED)
		end = str_find(text, 0, (char)p->quote);
	else if (p->state == PREVIEW_TEXT && p->skipped_len > 0)
		end = str_find(text, 0, '<');
	return end == STR_NONE ? text.len : end;
}

void
preview_html(struct preview *p, uint32_t point)
{
	switch (p->state) {
	case PREVIEW_TEXT:
		read_text(p, point);
		return;
	case PREVIEW_ENTITY:
		if (!read_entity(p, point))
			read_text(p, point);
		return;
	case PREVIEW_LESS:
		read_less(p, point);
		return;
	case PREVIEW_NAME:
		read_name(p, point);
		return;
	case PREVIEW_TAG:
	case PREVIEW_VALUE:
		read_tag(p, point);
		return;
	case PREVIEW_QUOTED:
		if (point == p->quote)
			p->state = PREVIEW_TAG;
		return;
	case PREVIEW_MARK:
		p->dashes += point == '-';
		if (p->dashes == 2 && point == '-')
			p->state = PREVIEW_COMMENT;
		else if (point != '-')
			p->state = point == '>' ? PREVIEW_TEXT : PREVIEW_TAG;
		return;
	case PREVIEW_COMMENT:
		read_comment(p, point);
		return;
	}
}

void
preview_html_end(struct preview *p)
{
	if (p->state == PREVIEW_ENTITY)
		(void)end_entity(p);
	else if (p->state == PREVIEW_LESS && p->skipped_len == 0)
		preview_put(p, '<');
}
