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

void
notify_list_drop(struct notify_list *known)
{
	size_t n;

	for (n = 0; n < known->count; n++)
		free(known->list[n].name);
	free(known->list);
	*known = (struct notify_list){ .count = 0 };
}

static int
by_id(const void *a, const void *b)
{
	const struct notify_known *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static char *
copy_text(struct str s)
{
	char *text = xalloc(1, s.len + 1);

	if (s.len > 0)
		memcpy(text, s.at, s.len);
	return text;
}

/* One of them; false when it is no mailbox, or is gone. */
static bool
look_one(struct mua *m, const struct mailbox *box, struct notify_known *k,
	int *err)
{
	const size_t use = box->special_use.len;

	*k = (struct notify_known){
		.id = box->id, .subscribed = box->subscribed
	};
	*err = box->id == 0 ? -ENOENT :
	    box_status(m->service->db, box->id, &k->status);
	if (*err != 0) {
		*err = *err == -ENOENT ? 0 : *err;
		return false;
	}
	if (use < sizeof k->use)
		memcpy(k->use, box->special_use.at, use);
	k->name = copy_text(box->name);
	return true;
}

int
notify_look(struct mua *m, struct notify_list *now)
{
	struct mailboxes all = { .count = 0 };
	int err = mailbox_list(m->service->db, &all);
	size_t n;

	*now = (struct notify_list){
		.list = xalloc(all.count + 1, sizeof now->list[0])
	};
	for (n = 0; n < all.count && err == 0; n++)
		if (look_one(m, &all.list[n], &now->list[now->count], &err))
			now->count++;
	mailbox_list_drop(&all);
	qsort(now->list, now->count, sizeof now->list[0], by_id);
	return err;
}

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

static struct notify_known *
known_find(const struct notify_list *list, struct str name)
{
	size_t n;

	for (n = 0; n < list->count; n++)
		if (str_equal(str_of(list->list[n].name), name))
			return &list->list[n];
	return NULL;
}

/* Whether the new name follows from that of one above it. */
static bool
name_follows(const struct notify_list *old, const struct notify_list *now,
	const struct notify_known *was, const struct notify_known *is)
{
	struct str name = str_of(is->name), rest;
	const struct notify_known *above, *before;
	struct notify_known wanted = { .id = 0 };
	size_t at;

	for (at = name.len; at-- > 0;) {
		if (name.at[at] != '/')
			continue;
		above = known_find(now, str_part(name, 0, at));
		if (above == NULL)
			continue;
		wanted.id = above->id;
		before = bsearch(&wanted, old->list, old->count,
		    sizeof wanted, by_id);
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
	    !name_follows(&m->notify->known, now, was, is)) {
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

/*
 * Tell what differs, as far as there is room, and know what was told. Returns:
 * true when there is more.
 */
static bool
tell_difference(struct mua *m, const struct notify_list *now)
{
	struct notify_list *old = &m->notify->known, next = { .count = 0 };
	size_t i = 0, j = 0;
	const struct notify_known *was, *is;
	bool full = false;

	next.list = xalloc(old->count + now->count + 1, sizeof next.list[0]);
	while (i < old->count || j < now->count) {
		was = i < old->count ? &old->list[i] : NULL;
		is = j < now->count ? &now->list[j] : NULL;
		if (was != NULL && is != NULL && was->id < is->id)
			is = NULL;
		else if (was != NULL && is != NULL && was->id > is->id)
			was = NULL;
		full = full || mua_full(m);
		if (!full)
			tell_one(m, now, was, is);
		i += was != NULL;
		j += is != NULL;
		if (full ? was != NULL : is != NULL) {
			next.list[next.count] = full ? *was : *is;
			next.list[next.count++].name =
			    copy_text(str_of(full ? was->name : is->name));
		}
	}
	notify_list_drop(old);
	*old = next;
	return full;
}

bool
notify_tell_mailboxes(struct mua *m)
{
	struct notify_list now;
	bool more = false;

	if (notify_look(m, &now) == 0)
		more = tell_difference(m, &now);
	notify_list_drop(&now);
	return more;
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
	const struct notify_list *known = &m->notify->known;
	const struct notify_known *k = NULL;
	struct buf *out = &m->imap.out;
	size_t n;

	for (n = 0; n < known->count && k == NULL; n++)
		if (known->list[n].id == a->box)
			k = &known->list[n];
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
