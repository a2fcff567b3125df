/* Files and folders, their rights, locks and names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/blob.h"
#include "store/disk.h"

int disk_test(void);

static void
test_files(void **state)
{
	struct fixture *f = *state;
	struct disk_list *list;
	int folder, file, again;
	uint64_t size;
	char bytes[20];

	assert_int_equal(disk_folder(f->dir, false, &folder), 0);
	assert_int_equal(disk_open(folder, "a", &file), -ENOENT);
	assert_int_equal(disk_exists(folder, "a"), -ENOENT);
	assert_int_equal(disk_make(folder, "a", &file), 0);
	assert_int_equal(disk_make(folder, "a", &again), -EEXIST);
	assert_int_equal(disk_exists(folder, "a"), 0);
	assert_int_equal(disk_write(file, 0, STR("hello")), 0);
	assert_int_equal(disk_write(file, 5, STR(", world")), 0);
	assert_int_equal(disk_write(file, 5, STR("")), 0);
	assert_int_equal(disk_sync(file), 0);
	assert_int_equal(disk_sync_folder(folder), 0);
	assert_int_equal(disk_size(file, &size), 0);
	assert_int_equal(size, 12);
	assert_int_equal(disk_read(file, 7, bytes, sizeof bytes), 5);
	assert_memory_equal(bytes, "world", 5);
	assert_int_equal(disk_read(file, 12, bytes, sizeof bytes), 0);
	disk_close(file);
	disk_close(-1);
	assert_int_equal(disk_open(folder, "a", &file), 0);
	assert_int_equal(disk_write(file, 0, STR("x")), -EBADF);
	disk_close(file);
	assert_int_equal(disk_rename(folder, "a", "b"), 0);
	assert_int_equal(disk_exists(folder, "a"), -ENOENT);
	assert_int_equal(disk_remove(folder, "b"), 0);
	assert_int_equal(disk_remove(folder, "b"), -ENOENT);
	assert_int_equal(disk_list_open(folder, &list), 0);
	for (const char *name; (name = disk_list_next(list)) != NULL; )
		assert_true(name[0] != '.' && strcmp(name, "b") != 0);
	disk_list_close(list);
	disk_list_close(NULL);
	disk_close(folder);
}

static void
test_locks(void **state)
{
	struct fixture *f = *state;
	int folder, other;

	assert_int_equal(disk_folder(f->dir, false, &folder), 0);
	assert_int_equal(disk_folder(f->dir, false, &other), 0);
	assert_int_equal(disk_lock(folder, DISK_SHARED), 0);
	assert_int_equal(disk_lock(other, DISK_SHARED), 0);
	assert_int_equal(disk_lock(folder, DISK_EXCLUSIVE), -EAGAIN);
	disk_unlock(other);
	assert_int_equal(disk_lock(folder, DISK_EXCLUSIVE), 0);
	assert_int_equal(disk_lock(other, DISK_EXCLUSIVE), -EAGAIN);
	disk_close(folder);
	assert_int_equal(disk_lock(other, DISK_EXCLUSIVE), 0);
	disk_close(other);
}

/* In a child: can it serve the folder? */
static int
child_claims(struct fixture *f)
{
	struct db *db;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(db_open(&db, f->dir, DB_SERVE, &f->clock) == -EBUSY);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_claim(void **state)
{
	struct fixture *f = *state;

	fixture_reopen(f, DB_WRITE);
	assert_int_equal(child_claims(f), 0);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(child_claims(f), 1);
	fixture_reopen(f, DB_WRITE);
	assert_int_equal(child_claims(f), 0);
}

/* What root makes in somebody's box is theirs. */
static void
test_owner(void **state)
{
	static const char *const names[] = {
		"blob", "blob/0000000000000400", "pillarbox.db-wal",
		"pillarbox.db-shm", "serving.lock"
	};
	struct fixture *f = *state;
	char path[128];
	struct stat is;

	if (geteuid() != 0)
		skip();
	db_close(f->db);
	f->db = NULL;
	(void)snprintf(path, sizeof path, "%s/blob", f->dir);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof path, "%s/serving.lock", f->dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(chown(f->dir, 4711, 4712), 0);
	(void)snprintf(path, sizeof path, "%s/pillarbox.db", f->dir);
	assert_int_equal(chown(path, 4711, 4712), 0);
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock), 0);
	(void)fixture_keep(f, 1, 100000);
	assert_int_equal(db_commit(f->db), 0);
	for (size_t i = 0; i < countof(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
		assert_int_equal(stat(path, &is), 0);
		assert_int_equal(is.st_uid, 4711);
		assert_int_equal(is.st_gid, 4712);
		assert_int_equal(is.st_mode & 077, 0);
	}
}

static void
test_names(void **state)
{
	static const char *const bad[] = {
		"", "q", "0123456789abcde", "0123456789abcdef0",
		"0123456789ABCDEF", "0123456789abcdeg", "0123456789abcd/e",
		"q0123456789abcde", "q0123456789abcdef0", "r0123456789abcdef",
		"qq123456789abcdef", "Q0123456789abcdef"
	};
	char name[BLOB_NAME];
	struct blob_id id;

	(void)state;
	blob_name((struct blob_id){ BLOB_MESSAGE, 0x0123456789abcdef }, name);
	assert_string_equal(name, "0123456789abcdef");
	assert_true(blob_name_read(name, &id));
	assert_int_equal(id.kind, BLOB_MESSAGE);
	assert_int_equal(id.number, 0x0123456789abcdef);
	blob_name((struct blob_id){ BLOB_LETTER, 0xfedcba987654321 }, name);
	assert_string_equal(name, "q0fedcba987654321");
	assert_true(blob_name_read(name, &id));
	assert_int_equal(id.kind, BLOB_LETTER);
	assert_int_equal(id.number, 0xfedcba987654321);
	blob_name((struct blob_id){ BLOB_MESSAGE, 0 }, name);
	assert_string_equal(name, "0000000000000000");
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(blob_name_read(bad[i], &id));
}

int
disk_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_files),
		WITH_BOX(test_locks),
		WITH_BOX(test_claim),
		WITH_BOX(test_owner),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("store/disk", tests, NULL, NULL);
}
