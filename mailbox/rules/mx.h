/* Which servers may have a letter, in what order, and when to stop trying
   (RFC 5321 section 5.1). */
#ifndef RULES_MX_H
#define RULES_MX_H

#include "base/str.h"

#define MX_SHARE_MAX 3		/* addresses of a host before the next one */
#define MX_HEARD_MAX 2		/* servers that may put a recipient off in one
				   attempt */

/* An MX record. */
struct mx_record {
	struct str host;	/* lower case, no last dot; empty: the root */
	unsigned preference;
	uint32_t draw;		/* a random number */
};

enum mx_plan {
	MX_TRY,		/* the records, in this order */
	MX_NULL,	/* the domain takes no mail (RFC 7505) */
	MX_LOOP		/* we are the best of its servers ourselves */
};

/*
 * Sort by preference, those of one preference by chance, and leave out
 * ourselves and whoever is not better than us.
 *
 * records   sorted in place
 * count     in: at least 1; out: how many are left
 * own       the name by which others know us
 */
enum mx_plan mx_plan(struct mx_record *records, size_t *count,
	struct str own);

/*
 * How many addresses of a host may be tried, so that each host behind it gets
 * a chance too.
 *
 * tries     how many addresses may be tried in all, this host's among them;
 *           at least 1
 * behind    hosts that come after this one
 */
size_t mx_share(size_t tries, size_t behind);

/* What trying has come to for one recipient, from least to most telling. */
enum mx_word {
	MX_NOTHING,	/* it was not tried */
	MX_LACKING,	/* that server cannot take the letter; another may */
	MX_SILENT,	/* it could not be talked to */
	MX_LATER,	/* it put us off */
	MX_FINAL	/* delivered, refused for good, or perhaps arrived */
};

/* Whether what was heard now takes the place of what was heard before. */
bool mx_outweighs(enum mx_word now, enum mx_word before);

/*
 * Whether one more server may be tried for a recipient.
 *
 * heard     servers that said something about the letter so far
 */
bool mx_goes_on(enum mx_word word, unsigned heard);

/*
 * Read an address-literal "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321
 * section 4.1.3).
 *
 * ip        gets len bytes, 4 or 16
 *
 * Returns:  false for a name, and for a literal of another kind.
 */
bool mx_literal(struct str domain, unsigned char ip[16], size_t *len);

#endif
