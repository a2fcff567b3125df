/*
 * What becomes of each field. The table says what a field is; whatever is
 * written is looked at once more before it counts, so that a form nobody
 * thought of is refused and does not leak.
 */
#include "rules/submit_part.h"

#include "mail/compose.h"
#include "mail/date.h"
#include "mail/word.h"
#include "rules/sendas.h"

#define LIKE "550 5.6.0 A header field holds what looks like a sendas tag " \
	"and cannot be honoured: write [sendas:name] in the Subject"
#define IN_SUBJECT "550 5.7.1 The Subject shows your main address, which " \
	"would go out under another name"
#define ELSEWHERE "550 5.7.1 A header field shows your main address, which " \
	"would go out under another name"
#define IN_TO "550 5.7.1 To or Cc shows your main address to others, beside " \
	"another name in From: leave it out, or use Bcc"
#define IN_FROM "550 5.7.1 The name in From shows another address of yours"

enum field_kind {
	FIELD_OTHER,	/* kept unless it names another address of ours */
	FIELD_KEPT,	/* To and Cc: whom the letter is for */
	FIELD_GUARDED,	/* kept; refused when it shows the main address */
	FIELD_FROM,
	FIELD_SUBJECT,
	FIELD_DATE,
	FIELD_ID,
	FIELD_REPLIED,
	FIELD_REFERENCES,
	FIELD_LIST,	/* people: those of ours become the chosen one */
	FIELD_ASKS,	/* who is to be told: the chosen one */
	FIELD_OUT	/* never goes out */
};

struct field_row {
	const char *name;	/* a star at the end stands for anything */
	enum field_kind kind;
};

