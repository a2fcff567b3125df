/* Mailboxes by name: listed, made, renamed, removed, subscribed to. */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include "base/buf.h"
#include "store/box.h"

/*
 * A name is UTF-8, levels separated by '/', none of them empty; INBOX is
 * always there, and means the same in any letter case, also in front of '/'.
 * A name may lie below one that does not exist.
 */
#define MAILBOX_NAME_MAX 1000	/* octets of a name */
#define MAILBOX_USE_MAX 64	/* octets of a special use */
#define MAILBOXES_MAX 5000	/* in all */

struct mailbox {
	int64_t id;		/* never given twice; of box_status() */
	struct str name;
	struct str special_use;	/* "\\Sent"; empty: none */
	bool subscribed;
};

/* All of them, and the names that are subscribed to without a mailbox. */
struct mailboxes {
	struct mailbox *list;	/* by name, in octet order; id 0: only
				   subscribed to */
	size_t count;
	char *text;		/* private: the names */
};

/* Returns: 0 with *all to be dropped, or negative errno. */
int mailbox_list(struct db *db, struct mailboxes *all)
	__attribute__((warn_unused_result));

/* Safe on a zeroed struct and twice. */
void mailbox_list_drop(struct mailboxes *all);

/* Returns: 0 with *id; -ENOENT: there is none of that name. */
int mailbox_find(struct db *db, struct str name, int64_t *id)
	__attribute__((warn_unused_result));

/*
 * Make one, within the open transaction. Its UIDVALIDITY is above every one
 * that was ever given.
 *
 * special_use   such as "\\Sent"; empty for none
 *
 * Returns:  0; -EEXIST: it, or another one of that special use, is there;
 *           -EINVAL: no name (docs/rfc.md says which), or no special use;
 *           -ENAMETOOLONG; -EDQUOT: too many; -EOVERFLOW: no UIDVALIDITY
 *           is left.
 */
int mailbox_make(struct db *db, struct str name, struct str special_use,
	int64_t *id) __attribute__((warn_unused_result));

/*
 * Rename one, and all below it, within the open transaction. INBOX stays: its
 * messages move to the new mailbox (RFC 9051 section 6.3.6).
 *
 * Returns:  0; -ENOENT; -EEXIST: the new name, or that of one below, is
 *           there; -EINVAL: also when the new name lies below the old one.
 */
int mailbox_rename(struct db *db, struct str from, struct str to)
	__attribute__((warn_unused_result));

/*
 * Remove one with its messages, within the open transaction; those below stay.
 * A large one takes no longer than a small one: db_rest() does the rest.
 *
 * Returns:  0; -ENOENT; -EPERM: INBOX.
 */
int mailbox_remove(struct db *db, struct str name)
	__attribute__((warn_unused_result));

/*
 * Subscribe to a name, which need not exist, or no longer, within the open
 * transaction.
 *
 * Returns:  0, also when it was so already; -EINVAL: no name; -ENAMETOOLONG;
 *           -EDQUOT: there are MAILBOXES_MAX subscriptions.
 */
int mailbox_subscribe(struct db *db, struct str name, bool on)
	__attribute__((warn_unused_result));

#define KEYWORD_NAME_MAX 255	/* octets */

/* The keywords of a mailbox by number; a number is never given anew. */
struct keywords {
	struct str names[BOX_KEYWORDS_MAX];
	size_t count;
	char *text;		/* private */
};

/* Returns: 0 with *k to be dropped, or negative errno. */
int keyword_list(struct db *db, int64_t box, struct keywords *k)
	__attribute__((warn_unused_result));
void keyword_list_drop(struct keywords *k);	/* safe twice */

/*
 * The number of a keyword, letter case apart.
 *
 * make      give it one, within the open transaction
 *
 * Returns:  0; -ENOENT: it, or the mailbox, is not there; -EDQUOT: there are
 *           BOX_KEYWORDS_MAX already, or its name is too long.
 */
int keyword_find(struct db *db, int64_t box, struct str name, bool make,
	unsigned *number) __attribute__((warn_unused_result));

/*
 * How much mail there is, in bytes, and how much there may be: what is free
 * on the disk and not held back.
 */
int mailbox_quota(struct db *db, uint64_t *used, uint64_t *limit)
	__attribute__((warn_unused_result));

#endif
