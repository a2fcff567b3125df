/* The post office: smart hosts, and what is known of domains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/post_world.h"

#include "app/post_part.h"

int post_route_test(void);

static void
route(struct office *o, const char *domain, const char *host,
	const char *secret)
{
	const struct route r = {
		.domain = str_of(domain), .host = str_of(host), .port = 465,
		.user = STR("me"), .secret = str_of(secret)
	};

	assert_int_equal(route_set(o->db, &r), 0);
	assert_int_equal(db_commit(o->db), 0);
}

static struct office *
ready(void **state)
{
	struct office *o = *state;

	office_wire(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
	return o;
}

/* All that goes by one smart host goes at once, whatever its domain. */
static void
together(void **state)
{
	struct office *o = ready(state);
	struct carry_job job;

	route(o, ROUTE_ALL, "smtp.isp.example", "secret");
	route(o, "two.example", "", "");
	route(o, "four.example", "smtp.four.example", "secret");
	(void)office_letter(o, "a@one.example b@two.example c@three.example "
	    "d@four.example");
	office_turn(o);
	(void)office_job(o, &job);
	assert_int_equal(job.count, 2);
	assert_true(str_equal(job.smart_host, STR("smtp.isp.example")));
	assert_true(str_equal(job.domain, STR("smtp.isp.example")));
	assert_int_equal(job.smart_port, 465);
	assert_true(str_equal(job.user, STR("me")));
	assert_true(str_equal(job.secret, STR("secret")));
	assert_true(str_equal(job.recipients[1].address,
	    STR("c@three.example")));
	(void)office_job(o, &job);
	assert_int_equal(job.count, 1);
	assert_int_equal(job.smart_host.len, 0);
	assert_int_equal(job.secret.len, 0);
	assert_true(str_equal(job.domain, STR("two.example")));
	(void)office_job(o, &job);
	assert_true(str_equal(job.smart_host, STR("smtp.four.example")));
	office_silent(o);
}

static void
lock_out(struct office *o, uint32_t number, const struct carry_job *job)
{
	struct carry_result result = { .locked_out = true };
	size_t i;

	for (i = 0; i < job->count; i++) {
		result.outcomes[i] = office_outcome(SMTP_TEMPORARY, 535);
		result.outcomes[i].id = job->recipients[i].id;
		result.outcomes[i].attempts = job->recipients[i].attempts;
		result.count++;
	}
	office_result(o, number, true, &result);
}

static void
count_held(void *ctx, const struct queue_item *item)
{
	size_t i;

	for (i = 0; i < item->count; i++)
		if (item->recipients[i].state == QUEUE_HELD)
			++*(size_t *)ctx;
}

static size_t
held(struct office *o)
{
	size_t count = 0;

	assert_int_equal(queue_list(o->db, count_held, &count), 0);
	return count;
}

/* A wrong password holds all that goes there, and is told once. */
static void
locked_out(void **state)
{
	struct office *o = ready(state);
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_job first, second;
	struct buf text;
	uint32_t n, m;

	route(o, ROUTE_ALL, "smtp.isp.example", "old");
	route(o, "two.example", "", "");
	(void)office_letter(o, "a@one.example");
	(void)office_letter(o, "a@three.example");
	(void)office_letter(o, "a@four.example b@two.example");
	office_turn(o);
	n = office_job(o, &first);
	m = office_job(o, &second);
	/* the place is full: the third waits, but for two.example */
	assert_int_equal(o->post->job_count, 3);
	lock_out(o, n, &first);
	assert_int_equal(held(o), 3);
	assert_int_equal(office_inbox(o), 1);
	office_latest(o, &text);
	assert_true(str_starts(buf_str(&text), STR("Return-Path: <>\r\n"
	    "Delivered-To: owner@example.test\r\nFrom: ")));
	assert_non_null(strstr(buf_text(&text), "smtp.isp.example, port 465"));
	assert_non_null(strstr(buf_text(&text), "535 So it is"));
	assert_non_null(strstr(buf_text(&text), "    pillarbox smarthost set "
	    "smtp.isp.example:465 --user me\r\n"));
	assert_null(strstr(buf_text(&text), "old"));
	buf_drop(&text);
	/* those that were under way, or come later, are no news */
	lock_out(o, m, &second);
	assert_int_equal(office_inbox(o), 1);
	office_restart(o);
	office_wire(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
	(void)office_letter(o, "a@five.example");
	office_turn(o);
	n = office_job(o, &first);
	if (first.smart_host.len == 0)
		n = office_job(o, &first);
	assert_true(str_equal(first.recipients[0].address,
	    STR("a@five.example")));
	lock_out(o, n, &first);
	assert_int_equal(office_inbox(o), 1);
	assert_int_equal(held(o), 4);
	/* the owner mends it */
	route(o, ROUTE_ALL, "smtp.isp.example", "new");
	assert_int_equal(queue_retry(o->db, 0), 0);
	assert_int_equal(db_commit(o->db), 0);
	office_wire(o);
	office_room(o, 1, NULL, 0);
	n = office_job(o, &first);
	assert_true(str_equal(first.secret, STR("new")));
	office_fate(o, n, &first, &well);
	assert_int_equal(held(o), 0);
}

/* A password that was changed while the old one was tried is tried at once. */
static void
changed_meanwhile(void **state)
{
	struct office *o = ready(state);
	struct carry_job job;
	uint32_t n;

	route(o, ROUTE_ALL, "smtp.isp.example", "old");
	(void)office_letter(o, "a@one.example");
	office_turn(o);
	n = office_job(o, &job);
	route(o, ROUTE_ALL, "smtp.isp.example", "new");
	lock_out(o, n, &job);
	assert_int_equal(held(o), 0);
	assert_int_equal(office_inbox(o), 0);
	office_noted(o, n);
	(void)office_job(o, &job);
	assert_true(str_equal(job.secret, STR("new")));
	assert_int_equal(job.recipients[0].attempts, 1);
}

/* What is said of a smart host where there is none is tried in its time. */
static void
no_smart_host(void **state)
{
	struct office *o = ready(state);
	struct queue_item *item;
	struct carry_job job;
	uint32_t n;
	int i;

	(void)office_letter(o, "a@one.example");
	office_turn(o);
	n = office_job(o, &job);
	/* the second time one is there, and has never been tried */
	for (i = 1; i < 3; i++) {
		lock_out(o, n, &job);
		office_noted(o, n);
		office_silent(o);
		item = office_item(o, job.letter);
		assert_int_equal(item->recipients[0].state, QUEUE_WAITING);
		assert_int_equal(item->recipients[0].attempts, i);
		assert_true(item->recipients[0].next >
		    o->loop.clock.unix_s + 200);
		queue_item_drop(item);
		office_age(o, 0);
		office_turn(o);
		n = office_job(o, &job);
		route(o, ROUTE_ALL, "smtp.isp.example", "secret");
	}
	assert_int_equal(office_inbox(o), 0);
}

/* A password that cannot be read holds its own, and is told of once. */
static void
unreadable_password(void **state)
{
	struct office *o = ready(state);
	struct carry_job job;
	struct buf text;

	route(o, "bad.example", "smtp.isp.example", "secret");
	office_sql(o, "UPDATE route SET secret = zeroblob(length(secret))");
	(void)office_letter(o, "a@bad.example b@bad.example a@one.example");
	office_turn(o);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("one.example")));
	office_silent(o);
	assert_int_equal(held(o), 2);
	assert_int_equal(office_inbox(o), 1);
	office_latest(o, &text);
	assert_non_null(strstr(buf_text(&text), "mail to bad.example\r\n"));
	buf_drop(&text);
	(void)office_letter(o, "c@bad.example");
	office_turn(o);
	office_silent(o);
	assert_int_equal(held(o), 3);
	assert_int_equal(office_inbox(o), 1);
}

