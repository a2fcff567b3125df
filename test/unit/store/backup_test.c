/* A copy made while the box runs is a box. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue_world.h"
#include "store/device.h"
#include "store/mailbox.h"

int backup_test(void);

struct busy {
	struct fixture *keeper;
	uint64_t done, total;
	unsigned calls;
};

/* What the keeper does while the copy is made. */
static void
keep_on(void *ctx, uint64_t done, uint64_t total)
{
	struct busy *b = ctx;

	assert_true(done >= b->done && done <= total);
	assert_true(b->total == 0 || b->total == total);
	b->done = done;
	b->total = total;
	if (b->calls++ % 3 != 0)
		return;
	(void)fixture_keep(b->keeper, 1000 + b->calls, 90000);
	(void)queue_put(b->keeper, 1000 + b->calls, 90000, "a@x.example");
	assert_int_equal(db_commit(b->keeper->db), 0);
	if (b->calls == 1) {
		assert_int_equal(queue_drop(b->keeper->db, 1), 0);
		assert_int_equal(queue_drop(b->keeper->db, 2), 0);
		assert_int_equal(box_delete(b->keeper->db, BOX_INBOX,
		    (uint32_t[]){ 2, 3, 4, 5, 6 }, 5), 0);
		assert_int_equal(db_commit(b->keeper->db), 0);
	}
	(void)db_rest(b->keeper->db, INT64_MAX);
}

/*
 * The queue of that instant, and nothing of it is sent again unasked: not
 * without the owner, and not before somebody says so.
 */
static void
queue_is_held(struct fixture *copy)
{
	struct queue_place after = { 0, 0 };
	struct queue_due due[8];
	struct queue_reader *r;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/" DEVICE_FILE, copy->dir);
	assert_int_equal(access(path, F_OK), -1);
	assert_false(device_ready(copy->db));
	assert_int_equal(queue_open(copy->db, 2, &r), -ENOKEY);
	assert_int_equal(device_recover(copy->db, fixture_unlock(copy)), 0);
	queue_reads(copy, 1, 1, 100);
	queue_reads(copy, 2, 2, 100000);
	assert_int_equal(queue_open(copy->db, 3, &r), -ENOENT);
	assert_int_equal(queue_due(copy->db, INT64_MAX, &after, due, 8), 0);
	assert_int_equal(queue_retry(copy->db, 0), 0);
	assert_int_equal(queue_due(copy->db, INT64_MAX, &after, due, 8), 3);
	assert_int_equal(db_commit(copy->db), 0);
}

static void
test_running(void **state)
{
	struct fixture *f = *state, copy;
	struct busy busy = { .keeper = f };
	unsigned numbers[30];
	size_t sizes[30];
	struct db *reader;
	struct buf why;
	char dir[80];

	for (unsigned i = 0; i < countof(numbers); i++) {
		numbers[i] = i;
		sizes[i] = i % 3 == 0 ? 100000 : 30000;
		(void)fixture_keep(f, i, sizes[i]);
	}
	(void)queue_put(f, 1, 100, "a@x.example b@y.example");
	(void)queue_put(f, 2, 100000, "a@x.example");
	assert_int_equal(db_commit(f->db), 0);
	(void)snprintf(dir, sizeof dir, "%s/copy", f->dir);
	assert_int_equal(db_open(&reader, f->dir, DB_READ, &f->clock), 0);
	assert_int_equal(db_backup(reader, dir, keep_on, &busy), 0);
	assert_true(busy.calls > 10);
	assert_true(busy.done > 10 * 100000);
	/* a folder with something in it is not touched */
	assert_int_equal(db_backup(reader, dir, NULL, NULL), -ENOTEMPTY);
	db_close(reader);
	/* now what was deleted meanwhile can be freed */
	while (db_rest(f->db, INT64_MAX))
		continue;
	copy = *f;
	copy.owner = NULL;
	memcpy(copy.dir, dir, sizeof copy.dir);
	assert_int_equal(db_open(&copy.db, dir, DB_SERVE, &f->clock), 0);
	fixture_holds(&copy, numbers, sizes, countof(numbers));
	buf_init(&why, 200);
	assert_int_equal(db_verify(copy.db, &why), 0);
	buf_drop(&why);
	queue_is_held(&copy);
	/* none of the UIDs given meanwhile is given again */
	assert_true(fixture_keep(&copy, 76, 10) > 30 + busy.calls);
	(void)fixture_keep(&copy, 77, 10);
	assert_int_equal(db_commit(copy.db), 0);
	seal_owner_drop(copy.owner);
	db_close(copy.db);
}

/* Nothing that clients know by a number comes again under it. */
static void
test_ids(void **state)
{
	struct fixture *f = *state, copy;
	struct uids uids = { 0 };
	int64_t made, id;
	char dir[80];

	(void)fixture_keep(f, 1, 10);
	(void)fixture_keep(f, 2, 10);
	assert_int_equal(db_commit(f->db), 0);
	(void)snprintf(dir, sizeof dir, "%s/copy", f->dir);
	assert_int_equal(db_backup(f->db, dir, NULL, NULL), 0);
	/* the box goes on, and then the copy comes into its place */
	assert_int_equal(mailbox_make(f->db, STR("new"), STR(""), &made), 0);
	fixture_reopen(f, DB_SERVE);
	(void)fixture_keep(f, 3, 10);
	assert_int_equal(db_commit(f->db), 0);
	copy = (struct fixture){ .clock = f->clock };
	assert_int_equal(db_open(&copy.db, dir, DB_SERVE, &f->clock), 0);
	assert_int_equal(mailbox_make(copy.db, STR("other"), STR(""), &id), 0);
	assert_true(id > made);
	(void)fixture_keep(&copy, 4, 10);
	assert_true(fixture_number(&copy, "SELECT max(id) FROM message") >
	    fixture_number(f, "SELECT max(id) FROM message"));
	/* and what was passed over is known to be nothing */
	assert_int_equal(box_uids(copy.db, BOX_INBOX, &uids), 0);
	assert_int_equal(uids_len(&uids), 3);
	assert_int_equal(uids.count, 2);
	assert_int_equal(fixture_number(&copy, "SELECT last - first + 1"
	    " FROM vanished WHERE box = 1"), 1 << 20);
	assert_int_equal(db_commit(copy.db), 0);
	uids_drop(&uids);
	db_close(copy.db);
}

static void
test_open(void **state)
{
	struct fixture *f = *state;
	char dir[80];

	(void)snprintf(dir, sizeof dir, "%s/copy", f->dir);
	(void)fixture_keep(f, 1, 10);
	assert_int_equal(db_backup(f->db, dir, NULL, NULL), -EBUSY);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_backup(f->db, dir, NULL, NULL), 0);
	assert_int_equal(db_backup(f->db, "/dev/null/copy", NULL, NULL),
	    -ENOTDIR);
}

int
backup_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_running),
		WITH_BOX(test_ids),
		WITH_BOX(test_open),
	};

	return cmocka_run_group_tests_name("store/backup", tests, NULL, NULL);
}
