/* Who is due, what an attempt leaves, and who says otherwise. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue_world.h"
#include "store/db_inner.h"

int queue_test(void);

#define NOW 1700000000

/* List who is due from a place on, as "letter.place letter.place". */
static void
due_is(struct fixture *f, struct queue_place *after, size_t room,
	const char *expected)
{
	struct queue_due due[64];
	struct buf text;
	int count = queue_due(f->db, f->clock.unix_s, after, due, room);

	buf_init(&text, 2000);
	for (int i = 0; i < count; i++)
		buf_add_format(&text, "%s%u.%u", i > 0 ? " " : "",
		    (unsigned)due[i].letter,
		    (unsigned)(due[i].recipient - due[i].letter * 128));
	assert_string_equal(buf_text(&text), expected);
	buf_drop(&text);
}

static void
due_now(struct fixture *f, const char *expected)
{
	due_is(f, &(struct queue_place){ 0, 0 }, 64, expected);
}

static int64_t
next_of(struct fixture *f)
{
	int64_t next = 0;

	assert_int_equal(queue_next(f->db, &next), 0);
	return next;
}

/* Note an attempt; whether it met somebody. */
static bool
tried(struct fixture *f, uint64_t recipient, unsigned number, int64_t next)
{
	struct queue_attempt attempt = {
		.number = number, .next = next, .code = 450,
		.status = { 4, 2, 1 }, .said = STR("try later"),
		.remote = STR("mx.far.example")
	};
	bool met;

	assert_int_equal(queue_tried(f->db, recipient, &attempt, &met), 0);
	return met;
}

static bool
done(struct fixture *f, uint64_t recipient)
{
	bool met;

	assert_int_equal(queue_done(f->db, recipient, &met), 0);
	return met;
}

static void
test_due(void **state)
{
	struct fixture *f = *state;
	struct queue_place after = { 0, 0 };
	struct queue_due due;

	assert_true(next_of(f) == INT64_MAX);
	due_now(f, "");
	(void)queue_put(f, 1, 10, "a@one.example b@two.example c@one.example");
	f->clock.unix_s++;
	(void)queue_put(f, 2, 10, "a@one.example");
	assert_int_equal(next_of(f), NOW);
	due_now(f, "1.0 1.1 1.2 2.0");
	assert_int_equal(queue_due(f->db, NOW, &after, &due, 1), 1);
	assert_string_equal(due.route, "one.example");
	f->clock.unix_s--;
	due_now(f, "1.0 1.1 1.2");
	f->clock.unix_s = NOW - 1;
	due_now(f, "");
	f->clock.unix_s = NOW;
	/* who waits for longest comes first, then who was queued first */
	assert_true(tried(f, queue_of(1, 0), 0, NOW + 100));
	assert_true(tried(f, queue_of(1, 2), 0, NOW + 50));
	assert_int_equal(next_of(f), NOW);
	f->clock.unix_s = NOW + 1000;
	due_now(f, "1.1 2.0 1.2 1.0");
	assert_int_equal(db_commit(f->db), 0);
	due_now(f, "1.1 2.0 1.2 1.0");
}

/* Pages: nobody twice, nobody left out, and no group torn that fits. */
static void
test_pages(void **state)
{
	struct fixture *f = *state;
	struct queue_place after = { 0, 0 };

	(void)queue_put(f, 1, 10, "a@x.example b@x.example c@y.example");
	(void)queue_put(f, 2, 10, "a@x.example b@x.example c@x.example"
	    " d@x.example");
	(void)queue_put(f, 3, 10, "a@x.example");
	due_is(f, &after, 2, "1.0 1.1");
	due_is(f, &after, 2, "1.2");
	due_is(f, &after, 5, "2.0 2.1 2.2 2.3 3.0");
	due_is(f, &after, 5, "");
	after = (struct queue_place){ 0, 0 };
	due_is(f, &after, 4, "1.0 1.1 1.2");
	due_is(f, &after, 4, "2.0 2.1 2.2 2.3");
	due_is(f, &after, 4, "3.0");
	due_is(f, &after, 4, "");
	/* one that does not fit at all comes in parts */
	after = (struct queue_place){ 0, 0 };
	due_is(f, &after, 3, "1.0 1.1 1.2");
	due_is(f, &after, 3, "2.0 2.1 2.2");
	due_is(f, &after, 3, "2.3 3.0");
	/* what has gone meanwhile is no hindrance */
	after = (struct queue_place){ 0, 0 };
	due_is(f, &after, 3, "1.0 1.1 1.2");
	assert_true(done(f, queue_of(1, 2)));
	assert_true(done(f, queue_of(2, 0)));
	due_is(f, &after, 3, "2.1 2.2 2.3");
	due_is(f, &after, 3, "3.0");
}

