/*
 * SQLite's door to the same disk: a VFS. As its own for Unix does, it syncs
 * the folder of a journal or WAL together with the first sync of that, and
 * when a deletion asks for it.
 */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "vfs_sim.h"

#define REGIONS 32		/* of the WAL's index; far more than needed */

struct vfs_file {
	sqlite3_file base;
	struct sim_file *file;
	bool sync_folder;	/* its name is not yet durable */
	void *regions[REGIONS];
};

static int last_errno;

/* An errno of the simulated disk as SQLite's own files would tell it. */
static int
code_of(int err, int code)
{
	if (err != 0)
		last_errno = -err;
	return err == 0 ? SQLITE_OK : err == -ENOSPC ? SQLITE_FULL : code;
}

static const char *
name_of(const char *path)
{
	const size_t len = sizeof SIM_DIR - 1;

	must(strncmp(path, SIM_DIR "/", len + 1) == 0);
	return path + len + 1;
}

static struct vfs_file *
file_of(sqlite3_file *file)
{
	return (struct vfs_file *)file;
}

static void
regions_drop(struct vfs_file *f)
{
	for (int i = 0; i < REGIONS; i++) {
		sqlite3_free(f->regions[i]);
		f->regions[i] = NULL;
	}
}

static int
vfs_close(sqlite3_file *file)
{
	regions_drop(file_of(file));
	sim_close(file_of(file)->file);
	return SQLITE_OK;
}

static int
vfs_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
	size_t got = sim_read(file_of(file)->file, (uint64_t)at, to,
	    (size_t)size);

	memset((char *)to + got, 0, (size_t)size - got);
	return got == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int
vfs_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
	return code_of(sim_write(file_of(file)->file, (uint64_t)at,
	    str_from(from, (size_t)size)), SQLITE_IOERR_WRITE);
}

static int
vfs_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return code_of(sim_truncate(file_of(file)->file, (uint64_t)size),
	    SQLITE_IOERR_TRUNCATE);
}

static int
vfs_sync(sqlite3_file *file, int flags)
{
	struct vfs_file *f = file_of(file);
	int err = sim_sync(f->file);

	(void)flags;
	if (err == 0 && f->sync_folder) {
		err = sim_sync_folder("");
		f->sync_folder = err != 0;
	}
	return code_of(err, SQLITE_IOERR_FSYNC);
}

static int
vfs_size(sqlite3_file *file, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)sim_size(file_of(file)->file);
	return SQLITE_OK;
}

static int
vfs_lock(sqlite3_file *file, int how)
{
	(void)file;
	(void)how;
	return SQLITE_OK;
}

static int
vfs_reserved(sqlite3_file *file, int *reserved)
{
	(void)file;
	*reserved = 0;
	return SQLITE_OK;
}

static int
vfs_control(sqlite3_file *file, int what, void *ctx)
{
	(void)file;
	(void)what;
	(void)ctx;
	return SQLITE_NOTFOUND;
}

static int
vfs_sector(sqlite3_file *file)
{
	(void)file;
	return 512;
}

static int
vfs_traits(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
vfs_shm_map(sqlite3_file *file, int region, int size, int extend,
	void volatile **at)
{
	struct vfs_file *f = file_of(file);

	must(region < REGIONS);
	if (f->regions[region] == NULL && extend) {
		f->regions[region] = sqlite3_malloc(size);
		must(f->regions[region] != NULL);
		memset(f->regions[region], 0, (size_t)size);
	}
	*at = f->regions[region];
	return SQLITE_OK;
}

static int
vfs_shm_lock(sqlite3_file *file, int from, int count, int flags)
{
	(void)file;
	(void)from;
	(void)count;
	(void)flags;
	return SQLITE_OK;
}

static void
vfs_shm_barrier(sqlite3_file *file)
{
	(void)file;
}

static int
vfs_shm_unmap(sqlite3_file *file, int drop)
{
	(void)drop;
	regions_drop(file_of(file));
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = vfs_close,
	.xRead = vfs_read,
	.xWrite = vfs_write,
	.xTruncate = vfs_truncate,
	.xSync = vfs_sync,
	.xFileSize = vfs_size,
	.xLock = vfs_lock,
	.xUnlock = vfs_lock,
	.xCheckReservedLock = vfs_reserved,
	.xFileControl = vfs_control,
	.xSectorSize = vfs_sector,
	.xDeviceCharacteristics = vfs_traits,
	.xShmMap = vfs_shm_map,
	.xShmLock = vfs_shm_lock,
	.xShmBarrier = vfs_shm_barrier,
	.xShmUnmap = vfs_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
	int *got)
{
	struct vfs_file *f = file_of(file);
	const char *name = name_of(path);
	bool new = !sim_exists(name);
	int err;

	(void)vfs;
	memset(f, 0, sizeof *f);
	err = sim_open(name, (flags & SQLITE_OPEN_CREATE) != 0, false,
	    &f->file);
	if (err != 0)
		return code_of(err, SQLITE_CANTOPEN);
	f->sync_folder = new &&
	    (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
	f->base.pMethods = &methods;
	if (got != NULL)
		*got = flags;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	int err = sim_remove(name_of(path));

	(void)vfs;
	if (err == -ENOENT)
		return SQLITE_IOERR_DELETE_NOENT;
	if (err == 0 && sync)
		err = sim_sync_folder("");
	return code_of(err, SQLITE_IOERR_DELETE);
}

static int
vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *is)
{
	(void)vfs;
	(void)flags;
	*is = sim_exists(name_of(path));
	return SQLITE_OK;
}

static int
vfs_path(sqlite3_vfs *vfs, const char *path, int size, char *to)
{
	(void)vfs;
	(void)sqlite3_snprintf(size, to, "%s", path);
	return SQLITE_OK;
}

/* Nothing of SQLite's chance may change from run to run. */
static int
vfs_random(sqlite3_vfs *vfs, int size, char *to)
{
	(void)vfs;
	memset(to, 0x5a, (size_t)size);
	return size;
}

static int
vfs_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int
vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
	(void)vfs;
	*ms = 212000000000000;
	return SQLITE_OK;
}

/* What errno was when an operation last failed. */
static int
vfs_error(sqlite3_vfs *vfs, int size, char *text)
{
	(void)vfs;
	(void)size;
	(void)text;
	return last_errno;
}

void
sim_sqlite(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof (struct vfs_file),
		.mxPathname = 128,
		.zName = "simulated",
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_path,
		.xRandomness = vfs_random,
		.xSleep = vfs_sleep,
		.xCurrentTimeInt64 = vfs_time,
		.xGetLastError = vfs_error,
	};

	must(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
