/*
 * Opening the database, and its transactions.
 *
 * What holds at every instant:
 * 1. What db_commit() answered 0 to is on stable storage: the blobs, their
 *    names, then the transaction (WAL, synchronous=FULL).
 * 2. A write transaction is open only between the first change of a loop turn
 *    and its commit, so the command line never waits long for its turn.
 * 3. After a failed commit nothing of the transaction is left, in the
 *    database or in memory; the next change starts anew. Its files stay until
 *    the next commit only because a power cut before that may bring back a
 *    transaction that was written but could not be synced.
 * 4. A file of the final name is a whole database: it is made under another
 *    name and renamed.
 *
 * auto_vacuum is off: it would write a page of pointers with every delivery
 * and move pages about on the card; freed pages take the next mail instead.
 * A small WAL is written over in place after a checkpoint: its sync then needs
 * no change to the file system's own records.
 */
#include "store/db_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "store/blob.h"
#include "store/box_inner.h"
#include "store/device_inner.h"
#include "store/epoch.h"
#include "store/lazy.h"
#include "store/queue_inner.h"
#include "store/rest.h"
#include "store/schema.h"
#include "store/summary_row.h"

#define CLAIM_FILE "serving.lock"

/*
 * Turns: a command that writes much leaves a pause after each commit, and
 * whoever waits looks again more often than that. SQLite itself knows no
 * queue, and looks ever more seldom.
 */
#define BUSY_MS 5000		/* the longest wait for another process */
#define BUSY_STEP_MS 2		/* from look to look */
#define TURN_MS 10		/* the pause of a command */

/*
 * The path of a file, as a URI (RFC 8089) since SQLite takes options there.
 *
 * still     nobody can change the file: it is read without lock or index
 */
static int
uri_make(struct buf *uri, const char *dir, const char *name, bool still)
{
	struct str path = str_of(dir);

	buf_init(uri, PATH_LEN_MAX);
	buf_add_text(uri, "file:");
	for (size_t i = 0; i < path.len; i++) {
		int c = str_at(path, i);

		if (c == '%' || c == '?' || c == '#')
			buf_add_format(uri, "%%%02x", (unsigned)c);
		else
			buf_add_char(uri, (char)c);
	}
	buf_add_char(uri, '/');
	buf_add_text(uri, name);
	if (still)
		buf_add_text(uri, "?immutable=1");
	return uri->full ? -ENAMETOOLONG : 0;
}

static int
wal_grown(void *ctx, sqlite3 *sql, const char *schema, int pages)
{
	(void)sql;
	(void)schema;
	rest_wal_grown(ctx, pages);
	return SQLITE_OK;
}

static int
busy_wait(void *ctx, int looks)
{
	const struct db *db = ctx;

	if (db->hasty || looks >= BUSY_MS / BUSY_STEP_MS)
		return 0;
	(void)sqlite3_sleep(BUSY_STEP_MS);
	return 1;
}

/* Connect to a file that is there. */
static int
sql_connect(struct db *db, const char *dir, const char *name, bool still)
{
	struct buf uri;
	int err = uri_make(&uri, dir, name, still);
	int code;

	if (err == 0) {
		code = sqlite3_open_v2(buf_text(&uri), &db->sql,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI |
		    SQLITE_OPEN_PRIVATECACHE, NULL);
		must(db->sql != NULL);
		(void)sqlite3_extended_result_codes(db->sql, 1);
		(void)sqlite3_busy_handler(db->sql, busy_wait, db);
		if (code != SQLITE_OK)
			err = db_failed(db, "database-unopened",
			    db_errno(db->sql, code));
	}
	buf_drop(&uri);
	if (err != 0)
		return err;
	return db_exec(db, "PRAGMA synchronous = FULL;"
	    "PRAGMA wal_autocheckpoint = 0;"
	    "PRAGMA cache_size = -1500;"
	    "PRAGMA temp_store = MEMORY;"
	    "PRAGMA mmap_size = 0;"
	    "PRAGMA cell_size_check = ON;"
	    "PRAGMA trusted_schema = OFF");
}

static void
sql_close(struct db *db)
{
	for (size_t i = 0; i < SLOT_COUNT; i++) {
		sqlite3_finalize(db->slots[i]);
		db->slots[i] = NULL;
	}
	must(sqlite3_close(db->sql) == SQLITE_OK);
	db->sql = NULL;
}