static void
test_tried(void **state)
{
	struct fixture *f = *state;
	struct queue_item *item;
	struct queue_recipient *r;
	struct queue_attempt held = {
		.number = 1, .state = QUEUE_HELD, .next = 5, .told_late = true
	};
	const unsigned status[3] = { 4, 9, 9 };
	struct buf names;
	bool met;

	(void)queue_put(f, 1, 10, "a@x.example b@x.example");
	assert_int_equal(db_commit(f->db), 0);
	f->clock.unix_s = NOW + 60;
	assert_true(tried(f, queue_of(1, 1), 0, NOW + 900));
	/* the same once more, and one that comes from nowhere */
	assert_false(tried(f, queue_of(1, 1), 0, NOW + 1900));
	assert_false(tried(f, queue_of(1, 1), 2, NOW + 1900));
	assert_false(tried(f, queue_of(1, 2), 0, NOW + 900));
	assert_false(tried(f, queue_of(7, 0), 0, NOW + 900));
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(queue_item(f->db, 1, &item), 0);
	r = &item->recipients[1];
	assert_int_equal(r->attempts, 1);
	assert_int_equal(r->next, NOW + 900);
	assert_int_equal(r->tried, NOW + 60);
	assert_int_equal(r->code, 450);
	assert_int_equal(r->status[0], 4);
	assert_int_equal(r->status[1], 2);
	assert_int_equal(r->status[2], 1);
	assert_true(str_equal(r->said, STR("try later")));
	assert_true(str_equal(r->remote, STR("mx.far.example")));
	assert_false(r->told_late);
	assert_int_equal(item->recipients[0].attempts, 0);
	queue_item_drop(item);
	assert_int_equal(queue_tried(f->db, queue_of(1, 1), &held, &met), 0);
	assert_true(met);
	f->clock.unix_s = NOW + 9999;
	due_now(f, "1.0");
	assert_int_equal(queue_item(f->db, 1, &item), 0);
	assert_int_equal(item->recipients[1].state, QUEUE_HELD);
	assert_true(item->recipients[1].told_late);
	assert_int_equal(item->recipients[1].said.len, 0);
	queue_item_drop(item);
	/* an attempt under way does not wake who was held meanwhile */
	assert_int_equal(queue_hold(f->db, 1), 0);
	assert_true(tried(f, queue_of(1, 0), 0, NOW));
	due_now(f, "");
	assert_int_equal(queue_put_off(f->db, queue_of(1, 0), NOW), 0);
	due_now(f, "");
	buf_init(&names, 100);
	assert_int_equal(queue_routes(f->db, QUEUE_WAITING, NULL, &names), 0);
	assert_int_equal(names.len, 0);
	assert_int_equal(queue_routes(f->db, QUEUE_HELD, status, &names), 0);
	assert_int_equal(names.len, 0);
	assert_int_equal(queue_routes(f->db, QUEUE_HELD, NULL, &names), 0);
	assert_true(names.len > 0);
	buf_drop(&names);
	assert_int_equal(queue_retry(f->db, 1), 0);
	due_now(f, "1.0 1.1");
	assert_int_equal(queue_put_off(f->db, queue_of(1, 0),
	    f->clock.unix_s + 5), 0);
	assert_int_equal(queue_put_off(f->db, queue_of(7, 0), NOW), 0);
	due_now(f, "1.1");
	f->clock.unix_s += 5;
	due_now(f, "1.1 1.0");
}

