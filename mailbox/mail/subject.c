/*
 * The base subject. What step (3) and (4) of RFC 5256 section 2.1 do again and
 * again is done at once: all blobs in front are walked over; when "Re:" follows
 * they go with it, else all of them go but one that would leave nothing.
 */
#include "mail/subject.h"

#include "mail/word.h"

#define TEXT_MAX (SIZE_MAX / 2)	/* the value is no longer than its caller lets
				   it be */

/* Add s with each run of white space as one space, none at the ends. */
static void
add_single(struct buf *out, struct str s)
{
	struct str word;

	for (s = str_trim(s); s.len > 0; s = str_trim(s)) {
		word = str_take(&s, str_find(s, 0, ' '));
		buf_add(out, word);
		if (s.len > 0)
			buf_add_char(out, ' ');
	}
}

/* A blob and the white space behind it; false when s begins with none. */
static bool
skip_blob(struct str *s)
{
	size_t i;

	if (str_at(*s, 0) != '[')
		return false;
	for (i = 1; i < s->len; i++)
		if (str_at(*s, i) == '[' || str_at(*s, i) == ']')
			break;
	if (str_at(*s, i) != ']')
		return false;
	str_take(s, i + 1);
	str_skip(s, ' ');
	return true;
}

/* "Re:", "Fw:" or "Fwd:", with what may stand before the colon. */
static bool
skip_reply(struct str *s)
{
	struct str rest;

	rest = *s;
	if (str_skip_word(&rest, STR("fw")))
		(void)str_skip_word(&rest, STR("d"));
	else if (!str_skip_word(&rest, STR("re")))
		return false;
	str_skip(&rest, ' ');
	(void)skip_blob(&rest);
	if (!str_skip(&rest, ':'))
		return false;
	*s = rest;
	return true;
}

/* Step (2). Returns: whether there was a "(fwd)". */
static bool
cut_trailers(struct str *s)
{
	const struct str trailer = STR("(fwd)");
	struct str end;
	bool found;

	for (found = false;; found = true) {
		*s = str_trim(*s);
		if (s->len < trailer.len)
			return found;
		end = str_part(*s, s->len - trailer.len, trailer.len);
		if (!str_same(end, trailer))
			return found;
		s->len -= trailer.len;
	}
}

/* Steps (3) to (5). Returns: whether there was a "Re:". */
static bool
cut_leaders(struct str *s)
{
	struct str rest, last;
	bool found;

	for (found = false;; found = true) {
		*s = str_trim(*s);
		rest = last = *s;
		while (skip_blob(&rest))
			if (rest.len > 0)
				last = rest;
		if (!skip_reply(&rest)) {
			*s = last;
			return found;
		}
		*s = rest;
	}
}

bool
subject_base(struct buf *out, struct str value)
{
	struct buf text, single;
	struct str s;
	bool reply;

	buf_init(&text, TEXT_MAX);
	buf_init(&single, TEXT_MAX);
	word_text(&text, value);
	add_single(&single, buf_str(&text));
	s = buf_str(&single);
	for (reply = false;; reply = true) {
		reply = cut_trailers(&s) || reply;
		reply = cut_leaders(&s) || reply;
		/* step (6) */
		if (!str_ends(s, STR("]")) || !str_skip_word(&s, STR("[fwd:")))
			break;
		s.len--;
	}
	buf_add(out, s);
	buf_drop(&text);
	buf_drop(&single);
	return reply;
}
