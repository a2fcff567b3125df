/* Signs of text, one code point each: what can be seen, what is alike. */
#ifndef MAIL_SIGN_H
#define MAIL_SIGN_H

#include "base/buf.h"

/*
 * The code point at the front of s, which is not empty; the byte, if it is no
 * UTF-8.
 *
 * len       gets its length
 */
unsigned sign_at(struct str s, size_t *len);

/* White space of Unicode that has a width. */
bool sign_is_space(unsigned point);

/* Controls, and what has no width, is filler or not to be seen at all. */
bool sign_is_unseen(unsigned point);

/* What a wide or small form of an ASCII sign stands for; others as they are. */
unsigned sign_narrow(unsigned point);

/* Cut white space off both ends. */
struct str sign_trim(struct str s);

#endif