/* A letter goes with its last recipient, at the commit and not before. */
static void
test_done(void **state)
{
	static const size_t sizes[] = { 100, 200000 };
	struct fixture *f = *state;
	struct queue_item *item;

	for (size_t i = 0; i < countof(sizes); i++) {
		uint64_t id = queue_put(f, 1, sizes[i],
		    "a@x.example b@y.example");

		assert_int_equal(db_commit(f->db), 0);
		assert_true(done(f, queue_of(id, 0)));
		assert_false(done(f, queue_of(id, 0)));
		assert_int_equal(db_commit(f->db), 0);
		queue_reads(f, id, 1, sizes[i]);
		assert_true(done(f, queue_of(id, 1)));
		queue_reads(f, id, 1, sizes[i]);
		assert_int_equal(queue_item(f->db, id, &item), 0);
		assert_int_equal(item->count, 0);
		queue_item_drop(item);
		/* it never happened */
		db_rollback(f->db);
		assert_int_equal(fixture_files(f, "blob"), i);
		queue_reads(f, id, 1, sizes[i]);
		assert_true(done(f, queue_of(id, 1)));
		assert_int_equal(db_commit(f->db), 0);
		assert_int_equal(fixture_files(f, "blob"), 0);
		assert_int_equal(queue_item(f->db, id, &item), -ENOENT);
		assert_false(done(f, queue_of(id, 1)));
		assert_false(tried(f, queue_of(id, 1), 0, NOW));
		assert_int_equal(db_commit(f->db), 0);
		/* and its number never comes again */
		assert_int_equal(queue_put(f, 2, 10, "a@x.example"), id + 1);
		assert_int_equal(queue_drop(f->db, id + 1), 0);
		assert_int_equal(db_commit(f->db), 0);
	}
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM letter"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM recipient"),
	    0);
}

static void
test_routes(void **state)
{
	struct fixture *f = *state;
	const struct str x = STR("x.example");

	(void)queue_put(f, 1, 10, "a@x.example b@y.example");
	(void)queue_put(f, 2, 10, "a@x.example");
	(void)queue_put(f, 3, 10, "a@xx.example");
	assert_int_equal(queue_hold_route(f->db, &x), 0);
	due_now(f, "1.1 3.0");
	assert_int_equal(queue_hold_route(f->db, NULL), 0);
	due_now(f, "");
	assert_true(next_of(f) == INT64_MAX);
	assert_int_equal(queue_retry(f->db, 0), 0);
	due_now(f, "1.0 1.1 2.0 3.0");
}

static void
test_owner(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(queue_retry(f->db, 0), 0);
	assert_int_equal(queue_hold(f->db, 0), 0);
	(void)queue_put(f, 1, 10, "a@x.example b@y.example");
	(void)queue_put(f, 2, 10, "a@x.example");
	assert_int_equal(queue_hold(f->db, 1), 0);
	due_now(f, "2.0");
	assert_true(tried(f, queue_of(2, 0), 0, NOW + 900));
	assert_int_equal(next_of(f), NOW + 900);
	f->clock.unix_s++;
	assert_int_equal(queue_retry(f->db, 2), 0);
	assert_int_equal(next_of(f), NOW + 1);
	due_now(f, "2.0");
	assert_int_equal(queue_hold(f->db, 0), 0);
	due_now(f, "");
	assert_int_equal(queue_retry(f->db, 0), 0);
	due_now(f, "1.0 1.1 2.0");
	assert_int_equal(queue_drop(f->db, 1), 0);
	due_now(f, "2.0");
	assert_int_equal(db_commit(f->db), 0);
	/* numbers that somebody may type */
	assert_int_equal(queue_drop(f->db, 1), -ENOENT);
	assert_int_equal(queue_drop(f->db, 0), -ENOENT);
	assert_int_equal(queue_hold(f->db, 1), -ENOENT);
	assert_int_equal(queue_retry(f->db, 1), -ENOENT);
	assert_int_equal(queue_drop(f->db, (UINT64_C(1) << 57) + 2), -ENOENT);
	assert_int_equal(queue_hold(f->db, (UINT64_C(1) << 57) + 2), -ENOENT);
	assert_int_equal(queue_drop(f->db, UINT64_MAX), -ENOENT);
	db_rollback(f->db);
	due_now(f, "2.0");
	fixture_reopen(f, DB_READ);
	due_now(f, "2.0");
}

/* The command line in a process of its own, beside the keeper. */
static void
child_run(struct fixture *f)
{
	struct db *db;
	int err = db_open(&db, f->dir, DB_WRITE, &f->clock);

	if (err == 0)
		err = queue_retry(db, 1);
	if (err == 0)
		err = queue_drop(db, 2);
	if (err == 0)
		err = db_commit(db);
	_exit(err == 0 ? 0 : 1);
}

