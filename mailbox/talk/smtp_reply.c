/*
 * Reads replies of servers. Whoever answers is a stranger: lines and their
 * number are bounded, and what is kept of the text can go into a log, a
 * notice, or an ASCII header as it is.
 */
#include "talk/smtp_reply.h"

#define NUMBER_MAX 999		/* of an enhanced code, RFC 3463 section 2 */

void
smtp_reply_init(struct smtp_reply *r)
{
	*r = (struct smtp_reply){ .code = 0 };
	buf_init(&r->text, SMTP_REPLY_TEXT_MAX);
}

void
smtp_reply_drop(struct smtp_reply *r)
{
	buf_drop(&r->text);
}

/* Cut a number of one to three digits off the front of *s. */
static bool
take_number(struct str *s, unsigned *number)
{
	uint64_t value;
	size_t len;

	for (len = 0; char_is_digit(str_at(*s, len)); len++)
		continue;
	if (!str_number(str_part(*s, 0, len), NUMBER_MAX, &value))
		return false;
	str_take(s, len);
	*number = (unsigned)value;
	return true;
}

/*
 * Cut an enhanced code off the front of *text, when it is one and says the
 * same as the reply's code (RFC 2034 section 4).
 */
static bool
take_status(struct str *text, unsigned code, unsigned status[3])
{
	struct str rest = *text;

	if (!take_number(&rest, &status[0]) || !str_skip(&rest, '.') ||
	    !take_number(&rest, &status[1]) || !str_skip(&rest, '.') ||
	    !take_number(&rest, &status[2]))
		return false;
	if ((rest.len > 0 && !str_skip(&rest, ' ')) ||
	    status[0] != code / 100 || status[0] == 3)
		return false;
	*text = rest;
	return true;
}

static void
add_text(struct smtp_reply *r, struct str text)
{
	size_t i;
	int c;

	/* a line that does not fit is left out whole */
	if (r->text.len + 1 + text.len > r->text.max)
		return;
	if (r->text.len > 0)
		buf_add_char(&r->text, '\n');
	for (i = 0; i < text.len; i++) {
		c = str_at(text, i);
		if (c == '\t')
			c = ' ';
		buf_add_char(&r->text, c >= ' ' && c < 127 ? (char)c : '?');
	}
}

/* Begin, or go on with, the reply. */
static enum smtp_reply_result
take_line(struct smtp_reply *r, struct str line, const char **why)
{
	unsigned status[3];
	uint64_t code;
	int mark;

	if (!str_number(str_take(&line, 3), 599, &code) || code < 200) {
		*why = "The server said what is no reply";
		return SMTP_REPLY_BAD;
	}
	mark = str_at(str_take(&line, 1), 0);
	if (mark != ' ' && mark != '-' && mark != -1) {
		*why = "The server said what is no reply";
		return SMTP_REPLY_BAD;
	}
	if (r->lines > 0 && code != r->code) {
		*why = "The server gave two codes in one reply";
		return SMTP_REPLY_BAD;
	}
	if (++r->lines > SMTP_REPLY_LINES_MAX) {
		*why = "The server's reply has too many lines";
		return SMTP_REPLY_BAD;
	}
	r->code = (unsigned)code;
	if (take_status(&line, r->code, status) && r->status[0] == 0) {
		r->status[0] = status[0];
		r->status[1] = status[1];
		r->status[2] = status[2];
	}
	add_text(r, str_trim(line));
	return mark == '-' ? SMTP_REPLY_MORE : SMTP_REPLY_DONE;
}

enum smtp_reply_result
smtp_reply_take(struct smtp_reply *r, struct str *in, const char **why)
{
	enum smtp_reply_result result;
	struct str line;
	size_t end;

	if (r->done) {
		buf_clear(&r->text);
		r->code = r->lines = 0;
		r->status[0] = r->status[1] = r->status[2] = 0;
		r->done = false;
	}
	do {
		end = str_find(str_part(*in, 0, SMTP_REPLY_LINE_MAX), 0,
		    '\n');
		if (end == STR_NONE && in->len < SMTP_REPLY_LINE_MAX)
			return SMTP_REPLY_MORE;
		if (end == STR_NONE) {
			*why = "The server's reply has too long a line";
			return SMTP_REPLY_BAD;
		}
		line = str_take(in, end);
		str_take(in, 1);
		if (str_ends(line, STR("\r")))
			line.len--;
		result = take_line(r, line, why);
	} while (result == SMTP_REPLY_MORE);
	r->done = result == SMTP_REPLY_DONE;
	return result;
}
