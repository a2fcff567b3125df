/* The post office: letters that are fetched, or cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "app/post_world.h"

#include "app/post_part.h"

int post_held_test(void);

/* With a wire and room for so many jobs. */
static struct office *
ready(void **state, unsigned jobs)
{
	struct office *o = *state;

	office_wire(o);
	office_room(o, jobs, NULL, 0);
	return o;
}

/* In order, and from the start again. */
static void
long_letters(void **state)
{
	const struct office_letter as = {
		.recipients = "a@one.example", .size = 2 * PIECE_SIZE
	};
	const size_t rest = sizeof OFFICE_HEAD - 1;
	struct office *o = ready(state, 10);
	struct carry_job job;
	uint64_t letter;
	uint32_t n;

	letter = office_letter_as(o, &as);
	office_turn(o);
	n = office_job(o, &job);
	assert_false(job.whole);
	assert_int_equal(job.size, 2 * PIECE_SIZE + rest);
	office_fetch(o, n, letter, 0);
	office_text(o, 0, 0, PIECE_SIZE);
	office_fetch(o, n, letter, 1);
	office_text(o, 1, 0, PIECE_SIZE);
	office_fetch(o, n, letter, 0);
	office_text(o, 0, 0, PIECE_SIZE);
	/* a piece that is not its turn */
	office_fetch(o, n, letter, 2);
	office_text(o, 2, WIRE_FAILED, 0);
	office_fetch(o, n, letter, 0);
	office_text(o, 0, 0, PIECE_SIZE);
	office_fetch(o, n, letter, 1);
	office_text(o, 1, 0, PIECE_SIZE);
	/* the same again, once */
	office_fetch(o, n, letter, 1);
	office_text(o, 1, 0, PIECE_SIZE);
	office_fetch(o, n, letter, 2);
	office_text(o, 2, WIRE_LAST, rest);
	office_fetch(o, n, letter, 2);
	office_text(o, 2, WIRE_FAILED, 0);
	office_fetch(o, n, letter, 3);
	office_text(o, 3, WIRE_FAILED, 0);
	office_fetch(o, n, letter, UINT32_MAX);
	office_text(o, UINT32_MAX, WIRE_FAILED, 0);
}

/* Any piece, once, by a keeper that knows nothing of it. */
static void
long_letter_goes_on(void **state)
{
	const struct office_letter as = {
		.recipients = "a@one.example", .size = 3 * PIECE_SIZE
	};
	const size_t rest = sizeof OFFICE_HEAD - 1;
	struct office *o = ready(state, 10);
	struct carry_job job;
	uint64_t letter, other;
	uint32_t n;

	letter = office_letter_as(o, &as);
	office_turn(o);
	n = office_job(o, &job);
	other = office_letter(o, "a@two.example");
	office_restart(o);
	office_wire(o);
	office_room(o, 0, &job.recipients[0].id, 1);
	office_fetch(o, n, letter, 2);
	office_text(o, 2, 0, PIECE_SIZE);
	office_fetch(o, n, letter, 3);
	office_text(o, 3, WIRE_LAST, rest);
	office_fetch(o, n, letter, 2);
	office_text(o, 2, WIRE_FAILED, 0);
	office_fetch(o, n, letter, 0);
	office_text(o, 0, 0, PIECE_SIZE);
	/* no more jobs than were told, and of no other letter */
	office_fetch(o, n + 1, letter, 0);
	office_text(o, 0, WIRE_FAILED, 0);
	office_fetch(o, n + 1, other, 0);
	office_text(o, 0, WIRE_FAILED, 0);
	assert_int_equal(o->post->job_count, 1);
}

/* What is held, or not yet due, was never given to a courier. */
static void
told_what_is_not_due(void **state)
{
	struct office *o = *state;
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_result result = { .count = 2 };
	struct queue_item *item;
	char text[100];
	uint64_t letter, ids[2];
	int i;

	letter = office_letter(o, "a@one.example b@one.example");
	item = office_item(o, letter);
	for (i = 0; i < 2; i++) {
		ids[i] = item->recipients[i].id;
		result.outcomes[i] = well;
		result.outcomes[i].id = ids[i];
	}
	queue_item_drop(item);
	assert_int_equal(queue_hold(o->db, letter), 0);
	assert_int_equal(db_commit(o->db), 0);
	(void)snprintf(text, sizeof text, "UPDATE recipient SET state = 0,"
	    " next = %lld WHERE id = %lld",
	    (long long)o->loop.clock.unix_s + 3600, (long long)ids[1]);
	office_sql(o, text);
	office_wire(o);
	office_room(o, 0, ids, 2);
	office_fetch(o, 7, letter, 0);
	office_text(o, 0, WIRE_FAILED, 0);
	office_result(o, 7, true, &result);
	office_noted(o, 7);
	assert_int_equal(office_rows(o), 2);
	assert_int_equal(o->post->told_count, 0);
}

