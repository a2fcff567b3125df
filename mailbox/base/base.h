/* The few words every file speaks: bounds, sums, and the impossible. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define countof(array) (sizeof (array) / sizeof (array)[0])

/*
 * State what cannot be otherwise; abort with file and line when it is.
 * Stays in every build: a role that met the impossible is restarted by the
 * supervisor rather than allowed to go on.
 */
#define must(cond) ((cond) ? (void)0 : must_fail(__FILE__, __LINE__, #cond))

_Noreturn void must_fail(const char *file, int line, const char *cond);

/*
 * Add two sizes.
 *
 * Returns:  false when the sum does not fit; *sum is then unspecified.
 */
static inline bool
add_ok(size_t *sum, size_t a, size_t b)
{
	return !__builtin_add_overflow(a, b, sum);
}

/*
 * Allocate, or abort: everything that a stranger can make grow has a cap of
 * its own, so running out of memory is a fault of ours.
 *
 * Returns owned: zeroed memory, to be given to free().
 */
void *xalloc(size_t count, size_t size) __attribute__((warn_unused_result));

/* Resize memory of xalloc(), or abort; the new part is not zeroed. */
void *xresize(void *at, size_t size) __attribute__((warn_unused_result));

#endif
