/* Words that mean something: sets, flags, names of mailboxes, dates. */
#include "talk/imap_words.h"

#include <stdlib.h>

#include "mail/date.h"
#include "mail/utf7.h"
#include "talk/imap_flag.h"

#define DAY_SECONDS 86400

/* ---- sets ---- */

static uint32_t
range_least(const struct imap_range *range)
{
	return range->first < range->last ? range->first : range->last;
}

static int
range_compare(const void *a, const void *b)
{
	uint32_t one = range_least(a), two = range_least(b);

	return one < two ? -1 : one > two;
}

static bool
take_place(struct imap_words *w, uint32_t *place)
{
	uint64_t number;

	if (words_skip(w, '*')) {
		*place = IMAP_STAR;
		return true;
	}
	if (!char_is_digit(words_next(w)))
		return words_fail(w, "A sequence set was expected.");
	if (!words_number(w, 1, UINT32_MAX, &number))
		return false;
	*place = (uint32_t)number;
	return true;
}

/* How many ranges a set has at most. */
static size_t
count_ranges(struct str s)
{
	size_t count = 1, i;
	int c;

	for (i = 0; (c = str_at(s, i)) == ',' || c == ':' || c == '*' ||
	    char_is_digit(c); i++)
		count += c == ',';
	return count;
}

bool
words_set(struct imap_words *w, struct imap_set *set)
{
	struct imap_range *range;
	bool sorted = true;

	*set = (struct imap_set){ 0 };
	if (words_skip(w, '$')) {
		set->saved = true;
		return true;
	}
	set->ranges = words_take(w, count_ranges(w->rest),
	    sizeof *set->ranges);
	if (set->ranges == NULL)
		return false;
	do {
		range = &set->ranges[set->count];
		if (!take_place(w, &range->first))
			return false;
		range->last = range->first;
		if (words_skip(w, ':') && !take_place(w, &range->last))
			return false;
		if (set->count > 0 && range_compare(range - 1, range) > 0)
			sorted = false;
		set->count++;
	} while (words_skip(w, ','));
	/* so that whoever puts it together need not begin anew each time */
	if (!sorted)
		qsort(set->ranges, set->count, sizeof *set->ranges,
		    range_compare);
	return true;
}

/* ---- flags ---- */

bool
words_keyword(struct imap_words *w, struct str *keyword)
{
	return words_atom(w, keyword) && (keyword->len <= IMAP_KEYWORD_MAX ||
	    words_fail_code(w, IMAP_NO, "LIMIT",
	    "A keyword has no more than 250 octets."));
}

/* What is behind a backslash. */
static bool
take_system_flag(struct imap_words *w, struct imap_flags *flags)
{
	struct str name;
	size_t i;

	if (!words_atom(w, &name))
		return false;
	/* RFC 3501 section 2.3.2: nobody can change it */
	if (str_same(name, STR("Recent")))
		return true;
	for (i = 0; i < IMAP_FLAG_NAMES; i++) {
		if (!str_same(name, str_part(imap_flag_names[i].name, 1,
		    SIZE_MAX)))
			continue;
		flags->system |= imap_flag_names[i].flag;
		return true;
	}
	return words_fail(w, "There is no such system flag.");
}

static bool
take_flag(struct imap_words *w, struct imap_flags *flags)
{
	struct str keyword;

	if (words_skip(w, '\\'))
		return take_system_flag(w, flags);
	if (!words_expect(w, "A flag was expected.") ||
	    !words_keyword(w, &keyword))
		return false;
	flags->keywords = words_grow(w, flags->keywords,
	    flags->keyword_count, sizeof *flags->keywords);
	if (flags->keywords == NULL)
		return false;
	flags->keywords[flags->keyword_count++] = keyword;
	return true;
}

bool
words_flags(struct imap_words *w, struct imap_flags *flags)
{
	struct words_list list = { 0 };

	*flags = (struct imap_flags){ 0 };
	while (words_list(w, &list))
		if (!take_flag(w, flags))
			return false;
	return w->why == NULL;
}

bool
words_flags_bare(struct imap_words *w, struct imap_flags *flags)
{
	if (words_next(w) == '(')
		return words_flags(w, flags);
	*flags = (struct imap_flags){ 0 };
	do {
		if (!take_flag(w, flags))
			return false;
	} while (words_next(w) == ' ' && w->rest.len > 1 && words_space(w));
	return true;
}

/* ---- names of mailboxes ---- */

/*
 * Decode a name. Where UTF-8 was enabled that is what it is in; otherwise it
 * is modified UTF-7, or UTF-8 when it is not ASCII: RFC 3501 section 5.1 lets
 * us take the one thing that can be meant.
 *
 * Returns:  false, nothing said, when it is none of it, or (why is set) the
 *           arena is full.
 */
