/*
 * The store's door to the file system, opened onto the simulated disk: it
 * takes the place of store/disk.c in the programs that link it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/disk.h"
#include "vfs_sim.h"

#define OPEN_MAX_FILES 64
#define ROOT 1000		/* the data directory */
#define BLOB 1001		/* the folder in it */
#define CLAIM 1002
#define FIRST 2000		/* files */

static struct sim_file *files[OPEN_MAX_FILES];

/* The names as they were when the list was opened. */
struct disk_list {
	char names[SIM_FILES][64];
	size_t count, next;
};

static void
path_of(int folder, const char *name, char path[64])
{
	must(folder == ROOT || folder == BLOB);
	must(snprintf(path, 64, "%s%s", folder == BLOB ? "blob/" : "",
	    name) < 64);
}

static int
file_open(int folder, const char *name, bool make, int *file)
{
	char path[64];
	int err;

	path_of(folder, name, path);
	for (int i = 0; i < OPEN_MAX_FILES; i++) {
		if (files[i] != NULL)
			continue;
		err = sim_open(path, make, make, &files[i]);
		*file = err == 0 ? FIRST + i : -1;
		return err;
	}
	return -EMFILE;
}

static struct sim_file *
file_at(int file)
{
	must(file >= FIRST && file < FIRST + OPEN_MAX_FILES);
	must(files[file - FIRST] != NULL);
	return files[file - FIRST];
}

int
disk_folder(const char *path, bool make, int *folder)
{
	(void)make;
	must(strcmp(path, SIM_DIR) == 0);
	*folder = ROOT;
	return 0;
}

int
disk_subfolder(int parent, const char *name, bool make, int *folder)
{
	(void)make;
	must(parent == ROOT && strcmp(name, "blob") == 0);
	*folder = BLOB;
	return 0;
}

int
disk_make(int folder, const char *name, int *file)
{
	return file_open(folder, name, true, file);
}

int
disk_open(int folder, const char *name, int *file)
{
	return file_open(folder, name, false, file);
}

int
disk_write(int file, uint64_t at, struct str s)
{
	return sim_write(file_at(file), at, s);
}

int64_t
disk_read(int file, uint64_t at, void *to, size_t size)
{
	return (int64_t)sim_read(file_at(file), at, to, size);
}

int
disk_size(int file, uint64_t *size)
{
	*size = sim_size(file_at(file));
	return 0;
}

int
disk_room(int folder, uint64_t *missing)
{
	(void)folder;
	*missing = 0;
	return 0;
}

int
disk_left(int folder, uint64_t *left)
{
	(void)folder;
	*left = 1 << 30;
	return 0;
}

int
disk_sync(int file)
{
	return sim_sync(file_at(file));
}

int
disk_sync_all(int folder)
{
	must(folder == BLOB);
	return sim_sync_blobs();
}

int
disk_sync_folder(int folder)
{
	return sim_sync_folder(folder == BLOB ? "blob" : "");
}

int
disk_remove(int folder, const char *name)
{
	char path[64];

	path_of(folder, name, path);
	return sim_remove(path);
}

int
disk_rename(int folder, const char *from, const char *to)
{
	char path[64], other[64];

	path_of(folder, from, path);
	path_of(folder, to, other);
	return sim_rename(path, other);
}

int
disk_exists(int folder, const char *name)
{
	char path[64];

	path_of(folder, name, path);
	return sim_exists(path) ? 0 : -ENOENT;
}

bool
disk_read_only(int folder)
{
	(void)folder;
	return false;
}

/* There is one process only, which is never in its own way. */
int
disk_lock(int file, enum disk_lock how)
{
	(void)file;
	(void)how;
	return 0;
}

void
disk_unlock(int file)
{
	(void)file;
}

int
disk_claim(int folder, const char *name, int *file)
{
	(void)folder;
	(void)name;
	*file = CLAIM;
	return 0;
}

void
disk_close(int file)
{
	if (file < FIRST)
		return;
	sim_close(file_at(file));
	files[file - FIRST] = NULL;
}

int
disk_list_open(int folder, struct disk_list **list)
{
	struct disk_list *l = xalloc(1, sizeof *l);
	const char *name;

	for (size_t i = 0; (name = sim_name(i)) != NULL; i++) {
		const char *slash = strchr(name, '/');

		if ((slash != NULL) == (folder == BLOB))
			(void)snprintf(l->names[l->count++], 64, "%s",
			    slash != NULL ? slash + 1 : name);
	}
	*list = l;
	return 0;
}

const char *
disk_list_next(struct disk_list *list)
{
	return list->next < list->count ? list->names[list->next++] : NULL;
}

void
disk_list_close(struct disk_list *list)
{
	free(list);
}
