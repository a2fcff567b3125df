/* The post office: what is handed out, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "app/post_world.h"

#include "app/post_part.h"

int post_test(void);

/* With a wire and room for so many jobs. */
static struct office *
ready(void **state, unsigned jobs)
{
	struct office *o = *state;

	office_wire(o);
	office_room(o, jobs, NULL, 0);
	return o;
}

static void
good_case(void **state)
{
	struct office *o = *state;
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_job job;
	uint64_t letter;
	uint32_t number;

	letter = office_letter(o, "a@one.example b@one.example");
	assert_true(post_idle(o->post));
	office_turn(o);
	office_wire(o);
	office_turn(o);
	office_silent(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
	number = office_job(o, &job);
	assert_int_equal(job.letter, letter);
	assert_int_equal(job.count, 2);
	assert_true(str_equal(job.sender, STR("shop@example.test")));
	assert_true(str_equal(job.domain, STR("one.example")));
	assert_true(str_equal(job.envid, STR("pb1")));
	assert_int_equal(job.recipients[0].orcpt.len, 0);
	assert_true(str_equal(job.recipients[0].address,
	    STR("a@one.example")));
	assert_true(str_equal(job.recipients[1].address,
	    STR("b@one.example")));
	assert_true(job.whole);
	assert_true(str_equal(job.text, STR(OFFICE_HEAD "bbbbbbbbbb")));
	office_silent(o);
	assert_false(post_idle(o->post));

	/* nobody is handed out twice */
	o->rewake = true;
	office_turn(o);
	office_silent(o);

	office_fate(o, number, &job, &well);
	office_noted(o, number);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 0);
	assert_true(post_idle(o->post));
}

/* A job for each domain; no more jobs than there is room for. */
static void
places_and_room(void **state)
{
	struct office *o = ready(state, 2);
	struct carry_job job;
	uint64_t letter;

	letter = office_letter(o, "a@one.example b@two.example "
	    "c@one.example d@three.example");
	office_turn(o);
	(void)office_job(o, &job);
	assert_int_equal(job.letter, letter);
	assert_true(str_equal(job.domain, STR("one.example")));
	assert_int_equal(job.count, 2);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("two.example")));
	assert_int_equal(job.count, 1);
	office_silent(o);
	office_room(o, 1, NULL, 0);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("three.example")));
	office_silent(o);
}

/* One slow domain does not take all the room there is. */
static void
a_full_place(void **state)
{
	struct office *o = ready(state, 10);
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_job job;
	uint32_t number;
	int i;

	for (i = 0; i < 4; i++)
		(void)office_letter(o, "a@one.example");
	(void)office_letter(o, "a@two.example");
	office_turn(o);
	(void)office_job(o, &job);
	number = office_job(o, &job);
	assert_true(str_equal(job.domain, STR("one.example")));
	office_fate(o, number, &job, &well);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("two.example")));
	office_noted(o, number);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("one.example")));
	office_silent(o);
}

/* Nor does it hide those who stand behind it. */
static void
behind_a_long_queue(void **state)
{
	struct office *o = *state;
	struct carry_job job;
	int i;

	for (i = 0; i < 600; i++)
		(void)office_letter(o, "a@one.example");
	(void)office_letter(o, "a@two.example");
	office_wire(o);
	office_room(o, 10, NULL, 0);
	(void)office_job(o, &job);
	(void)office_job(o, &job);
	office_silent(o);
	assert_int_not_equal(o->post->place.recipient, 0);
	timer_set(&o->loop, &o->post->look, 0);
	office_turn(o);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("two.example")));
	assert_int_equal(o->post->place.recipient, 0);
}

/* What a courier said before it died counts, though nobody had listened. */
static void
last_words(void **state)
{
	struct wire_head head = { .kind = WIRE_RESULT, .flags = WIRE_LAST };
	struct office *o = ready(state, 10);
	struct carry_result result = { .count = 1 };
	struct carry_job job;
	struct buf body;
	struct str view;

	(void)office_letter(o, "a@one.example");
	office_turn(o);
	head.session = office_job(o, &job);
	result.outcomes[0] = office_outcome(SMTP_DELIVERED, 250);
	result.outcomes[0].id = job.recipients[0].id;
	buf_init(&body, WIRE_BODY_MAX);
	carry_result_add(&body, &result);
	view = buf_str(&body);
	assert_int_equal(wire_send(o->courier, &head, &view, 1, -1), 0);
	buf_drop(&body);
	office_wire(o);
	office_room(o, 10, NULL, 0);
	office_silent(o);
	assert_int_equal(office_rows(o), 0);
}

/* What the courier has of a keeper that died is handed to nobody else. */
static void
another_keeper(void **state)
{
	struct office *o = ready(state, 10);
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_result result = { .count = 1 };
	struct carry_job job;
	uint32_t number;
	uint64_t id;

	(void)office_letter(o, "a@one.example");
	office_turn(o);
	number = office_job(o, &job);
	id = job.recipients[0].id;
	office_restart(o);
	(void)office_letter(o, "b@one.example");
	office_wire(o);
	office_room(o, 0, &id, 1);
	office_silent(o);
	office_room(o, 5, NULL, 0);
	assert_int_not_equal(office_job(o, &job), number);
	assert_int_not_equal(job.recipients[0].id, id);
	office_silent(o);
	assert_int_equal(office_rows(o), 2);
	result.outcomes[0] = well;
	result.outcomes[0].id = id;
	office_result(o, number, true, &result);
	office_noted(o, number);
	assert_int_equal(office_rows(o), 1);
}

