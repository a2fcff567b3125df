/* A restored box says so to all who remember it: by its UIDVALIDITYs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/device.h"
#include "store/mailbox.h"

int restored_test(void);

static void
key_path(const char *dir, char path[128])
{
	(void)snprintf(path, 128, "%s/" DEVICE_FILE, dir);
}

static int64_t
uidvalidity_min(const struct fixture *f)
{
	return fixture_number(f, "SELECT min(uidvalidity) FROM box");
}

static int64_t
uidvalidity_max(const struct fixture *f)
{
	return fixture_number(f, "SELECT max(uidvalidity) FROM box");
}

/* All are above what was given before, and none is there twice. */
static void
renewed(const struct fixture *f, int64_t before)
{
	assert_true(uidvalidity_min(f) > before);
	assert_int_equal(fixture_number(f, "SELECT count(*) ="
	    " count(DISTINCT uidvalidity) FROM box"), 1);
	assert_int_equal(fixture_number(f, "SELECT value > (SELECT"
	    " max(uidvalidity) FROM box) FROM state"
	    " WHERE name = 'uidvalidity_next'"), 1);
}

/* Serve it again: nothing changes. */
static void
stays(struct fixture *f)
{
	int64_t min = uidvalidity_min(f), max = uidvalidity_max(f);

	fixture_reopen(f, DB_SERVE);
	assert_int_equal(uidvalidity_min(f), min);
	assert_int_equal(uidvalidity_max(f), max);
}

/* A copy, in a folder of its own, with or without the device key. */
static void
copy_check(struct fixture *f, bool keyless)
{
	struct fixture copy = { .clock = f->clock };
	int64_t id, before = uidvalidity_max(f);
	char dir[80], from[128], to[128];

	(void)snprintf(dir, sizeof dir, "%s/copy", f->dir);
	memcpy(copy.dir, dir, sizeof copy.dir);
	assert_int_equal(db_backup(f->db, copy.dir, NULL, NULL), 0);
	/* the box goes on, within the same second */
	for (unsigned i = 0; i < 40; i++) {
		char name[20];

		(void)snprintf(name, sizeof name, "after %u", i);
		assert_int_equal(mailbox_make(f->db, str_of(name), STR(""),
		    &id), 0);
	}
	assert_int_equal(db_commit(f->db), 0);
	assert_true(uidvalidity_max(f) >= before + 40);
	if (!keyless) {
		key_path(f->dir, from);
		key_path(copy.dir, to);
		assert_int_equal(link(from, to), 0);
	}
	/* who only looks changes nothing, nor do other commands */
	for (enum db_mode mode = DB_WRITE; mode <= DB_READ; mode++) {
		fixture_reopen(&copy, mode);
		assert_int_equal(uidvalidity_max(&copy), before);
	}
	fixture_reopen(&copy, DB_SERVE);
	assert_int_equal(device_ready(copy.db), !keyless);
	renewed(&copy, uidvalidity_max(f));
	stays(&copy);
	if (keyless) {
		copy.recovery = f->recovery;
		assert_int_equal(device_recover(copy.db,
		    fixture_unlock(&copy)), 0);
		stays(&copy);
		stays(&copy);
		seal_owner_drop(copy.owner);
	}
	db_close(copy.db);
}

static void
test_copy(void **state)
{
	copy_check(*state, true);
}

/* The copy is put in place of the box, whose device key is still there. */
static void
test_copy_in_place(void **state)
{
	copy_check(*state, false);
}

/* A box is no copy for having been copied. */
static void
test_original(void **state)
{
	struct fixture *f = *state;
	char dir[128];

	(void)snprintf(dir, sizeof dir, "%s/copy", f->dir);
	assert_int_equal(db_backup(f->db, dir, NULL, NULL), 0);
	stays(f);
	assert_int_equal(uidvalidity_min(f), 1700000000);
}

/* An older state without the device key, put there by other means. */
static void
test_keyless(void **state)
{
	struct fixture *f = *state;
	int64_t id, made;
	char path[128];

	for (unsigned turn = 0; turn < 2; turn++) {
		int64_t before = uidvalidity_max(f);

		assert_int_equal(mailbox_make(f->db, turn == 0 ? STR("a") :
		    STR("b"), STR(""), &made), 0);
		db_rollback(f->db);
		key_path(f->dir, path);
		assert_int_equal(unlink(path), 0);
		fixture_reopen(f, DB_SERVE);
		renewed(f, before + 1000000);
		stays(f);
		assert_int_equal(mailbox_make(f->db, turn == 0 ? STR("a") :
		    STR("b"), STR(""), &id), 0);
		assert_int_equal(db_commit(f->db), 0);
		assert_true(id > made);
		assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
		stays(f);
	}
}

/* When none are left, the box is served all the same. */
static void
test_used_up(void **state)
{
	struct fixture *f = *state;
	char path[128];

	fixture_sql(f, "UPDATE state SET value = 4294967290"
	    " WHERE name = 'uidvalidity_next'");
	key_path(f->dir, path);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(uidvalidity_min(f), 1700000000);
	stays(f);
	(void)fixture_keep(f, 1, 10);
	assert_int_equal(db_commit(f->db), 0);
}

int
restored_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_copy),
		WITH_BOX(test_copy_in_place),
		WITH_BOX(test_original),
		WITH_BOX(test_keyless),
		WITH_BOX(test_used_up),
	};

	return cmocka_run_group_tests_name("store/restored", tests, NULL,
	    NULL);
}
