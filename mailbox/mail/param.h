/* Content-Type and its like: a value with parameters (RFC 2045, 2231). */
#ifndef MAIL_PARAM_H
#define MAIL_PARAM_H

#include "base/buf.h"

/* A field value being read. */
struct param {
	struct str rest;
};

/*
 * Begin with the value of a Content-Type: "text/plain; charset=x".
 *
 * type, subtype  views into value; empty when it is none
 *
 * Returns:  false when it has no type and subtype (RFC 2045 section 5.2: then
 *           text/plain).
 */
bool param_type(struct param *p, struct str value, struct str *type,
	struct str *subtype);

/* Begin with a value that is one word, as Content-Disposition has. */
bool param_word(struct param *p, struct str value, struct str *word);

/*
 * The next parameter as it stands: "name*0*" is not put together.
 *
 * name      a view into the value
 * text      cleared first; its value, quotes and comments taken off
 *
 * Returns:  false at the end.
 */
bool param_next(struct param *p, struct str *name, struct buf *text);

/*
 * Find one parameter by name, letter case apart, its continuations put
 * together and percent signs decoded (RFC 2231 sections 3 and 4).
 *
 * text      cleared first; octets in charset
 * charset   cleared first; gets the name that RFC 2231 gives, else nothing;
 *           may be NULL
 */
bool param_find(struct str value, struct str name, struct buf *text,
	struct buf *charset);

#endif
