/*
 * Finds addresses of the owner's in any text. It errs on the side of finding:
 * what stands around an "@", with spaces or not, as it is or as
 * submit_look() shows it, is an address here though no mail program would take
 * it for one.
 */
#include "rules/submit_part.h"

#include "mail/sign.h"

#define HELO_TELLING 4		/* octets of a host's name that is no word */
#define LOCAL_TELLING 4		/* of a local part that is seen among digits */

bool
submit_owns(const struct submit_policy *policy, const struct addr *addr)
{
	return sender_is_ours(policy->domains, policy->listed,
	    policy->listed_count, addr);
}

bool
submit_is_main(const struct submit_job *job, const struct addr *addr)
{
	if (!job->main.null && addr_same(addr, &job->main))
		return true;
	return !addr->literal && str_same(addr->local, job->policy->mailbox) &&
	    domains_hold(job->policy->domains, addr->domain);
}

/* An "@" with what is around it. */
struct found {
	struct str text;
	size_t at;		/* where it stands */
};

static bool
is_white(int c)
{
	return c == ' ' || c == '\t';
}

static bool
is_local_char(int c)
{
	return char_is_alnum(c) || c > 127 || (c > 0 && str_find(
	    STR("!#$%&'*+-./=?^_`{|}~\""), 0, (char)c) != STR_NONE);
}

static bool
is_domain_char(int c)
{
	return char_is_alnum(c) || c > 127 || c == '.' || c == '-' ||
	    c == '_';
}

static size_t
back_over_white(struct str text, size_t end)
{
	while (end > 0 && is_white(str_at(text, end - 1)))
		end--;
	return end;
}

static size_t
over_white(struct str text, size_t from)
{
	while (is_white(str_at(text, from)))
		from++;
	return from;
}

/* The domain behind, as long as nothing is between its labels. */
static struct str
domain_behind(const struct found *found)
{
	size_t from, end;

	from = over_white(found->text, found->at + 1);
	for (end = from; is_domain_char(str_at(found->text, end)) &&
	    end - from < 2 * ADDR_DOMAIN_MAX; end++)
		continue;
	return str_part(found->text, from, end - from);
}

/* Whether something stands on both sides. */
static bool
has_sides(const struct found *found)
{
	size_t end;

	end = back_over_white(found->text, found->at);
	return end > 0 && is_local_char(str_at(found->text, end - 1)) &&
	    domain_behind(found).len > 0;
}

/* Whether domain begins behind, and no longer label. */
static bool
begins_with_domain(const struct found *found, struct str domain)
{
	size_t at, i;
	int next;

	at = over_white(found->text, found->at + 1);
	for (i = 0; i < domain.len; i++, at++) {
		if (str_at(domain, i) == '.' ||
		    (i > 0 && str_at(domain, i - 1) == '.'))
			at = over_white(found->text, at);
		if (char_lower(str_at(found->text, at)) !=
		    char_lower(str_at(domain, i)))
			return false;
	}
	next = str_at(found->text, at);
	return domain.len > 0 && !char_is_alnum(next) && next != '-' &&
	    next != '_';
}

/* Whether what ends at end could be no part of a local part behind it. */
static bool
is_apart(struct str text, size_t end)
{
	int c;

	if (end == 0)
		return true;
	do
		c = str_at(text, --end);
	while (end > 0 && (c == '.' || c == '-' || c == '_' || c == '+'));
	return !char_is_alnum(c);
}

/* A local part without its quotes. */
static struct str
bare_local(struct str local)
{
	if (local.len > 1 && str_at(local, 0) == '"' &&
	    str_ends(local, STR("\"")))
		return str_part(local, 1, local.len - 2);
	return local;
}

