/* Mailboxes: counters, UIDs, deletion and what it leaves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "fixture.h"
#include "store/db_inner.h"

int box_test(void);

static void
test_empty(void **state)
{
	struct fixture *f = *state;
	struct box_item *items;
	struct box_status status;
	size_t count;

	assert_int_equal(box_list(f->db, BOX_INBOX, &items, &count), 0);
	assert_null(items);
	assert_int_equal(count, 0);
	assert_int_equal(box_status(f->db, BOX_INBOX, &status), 0);
	assert_int_equal(status.messages, 0);
	assert_int_equal(status.uidvalidity, 1700000000);
	assert_int_equal(status.uidnext, 1);
	assert_int_equal(box_status(f->db, 77, &status), -ENOENT);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM box"
	    " WHERE special_use IS NOT NULL"), 5);
	assert_int_equal(fixture_number(f, "SELECT id FROM box"
	    " WHERE name = 'INBOX'"), BOX_INBOX);
}

static void
test_counters(void **state)
{
	struct fixture *f = *state;
	struct message_start seen = { BOX_INBOX, 5, BOX_SEEN };
	struct box_status status;
	int64_t received;
	uint32_t uid;

	assert_int_equal(fixture_keep(f, 1, 100), 1);
	assert_int_equal(message_keep(fixture_write(f, 2, 50), &seen, &uid),
	    0);
	assert_int_equal(uid, 2);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_received(f->db, BOX_INBOX, 2, &received), 0);
	assert_int_equal(received, 5);
	assert_int_equal(box_received(f->db, BOX_INBOX, 3, &received),
	    -ENOENT);
	assert_int_equal(box_status(f->db, BOX_INBOX, &status), 0);
	assert_int_equal(status.messages, 2);
	assert_int_equal(status.octets, 150);
	assert_int_equal(status.unseen, 1);
	assert_int_equal(status.uidnext, 3);
	assert_int_equal(status.modseq, 3);
	/* one that is there, one that never was */
	assert_int_equal(box_delete(f->db, BOX_INBOX, (uint32_t[]){ 2, 9 }, 2),
	    0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_status(f->db, BOX_INBOX, &status), 0);
	assert_int_equal(status.messages, 1);
	assert_int_equal(status.octets, 100);
	assert_int_equal(status.unseen, 1);
	assert_int_equal(status.uidnext, 3);
	assert_int_equal(status.modseq, 4);
	/* nothing there: nothing happens */
	assert_int_equal(box_delete(f->db, BOX_INBOX, (uint32_t[]){ 2 }, 1),
	    0);
	assert_int_equal(box_delete(f->db, BOX_INBOX, NULL, 0), 0);
	assert_int_equal(box_status(f->db, BOX_INBOX, &status), 0);
	assert_int_equal(status.modseq, 4);
	assert_int_equal(box_delete(f->db, 77, (uint32_t[]){ 2 }, 1), -ENOENT);
	assert_int_equal(db_commit(f->db), -ENOENT);
}

static void
test_vanished(void **state)
{
	struct fixture *f = *state;
	uint32_t uids[] = { 2, 3, 4, 7, 9, 10 };

	for (unsigned i = 0; i < 10; i++)
		(void)fixture_keep(f, i, 20);
	assert_int_equal(box_delete(f->db, BOX_INBOX, uids, countof(uids)), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_number(f,
	    "SELECT count(*) FROM vanished"), 3);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM vanished WHERE"
	    " modseq = 12 AND (first = 2 AND last = 4 OR"
	    " first = 7 AND last = 7 OR first = 9 AND last = 10)"), 3);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM garbage"), 6);
}

/* A UID once given is not given again, committed or not. */
static void
test_uid_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_keep(f, 1, 20), 1);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_keep(f, 2, 20), 2);
	assert_int_equal(fixture_keep(f, 3, 20), 3);
	db_rollback(f->db);
	assert_int_equal(fixture_keep(f, 4, 20), 4);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_delete(f->db, BOX_INBOX, (uint32_t[]){ 4 }, 1),
	    0);
	assert_int_equal(db_commit(f->db), 0);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(fixture_keep(f, 5, 20), 5);
	/* the last one there is */
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(sqlite3_exec(f->db->sql, "UPDATE box"
	    " SET uidnext = 4294967294", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(fixture_keep(f, 6, 20), 4294967294u);
	assert_int_equal(message_keep(fixture_write(f, 7, 20),
	    &(struct message_start){ BOX_INBOX, 0, 0 }, NULL), -EOVERFLOW);
	assert_int_equal(db_commit(f->db), 0);
}

/* A message in two mailboxes is content until it has left both. */
static void
test_copy(void **state)
{
	struct fixture *f = *state;

	struct box_entry entry;
	uint32_t first;
	size_t count;

	(void)fixture_keep(f, 1, 20);
	assert_int_equal(box_entries(f->db, &(struct box_span){ 1, 1,
	    UINT32_MAX }, &entry, 1, &count), 0);
	for (int64_t box = 2; box <= 3; box++) {
		assert_int_equal(box_copy(f->db, box, &entry, 1, &first), 0);
		assert_int_equal(first, 1);
	}
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_number(f, "SELECT more FROM copy"), 2);
	for (int64_t box = 1; box <= 3; box++) {
		assert_int_equal(fixture_number(f,
		    "SELECT count(*) FROM garbage"), 0);
		assert_int_equal(box_delete(f->db, box, (uint32_t[]){ 1 }, 1),
		    0);
		assert_int_equal(db_commit(f->db), 0);
	}
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM copy"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM garbage"), 1);
}

static void
test_stamp(void **state)
{
	struct fixture *f = *state;
	int64_t first;

	for (unsigned i = 0; i < 3; i++)
		(void)fixture_keep(f, i, 20);
	first = db_stamp(f->db);
	assert_int_equal(box_delete(f->db, BOX_INBOX, (uint32_t[]){ 1 }, 1),
	    0);
	assert_true(db_stamp(f->db) > first);
	db_rollback(f->db);
	/* what a session may have seen is never given to a deletion again */
	first = db_stamp(f->db);
	for (unsigned i = 0; i < 3; i++)
		(void)fixture_keep(f, i, 20);
	assert_int_equal(box_delete(f->db, BOX_INBOX, (uint32_t[]){ 4 }, 1),
	    0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_number(f,
	    "SELECT min(stamp) FROM garbage"), first);
	first = db_stamp(f->db);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(db_stamp(f->db), first);
}

int
box_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_empty),
		WITH_BOX(test_counters),
		WITH_BOX(test_vanished),
		WITH_BOX(test_uid_once),
		WITH_BOX(test_copy),
		WITH_BOX(test_stamp),
	};

	return cmocka_run_group_tests_name("store/box", tests, NULL, NULL);
}
