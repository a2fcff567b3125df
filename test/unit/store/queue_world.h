/* Letters for the tests of the queue. */
#ifndef TEST_STORE_QUEUE_WORLD_H
#define TEST_STORE_QUEUE_WORLD_H

#include "fixture.h"
#include "store/queue.h"

#define QUEUE_HEAD "From: shop@example.test\r\nSubject: n\r\n\r\n"

/* Begin a letter and write body n of that size, in parts of another. */
struct queue_writer *queue_write(struct fixture *f, unsigned n, size_t size,
	size_t part);

/*
 * Queue letter n with a body of that size; the caller commits.
 *
 * to        addresses, one space between them; by the domain of each
 */
uint64_t queue_put(struct fixture *f, unsigned n, size_t size, const char *to);

/* Whether a letter reads as letter n, and no piece but the last is short. */
void queue_reads(struct fixture *f, uint64_t letter, unsigned n, size_t size);

/* The id of the place-th recipient of a letter. */
uint64_t queue_of(uint64_t letter, unsigned place);

#endif
