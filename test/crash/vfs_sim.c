/*
 * The simulated disk. A file has its content as programs see it, its content
 * as the platter has it, and the changes between the two in their order; the
 * names are kept likewise.
 */
#include "vfs_sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vfs_bytes.h"

#define NAME_LEN 64

/* A write (bytes at an offset), or a truncation (no bytes). */
struct change {
	struct change *next;
	uint64_t at;
	struct bytes bytes;
};

struct sim_file {
	struct bytes now, durable;
	struct change *first, **last;
	int lost;		/* changes were: its next sync tells; 0 */
	unsigned users;		/* opens, and names of either kind */
};

struct name {
	char text[NAME_LEN];
	struct sim_file *file;
};

struct names {
	struct name at[SIM_FILES];
	size_t len;
};

/* A change of names not yet synced: from is gone, to is there. */
struct name_change {
	char from[NAME_LEN], to[NAME_LEN];
	struct sim_file *file;	/* of to */
	bool blob;		/* in blob/ */
};

static struct {
	struct names now, durable, saved;
	struct name_change changes[SIM_FILES];
	size_t change_count;
	enum sim_fault fault;
	unsigned count, fault_at, fault_length;
	int fault_err;
	unsigned seed;
} sim;

static void
changes_forget(struct sim_file *file)
{
	struct change *next;

	for (struct change *c = file->first; c != NULL; c = next) {
		next = c->next;
		free(c->bytes.at);
		free(c);
	}
	file->first = NULL;
	file->last = &file->first;
}

static struct sim_file *
file_use(struct sim_file *file)
{
	if (file != NULL)
		file->users++;
	return file;
}

static void
file_leave(struct sim_file *file)
{
	if (file == NULL || --file->users > 0)
		return;
	changes_forget(file);
	free(file->now.at);
	free(file->durable.at);
	free(file);
}

static struct name *
name_find(struct names *names, const char *text)
{
	for (size_t i = 0; i < names->len; i++) {
		if (strcmp(names->at[i].text, text) == 0)
			return &names->at[i];
	}
	return NULL;
}

static void
name_remove(struct names *names, const char *text)
{
	struct name *name = name_find(names, text);

	if (name == NULL)
		return;
	file_leave(name->file);
	*name = names->at[--names->len];
}

static void
name_set(char to[NAME_LEN], const char *text)
{
	must(strlen(text) < NAME_LEN);
	memcpy(to, text, strlen(text) + 1);
}

static void
name_put(struct names *names, const char *text, struct sim_file *file)
{
	file_use(file);
	name_remove(names, text);
	must(names->len < SIM_FILES);
	name_set(names->at[names->len].text, text);
	names->at[names->len++].file = file;
}

static void
name_apply(struct names *names, const struct name_change *c)
{
	if (c->from[0] != '\0')
		name_remove(names, c->from);
	if (c->to[0] != '\0')
		name_put(names, c->to, c->file);
}

static void
names_clear(struct names *names)
{
	while (names->len > 0)
		name_remove(names, names->at[0].text);
}

static bool
is_blob(const char *text)
{
	return strchr(text, '/') != NULL;
}

static void
name_change(const char *from, const char *to, struct sim_file *file)
{
	struct name_change *c = &sim.changes[sim.change_count++];

	must(sim.change_count <= SIM_FILES);
	name_set(c->from, from);
	name_set(c->to, to);
	c->file = file_use(file);
	c->blob = is_blob(from) || is_blob(to);
	name_apply(&sim.now, c);
}

/* Take the changes of names of one folder off the list, at most max. */
static void
name_changes_take(bool blob, size_t max, bool apply)
{
	size_t kept = 0;

	for (size_t i = 0; i < sim.change_count; i++) {
		struct name_change *c = &sim.changes[i];

		if (c->blob != blob || max == 0) {
			sim.changes[kept++] = *c;
			continue;
		}
		max--;
		if (apply)
			name_apply(&sim.durable, c);
		file_leave(c->file);
	}
	sim.change_count = kept;
}

