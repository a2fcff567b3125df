/*
 * SEARCH with RETURN (RFC 4731, RFC 5182), SORT and THREAD (RFC 5256); the keys
 * themselves are in imap_parse_key.c.
 */
#include "talk/imap_parse.h"

/* "RETURN (MIN COUNT)" from behind RETURN on. */
static bool
take_returns(struct imap_words *w, struct imap_search *search)
{
	static const char *const names[] = {
		"MIN", "MAX", "ALL", "COUNT", "SAVE"
	};
	struct words_list list = { 0 };
	size_t which;

	search->extended = true;
	if (!words_space(w))
		return false;
	while (words_list(w, &list)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such return option of SEARCH.", &which))
			return false;
		search->returns |= 1U << which;
	}
	/* RFC 4731 section 3.1: nothing means ALL */
	if (search->returns == 0)
		search->returns = IMAP_RETURN_ALL;
	return w->why == NULL && words_space(w);
}

bool
imap_parse_search(struct imap_words *w, struct imap_command *c)
{
	struct imap_search *search = &c->u.search;

	if (!words_space(w))
		return false;
	if (words_skip_label(w, STR("RETURN")) && !take_returns(w, search))
		return false;
	if (words_skip_label(w, STR("CHARSET"))) {
		if (!words_space(w) || !words_astring(w, &search->charset) ||
		    !words_space(w))
			return false;
		/* RFC 6855 section 3 */
		if ((w->enabled & IMAP_ENABLED_UTF8) != 0)
			return words_fail(w, "With UTF8=ACCEPT a search has "
			    "no CHARSET.");
	}
	return imap_parse_keys(w, &search->top);
}

/* The charset and the keys, which SORT and THREAD end with. */
static bool
take_rest(struct imap_words *w, struct imap_search *search)
{
	return words_space(w) && words_astring(w, &search->charset) &&
	    words_space(w) && imap_parse_keys(w, &search->top);
}

bool
imap_parse_sort(struct imap_words *w, struct imap_command *c)
{
	static const char *const names[] = {
		"ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO"
	};
	struct imap_search *search = &c->u.search;
	struct words_list list = { 0 };
	size_t which;
	bool reverse;

	if (!words_space(w))
		return false;
	while (words_list(w, &list)) {
		if (search->sort_count == IMAP_SORT_KEYS)
			return words_fail(w, "Those are too many sort keys.");
		reverse = words_skip_label(w, STR("REVERSE"));
		if (reverse && !words_space(w))
			return false;
		if (!words_choose(w, names, countof(names),
		    "There is no such sort key.", &which))
			return false;
		search->sort[search->sort_count].key = which;
		search->sort[search->sort_count++].reverse = reverse;
	}
	if (w->why == NULL && search->sort_count == 0)
		return words_fail(w, "A sort key was expected.");
	return w->why == NULL && take_rest(w, search);
}

bool
imap_parse_thread(struct imap_words *w, struct imap_command *c)
{
	static const char *const names[] = { "ORDEREDSUBJECT", "REFERENCES" };
	size_t which;

	if (!words_space(w) || !words_choose(w, names, countof(names),
	    "There is no such way of threading.", &which))
		return false;
	c->u.search.references = which == 1;
	return take_rest(w, &c->u.search);
}