static const struct field_row field_rows[] = {
	{ "From", FIELD_FROM }, { "Subject", FIELD_SUBJECT },
	{ "To", FIELD_KEPT }, { "Cc", FIELD_KEPT },
	{ "Date", FIELD_DATE }, { "Message-ID", FIELD_ID },
	{ "In-Reply-To", FIELD_REPLIED }, { "References", FIELD_REFERENCES },
	{ "MIME-Version", FIELD_GUARDED }, { "Content-*", FIELD_GUARDED },
	{ "List-*", FIELD_GUARDED },
	{ "Reply-To", FIELD_LIST }, { "Mail-Reply-To", FIELD_LIST },
	{ "Mail-Followup-To", FIELD_LIST },
	{ "Disposition-Notification-To", FIELD_ASKS },
	{ "Return-Receipt-To", FIELD_ASKS },
	{ "X-Confirm-Reading-To", FIELD_ASKS },
	{ "Errors-To", FIELD_ASKS },
	/* who else should not know that they got it */
	{ "Bcc", FIELD_OUT }, { "X-Bcc*", FIELD_OUT }, { "Dcc", FIELD_OUT },
	{ "X-Rcpt-*", FIELD_OUT }, { "X-Recipient*", FIELD_OUT },
	{ "Resent-*", FIELD_OUT },
	/* who the client, or a server before us, says the sender is */
	{ "Sender", FIELD_OUT }, { "X-Sender", FIELD_OUT },
	{ "X-X-Sender", FIELD_OUT }, { "X-Env-Sender", FIELD_OUT },
	{ "X-MDSender", FIELD_OUT }, { "X-Mail-From", FIELD_OUT },
	{ "X-From", FIELD_OUT }, { "Originator", FIELD_OUT },
	{ "X-Original*", FIELD_OUT }, { "X-Google-*", FIELD_OUT },
	{ "X-Gm-*", FIELD_OUT }, { "X-Apparently-*", FIELD_OUT },
	{ "Apparently-*", FIELD_OUT }, { "X-Auth*", FIELD_OUT },
	{ "X-User", FIELD_OUT }, { "X-UserID", FIELD_OUT },
	{ "X-Username", FIELD_OUT }, { "X-Login*", FIELD_OUT },
	{ "X-Envelope-*", FIELD_OUT }, { "Envelope-*", FIELD_OUT },
	{ "X-Get-Message-Sender-Via", FIELD_OUT },
	{ "Return-Path", FIELD_OUT }, { "X-Return-Path", FIELD_OUT },
	{ "Delivered-To", FIELD_OUT }, { "X-Delivered-To", FIELD_OUT },
	{ "Original-Recipient", FIELD_OUT },
	/* where the letter was written and which way it came */
	{ "Received", FIELD_OUT }, { "Received-*", FIELD_OUT },
	{ "X-Received*", FIELD_OUT }, { "X-Originat*", FIELD_OUT },
	{ "X-Client*", FIELD_OUT }, { "X-Forwarded-*", FIELD_OUT },
	{ "X-Real-IP", FIELD_OUT }, { "X-Remote-*", FIELD_OUT },
	{ "X-Host*", FIELD_OUT }, { "X-Machine*", FIELD_OUT },
	{ "X-Abuse*", FIELD_OUT }, { "X-MS-Exchange-*", FIELD_OUT },
	{ "X-Exim-*", FIELD_OUT }, { "X-Postfix-*", FIELD_OUT },
	{ "X-Virus-*", FIELD_OUT }, { "X-Spam-*", FIELD_OUT },
	{ "X-Sender-*", FIELD_OUT }, { "X-Source*", FIELD_OUT },
	{ "X-Helo", FIELD_OUT }, { "X-IP", FIELD_OUT },
	{ "X-PHP-*", FIELD_OUT }, { "X-AntiAbuse", FIELD_OUT },
	{ "X-YMail-OSG", FIELD_OUT }, { "X-Rocket-*", FIELD_OUT },
	/* signatures and findings about what it was before */
	{ "DKIM-Signature", FIELD_OUT }, { "DomainKey-*", FIELD_OUT },
	{ "ARC-*", FIELD_OUT }, { "Authentication-Results", FIELD_OUT },
	/* what mail programs note for themselves */
	{ "X-Pillarbox-*", FIELD_OUT }, { "FCC", FIELD_OUT },
	{ "X-Mozilla-*", FIELD_OUT }, { "X-Account-Key", FIELD_OUT },
	{ "X-Identity-Key", FIELD_OUT }, { "X-Identity", FIELD_OUT },
	{ "X-KMail-*", FIELD_OUT }, { "X-Evolution-*", FIELD_OUT },
	{ "X-Apple-*", FIELD_OUT }, { "X-Uniform-Type-Identifier", FIELD_OUT },
	{ "X-Universally-Unique-Identifier", FIELD_OUT },
	{ "X-UIDL", FIELD_OUT }, { "Status", FIELD_OUT },
	{ "X-Status", FIELD_OUT }, { "X-Keywords", FIELD_OUT },
	/* Outlook says the Message-ID and the Subject a second time there */
	{ "X-MS-TNEF-*", FIELD_OUT }, { "Thread-Topic", FIELD_OUT },
};

static enum field_kind
kind_of(struct str name)
{
	struct str row;
	size_t i;

	for (i = 0; i < countof(field_rows); i++) {
		row = str_of(field_rows[i].name);
		if (str_ends(row, STR("*")) ?
		    str_same(str_part(name, 0, row.len - 1),
		    str_part(row, 0, row.len - 1)) : str_same(name, row))
			return field_rows[i].kind;
	}
	return FIELD_OTHER;
}

/* What a field, unfolded, shows of the owner's addresses. */
static enum submit_leak
leak_of(const struct submit_job *job, struct str field)
{
	enum submit_leak leak;
	struct buf line;

	buf_init(&line, SUBMIT_OUT_MAX);
	head_unfold(&line, field);
	leak = submit_leak(job, buf_str(&line));
	buf_drop(&line);
	return leak;
}

/* Whether a field says who or where the client is. */
static bool
is_of_client(const struct submit_job *job, struct str value)
{
	struct buf line;
	bool shows;

	buf_init(&line, SUBMIT_OUT_MAX);
	head_unfold(&line, value);
	shows = submit_shows_client(job->policy, buf_str(&line));
	buf_drop(&line);
	return shows;
}

