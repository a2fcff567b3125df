/*
 * Decides whose mail it is, by the domain alone: every local part of a domain
 * of ours exists. Knows nothing of the address book, which may still refuse.
 */
#include "rules/recipient.h"

/* Whether domain is a name below parent; neither ends with a dot. */
static bool
domain_is_below(struct str domain, struct str parent)
{
	size_t cut;

	if (domain.len < parent.len + 2)
		return false;
	cut = domain.len - parent.len;
	return str_at(domain, cut - 1) == '.' &&
	    str_same(str_part(domain, cut, parent.len), parent);
}

bool
domains_hold(const struct domains *domains, struct str domain)
{
	size_t i;

	if (str_ends(domain, STR(".")))
		domain = str_part(domain, 0, domain.len - 1);
	for (i = 0; i < domains->count; i++) {
		if (str_same(domain, domains->names[i]))
			return true;
		if (domains->subdomains &&
		    domain_is_below(domain, domains->names[i]))
			return true;
	}
	return false;
}

enum recipient_verdict
recipient_judge(const struct domains *domains, const struct addr *addr)
{
	if (addr->literal)
		return RECIPIENT_LITERAL;
	/* RFC 5321 section 4.5.1: postmaster is had without a domain too. */
	if (!addr->null && addr->domain.len == 0)
		return RECIPIENT_OURS;
	if (!addr->null && domains_hold(domains, addr->domain))
		return RECIPIENT_OURS;
	return RECIPIENT_FOREIGN;
}

/* Whether an entry of the list is this mailbox or all of its domain. */
static bool
is_listed(struct str entry, const struct addr *addr)
{
	struct addr listed;
	const char *why;

	if (str_skip(&entry, '@'))
		return str_same(entry, addr->domain);
	return addr_mailbox(entry, &listed, &why) == ADDR_OK &&
	    addr_same(&listed, addr);
}

bool
sender_is_ours(const struct domains *domains, const struct str *listed,
	size_t listed_count, const struct addr *addr)
{
	size_t i;

	if (!addr->literal && domains_hold(domains, addr->domain))
		return true;
	for (i = 0; i < listed_count; i++)
		if (is_listed(listed[i], addr))
			return true;
	return false;
}
