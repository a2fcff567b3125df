/*
 * Reads the dialect of talk_script.h. Strict: a word it does not know, or
 * too much behind one, is an error, lest a test be passed over in silence.
 */
#include "talk_script.h"

#include <stdlib.h>

#define TEXT_MAX (64 << 20)	/* bytes a C line may come to */

static const struct {
	const char *name;
	enum talk_word word;
	enum { NOTHING, NUMBERS, TEXT, TIME } takes;
} words[] = {
	{ "closed", TALK_CLOSED, NOTHING },
	{ "starttls", TALK_STARTTLS, NOTHING },
	{ "own-senders", TALK_OWN_SENDERS, NOTHING },
	{ "subdomains", TALK_SUBDOMAINS, NOTHING },
	{ "mail", TALK_MAIL, NUMBERS },
	{ "kept", TALK_KEPT, NUMBERS },
	{ "deleted", TALK_DELETED, NUMBERS },
	{ "stored", TALK_STORED, NUMBERS },
	{ "size", TALK_SIZE, NUMBERS },
	{ "store", TALK_STORE, TEXT },
	{ "login", TALK_LOGIN, TEXT },
	{ "refuse", TALK_REFUSE, TEXT },
	{ "mute", TALK_MUTE, TEXT },
	{ "pop3", TALK_POP3, TEXT },
	{ "smtp", TALK_SMTP, TEXT },
	{ "submission", TALK_SUBMISSION, TEXT },
	{ "wait", TALK_WAIT, TIME },
};