/* Count an operation. Returns: 0, or why it does not happen. */
static int
operation(void)
{
	unsigned n = ++sim.count;

	if (sim.fault == SIM_NONE || n < sim.fault_at)
		return 0;
	if (sim.fault == SIM_STOP)
		return -EIO;
	if (sim.fault == SIM_LATE)
		return n == sim.fault_at ||
		    n > sim.fault_at + sim.fault_length ? -EIO : 0;
	return n < sim.fault_at + sim.fault_length ? sim.fault_err : 0;
}

/* Whether this operation does happen, though it is told to fail. */
static bool
is_late(void)
{
	return sim.fault == SIM_LATE && sim.count == sim.fault_at;
}

void
sim_arm(enum sim_fault fault, unsigned at, unsigned length, int err)
{
	sim.fault = fault;
	sim.count = 0;
	sim.fault_at = at;
	sim.fault_length = length;
	sim.fault_err = err;
}

unsigned
sim_count(void)
{
	return sim.count;
}

bool
sim_struck(void)
{
	return sim.fault != SIM_NONE && sim.count >= sim.fault_at;
}

int
sim_open(const char *name, bool make, bool must_make, struct sim_file **file)
{
	struct name *is = name_find(&sim.now, name);
	int err;

	if (is != NULL && must_make)
		return -EEXIST;
	if (is == NULL && !make)
		return -ENOENT;
	if (is == NULL) {
		struct sim_file *new;

		err = operation();
		if (err != 0)
			return err;
		new = xalloc(1, sizeof *new);
		new->last = &new->first;
		name_change("", name, new);
		is = name_find(&sim.now, name);
	}
	*file = file_use(is->file);
	return 0;
}

void
sim_close(struct sim_file *file)
{
	file_leave(file);
}

static void
change_add(struct sim_file *file, uint64_t at, struct str s)
{
	struct change *c = xalloc(1, sizeof *c);

	c->at = at;
	bytes_write(&c->bytes, 0, s.at, s.len);
	*file->last = c;
	file->last = &c->next;
}

int
sim_write(struct sim_file *file, uint64_t at, struct str s)
{
	int err = operation();

	/* What fails half-way, or is hit by the power cut, was half done. */
	if (err == -EIO && (sim.fault == SIM_FAIL || sim.count ==
	    sim.fault_at))
		s.len /= 2;
	else if (err != 0 && !is_late())
		return err;
	if (s.len > 0) {
		bytes_write(&file->now, at, s.at, s.len);
		change_add(file, at, s);
	}
	return err;
}

size_t
sim_read(struct sim_file *file, uint64_t at, void *to, size_t size)
{
	if (at >= file->now.len)
		return 0;
	if (size > file->now.len - at)
		size = file->now.len - (size_t)at;
	memcpy(to, file->now.at + at, size);
	return size;
}

uint64_t
sim_size(const struct sim_file *file)
{
	return file->now.len;
}

int
sim_truncate(struct sim_file *file, uint64_t size)
{
	int err = operation();

	if (err != 0)
		return err;
	if (size > file->now.len)
		bytes_write(&file->now, size, NULL, 0);
	file->now.len = (size_t)size;
	change_add(file, size, STR(""));
	return 0;
}

/* Bring one change to the platter, or what chance leaves of it. */
static void
change_apply(struct bytes *durable, const struct change *c, bool torn)
{
	unsigned *seed = torn ? &sim.seed : NULL;

	if (c->bytes.len > 0) {
		bytes_tear(durable, c->at, c->bytes, seed);
	} else if (seed == NULL || chance_next(seed) % 2 == 0) {
		bytes_write(durable, c->at, NULL, 0);
		durable->len = (size_t)c->at;
	}
}

/* A sync of the file gave err. */
static void
file_synced(struct sim_file *file, int err)
{
	if (err == 0 || is_late()) {
		for (struct change *c = file->first; c != NULL; c = c->next)
			change_apply(&file->durable, c, false);
	}
	/* A system that failed to write forgets it, but for one word each to
	   the file system's next sync and to the file's. */
	if (err != 0 && sim.fault == SIM_FAIL && file->first != NULL)
		file->lost = err;
	if (err == 0 || is_late() || sim.fault == SIM_FAIL)
		changes_forget(file);
}

