/* The header block of a message, field by field. */
#ifndef MAIL_HEAD_H
#define MAIL_HEAD_H

#include "base/buf.h"

/* One field; views into the block. */
struct head_field {
	struct str name;	/* without the colon */
	struct str value;	/* behind the colon, folded as it stands,
				   without the last line end */
	struct str whole;	/* all of it, last line end included */
};

/*
 * Cut the next field off *block (RFC 5322 section 2.2; CRLF or LF ends a
 * line). A line that is neither a field nor a continuation is skipped, and
 * what continues it too.
 *
 * Returns:  false at the empty line or the end; *block then goes on at the
 *           body.
 */
bool head_next(struct str *block, struct head_field *field);

/* Find the first field of a name, letter case apart; false if there is none. */
bool head_find(struct str block, struct str name, struct head_field *field);

/*
 * Add value with the line ends of folds taken out (RFC 5322 section 2.2.3):
 * what is added holds neither CR nor LF. White space is kept as it is.
 */
void head_unfold(struct buf *out, struct str value);

/*
 * Pass over white space, folds and comments (RFC 5322 section 3.2.2).
 *
 * comment   gets the text of the comments; NULL for who does not care
 *
 * Returns:  false when a comment is not closed.
 */
bool head_skip_space(struct str *s, struct buf *comment);

/*
 * The length of the quoted-string or literal that s begins with, which end
 * ends ('"' or ']'); 0 when it is open.
 */
size_t head_closed_span(struct str s, int end);

/* Add a quoted-string without its quotes, folds and backslashes. */
void head_unquote(struct buf *out, struct str quoted);

/* Counts Received fields of a header that comes in pieces; zeroed at start. */
struct hops {
	unsigned count;
	bool ended;		/* the empty line has passed */
	bool in_line;		/* the line is not empty so far */
	size_t matched;		/* letters of the name seen in this line;
				   STR_NONE when it is decided */
};

/* Feed the next bytes of the message; does nothing once ended. */
void hops_feed(struct hops *h, struct str s);

#endif
