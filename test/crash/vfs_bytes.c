/* Bytes that grow with zeros, as a file does. */
#include "vfs_bytes.h"

#include <string.h>

#define SECTOR 512		/* bytes written whole or not at all */

void
bytes_write(struct bytes *b, uint64_t at, const void *from, size_t len)
{
	if (at + len > b->len) {
		b->at = xresize(b->at, (size_t)at + len + 1);
		memset(b->at + b->len, 0, (size_t)at + len - b->len);
		b->len = (size_t)at + len;
	}
	if (len > 0)
		memcpy(b->at + at, from, len);
}

unsigned
chance_next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

void
bytes_tear(struct bytes *b, uint64_t at, struct bytes from, unsigned *seed)
{
	for (size_t done = 0; done < from.len; ) {
		size_t len = SECTOR - (size_t)(at + done) % SECTOR;

		if (len > from.len - done)
			len = from.len - done;
		if (seed == NULL || chance_next(seed) % 2 == 0)
			bytes_write(b, at + done, from.at + done, len);
		done += len;
	}
}

struct bytes
bytes_copy(struct bytes from)
{
	struct bytes to = { NULL, 0 };

	bytes_write(&to, 0, from.at, from.len);
	return to;
}