/* Whether a field, as it stands or decoded, holds what resembles a tag. */
static bool
is_like(struct str field)
{
	struct buf look;
	bool like;

	buf_init(&look, 3 * field.len);
	head_unfold(&look, field);
	like = sendas_like(buf_str(&look));
	if (!like && str_find_str(field, STR("=?")) != STR_NONE) {
		buf_clear(&look);
		word_look(&look, field);
		like = sendas_like(buf_str(&look));
	}
	buf_drop(&look);
	return like;
}

static void
write_from(struct submit_job *job)
{
	struct compose c;

	compose_begin(&c, &job->field, "From", job->policy->smtputf8);
	compose_person(&c, buf_str(&job->name),
	    buf_str(&job->result->chosen));
	compose_end(&c);
}

static void
write_subject(struct submit_job *job, const struct head_field *field)
{
	struct compose c;

	if (!job->tagged) {
		buf_add(&job->field, field->whole);
		return;
	}
	compose_begin(&c, &job->field, "Subject", job->policy->smtputf8);
	compose_text(&c, buf_str(&job->rest));
	compose_end(&c);
}

static void
write_new_date(struct submit_job *job)
{
	buf_add_text(&job->field, "Date: ");
	date_add(&job->field, job->policy->now);
	buf_add_text(&job->field, "\r\n");
}

/* Write a date, comments left out: they may name the host it is from. */
static void
write_bare_date(struct submit_job *job, struct str date)
{
	int64_t when, bare;

	must(date_read(date, &when));
	buf_add_text(&job->field, "Date: ");
	date = str_trim(str_part(date, 0, str_find(date, 0, '(')));
	if (date_read(date, &bare) && bare == when)
		buf_add(&job->field, date);
	else
		date_add(&job->field, when);
	buf_add_text(&job->field, "\r\n");
}

/* A date that nobody can read, or that shows an address, is none. */
static void
write_date(struct submit_job *job, const struct head_field *field)
{
	struct buf line;
	struct str date;
	int64_t when;

	buf_init(&line, SUBMIT_OUT_MAX);
	head_unfold(&line, field->value);
	date = str_trim(buf_str(&line));
	if (!date_read(date, &when) ||
	    leak_of(job, field->whole) != SUBMIT_LEAK_NONE)
		write_new_date(job);
	else if (str_find(date, 0, '(') != STR_NONE)
		write_bare_date(job, date);
	else
		buf_add(&job->field, field->whole);
	buf_drop(&line);
}

/* Whether a list of people is well-formed and names no other of ours. */
static bool
is_clean(const struct submit_job *job, const struct head_field *field)
{
	enum people_result found;
	struct people people;
	struct person person;
	const char *why;

	if (leak_of(job, field->whole) != SUBMIT_LEAK_NONE ||
	    is_of_client(job, field->value))
		return false;
	person_init(&person);
	people_begin(&people, field->value);
	do
		found = people_next(&people, &person, &why);
	while (found == PEOPLE_ONE &&
	    !submit_is_local(job, buf_str(&person.name)) &&
	    (!submit_owns(job->policy, &person.addr) ||
	    addr_same(&person.addr, &job->chosen)));
	person_drop(&person);
	return found == PEOPLE_END;
}

/* Write one of a list; a name that shows an address of ours is left out. */
static void
write_person(struct submit_job *job, struct compose *c,
	const struct person *person, bool *chosen)
{
	struct str name;

	if (submit_owns(job->policy, &person->addr)) {
		if (!*chosen)
			compose_person(c, STR(""),
			    buf_str(&job->result->chosen));
		*chosen = true;
		return;
	}
	name = buf_str(&person->name);
	if (submit_leak(job, name) != SUBMIT_LEAK_NONE ||
	    submit_is_local(job, name))
		name = STR("");
	compose_person(c, name, buf_str(&person->mailbox));
}

