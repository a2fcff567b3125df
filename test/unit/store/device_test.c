/* The device key: made, lost, another's, brought back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "fixture.h"
#include "store/db_inner.h"
#include "store/device.h"

int device_test(void);

static void
key_path(const struct fixture *f, char path[128])
{
	(void)snprintf(path, 128, "%s/" DEVICE_FILE, f->dir);
}

static void
key_put(const struct fixture *f, const unsigned char *key, size_t size)
{
	char path[128];
	FILE *file;

	key_path(f, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(key, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void
key_get(const struct fixture *f, unsigned char key[SEAL_KEY])
{
	char path[128];
	FILE *file;

	key_path(f, path);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(key, 1, SEAL_KEY, file), SEAL_KEY);
	assert_int_equal(getc(file), EOF);
	assert_int_equal(fclose(file), 0);
}

/* Something small, sealed and opened again. */
static int
seal_try(struct db *db)
{
	struct buf sealed, plain;
	int err;

	buf_init(&sealed, 1000);
	buf_init(&plain, 1000);
	err = device_seal(db, STR("name"), STR("secret"), &sealed);
	if (err == 0)
		err = device_open_sealed(db, STR("name"), buf_str(&sealed),
		    &plain);
	if (err == 0)
		assert_string_equal(buf_text(&plain), "secret");
	buf_wipe(&sealed);
	buf_wipe(&plain);
	return err;
}

static void
test_made(void **state)
{
	struct fixture *f = *state;
	unsigned char key[SEAL_KEY], one[SEAL_KEY], two[SEAL_KEY];
	char path[128];
	struct stat is;

	assert_true(device_ready(f->db));
	key_path(f, path);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0600);
	assert_int_equal(is.st_size, SEAL_KEY);
	key_get(f, key);
	assert_int_equal(device_secret(f->db, "a", one), 0);
	assert_int_equal(device_secret(f->db, "b", two), 0);
	assert_memory_not_equal(one, two, SEAL_KEY);
	assert_memory_not_equal(one, key, SEAL_KEY);
	/* every way of opening finds it, and it stays the same */
	for (enum db_mode mode = DB_SERVE; mode <= DB_READ; mode++) {
		fixture_reopen(f, mode);
		assert_true(device_ready(f->db));
		assert_int_equal(device_secret(f->db, "a", two), 0);
		assert_memory_equal(one, two, SEAL_KEY);
		assert_int_equal(seal_try(f->db), 0);
	}
	/* the database holds it in no clear form */
	assert_int_equal(fixture_number(f,
	    "SELECT length(value) FROM state WHERE name = 'device_sealed'"),
	    SEAL_SEED_SEALED);
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
}

/* What is sealed is bound to its name, and damage is seen. */
static void
test_secrets(void **state)
{
	struct fixture *f = *state;
	struct buf sealed, again, plain;

	buf_init(&sealed, 1000);
	buf_init(&again, 1000);
	buf_init(&plain, 1000);
	assert_int_equal(device_seal(f->db, STR("a"), STR(""), &sealed), 0);
	assert_int_equal(sealed.len, SEAL_SECRET_EXTRA);
	assert_int_equal(device_open_sealed(f->db, STR("a"), buf_str(&sealed),
	    &plain), 0);
	assert_int_equal(plain.len, 0);
	assert_int_equal(device_open_sealed(f->db, STR("b"), buf_str(&sealed),
	    &plain), -EBADMSG);
	assert_int_equal(device_seal(f->db, STR("a"), STR(""), &again), 0);
	assert_false(str_equal(buf_str(&sealed), buf_str(&again)));
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.at[i] ^= 1;
		assert_int_equal(device_open_sealed(f->db, STR("a"),
		    buf_str(&sealed), &plain), -EBADMSG);
		sealed.at[i] ^= 1;
		assert_int_equal(device_open_sealed(f->db, STR("a"),
		    str_part(buf_str(&sealed), 0, i), &plain), -EBADMSG);
	}
	buf_wipe(&sealed);
	buf_wipe(&again);
	buf_wipe(&plain);
}

/* As a box that starts from a backup: it receives, and its owner mends it. */
static void
test_lost(void **state)
{
	struct fixture *f = *state;
	unsigned char one[SEAL_KEY], two[SEAL_KEY];
	char path[128];
	struct stat is;

	assert_int_equal(device_secret(f->db, "a", one), 0);
	key_path(f, path);
	assert_int_equal(unlink(path), 0);
	for (enum db_mode mode = DB_SERVE; mode <= DB_READ; mode++) {
		fixture_reopen(f, mode);
		assert_false(device_ready(f->db));
		assert_int_equal(device_secret(f->db, "a", two), -ENOKEY);
		assert_int_equal(seal_try(f->db), -ENOKEY);
		/* none is made in its place */
		assert_int_equal(stat(path, &is), -1);
	}
	fixture_reopen(f, DB_SERVE);
	(void)fixture_keep(f, 1, 100);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
	assert_true(device_ready(f->db));
	assert_int_equal(device_secret(f->db, "a", two), 0);
	assert_memory_equal(one, two, SEAL_KEY);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0600);
	fixture_reopen(f, DB_SERVE);
	assert_true(device_ready(f->db));
	assert_int_equal(seal_try(f->db), 0);
}

