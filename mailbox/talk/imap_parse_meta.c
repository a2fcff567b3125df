/*
 * QUOTA (RFC 9208), METADATA (RFC 5464) and COMPRESS (RFC 4978).
 */
#include "talk/imap_parse.h"

#include <limits.h>

bool
imap_parse_get_quota(struct imap_words *w, struct imap_command *c)
{
	return words_space(w) && words_astring(w, &c->other) && words_end(w);
}

bool
imap_parse_set_quota(struct imap_words *w, struct imap_command *c)
{
	struct words_list list = { 0 };
	struct str resource;
	uint64_t limit;

	if (!words_space(w) || !words_astring(w, &c->other) ||
	    !words_space(w))
		return false;
	while (words_list(w, &list))
		if (!words_atom(w, &resource) || !words_space(w) ||
		    !words_number(w, 0, WORDS_NUMBER_MAX, &limit))
			return false;
	return w->why == NULL && words_end(w);
}

bool
imap_parse_compress(struct imap_words *w, struct imap_command *c)
{
	static const char *const names[] = { "DEFLATE" };
	size_t which;

	(void)c;
	return words_space(w) && words_choose(w, names, countof(names),
	    "DEFLATE was expected.", &which) && words_end(w);
}

/*
 * RFC 5464 section 3.2: ASCII, "/" before each of its parts, of which the first
 * is one of two, no wildcards, no controls.
 */
static bool
is_entry(struct str name)
{
	struct str rest = name;
	size_t i;
	int c;

	if (!str_skip_word(&rest, STR("/private")) &&
	    !str_skip_word(&rest, STR("/shared")))
		return false;
	if (rest.len > 0 && str_at(rest, 0) != '/')
		return false;
	for (i = 0; i < name.len; i++) {
		c = str_at(name, i);
		if (c < ' ' || c > '~' || c == '*' || c == '%' ||
		    (c == '/' && (i + 1 == name.len ||
		    str_at(name, i + 1) == '/')))
			return false;
	}
	return true;
}

/* One more entry by its name; its value is none yet. */
static bool
add_entry(struct imap_words *w, struct imap_metadata *metadata)
{
	struct str name;

	if (!words_astring(w, &name))
		return false;
	if (!is_entry(name))
		return words_fail(w,
		    "An entry below /private or /shared was expected.");
	metadata->entries = words_grow(w, metadata->entries, metadata->count,
	    sizeof *metadata->entries);
	if (metadata->entries == NULL)
		return false;
	metadata->entries[metadata->count++].name = name;
	return true;
}

/* "(MAXSIZE 1024 DEPTH infinity)" */
static bool
take_options(struct imap_words *w, struct imap_metadata *metadata)
{
	static const char *const names[] = { "MAXSIZE", "DEPTH" };
	static const char *const depths[] = { "0", "1", "infinity" };
	struct words_list list = { 0 };
	size_t which;

	while (words_list(w, &list)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such option of GETMETADATA.", &which) ||
		    !words_space(w))
			return false;
		if (which == 0) {
			metadata->has_maxsize = true;
			if (!words_number(w, 0, WORDS_NUMBER_MAX,
			    &metadata->maxsize))
				return false;
		} else {
			if (!words_choose(w, depths, countof(depths),
			    "0, 1 or infinity was expected.", &which))
				return false;
			metadata->depth = which == 2 ? UINT_MAX :
			    (unsigned)which;
		}
	}
	return w->why == NULL;
}

/* Whether options come next, rather than entries. */
static bool
options_next(const struct imap_words *w)
{
	struct str rest = w->rest;

	if (!str_skip(&rest, '('))
		return false;
	while (str_skip(&rest, ' '))
		;
	return char_is_alpha(str_at(rest, 0)) || str_at(rest, 0) == ')';
}

/*
 * The options stand before the mailbox by the grammar of section 5, and behind
 * it in the examples of section 4.2: clients do either.
 */
bool
imap_parse_get_metadata(struct imap_words *w, struct imap_command *c)
{
	struct imap_metadata *metadata = &c->u.metadata;
	struct words_list list = { 0 };

	if (!words_space(w))
		return false;
	if (words_next(w) == '(' && (!take_options(w, metadata) ||
	    !words_space(w)))
		return false;
	if (!words_mailbox(w, &c->mailbox) || !words_space(w))
		return false;
	if (options_next(w) && (!take_options(w, metadata) ||
	    !words_space(w)))
		return false;
	if (words_next(w) != '(')
		return add_entry(w, metadata) && words_end(w);
	while (words_list(w, &list))
		if (!add_entry(w, metadata))
			return false;
	return w->why == NULL && (metadata->count > 0 ||
	    words_fail(w, "An entry was expected.")) && words_end(w);
}

bool
imap_parse_set_metadata(struct imap_words *w, struct imap_command *c)
{
	struct imap_metadata *metadata = &c->u.metadata;
	struct words_list list = { 0 };
	struct str value;

	if (!words_space(w) || !words_mailbox(w, &c->mailbox) ||
	    !words_space(w))
		return false;
	while (words_list(w, &list)) {
		if (!add_entry(w, metadata) || !words_space(w) ||
		    !words_value(w, &value))
			return false;
		metadata->entries[metadata->count - 1].value = value;
		metadata->entries[metadata->count - 1].nil = value.at == NULL;
	}
	return w->why == NULL && (metadata->count > 0 ||
	    words_fail(w, "An entry was expected.")) && words_end(w);
}