/* Whether local ends before, and what is before it is no part of it. */
static bool
ends_with_local(const struct found *found, struct str local)
{
	size_t end, i;

	end = back_over_white(found->text, found->at);
	if (end > 0 && str_at(found->text, end - 1) == '"')
		end--;
	for (i = local.len; i > 0; i--, end--) {
		if (str_at(local, i - 1) == '.' || str_at(local, i) == '.')
			end = back_over_white(found->text, end);
		if (end == 0 || char_lower(str_at(found->text, end - 1)) !=
		    char_lower(str_at(local, i - 1)))
			return false;
	}
	return local.len > 0 && is_apart(found->text, end);
}

/* How well found is that address: 0 for not at all. */
static size_t
likeness(const struct found *found, const struct addr *addr)
{
	if (addr->null || !begins_with_domain(found, addr->domain) ||
	    !ends_with_local(found, bare_local(addr->local)))
		return 0;
	return addr->local.len + addr->domain.len;
}

/* Whether what was found is at a domain of ours. */
static bool
is_at_ours(const struct domains *domains, const struct found *found)
{
	struct str domain;
	size_t i, end;

	for (i = 0; i < domains->count; i++)
		if (begins_with_domain(found, domains->names[i]))
			return true;
	/* below one of them: without what only follows the address */
	domain = domain_behind(found);
	for (end = 0; end < domain.len && str_at(domain, end) < 128; end++)
		continue;
	while (end > 0 && !char_is_alnum(str_at(domain, end - 1)))
		end--;
	return domains_hold(domains, str_part(domain, 0, end)) ||
	    domains_hold(domains, domain);
}

static bool
is_at_listed(const struct submit_policy *policy, const struct found *found)
{
	struct addr addr;
	struct str entry;
	const char *why;
	size_t i;

	for (i = 0; i < policy->listed_count; i++) {
		entry = policy->listed[i];
		if (str_skip(&entry, '@') ?
		    begins_with_domain(found, entry) :
		    addr_mailbox(entry, &addr, &why) == ADDR_OK &&
		    likeness(found, &addr) > 0)
			return true;
	}
	return false;
}

/* How well what was found is a main address, whichever does best. */
static size_t
main_likeness(const struct submit_job *job, const struct found *found)
{
	const struct domains *domains;
	struct addr addr;
	size_t i, best, one;

	domains = job->policy->domains;
	best = likeness(found, &job->main);
	for (i = 0; i < domains->count; i++) {
		addr = (struct addr){ .local = job->policy->mailbox,
		    .domain = domains->names[i] };
		one = likeness(found, &addr);
		if (one > best)
			best = one;
	}
	return best;
}

static enum submit_leak
judge(const struct submit_job *job, const struct found *found)
{
	size_t chosen;

	if (!has_sides(found))
		return SUBMIT_LEAK_NONE;
	chosen = likeness(found, &job->chosen);
	if (main_likeness(job, found) > chosen)
		return SUBMIT_LEAK_MAIN;
	if (chosen > 0)
		return SUBMIT_LEAK_NONE;
	return is_at_ours(job->policy->domains, found) ||
	    is_at_listed(job->policy, found) ? SUBMIT_LEAK_OTHER :
	    SUBMIT_LEAK_NONE;
}

/* The worst of a text in which nothing is encoded. */
static enum submit_leak
worst_of(const struct submit_job *job, struct str text)
{
	enum submit_leak leak, worst;
	struct found found;

	worst = SUBMIT_LEAK_NONE;
	found = (struct found){ .text = text, .at = str_find(text, 0, '@') };
	while (found.at != STR_NONE) {
		leak = judge(job, &found);
		if (leak > worst)
			worst = leak;
		found.at = str_find(text, found.at + 1, '@');
	}
	return worst;
}

/* The same, its comments looked at and left out too. */
static enum submit_leak
worst_of_both(const struct submit_job *job, struct str text)
{
	enum submit_leak plain, bare;
	struct buf rest;

	plain = worst_of(job, text);
	if (str_find(text, 0, '(') == STR_NONE)
		return plain;
	buf_init(&rest, text.len);
	submit_uncomment(&rest, text);
	bare = worst_of(job, buf_str(&rest));
	buf_drop(&rest);
	return plain > bare ? plain : bare;
}

