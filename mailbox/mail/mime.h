/* The structure of a message, found while its bytes go by (RFC 2045, 2046). */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "base/buf.h"

#define MIME_DEPTH_MAX 100	/* parts within parts; what lies deeper is text
				   of the part that holds it */
#define MIME_PARTS_MAX 10000	/* likewise for parts beyond */
#define MIME_FIELD_MAX 65536	/* octets of a header field that are looked
				   at; the rest of it is passed over */
#define MIME_BOUNDARY_MAX 250	/* octets; RFC 2046 section 5.1.1 has 70 */

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,		/* its parts are its children */
	MIME_MESSAGE		/* message/rfc822 or message/global: its one
				   child is the message in it */
};

enum mime_encoding {
	MIME_7BIT,		/* also when nothing is said */
	MIME_8BIT, MIME_BINARY,
	MIME_QUOTED_PRINTABLE, MIME_BASE64,
	MIME_UNKNOWN		/* a word of its own */
};

/*
 * One part. Offsets are octets from the start of the message.
 *
 * head..body is the header with its empty line, body..end the text. A part of
 * a multipart ends before the line end that belongs to the delimiter.
 */
struct mime_part {
	uint64_t head;
	uint64_t body;
	uint64_t end;		/* with MIME_END */
	uint64_t lines;		/* line ends in body..end; with MIME_END */
	unsigned depth;		/* 0: the message itself */
	enum mime_kind kind;	/* with MIME_HEAD, as the next ones */
	enum mime_encoding encoding;
	bool mime;		/* its Content fields count: RFC 2045 is named
				   by it, or by the multipart it is in */
};

enum mime_event {
	MIME_MORE,	/* all of the input is used up */
	MIME_BEGIN,	/* a part begins: its header comes */
	MIME_FIELD,	/* m->name and m->value: a field of its header; a line
			   that is none has an empty name */
	MIME_HEAD,	/* the header is over */
	MIME_TEXT,	/* m->text: octets of the body of a leaf, as they
			   stand; those of a multipart outside of its parts
			   are not told */
	MIME_END,	/* the part is over */
	MIME_DONE	/* after mime_end(): the message is over */
};

struct mime;

/* Returns owned: a parser at the start of a message; mime_drop() it. */
struct mime *mime_new(void);
void mime_drop(struct mime *m);		/* NULL is fine */

/*
 * Find out what comes next. Lines end with CRLF or LF. Nothing is an error:
 * broken structure is read as common servers do, so that every octet belongs
 * to some part.
 *
 * in        what was not used yet; what is used is cut off. All of it is used
 *           up before MIME_MORE.
 */
enum mime_event mime_step(struct mime *m, struct str *in);

/* No more input comes: mime_step() goes on, with an empty view, to the end. */
void mime_end(struct mime *m);

/* The part an event is about. Lives: until the next mime_step(). */
const struct mime_part *mime_part(const struct mime *m);

/*
 * With MIME_FIELD: its name without the colon, and its value behind the colon
 * as it stands, folds included, cut to MIME_FIELD_MAX. With MIME_TEXT the
 * octets. Lives: until the next mime_step().
 */
struct str mime_name(const struct mime *m);
struct str mime_value(const struct mime *m);
struct str mime_text(const struct mime *m);

/* The bytes it holds at present. */
size_t mime_size(const struct mime *m);

#endif
