/* Content-Transfer-Encoding undone while bytes go by (RFC 2045 section 6). */
#ifndef MAIL_TRANSFER_H
#define MAIL_TRANSFER_H

#include "mail/mime.h"

#define TRANSFER_SPACE_MAX 1000	/* octets held at the end of a line, which
				   has no more (RFC 5322 section 2.1.1) */

/* Zeroed plus transfer_begin(). */
struct transfer {
	enum mime_encoding encoding;

	/* private */
	unsigned char held[4];
	size_t held_len;
	struct buf space;	/* of quoted-printable: held at a line's end */
};

/* Begin a text; what was held of one before is forgotten. */
void transfer_begin(struct transfer *t, enum mime_encoding encoding);
void transfer_drop(struct transfer *t);	/* safe twice */

/*
 * Decode the next octets, cut anywhere. What is not of the encoding is taken
 * as it stands (quoted-printable) or passed over (base64; text that goes on
 * behind padding is decoded too). 7bit, 8bit and binary pass through.
 */
void transfer_feed(struct transfer *t, struct str octets, struct buf *out);

/* The body is over: what was held comes out. */
void transfer_end(struct transfer *t, struct buf *out);

/* What a base64 letter stands for (RFC 2045 section 6.8), or -1. */
int transfer_base64(int c);

/* What a hexadecimal digit stands for, letter case apart, or -1. */
int transfer_hex(int c);

#endif
