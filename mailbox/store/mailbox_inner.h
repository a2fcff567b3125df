/* What the files of store/ that deal with mailboxes by name share. */
#ifndef STORE_MAILBOX_INNER_H
#define STORE_MAILBOX_INNER_H

#include "store/mailbox.h"

/*
 * A name as it is kept: INBOX in capitals.
 *
 * clean     gets it; to be dropped, whatever the outcome
 *
 * Returns:  0, -EINVAL or -ENAMETOOLONG.
 */
int mailbox_name(struct buf *clean, struct str name)
	__attribute__((warn_unused_result));

/* As mailbox_find() and mailbox_make(), by a name as it is kept. */
int mailbox_find_clean(struct db *db, struct str name, int64_t *id)
	__attribute__((warn_unused_result));
int mailbox_add(struct db *db, struct str name, struct str special_use,
	int64_t *id) __attribute__((warn_unused_result));

/*
 * The UIDVALIDITY to be given next: the clock's seconds, but not below next.
 * A clock gone wild does not use up all there are.
 */
int64_t mailbox_uidvalidity_next(const struct clock *clock, int64_t next);

/*
 * Take UIDVALIDITYs that no mailbox ever had, within the open transaction.
 *
 * beyond    how many are passed over before them
 * first     gets the first of count that follow one another
 *
 * Returns:  0; -EOVERFLOW: so many are not left.
 */
int mailbox_uidvalidity(struct db *db, int64_t beyond, int64_t count,
	int64_t *first) __attribute__((warn_unused_result));

#endif
