/*
 * News of other mailboxes for who asked by NOTIFY (RFC 5465): what is known of
 * each is compared with what is there. Nothing is queued: who is slow hears of
 * the last state only.
 *
 * What the mail program did itself is told as well (section 5 has a SHOULD).
 */
#include "app/mua_notify.h"

#include "app/mua_mailbox.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OF_MESSAGES (IMAP_EVENT_MESSAGE_NEW | IMAP_EVENT_MESSAGE_EXPUNGE | \
	IMAP_EVENT_FLAG_CHANGE)

/* ---- which events of which mailbox ---- */

/* Whether a name is one of a group's, or (SUBTREE) below one. */
static bool
group_names(const struct imap_event_group *group, struct str name)
{
	struct str other;
	size_t n;

	for (n = 0; n < group->name_count; n++) {
		other = group->names[n];
		if (str_equal(other, name))
			return true;
		if (group->filter == IMAP_FILTER_SUBTREE &&
		    str_starts(name, other) && str_at(name, other.len) == '/')
			return true;
	}
	return false;
}

/* All mail comes into INBOX, so that INBOXES is that alone. */
static bool
group_means(const struct imap_event_group *group, const struct notify_known *k)
{
	switch (group->filter) {
	case IMAP_FILTER_INBOXES:
		return k->id == BOX_INBOX;
	case IMAP_FILTER_PERSONAL:
		return true;
	case IMAP_FILTER_SUBSCRIBED:
		return k->subscribed;
	case IMAP_FILTER_SUBTREE:
	case IMAP_FILTER_MAILBOXES:
		return group_names(group, str_of(k->name));
	case IMAP_FILTER_SELECTED:
	case IMAP_FILTER_SELECTED_DELAYED:
		break;
	}
	return false;
}

unsigned
notify_events(const struct mua *m, const struct notify_known *k)
{
	const struct mua_notify *wish = m->notify;
	unsigned events = 0;
	size_t n;

	for (n = 0; n < wish->count; n++)
		if (group_means(&wish->groups[n], k))
			events |= wish->groups[n].events;
	if (m->view.open && m->view.box == k->id)
		events &= ~(unsigned)OF_MESSAGES;
	return events;
}

/* ---- telling ---- */

static void
put_list(struct mua *m, const struct notify_known *k, bool gone)
{
	struct buf *out = &m->imap.out;

	buf_add_text(out, gone ? "* LIST (\\NonExistent" : "* LIST (");
	if (!gone && k->subscribed)
		buf_add_text(out, k->use[0] != '\0' ?
		    "\\Subscribed " : "\\Subscribed");
	if (!gone)
		buf_add_text(out, k->use);
	buf_add_text(out, ") \"/\" ");
	mua_put_name(m, str_of(k->name));
}

/* Whether the new name follows from that of one above it. */
static bool
name_follows(const struct notify_list *old, const struct notify_list *now,
	const struct notify_known *was, const struct notify_known *is)
{
	struct str name = str_of(is->name), rest;
	const struct notify_known *above, *before;
	size_t at;

	for (at = name.len; at-- > 0;) {
		if (name.at[at] != '/')
			continue;
		above = notify_list_name(now, str_part(name, 0, at));
		if (above == NULL)
			continue;
		before = notify_list_id(old, above->id);
		rest = str_part(name, at, name.len);
		if (before != NULL &&
		    !str_equal(str_of(before->name), str_of(above->name)) &&
		    str_starts(str_of(was->name), str_of(before->name)) &&
		    str_equal(str_part(str_of(was->name),
		    strlen(before->name), name.len), rest))
			return true;
	}
	return false;
}

/* Which items of STATUS its change is worth. */
static unsigned
status_items(const struct mua *m, unsigned events, const struct box_status *was,
	const struct box_status *is)
{
	const unsigned modseq = view_condstore(m) ?
	    IMAP_STATUS_HIGHESTMODSEQ : 0;
	unsigned items = 0;

	if ((events & IMAP_EVENT_MESSAGE_NEW) != 0 &&
	    (was->uidnext != is->uidnext || was->messages != is->messages))
		items |= IMAP_STATUS_UIDNEXT | IMAP_STATUS_MESSAGES | modseq;
	if ((events & IMAP_EVENT_FLAG_CHANGE) != 0 &&
	    was->modseq != is->modseq && (modseq != 0 ||
	    was->unseen != is->unseen || was->uidvalidity != is->uidvalidity))
		items |= IMAP_STATUS_UIDVALIDITY | IMAP_STATUS_UNSEEN | modseq;
	return items;
}

