/* A message without 8-bit text: quoted-printable and base64 in its place. */
#ifndef MAIL_SEVEN_H
#define MAIL_SEVEN_H

#include "base/buf.h"

#define SEVEN_DEPTH_MAX 16	/* multiparts within each other; deeper ones
				   are passed through as they are */
#define SEVEN_HEAD_MAX 65536	/* bytes that are held; a part with a header
				   that does not fit in is passed through as
				   it is */

/*
 * Turns what says of itself that it is "8bit" into quoted-printable and
 * "binary" into base64, part by part (RFC 2045 section 6), so that no server
 * on the way has to (RFC 6152 section 3), which would break the signatures.
 * All other bytes stay as they are. A multipart says "7bit" then; a
 * message/rfc822 is opened, since it may carry no other encoding (section
 * 6.4). What is signed or encrypted (RFC 1847), a part of a message, or not
 * to be read in one way alone, is passed through. Give it the header first,
 * then the body piece by piece.
 *
 * seven_init() first, seven_drop() at the end.
 */
struct seven;

/*
 * Begin with the header of a message.
 *
 * head      CRLF lines with the empty line at the end; borrowed
 * out       gets the header, changed where it names the encoding
 *
 * Returns:  owned; seven_drop() it.
 */
struct seven *seven_new(struct str head, struct buf *out);
void seven_drop(struct seven *s);	/* NULL is fine */

/*
 * Give the next bytes of the body, cut anywhere; last: they are its end.
 *
 * out       gets at most four times their number and SEVEN_HEAD_MAX more
 */
void seven_feed(struct seven *s, struct str bytes, bool last,
	struct buf *out);

/* Whether bytes above 127 went out all the same, unlabelled as they were. */
bool seven_has_8bit(const struct seven *s);

#endif