int
sim_sync(struct sim_file *file)
{
	int err = operation();

	file_synced(file, err);
	if (err == 0)
		err = file->lost;
	file->lost = 0;
	return err;
}

int
sim_sync_blobs(void)
{
	int err = operation();

	for (size_t i = 0; i < sim.now.len; i++) {
		if (is_blob(sim.now.at[i].text))
			file_synced(sim.now.at[i].file, err);
	}
	if (err == 0)
		name_changes_take(true, SIZE_MAX, true);
	return err;
}

int
sim_sync_folder(const char *folder)
{
	int err = operation();

	if (err == 0)
		name_changes_take(folder[0] != '\0', SIZE_MAX, true);
	return err;
}

int
sim_remove(const char *name)
{
	int err;

	if (name_find(&sim.now, name) == NULL)
		return -ENOENT;
	err = operation();
	if (err == 0)
		name_change(name, "", NULL);
	return err;
}

int
sim_rename(const char *from, const char *to)
{
	struct name *is = name_find(&sim.now, from);
	int err;

	if (is == NULL)
		return -ENOENT;
	err = operation();
	if (err == 0)
		name_change(from, to, is->file);
	return err;
}

bool
sim_exists(const char *name)
{
	return name_find(&sim.now, name) != NULL;
}

const char *
sim_name(size_t number)
{
	return number < sim.now.len ? sim.now.at[number].text : NULL;
}

static void
file_crash(struct sim_file *file, enum sim_chance chance)
{
	for (struct change *c = file->first; c != NULL; c = c->next) {
		if (chance != SIM_LOSE_ALL)
			change_apply(&file->durable, c, chance == SIM_RANDOM);
	}
	changes_forget(file);
	free(file->now.at);
	file->now = bytes_copy(file->durable);
}

void
sim_crash(enum sim_chance chance, unsigned seed)
{
	size_t max[2];

	sim.seed = seed;
	for (int blob = 0; blob < 2; blob++) {
		/* A journal keeps the order of names: the first few are. */
		max[blob] = chance == SIM_LOSE_ALL ? 0 :
		    chance == SIM_KEEP_ALL ? SIM_FILES :
		    chance_next(&sim.seed) % 8;
		name_changes_take(blob, max[blob], true);
		name_changes_take(blob, SIZE_MAX, false);
	}
	names_clear(&sim.now);
	for (size_t i = 0; i < sim.durable.len; i++) {
		file_crash(sim.durable.at[i].file, chance);
		name_put(&sim.now, sim.durable.at[i].text,
		    sim.durable.at[i].file);
	}
	sim_arm(SIM_NONE, 0, 0, 0);
}

void
sim_reset(void)
{
	name_changes_take(false, SIZE_MAX, false);
	name_changes_take(true, SIZE_MAX, false);
	names_clear(&sim.now);
	names_clear(&sim.durable);
	sim_arm(SIM_NONE, 0, 0, 0);
}

/* Names with copies of their files, all durable. */
static void
names_copy(struct names *to, const struct names *from)
{
	names_clear(to);
	for (size_t i = 0; i < from->len; i++) {
		struct sim_file *file = xalloc(1, sizeof *file);

		file->last = &file->first;
		file->now = bytes_copy(from->at[i].file->now);
		file->durable = bytes_copy(from->at[i].file->now);
		name_put(to, from->at[i].text, file);
	}
}

void
sim_save(void)
{
	names_copy(&sim.saved, &sim.now);
}

void
sim_restore(void)
{
	sim_reset();
	names_copy(&sim.durable, &sim.saved);
	for (size_t i = 0; i < sim.durable.len; i++)
		name_put(&sim.now, sim.durable.at[i].text,
		    sim.durable.at[i].file);
}