#define POLICY "version: STSv1\nmode: enforce\nmx: mx.one.example\n" \
	"max_age: 1000\n"

static void
say_policy(struct office *o, const char *domain, const char *text,
	int64_t expires)
{
	const struct wire_head head = { .kind = WIRE_POLICY };
	const struct carry_policy policy = {
		.domain = str_of(domain), .id = STR("1"),
		.text = str_of(text), .expires = expires
	};
	struct buf body;
	struct str view;

	buf_init(&body, WIRE_BODY_MAX);
	carry_policy_add(&body, &policy);
	view = buf_str(&body);
	assert_int_equal(wire_send(o->courier, &head, &view, 1, -1), 0);
	buf_drop(&body);
	office_turn(o);
}

/* A policy that was fetched is there for the next letter to that domain. */
static void
policies(void **state)
{
	struct office *o = ready(state);
	int64_t now = o->loop.clock.unix_s;
	struct carry_job job;

	route(o, "smart.example", "smtp.isp.example", "secret");
	(void)office_letter(o, "a@one.example b@two.example c@smart.example");
	office_turn(o);
	(void)office_job(o, &job);
	(void)office_job(o, &job);
	(void)office_job(o, &job);
	/* for as long as it says itself, and not for ever */
	say_policy(o, "one.example", POLICY, INT64_MAX);
	/* one that is none; and of domains that nothing goes to, by MX */
	say_policy(o, "two.example", "version: STSv1\n", now + 1000);
	say_policy(o, "smart.example", POLICY, now + 1000);
	say_policy(o, "three.example", POLICY, now + 1000);
	(void)office_letter(o, "a@one.example b@two.example c@three.example");
	office_turn(o);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("one.example")));
	assert_true(str_equal(job.policy_id, STR("1")));
	assert_true(str_equal(job.policy, STR(POLICY)));
	assert_in_range(job.policy_expires, now + 1, now + 1010);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("two.example")));
	assert_int_equal(job.policy.len, 0);
	(void)office_job(o, &job);
	assert_true(str_equal(job.domain, STR("three.example")));
	assert_int_equal(job.policy.len, 0);
	route(o, "smart.example", "", "");
	(void)office_letter(o, "c@smart.example");
	office_turn(o);
	(void)office_job(o, &job);
	assert_int_equal(job.policy.len, 0);
}

/* Without the device key nothing is handed out, and nothing is lost. */
static void
without_a_key(void **state)
{
	struct office *o = *state;
	char path[128];

	(void)office_letter(o, "a@one.example");
	(void)snprintf(path, sizeof path, "%s/device.key", o->dir);
	assert_int_equal(unlink(path), 0);
	office_restart(o);
	office_wire(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
	office_silent(o);
	assert_true(o->post->keyless);
	assert_int_equal(office_rows(o), 1);
	assert_int_equal(held(o), 0);
}

int
post_route_test(void)
{
#define OFFICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, office_begin, office_end)
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(together),
		OFFICE_TEST(locked_out),
		OFFICE_TEST(changed_meanwhile),
		OFFICE_TEST(no_smart_host),
		OFFICE_TEST(unreadable_password),
		OFFICE_TEST(policies),
		OFFICE_TEST(without_a_key),
	};

	return cmocka_run_group_tests_name("app/post_route", tests, NULL,
	    NULL);
}
