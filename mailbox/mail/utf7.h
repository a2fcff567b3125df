/* Mailbox names on the wire of IMAP4rev1 (RFC 3501 section 5.1.3). */
#ifndef MAIL_UTF7_H
#define MAIL_UTF7_H

#include "base/buf.h"

/* Add a UTF-8 name in modified UTF-7. */
void utf7_encode(struct buf *out, struct str name);

/*
 * Add the UTF-8 of a name in modified UTF-7.
 *
 * Returns:  false when it is not (octets above 126, an open or needless
 *           shift, half a surrogate pair): out may hold a part.
 */
bool utf7_decode(struct buf *out, struct str text);

#endif
