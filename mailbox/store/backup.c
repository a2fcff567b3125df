/*
 * A consistent copy while the box runs.
 *
 * 1. The lock on blob/ is taken first, shared: nobody frees a deleted message
 *    while it is held (rest.c), so every file that a row of the copy names
 *    is there until it is copied. The kernel lets go of it if we die.
 * 2. The database is copied from one read transaction: one instant of it.
 * 3. Then the files that this copy names, which never change once committed.
 *    Those of younger messages are left out, as their rows are.
 * 4. The copy is marked: restored.c gives its mailboxes new UIDVALIDITYs when
 *    it is first served. UIDs, and the ids of mailboxes and messages, go on
 *    far above those of that instant, see below.
 * 5. Mail that waits to be sent is held in the copy: the box goes on sending
 *    it, and whoever puts the copy in its place says what is sent again. The
 *    device key is not copied; device_recover() brings it back.
 * 6. The copy of the database gets its name last: a copy cut short is no
 *    box, and cannot be taken for one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "store/blob.h"
#include "store/restored.h"

#define STEP_PAGES 256		/* copied between two words of progress */
#define CHUNK 65536		/* bytes; the same for files */

/*
 * Letters that come after this instant get UIDs that clients then know. Its
 * mailboxes get new UIDVALIDITYs when the copy is first served, and so no UID
 * means the same; but who writes into it before that, and who reads the two
 * side by side, shall not be led astray either. 2^20 letters may come in
 * between.
 */
#define UIDS_PASSED_OVER "1048576"

struct backup {
	struct db *db;
	const char *target;	/* folder */
	int folder, blobs;	/* opened in it; -1 */
	uint64_t done, total;	/* bytes */
	void (*step)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};

/* The files to be copied. */
struct file_list {
	struct blob_id *ids;
	size_t len;
};

static void
backup_tell(struct backup *b, uint64_t more)
{
	b->done += more;
	if (b->step != NULL)
		b->step(b->ctx, b->done, b->total);
}

static int
backup_failed(const struct backup *b, int err)
{
	log_event(LOG_ERROR, "backup-failed", LOG_C("target", b->target),
	    LOG_C("why", strerror(-err)), LOG_C("do",
	    err == -ENOTEMPTY ? "choose an empty or a new folder" :
	    err == -ENOSPC ? "choose a disk with more room" :
	    "look at the folder's owner, rights and disk"));
	return err;
}

static int
target_open(struct backup *b)
{
	struct disk_list *list;
	bool empty;
	int err = disk_folder(b->target, true, &b->folder);

	if (err == 0)
		err = disk_list_open(b->folder, &list);
	if (err == 0) {
		empty = disk_list_next(list) == NULL;
		disk_list_close(list);
		err = empty ? 0 : -ENOTEMPTY;
	}
	if (err == 0)
		err = disk_subfolder(b->folder, BLOB_FOLDER, true, &b->blobs);
	return err;
}

/* What the instant of the open read transaction holds. */
static int
files_list(struct backup *b, struct file_list *files)
{
	sqlite3_stmt *s;
	int64_t pages = 0;
	int row, err = db_pragma(b->db, "PRAGMA page_count", &pages);

	if (err != 0)
		return err;
	b->total = (uint64_t)pages * DB_PAGE;
	if (sqlite3_prepare_v2(b->db->sql, "SELECT id, size, false FROM message"
	    " WHERE body IS NULL UNION ALL SELECT file, size, true FROM letter"
	    " WHERE file IS NOT NULL", -1, &s, NULL) != SQLITE_OK)
		return db_failed(b->db, "backup-failed", -EIO);
	while ((row = db_step(b->db, s)) > 0) {
		if (files->len % 1024 == 0)
			files->ids = xresize(files->ids,
			    (files->len + 1024) * sizeof *files->ids);
		files->ids[files->len++] = (struct blob_id){
			sqlite3_column_int(s, 2) ? BLOB_LETTER : BLOB_MESSAGE,
			(uint64_t)sqlite3_column_int64(s, 0) };
		b->total += (uint64_t)sqlite3_column_int64(s, 1);
	}
	sqlite3_finalize(s);
	return row;
}

