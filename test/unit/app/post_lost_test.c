/* The post office: what a courier died with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "app/post_world.h"

#include "app/post_part.h"
#include "rules/retry.h"

int post_lost_test(void);

static void
courier_new(struct office *o)
{
	office_wire(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
}

/* The first recipient of a letter, whose views are not to be looked at. */
static struct queue_recipient
row(struct office *o, uint64_t letter)
{
	struct queue_item *item = office_item(o, letter);
	struct queue_recipient r = item->recipients[0];

	queue_item_drop(item);
	return r;
}

/* Each time it waits for longer; in the end an attempt is counted. */
static void
again_and_again(void **state)
{
	static const int64_t waits[][2] = { { 3, 7 }, { 45, 76 } };
	struct office *o = *state;
	struct queue_recipient r;
	struct carry_job job;
	uint64_t letter;
	size_t i;

	courier_new(o);
	letter = office_letter(o, "a@one.example b@one.example");
	office_turn(o);
	(void)office_job(o, &job);
	for (i = 0; i < countof(waits); i++) {
		courier_new(o);
		office_silent(o);
		r = row(o, letter);
		assert_int_equal(r.attempts, 0);
		assert_in_range(r.next, o->loop.clock.unix_s + waits[i][0],
		    o->loop.clock.unix_s + waits[i][1]);
		office_age(o, 0);
		office_turn(o);
		(void)office_job(o, &job);
		assert_int_equal(job.count, 2);
	}
	/* the same when its end is read before there is another */
	close(o->courier);
	o->courier = -1;
	office_turn(o);
	courier_new(o);
	office_silent(o);
	r = row(o, letter);
	assert_int_equal(r.attempts, 1);
	assert_int_equal(r.state, QUEUE_WAITING);
	assert_int_equal(r.status[0], 4);
	assert_int_equal(r.status[1], 3);
	assert_in_range(r.next, o->loop.clock.unix_s + 200,
	    o->loop.clock.unix_s + 400);
	assert_true(list_empty(&o->post->results));
	/* from then on each time */
	office_age(o, RETRY_FOR_S);
	office_turn(o);
	for (i = 2; i < RETRY_LEAST; i++) {
		(void)office_job(o, &job);
		courier_new(o);
		assert_int_equal(row(o, letter).attempts, i);
		office_age(o, 0);
		office_turn(o);
	}
	/* its sender was told that it is late, and is that it is lost */
	assert_int_equal(office_inbox(o), 1);
	(void)office_job(o, &job);
	courier_new(o);
	office_silent(o);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 2);
}

/* One that a courier has lived to tell of begins anew. */
static void
told_of(void **state)
{
	struct office *o = *state;
	struct carry_outcome later = office_outcome(SMTP_TEMPORARY, 450);
	struct carry_job job;
	uint64_t letter;
	uint32_t n;
	int i;

	courier_new(o);
	letter = office_letter(o, "a@one.example");
	office_turn(o);
	for (i = 0; i < 2; i++) {
		(void)office_job(o, &job);
		courier_new(o);
		office_age(o, 0);
		office_turn(o);
	}
	n = office_job(o, &job);
	office_fate(o, n, &job, &later);
	office_noted(o, n);
	assert_int_equal(o->post->loss_count, 0);
	office_age(o, 0);
	office_turn(o);
	(void)office_job(o, &job);
	courier_new(o);
	assert_int_equal(row(o, letter).attempts, 1);
	assert_int_equal(o->post->losses[0].times, 1);
}

/* Told to stop, or with a keeper that dies: rows stay as they were. */
static void
nobodys_fault(void **state)
{
	struct office *o = *state;
	struct carry_job job;
	uint64_t letter;
	int64_t next;

	courier_new(o);
	letter = office_letter(o, "a@one.example");
	next = row(o, letter).next;
	office_turn(o);
	(void)office_job(o, &job);
	office_restart(o);
	assert_int_equal(row(o, letter).next, next);
	courier_new(o);
	(void)office_job(o, &job);
	post_stop(o->post);
	close(o->courier);
	o->courier = -1;
	office_turn(o);
	assert_int_equal(row(o, letter).next, next);
	assert_int_equal(row(o, letter).attempts, 0);
}

/* What the owner holds is not tried again for that. */
static void
held_meanwhile(void **state)
{
	struct office *o = *state;
	struct queue_recipient r;
	struct carry_job job;
	uint64_t letter;

	courier_new(o);
	letter = office_letter(o, "a@one.example");
	office_turn(o);
	(void)office_job(o, &job);
	assert_int_equal(queue_hold(o->db, letter), 0);
	assert_int_equal(db_commit(o->db), 0);
	courier_new(o);
	office_silent(o);
	r = row(o, letter);
	assert_int_equal(r.state, QUEUE_HELD);
	assert_int_equal(r.attempts, 0);
}

int
post_lost_test(void)
{
#define OFFICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, office_begin, office_end)
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(again_and_again),
		OFFICE_TEST(told_of),
		OFFICE_TEST(nobodys_fault),
		OFFICE_TEST(held_meanwhile),
	};

	return cmocka_run_group_tests_name("app/post_lost", tests, NULL,
	    NULL);
}
