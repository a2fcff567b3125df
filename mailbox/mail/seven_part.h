/* What the files of the converter to 7-bit text share; nobody else does. */
#ifndef MAIL_SEVEN_PART_H
#define MAIL_SEVEN_PART_H

#include "mail/seven.h"

#define SEVEN_BOUNDARY_MAX 250	/* bytes; RFC 2046 section 5.1.1 has 70 */
#define SEVEN_RAW 57		/* bytes of a line of base64; RFC 2045 section
				   6.8 */

enum seven_coding { SEVEN_AS_IS, SEVEN_QUOTED, SEVEN_BASE64 };

/* The body of a part on its way. seven_code_begin() first. */
struct seven_coder {
	enum seven_coding coding;
	bool has_8bit;		/* of what went out as it is */

	/* private to seven_code.c */
	size_t column;
	char space;		/* held: a space or tab, or NUL for none */
	bool cr;		/* held */
	bool line_end;		/* held: CRLF, with base64 */
	bool begun;		/* something stands in base64 */
	char raw[SEVEN_RAW];
	size_t raw_len;
};

void seven_code_begin(struct seven_coder *c, enum seven_coding coding);

/* Add the next bytes of a body, cut anywhere. */
void seven_code(struct seven_coder *c, struct str bytes, struct buf *out);

/*
 * The body ends.
 *
 * delimited  by a delimiter line, to which the line end before it belongs
 *            (RFC 2046 section 5.1.1)
 */
void seven_code_end(struct seven_coder *c, bool delimited, struct buf *out);

enum seven_kind {
	SEVEN_LEAF,		/* the body is one text, or not to be looked
				   into */
	SEVEN_MULTIPART,
	SEVEN_MESSAGE		/* the body is a message */
};

/* What a header says of the body behind it. */
struct seven_plan {
	enum seven_kind kind;
	enum seven_coding coding;	/* of SEVEN_LEAF */
	const char *encoding;		/* the word for it from now on, or
					   NULL when it stays */
	struct buf boundary;		/* of SEVEN_MULTIPART; the caller's */
	bool digest;			/* of SEVEN_MULTIPART: its parts are
					   messages unless they say otherwise */
};

/*
 * Read the header of a part.
 *
 * head      CRLF lines with the empty line; borrowed
 * digest    it is a part of a digest
 */
void seven_head_read(struct seven_plan *plan, struct str head, bool digest);

/* Leave the part as it is. */
void seven_head_keep(struct seven_plan *plan);

/* Add the header, changed where it names the encoding. */
void seven_head_write(const struct seven_plan *plan, struct str head,
	struct buf *out);

#endif
