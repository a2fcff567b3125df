/* The post office: what is handed out, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void
fetch(struct office *o, uint32_t job, uint64_t letter, uint32_t piece)
{
	const struct wire_head head = {
		.kind = WIRE_FETCH, .session = job, .number = piece
	};
	struct str body = str_from(&letter, sizeof letter);

	assert_int_equal(wire_send(o->courier, &head, &body, 1, -1), 0);
	office_turn(o);
}

static void
text_is(struct office *o, uint32_t piece, unsigned flags, size_t len)
{
	struct wire_mail mail;

	assert_true(office_hear(o, &mail));
	assert_int_equal(mail.head.kind, WIRE_TEXT);
	assert_int_equal(mail.head.number, piece);
	assert_int_equal(mail.head.flags, flags);
	assert_int_equal(mail.body.len, len);
	if (piece == 0 && len > 0)
		assert_true(str_starts(mail.body, STR(OFFICE_HEAD)));
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
	fetch(o, n, letter, 0);
	text_is(o, 0, 0, PIECE_SIZE);
	fetch(o, n, letter, 1);
	text_is(o, 1, 0, PIECE_SIZE);
	fetch(o, n, letter, 0);
	text_is(o, 0, 0, PIECE_SIZE);
	/* a piece that is not its turn */
	fetch(o, n, letter, 2);
	text_is(o, 2, WIRE_FAILED, 0);
	fetch(o, n, letter, 0);
	text_is(o, 0, 0, PIECE_SIZE);
	fetch(o, n, letter, 1);
	text_is(o, 1, 0, PIECE_SIZE);
	/* the same again, once */
	fetch(o, n, letter, 1);
	text_is(o, 1, 0, PIECE_SIZE);
	fetch(o, n, letter, 2);
	text_is(o, 2, WIRE_LAST, rest);
	fetch(o, n, letter, 2);
	text_is(o, 2, WIRE_FAILED, 0);
	fetch(o, n, letter, 3);
	text_is(o, 3, WIRE_FAILED, 0);
	fetch(o, n, letter, UINT32_MAX);
	text_is(o, UINT32_MAX, WIRE_FAILED, 0);
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
	fetch(o, n, letter, 2);
	text_is(o, 2, 0, PIECE_SIZE);
	fetch(o, n, letter, 3);
	text_is(o, 3, WIRE_LAST, rest);
	fetch(o, n, letter, 2);
	text_is(o, 2, WIRE_FAILED, 0);
	fetch(o, n, letter, 0);
	text_is(o, 0, 0, PIECE_SIZE);
	/* no more jobs than were told, and of no other letter */
	fetch(o, n + 1, letter, 0);
	text_is(o, 0, WIRE_FAILED, 0);
	fetch(o, n + 1, other, 0);
	text_is(o, 0, WIRE_FAILED, 0);
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
	fetch(o, 7, letter, 0);
	text_is(o, 0, WIRE_FAILED, 0);
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
	fetch(o, n, letter, 0);
	text_is(o, 0, 0, PIECE_SIZE);
	fetch(o, n, letter, 1);
	text_is(o, 1, WIRE_LAST, PIECE_SIZE);
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
		fetch(o, numbers[i], letter, 0);
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
	fetch(o, n, letter, 0);
	text_is(o, 0, WIRE_FAILED, 0);
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
	fetch(o, o->post->serial, letter + 1, 0);
	text_is(o, 0, WIRE_FAILED, 0);
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
		OFFICE_TEST(long_letters),
		OFFICE_TEST(long_letter_goes_on),
		OFFICE_TEST(told_what_is_not_due),
		OFFICE_TEST(full_last_piece),
		OFFICE_TEST(full_wire),
		OFFICE_TEST(unreadable),
		OFFICE_TEST(unreadable_later),
		OFFICE_TEST(trouble_of_one),
		OFFICE_TEST(wrong_clock),
		OFFICE_TEST(stopping),
		OFFICE_TEST(garbled),
	};

	return cmocka_run_group_tests_name("app/post", tests, NULL, NULL);
}
