#include "talk/imap_words.h"

#include <string.h>

bool
words_fail_code(struct imap_words *w, enum imap_end end, const char *code,
	const char *why)
{
	if (w->why == NULL) {
		w->why = why;
		w->end = end;
		w->code = code;
	}
	return false;
}

bool
words_fail(struct imap_words *w, const char *why)
{
	return words_fail_code(w, IMAP_BAD, NULL, why);
}

void *
words_take(struct imap_words *w, size_t count, size_t size)
{
	void *at;

	at = arena_take(w->arena, count, size);
	if (at == NULL)
		words_fail_code(w, IMAP_BAD, "TOOBIG",
		    "The command is too large.");
	return at;
}

void *
words_grow(struct imap_words *w, void *at, size_t count, size_t size)
{
	void *more;

	/* the room is count rounded up to a power of two */
	if ((count & (count - 1)) != 0)
		return at;
	more = words_take(w, count == 0 ? 1 : count * 2, size);
	if (more != NULL && count > 0)
		memcpy(more, at, count * size);
	return more;
}

bool
words_keep(struct imap_words *w, struct str s, struct str *kept)
{
	char *at;

	at = words_take(w, s.len + 1, 1);
	if (at == NULL)
		return false;
	if (s.len > 0)
		memcpy(at, s.at, s.len);
	*kept = str_from(at, s.len);
	return true;
}

int
words_next(const struct imap_words *w)
{
	return str_at(w->rest, 0);
}

bool
words_skip(struct imap_words *w, char c)
{
	return str_skip(&w->rest, c);
}

bool
words_space(struct imap_words *w)
{
	if (!words_skip(w, ' '))
		return words_fail(w, w->rest.len == 0 ?
		    "More was expected." : "A space was expected.");
	while (words_skip(w, ' '))
		;
	return true;
}

bool
words_end(struct imap_words *w)
{
	while (words_skip(w, ' '))
		;
	return w->rest.len == 0 ||
	    words_fail(w, "The end of the command was expected.");
}

bool
words_list(struct imap_words *w, struct words_list *list)
{
	bool first = !list->open, spaced = false;

	if (first && !words_skip(w, '('))
		return words_fail(w, "A list in parentheses was expected.");
	list->open = true;
	while (words_skip(w, ' '))
		spaced = true;
	if (words_skip(w, ')'))
		return false;
	if (w->rest.len == 0)
		return words_fail(w, "A closing parenthesis was expected.");
	return first || spaced ||
	    words_fail(w, "A space was expected in the list.");
}

static bool
is_label(int c)
{
	return char_is_alnum(c) || c == '.' || c == '-';
}

static bool
is_astring(int c)
{
	return c > ' ' && c <= '~' &&
	    str_find(STR("(){%*\"\\"), 0, (char)c) == STR_NONE;
}

static bool
is_atom(int c)
{
	return is_astring(c) && c != ']';
}

static bool
is_pattern(int c)
{
	return is_astring(c) || c == '%' || c == '*';
}

/* The octets for which is() holds. */
static struct str
take_while(struct imap_words *w, bool (*is)(int c))
{
	size_t len = 0;

	while (is(str_at(w->rest, len)))
		len++;
	return str_take(&w->rest, len);
}

struct str
words_label(struct imap_words *w)
{
	return take_while(w, is_label);
}

bool
words_expect(struct imap_words *w, const char *why)
{
	int c = words_next(w);

	return is_pattern(c) || c == '"' || c == '{' || words_fail(w, why);
}

bool
words_choose(struct imap_words *w, const char *const *names, size_t count,
	const char *why, size_t *which)
{
	struct str label = words_label(w);

	for (*which = 0; *which < count; (*which)++)
		if (str_same(label, str_of(names[*which])))
			return true;
	return words_fail(w, why);
}

bool
words_skip_label(struct imap_words *w, struct str label)
{
	struct str rest = w->rest;

	if (!str_skip_word(&rest, label) || is_astring(str_at(rest, 0)))
		return false;
	w->rest = rest;
	return true;
}

struct str
words_bare(struct imap_words *w)
{
	return take_while(w, is_astring);
}

bool
words_atom(struct imap_words *w, struct str *atom)
{
	*atom = take_while(w, is_atom);
	return atom->len > 0 || words_fail(w, "An atom was expected.");
}

