/* Relaxed canonical form of a message (RFC 6376 section 3.4). */
#ifndef PROOF_CANON_H
#define PROOF_CANON_H

#include "base/crypto.h"
#include "mail/head.h"

/* The hash of a body that comes in pieces; plain memory. */
struct canon {
	struct sha256 hash;
	uint64_t lines;		/* line ends not yet hashed: they may be the
				   last ones */
	bool space;		/* white space not yet hashed */
	bool seen_cr;
	bool filled;		/* something but empty lines was there */
};

void canon_init(struct canon *c);

/* Feed the next bytes of the body, cut anywhere (section 3.4.4). */
void canon_feed(struct canon *c, struct str s);

/* The hash of all that was fed, for bh=; c is then of no more use. */
void canon_end(struct canon *c, unsigned char hash[SHA256_SIZE]);

/*
 * Add a header field in its relaxed form (section 3.4.2), its CRLF included:
 * at most the length of field->whole and two bytes.
 */
void canon_field(struct buf *out, const struct head_field *field);

#endif
