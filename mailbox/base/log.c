/*
 * The one log: each line is put together on the stack, so that it can be
 * written when memory is short, and leaves in one write(2), so that lines of
 * several roles never mix. It knows no time: whoever reads the standard error
 * (journal, terminal) adds that.
 */
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 2000		/* bytes, the newline included */
#define LINE_TAIL 5		/* ..." and newline, kept back for a clip */
#define FIELDS_MAX 16

struct line {
	char at[LINE_SIZE];
	size_t len;
	bool quoted;		/* inside of quotes */
	bool clipped;		/* nothing more is added */
};

static struct {
	const char *role;
	enum log_level least;
} sink = { "pillarbox", LOG_INFO };

void
log_open(const char *role, enum log_level least)
{
	sink.role = role;
	sink.least = least;
}

/* Add s whole, or clip the line before it. */
static void
line_add(struct line *line, struct str s)
{
	if (line->clipped || s.len > LINE_SIZE - LINE_TAIL - line->len) {
		line->clipped = true;
		return;
	}
	if (s.len > 0)
		memcpy(line->at + line->len, s.at, s.len);
	line->len += s.len;
}

/* Whether a value of such bytes needs no quotes. */
static bool
is_plain(struct str s)
{
	size_t i;
	int c;

	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		if (!char_is_alnum(c) && memchr("-._:@/+", c, 7) == NULL)
			return false;
	}
	return s.len > 0;
}

/*
 * Whether the well-formed sequence s would steer a terminal or a log reader:
 * control characters of both sets, line and paragraph separators, and the
 * marks that turn the direction of writing.
 */
static bool
is_control(struct str s)
{
	int c, d, e;

	c = str_at(s, 0);
	d = str_at(s, 1);
	e = str_at(s, 2);
	return c < 0x20 || c == 0x7F || (c == 0xC2 && d < 0xA0) ||
	    (c == 0xE2 && d == 0x80 && e >= 0xA8 && e <= 0xAE) ||
	    (c == 0xE2 && d == 0x81 && e >= 0xA6 && e <= 0xA9);
}

/* Add each byte of one sequence as \\xNN, all of them or none. */
static void
line_add_hex(struct line *line, struct str s)
{
	static const char digits[] = "0123456789abcdef";
	char hex[4 * 4];
	size_t i, len;

	len = 0;
	for (i = 0; i < s.len; i++) {
		hex[len++] = '\\';
		hex[len++] = 'x';
		hex[len++] = digits[str_at(s, i) >> 4];
		hex[len++] = digits[str_at(s, i) & 15];
	}
	line_add(line, str_from(hex, len));
}

static void
line_add_text(struct line *line, struct str s)
{
	struct str sign;
	size_t i, len;
	bool plain;

	plain = is_plain(s);
	if (!plain) {
		line_add(line, STR("\""));
		line->quoted = !line->clipped;
	}
	for (i = 0; i < s.len && !line->clipped; i += sign.len) {
		len = str_utf8(s, i);
		sign = str_part(s, i, len > 0 ? len : 1);
		if (len == 0 || is_control(sign) || sign.at[0] == '"' ||
		    sign.at[0] == '\\')
			line_add_hex(line, sign);
		else
			line_add(line, sign);
	}
	if (plain)
		return;
	line_add(line, STR("\""));
	line->quoted = line->quoted && line->clipped;
}

static void
line_add_number(struct line *line, int64_t number)
{
	char digits[20];
	uint64_t left;
	size_t i;

	left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	i = sizeof digits;
	do {
		digits[--i] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		digits[--i] = '-';
	line_add(line, str_from(digits + i, sizeof digits - i));
}

static void
line_add_key(struct line *line, const char *key)
{
	if (line->len > 0)
		line_add(line, STR(" "));
	line_add(line, str_of(key));
	line_add(line, STR("="));
}

/* End the line and send it off; a log that cannot be written is not fatal. */
static void
line_write(struct line *line)
{
	ssize_t done;

	if (line->clipped) {
		memcpy(line->at + line->len, "...", 3);
		line->len += 3;
		if (line->quoted)
			line->at[line->len++] = '"';
	}
	line->at[line->len++] = '\n';
	do
		done = write(STDERR_FILENO, line->at, line->len);
	while (done < 0 && errno == EINTR);
}

void
log_fields(enum log_level level, const char *event,
	const struct log_field *fields, size_t count)
{
	static const char *const names[] = { "debug", "info", "error" };
	struct line line;
	int saved;
	size_t i;

	if (level < sink.least)
		return;
	must(level < LOG_NONE && count <= FIELDS_MAX);
	saved = errno;
	line.len = 0;
	line.quoted = line.clipped = false;
	line_add_key(&line, "level");
	line_add_text(&line, str_of(names[level]));
	line_add_key(&line, "role");
	line_add_text(&line, str_of(sink.role));
	line_add_key(&line, "event");
	line_add_text(&line, str_of(event));
	for (i = 0; i < count; i++) {
		line_add_key(&line, fields[i].key);
		if (fields[i].type == LOG_TEXT)
			line_add_text(&line, fields[i].text);
		else
			line_add_number(&line, fields[i].number);
	}
	line_write(&line);
	errno = saved;
}

void
must_fail(const char *file, int line, const char *cond)
{
	sink.least = LOG_DEBUG;
	log_event(LOG_ERROR, "impossible", LOG_C("file", file),
	    LOG_N("line", line), LOG_C("cond", cond));
	abort();
}
