/*
 * NOTIFY (RFC 5465): what a mail program wants to hear of without asking. Of
 * the selected mailbox it hears through its view, of others by
 * mua_notify_tell.c, both between commands, whenever something was committed.
 *
 * A FETCH of new messages that was wished is carried out as one that nobody
 * gave: m->unasked is true meanwhile, and no tagged reply follows.
 */
#include "app/mua_notify.h"

#include "app/mua_mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOTIFY_GROUPS_MAX 100

#define MESSAGES (IMAP_EVENT_MESSAGE_NEW | IMAP_EVENT_MESSAGE_EXPUNGE)

static void
wish_drop(struct mua_notify *wish)
{
	if (wish == NULL)
		return;
	notify_list_drop(wish->known);
	notify_list_drop(wish->next);
	uids_drop(&wish->made);
	arena_drop(&wish->arena);
	free(wish);
}

void
notify_drop(struct mua *m)
{
	if (m->unasked)
		notify_fetched(m);
	wish_drop(m->notify);
	m->notify = NULL;
}

static void
add_group(struct mua_notify *wish, const struct imap_event_group *group)
{
	switch (group->filter) {
	case IMAP_FILTER_SELECTED:
	case IMAP_FILTER_SELECTED_DELAYED:
		wish->selected = (group->events & MESSAGES) != 0;
		wish->at_once = group->filter == IMAP_FILTER_SELECTED;
		wish->flags = (group->events & IMAP_EVENT_FLAG_CHANGE) != 0;
		wish->fetch = group->fetch;
		break;
	case IMAP_FILTER_INBOXES:
	case IMAP_FILTER_PERSONAL:
	case IMAP_FILTER_SUBSCRIBED:
	case IMAP_FILTER_SUBTREE:
	case IMAP_FILTER_MAILBOXES:
		wish->groups[wish->count++] = *group;
		break;
	}
}

/* What the command wishes, which the arena of the command holds. */
static struct mua_notify *
wish_new(struct mua *m)
{
	struct imap_notify *want = &m->imap.command.u.notify;
	struct mua_notify *wish = xalloc(1, sizeof *wish);
	size_t n;

	wish->arena = m->imap.command.arena;
	m->imap.command.arena = (struct arena){ .max = 0 };
	wish->groups = want->groups;
	for (n = 0; n < want->count; n++)
		add_group(wish, &want->groups[n]);
	wish->fetched = m->view.uidnext;
	wish->annotated = m->service->annotated_count;
	return wish;
}

/* ---- the command ---- */

/* "NOTIFY SET STATUS": how the mailboxes are from which it goes on. */
static int
put_status(struct mua *m, const struct notify_known *k)
{
	const unsigned events = notify_events(m, k);
	unsigned items = 0;

	if ((events & MESSAGES) != 0)
		items |= IMAP_STATUS_MESSAGES | IMAP_STATUS_UIDNEXT |
		    IMAP_STATUS_UIDVALIDITY;
	if ((events & IMAP_EVENT_FLAG_CHANGE) != 0)
		items |= IMAP_STATUS_UIDVALIDITY | IMAP_STATUS_HIGHESTMODSEQ;
	return items == 0 ? 0 : mua_put_status(m, str_of(k->name), k->id,
	    items);
}

struct notify_job {
	bool told;		/* what is new by the rules of old */
	struct notify_list *known;
	size_t next;		/* of them */
};

static void
job_drop(void *at)
{
	struct notify_job *job = at;

	notify_list_drop(job->known);
}

/* Begin to live by the new wishes; false: the command has ended. */
static bool
wish_begin(struct mua *m, struct notify_job *job)
{
	const struct imap_notify *want = &m->imap.command.u.notify;
	size_t n;
	int err;

	for (n = 0; n < want->count; n++)
		if ((want->groups[n].events &
		    IMAP_EVENT_ANNOTATION_CHANGE) != 0) {
			(void)mua_end_code(m, IMAP_NO, "AnnotationChange is "
			    "not known here.", "BADEVENT (MessageNew "
			    "MessageExpunge FlagChange MailboxName "
			    "SubscriptionChange MailboxMetadataChange "
			    "ServerMetadataChange)");
			return false;
		}
	err = notify_look(m->service, &job->known);
	if (err != 0) {
		(void)mua_end_errno(m, err);
		return false;
	}
	if (want->count > NOTIFY_GROUPS_MAX) {
		(void)mua_end_code(m, IMAP_NO, "These are too many wishes.",
		    "NOTIFICATIONOVERFLOW");
		return false;
	}
	notify_drop(m);
	m->notify = wish_new(m);
	m->notify->known = notify_list_hold(job->known);
	return true;
}

