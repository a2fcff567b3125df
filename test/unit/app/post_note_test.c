/* The post office: what becomes of what the courier says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "app/post_world.h"

#include "app/post_part.h"
#include "mail/bounce.h"
#include "rules/retry.h"

int post_note_test(void);

/* A letter, handed out to a courier. */
static uint32_t
begin(struct office *o, const struct office_letter *as, struct carry_job *job)
{
	office_wire(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
	(void)office_letter_as(o, as);
	office_turn(o);
	return office_job(o, job);
}

static uint32_t
usual(void **state, struct carry_job *job)
{
	return begin(*state, &(struct office_letter){
	    .recipients = "a@one.example b@one.example", .size = 10 }, job);
}

static bool
latest_says(struct office *o, const char *words)
{
	struct buf text;
	bool says;

	office_latest(o, &text);
	says = str_find_str(buf_str(&text), str_of(words)) != STR_NONE;
	if (!says)
		print_message("%s", buf_text(&text));
	buf_drop(&text);
	return says;
}

static void
refused_for_ever(void **state)
{
	struct office *o = *state;
	struct carry_outcome no = office_outcome(SMTP_PERMANENT, 550);
	struct carry_job job;
	uint32_t n = usual(state, &job);
	struct buf text;

	office_fate(o, n, &job, &no);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 1);
	office_latest(o, &text);
	assert_true(str_starts(buf_str(&text), STR("Return-Path: <>\r\n"
	    "Delivered-To: shop@example.test\r\n"
	    "From: Mail delivery <postmaster@example.test>\r\n"
	    "To: <shop@example.test>\r\n"
	    "Subject: Your message was not delivered\r\n")));
	buf_drop(&text);
	assert_true(latest_says(o, "\r\nIn-Reply-To: <1@example.test>\r\n"));
	assert_true(latest_says(o, "\r\nAuto-Submitted: auto-replied\r\n"));
	assert_true(latest_says(o, "Reporting-MTA: dns; mail.example.test"));
	assert_true(latest_says(o, "Original-Envelope-Id: QQ1\r\n"));
	assert_true(latest_says(o, "Final-Recipient: rfc822; a@one.example"
	    "\r\nAction: failed\r\nStatus: 5.1.2\r\n"
	    "Remote-MTA: dns; mx.one.example\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.2 So it is\r\n"));
	assert_true(latest_says(o, "Final-Recipient: rfc822; b@one.example"));
	assert_true(latest_says(o, "Subject: An offer\r\n"));
	/* the header goes back, the text does not */
	assert_false(latest_says(o, "bbbb"));
}

/* What was sent with an empty sender, or NOTIFY=NEVER, has no report. */
static void
no_reports(void **state)
{
	struct office *o = *state;
	struct carry_outcome no = office_outcome(SMTP_PERMANENT, 550);
	struct carry_job job;
	uint32_t n;

	n = begin(o, &(struct office_letter){ .sender = "",
	    .recipients = "a@one.example", .size = 10 }, &job);
	office_fate(o, n, &job, &no);
	office_noted(o, n);
	n = begin(o, &(struct office_letter){
	    .notify = BOUNCE_NOTIFY_NEVER,
	    .recipients = "a@one.example", .size = 10 }, &job);
	office_fate(o, n, &job, &no);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 0);
}

/* RFC 3461 section 5.2.2 */
static void
relayed(void **state)
{
	const struct office_letter as = {
		.notify = BOUNCE_NOTIFY_SUCCESS,
		.recipients = "a@one.example", .size = 10
	};
	struct office *o = *state;
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_job job;
	uint32_t n;

	well.reports = true;
	n = begin(o, &as, &job);
	office_fate(o, n, &job, &well);
	office_noted(o, n);
	assert_int_equal(office_inbox(o), 0);
	well.reports = false;
	n = begin(o, &as, &job);
	office_fate(o, n, &job, &well);
	office_noted(o, n);
	assert_int_equal(office_inbox(o), 1);
	assert_true(latest_says(o, "Action: relayed\r\nStatus: 2.1.2\r\n"));
	assert_int_equal(office_rows(o), 0);
}