enum submit_leak
submit_leak(const struct submit_job *job, struct str text)
{
	enum submit_leak plain, looked;
	struct buf look;

	plain = worst_of_both(job, text);
	submit_look(&look, text);
	looked = worst_of_both(job, buf_str(&look));
	buf_drop(&look);
	return plain > looked ? plain : looked;
}

/* The local parts of the main addresses, the chosen one's not. */
static size_t
main_locals(const struct submit_job *job, struct str locals[2])
{
	const struct str both[] = {
		bare_local(job->main.local), job->policy->mailbox
	};
	size_t i, count;

	for (i = count = 0; i < countof(both); i++)
		if (both[i].len > 0 && !str_same(both[i],
		    bare_local(job->chosen.local)))
			locals[count++] = both[i];
	return count;
}

bool
submit_is_local(const struct submit_job *job, struct str text)
{
	struct str locals[2];
	struct buf look;
	size_t i, count;
	bool same;

	count = main_locals(job, locals);
	submit_look(&look, text);
	same = false;
	for (i = 0; i < count; i++)
		same = same || str_same(sign_trim(buf_str(&look)), locals[i]);
	buf_drop(&look);
	return same;
}

/* Whether c, beside the sign edge of a local part, makes it another word. */
static bool
is_joined(int c, int edge, bool telling)
{
	if (char_is_digit(c))
		return !telling || char_is_digit(edge);
	return char_is_alpha(c) || c > 127;
}

/* Whether text holds local as a word. */
static bool
holds_word(struct str text, struct str local)
{
	const bool telling = local.len >= LOCAL_TELLING;
	size_t i;

	for (i = 0; i + local.len <= text.len; i++)
		if (str_same(str_part(text, i, local.len), local) &&
		    (i == 0 || !is_joined(str_at(text, i - 1),
		    str_at(local, 0), telling)) &&
		    !is_joined(str_at(text, i + local.len),
		    str_at(local, local.len - 1), telling))
			return true;
	return false;
}

bool
submit_shows_local(const struct submit_job *job, struct str text)
{
	struct str locals[2];
	struct buf look;
	size_t i, count;
	bool shows;

	count = main_locals(job, locals);
	submit_look(&look, text);
	shows = false;
	for (i = 0; i < count; i++)
		shows = shows || holds_word(buf_str(&look), locals[i]);
	buf_drop(&look);
	return shows;
}

static bool
is_name_char(int c)
{
	return char_is_alnum(c) || c > 127 || c == '-' || c == '_';
}

/* Whether a text shows a name, letter case apart, as a word of its own. */
static bool
shows_name(struct str text, struct str name)
{
	size_t i;

	for (i = 0; name.len > 0 && i + name.len <= text.len; i++)
		if (str_same(str_part(text, i, name.len), name) &&
		    (i == 0 || !is_name_char(str_at(text, i - 1))) &&
		    !is_name_char(str_at(text, i + name.len)))
			return true;
	return false;
}

bool
submit_shows_client(const struct submit_policy *policy, struct str text)
{
	struct str helo = policy->helo;

	if (str_skip(&helo, '[') && str_ends(helo, STR("]")))
		helo.len--;
	str_skip_word(&helo, STR("IPv6:"));
	/*
	 * A short name without a domain is a word like others; ours, and what
	 * everybody is to himself, tell nothing.
	 */
	if ((helo.len < HELO_TELLING && str_find(helo, 0, '.') == STR_NONE &&
	    str_find(helo, 0, ':') == STR_NONE) ||
	    str_same(helo, STR("localhost")) ||
	    str_same(helo, STR("localhost.localdomain")) ||
	    domains_hold(policy->domains, helo))
		helo = STR("");
	return shows_name(text, helo) || shows_name(text, policy->client_ip);
}
