/*
 * What can wait for a quiet moment: late counts and summaries, what mailboxes
 * held that were removed, deleted messages, files that a crash left behind,
 * and the checkpoint.
 *
 * 1. A file is removed only after the commit that forgot its message.
 * 2. Nothing is freed while a backup holds its lock on blob/.
 * 3. A file counts as an orphan only if nobody has it locked, and then there
 *    is no row for it, neither of a message nor of a letter to be sent.
 */
#include "store/rest.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "store/blob.h"
#include "store/box_inner.h"
#include "store/epoch.h"
#include "store/lazy.h"
#include "store/summary_row.h"

#define FREE_MAX 64		/* messages freed in one step */
#define SWEEP_MAX 1024		/* files looked at in one step */
#define EPOCH_OLD_S (48 * 3600)	/* twice as long as one is in use */

void
rest_wal_grown(struct db *db, int pages)
{
	db->wal_pages = pages;
	if (pages > db->wal_high)
		db->wal_high = pages;
}

void
rest_checkpoint(struct db *db, bool quiet)
{
	bool cut = quiet && db->wal_high >= DB_WAL_MAX;
	int pages, moved, code;

	/* Whoever reads at this moment is not waited for. */
	db->hasty = true;
	code = sqlite3_wal_checkpoint_v2(db->sql, NULL, cut ?
	    SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
	    &pages, &moved);
	db->hasty = false;
	if (code != SQLITE_OK && code != SQLITE_BUSY)
		(void)db_failed(db, "checkpoint-failed",
		    db_errno(db->sql, code));
	if (code == SQLITE_OK && pages == moved)
		db->wal_pages = 0;
	if (code == SQLITE_OK && cut)
		db->wal_high = 0;
}

/* Messages about to be freed. */
struct batch {
	int64_t stamps[FREE_MAX];
	uint64_t messages[FREE_MAX];
	bool files[FREE_MAX];
	size_t len;
};

static int
batch_fill(struct db *db, int64_t before, struct batch *b)
{
	sqlite3_stmt *s = db_sql(db, SLOT_GARBAGE_LIST,
	    "SELECT stamp, garbage.message, body IS NULL FROM garbage"
	    " LEFT JOIN message ON id = garbage.message"
	    " WHERE stamp < ?1 ORDER BY stamp LIMIT ?2");
	int row;

	sqlite3_bind_int64(s, 1, before);
	sqlite3_bind_int(s, 2, FREE_MAX);
	b->len = 0;
	while ((row = db_step(db, s)) > 0 && b->len < FREE_MAX) {
		b->stamps[b->len] = sqlite3_column_int64(s, 0);
		b->messages[b->len] = (uint64_t)sqlite3_column_int64(s, 1);
		b->files[b->len] = sqlite3_column_int(s, 2) != 0;
		b->len++;
	}
	if (row > 0)
		db_reset(s);
	return row < 0 ? row : 0;
}

static int
row_delete(struct db *db, enum db_slot slot, const char *text, int64_t id)
{
	sqlite3_stmt *s = db_sql(db, slot, text);

	sqlite3_bind_int64(s, 1, id);
	return db_run(db, s);
}

static int
message_delete(struct db *db, int64_t stamp, uint64_t message)
{
	sqlite3_stmt *s;
	int err = row_delete(db, SLOT_MESSAGE_DELETE,
	    "DELETE FROM message WHERE id = ?1", (int64_t)message);

	if (err == 0)
		err = row_delete(db, SLOT_SUMMARY_DELETE,
		    "DELETE FROM summary WHERE message = ?1",
		    (int64_t)message);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_GARBAGE_DELETE,
	    "DELETE FROM garbage WHERE stamp = ?1 AND message = ?2");
	sqlite3_bind_int64(s, 1, stamp);
	sqlite3_bind_int64(s, 2, (int64_t)message);
	return db_run(db, s);
}

/*
 * Forget the seed of an epoch whose last message is gone: nothing can open
 * a copy of those any more. A young one may still be in use elsewhere.
 */
