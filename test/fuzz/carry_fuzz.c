/*
 * What a courier that was taken over may say: whatever is read is within its
 * bounds, and is written again as the same bytes.
 *
 * The first byte of the input says whether it is a result, a policy or a job.
 */
#include "app/carry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_shown(struct str text, size_t max)
{
	size_t i;

	must(text.len <= max && str_is_utf8(text));
	for (i = 0; i < text.len; i++)
		must(str_at(text, i) >= ' ' && str_at(text, i) != 127);
}

static void
check_result(struct str body, struct buf *out)
{
	struct carry_result result;
	size_t i;

	if (carry_result_read(&result, body) != 0)
		return;
	must(result.count <= QUEUE_RECIPIENTS_MAX);
	for (i = 0; i < result.count; i++) {
		must(result.outcomes[i].fate > SMTP_UNDECIDED &&
		    result.outcomes[i].fate <= SMTP_PERMANENT);
		check_shown(result.outcomes[i].said, QUEUE_SAID_MAX);
		check_shown(result.outcomes[i].remote, 255);
	}
	carry_result_add(out, &result);
	must(str_equal(buf_str(out), body));
}

static void
check_policy(struct str body, struct buf *out)
{
	struct carry_policy policy;

	if (carry_policy_read(&policy, body) != 0)
		return;
	check_shown(policy.domain, 255);
	must(policy.domain.len > 0 && policy.expires >= 0);
	carry_policy_add(out, &policy);
	must(str_equal(buf_str(out), body));
}

static void
check_job(struct str body, struct buf *out)
{
	struct carry_job job;

	if (carry_job_read(&job, body) != 0)
		return;
	must(job.count > 0 && job.count <= QUEUE_RECIPIENTS_MAX);
	must(!job.whole || job.text.len == job.size);
	carry_job_add(out, &job);
	must(str_equal(buf_str(out), body));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = str_from(data, size);
	struct buf out;
	int what = str_at(body, 0);

	str_take(&body, 1);
	if (size == 0 || body.len > WIRE_BODY_MAX)
		return 0;
	buf_init(&out, WIRE_BODY_MAX);
	if (what % 3 == 0)
		check_result(body, &out);
	else if (what % 3 == 1)
		check_policy(body, &out);
	else
		check_job(body, &out);
	buf_drop(&out);
	return 0;
}
