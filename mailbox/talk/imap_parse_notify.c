/*
 * NOTIFY (RFC 5465 section 8). All of it is in the arena, since it is wanted
 * for longer than the command.
 */
#include "talk/imap_parse.h"

static const char *const event_names[] = {
	"MessageNew", "MessageExpunge", "FlagChange", "AnnotationChange",
	"MailboxName", "SubscriptionChange", "MailboxMetadataChange",
	"ServerMetadataChange"
};

#define MESSAGES (IMAP_EVENT_MESSAGE_NEW | IMAP_EVENT_MESSAGE_EXPUNGE)
#define CHANGES (IMAP_EVENT_FLAG_CHANGE | IMAP_EVENT_ANNOTATION_CHANGE)

static bool
is_selected(const struct imap_event_group *group)
{
	return group->filter == IMAP_FILTER_SELECTED ||
	    group->filter == IMAP_FILTER_SELECTED_DELAYED;
}

static bool
add_name(struct imap_words *w, struct imap_event_group *group)
{
	struct str name;

	group->names = words_grow(w, group->names, group->name_count,
	    sizeof *group->names);
	return group->names != NULL && words_mailbox(w, &name) &&
	    words_keep(w, name, &group->names[group->name_count++]);
}

/* A mailbox, or several in parentheses. */
static bool
take_names(struct imap_words *w, struct imap_event_group *group)
{
	struct words_list list = { 0 };

	if (!words_space(w))
		return false;
	if (words_next(w) != '(')
		return add_name(w, group);
	while (words_list(w, &list))
		if (!add_name(w, group))
			return false;
	return w->why == NULL && (group->name_count > 0 ||
	    words_fail(w, "The name of a mailbox was expected."));
}

static bool
take_filter(struct imap_words *w, struct imap_event_group *group)
{
	static const char *const names[] = {
		"SELECTED", "SELECTED-DELAYED", "INBOXES", "PERSONAL",
		"SUBSCRIBED", "SUBTREE", "MAILBOXES"
	};
	size_t which;

	if (!words_choose(w, names, countof(names),
	    "There is no such filter of mailboxes.", &which))
		return false;
	group->filter = which;
	if (group->filter == IMAP_FILTER_SUBTREE ||
	    group->filter == IMAP_FILTER_MAILBOXES)
		return take_names(w, group);
	return true;
}

/* The items of FETCH behind MessageNew, if there are any. */
static bool
take_items(struct imap_words *w, struct imap_event_group *group)
{
	struct str rest = w->rest;

	while (str_skip(&rest, ' '))
		;
	if (str_at(rest, 0) != '(')
		return true;
	if (!is_selected(group))
		return words_fail(w, "Items of FETCH go with SELECTED only.");
	return words_space(w) && imap_parse_items(w, &group->fetch);
}

/* RFC 5465 section 5: which events go together. */
static bool
events_fit(struct imap_words *w, const struct imap_event_group *group)
{
	unsigned messages = group->events & MESSAGES;

	if (messages != 0 && messages != MESSAGES)
		return words_fail(w,
		    "MessageNew and MessageExpunge go together.");
	if ((group->events & CHANGES) != 0 && messages == 0)
		return words_fail(w, "FlagChange and AnnotationChange go with "
		    "MessageNew and MessageExpunge.");
	if (is_selected(group) && group->events > (MESSAGES | CHANGES))
		return words_fail(w,
		    "Only events of messages go with SELECTED.");
	return true;
}

static bool
take_events(struct imap_words *w, struct imap_event_group *group)
{
	struct words_list list = { 0 };
	struct str label;
	size_t i;

	if (words_skip_label(w, STR("NONE"))) {
		group->none = true;
		return true;
	}
	while (words_list(w, &list)) {
		label = words_label(w);
		for (i = 0; i < countof(event_names); i++)
			if (str_same(label, str_of(event_names[i])))
				break;
		/* RFC 5465 section 7 */
		if (i == countof(event_names))
			return words_fail_code(w, IMAP_NO, "BADEVENT "
			    "(MessageNew MessageExpunge FlagChange "
			    "MailboxName SubscriptionChange "
			    "MailboxMetadataChange ServerMetadataChange)",
			    "There is no such event.");
		group->events |= 1U << i;
		if (1U << i == IMAP_EVENT_MESSAGE_NEW &&
		    !take_items(w, group))
			return false;
	}
	return w->why == NULL && (group->events != 0 ||
	    words_fail(w, "An event was expected.")) && events_fit(w, group);
}

/* "(SELECTED (MessageNew MessageExpunge))" */
static bool
take_group(struct imap_words *w, struct imap_notify *notify)
{
	struct imap_event_group *group;
	size_t i;

	notify->groups = words_grow(w, notify->groups, notify->count,
	    sizeof *notify->groups);
	if (notify->groups == NULL)
		return false;
	group = &notify->groups[notify->count];
	if (!words_skip(w, '('))
		return words_fail(w, "A group of events in parentheses was "
		    "expected.");
	if (!take_filter(w, group) || !words_space(w) ||
	    !take_events(w, group))
		return false;
	if (!words_skip(w, ')'))
		return words_fail(w, "A closing parenthesis was expected.");
	for (i = 0; i < notify->count; i++)
		if (is_selected(group) && is_selected(&notify->groups[i]))
			return words_fail(w, "SELECTED was there already.");
	notify->count++;
	return true;
}

bool
imap_parse_notify(struct imap_words *w, struct imap_command *c)
{
	struct imap_notify *notify = &c->u.notify;

	if (!words_space(w))
		return false;
	if (words_skip_label(w, STR("NONE"))) {
		notify->none = true;
		return words_end(w);
	}
	if (!words_skip_label(w, STR("SET")))
		return words_fail(w, "SET or NONE was expected.");
	if (!words_space(w))
		return false;
	if (words_skip_label(w, STR("STATUS"))) {
		notify->status = true;
		if (!words_space(w))
			return false;
	}
	do {
		if (!take_group(w, notify))
			return false;
	} while (words_next(w) == ' ' && w->rest.len > 1 && words_space(w));
	return words_end(w);
}
