/*
 * Commands about one mailbox: SELECT with CONDSTORE and QRESYNC (RFC 7162
 * sections 3.1.8 and 3.2.5), CREATE with USE (RFC 6154), and those that are
 * but a name.
 */
#include "talk/imap_parse.h"

bool
imap_parse_mailbox(struct imap_words *w, struct imap_command *c)
{
	return words_space(w) && words_mailbox(w, &c->mailbox) &&
	    words_end(w);
}

bool
imap_parse_rename(struct imap_words *w, struct imap_command *c)
{
	return words_space(w) && words_mailbox(w, &c->mailbox) &&
	    words_space(w) && words_mailbox(w, &c->other) && words_end(w);
}

/* "(\Sent)" */
static bool
take_uses(struct imap_words *w, struct imap_command *c)
{
	struct words_list list = { 0 };
	struct str use;
	size_t count = 0;

	while (words_list(w, &list)) {
		use = w->rest;
		if (!words_skip(w, '\\'))
			return words_fail(w, "A use such as \\Sent was "
			    "expected.");
		if (!words_atom(w, &c->other))
			return false;
		c->other = str_part(use, 0, c->other.len + 1);
		count++;
	}
	if (w->why != NULL)
		return false;
	return count <= 1 || words_fail_code(w, IMAP_NO, "USEATTR",
	    "A mailbox has one special use only.");
}

bool
imap_parse_create(struct imap_words *w, struct imap_command *c)
{
	static const char *const names[] = { "USE" };
	struct words_list list = { 0 };
	size_t which;

	if (!words_space(w) || !words_mailbox(w, &c->mailbox))
		return false;
	if (words_next(w) != ' ' || w->rest.len == 1)
		return words_end(w);
	if (!words_space(w))
		return false;
	while (words_list(w, &list)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such parameter of CREATE.", &which) ||
		    !words_space(w) || !take_uses(w, c))
			return false;
	}
	return w->why == NULL && words_end(w);
}

/* RFC 7162 section 7: neither "$" nor "*" in the sets of QRESYNC. */
static bool
take_known(struct imap_words *w, struct imap_set *set)
{
	size_t i;

	if (!words_set(w, set))
		return false;
	for (i = 0; i < set->count; i++)
		if (set->ranges[i].first == IMAP_STAR ||
		    set->ranges[i].last == IMAP_STAR)
			break;
	return (!set->saved && i == set->count) ||
	    words_fail(w, "Numbers were expected.");
}

/* "(1:3,5 10:12,20)" */
static bool
take_match(struct imap_words *w, struct imap_select *select)
{
	return words_skip(w, '(') && take_known(w, &select->match_seqs) &&
	    words_space(w) && take_known(w, &select->match_uids) &&
	    (words_skip(w, ')') ||
	    words_fail(w, "A closing parenthesis was expected."));
}

/* From the opening parenthesis behind QRESYNC on. */
static bool
take_qresync(struct imap_words *w, struct imap_select *select)
{
	uint64_t number;

	if ((w->enabled & IMAP_ENABLED_QRESYNC) == 0)
		return words_fail(w, "QRESYNC has to be enabled first.");
	if (!words_skip(w, '('))
		return words_fail(w, "UIDVALIDITY and a mod-sequence in "
		    "parentheses were expected.");
	select->qresync = true;
	if (!words_number(w, 1, UINT32_MAX, &number) || !words_space(w) ||
	    !words_number(w, 1, WORDS_NUMBER_MAX, &select->modseq))
		return false;
	select->uidvalidity = (uint32_t)number;
	if (words_next(w) == ' ') {
		if (!words_space(w))
			return false;
		if (words_next(w) != '(') {
			if (!take_known(w, &select->known))
				return false;
			select->has_known = true;
		}
	}
	if (words_next(w) == ' ' && !words_space(w))
		return false;
	if (words_next(w) == '(' && !take_match(w, select))
		return false;
	return words_skip(w, ')') ||
	    words_fail(w, "A closing parenthesis was expected.");
}

bool
imap_parse_select(struct imap_words *w, struct imap_command *c)
{
	static const char *const names[] = { "CONDSTORE", "QRESYNC" };
	struct imap_select *select = &c->u.select;
	struct words_list list = { 0 };
	size_t which;

	if (!words_space(w) || !words_mailbox(w, &c->mailbox))
		return false;
	if (words_next(w) != ' ' || w->rest.len == 1)
		return words_end(w);
	if (!words_space(w))
		return false;
	while (words_list(w, &list)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such parameter of SELECT.", &which))
			return false;
		w->implied |= IMAP_ENABLED_CONDSTORE;
		if (which == 0)
			select->condstore = true;
		else if (!words_space(w) || !take_qresync(w, select))
			return false;
	}
	return w->why == NULL && words_end(w);
}
