/*
 * The files of blob/.
 *
 * 1. A file is synced, and its name in the folder, before the transaction
 *    that names it is committed; several files together where that is
 *    quicker, since on a card the number of syncs is what costs.
 * 2. Once committed it never changes until it is removed.
 * 3. Until then its writer holds a lock on it, which ends with the process:
 *    a file without lock and without row is an orphan of a crash.
 *
 * One flat folder: a group of files needs one sync of it, and file systems
 * of today find a name among a million as fast as among a hundred.
 */
#include "store/blob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define MAKE_TRIES 5
#define DIGITS 16		/* of a number in a name */
#define LETTER_SIGN 'q'		/* in front of them: a letter of the queue */

/*
 * With no more than this waiting to be written, a group of files is made
 * durable by one sync of the file system; with more, that would wait for
 * messages that are still being received.
 */
#define SYNC_ALL_MAX (16 * 1024 * 1024)	/* bytes */

void
blob_name(struct blob_id id, char name[BLOB_NAME])
{
	static const char digits[] = "0123456789abcdef";

	if (id.kind == BLOB_LETTER)
		*name++ = LETTER_SIGN;
	for (size_t i = DIGITS; i-- > 0; id.number >>= 4)
		name[i] = digits[id.number & 15];
	name[DIGITS] = '\0';
}

bool
blob_name_read(const char *name, struct blob_id *id)
{
	bool letter = name[0] == LETTER_SIGN;
	const char *number = name + letter;
	char again[BLOB_NAME];

	if (strlen(number) != DIGITS)
		return false;
	*id = (struct blob_id){ letter ? BLOB_LETTER : BLOB_MESSAGE, 0 };
	for (size_t i = 0; i < DIGITS; i++) {
		int c = number[i];

		id->number = id->number << 4 | (uint64_t)((c >= 'a' ?
		    c - 'a' + 10 : c - '0') & 15);
	}
	blob_name(*id, again);
	return strcmp(name, again) == 0;
}

int
blob_folder_open(struct db *db)
{
	return disk_subfolder(db->folder, BLOB_FOLDER, db->mode != DB_READ,
	    &db->blobs);
}

static int
blob_failed(const struct blob *blob, int err)
{
	char name[BLOB_NAME];

	blob_name(blob->id, name);
	log_event(LOG_ERROR, "file-failed", LOG_C("file", name),
	    LOG_C("why", strerror(-err)), LOG_C("do", err == -ENOSPC ?
	    "make room on the disk of the data directory" :
	    "look at the disk of the data directory"));
	return err;
}

/*
 * Make and lock. A process that sweeps may come upon the file before it is
 * locked, and remove it: then it is made again.
 */
static int
blob_claim(struct db *db, const char *name, int *file)
{
	int err = -EAGAIN;

	for (int i = 0; i < MAKE_TRIES && err != 0; i++) {
		err = disk_make(db->blobs, name, file);
		if (err == -EEXIST)
			continue;
		if (err != 0)
			return err;
		err = disk_lock(*file, DISK_EXCLUSIVE);
		if (err == 0)
			err = disk_exists(db->blobs, name);
		if (err != 0)
			disk_close(*file);
	}
	return err;
}

int
blob_make(struct db *db, struct blob_id id, struct blob **out)
{
	struct blob *blob = xalloc(1, sizeof *blob);
	char name[BLOB_NAME];
	int err;

	blob->id = id;
	blob->faults = db->sync_faults;
	blob_name(id, name);
	err = blob_claim(db, name, &blob->file);
	if (err != 0) {
		(void)blob_failed(blob, err);
		free(blob);
		return err;
	}
	*out = blob;
	return 0;
}

int
blob_add(struct db *db, struct blob *blob, struct str s)
{
	int err = disk_write(blob->file, blob->len, s);

	if (err != 0)
		return blob_failed(blob, err);
	blob->len += s.len;
	db->unsynced += s.len;
	return 0;
}

void
blob_keep(struct db *db, struct blob *blob)
{
	list_add(&db->kept, &blob->link);
}

static void
blob_free(struct db *db, struct blob *blob)
{
	list_take(&blob->link);
	db->unsynced -= blob->len;
	disk_close(blob->file);
	free(blob);
}

void
blob_abort(struct db *db, struct blob *blob)
{
	if (blob == NULL)
		return;
	blob_remove(db, blob->id);
	blob_free(db, blob);
}

static int
sync_each(struct db *db)
{
	int err = 0;

	for (struct list *at = db->kept.next; at != &db->kept && err == 0;
	    at = at->next)
		err = disk_sync(list_of(at, struct blob, link)->file);
	return err != 0 ? err : disk_sync_folder(db->blobs);
}

/*
 * The kernel tells of a fault in writing back once for the file system, and
 * once for each file. The first may have been told to a sync that had nothing
 * to do with the file: one that was open then is asked for its own.
 */
static bool
sync_all_fits(struct db *db)
{
	struct list *kept = &db->kept, *at;

	if (kept->next == kept->prev || db->unsynced > SYNC_ALL_MAX)
		return false;
	for (at = kept->next; at != kept; at = at->next)
		if (list_of(at, struct blob, link)->faults !=
		    db->sync_faults)
			return false;
	return true;
}

int
blob_sync_kept(struct db *db)
{
	struct list *kept = &db->kept;
	int err;

	if (list_empty(kept))
		return 0;
	if (sync_all_fits(db)) {
		err = disk_sync_all(db->blobs);
		db->sync_faults += err != 0;
	} else {
		err = sync_each(db);
	}
	return err != 0 ? blob_failed(list_of(kept->next, struct blob, link),
	    err) : 0;
}

static void
list_free(struct db *db, struct list *blobs)
{
	while (!list_empty(blobs))
		blob_free(db, list_of(blobs->next, struct blob, link));
}

static void
list_abort(struct db *db, struct list *blobs)
{
	while (!list_empty(blobs))
		blob_abort(db, list_of(blobs->next, struct blob, link));
}

static void
list_move(struct list *from, struct list *to)
{
	while (!list_empty(from)) {
		struct list *link = from->next;

		list_take(link);
		list_add(to, link);
	}
}

void
blob_forget(struct db *db, struct blob_id id)
{
	struct blob *blob = xalloc(1, sizeof *blob);

	blob->id = id;
	blob->file = -1;
	list_add(&db->leaving, &blob->link);
}

void
blob_committed(struct db *db)
{
	list_free(db, &db->kept);
	list_abort(db, &db->doubtful);
	list_move(&db->leaving, &db->forgotten);
	blob_sweep(db);
}

void
blob_lost(struct db *db)
{
	list_abort(db, &db->kept);
	list_free(db, &db->leaving);
}

void
blob_doubt(struct db *db)
{
	list_move(&db->kept, &db->doubtful);
}

void
blob_sweep(struct db *db)
{
	if (list_empty(&db->forgotten) ||
	    disk_lock(db->blobs, DISK_EXCLUSIVE) != 0)
		return;
	list_abort(db, &db->forgotten);
	disk_unlock(db->blobs);
}

void
blob_close(struct db *db)
{
	list_free(db, &db->kept);
	list_free(db, &db->doubtful);
	list_free(db, &db->leaving);
	list_free(db, &db->forgotten);
}

void
blob_remove(struct db *db, struct blob_id id)
{
	char name[BLOB_NAME];
	int err;

	blob_name(id, name);
	err = disk_remove(db->blobs, name);
	if (err != 0 && err != -ENOENT)
		log_event(LOG_ERROR, "file-not-removed", LOG_C("file", name),
		    LOG_C("why", strerror(-err)));
}
