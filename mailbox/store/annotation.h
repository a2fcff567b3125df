/* Annotations of mailboxes and of the server (METADATA, RFC 5464). */
#ifndef STORE_ANNOTATION_H
#define STORE_ANNOTATION_H

#include "base/buf.h"
#include "store/db.h"
#include "store/seal.h"

#define ANNOTATION_NAME_MAX 250	/* octets of an entry's name */
#define ANNOTATION_MAX 65536	/* octets of a value */
#define ANNOTATIONS_MAX 1000	/* in all */

/*
 * Names are kept in lower case; values sealed by a key that follows from the
 * owner's.
 *
 * Within the open transaction.
 *
 * box       0: of the server
 * value     at NULL: remove it
 *
 * Returns:  0; -E2BIG; -EDQUOT: too many; -ENOENT: no such mailbox.
 */
int annotation_set(struct db *db, const struct seal_owner *owner,
	int64_t box, struct str name, struct str value)
	__attribute__((warn_unused_result));

/* One that was found. Zeroed to begin; both bufs are to be dropped. */
struct annotation {
	struct buf name;
	struct buf value;
};

/*
 * The first annotation of box whose name is behind a name in octet order,
 * empty to begin.
 *
 * behind    may be a view of a->name: the call before
 *
 * Returns:  1; 0: there is none; -EBADMSG: the seal does not hold (logged;
 *           a->name tells whose); others.
 */
int annotation_next(struct db *db, const struct seal_owner *owner,
	int64_t box, struct str behind, struct annotation *a)
	__attribute__((warn_unused_result));

#endif