enum mua_go
mua_notify(struct mua *m)
{
	const struct imap_notify *want = &m->imap.command.u.notify;
	struct notify_job *job = m->job;
	int err = 0;

	if (job == NULL)
		job = mua_job(m, sizeof *job, job_drop);
	if (!job->told) {
		if (view_tell(m, true))
			return MUA_AGAIN;
		job->told = true;
		if (!wish_begin(m, job))
			return MUA_DONE;
	}
	while (want->status && job->next < job->known->count &&
	    !mua_full(m) && (err == 0 || err == -ENOENT))
		err = put_status(m, &job->known->list[job->next++]);
	if (err != 0 && err != -ENOENT)
		return mua_end_errno(m, err);
	if (want->status && job->next < job->known->count)
		return MUA_AGAIN;
	return mua_end(m, IMAP_OK, "From here on you hear of it.");
}

/* ---- what follows ---- */

bool
notify_hears(const struct mua *m)
{
	return m->notify == NULL || m->notify->selected;
}

bool
notify_hears_all(const struct mua *m)
{
	return m->notify == NULL || (m->notify->selected && m->notify->flags);
}

void
notify_selected(struct mua *m)
{
	if (m->notify == NULL)
		return;
	m->notify->fetched = m->view.uidnext;
	uids_clear(&m->notify->made);
}

/* ---- what it does itself ---- */

bool
notify_removed(const struct mua *m)
{
	const enum imap_verb verb = m->imap.command.verb;

	return m->over && (verb == IMAP_EXPUNGE || verb == IMAP_MOVE ||
	    verb == IMAP_REPLACE);
}

bool
notify_made(const struct mua *m)
{
	return m->over && m->notify != NULL && m->notify->made_new;
}

void
notify_began(struct mua *m)
{
	if (m->notify != NULL)
		m->notify->made_new = false;
}

uint32_t
notify_before(const struct mua *m)
{
	struct box_status status;

	if (m->notify == NULL || !m->view.open ||
	    box_status(m->service->db, m->view.box, &status) != 0)
		return 0;
	return status.uidnext;
}

void
notify_after(struct mua *m, uint32_t uid)
{
	const uint32_t next = uid == 0 ? 0 : notify_before(m);

	if (next > uid) {
		uids_add(&m->notify->made, uid, next - 1);
		m->notify->made_new = true;
	}
	/* Others will get those UIDs. */
	if (m->notify != NULL && m->settled != 0)
		uids_clear(&m->notify->made);
}

/* ---- between commands ---- */

/* Those that came, without its own, as ranges of wish. Returns: how many. */
static size_t
ranges_new(struct mua *m, struct mua_notify *wish)
{
	struct uids came = { .count = 0 };
	size_t n, count;

	uids_copy(&came, &m->view.uids);
	if (wish->fetched > 1)
		uids_remove(&came, 1, wish->fetched - 1);
	uids_part(&came, &wish->made);
	uids_clear(&wish->made);
	count = came.count;
	wish->ranges = xalloc(count + 1, sizeof wish->ranges[0]);
	for (n = 0; n < count; n++)
		wish->ranges[n] = (struct imap_range){
			came.runs[n].first, came.runs[n].last
		};
	uids_drop(&came);
	return count;
}

/* Begin the FETCH of messages that came; true when it is under way. */
static bool
fetch_new(struct mua *m)
{
	struct mua_notify *wish = m->notify;
	struct imap_command *c = &m->imap.command;
	size_t count;

	if (!m->view.open || wish->fetch.count == 0 || !wish->selected)
		return false;
	if (uids_last(&m->view.uids) < wish->fetched)
		return false;
	count = ranges_new(m, wish);
	wish->fetched = m->view.uidnext;
	if (count == 0) {
		free(wish->ranges);
		wish->ranges = NULL;
		return false;
	}
	wish->asked = *c;
	*c = (struct imap_command){
		.tag = STR("*"), .verb = IMAP_FETCH, .uid = true,
		.set = { .ranges = wish->ranges, .count = count },
		.u = { .fetch = wish->fetch }
	};
	m->unasked = true;
	return true;
}

void
notify_fetched(struct mua *m)
{
	m->imap.command = m->notify->asked;
	free(m->notify->ranges);
	m->notify->ranges = NULL;
	m->unasked = false;
}

bool
notify_tell(struct mua *m, bool *fetch)
{
	bool more;

	*fetch = false;
	if (m->notify == NULL)
		return view_tell(m, true);
	/* Between commands, deletions only for who wants them at once. */
	more = view_tell(m, m->notify->at_once || m->imap.idling);
	if (!more)
		more = notify_tell_mailboxes(m);
	if (!more && !notify_tell_annotations(m)) {
		buf_add_text(&m->imap.out, "* OK [NOTIFICATIONOVERFLOW] Too "
		    "much has happened; you hear of nothing more.\r\n");
		m->notify->selected = false;
		m->notify->count = 0;
		m->notify->annotated = m->service->annotated_count;
	}
	if (!more)
		*fetch = fetch_new(m);
	return more;
}

void
notify_annotated(struct mua *m, int64_t box, struct str name)
{
	struct imap_service *service = m->service;
	struct imap_annotated *a;

	a = &service->annotated[service->annotated_count++ % IMAP_ANNOTATED];
	a->box = box;
	must(name.len < sizeof a->name);
	memcpy(a->name, name.at, name.len);
	a->name[name.len] = '\0';
}