/* A 450 at first, then it is in. One recipient's is not the other's. */
static void
greylisted(void **state)
{
	struct office *o = *state;
	struct carry_outcome later = office_outcome(SMTP_TEMPORARY, 450);
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_result result = { .count = 2 };
	struct queue_item *item;
	struct carry_job job;
	uint32_t n = usual(state, &job);
	uint64_t letter = job.letter;
	int64_t now = o->loop.clock.unix_s;

	result.outcomes[0] = later;
	result.outcomes[0].id = job.recipients[0].id;
	result.outcomes[1] = well;
	result.outcomes[1].id = job.recipients[1].id;
	office_result(o, n, true, &result);
	office_noted(o, n);
	office_silent(o);
	item = office_item(o, letter);
	assert_int_equal(item->count, 1);
	assert_int_equal(item->recipients[0].attempts, 1);
	assert_int_equal(item->recipients[0].state, QUEUE_WAITING);
	assert_int_equal(item->recipients[0].code, 450);
	assert_in_range(item->recipients[0].next, now + 260, now + 340);
	assert_true(str_equal(item->recipients[0].said, STR("So it is")));
	assert_true(str_equal(item->recipients[0].remote,
	    STR("mx.one.example")));
	queue_item_drop(item);
	assert_int_equal(office_inbox(o), 0);
	office_age(o, 300);
	office_turn(o);
	n = office_job(o, &job);
	assert_int_equal(job.count, 1);
	assert_int_equal(job.recipients[0].attempts, 1);
	office_fate(o, n, &job, &well);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 0);
}

/* What was noted already is noted no more, and reported once. */
static void
said_again(void **state)
{
	struct office *o = *state;
	struct carry_outcome later = office_outcome(SMTP_TEMPORARY, 450);
	struct queue_item *item;
	struct carry_job job;
	uint32_t n = usual(state, &job);
	uint64_t letter = job.letter, ids[2];

	ids[0] = job.recipients[0].id;
	ids[1] = job.recipients[1].id;
	office_fate(o, n, &job, &later);
	office_noted(o, n);
	office_wire(o);
	office_room(o, 10, ids, 2);
	office_fate(o, n, &job, &later);
	office_noted(o, n);
	item = office_item(o, letter);
	assert_int_equal(item->recipients[0].attempts, 1);
	assert_int_equal(item->recipients[1].attempts, 1);
	queue_item_drop(item);
}

/* A result in two parts: the job goes on behind the first. */
static void
in_parts(void **state)
{
	struct office *o = *state;
	struct carry_result part = { .count = 1 };
	struct carry_job job;
	uint32_t n = usual(state, &job);

	part.outcomes[0] = office_outcome(SMTP_DELIVERED, 250);
	part.outcomes[0].id = job.recipients[1].id;
	office_result(o, n, false, &part);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 1);
	assert_false(post_idle(o->post));
	o->rewake = true;
	office_turn(o);
	office_silent(o);
	part.outcomes[0].id = job.recipients[0].id;
	office_result(o, n, true, &part);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 0);
	assert_true(post_idle(o->post));
}

/* A job that ends without a word counts as an attempt. */
static void
without_a_word(void **state)
{
	struct office *o = *state;
	struct carry_result nothing = { .count = 0 };
	struct queue_item *item;
	struct carry_job job;
	uint32_t n = usual(state, &job);
	uint64_t letter = job.letter;

	office_result(o, n, true, &nothing);
	office_noted(o, n);
	office_silent(o);
	item = office_item(o, letter);
	assert_int_equal(item->recipients[0].attempts, 1);
	assert_int_equal(item->recipients[1].attempts, 1);
	assert_true(item->recipients[0].next > o->loop.clock.unix_s);
	queue_item_drop(item);
}

