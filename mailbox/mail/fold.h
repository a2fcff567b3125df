/* Letters compared without their case: i;unicode-casemap (RFC 5051). */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include "base/buf.h"

/*
 * Add UTF-8 text in the form in which two texts are equal when they differ in
 * letter case or composition alone: title-cased and decomposed, as RFC 5051
 * section 2 says. Octets that are no UTF-8 stay.
 *
 * A letter never folds to more than FOLD_GROWTH times its octets; text cut
 * between two letters may be folded in parts, for SEARCH. (Marks are not
 * brought into canonical order, as RFC 5051 does not.)
 */
#define FOLD_GROWTH 11
void fold_text(struct buf *out, struct str text);

/* Compare two folded texts: as memcmp(), the shorter one first. */
int fold_compare(struct str a, struct str b);

#endif
