/*
 * What announces the messages of APPEND (RFC 9051 section 6.3.12), several of
 * them (RFC 3502), in UTF8 (RFC 6855 section 4), and of REPLACE (RFC 8508).
 */
#include "talk/imap_parse.h"

/* Whether nothing but the literal is left that ends the line. */
static bool
at_literal(const struct imap_words *w, struct str spec)
{
	return w->rest.len == spec.len;
}

/* Copy what stays while the messages come and the line moves. */
static bool
keep_flags(struct imap_words *w, struct imap_flags *flags)
{
	size_t i;

	for (i = 0; i < flags->keyword_count; i++)
		if (!words_keep(w, flags->keywords[i], &flags->keywords[i]))
			return false;
	return true;
}

/* The message that is replaced, and the mailbox; *name: it is to come. */
static bool
take_place(struct imap_words *w, struct imap_command *c, struct str spec,
	bool *name)
{
	if (!words_space(w))
		return false;
	if (c->verb == IMAP_REPLACE) {
		if (!words_set(w, &c->set) || !words_space(w))
			return false;
		if (c->set.saved || c->set.count != 1 ||
		    c->set.ranges[0].first != c->set.ranges[0].last)
			return words_fail(w,
			    "The number of one message was expected.");
	}
	*name = at_literal(w, spec);
	if (*name)
		return true;
	return words_mailbox(w, &c->mailbox) &&
	    words_keep(w, c->mailbox, &c->mailbox);
}

bool
imap_parse_announced(struct imap_words *w, struct imap_command *c, bool first,
	struct imap_append *append, struct imap_announced *announced)
{
	announced->name = false;
	if (first) {
		if (!take_place(w, c, announced->spec, &announced->name))
			return false;
		if (announced->name)
			return true;
	}
	if (!words_space(w))
		return false;
	if (words_next(w) == '(' && (!words_flags(w, &append->flags) ||
	    !keep_flags(w, &append->flags) || !words_space(w)))
		return false;
	if (words_next(w) == '"') {
		if (!words_date(w, &append->date) || !words_space(w))
			return false;
		append->has_date = true;
	}
	if (words_skip_label(w, STR("UTF8"))) {
		append->utf8 = true;
		if (!words_space(w) || !words_skip(w, '('))
			return words_fail(w, "A parenthesis was expected.");
		if (!append->literal8)
			return words_fail(w, "~{ was expected.");
	}
	return at_literal(w, announced->spec) ||
	    words_fail(w, "A message as a literal was expected.");
}

bool
imap_parse_appended(struct imap_words *w, bool utf8)
{
	if (utf8 && !words_skip(w, ')'))
		return words_fail(w, "A closing parenthesis was expected.");
	return true;
}
