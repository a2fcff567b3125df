/*
 * Rewrites the header of a submitted letter in three steps: read what counts
 * (From, Subject, the mark), choose the address, write every field anew. The
 * contract is that nothing of the owner's but the chosen address goes out;
 * where that is not certain the letter is refused while its owner looks on.
 * It knows neither the store nor the session.
 */
#include "rules/submit_part.h"

#include "mail/compose.h"
#include "mail/word.h"
#include "rules/sendas.h"

#define NOT_CLEAN "550 5.6.0 The header holds a bare CR, a bare LF or a NUL"
#define LONG_LINE "550 5.6.0 A line of the header is longer than 998 octets"
#define NO_FIELD "550 5.6.0 A line of the header is no header field"
#define EIGHT_BIT "550 5.6.0 The header holds letters outside of ASCII: " \
	"they must be encoded, or sent with SMTPUTF8"
#define NOT_UTF8 "550 5.6.0 The header is not well-formed UTF-8"
#define FROM_MISSING "550 5.6.0 There is no From field"
#define FROM_DOUBLED "550 5.6.0 There is more than one From field"
#define FROM_BAD "550 5.6.0 The From field is not a well-formed address"
#define FROM_MANY "550 5.6.0 The From field must name one address, not more"
#define FROM_FOREIGN "553 5.7.1 The address in From is not one of yours"
#define SENDER_BAD "553 5.1.7 The sender is not a well-formed address"
#define SENDER_FOREIGN "553 5.7.1 The sender is not one of your addresses"
#define SUBJECT_DOUBLED "550 5.6.0 There is more than one Subject field"
#define MARK_UNKNOWN "550 5.6.0 X-Pillarbox-Identity may only say as-is"

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

/* Find the fields that decide. */
static const char *
find_fields(struct submit_job *job, struct str head)
{
	struct head_field field;

	while (head_next(&head, &field)) {
		if (str_same(field.name, STR("From"))) {
			job->from = field.value;
			job->from_count++;
		} else if (str_same(field.name, STR("Subject"))) {
			job->subject = field.value;
			job->subject_count++;
		} else if (str_same(field.name,
		    STR("X-Pillarbox-Identity"))) {
			if (!str_same(str_trim(field.value), STR("as-is")))
				return MARK_UNKNOWN;
			job->as_is = true;
		}
	}
	if (job->from_count == 0)
		return FROM_MISSING;
	if (job->from_count > 1)
		return FROM_DOUBLED;
	return job->subject_count > 1 ? SUBJECT_DOUBLED : NULL;
}

/* Read the one person in From. */
static const char *
read_from(struct submit_job *job)
{
	enum people_result found;
	struct people people;
	struct person second;
	const char *why;

	people_begin(&people, job->from);
	if (people_next(&people, &job->author, &why) != PEOPLE_ONE)
		return FROM_BAD;
	person_init(&second);
	found = people_next(&people, &second, &why);
	person_drop(&second);
	if (found != PEOPLE_END)
		return found == PEOPLE_ONE ? FROM_MANY : FROM_BAD;
	return submit_owns(job->policy, &job->author.addr) ? NULL :
	    FROM_FOREIGN;
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

/* Whether the address that the letter replies to is to be taken. */
static bool
may_identify(const struct submit_job *job)
{
	struct addr addr;
	const char *why;

	return !job->as_is && submit_is_main(job, &job->author.addr) &&
	    addr_mailbox(job->policy->identity, &addr, &why) == ADDR_OK &&
	    !addr.literal && domains_hold(job->policy->domains, addr.domain);
}

/* The domain for tags and message-ids: of addr if it is ours, or the main. */
static struct str
domain_of(const struct submit_job *job, const struct addr *addr)
{
	if (domains_hold(job->policy->domains, addr->domain))
		return addr->domain;
	return job->policy->domains->names[0];
}

/* Choose the address: a tag before the identity before From. */
static const char *
choose(struct submit_job *job)
{
	enum sendas_result found;
	struct sendas tag;
	struct buf subject;
	const char *why;

	buf_init(&subject, SUBMIT_OUT_MAX);
	sendas_init(&tag);
	word_decode(&subject, job->subject);
	found = sendas_take(&tag, buf_str(&subject), job->policy->domains,
	    domain_of(job, &job->author.addr), &job->rest);
	job->tagged = found == SENDAS_FOUND;
	if (job->tagged) {
		buf_add(&job->result->chosen, buf_str(&tag.mailbox));
		buf_add(&job->name, buf_str(&tag.name));
		job->result->by = SUBMIT_BY_TAG;
	} else if (found == SENDAS_NONE && may_identify(job)) {
		buf_add(&job->result->chosen, job->policy->identity);
		job->result->by = SUBMIT_BY_IDENTITY;
	} else
		buf_add(&job->result->chosen, buf_str(&job->author.mailbox));
	why = found == SENDAS_BAD ? tag.why :
	    subject.full || job->rest.full ? SUBMIT_TOO_LARGE : NULL;
	sendas_drop(&tag);
	buf_drop(&subject);
	return why;
}

/* Take the name that From gave, unless it shows an address. */
static void
keep_name(struct submit_job *job)
{
	buf_add(&job->name, buf_str(&job->author.name));
	if (job->name.len == 0)
		buf_add(&job->name, buf_str(&job->author.comment));
	if (submit_leak(job, buf_str(&job->name)) == SUBMIT_LEAK_NONE)
		return;
	buf_clear(&job->name);
	job->result->dropped++;
}

/* Settle all that follows from the chosen address. */
static void
settle(struct submit_job *job, struct str sender)
{
	const char *why;

	if (addr_mailbox(buf_str(&job->result->chosen), &job->chosen, &why) !=
	    ADDR_OK)
		must(false);
	job->id_domain = domain_of(job, &job->chosen);
	if (job->name.len == 0)
		keep_name(job);
	if (sender.len > 0)
		buf_add(&job->result->sender, buf_str(&job->result->chosen));
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
		why = find_fields(job, head);
	if (why == NULL)
		why = read_from(job);
	if (why == NULL)
		why = check_sender(job->policy, sender);
	if (why == NULL)
		why = choose(job);
	if (why != NULL)
		return why;
	settle(job, sender);
	return write_head(job, head);
}

enum submit_verdict
submit_rewrite(struct submit *result, const struct submit_policy *policy,
	struct str head, struct str sender)
{
	struct submit_job job;
	const char *why;

	job = (struct submit_job){ .policy = policy, .result = result,
	    .from = STR(""), .subject = STR("") };
	if (addr_mailbox(policy->main_address, &job.main, &why) != ADDR_OK)
		job.main = (struct addr){ .null = true };
	person_init(&job.author);
	buf_init(&job.name, PERSON_TEXT_MAX);
	buf_init(&job.rest, SUBMIT_OUT_MAX);
	buf_init(&job.field, SUBMIT_OUT_MAX);
	result->refusal = rewrite(&job, head, sender);
	person_drop(&job.author);
	buf_drop(&job.name);
	buf_drop(&job.rest);
	buf_drop(&job.field);
	return result->refusal == NULL ? SUBMIT_OK : SUBMIT_REFUSED;
}