/* A courier that does not read: everything waits, and nothing is lost. */
static void
full_wire(void **state)
{
	const struct office_letter as = {
		.recipients = "a@one.example b@two.example c@three.example "
		    "d@four.example e@five.example f@six.example "
		    "g@seven.example h@eight.example", .size = 60000
	};
	struct office *o = ready(state, 20);
	struct wire_mail mail;
	struct carry_job job;
	uint64_t letter;
	uint32_t numbers[8];
	int i, texts = 0, room = 200000;

	assert_int_equal(setsockopt(o->post->wire.fd, SOL_SOCKET, SO_SNDBUF,
	    &room, sizeof room), 0);
	letter = office_letter_as(o, &as);
	office_turn(o);
	assert_true(o->post->blocked);
	for (i = 0; i < 8; i++) {
		numbers[i] = office_job(o, &job);
		office_turn(o);
	}
	office_silent(o);
	assert_false(o->post->blocked);
	for (i = 0; i < 8; i++)
		office_fetch(o, numbers[i], letter, 0);
	assert_true(o->post->blocked);
	while (office_hear(o, &mail)) {
		assert_int_equal(mail.head.kind, WIRE_TEXT);
		assert_int_equal(mail.head.flags, WIRE_LAST);
		assert_int_equal(mail.body.len, 60000 + sizeof OFFICE_HEAD -
		    1);
		texts++;
		office_turn(o);
	}
	assert_int_equal(texts, 8);
}

/* A pause longer than any that we give was given by another clock. */
static void
wrong_clock(void **state)
{
	struct office *o = ready(state, 10);
	struct carry_job job;
	char text[100];

	(void)office_letter(o, "a@one.example");
	(void)snprintf(text, sizeof text, "UPDATE recipient SET next = %lld",
	    (long long)o->loop.clock.unix_s + 3600);
	office_sql(o, text);
	office_turn(o);
	office_silent(o);
	(void)snprintf(text, sizeof text, "UPDATE recipient SET next = %lld",
	    (long long)o->loop.clock.unix_s + 365 * 86400);
	office_sql(o, text);
	office_turn(o);
	(void)office_job(o, &job);
}

/* Nothing is handed out any more, but what is under way is noted. */
static void
stopping(void **state)
{
	struct office *o = ready(state, 10);
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_job job;
	uint32_t n;

	(void)office_letter(o, "a@one.example");
	office_turn(o);
	n = office_job(o, &job);
	post_stop(o->post);
	(void)office_letter(o, "b@one.example");
	office_turn(o);
	office_silent(o);
	assert_false(post_idle(o->post));
	office_fate(o, n, &job, &well);
	office_noted(o, n);
	assert_true(post_idle(o->post));
	assert_int_equal(office_rows(o), 1);
}

static void
say(struct office *o, enum wire_kind kind, struct str body)
{
	const struct wire_head head = { .kind = kind, .session = 7 };

	assert_int_equal(wire_send(o->courier, &head, &body, 1, -1), 0);
	office_turn(o);
}

/* A courier that was taken over: it is passed over, and the rest goes on. */
static void
garbled(void **state)
{
	static uint64_t many[POST_TOLD_MAX + 1];
	struct office *o = *state;
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_result result = { .count = 1 };
	struct queue_item *item;
	struct carry_job job;
	uint64_t letter;

	letter = office_letter(o, "a@one.example");
	item = office_item(o, letter);
	result.outcomes[0] = well;
	result.outcomes[0].id = item->recipients[0].id;
	queue_item_drop(item);
	office_wire(o);
	/* before it has said what it has */
	office_result(o, 1, true, &result);
	office_silent(o);
	say(o, WIRE_ROOM, str_from(many, sizeof many));
	assert_false(o->post->met);
	office_room(o, 0, NULL, 0);
	/* about one that it was never given */
	office_result(o, 1, true, &result);
	office_noted(o, 1);
	assert_int_equal(office_rows(o), 1);
	say(o, WIRE_ROOM, str_from(many, 8));
	say(o, WIRE_RESULT, STR("\2\0"));
	say(o, WIRE_POLICY, STR("x"));
	say(o, WIRE_CARRY, STR("x"));
	say(o, WIRE_NOTED, STR(""));
	say(o, WIRE_JUDGED, STR(""));
	office_silent(o);
	office_room(o, 1000000, NULL, 0);
	assert_int_equal(o->post->vacant, CARRY_JOBS_MAX - 1);
	(void)office_job(o, &job);
	/* a fetch of another letter than the job's */
	office_fetch(o, o->post->serial, letter + 1, 0);
	office_text(o, 0, WIRE_FAILED, 0);
	assert_int_equal(office_rows(o), 1);
}

int
post_test(void)
{
#define OFFICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, office_begin, office_end)
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(good_case),
		OFFICE_TEST(places_and_room),
		OFFICE_TEST(a_full_place),
		OFFICE_TEST(behind_a_long_queue),
		OFFICE_TEST(last_words),
		OFFICE_TEST(another_keeper),
		OFFICE_TEST(full_wire),
		OFFICE_TEST(wrong_clock),
		OFFICE_TEST(stopping),
		OFFICE_TEST(garbled),
	};

	return cmocka_run_group_tests_name("app/post", tests, NULL, NULL);
}
