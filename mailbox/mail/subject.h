/* The base subject, by which threads and sorting go (RFC 5256 section 2.1). */
#ifndef MAIL_SUBJECT_H
#define MAIL_SUBJECT_H

#include "base/buf.h"

/*
 * Add the base subject of a Subject as it stands in the header (encoded-words
 * of all charsets decoded, white space collapsed), not folded.
 *
 * Returns:  whether it was a reply or a forward.
 */
bool subject_base(struct buf *out, struct str value);

#endif
