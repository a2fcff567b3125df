/*
 * Message-IDs. One of ours that names a private host, the owner, or a domain of
 * ours that is not the chosen one, is mapped by a keyed hash: the same each
 * time, so that the shell can find what it went out as. What a letter refers
 * to is mapped when it is known to be such a one, or tells of the owner.
 */
#include "rules/submit_part.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "mail/compose.h"

#define HASH_SHOWN 16		/* bytes of it that an id shows */

/* Whether s is a name of no place in the world, or ends with one. */
static bool
is_private_name(struct str s)
{
	/* RFC 6761, 6762 appendix G, 8375, and what home routers hand out */
	static const char *const names[] = {
		"localhost", "localdomain", "localnet", "local", "lan",
		"home", "home.arpa", "internal", "intranet", "private",
		"corp", "domain", "workgroup", "router", "dhcp", "invalid",
		"onion", "alt", "fritz.box", "speedport.ip", "mshome.net",
		"ts.net",
	};
	struct str name;
	uint64_t number;
	size_t i;
	int before;

	if (str_find(s, 0, '.') == STR_NONE)
		return true;
	/* no domain ends with a number: an address without its brackets */
	name = s;
	while (str_find(name, 0, '.') != STR_NONE)
		str_take(&name, str_find(name, 0, '.') + 1);
	if (str_number(name, UINT64_MAX, &number) || name.len == 0)
		return true;
	for (i = 0; i < countof(names); i++) {
		name = str_of(names[i]);
		if (s.len < name.len ||
		    !str_same(str_part(s, s.len - name.len, name.len), name))
			continue;
		before = s.len == name.len ? '.' :
		    str_at(s, s.len - name.len - 1);
		if (before == '.')
			return true;
	}
	return false;
}

/* Whether s can stand between the brackets of a message-id. */
static bool
is_well_formed(const struct submit_job *job, struct str s)
{
	size_t i;
	int c;

	for (i = 0; i < s.len; i++) {
		c = str_at(s, i);
		if (c <= 32 || c == 127 || c == '<' || c == '>' ||
		    (c > 127 && !job->policy->smtputf8))
			return false;
	}
	return s.len <= SUBMIT_ID_MAX && str_is_utf8(s);
}

/* Whether an id is one at all: else it could be that of any letter. */
static bool
is_usable(const struct submit_job *job, struct str id)
{
	return id.len > 0 && str_at(id, 0) != '@' && is_well_formed(job, id);
}

/* What stands behind the last "@"; all of it if there is none. */
static struct str
right_of(struct str id)
{
	size_t at;

	while ((at = str_find(id, 0, '@')) != STR_NONE)
		str_take(&id, at + 1);
	return id;
}

/* Whether an id shows the local part of a main address on either side. */
static bool
shows_local(const struct submit_job *job, struct str id, struct str right)
{
	return submit_shows_local(job, str_part(id, 0, id.len - right.len)) ||
	    (!domains_hold(job->policy->domains, right) &&
	    submit_shows_local(job, right));
}

/* Whether an id of ours may go out as it is. */
static bool
is_public(const struct submit_job *job, struct str id)
{
	enum submit_leak leak;
	struct domains ours;
	struct str right;

	right = right_of(id);
	leak = submit_leak(job, id);
	if (right.len == id.len || leak == SUBMIT_LEAK_MAIN ||
	    shows_local(job, id, right))
		return false;
	if (str_same(right, job->id_domain) ||
	    str_same(right, job->chosen.domain))
		return true;
	if (leak != SUBMIT_LEAK_NONE)
		return false;
	ours = *job->policy->domains;
	ours.subdomains = true;
	return addr_is_domain(right) && !is_private_name(right) &&
	    !str_same(right, job->policy->helo) && !domains_hold(&ours, right);
}

/* Add what stands for an id that may not go out. */
static void
add_mapped(const struct submit_job *job, struct buf *out, struct str id)
{
	unsigned char hash[SHA256_SIZE];
	struct buf keyed;
	size_t i;

	buf_init(&keyed, job->policy->secret.len + 1 + id.len);
	buf_add(&keyed, job->policy->secret);
	buf_add_char(&keyed, '\0');
	buf_add(&keyed, id);
	crypto_sha256(buf_str(&keyed), hash);
	hex_encode(out, str_from(hash, HASH_SHOWN));
	buf_add_char(out, '@');
	for (i = 0; i < job->id_domain.len; i++)
		buf_add_char(out, (char)(unsigned char)
		    char_lower(str_at(job->id_domain, i)));
	buf_wipe(&keyed);
}

bool
submit_id_mapped(const struct submit_policy *policy, struct str id,
	struct str domain, struct buf *out)
{
	struct submit_job job;
	bool mapped;

	submit_job_init(&job, policy, NULL);
	job.chosen = (struct addr){ .null = true };
	job.id_domain = domain;
	mapped = is_usable(&job, id) && !is_public(&job, id);
	if (mapped)
		add_mapped(&job, out, id);
	submit_job_drop(&job);
	return mapped;
}

/*
 * Cut what stands in the next pair of brackets off *value.
 *
 * between   gets whether anything but white space stood before it
 */
static bool
take_id(struct str *value, struct str *id, bool *between)
{
	struct str before;

	if (!str_split(value, '<', &before)) {
		*between = str_trim(*value).len > 0;
		return false;
	}
	*between = str_trim(before).len > 0;
	return str_split(value, '>', id);
}