/* Undo the backslashes of a quoted string. */
static bool
unquote(struct imap_words *w, struct str *s)
{
	size_t i, len = 0;
	char *at;

	at = words_take(w, s->len, 1);
	if (at == NULL)
		return false;
	for (i = 0; i < s->len; i++) {
		if (str_at(*s, i) == '\\')
			i++;
		at[len++] = (char)str_at(*s, i);
	}
	*s = str_from(at, len);
	return true;
}

static bool
take_quoted(struct imap_words *w, struct str *string)
{
	bool escaped = false;
	size_t len;
	int c;

	for (len = 0; (c = str_at(w->rest, len)) != '"'; len++) {
		if (c < 0 || c == '\r' || c == '\n' || c == '\0')
			return words_fail(w, "A closing quote was expected.");
		if (c != '\\')
			continue;
		escaped = true;
		c = str_at(w->rest, ++len);
		if (c != '"' && c != '\\')
			return words_fail(w, "A backslash goes before a quote "
			    "or a backslash only.");
	}
	*string = str_take(&w->rest, len);
	str_take(&w->rest, 1);
	/* RFC 6855 section 3 */
	if (!str_is_utf8(*string))
		return words_fail(w, "What is quoted has to be UTF-8.");
	return !escaped || unquote(w, string);
}

/* From behind its "{" on. */
static bool
take_literal(struct imap_words *w, struct str *string)
{
	uint64_t size;

	if (!words_number(w, 0, WORDS_NUMBER_MAX, &size))
		return false;
	words_skip(w, '+');
	if (!words_skip(w, '}') || !words_skip(w, '\r') ||
	    !words_skip(w, '\n') || size > w->rest.len)
		return words_fail(w, "A literal was expected.");
	*string = str_take(&w->rest, (size_t)size);
	return true;
}

bool
words_string(struct imap_words *w, struct str *string)
{
	if (words_skip(w, '"'))
		return take_quoted(w, string);
	if (!words_skip(w, '{'))
		return words_fail(w, "A string was expected.");
	if (!take_literal(w, string))
		return false;
	return str_find(*string, 0, '\0') == STR_NONE ||
	    words_fail(w, "A literal cannot hold NUL.");
}

static bool
take_bare(struct imap_words *w, bool (*is)(int c), struct str *string)
{
	if (words_next(w) == '"' || words_next(w) == '{')
		return words_string(w, string);
	*string = take_while(w, is);
	return string->len > 0 || words_fail(w, "A string was expected.");
}

bool
words_astring(struct imap_words *w, struct str *string)
{
	return take_bare(w, is_astring, string);
}

bool
words_pattern(struct imap_words *w, struct str *string)
{
	return take_bare(w, is_pattern, string);
}

bool
words_nstring(struct imap_words *w, struct str *string)
{
	*string = (struct str){ 0 };
	return words_skip_label(w, STR("NIL")) || words_string(w, string);
}

bool
words_value(struct imap_words *w, struct str *string)
{
	struct str rest = w->rest;

	if (!str_skip(&rest, '~') || !str_skip(&rest, '{'))
		return words_nstring(w, string);
	w->rest = rest;
	return take_literal(w, string);
}

bool
words_number(struct imap_words *w, uint64_t min, uint64_t max,
	uint64_t *number)
{
	struct str digits = take_while(w, char_is_digit);

	return (str_number(digits, max, number) && *number >= min) ||
	    words_fail(w, digits.len == 0 ? "A number was expected." :
	    "That number is out of range.");
}

int
words_literal_end(struct str line, struct imap_literal *literal)
{
	size_t brace;

	*literal = (struct imap_literal){ .sync = true };
	if (!str_ends(line, STR("}")))
		return 0;
	line.len--;
	if (str_ends(line, STR("+"))) {
		literal->sync = false;
		line.len--;
	}
	for (brace = line.len; char_is_digit(str_at(line, brace - 1)); brace--)
		if (brace == 1)
			return 0;
	if (brace == line.len || str_at(line, brace - 1) != '{')
		return 0;
	literal->eight = str_at(line, brace - 2) == '~';
	return str_number(str_part(line, brace, line.len), WORDS_NUMBER_MAX,
	    &literal->size) ? 1 : -1;
}
