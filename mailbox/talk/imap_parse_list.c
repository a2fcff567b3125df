/*
 * LIST in all its forms (RFC 9051 section 6.3.9; RFC 5258, 5819, 6154, 8440),
 * LSUB and STATUS (RFC 9051 section 6.3.11, RFC 7162, 7889, 8438, 8474, 9208).
 */
#include "talk/imap_parse.h"

#define PATTERN_MAX 2000	/* octets of one, and of a reference */
#define PATTERNS_MAX 100	/* of one LIST */

static const struct {
	const char *name;
	enum imap_status item;
} status_names[] = {
	{ "MESSAGES", IMAP_STATUS_MESSAGES },
	{ "RECENT", IMAP_STATUS_RECENT },
	{ "UIDNEXT", IMAP_STATUS_UIDNEXT },
	{ "UIDVALIDITY", IMAP_STATUS_UIDVALIDITY },
	{ "UNSEEN", IMAP_STATUS_UNSEEN },
	{ "HIGHESTMODSEQ", IMAP_STATUS_HIGHESTMODSEQ },
	{ "SIZE", IMAP_STATUS_SIZE },
	{ "DELETED", IMAP_STATUS_DELETED },
	{ "APPENDLIMIT", IMAP_STATUS_APPENDLIMIT },
	{ "MAILBOXID", IMAP_STATUS_MAILBOXID },
	{ "DELETED-STORAGE", IMAP_STATUS_DELETED_STORAGE },
};

/* "(MESSAGES UNSEEN)" */
static bool
take_status(struct imap_words *w, unsigned *items)
{
	struct words_list list = { 0 };
	struct str label;
	size_t i;

	*items = 0;
	while (words_list(w, &list)) {
		label = words_label(w);
		for (i = 0; i < countof(status_names); i++)
			if (str_same(label, str_of(status_names[i].name)))
				break;
		if (i == countof(status_names))
			return words_fail(w,
			    "There is no such item of STATUS.");
		*items |= status_names[i].item;
	}
	if ((*items & IMAP_STATUS_HIGHESTMODSEQ) != 0)
		w->implied |= IMAP_ENABLED_CONDSTORE;
	return w->why == NULL && (*items != 0 ||
	    words_fail(w, "An item of STATUS was expected."));
}

bool
imap_parse_status(struct imap_words *w, struct imap_command *c)
{
	return words_space(w) && words_mailbox(w, &c->mailbox) &&
	    words_space(w) && take_status(w, &c->status) && words_end(w);
}

static bool
add_pattern(struct imap_words *w, struct imap_list *list)
{
	struct str *pattern;

	list->patterns = words_grow(w, list->patterns, list->count,
	    sizeof *list->patterns);
	if (list->patterns == NULL)
		return false;
	pattern = &list->patterns[list->count++];
	if (!words_mailbox_pattern(w, true, pattern))
		return false;
	return (pattern->len <= PATTERN_MAX && list->count <= PATTERNS_MAX) ||
	    words_fail_code(w, IMAP_NO, "LIMIT",
	    "Those are too many or too long patterns.");
}

/* A pattern, or several in parentheses. */
static bool
take_patterns(struct imap_words *w, struct imap_list *list)
{
	struct words_list several = { 0 };

	if (words_next(w) != '(')
		return add_pattern(w, list);
	list->extended = true;
	while (words_list(w, &several))
		if (!add_pattern(w, list))
			return false;
	return w->why == NULL && (list->count > 0 ||
	    words_fail(w, "A pattern was expected."));
}

static bool
take_select_options(struct imap_words *w, struct imap_list *list)
{
	static const char *const names[] = {
		"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"
	};
	static const enum imap_list_option options[] = {
		IMAP_SELECT_SUBSCRIBED, IMAP_SELECT_REMOTE,
		IMAP_SELECT_RECURSIVE, IMAP_SELECT_SPECIAL_USE
	};
	struct words_list several = { 0 };
	size_t which;

	list->extended = true;
	while (words_list(w, &several)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such selection option of LIST.", &which))
			return false;
		list->options |= options[which];
	}
	if (w->why != NULL)
		return false;
	/* RFC 5258 section 3 */
	if ((list->options & IMAP_SELECT_RECURSIVE) != 0 && (list->options &
	    (IMAP_SELECT_SUBSCRIBED | IMAP_SELECT_SPECIAL_USE)) == 0)
		return words_fail(w, "RECURSIVEMATCH goes with SUBSCRIBED or "
		    "SPECIAL-USE.");
	return true;
}

static bool
take_return_options(struct imap_words *w, struct imap_list *list)
{
	static const char *const names[] = {
		"SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "STATUS"
	};
	static const enum imap_list_option options[] = {
		IMAP_RETURN_SUBSCRIBED, IMAP_RETURN_CHILDREN,
		IMAP_RETURN_SPECIAL_USE, IMAP_RETURN_STATUS
	};
	struct words_list several = { 0 };
	size_t which;

	list->extended = true;
	while (words_list(w, &several)) {
		if (!words_choose(w, names, countof(names),
		    "There is no such return option of LIST.", &which))
			return false;
		list->options |= options[which];
		if (options[which] == IMAP_RETURN_STATUS &&
		    (!words_space(w) || !take_status(w, &list->status)))
			return false;
	}
	return w->why == NULL;
}

static bool
take_reference(struct imap_words *w, struct imap_list *list)
{
	return words_mailbox_pattern(w, false, &list->reference) &&
	    (list->reference.len <= PATTERN_MAX ||
	    words_fail_code(w, IMAP_NO, "LIMIT",
	    "That is too long a reference."));
}

bool
imap_parse_list(struct imap_words *w, struct imap_command *c)
{
	struct imap_list *list = &c->u.list;

	if (!words_space(w))
		return false;
	if (words_next(w) == '(' && (!take_select_options(w, list) ||
	    !words_space(w)))
		return false;
	if (!take_reference(w, list) || !words_space(w) ||
	    !take_patterns(w, list))
		return false;
	if (words_next(w) != ' ' || w->rest.len == 1)
		return words_end(w);
	if (!words_space(w) || (w->rest.len > 0 &&
	    !words_skip_label(w, STR("RETURN"))))
		return words_fail(w, "RETURN was expected.");
	return words_space(w) && take_return_options(w, list) && words_end(w);
}

bool
imap_parse_lsub(struct imap_words *w, struct imap_command *c)
{
	return words_space(w) && take_reference(w, &c->u.list) &&
	    words_space(w) && add_pattern(w, &c->u.list) && words_end(w);
}
