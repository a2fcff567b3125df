/* The address book, and counts that wait. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/address.h"
#include "store/lazy.h"

int address_test(void);

static void
line_add(void *ctx, const struct address *a)
{
	struct buf *out = ctx;

	buf_add(out, a->name);
	buf_add_format(out, " %d +%d +%d %d %d %d ", (int)a->state,
	    a->first_seen == 0 ? -1 : (int)(a->first_seen - 1700000000),
	    a->last_seen == 0 ? -1 : (int)(a->last_seen - 1700000000),
	    (int)a->received, (int)a->refused, (int)a->muted);
	buf_add(out, a->note);
	buf_add_char(out, '\n');
}

/* The book as another process sees it. */
static void
book_is(struct fixture *f, const char *text)
{
	struct buf out;
	struct db *db;

	buf_init(&out, 100000);
	assert_int_equal(db_open(&db, f->dir, DB_READ, &f->clock), 0);
	assert_int_equal(address_list(db, line_add, &out), 0);
	assert_string_equal(buf_text(&out), text);
	db_close(db);
	buf_drop(&out);
}

static void
later(struct fixture *f, int seconds)
{
	f->clock.unix_s += seconds;
	f->clock.mono_ms += seconds * 1000;
}

static void
test_book(void **state)
{
	struct fixture *f = *state;
	enum address_state is;
	struct str shop = STR("shop@example.test");

	book_is(f, "");
	assert_int_equal(address_state(f->db, shop, &is), 0);
	assert_int_equal(is, ADDRESS_OPEN);
	/* a refusal makes no row */
	assert_int_equal(address_refused(f->db, shop), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	later(f, 5);
	assert_int_equal(address_received(f->db, shop, false), 0);
	assert_int_equal(db_pending(f->db), DB_URGENT);
	assert_int_equal(db_commit(f->db), 0);
	book_is(f, "shop@example.test 0 +5 +5 1 0 0 \n");
	later(f, 5);
	assert_int_equal(address_set(f->db, shop, ADDRESS_REFUSE), 0);
	assert_int_equal(address_set(f->db, STR("a@example.test"),
	    ADDRESS_MUTE), 0);
	assert_int_equal(address_note(f->db, shop, STR("sold it")), 0);
	assert_int_equal(address_note(f->db, STR("b@example.test"),
	    STR("new")), 0);
	assert_int_equal(address_note(f->db, shop, STR("\xff")), -EINVAL);
	assert_int_equal(db_commit(f->db), 0);
	book_is(f, "a@example.test 2 +-1 +-1 0 0 0 \n"
	    "b@example.test 0 +-1 +-1 0 0 0 new\n"
	    "shop@example.test 1 +5 +5 1 0 0 sold it\n");
	assert_int_equal(address_state(f->db, shop, &is), 0);
	assert_int_equal(is, ADDRESS_REFUSE);
	assert_int_equal(address_set(f->db, shop, ADDRESS_OPEN), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(address_state(f->db, shop, &is), 0);
	assert_int_equal(is, ADDRESS_OPEN);
}

static void
test_lazy(void **state)
{
	struct fixture *f = *state;
	struct str a = STR("a@example.test"), m = STR("m@example.test");

	assert_int_equal(address_received(f->db, a, false), 0);
	assert_int_equal(address_received(f->db, m, true), 0);
	assert_int_equal(address_set(f->db, m, ADDRESS_MUTE), 0);
	assert_int_equal(db_commit(f->db), 0);
	later(f, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(address_refused(f->db, a), 0);
		assert_int_equal(address_received(f->db, m, true), 0);
	}
	assert_int_equal(address_received(f->db, a, false), 0);
	assert_int_equal(db_pending(f->db), DB_LAZY);
	assert_false(db_rest(f->db, INT64_MAX));
	book_is(f, "a@example.test 0 +0 +0 1 0 0 \n"
	    "m@example.test 2 +0 +0 0 0 1 \n");
	/* with the next commit, but not with every one */
	(void)fixture_keep(f, 1, 10);
	assert_int_equal(db_commit(f->db), 0);
	book_is(f, "a@example.test 0 +0 +1 2 3 0 \n"
	    "m@example.test 2 +0 +1 0 0 4 \n");
	assert_int_equal(address_received(f->db, a, false), 0);
	(void)fixture_keep(f, 1, 10);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_pending(f->db), DB_LAZY);
	/* or in a quiet moment, if that comes first */
	later(f, LAZY_REST_MS / 1000);
	assert_false(db_rest(f->db, INT64_MAX));
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	book_is(f, "a@example.test 0 +0 +1 3 3 0 \n"
	    "m@example.test 2 +0 +1 0 0 4 \n");
	/* a commit of nothing else writes them whenever it is asked for */
	assert_int_equal(address_received(f->db, a, false), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	book_is(f, "a@example.test 0 +0 +11 4 3 0 \n"
	    "m@example.test 2 +0 +1 0 0 4 \n");
}

/* A rollback forgets no count; more than are held back are written. */
static void
test_lazy_many(void **state)
{
	struct fixture *f = *state;
	struct buf book;
	char name[40];

	buf_init(&book, 100000);
	for (int i = 100; i < 100 + LAZY_MAX + 10; i++) {
		(void)snprintf(name, sizeof name, "%d@example.test", i);
		assert_int_equal(address_received(f->db, str_of(name), false),
		    0);
		buf_add_format(&book, "%s 0 +0 +0 1 1 0 \n", name);
	}
	assert_int_equal(db_commit(f->db), 0);
	for (int i = 100; i < 100 + LAZY_MAX + 10; i++) {
		(void)snprintf(name, sizeof name, "%d@example.test", i);
		assert_int_equal(db_pending(f->db), i == 100 ? DB_CLEAN :
		    i <= 100 + LAZY_MAX ? DB_LAZY : DB_URGENT);
		assert_int_equal(address_refused(f->db, str_of(name)), 0);
	}
	assert_int_equal(db_commit(f->db), 0);
	book_is(f, buf_text(&book));
	buf_drop(&book);
	assert_int_equal(address_refused(f->db, STR("100@example.test")), 0);
	(void)fixture_keep(f, 1, 10);
	db_rollback(f->db);
	assert_int_equal(db_pending(f->db), DB_LAZY);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
}

int
address_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_book),
		WITH_BOX(test_lazy),
		WITH_BOX(test_lazy_many),
	};

	return cmocka_run_group_tests_name("store/address", tests, NULL, NULL);
}