/* It is told once that a letter is late; then that it is given up. */
static void
late_and_lost(void **state)
{
	struct office *o = *state;
	struct carry_outcome later = office_outcome(SMTP_TEMPORARY, 450);
	struct carry_job job;
	uint32_t n = usual(state, &job);
	unsigned i;

	office_age(o, RETRY_NOTICE_S + 60);
	office_fate(o, n, &job, &later);
	office_noted(o, n);
	assert_int_equal(office_inbox(o), 1);
	assert_true(latest_says(o, "Subject: Your message is delayed\r\n"));
	assert_true(latest_says(o, "Action: delayed\r\nStatus: 4.1.2\r\n"));
	assert_true(latest_says(o, "Will-Retry-Until: "));
	office_age(o, RETRY_FOR_S);
	office_turn(o);
	for (i = 1; i < RETRY_LEAST; i++) {
		n = office_job(o, &job);
		assert_int_equal(job.recipients[0].attempts, i);
		assert_int_equal(office_inbox(o), 1);
		assert_int_equal(office_rows(o), 2);
		office_fate(o, n, &job, &later);
		office_noted(o, n);
		office_age(o, 0);
		office_turn(o);
	}
	office_silent(o);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 2);
	assert_true(latest_says(o, "Action: failed\r\nStatus: 4.4.7\r\n"));
	assert_true(latest_says(o, "smtp; 450 4.1.2 So it is\r\n"));
}

/* A commit that fails takes all of it back; it is noted anew, once. */
static void
torn_commit(void **state)
{
	struct office *o = *state;
	struct carry_outcome no = office_outcome(SMTP_PERMANENT, 550);
	struct carry_job job;
	uint32_t n = usual(state, &job);

	o->torn = true;
	office_fate(o, n, &job, &no);
	o->torn = false;
	office_silent(o);
	assert_int_equal(office_rows(o), 2);
	assert_int_equal(office_inbox(o), 0);
	o->rewake = true;
	office_turn(o);
	office_silent(o);
	assert_false(post_idle(o->post));
	/* also when the courier is gone meanwhile: nobody gets it again */
	office_wire(o);
	office_room(o, 10, NULL, 0);
	office_silent(o);
	timer_set(&o->loop, &o->post->again, 0);
	office_turn(o);
	office_silent(o);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 1);
	assert_true(post_idle(o->post));
}

/* No room for the report: nothing is noted before there is. */
static void
full_disk(void **state)
{
	struct office *o = *state;
	struct carry_outcome no = office_outcome(SMTP_PERMANENT, 550);
	struct rlimit was, small = { .rlim_cur = 8192 };
	struct carry_job job;
	uint32_t n = usual(state, &job);

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	office_fate(o, n, &job, &no);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	office_silent(o);
	assert_int_equal(office_rows(o), 2);
	assert_int_equal(office_inbox(o), 0);
	timer_set(&o->loop, &o->post->again, 0);
	office_turn(o);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 1);
}

/* The keeper dies between its commit and its word: it is said once more. */
static void
died_before_its_word(void **state)
{
	struct office *o = *state;
	struct carry_outcome no = office_outcome(SMTP_PERMANENT, 550);
	struct wire_mail mail;
	struct carry_job job;
	uint32_t n = usual(state, &job);
	uint64_t ids[2];

	ids[0] = job.recipients[0].id;
	ids[1] = job.recipients[1].id;
	office_fate(o, n, &job, &no);
	office_restart(o);
	while (office_hear(o, &mail))
		continue;
	office_wire(o);
	office_room(o, 10, ids, 2);
	office_fate(o, n, &job, &no);
	office_noted(o, n);
	assert_int_equal(office_inbox(o), 1);
}

