/*
 * Plain system calls, each tried again when a signal cut it short.
 *
 * It knows neither messages nor the database.
 */
#include "store/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILE_MODE 0600
#define FOLDER_MODE 0700

#define ROOM_HELD_BACK (8u << 20)	/* bytes: two full WALs */

struct disk_list {
	DIR *names;
};

/* The limits of people and processes are to the caller a full disk. */
static int
disk_error(void)
{
	if (errno == EDQUOT || errno == EFBIG)
		return -ENOSPC;
	return -errno;
}

/* What root makes for somebody belongs to them. */
static int
owner_give(int folder, int made)
{
	struct stat is;

	if (geteuid() != 0)
		return 0;
	if (fstat(folder, &is) != 0)
		return disk_error();
	if (is.st_uid == 0)
		return 0;
	return fchown(made, is.st_uid, is.st_gid) == 0 ? 0 : disk_error();
}

/* A new folder gets its owner, and its name in its parent is made to last. */
static int
folder_settle(int folder)
{
	int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (parent < 0)
		return disk_error();
	err = owner_give(parent, folder);
	if (err == 0)
		err = disk_sync_folder(parent);
	disk_close(parent);
	return err;
}

int
disk_subfolder(int parent, const char *name, bool make, int *folder)
{
	bool made = make && mkdirat(parent, name, FOLDER_MODE) == 0;
	int err;

	*folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*folder < 0)
		return disk_error();
	err = made ? folder_settle(*folder) : 0;
	if (err != 0)
		disk_close(*folder);
	return err;
}

int
disk_folder(const char *path, bool make, int *folder)
{
	return disk_subfolder(AT_FDCWD, path, make, folder);
}

int
disk_make(int folder, const char *name, int *file)
{
	int err;

	*file = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, FILE_MODE);
	if (*file < 0)
		return disk_error();
	err = owner_give(folder, *file);
	if (err == 0)
		return 0;
	disk_close(*file);
	(void)unlinkat(folder, name, 0);
	return err;
}

int
disk_open(int folder, const char *name, int *file)
{
	*file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return *file < 0 ? disk_error() : 0;
}

int
disk_write(int file, uint64_t at, struct str s)
{
	off_t start = (off_t)at;
	size_t all = s.len;

	while (s.len > 0) {
		ssize_t n = pwrite(file, s.at, s.len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return disk_error();
		str_take(&s, (size_t)n);
		at += (uint64_t)n;
	}
	/* A hint only: where it is not known, the sync does it all. */
	(void)sync_file_range(file, start, (off_t)all, SYNC_FILE_RANGE_WRITE);
	return 0;
}

int64_t
disk_read(int file, uint64_t at, void *to, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = pread(file, (char *)to + have, size - have,
		    (off_t)(at + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return disk_error();
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (int64_t)have;
}

int
disk_size(int file, uint64_t *size)
{
	struct stat is;

	if (fstat(file, &is) != 0)
		return disk_error();
	*size = (uint64_t)is.st_size;
	return 0;
}

/* What is free, and how much of it is held back. */
static int
room_ask(int folder, uint64_t *left, uint64_t *held)
{
	struct statvfs is;

	if (fstatvfs(folder, &is) != 0)
		return disk_error();
	*left = (uint64_t)is.f_bavail * is.f_frsize;
	*held = (uint64_t)is.f_blocks * is.f_frsize / 4;
	if (*held > ROOM_HELD_BACK)
		*held = ROOM_HELD_BACK;
	return 0;
}

int
disk_room(int folder, uint64_t *missing)
{
	uint64_t left, held;
	int err = room_ask(folder, &left, &held);

	if (err == 0)
		*missing = left < held ? held - left : 0;
	return err;
}

int
disk_left(int folder, uint64_t *left)
{
	uint64_t held;
	int err = room_ask(folder, left, &held);

	if (err == 0)
		*left = *left > held ? *left - held : 0;
	return err;
}

int
disk_sync(int file)
{
	return fdatasync(file) == 0 ? 0 : disk_error();
}

int
disk_sync_all(int folder)
{
	/* Errors of writing back are told since Linux 5.8. */
	return syncfs(folder) == 0 ? 0 : disk_error();
}

int
disk_sync_folder(int folder)
{
	return fsync(folder) == 0 ? 0 : disk_error();
}

int
disk_remove(int folder, const char *name)
{
	return unlinkat(folder, name, 0) == 0 ? 0 : disk_error();
}

int
disk_rename(int folder, const char *from, const char *to)
{
	return renameat(folder, from, folder, to) == 0 ? 0 : disk_error();
}

int
disk_exists(int folder, const char *name)
{
	struct stat is;

	return fstatat(folder, name, &is, AT_SYMLINK_NOFOLLOW) == 0 ? 0 :
	    disk_error();
}

bool
disk_read_only(int folder)
{
	struct statvfs is;

	return fstatvfs(folder, &is) == 0 && (is.f_flag & ST_RDONLY) != 0;
}

int
disk_lock(int file, enum disk_lock how)
{
	int what = how == DISK_SHARED ? LOCK_SH : LOCK_EX | LOCK_NB;

	while (flock(file, what) != 0) {
		if (errno != EINTR)
			return disk_error();
	}
	return 0;
}

void
disk_unlock(int file)
{
	(void)flock(file, LOCK_UN);
}

int
disk_claim(int folder, const char *name, int *file)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int err = disk_make(folder, name, file);

	if (err == -EEXIST) {
		*file = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		err = *file < 0 ? disk_error() : 0;
	}
	if (err != 0)
		return err;
	if (fcntl(*file, F_SETLK, &whole) == 0)
		return 0;
	err = errno == EAGAIN || errno == EACCES ? -EBUSY : disk_error();
	disk_close(*file);
	return err;
}

void
disk_close(int file)
{
	if (file >= 0)
		(void)close(file);
}

int
disk_list_open(int folder, struct disk_list **list)
{
	int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names;

	if (own < 0)
		return disk_error();
	names = fdopendir(own);
	if (names == NULL) {
		int err = disk_error();

		disk_close(own);
		return err;
	}
	*list = xalloc(1, sizeof **list);
	(*list)->names = names;
	return 0;
}

const char *
disk_list_next(struct disk_list *list)
{
	struct dirent *entry;

	do
		entry = readdir(list->names);
	while (entry != NULL && entry->d_name[0] == '.');
	return entry != NULL ? entry->d_name : NULL;
}

void
disk_list_close(struct disk_list *list)
{
	if (list == NULL)
		return;
	(void)closedir(list->names);
	free(list);
}
