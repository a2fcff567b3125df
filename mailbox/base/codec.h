/* Bytes as text and back: base64, base32, hexadecimal. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/buf.h"

/* Add the base64 of raw (RFC 4648 section 4), padded, on one line. */
void base64_encode(struct buf *out, struct str raw);

/*
 * Add the bytes that text stands for: strict, padding required, no white
 * space (RFC 4648 section 3).
 *
 * Returns:  false when text is not base64; out may then hold a part.
 */
bool base64_decode(struct buf *out, struct str text);

/*
 * Add raw in the 32 letters a-z 2-7 (RFC 4648 section 6 in lower case,
 * unpadded), with a '-' after every group of group letters; 0 for none.
 */
void base32_encode(struct buf *out, struct str raw, size_t group);

/*
 * As a person types it: any letter case, '-' and spaces left out, and 0, 1
 * and 8 read as o, l and b.
 *
 * Returns:  false on any other sign, on a sign too many, or when bits are
 *           left over that are not zero; out may then hold a part.
 */
bool base32_decode(struct buf *out, struct str text);

/* Add two lower-case digits for every byte. */
void hex_encode(struct buf *out, struct str raw);

#endif
