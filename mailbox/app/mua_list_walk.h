/* Which mailboxes a LIST or LSUB answers, and what it says of each. */
#ifndef APP_MUA_LIST_WALK_H
#define APP_MUA_LIST_WALK_H

#include "store/mailbox.h"
#include "talk/imap_command.h"

struct list_walk;

/* A name to be answered. */
struct list_found {
	struct str name;
	const struct mailbox *mailbox;	/* NULL: only names below it are there;
					   id 0: it is only subscribed to */
	bool selected;		/* it meets the selection, and not only one
				   below it */
	bool parent;		/* a mailbox lies below it */
	bool info;		/* CHILDINFO: one below that is not answered
				   meets the selection */
};

/*
 * Returns owned: list_walk_drop() it.
 *
 * want      kept
 * all       kept
 * lsub      it is an LSUB: what is subscribed to, and who is above it
 */
struct list_walk *list_walk_new(const struct imap_list *want,
	const struct mailboxes *all, bool lsub);

void list_walk_drop(struct list_walk *w);	/* NULL is fine */

enum list_walk_step {
	LIST_WALK_FOUND,	/* *found is there */
	LIST_WALK_PAUSE,	/* the budget is used up: go on later */
	LIST_WALK_END
};

/*
 * Go on to the next name.
 *
 * budget    octets of names times octets of patterns to be compared; counted
 *           down
 */
enum list_walk_step list_walk_next(struct list_walk *w, size_t *budget,
	struct list_found *found);

#endif
