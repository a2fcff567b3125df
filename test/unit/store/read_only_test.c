/* A disk that can only be read, as a worn card is: the mail still is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

int read_only_test(void);

static const unsigned numbers[] = { 1, 2, 3 };
static const size_t sizes[] = { 100, 90000, 300 };

static void
disk_write_protect(const struct fixture *f, bool on)
{
	assert_int_equal(mount("none", f->dir, "tmpfs",
	    MS_REMOUNT | (on ? MS_RDONLY : 0), NULL), 0);
}

/* A box on a small disk of its own, closed; NULL where none can be mounted. */
static struct fixture *
box_move(struct fixture *f)
{
	char command[300];

	db_close(f->db);
	f->db = NULL;
	(void)snprintf(command, sizeof command, "mv %s %s.was && mkdir %s",
	    f->dir, f->dir, f->dir);
	assert_int_equal(system(command), 0);
	if (mount("none", f->dir, "tmpfs", 0, "size=8m") != 0)
		return NULL;
	(void)snprintf(command, sizeof command,
	    "cp -r %s.was/. %s && rm -r %s.was", f->dir, f->dir, f->dir);
	assert_int_equal(system(command), 0);
	return f;
}

/* A keeper that keeps something and is killed. */
static void
keeper_killed(struct fixture *f)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (db_open(&f->db, f->dir, DB_SERVE, &f->clock) != 0)
			_exit(1);
		(void)fixture_keep(f, 3, 300);
		_exit(db_commit(f->db) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
look(struct fixture *f, size_t count)
{
	struct buf why;

	assert_int_equal(db_open(&f->db, f->dir, DB_READ, &f->clock), 0);
	fixture_holds(f, numbers, sizes, count);
	buf_init(&why, 200);
	assert_int_equal(db_verify(f->db, &why), 0);
	buf_drop(&why);
	db_close(f->db);
	f->db = NULL;
}

static void
test_read_only(void **state)
{
	struct fixture *f = *state;
	char path[128];

	(void)fixture_keep(f, 1, 100);
	(void)fixture_keep(f, 2, 90000);
	assert_int_equal(db_commit(f->db), 0);
	if (box_move(f) == NULL)
		skip();
	/* closed well */
	disk_write_protect(f, true);
	look(f, 2);
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
	    -EROFS);
	assert_int_equal(db_open(&f->db, f->dir, DB_WRITE, &f->clock),
	    -EROFS);
	/* killed: the latest is in the WAL, and that has its index */
	disk_write_protect(f, false);
	keeper_killed(f);
	disk_write_protect(f, true);
	look(f, 3);
	/* the index is lost: nothing older is shown instead */
	disk_write_protect(f, false);
	(void)snprintf(path, sizeof path, "%s/pillarbox.db-shm", f->dir);
	assert_int_equal(unlink(path), 0);
	disk_write_protect(f, true);
	assert_int_equal(db_open(&f->db, f->dir, DB_READ, &f->clock), -EROFS);
	/* writable again, all is as it was */
	disk_write_protect(f, false);
	look(f, 3);
}

static int
end(void **state)
{
	struct fixture *f = *state;

	db_close(f->db);
	f->db = NULL;
	(void)umount2(f->dir, MNT_DETACH);
	return fixture_end(state);
}

int
read_only_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read_only, fixture_begin,
		    end),
	};

	return cmocka_run_group_tests_name("store/read_only", tests, NULL,
	    NULL);
}
