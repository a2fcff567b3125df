/*
 * Jobs, results and policies as bytes: numbers of a fixed width, the least
 * byte first, and texts with their length in front.
 *
 * The courier meets strangers and may have been taken over by one, so both
 * readers are strict: what is too long, out of its range, said twice or left
 * over makes the whole of it bad.
 */
#include "app/carry.h"

#include "mail/addr.h"
#include "store/route.h"
#include "talk/smtp_args.h"
#include "talk/sts.h"

#include <errno.h>

#define ADDRESS_MAX (ADDR_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX)
#define NOTIFY_MAX 15u		/* all bits of enum smtp_notify */
#define STATUS_MAX 999u		/* RFC 3463 section 2 */

enum {
	JOB_8BIT = 1, JOB_UTF8 = 2, JOB_TLS = 4, JOB_WHOLE = 8,
	JOB_FLAGS = 15
};

static void
put_number(struct buf *out, uint64_t number, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		buf_add_char(out, (char)(number >> (8 * i) & 0xff));
}

static void
put_text(struct buf *out, struct str text)
{
	put_number(out, text.len, 4);
	buf_add(out, text);
}

/* Short ones, whose octets count: see carry_job_add(). */
static void
put_name(struct buf *out, struct str text)
{
	must(text.len <= UINT16_MAX);
	put_number(out, text.len, 2);
	buf_add(out, text);
}

/* What is being read; once bad it gives zeroes. */
struct reader {
	struct str rest;
	bool bad;
};

static uint64_t
take_number(struct reader *r, size_t size, uint64_t max)
{
	struct str bytes = str_take(&r->rest, size);
	uint64_t number = 0;
	size_t i;

	for (i = bytes.len; i > 0; i--)
		number = number << 8 | (unsigned)str_at(bytes, i - 1);
	if (bytes.len < size || number > max)
		r->bad = true;
	return r->bad ? 0 : number;
}

static struct str
take_sized(struct reader *r, size_t size, size_t max)
{
	size_t len = (size_t)take_number(r, size, max);

	if (len > r->rest.len)
		r->bad = true;
	return r->bad ? str_from(NULL, 0) : str_take(&r->rest, len);
}

static struct str
take_text(struct reader *r, size_t max)
{
	return take_sized(r, 4, max);
}

static struct str
take_name(struct reader *r, size_t max)
{
	return take_sized(r, 2, max);
}

/* A name that people will see: no control bytes, nothing but UTF-8. */
static struct str
take_shown(struct reader *r, size_t max)
{
	struct str text = take_name(r, max);
	size_t i;

	for (i = 0; i < text.len; i++)
		if (str_at(text, i) < ' ' || str_at(text, i) == 127)
			r->bad = true;
	if (!str_is_utf8(text))
		r->bad = true;
	return r->bad ? str_from(NULL, 0) : text;
}

/* Nothing may be left behind what was read. */
static int
finish(const struct reader *r)
{
	return r->bad || r->rest.len > 0 ? -EBADMSG : 0;
}

static void
put_recipient(struct buf *out, const struct carry_recipient *recipient)
{
	put_number(out, recipient->id, 8);
	put_number(out, recipient->attempts, 4);
	put_number(out, recipient->notify, 1);
	put_name(out, recipient->address);
	put_name(out, recipient->orcpt);
}

/*
 * The longest job is a hundred recipients of 512 octets with 500 of ORCPT
 * each, and a policy: 334 bytes less than a datagram takes.
 */
void
carry_job_add(struct buf *out, const struct carry_job *job)
{
	bool whole;
	size_t i;

	put_number(out, job->letter, 8);
	put_name(out, job->sender);
	put_number(out, job->size, 8);
	put_number(out, job->ret, 1);
	put_name(out, job->envid);
	put_name(out, job->domain);
	put_name(out, job->smart_host);
	put_number(out, job->smart_port, 2);
	put_name(out, job->user);
	put_name(out, job->secret);
	put_name(out, job->policy_id);
	put_name(out, job->policy);
	put_number(out, (uint64_t)job->policy_expires, 8);
	put_number(out, job->count, 1);
	for (i = 0; i < job->count; i++)
		put_recipient(out, &job->recipients[i]);
	whole = job->whole && out->len + 1 + job->text.len <= WIRE_BODY_MAX;
	put_number(out, (job->has_8bit ? JOB_8BIT : 0) |
	    (job->utf8 ? JOB_UTF8 : 0) | (job->require_tls ? JOB_TLS : 0) |
	    (whole ? JOB_WHOLE : 0), 1);
	if (whole)
		buf_add(out, job->text);
	must(!out->full && out->len <= WIRE_BODY_MAX);
}

static void
take_recipients(struct reader *r, struct carry_job *job)
{
	struct carry_recipient *one;
	size_t i, before;

	job->count = (size_t)take_number(r, 1, QUEUE_RECIPIENTS_MAX);
	if (job->count == 0)
		r->bad = true;
	for (i = 0; !r->bad && i < job->count; i++) {
		one = &job->recipients[i];
		one->id = take_number(r, 8, UINT64_MAX);
		one->attempts = (unsigned)take_number(r, 4, UINT32_MAX);
		one->notify = (unsigned)take_number(r, 1, NOTIFY_MAX);
		one->address = take_name(r, ADDRESS_MAX);
		one->orcpt = take_name(r, SMTP_ORCPT_MAX);
		if (one->address.len == 0)
			r->bad = true;
		for (before = 0; before < i; before++)
			if (job->recipients[before].id == one->id)
				r->bad = true;
	}
}

