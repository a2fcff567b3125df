/* What is left in memory that was freed. */
#ifndef TEST_UNIT_FREED_H
#define TEST_UNIT_FREED_H

#include <stdint.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define FREED_MAX 65536

/*
 * Whether text stands in the len bytes that were at this address. Meaningful
 * under the address sanitizer, which keeps freed memory as it was for a
 * while; else it may be in use again, or gone, and holds nothing.
 */
static inline int
freed_holds(uintptr_t at, size_t len, const char *text)
{
	static char copy[FREED_MAX];
	struct iovec local = { copy, sizeof copy };
	struct iovec remote = { (void *)at, len < FREED_MAX ? len : FREED_MAX };
	ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	return got > 0 &&
	    memmem(copy, (size_t)got, text, strlen(text)) != NULL;
}

#endif
