/* Message-ids, noted and found again. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/db_inner.h"
#include "store/device.h"
#include "store/identity.h"

int identity_test(void);

static void
note(struct fixture *f, const char *id, const char *address, uint64_t message)
{
	assert_int_equal(identity_note(f->db, str_of(id), str_of(address),
	    message), 0);
}

/* What an id is found as; NULL: not. */
static void
found(struct fixture *f, const char *id, const char *expected)
{
	struct buf address;
	int err;

	buf_init(&address, 400);
	buf_add_text(&address, "old");
	err = identity_find(f->db, str_of(id), &address);
	assert_int_equal(err, expected != NULL ? 0 : -ENOENT);
	assert_string_equal(buf_text(&address),
	    expected != NULL ? expected : "");
	buf_drop(&address);
}

static void
test_notes(void **state)
{
	struct fixture *f = *state;

	found(f, "1@far.example", NULL);
	note(f, "1@far.example", "shop@example.test", 1024);
	note(f, "2@far.example", "bank@example.test", 5 * 1024 + 7);
	note(f, "", "empty@example.test", 5 * 1024 + 8);
	found(f, "1@far.example", "shop@example.test");
	found(f, "2@far.example", "bank@example.test");
	found(f, "", NULL);
	found(f, "3@far.example", NULL);
	found(f, "1@far.examplE", NULL);
	assert_int_equal(db_commit(f->db), 0);
	fixture_reopen(f, DB_READ);
	found(f, "2@far.example", "bank@example.test");
	/* nobody who has the database alone can ask whether an id is there */
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM identity"
	    " WHERE instr(hash, CAST('far' AS BLOB)) > 0"), 0);
	assert_int_equal(fixture_number(f,
	    "SELECT max(length(hash)) FROM identity"), 16);
}

/* The first one wins, in whatever bucket; the others are kept, some. */
static void
test_several(void **state)
{
	struct fixture *f = *state;
	char address[40];

	note(f, "1@far.example", "b@example.test", 7 * 1024);
	note(f, "1@far.example", "a@example.test", 7 * 1024 + 1);
	note(f, "1@far.example", "b@example.test", 7 * 1024 + 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM identity"),
	    2);
	found(f, "1@far.example", "b@example.test");
	note(f, "1@far.example", "c@example.test", 9 * 1024);
	found(f, "1@far.example", "b@example.test");
	for (int i = 0; i < 3 * IDENTITY_TURNS_MAX; i++) {
		(void)snprintf(address, sizeof address, "%d@example.test", i);
		note(f, "1@far.example", address, 7 * 1024 + 3);
	}
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM identity"),
	    IDENTITY_TURNS_MAX + 1);
	found(f, "1@far.example", "b@example.test");
}

/* What was just received is noted beside what came of late. */
static void
test_received(void **state)
{
	struct fixture *f = *state;

	note(f, "0@far.example", "a@example.test", 0);
	found(f, "0@far.example", "a@example.test");
	(void)fixture_keep(f, 1, 10);
	note(f, "1@far.example", "b@example.test", 0);
	assert_int_equal(db_commit(f->db), 0);
	fixture_reopen(f, DB_SERVE);
	note(f, "2@far.example", "c@example.test", 0);
	assert_int_equal(fixture_number(f,
	    "SELECT count(*) FROM identity WHERE bucket = 1"), 2);
	found(f, "1@far.example", "b@example.test");
	found(f, "2@far.example", "c@example.test");
	db_rollback(f->db);
	found(f, "2@far.example", NULL);
}

/* What we sent comes before what came, and can be asked for alone. */
static void
test_sent(void **state)
{
	struct fixture *f = *state;

	note(f, "1@far.example", "a@example.test", 1024);
	note(f, "2@far.example", "a@example.test", 1024);
	assert_int_equal(identity_is_sent(f->db, STR("1@far.example")), 0);
	assert_int_equal(identity_note_sent(f->db, STR("1@far.example"),
	    STR("b@example.test")), 0);
	assert_int_equal(identity_note_sent(f->db, STR("3@example.test"),
	    STR("c@example.test")), 0);
	assert_int_equal(identity_is_sent(f->db, STR("<1@far.example>")), 1);
	assert_int_equal(identity_is_sent(f->db, STR("2@far.example")), 0);
	assert_int_equal(identity_is_sent(f->db, STR("3@example.test")), 1);
	assert_int_equal(identity_is_sent(f->db, STR("")), 0);
	found(f, "1@far.example", "b@example.test");
	found(f, "2@far.example", "a@example.test");
	found(f, "3@example.test", "c@example.test");
}

