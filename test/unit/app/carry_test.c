/* What keeper and courier tell each other: there and back, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "app/carry.h"
#include "mail/addr.h"
#include "store/route.h"
#include "talk/smtp_args.h"
#include "talk/sts.h"
#include "vector.h"

int carry_test(void);

static char letters[WIRE_BODY_MAX];

static struct str
text(size_t len)
{
	memset(letters, 'x', sizeof letters);
	return str_from(letters, len);
}

static struct carry_job
usual_job(void)
{
	struct carry_job job = {
		.letter = 7, .sender = STR("shop@example.test"), .size = 12,
		.has_8bit = true, .require_tls = true, .ret = SMTP_RET_HDRS,
		.envid = STR("QQ314159"), .domain = STR("shop.example"),
		.smart_host = STR("smtp.isp.example"), .smart_port = 465,
		.user = STR("me"), .secret = STR("se\0cret"),
		.policy_id = STR("20261120"),
		.policy = STR("version: STSv1\r\n"),
		.policy_expires = 1795210678, .count = 2,
		.whole = true, .text = STR("From: a\r\n\r\n\0")
	};

	job.recipients[0] = (struct carry_recipient){
		.id = 1, .attempts = 3, .address = STR("a@shop.example"),
		.notify = SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE,
		.orcpt = STR("rfc822;a@shop.example")
	};
	job.recipients[1] = (struct carry_recipient){
		.id = UINT64_MAX, .address = STR("b@shop.example"),
		.orcpt = STR("")
	};
	job.size = job.text.len;
	return job;
}

static void
same_job(const struct carry_job *a, const struct carry_job *b)
{
	size_t i;

	assert_int_equal(a->letter, b->letter);
	assert_true(str_equal(a->sender, b->sender));
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->has_8bit, b->has_8bit);
	assert_int_equal(a->utf8, b->utf8);
	assert_int_equal(a->require_tls, b->require_tls);
	assert_int_equal(a->ret, b->ret);
	assert_true(str_equal(a->envid, b->envid));
	assert_true(str_equal(a->domain, b->domain));
	assert_true(str_equal(a->smart_host, b->smart_host));
	assert_int_equal(a->smart_port, b->smart_port);
	assert_true(str_equal(a->user, b->user));
	assert_true(str_equal(a->secret, b->secret));
	assert_true(str_equal(a->policy_id, b->policy_id));
	assert_true(str_equal(a->policy, b->policy));
	assert_int_equal(a->policy_expires, b->policy_expires);
	assert_int_equal(a->count, b->count);
	for (i = 0; i < a->count; i++) {
		assert_int_equal(a->recipients[i].id, b->recipients[i].id);
		assert_int_equal(a->recipients[i].attempts,
		    b->recipients[i].attempts);
		assert_int_equal(a->recipients[i].notify,
		    b->recipients[i].notify);
		assert_true(str_equal(a->recipients[i].address,
		    b->recipients[i].address));
		assert_true(str_equal(a->recipients[i].orcpt,
		    b->recipients[i].orcpt));
	}
	assert_int_equal(a->whole, b->whole);
	assert_true(str_equal(a->text, b->text));
}

static void
test_job(void **state)
{
	struct carry_job job = usual_job(), back;
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out, WIRE_BODY_MAX);
	carry_job_add(&out, &job);
	assert_int_equal(carry_job_read(&back, vector_guard(buf_str(&out))),
	    0);
	same_job(&job, &back);
	/* cut anywhere it is bad, and so it is with a byte more */
	for (len = 0; len < out.len; len++)
		assert_int_equal(carry_job_read(&back, vector_guard(
		    str_part(buf_str(&out), 0, len))), -EBADMSG);
	buf_add_char(&out, 'x');
	assert_int_equal(carry_job_read(&back, buf_str(&out)), -EBADMSG);
	buf_drop(&out);
}

