/*
 * Memory that is there or aborts. The other half of base.h, must_fail(), is
 * in log.c, because it has to say something before it dies.
 */
#include "base/base.h"

#include <stdlib.h>

void *
xalloc(size_t count, size_t size)
{
	void *at;

	/* calloc() may answer NULL for nothing; callers never should see it */
	at = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
	must(at != NULL);
	return at;
}

void *
xresize(void *at, size_t size)
{
	void *moved;

	moved = realloc(at, size > 0 ? size : 1);
	must(moved != NULL);
	return moved;
}
