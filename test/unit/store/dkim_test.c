/* Signing keys: kept sealed, rotated, told apart by domain. */
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
#include "store/dkim.h"

int dkim_test(void);

static int
add(struct fixture *f, const char *domain, const char *selector,
	enum dkim_state state)
{
	struct dkim_key key = {
		.domain = str_of(domain), .selector = str_of(selector),
		.kind = 1, .state = state, .pem = STR("-----BEGIN-----")
	};

	return dkim_add(f->db, &key);
}

static void
tell(void *ctx, const struct dkim_key *key)
{
	struct buf *text = ctx;

	buf_add(text, key->domain);
	buf_add_char(text, '/');
	buf_add(text, key->selector);
	buf_add_format(text, "/%d/%d/", (int)key->state,
	    (int)(key->changed - 1700000000));
	buf_add(text, key->pem);
	buf_add_char(text, ' ');
}

static void
list_is(struct fixture *f, const char *domain, bool private,
	const char *expected)
{
	struct buf text;
	struct str one = str_of(domain != NULL ? domain : "");

	buf_init(&text, 10000);
	assert_int_equal(dkim_list(f->db, domain != NULL ? &one : NULL,
	    private, tell, &text), 0);
	assert_string_equal(buf_text(&text), expected);
	buf_drop(&text);
}

static int64_t
version(struct fixture *f)
{
	int64_t n = -1;

	assert_int_equal(dkim_version(f->db, &n), 0);
	return n;
}

static void
test_keys(void **state)
{
	struct fixture *f = *state;
	int64_t before = version(f);

	list_is(f, NULL, true, "");
	assert_int_equal(add(f, "b.test", "two", DKIM_SIGNS), 0);
	assert_int_equal(add(f, "b.test", "one", DKIM_NEXT), 0);
	assert_int_equal(add(f, "a.test", "one", DKIM_SIGNS), 0);
	assert_int_equal(add(f, "a.test", "one", DKIM_NEXT), -EEXIST);
	list_is(f, NULL, false, "a.test/one/1/0/ b.test/two/1/0/"
	    " b.test/one/0/0/ ");
	list_is(f, "b.test", true, "b.test/two/1/0/-----BEGIN-----"
	    " b.test/one/0/0/-----BEGIN----- ");
	list_is(f, "c.test", true, "");
	assert_int_not_equal(version(f), before);
	assert_int_equal(db_commit(f->db), 0);
	before = version(f);
	assert_int_equal(dkim_remove(f->db, STR("b.test"), STR("none")),
	    -ENOENT);
	assert_int_equal(version(f), before);
	assert_int_equal(dkim_remove(f->db, STR("b.test"), STR("two")), 0);
	assert_int_not_equal(version(f), before);
	list_is(f, "b.test", false, "b.test/one/0/0/ ");
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM dkim"
	    " WHERE instr(pem, CAST('BEGIN' AS BLOB)) > 0"), 0);
}

static void
test_rotate(void **state)
{
	struct fixture *f = *state;
	int64_t before;

	assert_int_equal(add(f, "a.test", "p1", DKIM_SIGNS), 0);
	assert_int_equal(add(f, "a.test", "p2", DKIM_SIGNS), 0);
	assert_int_equal(add(f, "b.test", "p1", DKIM_NEXT), 0);
	before = version(f);
	f->clock.unix_s += 5;
	/* none is next: those that sign go on */
	assert_int_equal(dkim_rotate(f->db, STR("a.test")), -ENOENT);
	list_is(f, "a.test", false, "a.test/p1/1/0/ a.test/p2/1/0/ ");
	assert_int_equal(version(f), before);
	assert_int_equal(add(f, "a.test", "p3", DKIM_NEXT), 0);
	assert_int_equal(add(f, "a.test", "p4", DKIM_NEXT), 0);
	before = version(f);
	f->clock.unix_s += 5;
	assert_int_equal(dkim_rotate(f->db, STR("a.test")), 0);
	list_is(f, NULL, false, "a.test/p1/2/10/ a.test/p2/2/10/"
	    " a.test/p3/1/10/ a.test/p4/1/10/ b.test/p1/0/0/ ");
	assert_int_not_equal(version(f), before);
	assert_int_equal(dkim_rotate(f->db, STR("a.test")), -ENOENT);
}

static void
test_most(void **state)
{
	struct fixture *f = *state;
	char selector[20];

	for (int i = 0; i < DKIM_KEYS_MAX; i++) {
		(void)snprintf(selector, sizeof selector, "s%d", i);
		assert_int_equal(add(f, "a.test", selector, DKIM_NEXT), 0);
	}
	assert_int_equal(add(f, "a.test", "more", DKIM_NEXT), -E2BIG);
	assert_int_equal(add(f, "a.test", "s0", DKIM_NEXT), -EEXIST);
	assert_int_equal(add(f, "b.test", "more", DKIM_NEXT), 0);
	assert_int_equal(db_commit(f->db), 0);
}

/* Another process changes them: the version tells. */
static void
test_beside(void **state)
{
	struct fixture *f = *state, other = *f;
	int64_t before = version(f);

	assert_int_equal(db_open(&other.db, f->dir, DB_WRITE, &f->clock), 0);
	assert_int_equal(add(&other, "a.test", "p1", DKIM_SIGNS), 0);
	assert_int_equal(version(f), before);
	assert_int_equal(db_commit(other.db), 0);
	db_close(other.db);
	assert_int_not_equal(version(f), before);
	list_is(f, NULL, true, "a.test/p1/1/0/-----BEGIN----- ");
}

static void
test_keyless(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	char path[128];

	assert_int_equal(add(f, "a.test", "p1", DKIM_SIGNS), 0);
	assert_int_equal(db_commit(f->db), 0);
	(void)snprintf(path, sizeof path, "%s/" DEVICE_FILE, f->dir);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	buf_init(&text, 1000);
	assert_int_equal(add(f, "a.test", "p2", DKIM_SIGNS), -ENOKEY);
	db_rollback(f->db);
	assert_int_equal(dkim_list(f->db, NULL, true, tell, &text), -ENOKEY);
	assert_int_equal(text.len, 0);
	list_is(f, NULL, false, "a.test/p1/1/0/ ");
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
	list_is(f, NULL, true, "a.test/p1/1/0/-----BEGIN----- ");
	/* a key does not pass for another's */
	fixture_sql(f, "UPDATE dkim SET domain = 'b.test'");
	assert_int_equal(dkim_list(f->db, NULL, true, tell, &text), -EBADMSG);
	buf_drop(&text);
}

int
dkim_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_keys),
		WITH_BOX(test_rotate),
		WITH_BOX(test_most),
		WITH_BOX(test_beside),
		WITH_BOX(test_keyless),
	};

	return cmocka_run_group_tests_name("store/dkim", tests, NULL, NULL);
}