static void
test_beside(void **state)
{
	struct fixture *f = *state;
	int64_t before, status;
	int code;
	pid_t child;

	(void)queue_put(f, 1, 10, "a@x.example");
	(void)queue_put(f, 2, 100000, "a@x.example");
	assert_int_equal(queue_hold(f->db, 1), 0);
	assert_int_equal(db_commit(f->db), 0);
	before = db_outside(f->db);
	assert_true(tried(f, queue_of(2, 0), 0, NOW + 900));
	assert_int_equal(db_commit(f->db), 0);
	(void)db_rest(f->db, INT64_MAX);
	/* what we do ourselves is not outside */
	assert_int_equal(db_outside(f->db), before);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		child_run(f);
	assert_int_equal(waitpid(child, &code, 0), child);
	assert_int_equal(code, 0);
	status = db_outside(f->db);
	assert_int_not_equal(status, before);
	assert_int_equal(db_outside(f->db), status);
	due_now(f, "1.0");
	assert_int_equal(fixture_files(f, "blob"), 0);
	assert_false(tried(f, queue_of(2, 0), 1, NOW + 900));
	db_rollback(f->db);
}

/* A file stays as long as a backup may want it. */
static void
test_backup(void **state)
{
	struct fixture *f = *state;
	struct fixture other = *f;

	(void)queue_put(f, 1, 100000, "a@x.example");
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_open(&other.db, f->dir, DB_READ, &f->clock), 0);
	assert_int_equal(disk_lock(other.db->blobs, DISK_SHARED), 0);
	assert_int_equal(queue_drop(f->db, 1), 0);
	assert_int_equal(db_commit(f->db), 0);
	(void)db_rest(f->db, INT64_MAX);
	assert_int_equal(fixture_files(f, "blob"), 1);
	db_close(other.db);
	(void)db_rest(f->db, INT64_MAX);
	assert_int_equal(fixture_files(f, "blob"), 0);
}

/* How the statement of a slot finds its rows. */
static void
plan_is(struct fixture *f, enum db_slot slot, const char *expected)
{
	char query[400];
	sqlite3_stmt *s;

	(void)snprintf(query, sizeof query, "EXPLAIN QUERY PLAN %s",
	    sqlite3_sql(f->db->slots[slot]));
	assert_int_equal(sqlite3_prepare_v2(f->db->sql, query, -1, &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(s, 3), expected);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
}

/* A hundred thousand that wait: looking reads those that are listed. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	struct queue_place after = { 0, 0 };
	struct queue_due due[64];
	uint64_t last = 0;
	size_t seen = 0;
	int count, steps;

	fixture_sql(f, "WITH RECURSIVE n(i) AS (SELECT 128 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 100127) INSERT INTO recipient"
	    " (id, address, route, notify, orcpt, state, next) SELECT i,"
	    " 'a@x.example', 'x.example', 0, '', 0, 1700000000 FROM n");
	while ((count = queue_due(f->db, NOW, &after, due, 64)) > 0) {
		assert_true(due[0].recipient > last);
		last = due[count - 1].recipient;
		seen += (size_t)count;
	}
	assert_int_equal(count, 0);
	assert_int_equal(seen, 100000);
	assert_int_equal(next_of(f), NOW);
	plan_is(f, SLOT_RECIPIENT_SAME, "SEARCH recipient USING INDEX"
	    " recipient_due (next=? AND rowid>?)");
	plan_is(f, SLOT_RECIPIENT_DUE, "SEARCH recipient USING INDEX"
	    " recipient_due (next>?)");
	plan_is(f, SLOT_RECIPIENT_NEXT, "SEARCH recipient USING COVERING INDEX"
	    " recipient_due");
	/* and a page costs the same at the end as at the beginning */
	after = (struct queue_place){ NOW, 100000 };
	(void)sqlite3_stmt_status(f->db->slots[SLOT_RECIPIENT_SAME],
	    SQLITE_STMTSTATUS_VM_STEP, 1);
	assert_int_equal(queue_due(f->db, NOW, &after, due, 64), 64);
	steps = sqlite3_stmt_status(f->db->slots[SLOT_RECIPIENT_SAME],
	    SQLITE_STMTSTATUS_VM_STEP, 0);
	assert_true(steps > 64 && steps < 64 * 20);
}

int
queue_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_due),
		WITH_BOX(test_pages),
		WITH_BOX(test_tried),
		WITH_BOX(test_done),
		WITH_BOX(test_routes),
		WITH_BOX(test_owner),
		WITH_BOX(test_beside),
		WITH_BOX(test_backup),
		WITH_BOX(test_many),
	};

	return cmocka_run_group_tests_name("store/queue", tests, NULL, NULL);
}