/* The last piece is told as the last also when it is a full one. */
static void
full_last_piece(void **state)
{
	const size_t rest = sizeof OFFICE_HEAD - 1;
	const struct office_letter as = {
		.recipients = "a@one.example", .size = 2 * PIECE_SIZE - rest
	};
	struct office *o = ready(state, 10);
	struct carry_job job;
	uint64_t letter = office_letter_as(o, &as);
	uint32_t n;

	office_turn(o);
	n = office_job(o, &job);
	office_fetch(o, n, letter, 0);
	office_text(o, 0, 0, PIECE_SIZE);
	office_fetch(o, n, letter, 1);
	office_text(o, 1, WIRE_LAST, PIECE_SIZE);
}

/* A seal that does not hold is never sent, and never tried again. */
static void
unreadable(void **state)
{
	struct office *o = ready(state, 10);
	struct queue_item *item;
	uint64_t letter;

	letter = office_letter(o, "a@one.example");
	office_sql(o, "UPDATE letter SET body = zeroblob(length(body))");
	office_turn(o);
	office_silent(o);
	item = office_item(o, letter);
	assert_int_equal(item->recipients[0].state, QUEUE_HELD);
	assert_int_equal(item->recipients[0].attempts, 1);
	assert_true(item->recipients[0].said.len > 0);
	queue_item_drop(item);
	assert_int_equal(office_inbox(o), 1);
	o->rewake = true;
	office_turn(o);
	office_silent(o);
	assert_int_equal(office_inbox(o), 1);
}

/* The same with one that is found only when it is fetched. */
static void
unreadable_later(void **state)
{
	const struct office_letter as = {
		.recipients = "a@one.example", .size = PIECE_SIZE - 10
	};
	struct office *o = ready(state, 10);
	struct carry_outcome lost = office_outcome(SMTP_TEMPORARY, 0);
	struct queue_item *item;
	struct carry_job job;
	uint64_t letter;
	uint32_t n;

	letter = office_letter_as(o, &as);
	office_turn(o);
	n = office_job(o, &job);
	office_sql(o, "UPDATE letter SET body = zeroblob(length(body))");
	office_fetch(o, n, letter, 0);
	office_text(o, 0, WIRE_FAILED, 0);
	lost.status[0] = 4;
	office_fate(o, n, &job, &lost);
	office_noted(o, n);
	item = office_item(o, letter);
	assert_int_equal(item->recipients[0].state, QUEUE_HELD);
	queue_item_drop(item);
	assert_int_equal(office_inbox(o), 1);
}

/* The file of the one long letter there is. */
static void
file_of(struct office *o, char *path, size_t size)
{
	char pattern[128];
	glob_t found;

	(void)snprintf(pattern, sizeof pattern, "%s/blob/q*", o->dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	(void)snprintf(path, size, "%s", found.gl_pathv[0]);
	globfree(&found);
}

/* A file that cannot be opened now holds up its own letter alone. */
static void
trouble_of_one(void **state)
{
	const struct office_letter as = {
		.recipients = "a@one.example", .size = 2 * PIECE_SIZE
	};
	struct office *o = *state;
	struct queue_item *item;
	struct carry_job job;
	char path[200];
	uint64_t letter;

	letter = office_letter_as(o, &as);
	(void)office_letter(o, "a@two.example");
	file_of(o, path, sizeof path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	office_wire(o);
	office_room(o, 10, NULL, 0);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("two.example")));
	office_silent(o);
	item = office_item(o, letter);
	assert_int_equal(item->recipients[0].state, QUEUE_WAITING);
	assert_int_equal(item->recipients[0].attempts, 0);
	assert_true(item->recipients[0].next > o->loop.clock.unix_s + 200);
	queue_item_drop(item);
	assert_int_equal(office_inbox(o), 0);
	/* lost: it is held, and its owner is told */
	assert_int_equal(unlink(path), 0);
	office_age(o, 0);
	office_turn(o);
	office_silent(o);
	item = office_item(o, letter);
	assert_int_equal(item->recipients[0].state, QUEUE_HELD);
	assert_true(str_equal(item->recipients[0].said,
	    STR("Its text cannot be read")));
	queue_item_drop(item);
	assert_int_equal(office_inbox(o), 1);
}

int
post_held_test(void)
{
#define OFFICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, office_begin, office_end)
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(long_letters),
		OFFICE_TEST(long_letter_goes_on),
		OFFICE_TEST(told_what_is_not_due),
		OFFICE_TEST(full_last_piece),
		OFFICE_TEST(unreadable),
		OFFICE_TEST(unreadable_later),
		OFFICE_TEST(trouble_of_one),
	};

	return cmocka_run_group_tests_name("app/post_held", tests, NULL,
	    NULL);
}
