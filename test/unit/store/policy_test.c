/* Policies of others: kept until they expire. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/policy.h"

int policy_test(void);

#define NOW 1700000000

static int
found(struct fixture *f, const char *domain, const char *id, const char *text)
{
	struct buf is, has;
	int64_t expires = 0;
	int err;

	buf_init(&is, 100);
	buf_init(&has, POLICY_TEXT_MAX);
	buf_add_text(&is, "old");
	buf_add_text(&has, "old");
	err = policy_find(f->db, str_of(domain), &is, &has, &expires);
	assert_string_equal(buf_text(&is), err == 0 ? id : "");
	assert_string_equal(buf_text(&has), err == 0 ? text : "");
	assert_int_equal(expires, err == 0 ? NOW + 100 : 0);
	buf_drop(&is);
	buf_drop(&has);
	return err;
}

static void
test_policies(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(found(f, "a.example", "", ""), -ENOENT);
	assert_int_equal(policy_set(f->db, STR("a.example"), STR("1"),
	    STR("version: STSv1\r\n"), NOW + 100), 0);
	assert_int_equal(policy_set(f->db, STR("b.example"), STR("2"),
	    STR("b"), NOW + 100), 0);
	assert_int_equal(db_commit(f->db), 0);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(found(f, "a.example", "1", "version: STSv1\r\n"), 0);
	assert_int_equal(found(f, "b.example", "2", "b"), 0);
	assert_int_equal(found(f, "c.example", "", ""), -ENOENT);
	assert_int_equal(policy_set(f->db, STR("a.example"), STR("3"),
	    STR("new"), NOW + 100), 0);
	assert_int_equal(found(f, "a.example", "3", "new"), 0);
	f->clock.unix_s = NOW + 99;
	assert_int_equal(found(f, "a.example", "3", "new"), 0);
	f->clock.unix_s = NOW + 100;
	assert_int_equal(found(f, "a.example", "", ""), -ENOENT);
	/* what has expired goes with the next one that is put */
	assert_int_equal(policy_set(f->db, STR("c.example"), STR("4"),
	    STR("c"), NOW + 200), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM policy"), 1);
}

static void
test_most(void **state)
{
	struct fixture *f = *state;
	struct buf text;

	fixture_text(&text, 1, POLICY_TEXT_MAX + 1);
	assert_int_equal(policy_set(f->db, STR("a.example"), STR("1"),
	    str_part(buf_str(&text), 0, POLICY_TEXT_MAX), NOW + 100), 0);
	assert_int_equal(fixture_number(f,
	    "SELECT length(text) FROM policy"), POLICY_TEXT_MAX);
	/* one that is too long is not kept, nor is what it replaces */
	assert_int_equal(policy_set(f->db, STR("a.example"), STR("2"),
	    buf_str(&text), NOW + 100), 0);
	assert_int_equal(found(f, "a.example", "", ""), -ENOENT);
	buf_drop(&text);
}

/* So many and no more: the one goes that expires first. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	struct buf name;
	int i;

	buf_init(&name, 100);
	for (i = 0; i <= POLICY_COUNT_MAX; i++) {
		buf_clear(&name);
		buf_add_format(&name, "d%d.example", i);
		/* the second expires first */
		assert_int_equal(policy_set(f->db, buf_str(&name), STR("1"),
		    STR("text"), NOW + (i == 1 ? 50 : 100)), 0);
	}
	buf_drop(&name);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM policy"),
	    POLICY_COUNT_MAX);
	assert_int_equal(found(f, "d0.example", "1", "text"), 0);
	assert_int_equal(found(f, "d1.example", "", ""), -ENOENT);
	assert_int_equal(found(f, "d1000.example", "1", "text"), 0);
}

int
policy_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_policies),
		WITH_BOX(test_most),
		WITH_BOX(test_many),
	};

	return cmocka_run_group_tests_name("store/policy", tests, NULL, NULL);
}
