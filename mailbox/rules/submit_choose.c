/*
 * Chooses the address: reads From, the Subject with its tags, the mark, and
 * whether the letter is a reply. What a stranger could have written decides
 * nothing: the Subject of a reply is his, so a tag counts there only where
 * no mail program leaves his words, before all else. A letter that cannot be
 * told where it belongs is refused.
 */
#include "rules/submit_part.h"

#include "mail/sign.h"
#include "mail/word.h"
#include "rules/sendas.h"

#define FROM_MISSING "550 5.6.0 There is no From field"
#define FROM_DOUBLED "550 5.6.0 There is more than one From field"
#define FROM_BAD "550 5.6.0 The From field is not a well-formed address"
#define FROM_MANY "550 5.6.0 The From field must name one address, not more"
#define FROM_FOREIGN "553 5.7.1 The address in From is not one of yours"
#define SUBJECT_DOUBLED "550 5.6.0 There is more than one Subject field"
#define MARK_UNKNOWN "550 5.6.0 X-Pillarbox-Identity may only say as-is"
#define IDENTITY_UNKNOWN "550 5.7.1 Which of your addresses was written to " \
	"is not known here; put [sendas:ADDRESS] first in the Subject"
#define CHARSET_UNKNOWN "550 5.6.0 The Subject is in a character set that " \
	"is not known here and may hide a sendas tag: send it in UTF-8"
#define RECEIPT "550 5.7.1 A receipt would show your main address; it is " \
	"not sent"

void
submit_job_init(struct submit_job *job, const struct submit_policy *policy,
	struct submit *result)
{
	const char *why;

	*job = (struct submit_job){ .policy = policy, .result = result,
	    .from = STR(""), .subject = STR("") };
	if (addr_mailbox(policy->main_address, &job->main, &why) != ADDR_OK)
		job->main = (struct addr){ .null = true };
	person_init(&job->author);
	buf_init(&job->name, PERSON_TEXT_MAX);
	buf_init(&job->text, SUBMIT_OUT_MAX);
	buf_init(&job->rest, SUBMIT_OUT_MAX);
	buf_init(&job->field, SUBMIT_OUT_MAX);
}

void
submit_job_drop(struct submit_job *job)
{
	person_drop(&job->author);
	buf_drop(&job->name);
	buf_drop(&job->text);
	buf_drop(&job->rest);
	buf_drop(&job->field);
}

/* Whether In-Reply-To or References says anything. */
static bool
says_something(struct str value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (str_find(STR(" \t\r\n<>"), 0,
		    (char)str_at(value, i)) == STR_NONE)
			return true;
	return false;
}

/* Whether a Content-Type is that of a receipt (RFC 8098 section 3). */
static bool
is_receipt(struct str value)
{
	struct buf line, bare, look;
	struct str text;
	bool is;

	buf_init(&line, SUBMIT_HEAD_MAX);
	buf_init(&bare, SUBMIT_HEAD_MAX);
	head_unfold(&line, value);
	submit_uncomment(&bare, buf_str(&line));
	submit_look(&look, buf_str(&bare));
	buf_clear(&line);
	for (text = buf_str(&look); text.len > 0; str_take(&text, 1))
		if (str_at(text, 0) != ' ' && str_at(text, 0) != '"')
			buf_add_char(&line, (char)(unsigned char)
			    char_lower(str_at(text, 0)));
	is = str_starts(buf_str(&line), STR("multipart/report")) &&
	    str_find_str(buf_str(&line), STR("report-type")) != STR_NONE &&
	    str_find_str(buf_str(&line), STR("disposition-notification")) !=
	    STR_NONE;
	buf_drop(&line);
	buf_drop(&bare);
	buf_drop(&look);
	return is;
}

/* Take note of a field that decides; NULL or why it cannot. */
static const char *
note_field(struct submit_job *job, const struct head_field *field)
{
	if (str_same(field->name, STR("From"))) {
		job->from = field->value;
		job->from_count++;
	} else if (str_same(field->name, STR("Subject"))) {
		job->subject = field->value;
		job->subject_count++;
	} else if (str_same(field->name, STR("In-Reply-To")) ||
	    str_same(field->name, STR("References"))) {
		job->refers = job->refers || says_something(field->value);
	} else if (str_same(field->name, STR("Content-Type"))) {
		job->receipt = job->receipt || is_receipt(field->value);
	} else if (str_same(field->name, STR("X-Pillarbox-Identity"))) {
		if (!str_same(str_trim(field->value), STR("as-is")))
			return MARK_UNKNOWN;
		job->as_is = true;
	}
	return NULL;
}

