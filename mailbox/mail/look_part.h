/* Inside of mail/look*.c: finding a needle in folded text. */
#ifndef MAIL_LOOK_PART_H
#define MAIL_LOOK_PART_H

#include "mail/look.h"

/* Whether it is in folded text. */
bool look_find(const struct needle *n, struct str folded);

/* The same in text that look_fold_field() made. */
bool look_find_spaced(const struct needle *n, struct str folded);

/* Add the value of a header field, decoded and folded, as it is looked at. */
void look_fold_field(struct buf *out, struct str value);

#endif
