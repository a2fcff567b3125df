/*
 * Rewrites the header of a submitted letter in three steps: read what counts
 * (From, Subject, the mark), choose the address, write every field anew. The
 * contract is that nothing of the owner's but the chosen address goes out;
 * where that is not certain the letter is refused while its owner looks on.
 * It knows neither the store nor the session.
 */
#include "rules/submit_part.h"

#include "mail/compose.h"

#define NOT_CLEAN "550 5.6.0 The header holds a bare CR, a bare LF or a NUL"
#define LONG_LINE "550 5.6.0 A line of the header is longer than 998 octets"
#define NO_FIELD "550 5.6.0 A line of the header is no header field"
#define EIGHT_BIT "550 5.6.0 The header holds letters outside of ASCII: " \
	"they must be encoded, or sent with SMTPUTF8"
#define NOT_UTF8 "550 5.6.0 The header is not well-formed UTF-8"
#define SENDER_BAD "553 5.1.7 The sender is not a well-formed address"
#define SENDER_FOREIGN "553 5.7.1 The sender is not one of your addresses"

void
submit_init(struct submit *result)
{
	*result = (struct submit){ .refusal = NULL };
	buf_init(&result->head, SUBMIT_OUT_MAX);
	buf_init(&result->sender, ADDR_PATH_MAX);
	buf_init(&result->chosen, ADDR_PATH_MAX);
	buf_init(&result->old_id, SUBMIT_HEAD_MAX);
	buf_init(&result->new_id, SUBMIT_ID_MAX);
}

void
submit_drop(struct submit *result)
{
	buf_drop(&result->head);
	buf_drop(&result->sender);
	buf_drop(&result->chosen);
	buf_drop(&result->old_id);
	buf_drop(&result->new_id);
}

size_t
submit_head_end(struct str text)
{
	size_t at;

	if (str_starts(text, STR("\r\n")))
		return 2;
	at = str_find_str(text, STR("\r\n\r\n"));
	return at == STR_NONE ? STR_NONE : at + 4;
}

/* Whether all line ends are CRLF and there is no NUL; tells long lines. */
static const char *
check_lines(struct str head)
{
	size_t end;

	while (head.len > 0) {
		end = str_find_break(head, 0);
		if (end == head.len ? false : str_at(head, end) != '\r' ||
		    str_at(head, end + 1) != '\n')
			return NOT_CLEAN;
		if (end > COMPOSE_LINE_MAX)
			return LONG_LINE;
		/* a header cut off within its last line is no header */
		if (end == head.len)
			return NO_FIELD;
		str_take(&head, end + 2);
	}
	return NULL;
}

/* Why the header as a whole cannot be taken, or NULL. */
static const char *
check_head(const struct submit_policy *policy, struct str head)
{
	struct head_field field;
	struct str rest, before;
	const char *why;

	if (head.len > SUBMIT_HEAD_MAX)
		return SUBMIT_TOO_LARGE;
	why = check_lines(head);
	if (why != NULL)
		return why;
	if (!str_is_utf8(head))
		return policy->smtputf8 ? NOT_UTF8 : EIGHT_BIT;
	if (!policy->smtputf8 && !str_is_ascii(head))
		return EIGHT_BIT;
	rest = before = head;
	while (head_next(&rest, &field)) {
		/* what is passed over would be lost without a word */
		if (field.whole.len != before.len - rest.len)
			return NO_FIELD;
		before = rest;
	}
	return rest.len > 0 || (before.len > 0 &&
	    !str_equal(before, STR("\r\n"))) ? NO_FIELD : NULL;
}

static const char *
check_sender(const struct submit_policy *policy, struct str sender)
{
	struct addr addr;
	const char *why;

	if (sender.len == 0)
		return NULL;
	if (addr_mailbox(sender, &addr, &why) != ADDR_OK)
		return SENDER_BAD;
	return submit_owns(policy, &addr) ? NULL : SENDER_FOREIGN;
}

/* Write all fields and the empty line. */
static const char *
write_head(struct submit_job *job, struct str head)
{
	struct head_field field;
	struct submit *result;
	const char *why;

	result = job->result;
	while (head_next(&head, &field)) {
		why = submit_field(job, &field);
		if (why != NULL)
			return why;
	}
	submit_missing(job);
	buf_add_text(&result->head, "\r\n");
	result->smtputf8 = !str_is_ascii(buf_str(&result->head));
	return result->head.full ? SUBMIT_TOO_LARGE : NULL;
}

static const char *
rewrite(struct submit_job *job, struct str head, struct str sender)
{
	const char *why;

	why = check_head(job->policy, head);
	if (why == NULL)
		why = submit_read(job, head);
	if (why == NULL)
		why = check_sender(job->policy, sender);
	if (why == NULL)
		why = submit_choose(job);
	if (why != NULL)
		return why;
	if (sender.len > 0)
		buf_add(&job->result->sender, buf_str(&job->result->chosen));
	return write_head(job, head);
}

enum submit_verdict
submit_rewrite(struct submit *result, const struct submit_policy *policy,
	struct str head, struct str sender)
{
	struct submit_job job;

	submit_job_init(&job, policy, result);
	result->refusal = rewrite(&job, head, sender);
	submit_job_drop(&job);
	return result->refusal == NULL ? SUBMIT_OK : SUBMIT_REFUSED;
}