/* Tell what has become of one mailbox; either may be NULL. */
static void
tell_one(struct mua *m, const struct notify_list *now,
	const struct notify_known *was, const struct notify_known *is)
{
	const struct notify_known *some = is != NULL ? is : was;
	const unsigned events = notify_events(m, some);
	struct buf *out = &m->imap.out;
	const bool names = (events & IMAP_EVENT_MAILBOX_NAME) != 0;
	unsigned items;

	if (was == NULL || is == NULL) {
		if (names) {
			put_list(m, some, is == NULL);
			buf_add_text(out, "\r\n");
		}
		return;
	}
	if (names && strcmp(was->name, is->name) != 0 &&
	    !name_follows(m->notify->known, now, was, is)) {
		put_list(m, is, false);
		buf_add_text(out, " (\"OLDNAME\" (");
		mua_put_name(m, str_of(was->name));
		buf_add_text(out, "))\r\n");
	}
	if ((events & IMAP_EVENT_SUBSCRIPTION_CHANGE) != 0 &&
	    was->subscribed != is->subscribed) {
		put_list(m, is, false);
		buf_add_text(out, "\r\n");
	}
	items = status_items(m, events, &was->status, &is->status);
	if (items != 0 && mua_put_status(m, str_of(is->name), is->id,
	    items) != 0)
		return;
}

/* Whether there is nothing to tell of it. */
static bool
is_same(const struct notify_known *was, const struct notify_known *is)
{
	return was->status.modseq == is->status.modseq &&
	    was->status.uidvalidity == is->status.uidvalidity &&
	    was->subscribed == is->subscribed &&
	    strcmp(was->name, is->name) == 0;
}

/*
 * Tell what differs between what is known and what is next, as far as there is
 * room. Returns: true when there is more.
 */
static bool
tell_difference(struct mua *m)
{
	struct mua_notify *wish = m->notify;
	const struct notify_list *old = wish->known, *now = wish->next;
	const struct notify_known *was, *is;

	while (wish->old_at < old->count || wish->next_at < now->count) {
		if (mua_full(m))
			return true;
		was = wish->old_at < old->count ?
		    &old->list[wish->old_at] : NULL;
		is = wish->next_at < now->count ?
		    &now->list[wish->next_at] : NULL;
		if (was != NULL && is != NULL && was->id < is->id)
			is = NULL;
		else if (was != NULL && is != NULL && was->id > is->id)
			was = NULL;
		wish->old_at += was != NULL;
		wish->next_at += is != NULL;
		if (was == NULL || is == NULL || !is_same(was, is))
			tell_one(m, now, was, is);
	}
	notify_list_drop(wish->known);
	wish->known = wish->next;
	wish->next = NULL;
	return false;
}

bool
notify_tell_mailboxes(struct mua *m)
{
	struct mua_notify *wish = m->notify;
	struct notify_list *now;

	if (wish->next != NULL && tell_difference(m))
		return true;
	if (notify_look(m->service, &now) != 0)
		return false;
	if (now == wish->known) {
		notify_list_drop(now);
		return false;
	}
	wish->next = now;
	wish->old_at = wish->next_at = 0;
	return tell_difference(m);
}

/* ---- annotations (RFC 5464 section 4.4.2) ---- */

/* Whether it is wished to hear of those of the server. */
static bool
of_server(const struct mua_notify *wish)
{
	size_t n;

	for (n = 0; n < wish->count; n++)
		if ((wish->groups[n].events &
		    IMAP_EVENT_SERVER_METADATA) != 0)
			return true;
	return false;
}

static void
tell_annotation(struct mua *m, const struct imap_annotated *a)
{
	const struct notify_known *k = notify_list_id(m->notify->known, a->box);
	struct buf *out = &m->imap.out;

	if (a->box == 0 ? !of_server(m->notify) : k == NULL ||
	    (notify_events(m, k) & IMAP_EVENT_MAILBOX_METADATA) == 0)
		return;
	buf_add_text(out, "* METADATA ");
	if (k == NULL)
		buf_add_text(out, "\"\"");
	else
		mua_put_name(m, str_of(k->name));
	buf_add_char(out, ' ');
	imap_put_astring(out, str_of(a->name));
	buf_add_text(out, "\r\n");
}

bool
notify_tell_annotations(struct mua *m)
{
	const struct imap_service *service = m->service;
	uint64_t *told = &m->notify->annotated;

	if (service->annotated_count - *told > IMAP_ANNOTATED)
		return false;
	for (; *told < service->annotated_count; ++*told)
		tell_annotation(m, &service->annotated[*told %
		    IMAP_ANNOTATED]);
	return true;
}