/* Write a list anew, with the chosen address for all of ours. */
static void
write_list(struct submit_job *job, const struct head_field *field,
	const char *name)
{
	enum people_result found;
	struct people people;
	struct person person;
	struct compose c;
	const char *why;
	size_t empty;
	bool chosen;

	chosen = false;
	person_init(&person);
	people_begin(&people, field->value);
	compose_begin(&c, &job->field, name, job->policy->smtputf8);
	empty = job->field.len;
	while ((found = people_next(&people, &person, &why)) == PEOPLE_ONE)
		write_person(job, &c, &person, &chosen);
	if (found != PEOPLE_BAD && job->field.len > empty)
		compose_end(&c);
	if (found == PEOPLE_BAD || job->field.len == empty ||
	    is_of_client(job, buf_str(&job->field)))
		buf_clear(&job->field);
	person_drop(&person);
	job->result->dropped++;
}

static void
write_asks(struct submit_job *job, const char *name)
{
	struct compose c;

	compose_begin(&c, &job->field, name, job->policy->smtputf8);
	compose_person(&c, STR(""), buf_str(&job->result->chosen));
	compose_end(&c);
	job->result->dropped++;
}

/* The spelling of ours for a name of the table. */
static const char *
spelling(struct str name)
{
	size_t i;

	for (i = 0; i < countof(field_rows); i++)
		if (str_same(name, str_of(field_rows[i].name)))
			return field_rows[i].name;
	must(false);
	return NULL;
}

/* Write what becomes of a field to job->field. */
static void
write_field(struct submit_job *job, const struct head_field *field,
	enum field_kind kind)
{
	switch (kind) {
	case FIELD_OTHER:
		if (leak_of(job, field->whole) == SUBMIT_LEAK_NONE &&
		    !is_of_client(job, field->value))
			buf_add(&job->field, field->whole);
		else
			job->result->dropped++;
		break;
	case FIELD_KEPT:
	case FIELD_GUARDED:
		buf_add(&job->field, field->whole);
		break;
	case FIELD_FROM:
		write_from(job);
		break;
	case FIELD_SUBJECT:
		write_subject(job, field);
		break;
	case FIELD_DATE:
		if (!job->dated)
			write_date(job, field);
		job->dated = true;
		break;
	case FIELD_ID:
		if (!job->identified)
			submit_id(job, field);
		job->identified = true;
		break;
	case FIELD_REPLIED:
	case FIELD_REFERENCES:
		submit_ids(job, field, spelling(field->name));
		break;
	case FIELD_LIST:
		if (is_clean(job, field))
			buf_add(&job->field, field->whole);
		else
			write_list(job, field, spelling(field->name));
		break;
	case FIELD_ASKS:
		if (is_clean(job, field))
			buf_add(&job->field, field->whole);
		else
			write_asks(job, spelling(field->name));
		break;
	case FIELD_OUT:
		break;
	}
}

/* What is wrong with a field that is about to go out, or NULL. */
static const char *
guard(const struct submit_job *job, enum field_kind kind)
{
	enum submit_leak leak;

	if (is_like(buf_str(&job->field)))
		return LIKE;
	leak = leak_of(job, buf_str(&job->field));
	if (kind == FIELD_KEPT)
		return job->policy->outside && leak == SUBMIT_LEAK_MAIN ?
		    IN_TO : NULL;
	if (kind == FIELD_FROM && leak != SUBMIT_LEAK_NONE)
		return IN_FROM;
	if (leak == SUBMIT_LEAK_MAIN)
		return kind == FIELD_SUBJECT ? IN_SUBJECT : ELSEWHERE;
	return NULL;
}

const char *
submit_field(struct submit_job *job, const struct head_field *field)
{
	enum field_kind kind;
	const char *why;

	kind = kind_of(field->name);
	buf_clear(&job->field);
	write_field(job, field, kind);
	if (job->field.full)
		return SUBMIT_TOO_LARGE;
	why = guard(job, kind);
	if (why == NULL)
		buf_add(&job->result->head, buf_str(&job->field));
	return why;
}

void
submit_missing(struct submit_job *job)
{
	buf_clear(&job->field);
	if (!job->dated)
		write_new_date(job);
	if (!job->identified)
		submit_id_missing(job);
	buf_add(&job->result->head, buf_str(&job->field));
}