/* An id is the same however a mail program writes it. */
static void
test_odd_ids(void **state)
{
	struct fixture *f = *state;

	note(f, " \t1@far.example ", "a@example.test", 1024);
	found(f, "1@far.example", "a@example.test");
	found(f, "<1@far.example>", "a@example.test");
	found(f, "1@far.\r\n example", "a@example.test");
	note(f, "<2 2@far.example\177", "b@example.test", 1024);
	found(f, "22@far.example", "b@example.test");
	note(f, " <>\r\n", "c@example.test", 1024);
	found(f, "", NULL);
	found(f, "<>", NULL);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM identity"),
	    2);
}

/* Without the device key nothing is noted, and nothing is harmed. */
static void
test_keyless(void **state)
{
	struct fixture *f = *state;
	struct buf address;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/" DEVICE_FILE, f->dir);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	(void)fixture_keep(f, 1, 10);
	buf_init(&address, 400);
	assert_int_equal(identity_note(f->db, STR("1@far.example"),
	    STR("a@example.test"), 1024), -ENOKEY);
	assert_int_equal(identity_find(f->db, STR("1@far.example"), &address),
	    -ENOKEY);
	buf_drop(&address);
	assert_int_equal(db_commit(f->db), 0);
}

/* Ten years of notes: a look costs a few steps for each bucket. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	int steps;

	note(f, "1@far.example", "old@example.test", 1024);
	note(f, "2@far.example", "new@example.test", 4000 * 1024);
	assert_int_equal(db_commit(f->db), 0);
	fixture_sql(f, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO identity"
	    " SELECT i / 25, randomblob(16), 0, 'x@example.test' FROM n");
	found(f, "1@far.example", "old@example.test");
	steps = sqlite3_stmt_status(f->db->slots[SLOT_IDENTITY_FIND],
	    SQLITE_STMTSTATUS_VM_STEP, 1);
	assert_true(steps < 200);
	found(f, "2@far.example", "new@example.test");
	found(f, "3@far.example", NULL);
	steps = sqlite3_stmt_status(f->db->slots[SLOT_IDENTITY_FIND],
	    SQLITE_STMTSTATUS_VM_STEP, 1);
	assert_true(steps < 2 * 4001 * 60);
}

/*
 * A note costs at most a page of the WAL more per letter, and in a group of
 * letters much less.
 */
static void
test_pages(void **state)
{
	struct fixture *f = *state;
	int pages[2][2] = { { 0, 0 }, { 0, 0 } };	/* alone, in groups */
	char id[40];

	for (unsigned i = 0; i < 800; i++) {
		bool noted = i % 400 >= 200, group = i >= 400;
		int before;

		(void)fixture_keep(f, i, 3000);
		(void)snprintf(id, sizeof id, "%u@far.example", i);
		if (noted)
			note(f, id, "shop@example.test", 1024 + i);
		if (group && i % 10 != 9)
			continue;
		before = f->db->wal_pages;
		assert_int_equal(db_commit(f->db), 0);
		/* a checkpoint has begun it anew */
		if (f->db->wal_pages > before)
			pages[group][noted] += f->db->wal_pages - before;
	}
	print_message("pages of the WAL for 200 letters: %d, with notes %d;"
	    " ten at once: %d, with notes %d\n", pages[0][0], pages[0][1],
	    pages[1][0], pages[1][1]);
	assert_true(pages[0][1] <= pages[0][0] + 250);
	assert_true(pages[1][1] <= pages[1][0] + 200);
}

int
identity_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_notes),
		WITH_BOX(test_several),
		WITH_BOX(test_received),
		WITH_BOX(test_sent),
		WITH_BOX(test_odd_ids),
		WITH_BOX(test_keyless),
		WITH_BOX(test_many),
		WITH_BOX(test_pages),
	};

	return cmocka_run_group_tests_name("store/identity", tests, NULL,
	    NULL);
}