static int
hex_value(int c)
{
	c = char_lower(c);
	if (char_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Take one escape, its backslash gone already; the byte, or -1. */
static int
take_escape(struct str *s)
{
	int c = str_at(*s, 0), high, low;

	str_take(s, 1);
	switch (c) {
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case '0':
		return '\0';
	case '\\':
	case '"':
		return c;
	case 'x':
		high = hex_value(str_at(*s, 0));
		low = hex_value(str_at(*s, 1));
		str_take(s, 2);
		return high < 0 || low < 0 ? -1 : high << 4 | low;
	default:
		return -1;
	}
}

/* "raw" [* N] */
static const char *
read_raw(struct buf *out, struct str s)
{
	uint64_t times = 1;
	size_t once;
	int c;

	if (!str_skip(&s, '"'))
		return "C~ wants a quoted text";
	while (!str_skip(&s, '"')) {
		c = str_at(s, 0);
		str_take(&s, 1);
		if (c == '\\')
			c = take_escape(&s);
		if (c < 0)
			return "no such escape, or no closing quote";
		buf_add_char(out, (char)c);
	}
	s = str_trim(s);
	if (s.len > 0 && (!str_skip(&s, '*') ||
	    !str_number(str_trim(s), TEXT_MAX, &times) || times == 0))
		return "* and a number, or nothing, may follow the quote";
	once = out->len;
	must(once * times <= TEXT_MAX && buf_space(out, once * times) != NULL);
	while (--times > 0)
		buf_add(out, str_from(out->at, once));
	return NULL;
}

static const char *
read_numbers(struct talk_line *line, struct str s)
{
	struct str word;

	while (s.len > 0) {
		if (!str_split(&s, ' ', &word))
			word = str_take(&s, s.len);
		s = str_trim(s);
		if (line->count == TALK_NUMBERS_MAX ||
		    !str_number(word, UINT32_MAX,
		    &line->numbers[line->count++]))
			return "numbers are wanted";
	}
	return NULL;
}

/* Seconds into numbers[0]. */
static const char *
read_time(struct talk_line *line, struct str s)
{
	uint64_t unit = 1;

	if (str_ends(s, STR("m")))
		unit = 60;
	if (str_ends(s, STR("m")) || str_ends(s, STR("s")))
		s.len--;
	if (!str_number(s, 1000000, &line->numbers[0]))
		return "a time like 30s or 11m is wanted";
	line->numbers[0] *= unit;
	return NULL;
}

/* A line that stands for a word of the table. */
static const char *
read_word(struct talk_line *line, struct str s)
{
	size_t i = str_find_str(s, STR(" #"));
	struct str name;

	s = str_trim(str_part(s, 0, i));
	if (!str_split(&s, ' ', &name))
		name = str_take(&s, s.len);
	s = str_trim(s);
	for (i = 0; i < countof(words); i++)
		if (str_equal(name, str_of(words[i].name)))
			break;
	if (i == countof(words))
		return "no such word";
	line->word = words[i].word;
	line->tls = str_equal(s, STR("tls"));
	buf_add(&line->text, s);
	if ((line->word == TALK_POP3 || line->word == TALK_SMTP ||
	    line->word == TALK_SUBMISSION) && s.len > 0 && !line->tls)
		return "tls, or nothing, may follow";
	switch (words[i].takes) {
	case NOTHING:
		return s.len > 0 ? "nothing may follow" : NULL;
	case NUMBERS:
		return read_numbers(line, s);
	case TIME:
		return read_time(line, s);
	case TEXT:
		break;
	}
	return NULL;
}

/* C: C~ S: S= S~ M: M= M~ */
static bool
is_talk(struct str s)
{
	return s.len >= 2 && (str_at(s, 2) == ' ' || s.len == 2) &&
	    str_find(STR("CSM"), 0, s.at[0]) != STR_NONE &&
	    str_find(STR(":=~"), 0, s.at[1]) != STR_NONE;
}

static const char *
read_line(struct talk_line *line, struct str s)
{
	int who = str_at(s, 0);

	buf_init(&line->text, TEXT_MAX);
	if (!is_talk(s))
		return read_word(line, s);
	line->how = (char)str_at(s, 1);
	str_take(&s, 3);
	line->word = who == 'C' ? TALK_CLIENT :
	    who == 'S' ? TALK_SERVER : TALK_MESSAGE;
	if (who == 'C' && line->how == '=')
		return "C: or C~";
	if (who == 'C' && line->how == '~')
		return read_raw(&line->text, s);
	buf_add(&line->text, s);
	if (who == 'C')
		buf_add(&line->text, STR("\r\n"));
	return NULL;
}

bool
talk_read(struct talk_script *script, struct str text, unsigned *at,
	const char **why)
{
	struct talk_line *line;
	struct str s;

	*why = NULL;
	*script = (struct talk_script){
	    .lines = xalloc(TALK_LINES_MAX, sizeof *script->lines) };
	for (*at = 1; *why == NULL && text.len > 0; ++*at) {
		if (!str_split(&text, '\n', &s))
			s = str_take(&text, text.len);
		if (str_trim(s).len == 0 || str_at(s, 0) == '#')
			continue;
		if (script->count == TALK_LINES_MAX) {
			*why = "a script is not that long";
			break;
		}
		line = &script->lines[script->count++];
		line->at = *at;
		*why = read_line(line, s);
	}
	--*at;
	return *why == NULL;
}

void
talk_drop(struct talk_script *script)
{
	size_t i;

	for (i = 0; i < script->count; i++)
		buf_drop(&script->lines[i].text);
	free(script->lines);
	*script = (struct talk_script){ 0 };
}

void
talk_canned(struct buf *out, uint64_t number, uint64_t size)
{
	static const char line[] = "0123456789 abcdefghijklmnopqrstuvwxyz "
	    "the text is as long as it was asked for\r\n";
	const size_t len = sizeof line - 1;
	unsigned long long n = number;
	size_t left;

	buf_add_format(out,
	    "From: Sender <sender@sender.example>\r\n"
	    "To: <shop-%llu@example.test>\r\n"
	    "Subject: message %llu\r\n"
	    "Message-ID: <%llu@sender.example>\r\n"
	    "\r\n"
	    "This is message %llu.\r\n"
	    ".A line with a dot.\r\n"
	    "\r\n"
	    "Its last line.\r\n", n, n, n, n);
	while (out->len < size) {
		left = (size_t)size - out->len;
		must(left > 1);
		/* what is left then must have room for CRLF again */
		if (left > len)
			left = left == len + 1 ? len - 1 : len;
		buf_add(out, str_part(str_of(line), len - left, left));
	}
}
