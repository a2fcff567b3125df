/*
 * STORE (RFC 9051 section 6.4.6) with UNCHANGEDSINCE (RFC 7162 section 3.1.3),
 * COPY, MOVE (RFC 6851), EXPUNGE and UID EXPUNGE (RFC 4315).
 */
#include "talk/imap_parse.h"

/* "(UNCHANGEDSINCE 12)" and the space behind it. */
static bool
take_modifiers(struct imap_words *w, struct imap_store *store)
{
	static const char *const names[] = { "UNCHANGEDSINCE" };
	struct words_list list = { 0 };
	size_t which;

	while (words_list(w, &list)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such modifier of STORE.", &which) ||
		    !words_space(w) || !words_number(w, 0, WORDS_NUMBER_MAX,
		    &store->unchanged_since))
			return false;
		store->conditional = true;
		w->implied |= IMAP_ENABLED_CONDSTORE;
	}
	return w->why == NULL && words_space(w);
}

bool
imap_parse_store(struct imap_words *w, struct imap_command *c)
{
	static const char *const names[] = { "FLAGS", "FLAGS.SILENT" };
	struct imap_store *store = &c->u.store;
	size_t which;

	if (!words_space(w) || !words_set(w, &c->set) || !words_space(w))
		return false;
	if (words_next(w) == '(' && !take_modifiers(w, store))
		return false;
	store->how = words_skip(w, '+') ? IMAP_FLAGS_ADD :
	    words_skip(w, '-') ? IMAP_FLAGS_REMOVE : IMAP_FLAGS_SET;
	if (!words_choose(w, names, countof(names),
	    "FLAGS or FLAGS.SILENT was expected.", &which))
		return false;
	store->silent = which == 1;
	return words_space(w) && words_flags_bare(w, &store->flags) &&
	    words_end(w);
}

bool
imap_parse_copy(struct imap_words *w, struct imap_command *c)
{
	return words_space(w) && words_set(w, &c->set) && words_space(w) &&
	    words_mailbox(w, &c->mailbox) && words_end(w);
}

bool
imap_parse_expunge(struct imap_words *w, struct imap_command *c)
{
	if (c->uid && (!words_space(w) || !words_set(w, &c->set)))
		return false;
	return words_end(w);
}
