/* The one database: opening it, its schema, and its transactions. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/clock.h"
#include "base/str.h"

/*
 * A data directory holds pillarbox.db (with -wal and -shm beside it),
 * device.key (device.h), and blob/ with a file per long message or letter.
 * Several processes may have it open: the keeper, and the command line beside
 * it.
 */
struct db;

enum db_mode {
	DB_CREATE,	/* make it; -EEXIST when it is there */
	DB_SERVE,	/* the keeper: also sweeps orphans of a crash */
	DB_WRITE,	/* a command beside or without the keeper */
	DB_READ
};

/*
 * Open the database of a data directory; migrate an older schema forward in
 * one transaction.
 *
 * dir       borrowed
 * clock     kept; the times that rows get are its
 *
 * Returns:  0 with *db owned; -ENOENT: none there; -EPROTO: its schema is
 *           newer than this program; -EUCLEAN: it is corrupt; -ENOSPC, -EROFS,
 *           -EACCES, -EIO. Logged with what to do.
 */
int db_open(struct db **db, const char *dir, enum db_mode mode,
	const struct clock *clock) __attribute__((warn_unused_result));

/* Close; what was not committed is gone. NULL is fine. */
void db_close(struct db *db);

/*
 * Every change opens the transaction by itself if none is open, and belongs
 * to it until db_commit(). A change that only counts (last seen, last used)
 * is lazy: alone it does not ask for a commit at once.
 */
enum db_pending { DB_CLEAN, DB_LAZY, DB_URGENT };

enum db_pending db_pending(const struct db *db);

/*
 * Reads from here to db_looked() see the database as it is now, and cost less:
 * they share one transaction. A change ends it, and so do db_commit() and
 * db_rest(). While one is open others cannot shrink the WAL: not longer than
 * a step of the loop.
 */
void db_look(struct db *db);
void db_looked(struct db *db);

/*
 * Make all changes since the last commit durable: files first, then their
 * directory, then one transaction with synchronous=FULL. This instant is the
 * promise of 250.
 *
 * Returns:  0; or -ENOSPC, -EROFS, -EUCLEAN, -EIO, -EBUSY: then nothing since
 *           the last commit happened, their files are removed, and the next
 *           change starts anew. A change that failed half-way dooms the
 *           transaction it was in: db_commit() then fails likewise.
 */
int db_commit(struct db *db) __attribute__((warn_unused_result));

/* Forget all changes since the last commit. */
void db_rollback(struct db *db);

/*
 * The open transaction, if there is one, can only be rolled back: what is in
 * it already must not be without what has just failed. Returns: err.
 */
int db_doom(struct db *db, int err);

/*
 * Housekeeping for quiet moments: checkpoint the WAL, free a bounded number
 * of messages that nothing names any more.
 *
 * before    messages deleted at or after this db_stamp() are kept, since a
 *           session may still hold them; INT64_MAX: no session is open
 *
 * Returns:  true when there is more to do.
 */
bool db_rest(struct db *db, int64_t before);

/* A number that grows with each deletion; see db_rest(). */
int64_t db_stamp(const struct db *db);

/*
 * Check everything that can be checked without the owner's key: SQLite's own
 * integrity, counters against rows, files against rows.
 *
 * Returns:  0; -EUCLEAN with the first finding in why (a buf for text).
 */
struct buf;
int db_verify(struct db *db, struct buf *why)
	__attribute__((warn_unused_result));

/*
 * Write a consistent copy of the data directory into an empty or absent
 * directory, while the box runs.
 *
 * step      called now and then with how much is done of how much, in bytes;
 *           may be NULL
 */
int db_backup(struct db *db, const char *target_dir,
	void (*step)(void *ctx, uint64_t done, uint64_t total), void *ctx)
	__attribute__((warn_unused_result));

#endif
