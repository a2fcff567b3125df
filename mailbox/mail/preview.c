/*
 * The first words of a text, as a list of messages shows them. Lines that quote
 * are kept apart: they stand in when somebody wrote nothing else.
 */
#include "mail/preview_part.h"

#include <stdlib.h>

struct preview *
preview_new(struct str charset, bool html)
{
	struct preview *p;

	p = xalloc(1, sizeof *p);
	p->charset = charset_open(charset);
	if (p->charset == NULL)
		p->charset = charset_open(STR(""));
	p->html = html;
	buf_init(&p->utf8, 8 * PREVIEW_LOOK_MAX);
	buf_init(&p->own.text, 4 * PREVIEW_LETTERS_MAX);
	buf_init(&p->quoted.text, 4 * PREVIEW_LETTERS_MAX);
	return p;
}

void
preview_drop(struct preview *p)
{
	if (p == NULL)
		return;
	charset_drop(p->charset);
	buf_drop(&p->utf8);
	buf_drop(&p->own.text);
	buf_drop(&p->quoted.text);
	free(p);
}

static bool
is_white(uint32_t point)
{
	return point == ' ' || (point >= '\t' && point <= '\r') ||
	    point == 0x85 || point == 0xA0 || point == 0x1680 ||
	    (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
	    point == 0x2029 || point == 0x202F || point == 0x205F ||
	    point == 0x3000;
}

/* Signs that nobody sees; some letters fill the list with them. */
static bool
is_nothing(uint32_t point)
{
	return point < ' ' || (point >= 0x7F && point < 0xA0) ||
	    point == 0xAD || point == 0x34F || point == 0x200B ||
	    point == 0x200E || point == 0x200F || point == 0x2060 ||
	    point == 0xFEFF;
}

/* Joiners have a meaning behind a letter only. */
static bool
is_joiner(uint32_t point)
{
	return point == 0x200C || point == 0x200D;
}

/* What comes next is a letter: the space before it. */
static void
add_gap(struct preview_words *w)
{
	if (w->space && w->letters > 0 && w->letters < PREVIEW_LETTERS_MAX) {
		buf_add_char(&w->text, ' ');
		w->letters++;
	}
	w->space = false;
}

static void
add_letter(struct preview_words *w, uint32_t point)
{
	if (is_white(point)) {
		w->space = true;
		return;
	}
	if (is_nothing(point) || (is_joiner(point) &&
	    (w->space || w->letters == 0)))
		return;
	add_gap(w);
	if (w->letters < PREVIEW_LETTERS_MAX) {
		charset_add(&w->text, point);
		w->letters++;
	}
}

/* Add letters of ASCII. */
static void
add_run(struct preview_words *w, struct str run)
{
	add_gap(w);
	run = str_part(run, 0, PREVIEW_LETTERS_MAX - w->letters);
	buf_add(&w->text, run);
	w->letters += run.len;
}

void
preview_put(struct preview *p, uint32_t point)
{
	if (point == '\n')
		p->line_begun = p->line_quoted = false;
	else if (!p->line_begun && !p->html && point == '>') {
		p->line_quoted = true;
		point = ' ';
	} else if (!is_white(point))
		p->line_begun = true;
	if (p->line_quoted || p->quotes > 0) {
		add_letter(&p->quoted, point);
		p->own.space = true;
	} else {
		add_letter(&p->own, point);
		p->quoted.space = true;
	}
}

/* How many octets at the front of s are ASCII, and nothing but letters. */
static size_t
plain_run(struct str s)
{
	size_t i;
	int c;

	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		if (c <= ' ' || c > '~' || c == '<' || c == '>' || c == '&')
			break;
	}
	return i;
}

static void
put_run(struct preview *p, struct str run)
{
	const bool quoted = p->line_quoted || p->quotes > 0;

	p->line_begun = true;
	add_run(quoted ? &p->quoted : &p->own, run);
	(quoted ? &p->own : &p->quoted)->space = true;
}

static void
read_text(struct preview *p)
{
	struct str rest, run;
	uint32_t point;

	rest = buf_str(&p->utf8);
	while (rest.len > 0 && p->own.letters < PREVIEW_LETTERS_MAX) {
		if (!p->html || preview_html_reads(p)) {
			run = str_take(&rest, plain_run(rest));
			if (run.len > 0)
				put_run(p, run);
		} else
			str_take(&rest, preview_html_idle(p, rest));
		if (rest.len == 0)
			return;
		str_take(&rest, charset_point(rest, &point));
		if (p->html)
			preview_html(p, point);
		else
			preview_put(p, point);
	}
}

bool
preview_full(const struct preview *p)
{
	return p->looked >= PREVIEW_LOOK_MAX ||
	    p->own.letters >= PREVIEW_LETTERS_MAX;
}

void
preview_feed(struct preview *p, struct str octets)
{
	if (preview_full(p))
		return;
	octets = str_part(octets, 0, PREVIEW_LOOK_MAX - p->looked);
	p->looked += octets.len;
	buf_clear(&p->utf8);
	charset_feed(p->charset, octets, &p->utf8);
	read_text(p);
}

/* Add at most max letters of UTF-8. */
static void
add_letters(struct buf *out, struct str text, size_t max)
{
	size_t len;

	for (len = 0; len < text.len && max > 0; max--)
		len += str_utf8(text, len);
	buf_add(out, str_trim(str_part(text, 0, len)));
}

void
preview_end(struct preview *p, struct buf *out, size_t max)
{
	const struct preview_words *words;

	/* a letter that was cut by the limit is none that is wrong */
	buf_clear(&p->utf8);
	if (p->looked < PREVIEW_LOOK_MAX) {
		charset_end(p->charset, &p->utf8);
		read_text(p);
		preview_html_end(p);
	}
	words = p->own.letters > 0 ? &p->own : &p->quoted;
	add_letters(out, buf_str(&words->text), max);
}
