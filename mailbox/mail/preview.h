/* The first words of a message (RFC 8970). */
#ifndef MAIL_PREVIEW_H
#define MAIL_PREVIEW_H

#include "base/buf.h"

#define PREVIEW_LOOK_MAX 16384	/* octets of a part that are looked at */
#define PREVIEW_LETTERS_MAX 200	/* that are kept (RFC 8970 section 3.1) */

struct preview;

/*
 * Begin with a text part: decoded octets in a charset.
 *
 * html      tags are passed over, entities decoded, style and script left out
 *
 * Returns owned.
 */
struct preview *preview_new(struct str charset, bool html);
void preview_drop(struct preview *p);	/* NULL is fine */

/* The next octets, cut anywhere, the transfer encoding undone. */
void preview_feed(struct preview *p, struct str octets);

/* Whether it has seen enough: what comes then is passed over. */
bool preview_full(const struct preview *p);

/*
 * Add the words: UTF-8, runs of white space one space, quoted lines ("> ")
 * left out when there are others. p is then of no more use.
 *
 * max       characters at most; never more than PREVIEW_LETTERS_MAX
 */
void preview_end(struct preview *p, struct buf *out, size_t max);

#endif