/* Nothing that a job may hold makes it longer than a datagram. */
static void
test_longest_job(void **state)
{
	struct carry_job job = usual_job(), back;
	struct buf out;
	size_t i;

	(void)state;
	job.sender = text(ADDR_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX);
	job.envid = text(SMTP_ENVID_MAX);
	job.domain = job.smart_host = text(ADDR_DOMAIN_MAX);
	job.user = job.secret = text(ROUTE_SECRET_MAX);
	job.policy_id = text(STS_ID_MAX);
	job.policy = text(POLICY_TEXT_MAX);
	job.count = QUEUE_RECIPIENTS_MAX;
	for (i = 0; i < job.count; i++)
		job.recipients[i] = (struct carry_recipient){
			.id = i, .attempts = UINT32_MAX,
			.address = text(ADDR_LOCAL_MAX + 1 +
			    ADDR_DOMAIN_MAX),
			.notify = 15, .orcpt = text(SMTP_ORCPT_MAX)
		};
	job.text = text(PIECE_SIZE);
	job.size = PIECE_SIZE;
	buf_init(&out, WIRE_BODY_MAX);
	carry_job_add(&out, &job);
	assert_int_equal(carry_job_read(&back, buf_str(&out)), 0);
	assert_false(back.whole);
	job.whole = false;
	job.text = STR("");
	same_job(&job, &back);
	buf_drop(&out);
}

/* One byte of a good body changed. */
static int
job_with(const struct carry_job *job)
{
	struct carry_job back;
	struct buf out;
	int err;

	buf_init(&out, WIRE_BODY_MAX);
	carry_job_add(&out, job);
	err = carry_job_read(&back, buf_str(&out));
	buf_drop(&out);
	return err;
}

static void
test_bad_jobs(void **state)
{
	struct carry_job job = usual_job();

	(void)state;
	job.count = 0;
	assert_int_equal(job_with(&job), -EBADMSG);
	job = usual_job();
	job.recipients[1].id = 1;
	assert_int_equal(job_with(&job), -EBADMSG);
	job = usual_job();
	job.recipients[0].address = STR("");
	assert_int_equal(job_with(&job), -EBADMSG);
	job = usual_job();
	job.recipients[0].notify = 16;
	assert_int_equal(job_with(&job), -EBADMSG);
	job = usual_job();
	job.recipients[0].orcpt = text(SMTP_ORCPT_MAX + 1);
	assert_int_equal(job_with(&job), -EBADMSG);
	job = usual_job();
	job.domain = STR("");
	assert_int_equal(job_with(&job), -EBADMSG);
	job = usual_job();
	job.policy = text(POLICY_TEXT_MAX + 1);
	assert_int_equal(job_with(&job), -EBADMSG);
	job = usual_job();
	job.size++;
	assert_int_equal(job_with(&job), -EBADMSG);
}

static struct carry_result
usual_result(void)
{
	struct carry_result result = { .locked_out = true, .count = 2 };

	result.outcomes[0] = (struct carry_outcome){
		.id = 9, .attempts = 1, .fate = SMTP_DELIVERED, .code = 250,
		.status = { 2, 1, 5 }, .reports = true,
		.said = STR("OK"), .remote = STR("mx.shop.example")
	};
	result.outcomes[1] = (struct carry_outcome){
		.id = 10, .fate = SMTP_TEMPORARY, .status = { 4, 4, 1 },
		.said = STR("No answer"), .remote = STR("")
	};
	return result;
}

static int
result_back(const struct carry_result *result, struct carry_result *back)
{
	struct buf out;
	int err;

	buf_init(&out, WIRE_BODY_MAX);
	carry_result_add(&out, result);
	err = carry_result_read(back, vector_guard(buf_str(&out)));
	buf_drop(&out);
	return err;
}

static void
test_result(void **state)
{
	struct carry_result result = usual_result(), back;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, WIRE_BODY_MAX);
	carry_result_add(&out, &result);
	for (i = 0; i < out.len; i++)
		assert_int_equal(carry_result_read(&back, vector_guard(
		    str_part(buf_str(&out), 0, i))), -EBADMSG);
	buf_drop(&out);
	assert_int_equal(result_back(&result, &back), 0);
	assert_true(back.locked_out);
	assert_int_equal(back.count, 2);
	for (i = 0; i < 2; i++) {
		assert_int_equal(back.outcomes[i].id, result.outcomes[i].id);
		assert_int_equal(back.outcomes[i].attempts,
		    result.outcomes[i].attempts);
		assert_int_equal(back.outcomes[i].fate,
		    result.outcomes[i].fate);
		assert_int_equal(back.outcomes[i].code,
		    result.outcomes[i].code);
		assert_memory_equal(back.outcomes[i].status,
		    result.outcomes[i].status, sizeof back.outcomes[i].status);
		assert_int_equal(back.outcomes[i].reports,
		    result.outcomes[i].reports);
	}
	result.count = 0;
	assert_int_equal(result_back(&result, &back), 0);
}

