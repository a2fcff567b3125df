/*
 * Finds addresses of the owner's in any text. It errs on the side of finding:
 * what stands around an "@", with spaces or not, quoted or percent-encoded,
 * is an address here though no mail program would take it for one.
 */
#include "rules/submit_part.h"

#include "mail/word.h"

#define HELO_TELLING 4		/* octets of a host's name that is no word */

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

/* What stands on both sides of an "@". */
struct found {
	struct str local;	/* as much as could belong to it */
	struct str domain;
};

static bool
is_local_char(int c)
{
	return char_is_alnum(c) || c > 127 || c == '.' ||
	    str_find(STR("!#$%&'*+-/=?^_`{|}~"), 0, (char)c) != STR_NONE;
}

static bool
is_domain_char(int c)
{
	return char_is_alnum(c) || c > 127 || c == '.' || c == '-' ||
	    c == '_';
}

/* The local part that ends before. */
static struct str
local_before(struct str text, size_t end)
{
	size_t from;

	while (end > 0 && str_at(text, end - 1) == ' ')
		end--;
	from = end;
	if (end > 1 && str_at(text, end - 1) == '"') {
		for (from = end - 1; from > 0 &&
		    str_at(text, from - 1) != '"' &&
		    end - from < ADDR_LOCAL_MAX; from--)
			continue;
		if (from > 0)
			from--;
	} else
		while (from > 0 && is_local_char(str_at(text, from - 1)) &&
		    end - from < 2 * ADDR_LOCAL_MAX)
			from--;
	return str_part(text, from, end - from);
}

static struct str
domain_behind(struct str text, size_t from)
{
	size_t end;

	while (str_at(text, from) == ' ')
		from++;
	for (end = from; is_domain_char(str_at(text, end)) &&
	    end - from < 2 * ADDR_DOMAIN_MAX; end++)
		continue;
	return str_part(text, from, end - from);
}

/* Go to the next "@" from *at on; false if there is none. */
static bool
find_next(struct str text, size_t *at, struct found *found)
{
	size_t i;
	int c;

	for (i = *at; i < text.len; i++) {
		c = str_at(text, i);
		if (c != '@' && (c != '%' || str_at(text, i + 1) != '4' ||
		    str_at(text, i + 2) != '0'))
			continue;
		*at = i + 1;
		found->local = local_before(text, i);
		found->domain = domain_behind(text, c == '@' ? i + 1 : i + 3);
		return true;
	}
	return false;
}

/* Whether s begins with domain and no longer label. */
static bool
begins_with_domain(struct str s, struct str domain)
{
	int next;

	next = str_at(s, domain.len);
	return domain.len > 0 &&
	    str_same(str_part(s, 0, domain.len), domain) &&
	    !char_is_alnum(next) && next != '-' && next != '_';
}

/* Whether s ends with local and what is before it could be no part of it. */
static bool
ends_with_local(struct str s, struct str local)
{
	size_t from;
	int c;

	if (local.len == 0 || s.len < local.len)
		return false;
	from = s.len - local.len;
	if (!str_same(str_part(s, from, local.len), local))
		return false;
	if (from == 0)
		return true;
	do
		c = str_at(s, --from);
	while (from > 0 && (c == '.' || c == '-' || c == '_' || c == '+'));
	return !char_is_alnum(c);
}

/* How well found is that address: 0 for not at all. */
static size_t
likeness(const struct found *found, const struct addr *addr)
{
	struct str inside;

	inside = found->local;
	if (str_skip(&inside, '"'))
		inside = str_part(inside, 0, inside.len - 1);
	if (addr->null || !begins_with_domain(found->domain, addr->domain) ||
	    (!ends_with_local(found->local, addr->local) &&
	    !ends_with_local(inside, addr->local)))
		return 0;
	return addr->local.len + addr->domain.len;
}

/* Whether what was found is at a domain of ours. */
static bool
is_at_ours(const struct domains *domains, const struct found *found)
{
	size_t i, end;

	for (i = 0; i < domains->count; i++)
		if (begins_with_domain(found->domain, domains->names[i]))
			return true;
	/* below one of them: without what only follows the address */
	for (end = 0; end < found->domain.len &&
	    str_at(found->domain, end) < 128; end++)
		continue;
	while (end > 0 && !char_is_alnum(str_at(found->domain, end - 1)))
		end--;
	return domains_hold(domains, str_part(found->domain, 0, end)) ||
	    domains_hold(domains, found->domain);
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
		    begins_with_domain(found->domain, entry) :
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

	if (found->local.len == 0 || found->domain.len == 0)
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

static enum submit_leak
worst_of(const struct submit_job *job, struct str text)
{
	enum submit_leak leak, worst;
	struct found found;
	size_t at;

	worst = SUBMIT_LEAK_NONE;
	at = 0;
	while (find_next(text, &at, &found)) {
		leak = judge(job, &found);
		if (leak > worst)
			worst = leak;
	}
	return worst;
}

/* The worst of a text when its comments are left out. */
static enum submit_leak
worst_without_comments(const struct submit_job *job, struct str text)
{
	enum submit_leak worst;
	bool closed = true;
	struct buf rest;

	buf_init(&rest, text.len);
	while (text.len > 0) {
		if (closed && str_at(text, 0) == '(') {
			closed = head_skip_space(&text, NULL);
			continue;
		}
		buf_add(&rest, str_take(&text, 1));
	}
	worst = worst_of(job, buf_str(&rest));
	buf_drop(&rest);
	return worst;
}

/* The worst of a text in which nothing is encoded. */
static enum submit_leak
worst_of_plain(const struct submit_job *job, struct str text)
{
	enum submit_leak plain, bare;

	plain = worst_of(job, text);
	if (str_find(text, 0, '(') == STR_NONE)
		return plain;
	bare = worst_without_comments(job, text);
	return plain > bare ? plain : bare;
}

enum submit_leak
submit_leak(const struct submit_job *job, struct str text)
{
	enum submit_leak plain, looked;
	struct buf look;

	plain = worst_of_plain(job, text);
	if (str_find_str(text, STR("=?")) == STR_NONE)
		return plain;
	buf_init(&look, 3 * text.len);
	word_look(&look, text);
	looked = worst_of_plain(job, buf_str(&look));
	buf_drop(&look);
	return plain > looked ? plain : looked;
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
	/* a short name without a domain is a word like others */
	if (helo.len < HELO_TELLING && str_find(helo, 0, '.') == STR_NONE &&
	    str_find(helo, 0, ':') == STR_NONE)
		helo = STR("");
	return shows_name(text, helo) || shows_name(text, policy->client_ip);
}
