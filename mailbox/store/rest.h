/* Housekeeping, in steps; db_rest() is its public door. */
#ifndef STORE_REST_H
#define STORE_REST_H

#include "store/db_inner.h"

/*
 * Bring what is in the WAL to the database; what goes wrong is logged, and
 * does no harm but that the WAL grows.
 *
 * quiet     also cut a large WAL to nothing
 */
void rest_checkpoint(struct db *db, bool quiet);

/* A commit left so many pages in the WAL. */
void rest_wal_grown(struct db *db, int pages);

/* Begin to look for orphans of a crash: the first step at once, the others
   in db_rest(). */
int rest_begin(struct db *db) __attribute__((warn_unused_result));

#endif