/* Find the fields that decide. */
static const char *
find_fields(struct submit_job *job, struct str head)
{
	struct head_field field;
	const char *why;

	while (head_next(&head, &field)) {
		why = note_field(job, &field);
		if (why != NULL)
			return why;
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

const char *
submit_read(struct submit_job *job, struct str head)
{
	const char *why;

	why = find_fields(job, head);
	return why != NULL ? why : read_from(job);
}

/* The domain for tags and message-ids: of addr if it is ours, or the main. */
static struct str
domain_of(const struct submit_job *job, const struct addr *addr)
{
	if (domains_hold(job->policy->domains, addr->domain))
		return addr->domain;
	return job->policy->domains->names[0];
}

/* Read the Subject; what its tags choose is noted. */
static const char *
read_subject(struct submit_job *job)
{
	enum sendas_result found;
	struct sendas tag;
	const char *why;

	sendas_init(&tag);
	tag.leading = job->refers;
	word_decode(&job->text, job->subject);
	found = sendas_take(&tag, buf_str(&job->text), job->policy->domains,
	    domain_of(job, &job->author.addr), &job->rest);
	job->tagged = found == SENDAS_FOUND;
	if (job->tagged) {
		buf_add(&job->result->chosen, buf_str(&tag.mailbox));
		buf_add(&job->name, buf_str(&tag.name));
		job->result->by = SUBMIT_BY_TAG;
	}
	why = found == SENDAS_BAD ? tag.why :
	    job->text.full || job->rest.full ? SUBMIT_TOO_LARGE : NULL;
	sendas_drop(&tag);
	return why;
}

/*
 * Whether a Subject begins as that of a reply does: "Re:", "AW[2]:" and what
 * others write.
 */
static bool
begins_as_reply(struct str subject)
{
	static const char *const words[] = {
		"re", "aw", "sv", "vs", "antw", "odp", "ynt", "rif", "res",
		"bls", "atb", "hl",
	};
	struct str rest, count;
	uint64_t number;
	size_t i, len;

	subject = sign_trim(subject);
	for (i = 0; i < countof(words); i++) {
		rest = subject;
		if (!str_skip_word(&rest, str_of(words[i])))
			continue;
		rest = sign_trim(rest);
		if ((str_skip(&rest, '[') && (!str_split(&rest, ']', &count) ||
		    !str_number(count, UINT64_MAX, &number))) ||
		    (str_skip(&rest, '(') && (!str_split(&rest, ')', &count) ||
		    !str_number(count, UINT64_MAX, &number))))
			continue;
		rest = sign_trim(rest);
		if (rest.len > 0 && sign_narrow(sign_at(rest, &len)) == ':')
			return true;
	}
	return false;
}

/* Whether the address that the letter replies to is to be found. */
static bool
may_identify(const struct submit_job *job)
{
	return !job->tagged && !job->as_is &&
	    submit_is_main(job, &job->author.addr);
}

/* Whether that address was found, and is one of ours. */
static bool
is_identified(const struct submit_job *job)
{
	struct addr addr;
	const char *why;

	return addr_mailbox(job->policy->identity, &addr, &why) == ADDR_OK &&
	    !addr.literal && domains_hold(job->policy->domains, addr.domain);
}

/* Choose the address: a tag before the identity before From. */
static const char *
choose(struct submit_job *job)
{
	if (job->tagged)
		return NULL;
	if (may_identify(job) && is_identified(job)) {
		buf_add(&job->result->chosen, job->policy->identity);
		job->result->by = SUBMIT_BY_IDENTITY;
		return NULL;
	}
	if (may_identify(job) && job->policy->identify &&
	    (job->refers || begins_as_reply(buf_str(&job->text))))
		return IDENTITY_UNKNOWN;
	buf_add(&job->result->chosen, buf_str(&job->author.mailbox));
	return NULL;
}

/* Whether the Subject has a word of a charset that is not read here. */
static bool
has_unread(struct str subject)
{
	if (str_find(subject, 0, WORD_KEPT) != STR_NONE)
		return true;
	while (subject.len > 0 && word_span(subject) == 0)
		str_take(&subject, 1);
	return subject.len > 0;
}

/* Why the letter may not go out as the one who was chosen, or NULL. */
static const char *
check_choice(const struct submit_job *job)
{
	if ((submit_is_main(job, &job->chosen) || (!job->tagged &&
	    submit_is_main(job, &job->author.addr))) &&
	    has_unread(buf_str(&job->text)))
		return CHARSET_UNKNOWN;
	return job->receipt && !addr_same(&job->chosen, &job->author.addr) ?
	    RECEIPT : NULL;
}

/* Take the tag's name or that of From, unless it shows an address. */
static void
choose_name(struct submit_job *job)
{
	const bool given = job->name.len > 0;

	if (!given)
		buf_add(&job->name, buf_str(&job->author.name));
	if (job->name.len == 0)
		buf_add(&job->name, buf_str(&job->author.comment));
	/* an address that the owner gives is refused when From is written */
	if (!submit_is_local(job, buf_str(&job->name)) && (given ||
	    submit_leak(job, buf_str(&job->name)) == SUBMIT_LEAK_NONE))
		return;
	buf_clear(&job->name);
	job->result->dropped++;
}

const char *
submit_choose(struct submit_job *job)
{
	const char *why;

	why = read_subject(job);
	if (why == NULL)
		why = choose(job);
	if (why != NULL)
		return why;
	if (addr_mailbox(buf_str(&job->result->chosen), &job->chosen, &why) !=
	    ADDR_OK)
		must(false);
	why = check_choice(job);
	if (why != NULL)
		return why;
	job->id_domain = domain_of(job, &job->chosen);
	choose_name(job);
	return NULL;
}

bool
submit_wants_identity(const struct submit_policy *policy, struct str head)
{
	struct submit_job job;
	struct submit result;
	bool wants;

	submit_init(&result);
	submit_job_init(&job, policy, &result);
	wants = submit_read(&job, head) == NULL &&
	    read_subject(&job) == NULL && may_identify(&job);
	submit_job_drop(&job);
	submit_drop(&result);
	return wants;
}