static bool
decode_name(struct imap_words *w, struct str text, struct str *name)
{
	struct buf plain;
	bool done;

	*name = text;
	if (!str_is_ascii(text))
		return str_is_utf8(text);
	if ((w->enabled & (IMAP_ENABLED_UTF8 | IMAP_ENABLED_REV2)) != 0 ||
	    str_find(text, 0, '&') == STR_NONE)
		return true;
	/* four letters become three octets of UTF-16, those at most five */
	buf_init(&plain, text.len * 2);
	done = utf7_decode(&plain, text) &&
	    words_keep(w, buf_str(&plain), name);
	buf_drop(&plain);
	return done;
}

/* RFC 9051 section 5.1: INBOX in any letter case, also above others. */
static bool
fold_inbox(struct imap_words *w, struct str *name)
{
	struct str rest = *name;
	struct buf folded;
	bool kept;

	if (!str_skip_word(&rest, STR("INBOX")) ||
	    (rest.len > 0 && str_at(rest, 0) != '/') ||
	    str_starts(*name, STR("INBOX")))
		return true;
	buf_init(&folded, name->len);
	buf_add(&folded, STR("INBOX"));
	buf_add(&folded, rest);
	kept = words_keep(w, buf_str(&folded), name);
	buf_drop(&folded);
	return kept;
}

bool
words_mailbox(struct imap_words *w, struct str *name)
{
	struct str text;

	if (!words_expect(w, "The name of a mailbox was expected.") ||
	    !words_astring(w, &text))
		return false;
	if (!decode_name(w, text, name))
		return words_fail_code(w, IMAP_NO, "CANNOT",
		    "That name is neither modified UTF-7 nor UTF-8.");
	return fold_inbox(w, name);
}

bool
words_mailbox_pattern(struct imap_words *w, bool wild, struct str *pattern)
{
	struct str text;

	if (!words_expect(w, wild ? "A pattern was expected." :
	    "The name of a mailbox was expected.") ||
	    !(wild ? words_pattern : words_astring)(w, &text))
		return false;
	if (!decode_name(w, text, pattern))
		*pattern = text;
	return w->why == NULL;
}

/* ---- dates ---- */

/*
 * Whether s begins with what a shape shows: 0 a digit, _ a digit or a space, A
 * a letter, + a sign; anything else itself.
 */
static bool
has_shape(struct str s, const char *shape)
{
	size_t i;
	int c;

	for (i = 0; shape[i] != '\0'; i++) {
		c = str_at(s, i);
		if (shape[i] == '0' ? !char_is_digit(c) :
		    shape[i] == '_' ? !char_is_digit(c) && c != ' ' :
		    shape[i] == 'A' ? !char_is_alpha(c) :
		    shape[i] == '+' ? c != '+' && c != '-' : c != shape[i])
			return false;
	}
	return true;
}

/* Read a date with "-" in it as one of RFC 5322, which has spaces. */
static bool
read_date(struct str date, struct str time, int64_t *unix_s)
{
	struct buf text;
	struct str part;
	bool good;

	buf_init(&text, 64);
	while (str_split(&date, '-', &part)) {
		buf_add(&text, part);
		buf_add_char(&text, ' ');
	}
	buf_add(&text, date);
	buf_add_char(&text, ' ');
	buf_add(&text, time);
	good = date_read(buf_str(&text), unix_s);
	buf_drop(&text);
	return good;
}

bool
words_day(struct imap_words *w, int32_t *day)
{
	bool quoted = words_skip(w, '"');
	int64_t unix_s;
	struct str date;

	date = str_take(&w->rest, has_shape(w->rest, "00-AAA-0000") ? 11 :
	    has_shape(w->rest, "0-AAA-0000") ? 10 : 0);
	if (date.len == 0 || (quoted && !words_skip(w, '"')) ||
	    char_is_digit(words_next(w)) ||
	    !read_date(date, STR("00:00:00 +0000"), &unix_s))
		return words_fail(w,
		    "A day such as 1-Feb-2026 was expected.");
	/* no day of the years 0 to 9999 is cut off by this */
	*day = (int32_t)((unix_s - (unix_s < 0 ? DAY_SECONDS - 1 : 0)) /
	    DAY_SECONDS);
	return true;
}

bool
words_date(struct imap_words *w, int64_t *unix_s)
{
	struct str date, time;

	if (!has_shape(w->rest, "\"_0-AAA-0000 00:00:00 +0000\""))
		return words_fail(w, "A date such as \"17-Jul-2026 02:44:25 "
		    "+0200\" was expected.");
	str_take(&w->rest, 1);
	date = str_trim(str_take(&w->rest, 11));
	str_take(&w->rest, 1);
	time = str_take(&w->rest, 14);
	str_take(&w->rest, 1);
	return read_date(date, time, unix_s) ||
	    words_fail(w, "There is no such date.");
}
