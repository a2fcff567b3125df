/* Encoded-words: letters outside ASCII in header fields (RFC 2047). */
#ifndef MAIL_WORD_H
#define MAIL_WORD_H

#include "base/buf.h"

#define WORD_MAX 75		/* octets of one encoded-word; section 2 */
#define WORD_ROOM_MIN 24	/* columns that always hold one letter */
#define WORD_KEPT_MAX 500	/* octets of a foreign one that is kept; senders
				   exist that make them longer than allowed */
#define WORD_CHARSET_MAX 64	/* octets of a charset's name */

/*
 * What stands around a word of a charset that is not converted, which
 * word_decode() keeps as it was written. No other control character is ever
 * in what it adds.
 */
#define WORD_KEPT '\x0E'
#define WORD_KEPT_END '\x0F'

/*
 * The length of the encoded-word that s begins with, or 0. Milder than
 * RFC 2047: it may be longer than 75 octets, hold white space, and carry a
 * language (RFC 2231 section 5).
 */
size_t word_span(struct str s);

/*
 * Add text, folded or not, as it is meant to be read: line ends taken out,
 * encoded-words decoded (UTF-8, US-ASCII, ISO-8859-1 and -15, windows-1252)
 * and white space between two of them left out (section 6.2), control
 * characters dropped. A word in another charset is kept between marks.
 *
 * What is added is well-formed UTF-8; bytes that are not become U+FFFD.
 */
void word_decode(struct buf *out, struct str text);

/*
 * Likewise for someone who searches or sorts: words of all charsets of
 * mail/charset.h are decoded, nothing is kept between marks, and octets outside
 * of words are read as US-ASCII is there. Well-formed UTF-8 is added.
 */
void word_text(struct buf *out, struct str text);

/*
 * The same as word_decode() for someone who suspects: words of every charset
 * are decoded to their bytes, those above 127 lost where the charset is not
 * known; words that are cut off or broken are decoded as far as they go.
 */
void word_look(struct buf *out, struct str text);

/*
 * Add one encoded-word of UTF-8 that is fit for a phrase too (section 5 (3)),
 * with as much of text as there is room for; letters are never cut.
 *
 * text      UTF-8, not empty
 * room      columns, WORD_ROOM_MIN or more; beyond WORD_MAX is not used
 *
 * Returns:  how many bytes of text it holds.
 */
size_t word_encode(struct buf *out, struct str text, size_t room);

#endif
