/* Text of other charsets as UTF-8. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include "base/buf.h"

/*
 * A conversion under way; text may be cut anywhere. charset_drop() ends it.
 * UTF-8 and US-ASCII pass through, bytes that are not well-formed become
 * U+FFFD one by one.
 */
struct charset;

/*
 * Begin.
 *
 * name      as a mail names it, letter case apart; aliases that mail uses are
 *           known (docs/rfc.md); empty: US-ASCII
 *
 * Returns owned: NULL when there is no such charset.
 */
struct charset *charset_open(struct str name);
void charset_drop(struct charset *c);	/* NULL is fine */

/* Convert the next octets, all of them; a letter cut at their end is kept
   for the next call. */
void charset_feed(struct charset *c, struct str octets, struct buf *out);

/* The text is over: what was kept becomes U+FFFD. It may begin anew. */
void charset_end(struct charset *c, struct buf *out);

/* All at once; false, nothing added, when there is no such charset. */
bool charset_convert(struct str name, struct str octets, struct buf *out);

/*
 * Add a code point as UTF-8; one that is none (a surrogate, past U+10FFFF) as
 * U+FFFD.
 */
#define CHARSET_LOST 0xFFFD	/* stands for what cannot be read */
void charset_add(struct buf *out, uint32_t point);

/*
 * Read the letter that UTF-8 text begins with; CHARSET_LOST when its first
 * octet begins none.
 *
 * Returns:  its length; 1 when it is lost, 0 when s is empty.
 */
size_t charset_point(struct str s, uint32_t *point);

#endif
