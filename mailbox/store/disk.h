/* The store's door to the file system, beside SQLite's own. */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include "base/str.h"

/*
 * Folders and files are small numbers as from open(2). Names hold no slash.
 * Every function but the last few returns 0 or a negative errno; a full quota
 * or a file size limit is told as -ENOSPC. Nothing here logs.
 *
 * The crash runs of test/crash link another disk.c, which lives in memory and
 * loses what was not synced.
 */

/*
 * Open a folder.
 *
 * make      make it when it is absent, for its owner alone
 */
int disk_folder(const char *path, bool make, int *folder)
	__attribute__((warn_unused_result));

/* The same for a folder in a folder. */
int disk_subfolder(int parent, const char *name, bool make, int *folder)
	__attribute__((warn_unused_result));

/*
 * Make a file, readable and writable by the owner alone. When root makes it
 * in a folder of somebody else, it becomes theirs.
 */
int disk_make(int folder, const char *name, int *file)
	__attribute__((warn_unused_result));

/* Open a file for reading; nothing is made. */
int disk_open(int folder, const char *name, int *file)
	__attribute__((warn_unused_result));

/*
 * Write all of s at an offset, and have the system begin to bring it to the
 * disk: so that syncing a large file does not take long.
 */
int disk_write(int file, uint64_t at, struct str s)
	__attribute__((warn_unused_result));

/* Returns: the bytes read, less than size only at the end; or -errno. */
int64_t disk_read(int file, uint64_t at, void *to, size_t size)
	__attribute__((warn_unused_result));

int disk_size(int file, uint64_t *size) __attribute__((warn_unused_result));

/*
 * How much the disk of a folder lacks of the room that is held back: 8 MiB, or
 * a quarter of a disk that is smaller than four times that. Deleting needs
 * room to be noted in; were mail allowed to take the last of it, none could
 * be deleted any more.
 *
 * missing   gets bytes; 0 when there is room
 */
int disk_room(int folder, uint64_t *missing)
	__attribute__((warn_unused_result));

/* How much mail the disk of a folder can still take, in bytes. */
int disk_left(int folder, uint64_t *left)
	__attribute__((warn_unused_result));

/* Make the content of a file durable. */
int disk_sync(int file) __attribute__((warn_unused_result));

/*
 * Make everything in the file system of a folder durable, names and content,
 * in one sync. Whatever other programs wrote there is waited for as well.
 */
int disk_sync_all(int folder) __attribute__((warn_unused_result));

/* Make the names in a folder durable. */
int disk_sync_folder(int folder) __attribute__((warn_unused_result));

int disk_remove(int folder, const char *name)
	__attribute__((warn_unused_result));
int disk_rename(int folder, const char *from, const char *to)
	__attribute__((warn_unused_result));

/* Returns: 0 when it is there, -ENOENT or why that cannot be told. */
int disk_exists(int folder, const char *name)
	__attribute__((warn_unused_result));

/* Whether the file system of a folder cannot be written to at present. */
bool disk_read_only(int folder);

/*
 * Lock a file or folder until it is closed or the process ends. Shared waits
 * for whoever has it exclusively, which nobody has for long; exclusive does
 * not wait.
 *
 * Returns:  0, or -EAGAIN when another open of it is in the way.
 */
enum disk_lock { DISK_SHARED, DISK_EXCLUSIVE };

int disk_lock(int file, enum disk_lock how)
	__attribute__((warn_unused_result));

/* Let go of a lock early. */
void disk_unlock(int file);

/*
 * Take the one place of the process that serves a folder. The lock is the
 * process's own: a child does not inherit it, and it is never given back.
 *
 * Returns:  0 with *file to be kept open; -EBUSY when it is taken.
 */
int disk_claim(int folder, const char *name, int *file)
	__attribute__((warn_unused_result));

/* -1 is fine. */
void disk_close(int file);

/* The files of a folder, in no order. */
struct disk_list;

int disk_list_open(int folder, struct disk_list **list)
	__attribute__((warn_unused_result));

/* Returns: the next name, until the next call; NULL at the end. */
const char *disk_list_next(struct disk_list *list);

void disk_list_close(struct disk_list *list);	/* NULL is fine */

#endif