/* What was begun and never finished. */
static int
leftover_remove(struct db *db, const char *name)
{
	int err = disk_remove(db->folder, name);

	return err == -ENOENT ? 0 : err;
}

/* Make the database under another name, and give it its own when whole. */
static int
database_make(struct db *db, const char *dir)
{
	int file, err = leftover_remove(db, DB_FILE_NEW);

	if (err == 0)
		err = leftover_remove(db, DB_FILE_NEW "-journal");
	if (err == 0)
		err = disk_make(db->folder, DB_FILE_NEW, &file);
	if (err != 0)
		return db_failed(db, "database-unmade", err);
	disk_close(file);
	err = sql_connect(db, dir, DB_FILE_NEW, false);
	if (err == 0)
		err = db_exec(db, "PRAGMA page_size = 4096");
	if (err == 0)
		err = schema_create(db);
	sql_close(db);
	if (err != 0)
		return err;
	err = disk_rename(db->folder, DB_FILE_NEW, DB_FILE);
	if (err == 0)
		err = disk_sync_folder(db->folder);
	return err != 0 ? db_failed(db, "database-unmade", err) : 0;
}

static int
folder_open(struct db *db, const char *dir)
{
	bool make = db->mode == DB_CREATE;
	int err = disk_folder(dir, make, &db->folder);

	if (err == 0) {
		err = disk_exists(db->folder, DB_FILE);
		if (make)
			err = err == 0 ? -EEXIST : err == -ENOENT ? 0 : err;
	}
	if (err == 0 && db->mode != DB_READ && disk_read_only(db->folder))
		err = -EROFS;
	if (err == 0)
		err = blob_folder_open(db);
	if (err == 0 && db->mode == DB_SERVE)
		err = disk_claim(db->folder, CLAIM_FILE, &db->claim);
	if (err == 0)
		return 0;
	log_event(LOG_ERROR, "data-directory", LOG_C("path", dir),
	    LOG_C("why", strerror(-err)), LOG_C("do",
	    err == -ENOENT ? "make it with: pillarbox init" :
	    err == -EEXIST ? "a box is there already: choose another folder" :
	    err == -EBUSY ? "another pillarbox serves it: stop that first" :
	    err == -EROFS ? "make its disk writable; a card that turned "
	    "read-only is often worn out" :
	    err == -ENOSPC ? "make room on the disk of the data directory" :
	    "look at the folder's owner, rights and disk"));
	return err;
}

/* journal_mode answers with the mode it could reach. */
static int
wal_choose(struct db *db)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db->sql, "PRAGMA journal_mode = WAL", -1,
	    &s, NULL);
	bool is = false;

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		is = str_equal(db_column(s, 0), STR("wal"));
	sqlite3_finalize(s);
	if (is)
		return 0;
	return db_failed(db, "database-unopened",
	    code == SQLITE_ROW ? -EROFS : db_errno(db->sql, code));
}

/*
 * On a disk that cannot be written to, a box that was closed well is read as
 * a file that stands still. A WAL beside it holds the latest mail, and needs
 * the index that was in use with it.
 *
 * Returns:  0 with *still; -EROFS when the WAL cannot be read (logged).
 */
static int
still_choose(struct db *db, bool *still)
{
	*still = false;
	if (db->mode != DB_READ || !disk_read_only(db->folder))
		return 0;
	*still = disk_exists(db->folder, DB_FILE "-wal") == -ENOENT;
	if (*still || disk_exists(db->folder, DB_FILE "-shm") == 0)
		return 0;
	log_event(LOG_ERROR, "database-unopened", LOG_C("file",
	    DB_FILE "-wal"), LOG_C("do", "the disk is read-only and the box "
	    "was not closed: copy the data directory to another disk and read "
	    "it there"));
	return -EROFS;
}

static int
database_open(struct db *db, const char *dir)
{
	bool still;
	int err = still_choose(db, &still);

	if (err == 0)
		err = sql_connect(db, dir, DB_FILE, still);
	if (err == 0)
		err = schema_migrate(db);
	if (err == 0 && db->mode != DB_READ)
		err = wal_choose(db);
	if (err == 0)
		err = state_number(db, "stamp", &db->stamp);
	if (err == 0)
		err = device_begin(db);
	if (err == 0 && db->mode == DB_READ)
		err = db_exec(db, "PRAGMA query_only = ON");
	if (err == 0)
		(void)sqlite3_wal_hook(db->sql, wal_grown, db);
	return err;
}

