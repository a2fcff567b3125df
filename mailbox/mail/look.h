/*
 * Looking for text in a message as its reader sees it: transfer encodings,
 * charsets and encoded-words undone, letter case apart.
 */
#ifndef MAIL_LOOK_H
#define MAIL_LOOK_H

#include "base/buf.h"

/* A text looked for, folded once. Zeroed plus look_needle(). */
struct needle {
	struct buf folded;

	/* private */
	struct buf spaced;	/* folded, runs of white space one space */
	size_t rare;		/* where its rarest octets stand */
	size_t spaced_rare;
};

/* text is UTF-8; the empty one is in every message. */
void look_needle(struct needle *n, struct str text);
void look_needle_drop(struct needle *n);

/*
 * Whether it is in the value of a header field: unfolded, encoded-words of
 * all charsets decoded, runs of white space one space, in the needle too.
 */
bool look_in_field(const struct needle *n, struct str value);

enum look_where {
	LOOK_BODY = 1,	/* texts of the leaves that are text/ or message/; no
			   field of any header (RFC 9051 section 6.4.4) */
	LOOK_HEAD = 2	/* fields of the message, of its parts, and of messages
			   within, with their names; both: TEXT */
};

/* One that several needles are looked for in, in one pass. */
struct look;

/*
 * needles   borrowed until look_free()
 * where     enum look_where of each
 * count     1 to 32
 *
 * Returns owned.
 */
struct look *look_new(const struct needle *const *needles,
	const unsigned *where, size_t count);
void look_free(struct look *l);		/* NULL is fine */

/*
 * The next octets of the message, cut anywhere.
 *
 * Returns:  false when all have been found: the rest need not come.
 */
bool look_feed(struct look *l, struct str octets);

/* The message is over. Returns: bit n set when needle n was found; l is then
   ready for the next message. */
uint32_t look_end(struct look *l);

#endif
