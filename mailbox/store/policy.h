/* MTA-STS policies that were fetched (RFC 8461 section 3.3: kept, so that a
   restart forgets none). */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include "base/buf.h"
#include "store/db.h"

#define POLICY_TEXT_MAX 24576	/* bytes; STS_MX_MAX hosts (talk/sts.h) fit.
				   Longer ones are not kept */

#define POLICY_COUNT_MAX 1000	/* then the one goes that expires first */

/*
 * Put the policy of a domain, in place of an older one.
 *
 * expires   unix s
 *
 * Returns:  0; -ENOSPC when it may take no more of the disk; others as
 *           db_commit().
 */
int policy_set(struct db *db, struct str domain, struct str id,
	struct str text, int64_t expires) __attribute__((warn_unused_result));

/*
 * Find the policy of a domain that has not expired.
 *
 * id, text  cleared first
 *
 * Returns:  0; -ENOENT; others as db_commit().
 */
int policy_find(struct db *db, struct str domain, struct buf *id,
	struct buf *text, int64_t *expires)
	__attribute__((warn_unused_result));

#endif
