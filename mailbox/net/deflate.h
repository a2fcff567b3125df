/* A connection's bytes compressed, both ways (RFC 4978, RFC 1951). */
#ifndef NET_DEFLATE_H
#define NET_DEFLATE_H

#include "base/buf.h"

/* Some 35 KB, and as much again once something has come in. */
struct deflate;

/* Returns owned: deflate_drop() it, which wipes. */
struct deflate *deflate_new(void);
void deflate_drop(struct deflate *d);	/* NULL is fine */

/* Add s, compressed, to out so that the peer can read all of it. */
void deflate_pack(struct deflate *d, struct str s, struct buf *out);

/*
 * Put what came in, made plain, at at.
 *
 * s         compressed bytes; what is used is cut off
 * got       how many are there now, room at most. When that is room, more may
 *           be had without new input.
 *
 * Returns:  false when it is broken, or ended, which RFC 4978 has no use for.
 */
bool deflate_unpack(struct deflate *d, struct str *s, char *at, size_t room,
	size_t *got);

#endif
