/*
 * Memory in chunks that grow, so that small trees stay small and large ones
 * need few of them. What is given out is counted, not what was allocated.
 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_LEAST 1024	/* bytes of the first chunk */
#define CHUNK_MOST 65536	/* bytes of a chunk that nobody asked for */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;	/* of at */
	max_align_t at[];
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

/* A chunk with room for size bytes, in front of the others. */
static struct arena_chunk *
chunk_add(struct arena *a, size_t size)
{
	struct arena_chunk *chunk;
	size_t least, sum;

	least = a->chunks == NULL ? CHUNK_LEAST : a->chunks->size * 2;
	if (least > CHUNK_MOST)
		least = CHUNK_MOST;
	if (size < least)
		size = least;
	must(add_ok(&sum, size, sizeof *chunk));
	chunk = xalloc(1, sum);
	chunk->size = size;
	chunk->next = a->chunks;
	a->chunks = chunk;
	return chunk;
}

void *
arena_take(struct arena *a, size_t count, size_t size)
{
	struct arena_chunk *chunk;
	size_t need;
	char *at;

	if (__builtin_mul_overflow(count, size, &need) ||
	    !add_ok(&need, need, sizeof (max_align_t) - 1) ||
	    need > a->max - a->used) {
		a->full = true;
		return NULL;
	}
	need -= need % sizeof (max_align_t);
	chunk = a->chunks;
	if (chunk == NULL || chunk->size - chunk->used < need)
		chunk = chunk_add(a, need);
	at = (char *)chunk->at + chunk->used;
	chunk->used += need;
	a->used += need;
	return at;
}

void
arena_drop(struct arena *a)
{
	struct arena_chunk *chunk;

	while ((chunk = a->chunks) != NULL) {
		a->chunks = chunk->next;
		free(chunk);
	}
	arena_init(a, a->max);
}

void
arena_wipe(struct arena *a)
{
	struct arena_chunk *chunk;

	for (chunk = a->chunks; chunk != NULL; chunk = chunk->next) {
		memset(chunk->at, 0, chunk->used);
		/* the compiler must think that somebody looks */
		__asm__ __volatile__("" : : "r" (chunk->at) : "memory");
	}
	arena_drop(a);
}
