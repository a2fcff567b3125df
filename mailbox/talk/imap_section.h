/* What the sections of FETCH mean (RFC 9051 sections 6.4.5 and 6.4.5.1). */
#ifndef TALK_IMAP_SECTION_H
#define TALK_IMAP_SECTION_H

#include "mail/summary.h"
#include "talk/imap_command.h"

/* Octets of a message, from the one that is first to before the other. */
struct imap_extent {
	uint64_t from, to;
	enum mime_encoding encoding;	/* what BINARY has to undo */
};

/* Whether an item shows octets of the message, or counts them. */
bool imap_section_is(const struct imap_item *item);

/* Whether it is the whole message: its size is all that must be known. */
bool imap_section_whole(const struct imap_item *item);

/*
 * Find the octets that an item is about; of HEADER.FIELDS those of the whole
 * header.
 *
 * extent    empty when there is no such part, or it has no such section
 *
 * Returns:  false then.
 */
bool imap_section_find(struct imap_extent *extent,
	const struct summary_body *body, const struct imap_item *item);

/* Add its name as a reply says it, such as "BODY[1.2]<100>". */
void imap_section_name(struct buf *out, const struct imap_item *item);

#endif
