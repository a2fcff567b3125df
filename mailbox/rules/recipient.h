/* Whose mail is this: may we take a letter for or from that mailbox? */
#ifndef RULES_RECIPIENT_H
#define RULES_RECIPIENT_H

#include "mail/addr.h"

/* The domains that are ours; borrowed by whoever asks. */
struct domains {
	const struct str *names;	/* lower case; the first is the main */
	size_t count;
	bool subdomains;		/* anything below them is ours too */
};

enum recipient_verdict {
	RECIPIENT_OURS,
	RECIPIENT_FOREIGN,	/* we never relay */
	RECIPIENT_LITERAL	/* an address-literal: never ours */
};

/* Judge a recipient; the bare <postmaster> is ours. */
enum recipient_verdict recipient_judge(const struct domains *domains,
	const struct addr *addr);

/*
 * Whether a sender is the owner's: at a domain of ours, or listed, letter
 * case apart.
 *
 * listed    "me@a.example", or "@a.example" for all of a domain
 */
bool sender_is_ours(const struct domains *domains, const struct str *listed,
	size_t listed_count, const struct addr *addr);

/* Whether a domain is ours, letter case and one trailing dot apart. */
bool domains_hold(const struct domains *domains, struct str domain);

#endif
