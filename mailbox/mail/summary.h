/*
 * What IMAP wants to know of a message without opening it: made while it is
 * delivered, kept sealed beside it.
 */
#ifndef MAIL_SUMMARY_H
#define MAIL_SUMMARY_H

#include "mail/mime.h"

#define SUMMARY_VERSION 1	/* of both texts; another one is made anew */
#define SUMMARY_EARLY_MAX 65536	/* bytes it may take at delivery, when many
				   come at once; else it is made when its
				   owner first asks */
#define SUMMARY_MAX (8 << 20)	/* bytes it may take then; beyond, the longest
				   fields are cut and inner parts are text */
#define SUMMARY_PREVIEW_MAX 200	/* characters; RFC 8970 section 3.1 */

struct summary_maker;

/*
 * Returns owned: summary_drop() it.
 *
 * max       bytes of memory it may take: SUMMARY_EARLY_MAX or SUMMARY_MAX
 */
struct summary_maker *summary_new(size_t max);
void summary_drop(struct summary_maker *m);	/* NULL is fine */

/* The next octets of the message, cut anywhere. */
void summary_feed(struct summary_maker *m, struct str octets);

/*
 * The message is over.
 *
 * head, body  get the two texts (see below); bufs with room for max
 *
 * Returns:  false when it would have taken more than max and max is not
 *           SUMMARY_MAX: nothing is in the bufs.
 */
bool summary_end(struct summary_maker *m, struct buf *head, struct buf *body);

/*
 * The first text, read: what lists and sorts want. Views into it.
 *
 * envelope    as on the wire (RFC 9051 section 7.5.2), in parentheses; with
 *             literals where quoted strings cannot do
 * references  message-ids without brackets, each ended by NUL: of References,
 *             else the first of In-Reply-To (RFC 5256 section 3, THREAD)
 * sent        Date, unix s; when has_sent
 * sent_day    the day of Date in its own zone, days since 1970-01-01
 */
struct summary_head {
	struct str envelope;
	struct str references;
	bool has_sent;
	int64_t sent;
	int32_t sent_day;
};

/* Returns: false when it is of another version or damaged. */
bool summary_read_head(struct summary_head *h, struct str text);

/*
 * The second text, read: what is within the body. Views into it.
 *
 * structure   BODYSTRUCTURE as on the wire, in parentheses
 * preview     UTF-8
 */
struct summary_body {
	struct str structure;
	struct str preview;

	/* private */
	struct str parts;
	uint32_t part_count;
};

bool summary_read_body(struct summary_body *b, struct str text);

/*
 * Add BODY, which is BODYSTRUCTURE without its extension data (RFC 9051
 * section 7.5.2).
 *
 * structure   as of summary_read_body()
 */
void summary_short(struct buf *out, struct str structure);

/*
 * Where a part lies, by its number in a section (RFC 9051 section 6.4.5.1).
 *
 * number    such as { 2, 1 }; count 0 is the message itself
 * within    for a part of kind MIME_MESSAGE, or count 0: the message in it,
 *           whose header HEADER and TEXT ask for; may be NULL
 *
 * Returns:  false when there is no such part.
 */
bool summary_part(const struct summary_body *b, const uint32_t *number,
	size_t count, struct mime_part *part, struct mime_part *within);

#endif