int
db_open(struct db **out, const char *dir, enum db_mode mode,
	const struct clock *clock)
{
	struct db *db = xalloc(1, sizeof *db);
	int err;

	db->clock = clock;
	db->mode = mode;
	db->folder = db->blobs = db->claim = -1;
	list_init(&db->kept);
	list_init(&db->doubtful);
	list_init(&db->leaving);
	list_init(&db->forgotten);
	db->lazy = lazy_new();
	db->summaries = summaries_new();
	err = folder_open(db, dir);
	if (err == 0 && mode == DB_CREATE)
		err = database_make(db, dir);
	if (err == 0)
		err = database_open(db, dir);
	if (err == 0 && mode == DB_SERVE)
		err = rest_begin(db);
	if (err != 0) {
		db_close(db);
		return err;
	}
	*out = db;
	return 0;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	if (db->sql != NULL) {
		db_rollback(db);
		sql_close(db);
	}
	blob_close(db);
	disk_list_close(db->sweep);
	epoch_leave(db->epoch);
	device_drop(db);
	lazy_drop(db->lazy);
	summaries_drop(db->summaries);
	disk_close(db->claim);
	disk_close(db->blobs);
	disk_close(db->folder);
	buf_drop(&db->sealed);
	free(db->floors);
	free(db->left);
	free(db);
}

enum db_pending
db_pending(const struct db *db)
{
	if (db->open)
		return DB_URGENT;
	return lazy_count(db->lazy) > 0 ||
	    summaries_count(db->summaries) > 0 ? DB_LAZY : DB_CLEAN;
}

int64_t
db_stamp(const struct db *db)
{
	return db->stamp;
}

void
db_look(struct db *db)
{
	if (!db->open && !db->looks)
		db->looks = db_run(db, db_sql(db, SLOT_LOOK, "BEGIN")) == 0;
}

void
db_looked(struct db *db)
{
	/* A read that failed may have ended it. */
	if (db->looks && !sqlite3_get_autocommit(db->sql) &&
	    db_run(db, db_sql(db, SLOT_COMMIT, "COMMIT")) != 0)
		(void)sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	db->looks = false;
}

int
db_begin(struct db *db)
{
	int err;

	if (db->doomed != 0)
		return db->doomed;
	if (db->open)
		return 0;
	db_looked(db);
	err = db_run(db, db_sql(db, SLOT_BEGIN, "BEGIN IMMEDIATE"));
	db->open = err == 0;
	return err;
}

int
db_doom(struct db *db, int err)
{
	if (db->open && db->doomed == 0)
		db->doomed = err;
	return err;
}

int
db_commit(struct db *db)
{
	bool alone = !db->open;
	int err;

	db_looked(db);
	if (db_pending(db) == DB_CLEAN)
		return 0;
	err = db_begin(db);
	if (err == 0)
		err = lazy_write(db, alone);
	if (err == 0)
		err = summaries_write(db);
	if (err == 0)
		err = queue_erase_left(db);
	if (err == 0)
		err = blob_sync_kept(db);
	if (err == 0) {
		err = db_run(db, db_sql(db, SLOT_COMMIT, "COMMIT"));
		if (err != 0)
			blob_doubt(db);
	}
	if (err != 0) {
		db_rollback(db);
		return err;
	}
	db->open = false;
	lazy_committed(db->lazy);
	summaries_committed(db);
	blob_committed(db);
	epoch_committed(db->epoch);
	device_committed(db);
	if (db->wal_pages >= DB_WAL_MAX)
		rest_checkpoint(db, false);
	if (db->mode == DB_WRITE)
		(void)sqlite3_sleep(TURN_MS);
	return 0;
}

void
db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->sql)) {
		for (size_t i = 0; i < SLOT_COUNT; i++)
			db_reset(db->slots[i]);
		/* It fails only if SQLite has rolled back already. */
		(void)sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
		must(sqlite3_get_autocommit(db->sql));
	}
	if (db->open) {
		blob_lost(db);
		epoch_lost(db);
		device_lost(db);
		box_lost(db);
		queue_left_lost(db);
		lazy_lost(db->lazy);
	}
	db->open = db->looks = false;
	db->doomed = 0;
}
