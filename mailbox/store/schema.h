/* The tables, and how an older database becomes a newer one. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/db_inner.h"

/*
 * Bring the schema to what this program knows, in one transaction.
 *
 * Returns:  0; -EPROTO: it is newer; -EUCLEAN: no database of ours; others as
 *           db_commit(). Logged with what to do.
 */
int schema_migrate(struct db *db) __attribute__((warn_unused_result));

/* Make the tables and the first mailboxes in an empty database. */
int schema_create(struct db *db) __attribute__((warn_unused_result));

#endif