static void
write_id(struct submit_job *job)
{
	struct compose c;
	struct buf word;

	buf_init(&word, SUBMIT_ID_MAX + 2);
	buf_add_char(&word, '<');
	buf_add(&word, buf_str(&job->result->new_id));
	buf_add_char(&word, '>');
	compose_begin(&c, &job->field, "Message-ID", job->policy->smtputf8);
	compose_word(&c, buf_str(&word));
	compose_end(&c);
	buf_drop(&word);
}

void
submit_id_missing(struct submit_job *job)
{
	buf_add(&job->result->new_id, job->policy->id);
	buf_add_char(&job->result->new_id, '@');
	buf_add(&job->result->new_id, job->id_domain);
	write_id(job);
}

void
submit_id(struct submit_job *job, const struct head_field *field)
{
	struct str id;
	bool bracketed;

	id = str_trim(field->value);
	bracketed = id.len > 2 && str_starts(id, STR("<")) &&
	    str_ends(id, STR(">"));
	if (bracketed)
		id = str_part(id, 1, id.len - 2);
	if (!is_usable(job, id)) {
		submit_id_missing(job);
		return;
	}
	buf_add(&job->result->old_id, id);
	if (is_public(job, id))
		buf_add(&job->result->new_id, id);
	else
		add_mapped(job, &job->result->new_id, id);
	if (bracketed && str_equal(buf_str(&job->result->new_id), id))
		buf_add(&job->field, field->whole);
	else
		write_id(job);
}

/* What a letter of ours went out as, or id. */
static struct str
sent_as(const struct submit_policy *policy, struct str id)
{
	size_t i;

	for (i = 0; i < policy->sent_count; i++)
		if (str_equal(policy->sent[i].old_id, id))
			return policy->sent[i].new_id;
	return id;
}

/* Whether the right side of an id is the client, or in its private network. */
static bool
is_of_client(const struct submit_policy *policy, struct str right)
{
	struct str domain, label;

	if (str_same(policy->helo, STR("localhost")) ||
	    domains_hold(policy->domains, policy->helo))
		return false;
	domain = policy->helo;
	if (str_same(right, domain))
		return true;
	if (!is_private_name(right) || !str_split(&domain, '.', &label))
		return false;
	return str_same(right, domain) || (right.len > domain.len &&
	    str_at(right, right.len - domain.len - 1) == '.' && str_same(
	    str_part(right, right.len - domain.len, domain.len), domain));
}

/*
 * Whether an id that is referred to tells of the owner or the client. Else it
 * stays, odd as it may be: it is what holds the correspondent's thread.
 */
static bool
tells(const struct submit_job *job, struct str id)
{
	struct str right;

	right = right_of(id);
	return submit_leak(job, id) == SUBMIT_LEAK_MAIN ||
	    shows_local(job, id, right) ||
	    submit_shows_client(job->policy, id) ||
	    is_of_client(job->policy, right);
}

/* Add an id that is referred to, or what stands for it. */
static void
add_reference(const struct submit_job *job, struct buf *out, struct str id)
{
	if (tells(job, id))
		add_mapped(job, out, id);
	else
		buf_add(out, id);
}

void
submit_ids(struct submit_job *job, const struct head_field *field,
	const char *name)
{
	struct compose c;
	struct str value, id, goes;
	struct buf word;
	bool between, changed, any;

	buf_init(&word, SUBMIT_ID_MAX + ADDR_DOMAIN_MAX);
	compose_begin(&c, &job->field, name, job->policy->smtputf8);
	changed = any = false;
	value = field->value;
	while (take_id(&value, &id, &between)) {
		goes = sent_as(job->policy, id);
		changed = changed || between || !is_usable(job, goes);
		if (!is_usable(job, goes))
			continue;
		buf_clear(&word);
		buf_add_char(&word, '<');
		add_reference(job, &word, goes);
		buf_add_char(&word, '>');
		changed = changed || word.len != id.len + 2 ||
		    !str_equal(str_part(buf_str(&word), 1, id.len), id);
		compose_word(&c, buf_str(&word));
		any = true;
	}
	compose_end(&c);
	changed = changed || between || value.len > 0;
	if (!any)
		buf_clear(&job->field);
	else if (!changed) {
		buf_clear(&job->field);
		buf_add(&job->field, field->whole);
	}
	if (!any || changed)
		job->result->dropped++;
	buf_drop(&word);
}

/* Cut the last pair of brackets off the end of *value. */
static bool
take_last(struct str *value, struct str *id)
{
	size_t end, from;

	for (end = value->len; end > 0 && str_at(*value, end - 1) != '>';
	    end--)
		continue;
	for (from = end; from > 0 && str_at(*value, from - 1) != '<'; from--)
		continue;
	if (from == 0)
		return false;
	*id = str_part(*value, from, end - 1 - from);
	*value = str_part(*value, 0, from - 1);
	return true;
}

void
submit_references_begin(struct submit_references *r, struct str head)
{
	struct head_field field;

	*r = (struct submit_references){ .replied = STR("") };
	if (head_find(head, STR("In-Reply-To"), &field))
		r->replied = field.value;
	if (head_find(head, STR("References"), &field))
		r->earlier = field.value;
}

bool
submit_references_next(struct submit_references *r, struct str *id)
{
	bool between;

	if (r->count++ >= SUBMIT_IDS_MAX)
		return false;
	return take_id(&r->replied, id, &between) ||
	    take_last(&r->earlier, id);
}
