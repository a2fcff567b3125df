/* Counts that may wait for a commit. */
#ifndef STORE_LAZY_H
#define STORE_LAZY_H

#include "store/db_inner.h"

#define LAZY_COMMIT_MS 5000	/* commits write them no oftener */
#define LAZY_REST_MS 10000	/* a rest commits what waited as long */
#define LAZY_MAX 64		/* rows held back at once */

/* What an address met. */
enum lazy_event { LAZY_RECEIVED, LAZY_REFUSED, LAZY_MUTED };

struct lazy *lazy_new(void);
void lazy_drop(struct lazy *lazy);	/* NULL is fine */

/* How many rows wait to be written. */
size_t lazy_count(const struct lazy *lazy);

/* Whether the oldest has waited long enough for a commit of its own. */
bool lazy_due(const struct db *db);

/*
 * Remember what an address that has a row met. When too many wait, it is
 * written into the transaction at once.
 */
int lazy_address(struct db *db, struct str name, enum lazy_event event)
	__attribute__((warn_unused_result));

/* Remember that a credential was used now; likewise. */
int lazy_credential(struct db *db, int64_t id)
	__attribute__((warn_unused_result));

/*
 * Write all into the transaction that is about to be committed.
 *
 * all       even if some were written just before
 */
int lazy_write(struct db *db, bool all) __attribute__((warn_unused_result));

/* It is committed: forget what was written. Or lost: it waits again. */
void lazy_committed(struct lazy *lazy);
void lazy_lost(struct lazy *lazy);

#endif
