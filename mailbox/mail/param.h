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

/*
 * Begin with a value that is one word, as Content-Disposition has.
 *
 * word      a view into value; empty when there is none
 *
 * Returns:  false when a comment is open.
 */
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
 * The same without a copy.
 *
 * value     a view: a token, or a quoted-string with its quotes
 */
bool param_raw(struct param *p, struct str *name, struct str *value);

/* Add a value of param_raw() without quotes. */
void param_plain(struct buf *out, struct str value);

/* What the name of a parameter in pieces says (RFC 2231 section 3). */
struct param_piece {
	struct str base;	/* before the first '*' */
	uint64_t index;
	bool extended;		/* a '*' at its end: section 4 */
};

/* Returns: false when the name is not of that form. */
bool param_piece(struct str name, struct param_piece *piece);

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
