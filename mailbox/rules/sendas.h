/* Tags in the Subject that name the address to send as: "[sendas:shop]". */
#ifndef RULES_SENDAS_H
#define RULES_SENDAS_H

#include "rules/recipient.h"

#define SENDAS_NAME_MAX 200	/* octets of a display name in a tag */

enum sendas_result {
	SENDAS_NONE,	/* there is no tag */
	SENDAS_FOUND,
	SENDAS_BAD	/* there is one that cannot be honoured */
};

/* What the tags say. sendas_init() first, sendas_drop() at the end. */
struct sendas {
	bool leading;		/* only what stands before all else counts;
				   for the caller to set after sendas_init() */
	struct buf mailbox;	/* local@domain, the local part as written */
	struct buf name;	/* empty: none was given */
	const char *why;	/* of SENDAS_BAD: static, ready for the wire */
};

void sendas_init(struct sendas *tag);
void sendas_drop(struct sendas *tag);

/*
 * Read all tags of a Subject and take them out: [sendas:local],
 * [sendas:local@domain] and [sendas:Name <either>], in any letter case, with
 * spaces (no-break ones too) wherever there is no word. Several tags must
 * agree. With tag->leading they stand first, and what resembles one elsewhere
 * is bad: the rest of the Subject is a stranger's. White space of what is left
 * is made single and trimmed.
 *
 * tag       set up by sendas_init()
 * subject   as of word_decode()
 * domains   ours: no tag may name another; borrowed
 * domain    ours too: for tags without one
 * rest      gets what is left, without any tag; unspecified on SENDAS_BAD
 */
enum sendas_result sendas_take(struct sendas *tag, struct str subject,
	const struct domains *domains, struct str domain, struct buf *rest);

/*
 * Whether a text holds anything that somebody could have meant as a tag:
 * signs that are not seen and spaces are passed over, wide and other brackets
 * and colons count, one of them may be missing; in "[sendas:" one letter may
 * be wrong, and letters of other scripts that look alike are the same.
 *
 * text      as of word_look() or word_decode()
 */
bool sendas_like(struct str text);

#endif
