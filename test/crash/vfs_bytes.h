/* Bytes that grow with zeros, as a file does. */
#ifndef TEST_CRASH_VFS_BYTES_H
#define TEST_CRASH_VFS_BYTES_H

#include "base/base.h"

/* Zeroed: none. Owns at, from xresize(). */
struct bytes {
	unsigned char *at;
	size_t len;
};

/* Put len bytes at an offset; what lies between the end and that is zero. */
void bytes_write(struct bytes *b, uint64_t at, const void *from, size_t len);

/*
 * The same with each sector written or not, as chance has it.
 *
 * seed      NULL: all are written
 */
void bytes_tear(struct bytes *b, uint64_t at, struct bytes from,
	unsigned *seed);

/* The next of a row of numbers without order, the same for the same seed. */
unsigned chance_next(unsigned *seed);

/* Returned owned. */
struct bytes bytes_copy(struct bytes from);

#endif
