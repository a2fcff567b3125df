/*
 * Statements: prepared once, bound, stepped; and SQLite's result codes as
 * errno. The tables are other files' business.
 */
#include "store/db_inner.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

sqlite3_stmt *
db_sql(struct db *db, enum db_slot slot, const char *text)
{
	int code;

	if (db->slots[slot] != NULL)
		return db->slots[slot];
	code = sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT,
	    &db->slots[slot], NULL);
	if (code != SQLITE_OK)
		(void)db_doom(db, db_failed(db, "database-failed",
		    db_errno(db->sql, code)));
	return db->slots[slot];
}

void
db_reset(sqlite3_stmt *s)
{
	if (s == NULL)
		return;
	/* Its result is that of the step before, which was looked at. */
	(void)sqlite3_reset(s);
	(void)sqlite3_clear_bindings(s);
}

int
db_step(struct db *db, sqlite3_stmt *s)
{
	int code, err;

	/* It could not be prepared, which was logged. */
	if (s == NULL) {
		err = db_errno(db->sql, sqlite3_errcode(db->sql));
		return err != 0 ? err : -EIO;
	}
	code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE) {
		db_reset(s);
		return 0;
	}
	err = db_failed(db, "database-failed", db_errno(db->sql, code));
	db_reset(s);
	return db_doom(db, err);
}

int
db_run(struct db *db, sqlite3_stmt *s)
{
	int more;

	while ((more = db_step(db, s)) > 0)
		continue;
	return more;
}

int
db_run_met(struct db *db, sqlite3_stmt *s)
{
	int err = db_run(db, s);

	if (err == 0 && sqlite3_changes(db->sql) == 0)
		return -ENOENT;
	return err;
}

void
db_bind_text(sqlite3_stmt *s, int at, struct str text)
{
	(void)sqlite3_bind_text(s, at, text.at != NULL ? text.at : "",
	    (int)text.len, SQLITE_STATIC);
}

void
db_bind_bytes(sqlite3_stmt *s, int at, const void *bytes, size_t size)
{
	(void)sqlite3_bind_blob(s, at, bytes, (int)size, SQLITE_STATIC);
}

struct str
db_column(sqlite3_stmt *s, int at)
{
	const void *bytes = sqlite3_column_blob(s, at);

	return str_from(bytes, (size_t)sqlite3_column_bytes(s, at));
}

int
db_exec(struct db *db, const char *text)
{
	int code = sqlite3_exec(db->sql, text, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		return 0;
	return db_doom(db, db_failed(db, "database-failed",
	    db_errno(db->sql, code)));
}

int
db_pragma(struct db *db, const char *text, int64_t *number)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sql, text, -1, &s, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		*number = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	if (code == SQLITE_ROW)
		return 0;
	return db_failed(db, "database-failed", db_errno(db->sql, code));
}

/* What the system said of a file, where SQLite passes it on. */
static int
system_errno(sqlite3 *sql)
{
	switch (sqlite3_system_errno(sql)) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return -ENOSPC;
	case EROFS:
		return -EROFS;
	case EACCES:
	case EPERM:
		return -EACCES;
	default:
		return -EIO;
	}
}

int
db_errno(sqlite3 *sql, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return system_errno(sql);
	default:
		/*
		 * CORRUPT and NOTADB; and what our own SQL can meet in no
		 * whole database: a missing table, a row that is there twice.
		 */
		return -EUCLEAN;
	}
}

static const char *
advice(int err)
{
	switch (err) {
	case -ENOSPC:
		return "make room on the disk of the data directory";
	case -EROFS:
		return "make the disk of the data directory writable; a card "
		    "that turned read-only is often worn out";
	case -EACCES:
		return "let the user of pillarbox own the data directory";
	case -EUCLEAN:
		return "stop the box and restore the data directory from a "
		    "backup";
	case -EBUSY:
		return "try again when the other command is done";
	default:
		return "look at the disk and the log of the system";
	}
}

int
db_failed(struct db *db, const char *event, int err)
{
	int code = db->sql != NULL ? sqlite3_errcode(db->sql) : SQLITE_OK;

	log_event(LOG_ERROR, event, LOG_C("why", strerror(-err)),
	    LOG_N("sqlite", db->sql != NULL ?
	    sqlite3_extended_errcode(db->sql) : 0),
	    LOG_C("said", code != SQLITE_OK ? sqlite3_errmsg(db->sql) : ""),
	    LOG_C("do", advice(err)));
	return err;
}

int
state_number(struct db *db, const char *name, int64_t *number)
{
	sqlite3_stmt *s = db_sql(db, SLOT_STATE_GET,
	    "SELECT value FROM state WHERE name = ?1");
	int row;

	db_bind_text(s, 1, str_of(name));
	row = db_step(db, s);
	if (row < 0)
		return row;
	*number = row > 0 ? sqlite3_column_int64(s, 0) : 0;
	if (row > 0)
		db_reset(s);
	return 0;
}

int
state_set(struct db *db, const char *name, int64_t number)
{
	sqlite3_stmt *s = db_sql(db, SLOT_STATE_SET,
	    "INSERT INTO state (name, value) VALUES (?1, ?2)"
	    " ON CONFLICT (name) DO UPDATE SET value = ?2");

	db_bind_text(s, 1, str_of(name));
	sqlite3_bind_int64(s, 2, number);
	return db_run(db, s);
}
