/* A disk in memory that can fail, stop, and lose what was not synced. */
#ifndef TEST_CRASH_VFS_SIM_H
#define TEST_CRASH_VFS_SIM_H

#include "base/str.h"

/*
 * Every write, truncate, sync and change of a name is an operation with a
 * number. What was written is read back at once, and is durable after a sync
 * of the file; a name is durable after a sync of its folder. At a crash every
 * change since then is kept, lost or torn, as the chance of the run says.
 *
 * Names are relative to the data directory, SIM_DIR; its one folder is blob/.
 */
#define SIM_DIR "/simulated"
#define SIM_FILES 256		/* the most there can be */

struct sim_file;

/* What befalls the operation whose number was chosen, and those after it. */
enum sim_fault {
	SIM_NONE,
	SIM_STOP,	/* the power is gone: nothing happens any more */
	SIM_FAIL,	/* it fails, and a few after it, with the errno given;
			   what a failed sync covered is lost */
	SIM_LATE	/* it happens, but is told to have failed; a few
			   operations later the power is gone */
};

/* Which of the unsynced changes reach the disk at a crash. */
enum sim_chance { SIM_LOSE_ALL, SIM_KEEP_ALL, SIM_RANDOM };

/* Forget everything; or go back to what sim_save() saw. */
void sim_reset(void);
void sim_save(void);
void sim_restore(void);

/*
 * Count operations from here on, and let fault befall number at.
 *
 * length    how many operations SIM_FAIL makes fail; and how many SIM_LATE
 *           lets happen after the one
 */
void sim_arm(enum sim_fault fault, unsigned at, unsigned length, int err);

/* Operations since sim_arm(); whether the fault has come. */
unsigned sim_count(void);
bool sim_struck(void);

/* The disk as it is found after a power cut. */
void sim_crash(enum sim_chance chance, unsigned seed);

/* Files; each open counted, so that a removed file lives until closed. */
int sim_open(const char *name, bool make, bool must_make,
	struct sim_file **file);
void sim_close(struct sim_file *file);
int sim_write(struct sim_file *file, uint64_t at, struct str s);
size_t sim_read(struct sim_file *file, uint64_t at, void *to, size_t size);
uint64_t sim_size(const struct sim_file *file);
int sim_truncate(struct sim_file *file, uint64_t size);
int sim_sync(struct sim_file *file);
int sim_sync_folder(const char *folder);
int sim_sync_blobs(void);	/* all files in blob/, and their names */
int sim_remove(const char *name);
int sim_rename(const char *from, const char *to);
bool sim_exists(const char *name);

/* The name of the file with a number, counted from 0; NULL past the last. */
const char *sim_name(size_t number);

/* Make the disk SQLite's only one. */
void sim_sqlite(void);

#endif
