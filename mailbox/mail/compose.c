/*
 * Writes header fields word by word. A fold stands only where the text has a
 * space, or between two encoded-words, so unfolding gives back what was meant
 * (RFC 5322 section 2.2.3).
 */
#include "mail/compose.h"

#include "mail/word.h"

#define NAME_MAX 40		/* octets of a field name of ours */
#define PHRASE_MAX 60		/* octets of a name in one piece */

void
compose_begin(struct compose *c, struct buf *out, const char *name, bool utf8)
{
	struct str s;

	s = str_of(name);
	must(s.len <= NAME_MAX);
	buf_add(out, s);
	buf_add_char(out, ':');
	*c = (struct compose){ .out = out, .column = s.len + 1, .utf8 = utf8,
	    .fresh = true };
}

/*
 * Go to the place of the next word, which is len octets long: behind a space,
 * on a new line if it would pass max. A line is never left empty.
 */
static void
make_place(struct compose *c, size_t len, size_t max)
{
	if (c->fresh)
		max = COMPOSE_LINE_MAX;
	if (c->column + 1 + len > max) {
		buf_add_text(c->out, "\r\n");
		c->column = 0;
	}
	buf_add_char(c->out, ' ');
	c->column++;
	c->fresh = false;
}

static void
add_word(struct compose *c, struct str word, size_t max)
{
	make_place(c, word.len, max);
	buf_add(c->out, word);
	c->column += word.len;
}

void
compose_word(struct compose *c, struct str word)
{
	must(word.len <= COMPOSE_WORD_MAX);
	add_word(c, word, COMPOSE_FOLD);
}

/* Write text without foreign words in encoded-words. */
static void
add_coded_part(struct compose *c, struct str text)
{
	size_t before, used;

	while (text.len > 0) {
		make_place(c, WORD_ROOM_MIN, COMPOSE_CODED);
		before = c->out->len;
		used = word_encode(c->out, text, COMPOSE_CODED - c->column);
		c->column += c->out->len - before;
		str_take(&text, used);
	}
}

/*
 * Write text in encoded-words, its spaces too, since those between the words
 * are not shown.
 */
static void
add_coded(struct compose *c, struct str text)
{
	struct str part;

	while (str_split(&text, WORD_KEPT, &part)) {
		add_coded_part(c, part);
		if (str_split(&text, WORD_KEPT_END, &part))
			add_word(c, part, COMPOSE_CODED);
	}
	add_coded_part(c, text);
}

/* Whether a word without spaces cannot be written as it is. */
static bool
needs_coding(const struct compose *c, struct str word)
{
	return word.len > COMPOSE_WORD_MAX ||
	    str_find(word, 0, WORD_KEPT) != STR_NONE ||
	    str_find_str(word, STR("=?")) != STR_NONE ||
	    (!c->utf8 && !str_is_ascii(word));
}

/* Cut the next word off *text. */
static bool
take_word(struct str *text, struct str *word)
{
	size_t end;

	while (str_skip(text, ' '))
		continue;
	end = str_find(*text, 0, ' ');
	*word = str_take(text, end == STR_NONE ? text->len : end);
	return word->len > 0;
}

void
compose_text(struct compose *c, struct str text)
{
	struct str word, next, rest, from;

	while (from = text, take_word(&text, &word)) {
		if (!needs_coding(c, word)) {
			add_word(c, word, COMPOSE_FOLD);
			continue;
		}
		from = str_part(from, from.len - text.len - word.len,
		    from.len);
		/* neighbours that need it too, and the spaces between */
		for (rest = text; take_word(&rest, &next) &&
		    needs_coding(c, next); )
			text = rest;
		add_coded(c, str_part(from, 0, from.len - text.len));
	}
}

/* RFC 5322 section 3.2.3, and RFC 6532 section 3.2. */
static bool
is_atext(int c)
{
	return char_is_alnum(c) || c > 127 ||
	    str_find(STR("!#$%&'*+-/=?^_`{|}~"), 0, (char)c) != STR_NONE;
}

/* Whether name is atoms with single spaces between them. */
static bool
is_atoms(struct str name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!is_atext(str_at(name, i)) && (str_at(name, i) != ' ' ||
		    !is_atext(str_at(name, i + 1)) || i == 0))
			return false;
	return true;
}

/* Write a name that needs no coding. */
static void
add_phrase(struct compose *c, struct str name)
{
	struct buf quoted;
	size_t i;

	if (is_atoms(name)) {
		add_word(c, name, COMPOSE_FOLD);
		return;
	}
	buf_init(&quoted, 2 * PHRASE_MAX + 2);
	buf_add_char(&quoted, '"');
	for (i = 0; i < name.len; i++) {
		if (str_at(name, i) == '"' || str_at(name, i) == '\\')
			buf_add_char(&quoted, '\\');
		buf_add(&quoted, str_part(name, i, 1));
	}
	buf_add_char(&quoted, '"');
	add_word(c, buf_str(&quoted), COMPOSE_FOLD);
	buf_drop(&quoted);
}

void
compose_person(struct compose *c, struct str name, struct str mailbox)
{
	struct buf path;

	must(mailbox.len <= COMPOSE_WORD_MAX);
	if (!c->fresh) {
		buf_add_char(c->out, ',');
		c->column++;
	}
	if (name.len == 0) {
		add_word(c, mailbox, COMPOSE_FOLD);
		return;
	}
	if (name.len > PHRASE_MAX || needs_coding(c, name))
		add_coded(c, name);
	else
		add_phrase(c, name);
	buf_init(&path, COMPOSE_WORD_MAX + 2);
	buf_add_char(&path, '<');
	buf_add(&path, mailbox);
	buf_add_char(&path, '>');
	add_word(c, buf_str(&path), COMPOSE_FOLD);
	buf_drop(&path);
}

void
compose_end(struct compose *c)
{
	buf_add_text(c->out, "\r\n");
}