/* The longest of them all fits. */
static void
test_longest_result(void **state)
{
	struct carry_result result = { .count = QUEUE_RECIPIENTS_MAX }, back;
	size_t i;

	(void)state;
	for (i = 0; i < result.count; i++)
		result.outcomes[i] = (struct carry_outcome){
			.id = i, .fate = SMTP_PERMANENT, .code = 599,
			.status = { 5, 999, 999 },
			.said = text(QUEUE_SAID_MAX),
			.remote = text(ADDR_DOMAIN_MAX)
		};
	assert_int_equal(result_back(&result, &back), 0);
	assert_int_equal(back.count, QUEUE_RECIPIENTS_MAX);
	assert_int_equal(back.outcomes[99].said.len, QUEUE_SAID_MAX);
}

static void
test_bad_results(void **state)
{
	static const struct carry_outcome bad[] = {
		{ .id = 9, .fate = SMTP_DELIVERED },
		{ .fate = SMTP_UNDECIDED },
		{ .fate = (enum smtp_fate)4 },
		{ .fate = SMTP_DELIVERED, .code = 600 },
		{ .fate = SMTP_DELIVERED, .code = 1 },
		{ .fate = SMTP_DELIVERED, .status = { 6, 0, 0 } },
		{ .fate = SMTP_DELIVERED, .status = { 5, 1000, 0 } },
		{ .fate = SMTP_DELIVERED, .said = { "a\nb", 3 } },
		{ .fate = SMTP_DELIVERED, .said = { "a\0b", 3 } },
		{ .fate = SMTP_DELIVERED, .said = { "a\177b", 3 } },
		{ .fate = SMTP_DELIVERED, .said = { "a\377b", 3 } },
		{ .fate = SMTP_DELIVERED, .said = { letters, 501 } },
		{ .fate = SMTP_DELIVERED, .remote = { "a\rb", 3 } },
		{ .fate = SMTP_DELIVERED, .remote = { letters, 256 } },
	};
	struct carry_result result, back;
	size_t i;

	(void)state;
	(void)text(1);
	for (i = 0; i < countof(bad); i++) {
		result = usual_result();
		result.outcomes[1] = bad[i];
		assert_int_equal(result_back(&result, &back), -EBADMSG);
	}
	/* more than there can be */
	assert_int_equal(carry_result_read(&back, STR("\0\145")), -EBADMSG);
	assert_int_equal(carry_result_read(&back, STR("\2\0")), -EBADMSG);
	assert_int_equal(carry_result_read(&back, STR("\1\0")), 0);
}

static int
policy_back(const struct carry_policy *policy, struct carry_policy *back)
{
	struct buf out;
	int err;

	buf_init(&out, WIRE_BODY_MAX);
	carry_policy_add(&out, policy);
	err = carry_policy_read(back, vector_guard(buf_str(&out)));
	buf_drop(&out);
	return err;
}

static void
test_policy(void **state)
{
	const struct carry_policy usual = {
		.domain = STR("shop.example"), .id = STR("20261120T000000"),
		.text = STR("version: STSv1\nmode: none\nmax_age: 9\n"),
		.expires = 1795210678
	};
	struct carry_policy policy = usual, back;

	(void)state;
	assert_int_equal(policy_back(&policy, &back), 0);
	assert_true(str_equal(back.domain, policy.domain));
	assert_true(str_equal(back.id, policy.id));
	assert_true(str_equal(back.text, policy.text));
	assert_int_equal(back.expires, policy.expires);
	policy.domain = STR("");
	assert_int_equal(policy_back(&policy, &back), -EBADMSG);
	policy = usual;
	policy.id = STR("");
	assert_int_equal(policy_back(&policy, &back), -EBADMSG);
	policy = usual;
	policy.expires = -1;
	assert_int_equal(policy_back(&policy, &back), -EBADMSG);
	policy = usual;
	policy.text = text(POLICY_TEXT_MAX + 1);
	assert_int_equal(policy_back(&policy, &back), -EBADMSG);
}

int
carry_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job),
		cmocka_unit_test(test_longest_job),
		cmocka_unit_test(test_bad_jobs),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_longest_result),
		cmocka_unit_test(test_bad_results),
		cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests_name("app/carry", tests, NULL, NULL);
}
