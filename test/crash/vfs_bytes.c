/* Bytes that grow with zeros, as a file does. */
#include "vfs_bytes.h"

#include <string.h>

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

struct bytes
bytes_copy(struct bytes from)
{
	struct bytes to = { NULL, 0 };

	bytes_write(&to, 0, from.at, from.len);
	return to;
}
