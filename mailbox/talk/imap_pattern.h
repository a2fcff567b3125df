/* Which mailbox names a LIST means (RFC 9051 section 6.3.9). */
#ifndef TALK_IMAP_PATTERN_H
#define TALK_IMAP_PATTERN_H

#include "base/str.h"

enum imap_match {
	IMAP_MATCH_NO,
	IMAP_MATCH_BELOW,	/* the name is not meant, but one below it may
				   be */
	IMAP_MATCH_YES
};

/*
 * Match a name with '/' between its levels against reference and pattern, in
 * which '*' stands for anything and '%' for anything but '/'. Takes no more
 * steps than both lengths multiplied.
 */
enum imap_match imap_pattern_match(struct str reference, struct str pattern,
	struct str name);

#endif