/* A file that is no key of this box is not used, nor is mail refused. */
static void
test_foreign(void **state)
{
	static const unsigned char other[SEAL_KEY + 1] = { 1, 2, 3 };
	static const size_t sizes[] = { SEAL_KEY, 0, 31, 33 };
	struct fixture *f = *state;
	unsigned char key[SEAL_KEY], now[SEAL_KEY];

	key_get(f, key);
	for (size_t i = 0; i < countof(sizes); i++) {
		key_put(f, other, sizes[i]);
		fixture_reopen(f, DB_SERVE);
		assert_false(device_ready(f->db));
		assert_int_equal(seal_try(f->db), -ENOKEY);
		(void)fixture_keep(f, 1, 100);
		assert_int_equal(db_commit(f->db), 0);
		assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
		key_get(f, now);
		assert_memory_equal(key, now, SEAL_KEY);
		assert_int_equal(seal_try(f->db), 0);
	}
}

/* Another process brought it back: no owner's key is needed any more. */
static void
test_beside(void **state)
{
	struct fixture *f = *state;
	unsigned char key[SEAL_KEY];
	char path[128];

	key_get(f, key);
	key_path(f, path);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	key_put(f, key, sizeof key);
	fixture_sql(f, "DELETE FROM state WHERE name = 'device_sealed'");
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
	assert_int_equal(seal_try(f->db), 0);
}

/* The copy in the database is damaged as well. */
static void
test_damaged(void **state)
{
	struct fixture *f = *state;
	char path[128];

	key_path(f, path);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	fixture_sql(f, "UPDATE state SET value = zeroblob(80)"
	    " WHERE name = 'device_sealed'");
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), -EBADMSG);
	fixture_sql(f, "UPDATE state SET value = zeroblob(8)"
	    " WHERE name = 'device_sealed'");
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), -EUCLEAN);
	fixture_sql(f, "DELETE FROM state WHERE name = 'device_sealed'");
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), -ENOKEY);
	assert_false(device_ready(f->db));
	assert_int_equal(access(path, F_OK), -1);
}

/*
 * A box whose making was rolled back: the key in the file stays that of the
 * box, since the transaction may yet turn up after a power cut.
 */
static void
test_making(void **state)
{
	struct fixture *f = *state;
	unsigned char key[SEAL_KEY], now[SEAL_KEY];
	struct buf recovery;
	struct fixture box = *f;

	buf_init(&recovery, 100);
	(void)snprintf(box.dir, sizeof box.dir, "%.50s/new", f->dir);
	assert_int_equal(db_open(&box.db, box.dir, DB_CREATE, &f->clock), 0);
	assert_false(device_ready(box.db));
	assert_int_equal(credential_create(box.db, STR(FIXTURE_PASSWORD),
	    &recovery), 0);
	assert_true(device_ready(box.db));
	key_get(&box, key);
	db_rollback(box.db);
	assert_false(device_ready(box.db));
	buf_clear(&recovery);
	assert_int_equal(credential_create(box.db, STR(FIXTURE_PASSWORD),
	    &recovery), 0);
	assert_int_equal(db_commit(box.db), 0);
	db_rollback(box.db);
	assert_true(device_ready(box.db));
	key_get(&box, now);
	assert_memory_equal(key, now, SEAL_KEY);
	assert_int_equal(seal_try(box.db), 0);
	db_close(box.db);
	buf_wipe(&recovery);
}

/* What root makes for the service belongs to the service. */
static void
test_root(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat is;

	if (geteuid() != 0)
		skip();
	key_path(f, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(chown(f->dir, 4711, 4712), 0);
	fixture_reopen(f, DB_WRITE);
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_uid, 4711);
	assert_int_equal(is.st_gid, 4712);
	assert_int_equal(is.st_mode & 0777, 0600);
}

int
device_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_made),
		WITH_BOX(test_secrets),
		WITH_BOX(test_lost),
		WITH_BOX(test_foreign),
		WITH_BOX(test_beside),
		WITH_BOX(test_damaged),
		WITH_BOX(test_making),
		WITH_BOX(test_root),
	};

	return cmocka_run_group_tests_name("store/device", tests, NULL, NULL);
}
