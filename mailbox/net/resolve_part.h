/* What the parts of the resolver share: reading c-ares' answers. */
#ifndef NET_RESOLVE_PART_H
#define NET_RESOLVE_PART_H

#include "net/resolve.h"

struct ares_dns_record;

#define RESOLVE_NAME_MAX 253	/* bytes as text, RFC 1035 section 2.3.4 */

/* The number of the DNS for a type of ours. */
unsigned resolve_number(enum resolve_type type);

/*
 * Read an answer that the servers gave.
 *
 * answer    zeroed; secure gets what the AD bit says
 * texts     zeroed; gets the texts of the records, which view it
 * dns       borrowed
 */
void resolve_read(struct resolve_answer *answer, struct buf *texts,
	enum resolve_type type, const struct ares_dns_record *dns);

#endif
