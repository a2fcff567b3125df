/* Housekeeping: what is freed when, and what is left alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/blob.h"
#include "store/db_inner.h"
#include "store/rest.h"

int rest_test(void);

static size_t
rows(struct fixture *f, const char *table)
{
	char text[100];

	(void)snprintf(text, sizeof text, "SELECT count(*) FROM %s", table);
	return (size_t)fixture_number(f, text);
}

static void
delete_all(struct fixture *f)
{
	struct box_item *items;
	size_t count;

	assert_int_equal(box_list(f->db, BOX_INBOX, &items, &count), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(box_delete(f->db, BOX_INBOX, &items[i].uid,
		    1), 0);
	free(items);
	assert_int_equal(db_commit(f->db), 0);
}

/* A session that has begun goes on reading what was deleted after. */
static void
test_sessions(void **state)
{
	struct fixture *f = *state;
	int64_t session;
	struct buf text;

	(void)fixture_keep(f, 1, 100);
	(void)fixture_keep(f, 2, 100000);
	assert_int_equal(db_commit(f->db), 0);
	session = db_stamp(f->db);
	delete_all(f);
	assert_false(db_rest(f->db, session));
	assert_int_equal(rows(f, "message"), 2);
	assert_int_equal(fixture_read(f, 1025, &text), 0);
	assert_int_equal(text.len, 100000);
	buf_drop(&text);
	/* only the second was deleted after this stamp */
	assert_false(db_rest(f->db, session + 1));
	assert_int_equal(rows(f, "message"), 1);
	assert_int_equal(fixture_files(f, "blob"), 1);
	assert_false(db_rest(f->db, INT64_MAX));
	assert_int_equal(rows(f, "message"), 0);
	assert_int_equal(rows(f, "garbage"), 0);
	assert_int_equal(fixture_files(f, "blob"), 0);
	assert_int_equal(fixture_read(f, 1025, &text), -ENOENT);
	buf_drop(&text);
}

/* Many are freed step by step, and never within a transaction of others. */
static void
test_steps(void **state)
{
	struct fixture *f = *state;
	unsigned steps = 1;

	for (unsigned i = 0; i < 200; i++)
		(void)fixture_keep(f, i, 10);
	assert_int_equal(db_commit(f->db), 0);
	delete_all(f);
	(void)fixture_keep(f, 1, 10);
	assert_true(db_rest(f->db, INT64_MAX));
	assert_int_equal(rows(f, "garbage"), 200);
	assert_int_equal(db_pending(f->db), DB_URGENT);
	db_rollback(f->db);
	while (db_rest(f->db, INT64_MAX))
		steps++;
	assert_int_equal(steps, 4);
	assert_int_equal(rows(f, "message"), 0);
}

/* The seed of an epoch goes with its last message, when it is old. */
static void
test_epochs(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 4; i++) {
		(void)fixture_keep(f, i, 10);
		assert_int_equal(db_commit(f->db), 0);
		fixture_reopen(f, DB_SERVE);
		f->clock.unix_s += 24 * 3600 + 1;
	}
	(void)fixture_keep(f, 4, 10);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(rows(f, "epoch"), 5);
	assert_int_equal(box_delete(f->db, BOX_INBOX,
	    (uint32_t[]){ 1, 3, 4, 5 }, 4), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_false(db_rest(f->db, INT64_MAX));
	/* 2 is in use by a message, 4 is young, 5 is ours */
	assert_int_equal(rows(f, "epoch"), 3);
	assert_int_equal(rows(f, "epoch WHERE id IN (2, 4, 5)"), 3);
}

static void
file_make(struct fixture *f, const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof path, "%s/blob/%s", f->dir, name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	(void)close(fd);
}

static void
test_orphans(void **state)
{
	static const unsigned numbers[] = { 1 };
	static const size_t sizes[] = { 100000 };
	struct fixture *f = *state, other = *f;
	struct message_writer *w;

	(void)fixture_keep(f, 1, 100000);
	assert_int_equal(db_commit(f->db), 0);
	/* a command at work beside: its file has a lock and no row yet */
	assert_int_equal(db_open(&other.db, f->dir, DB_WRITE, &f->clock), 0);
	w = fixture_write(&other, 2, 100000);
	db_rollback(other.db);
	file_make(f, "00000000000fffff");
	file_make(f, "0000000000000001");
	file_make(f, "somebody-elses");
	file_make(f, "00000000000FFFFF");
	fixture_reopen(f, DB_WRITE);
	assert_int_equal(fixture_files(f, "blob"), 6);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(fixture_files(f, "blob"), 4);
	message_abort(w);
	db_close(other.db);
	assert_int_equal(fixture_files(f, "blob"), 3);
	fixture_holds(f, numbers, sizes, 1);
}

static long
wal_size(const struct fixture *f)
{
	char path[128];
	struct stat is;

	(void)snprintf(path, sizeof path, "%s/pillarbox.db-wal", f->dir);
	return stat(path, &is) == 0 ? (long)is.st_size : -1;
}

static void
test_wal(void **state)
{
	struct fixture *f = *state;

	/* a little is left in the WAL, which is not worth two syncs */
	(void)fixture_keep(f, 0, 1000);
	assert_int_equal(db_commit(f->db), 0);
	assert_true(f->db->wal_pages > 0);
	assert_false(db_rest(f->db, INT64_MAX));
	assert_true(f->db->wal_pages > 0);
	/* more goes at the next rest, and the file keeps its size */
	while (f->db->wal_pages < DB_WAL_REST) {
		(void)fixture_keep(f, 0, 60000);
		assert_int_equal(db_commit(f->db), 0);
	}
	assert_false(db_rest(f->db, INT64_MAX));
	assert_int_equal(f->db->wal_pages, 0);
	assert_true(wal_size(f) > DB_WAL_REST * DB_PAGE);
	/* a flood without rest does not let it grow for ever */
	for (unsigned i = 0; i < 300; i++) {
		(void)fixture_keep(f, i, 60000);
		assert_int_equal(db_commit(f->db), 0);
		assert_true(f->db->wal_pages < DB_WAL_MAX);
	}
	assert_true(wal_size(f) < (DB_WAL_MAX + 100) * (DB_PAGE + 24));
	while (f->db->wal_pages < DB_WAL_REST) {
		(void)fixture_keep(f, 0, 60000);
		assert_int_equal(db_commit(f->db), 0);
	}
	assert_false(db_rest(f->db, INT64_MAX));
	assert_int_equal(wal_size(f), 0);
}

int
rest_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_sessions),
		WITH_BOX(test_steps),
		WITH_BOX(test_epochs),
		WITH_BOX(test_orphans),
		WITH_BOX(test_wal),
	};

	return cmocka_run_group_tests_name("store/rest", tests, NULL, NULL);
}