int
carry_job_read(struct carry_job *job, struct str body)
{
	struct reader r = { .rest = body };
	unsigned flags;

	*job = (struct carry_job){ .count = 0 };
	job->letter = take_number(&r, 8, UINT64_MAX);
	job->sender = take_name(&r, ADDRESS_MAX);
	job->size = take_number(&r, 8, UINT64_MAX);
	job->ret = (unsigned)take_number(&r, 1, SMTP_RET_HDRS);
	job->envid = take_name(&r, SMTP_ENVID_MAX);
	job->domain = take_name(&r, ADDR_DOMAIN_MAX);
	job->smart_host = take_name(&r, ADDR_DOMAIN_MAX);
	job->smart_port = (unsigned)take_number(&r, 2, UINT16_MAX);
	job->user = take_name(&r, ROUTE_SECRET_MAX);
	job->secret = take_name(&r, ROUTE_SECRET_MAX);
	job->policy_id = take_name(&r, STS_ID_MAX);
	job->policy = take_name(&r, POLICY_TEXT_MAX);
	job->policy_expires = (int64_t)take_number(&r, 8, INT64_MAX);
	take_recipients(&r, job);
	flags = (unsigned)take_number(&r, 1, JOB_FLAGS);
	job->has_8bit = (flags & JOB_8BIT) != 0;
	job->utf8 = (flags & JOB_UTF8) != 0;
	job->require_tls = (flags & JOB_TLS) != 0;
	job->whole = (flags & JOB_WHOLE) != 0;
	if (job->whole) {
		job->text = r.rest;
		r.rest = str_from(NULL, 0);
		if (job->text.len != job->size)
			r.bad = true;
	}
	if (job->domain.len == 0)
		r.bad = true;
	return finish(&r);
}

static void
put_outcome(struct buf *out, const struct carry_outcome *outcome)
{
	put_number(out, outcome->id, 8);
	put_number(out, outcome->attempts, 4);
	put_number(out, outcome->fate, 1);
	put_number(out, outcome->code, 2);
	put_number(out, outcome->status[0], 2);
	put_number(out, outcome->status[1], 2);
	put_number(out, outcome->status[2], 2);
	put_number(out, outcome->reports, 1);
	put_name(out, outcome->said);
	put_name(out, outcome->remote);
}

void
carry_result_add(struct buf *out, const struct carry_result *result)
{
	size_t i;

	put_number(out, result->locked_out, 1);
	put_number(out, result->count, 1);
	for (i = 0; i < result->count; i++)
		put_outcome(out, &result->outcomes[i]);
	must(!out->full && out->len <= WIRE_BODY_MAX);
}

static void
take_outcome(struct reader *r, struct carry_outcome *outcome)
{
	size_t i;

	outcome->id = take_number(r, 8, UINT64_MAX);
	outcome->attempts = (unsigned)take_number(r, 4, UINT32_MAX);
	outcome->fate = (enum smtp_fate)take_number(r, 1, SMTP_PERMANENT);
	outcome->code = (unsigned)take_number(r, 2, 599);
	for (i = 0; i < countof(outcome->status); i++)
		outcome->status[i] = (unsigned)take_number(r, 2,
		    i == 0 ? 5 : STATUS_MAX);
	outcome->reports = take_number(r, 1, 1) == 1;
	outcome->said = take_shown(r, QUEUE_SAID_MAX);
	outcome->remote = take_shown(r, ADDR_DOMAIN_MAX);
	if (outcome->fate == SMTP_UNDECIDED)
		r->bad = true;
	if (outcome->code > 0 && outcome->code < 200)
		r->bad = true;
}

int
carry_result_read(struct carry_result *result, struct str body)
{
	struct reader r = { .rest = body };
	size_t i, before;

	*result = (struct carry_result){ .count = 0 };
	result->locked_out = take_number(&r, 1, 1) == 1;
	result->count = (size_t)take_number(&r, 1, QUEUE_RECIPIENTS_MAX);
	for (i = 0; !r.bad && i < result->count; i++) {
		take_outcome(&r, &result->outcomes[i]);
		for (before = 0; before < i; before++)
			if (result->outcomes[before].id ==
			    result->outcomes[i].id)
				r.bad = true;
	}
	return finish(&r);
}

void
carry_policy_add(struct buf *out, const struct carry_policy *policy)
{
	put_name(out, policy->domain);
	put_name(out, policy->id);
	put_text(out, policy->text);
	put_number(out, (uint64_t)policy->expires, 8);
	must(!out->full && out->len <= WIRE_BODY_MAX);
}

int
carry_policy_read(struct carry_policy *policy, struct str body)
{
	struct reader r = { .rest = body };

	*policy = (struct carry_policy){ .expires = 0 };
	policy->domain = take_shown(&r, ADDR_DOMAIN_MAX);
	policy->id = take_shown(&r, STS_ID_MAX);
	policy->text = take_text(&r, POLICY_TEXT_MAX);
	policy->expires = (int64_t)take_number(&r, 8, INT64_MAX);
	if (policy->domain.len == 0 || policy->id.len == 0)
		r.bad = true;
	return finish(&r);
}
