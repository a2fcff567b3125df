#include "talk/imap_reply.h"

#include "mail/date.h"
#include "mail/utf7.h"
#include "talk/imap_flag.h"

#define QUOTED_MAX 1024		/* octets; longer ones are literals */

/* quoted = DQUOTE *QUOTED-CHAR DQUOTE; in ASCII alone unless utf8 */
static bool
can_quote(struct str s, bool utf8)
{
	return s.len <= QUOTED_MAX && str_find_break(s, 0) == s.len &&
	    (str_is_ascii(s) || (utf8 && str_is_utf8(s)));
}

static void
put_quoted(struct buf *out, struct str s)
{
	size_t i;
	int c;

	buf_add_char(out, '"');
	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

/* A NUL cannot be said in a literal: it becomes an octet that is no text. */
static void
put_literal(struct buf *out, struct str s)
{
	size_t i;

	buf_add_char(out, '{');
	buf_add_number(out, s.len);
	buf_add(out, STR("}\r\n"));
	while ((i = str_find(s, 0, '\0')) != STR_NONE) {
		buf_add(out, str_take(&s, i));
		buf_add_char(out, (char)0x80);
		str_take(&s, 1);
	}
	buf_add(out, s);
}

void
imap_put_string(struct buf *out, struct str s)
{
	if (can_quote(s, false))
		put_quoted(out, s);
	else
		put_literal(out, s);
}

/* RFC 9051 section 9: ATOM-CHAR, and "]". */
static bool
can_stand_bare(struct str s)
{
	size_t i;
	int c;

	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		if (c <= ' ' || c > '~' || str_find(STR("(){%*\"\\"), 0,
		    (char)c) != STR_NONE)
			return false;
	}
	return s.len > 0 && s.len <= QUOTED_MAX && !str_same(s, STR("NIL"));
}

void
imap_put_astring(struct buf *out, struct str s)
{
	if (can_stand_bare(s))
		buf_add(out, s);
	else
		imap_put_string(out, s);
}

void
imap_put_mailbox(struct buf *out, struct str name, bool utf8)
{
	struct buf text;

	if (str_is_ascii(name) && str_find(name, 0, '&') == STR_NONE) {
		imap_put_astring(out, name);
	} else if (utf8) {
		if (can_quote(name, true))
			put_quoted(out, name);
		else
			put_literal(out, name);
	} else {
		/* an octet becomes three letters, a shift adds two */
		buf_init(&text, name.len * 5);
		utf7_encode(&text, name);
		imap_put_astring(out, buf_str(&text));
		buf_drop(&text);
	}
}

static void
put_flag(struct buf *out, const char **between, struct str name)
{
	buf_add_text(out, *between);
	buf_add(out, name);
	*between = " ";
}

void
imap_put_flags(struct buf *out, uint64_t flags, const struct str *keywords,
	size_t count, bool recent)
{
	const char *between = "";
	size_t i;

	buf_add_char(out, '(');
	for (i = 0; i < IMAP_FLAG_NAMES; i++)
		if (flags & imap_flag_names[i].flag)
			put_flag(out, &between, imap_flag_names[i].name);
	if (recent)
		put_flag(out, &between, STR("\\Recent"));
	for (i = 0; i < count && i < 56; i++)
		if ((flags >> (8 + i) & 1) != 0)
			put_flag(out, &between, keywords[i]);
	buf_add_char(out, ')');
}

void
imap_put_date(struct buf *out, int64_t unix_s)
{
	buf_add_char(out, '"');
	date_add_imap(out, unix_s);
	buf_add_char(out, '"');
}
