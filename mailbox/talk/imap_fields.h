/* Some fields of a header: HEADER.FIELDS (RFC 9051 section 6.4.5.1). */
#ifndef TALK_IMAP_FIELDS_H
#define TALK_IMAP_FIELDS_H

#include "base/buf.h"
#include "talk/imap_command.h"

#define IMAP_FIELD_NAME_MAX 998	/* octets of a name that can be asked for, and
				   of a line before its colon; RFC 5322
				   section 2.1.1 */

/* A header of which some fields are taken. Zeroed plus imap_fields_begin(). */
struct imap_fields {
	const struct imap_item *item;

	/* private */
	enum { FIELDS_NAME, FIELDS_VALUE } state;
	bool begun;	/* a field stands before this line */
	bool over;	/* the empty line was seen */
	bool open;	/* what was told last is no whole line */
	bool keeps;	/* the field under way */
	size_t held_len;
	char held[IMAP_FIELD_NAME_MAX + 1];	/* of a line, before a colon */
};

/* Order the names of an item as imap_fields_begin() wants them. */
void imap_fields_sort(struct imap_item *item);

/* item is kept: HEADER.FIELDS or HEADER.FIELDS.NOT, its names in order. */
void imap_fields_begin(struct imap_fields *f, const struct imap_item *item);

/*
 * Take the next octets of a header, cut anywhere. Lines that are no field
 * belong to HEADER.FIELDS.NOT alone; an empty line to both.
 *
 * out       gets what is wanted, never more than octets and one line's start
 */
void imap_fields_feed(struct imap_fields *f, struct str octets,
	struct buf *out);

/*
 * The header is over. HEADER.FIELDS ends with an empty line, even if there was
 * none, as other servers have it.
 */
void imap_fields_end(struct imap_fields *f, struct buf *out);

#endif