static int
epoch_free(struct db *db, int64_t id)
{
	sqlite3_stmt *s;

	if (db->epoch != NULL && db->epoch->id == id)
		return 0;
	s = db_sql(db, SLOT_EPOCH_DELETE,
	    "DELETE FROM epoch WHERE id = ?1 AND begun < ?2 AND NOT EXISTS"
	    " (SELECT 1 FROM message WHERE message.id BETWEEN ?3 AND ?4)");
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int64(s, 2, db->clock->unix_s - EPOCH_OLD_S);
	sqlite3_bind_int64(s, 3, id * SEAL_EPOCH_MAX);
	sqlite3_bind_int64(s, 4, id * SEAL_EPOCH_MAX + SEAL_EPOCH_MAX - 1);
	return db_run(db, s);
}

static int
batch_delete(struct db *db, const struct batch *b)
{
	int64_t epoch = 0;
	int err = db_begin(db);

	for (size_t i = 0; i < b->len && err == 0; i++)
		err = message_delete(db, b->stamps[i], b->messages[i]);
	for (size_t i = 0; i < b->len && err == 0; i++) {
		if (epoch_of(b->messages[i]) == epoch)
			continue;
		epoch = epoch_of(b->messages[i]);
		err = epoch_free(db, epoch);
	}
	if (err != 0)
		(void)db_doom(db, err);
	return db_commit(db);
}

/* Returns: true when there is more. */
static bool
garbage_free(struct db *db, int64_t before)
{
	struct batch b;
	int err;

	if (batch_fill(db, before, &b) != 0 || b.len == 0)
		return false;
	/* A backup is under way: later. */
	if (disk_lock(db->blobs, DISK_EXCLUSIVE) != 0)
		return false;
	err = batch_delete(db, &b);
	for (size_t i = 0; i < b.len && err == 0; i++) {
		if (b.files[i])
			blob_remove(db, (struct blob_id){ BLOB_MESSAGE,
			    b.messages[i] });
	}
	disk_unlock(db->blobs);
	return err == 0 && b.len == FREE_MAX;
}

/* Returns: 1 when a row says that its content is in a file; 0; -errno. */
static int
row_has_file(struct db *db, struct blob_id id)
{
	sqlite3_stmt *s = id.kind == BLOB_LETTER ? db_sql(db,
	    SLOT_LETTER_FILE, "SELECT 1 FROM letter WHERE file = ?1") :
	    db_sql(db, SLOT_MESSAGE_FILE,
	    "SELECT 1 FROM message WHERE id = ?1 AND body IS NULL");
	int row;

	sqlite3_bind_int64(s, 1, (int64_t)id.number);
	row = db_step(db, s);
	if (row > 0)
		db_reset(s);
	return row;
}

static void
file_judge(struct db *db, const char *name)
{
	struct blob_id id;
	int file;

	if (!blob_name_read(name, &id) || row_has_file(db, id) != 0)
		return;
	if (disk_open(db->blobs, name, &file) != 0)
		return;
	/* Whoever held the lock may have committed: so the row once more. */
	if (disk_lock(file, DISK_EXCLUSIVE) == 0 && row_has_file(db, id) == 0) {
		log_event(LOG_INFO, "orphan-removed", LOG_C("file", name));
		blob_remove(db, id);
	}
	disk_close(file);
}

/* Returns: true when there is more. */
static bool
sweep_step(struct db *db)
{
	for (int i = 0; i < SWEEP_MAX && db->sweep != NULL; i++) {
		const char *name = disk_list_next(db->sweep);

		if (name != NULL) {
			file_judge(db, name);
			continue;
		}
		disk_list_close(db->sweep);
		db->sweep = NULL;
	}
	return db->sweep != NULL;
}

int
rest_begin(struct db *db)
{
	int err = disk_list_open(db->blobs, &db->sweep);

	if (err != 0)
		return db_failed(db, "folder-unreadable", err);
	(void)sweep_step(db);
	return 0;
}

bool
db_rest(struct db *db, int64_t before)
{
	bool more;

	db_looked(db);
	if (db->open)
		return true;
	if ((lazy_due(db) || summaries_due(db)) && db_commit(db) != 0)
		return false;
	blob_sweep(db);
	more = box_empty_removed(db);
	if (garbage_free(db, before))
		more = true;
	if (sweep_step(db))
		more = true;
	if (!more && db->wal_pages >= DB_WAL_REST)
		rest_checkpoint(db, true);
	return more;
}