/* A header that cannot be read is no reason to say nothing. */
static void
without_header(void **state)
{
	struct office *o = *state;
	struct carry_outcome no = office_outcome(SMTP_PERMANENT, 550);
	struct carry_job job;
	uint32_t n = usual(state, &job);

	office_sql(o, "UPDATE letter SET head = zeroblob(length(head))");
	office_fate(o, n, &job, &no);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 0);
	assert_int_equal(office_inbox(o), 1);
	assert_true(latest_says(o, "Final-Recipient: rfc822; a@one.example"));
}

/* One that cannot be noted does not hold up those behind it. */
static void
stuck_result(void **state)
{
	struct office *o = *state;
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_job first, second;
	uint32_t n = usual(state, &first), m;

	(void)office_letter(o, "c@two.example");
	office_turn(o);
	m = office_job(o, &second);
	office_sql(o, "UPDATE recipient SET said = printf('%2000000s', 'x')"
	    " WHERE address = 'a@one.example'");
	office_fate(o, n, &first, &well);
	office_silent(o);
	office_fate(o, m, &second, &well);
	office_noted(o, m);
	office_silent(o);
	office_sql(o, "UPDATE recipient SET said = ''");
	timer_set(&o->loop, &o->post->again, 0);
	office_turn(o);
	office_noted(o, n);
	assert_int_equal(office_rows(o), 0);
}

/* A courier's word is for those alone that it was given. */
static void
held_lost(void **state)
{
	struct office *o = *state;
	struct carry_outcome well = office_outcome(SMTP_DELIVERED, 250);
	struct carry_result result = { .count = 2 };
	struct queue_item *item;
	struct carry_job job;
	uint64_t letter;
	uint32_t n;

	letter = office_letter(o, "a@one.example b@one.example");
	office_sql(o, "UPDATE recipient SET state = 1"
	    " WHERE address = 'b@one.example'");
	office_wire(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
	n = office_job(o, &job);
	assert_int_equal(job.count, 1);
	item = office_item(o, letter);
	result.outcomes[0] = result.outcomes[1] = well;
	result.outcomes[0].id = item->recipients[0].id;
	result.outcomes[1].id = item->recipients[1].id;
	queue_item_drop(item);
	office_result(o, n, true, &result);
	office_noted(o, n);
	item = office_item(o, letter);
	assert_int_equal(item->count, 1);
	assert_int_equal(item->recipients[0].state, QUEUE_HELD);
	assert_int_equal(item->recipients[0].attempts, 0);
	queue_item_drop(item);
}

/* The owner has dropped it meanwhile: there is nothing to be told. */
static void
dropped_meanwhile(void **state)
{
	struct office *o = *state;
	struct carry_outcome no = office_outcome(SMTP_PERMANENT, 550);
	struct carry_job job;
	uint32_t n = usual(state, &job);

	assert_int_equal(queue_drop(o->db, job.letter), 0);
	assert_int_equal(db_commit(o->db), 0);
	office_fate(o, n, &job, &no);
	office_noted(o, n);
	assert_int_equal(office_inbox(o), 0);
	assert_true(post_idle(o->post));
}

int
post_note_test(void)
{
#define OFFICE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, office_begin, office_end)
	const struct CMUnitTest tests[] = {
		OFFICE_TEST(refused_for_ever),
		OFFICE_TEST(no_reports),
		OFFICE_TEST(relayed),
		OFFICE_TEST(greylisted),
		OFFICE_TEST(said_again),
		OFFICE_TEST(in_parts),
		OFFICE_TEST(without_a_word),
		OFFICE_TEST(late_and_lost),
		OFFICE_TEST(torn_commit),
		OFFICE_TEST(full_disk),
		OFFICE_TEST(died_before_its_word),
		OFFICE_TEST(without_header),
		OFFICE_TEST(stuck_result),
		OFFICE_TEST(held_lost),
		OFFICE_TEST(dropped_meanwhile),
	};

	return cmocka_run_group_tests_name("app/post_note", tests, NULL,
	    NULL);
}
