/* Text of other charsets as UTF-8. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include "base/buf.h"

/*
 * A conversion under way; text may be cut anywhere. charset_drop() ends it.
 * UTF-8 passes through, octets that are not well-formed become U+FFFD one by
 * one. ISO-8859-1 is read as windows-1252, which writers mean by it. Octets
 * above 127 in US-ASCII, from writers that do not say what they are, are UTF-8
 * where that is well-formed, else windows-1252.
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

/*
 * Convert the next octets, all of them; a letter cut at their end is kept for
 * the next call. What is added is well-formed UTF-8.
 */
void charset_feed(struct charset *c, struct str octets, struct buf *out);

/* The text is over: what was kept is no letter. It may begin anew. */
void charset_end(struct charset *c, struct buf *out);

/* Whether ASCII that came now would stand for itself. */
bool charset_is_plain(const struct charset *c);

/* All at once; false, nothing added, when there is no such charset. */
bool charset_convert(struct str name, struct str octets, struct buf *out);

/*
 * The code point of an octet above 127 of windows-1252, which programs write
 * when they say ISO-8859-1.
 */
uint32_t charset_latin1(int octet);

/* How many octets at the front of s are ASCII. */
size_t charset_ascii(struct str s);

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
