/* What the files of NOTIFY (RFC 5465) share; nobody else includes it. */
#ifndef APP_MUA_NOTIFY_H
#define APP_MUA_NOTIFY_H

#include "app/mua_part.h"

/* A mailbox as the mail program was last told of it, or could have been. */
struct notify_known {
	int64_t id;
	char *name;		/* owned */
	bool subscribed;
	char use[16];		/* SPECIAL-USE; empty: none */
	struct box_status status;
};

/* All mailboxes, as they were at some time. */
struct notify_list {
	unsigned users;
	struct notify_known *list;	/* by id */
	const struct notify_known **names;	/* by name */
	size_t count;
};

/* What is wished. */
struct mua_notify {
	struct arena arena;		/* holds groups and fetch */
	struct imap_event_group *groups;	/* of other mailboxes */
	size_t count;
	bool selected;			/* it hears of the selected one */
	bool at_once;			/* of deletions too, at any time */
	bool flags;			/* of changed flags */
	struct imap_fetch fetch;	/* of new messages there */
	uint32_t fetched;		/* UIDs below it were told of */
	struct uids made;		/* which it made itself, and need not
					   be fetched */
	bool made_new;			/* by the command under way */
	struct imap_range *ranges;	/* that are being fetched */
	struct imap_command asked;	/* which FETCH stands in for */
	struct notify_list *known;
	struct notify_list *next;	/* of which it is being told; NULL: it
					   was of all */
	size_t old_at, next_at;		/* what comes next of known, and of
					   next */
	uint64_t annotated;		/* so many of the service's were told */
};

/* ---- mua_notify_look.c ---- */

/* All mailboxes as they are. The caller is one more user of *now, which is
   NULL when it fails. */
int notify_look(struct imap_service *service, struct notify_list **now)
	__attribute__((warn_unused_result));

/* One more user, and one less; both do nothing with NULL. */
struct notify_list *notify_list_hold(struct notify_list *list);
void notify_list_drop(struct notify_list *list);

/* One of them, or NULL. */
const struct notify_known *notify_list_id(const struct notify_list *list,
	int64_t id);
const struct notify_known *notify_list_name(const struct notify_list *list,
	struct str name);

/* ---- mua_notify_tell.c ---- */

/* Which events of a mailbox are wished. */
unsigned notify_events(const struct mua *m, const struct notify_known *k);

/*
 * Tell what is not as it is known, as far as there is room, and know it.
 *
 * Returns:  true when there is more.
 */
bool notify_tell_mailboxes(struct mua *m);

/* Tell which annotations were set; false when some were forgotten. */
bool notify_tell_annotations(struct mua *m);

#endif