static int
pages_copy(struct backup *b, sqlite3 *to)
{
	sqlite3_backup *copy = sqlite3_backup_init(to, "main", b->db->sql,
	    "main");
	int code;

	if (copy == NULL)
		return db_errno(to, sqlite3_errcode(to));
	do {
		int before = sqlite3_backup_remaining(copy);

		code = sqlite3_backup_step(copy, STEP_PAGES);
		if (before > 0)
			backup_tell(b, (uint64_t)(before -
			    sqlite3_backup_remaining(copy)) * DB_PAGE);
	} while (code == SQLITE_OK);
	code = sqlite3_backup_finish(copy);
	return db_errno(to, code);
}

static int
copy_settle(sqlite3 *to)
{
	int code = sqlite3_exec(to, "UPDATE box SET"
	    " uidnext = uidnext + " UIDS_PASSED_OVER ","
	    " modseq = modseq + " UIDS_PASSED_OVER ";"
	    "INSERT INTO vanished (box, modseq, first, last) SELECT id, modseq,"
	    " uidnext - " UIDS_PASSED_OVER ", uidnext - 1 FROM box;"
	    RESTORED_IDS
	    "INSERT INTO state (name, value) VALUES ('" RESTORED_MARK "', "
	    RESTORED_COPY ") ON CONFLICT (name) DO UPDATE SET value = "
	    RESTORED_COPY ";"
	    "UPDATE recipient SET state = 1 WHERE state = 0;"
	    "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : db_errno(to, code);
}

static int
database_copy(struct backup *b)
{
	struct buf path;
	sqlite3 *to = NULL;
	int file, code, err = disk_make(b->folder, DB_FILE_NEW, &file);

	if (err != 0)
		return err;
	buf_init(&path, PATH_LEN_MAX);
	buf_add_text(&path, b->target);
	buf_add_text(&path, "/" DB_FILE_NEW);
	code = path.full ? SQLITE_CANTOPEN : sqlite3_open_v2(buf_text(&path),
	    &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);
	err = code == SQLITE_OK ? pages_copy(b, to) : db_errno(to, code);
	if (err == 0)
		err = copy_settle(to);
	(void)sqlite3_close(to);
	buf_drop(&path);
	if (err == 0)
		err = disk_sync(file);
	disk_close(file);
	return err;
}

static int
file_copy(struct backup *b, struct blob_id id, char chunk[CHUNK])
{
	char name[BLOB_NAME];
	int from = -1, to = -1, err;
	uint64_t at = 0;
	int64_t got;

	blob_name(id, name);
	err = disk_open(b->db->blobs, name, &from);
	if (err == 0)
		err = disk_make(b->blobs, name, &to);
	while (err == 0) {
		got = disk_read(from, at, chunk, CHUNK);
		if (got <= 0) {
			err = (int)got;
			break;
		}
		err = disk_write(to, at, str_from(chunk, (size_t)got));
		at += (uint64_t)got;
		backup_tell(b, (uint64_t)got);
	}
	if (err == 0)
		err = disk_sync(to);
	disk_close(to);
	disk_close(from);
	return err;
}

/* One instant of the database, and what files belong to it. */
static int
instant_copy(struct backup *b, struct file_list *files)
{
	int err = db_exec(b->db, "BEGIN");

	if (err != 0)
		return err;
	err = files_list(b, files);
	if (err == 0)
		err = database_copy(b);
	/* Not longer than this: while it lasts the WAL cannot shrink. */
	(void)sqlite3_exec(b->db->sql, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static int
backup_run(struct backup *b)
{
	struct file_list files = { NULL, 0 };
	char *chunk = xalloc(1, CHUNK);
	int err = target_open(b);

	if (err == 0)
		err = instant_copy(b, &files);
	for (size_t i = 0; i < files.len && err == 0; i++)
		err = file_copy(b, files.ids[i], chunk);
	if (err == 0)
		err = disk_sync_folder(b->blobs);
	if (err == 0)
		err = disk_rename(b->folder, DB_FILE_NEW, DB_FILE);
	if (err == 0)
		err = disk_sync_folder(b->folder);
	free(files.ids);
	free(chunk);
	return err;
}

int
db_backup(struct db *db, const char *target_dir,
	void (*step)(void *ctx, uint64_t done, uint64_t total), void *ctx)
{
	struct backup b = {
		.db = db, .target = target_dir, .folder = -1, .blobs = -1,
		.step = step, .ctx = ctx
	};
	int err = db->open ? -EBUSY : disk_lock(db->blobs, DISK_SHARED);

	db_looked(db);
	if (err == 0) {
		err = backup_run(&b);
		disk_unlock(db->blobs);
	}
	disk_close(b.blobs);
	disk_close(b.folder);
	return err != 0 ? backup_failed(&b, err) : 0;
}
