/* What commands about mailboxes and their entries share. */
#ifndef APP_MUA_MAILBOX_H
#define APP_MUA_MAILBOX_H

#include "app/mua_part.h"

/* ---- mua_mailbox.c ---- */

/* Add a mailbox name to the replies, in the form that this session knows. */
void mua_put_name(struct mua *m, struct str name);

/* Add the MAILBOXID of a mailbox, without parentheses (RFC 8474). */
void mua_put_mailbox_id(struct buf *out, int64_t box);

/*
 * The mailbox that the command is about.
 *
 * code      of the NO when there is none of that name: "TRYCREATE"
 *
 * Returns:  true with *box; false: the command has ended.
 */
bool mua_find(struct mua *m, const char *code, int64_t *box);

/*
 * End the command when the selected mailbox may not be changed. Returns:
 * whether it did.
 */
bool mua_read_only(struct mua *m);

/* ---- mua_expunge.c ---- */

/* A way through members of a mailbox; next is 1 to begin. */
struct mua_walk {
	int64_t box;
	struct uids set;
	uint32_t next;		/* member of the set; 0: it is at its end */
};

/*
 * The next entries, of which at most room, as few as none; who is not there
 * any more is passed over.
 */
int mua_walk_on(struct mua *m, struct mua_walk *walk, struct box_entry *to,
	size_t room, size_t *count) __attribute__((warn_unused_result));

#endif
