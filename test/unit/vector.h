/*
 * The vector harness: one input, many ways of arriving, one outcome.
 *
 * A machine that takes bytes from a connection must not care how the bytes
 * were cut into packets. vector_same() feeds one input to a machine
 *
 *	whole,
 *	byte by byte,
 *	cut once at every position, when it is no longer than VECTOR_CUT_MAX,
 *
 * always from memory that ends at a page that cannot be read, so that a look
 * past the end crashes at once; what was fed before is overwritten, so that a
 * view kept too long shows. All outcomes must be equal, and equal to what the
 * test then compares with its own expectation.
 *
 * The machine is a struct of the test, made fresh by begin(). feed() gets all
 * bytes not yet consumed, old ones first, and cuts off what it uses, as the
 * step functions of talk/ do; it must go on until it wants more bytes. What
 * the machine has to tell (lines, replies, asks, verdicts) goes to out.
 *
 *	static void begin(void *at) { *(struct text *)at = (struct text){ 0 }; }
 *	static bool feed(void *at, struct str *in, struct buf *out)
 *	{ return text_undot(at, in, 1000, out, SIZE_MAX) == TEXT_MORE; }
 *
 *	struct text text;
 *	struct vector_machine m = { &text, begin, feed, NULL };
 *	assert_true(vector_same(&m, STR("..a\r\n.\r\nQUIT\r\n"), &out));
 *
 * A function that parses a whole view gets it from vector_guard().
 */
#ifndef TEST_UNIT_VECTOR_H
#define TEST_UNIT_VECTOR_H

#include "base/buf.h"

#define VECTOR_CUT_MAX 512	/* bytes: longer input is not cut everywhere */
#define VECTOR_OUT_MAX (4 << 20)	/* bytes a machine may tell */

struct vector_machine {
	void *at;

	/* Make the machine at at a fresh one. */
	void (*begin)(void *at);

	/*
	 * Take from *in, add to out.
	 *
	 * Returns:  false when the machine is done and wants nothing more.
	 */
	bool (*feed)(void *at, struct str *in, struct buf *out);

	/*
	 * Say the last words and free what begin() made; may be NULL.
	 *
	 * rest      how many bytes of the whole input were not consumed
	 */
	void (*end)(void *at, size_t rest, struct buf *out);
};

/*
 * Run input in all ways.
 *
 * out       is set up here and gets what the whole run told; the caller
 *           drops it
 *
 * Returns:  false, after saying on the standard error which way differs and
 *           how, when the outcomes are not equal.
 */
bool vector_same(const struct vector_machine *machine, struct str input,
	struct buf *out) __attribute__((warn_unused_result));

/* Bytes that end where memory ends. */
struct guard {
	unsigned char *pages;
	size_t size;		/* of the readable pages */
};

/* Make a guard for views of at most len bytes; end with guard_drop(). */
void guard_init(struct guard *g, size_t len);
void guard_drop(struct guard *g);

/* Copy s to the end of g. Lives: until the next call. */
struct str guard_place(struct guard *g, struct str s);

/*
 * Copy s to where memory ends. The few bytes are never freed.
 *
 * Lives:    for ever.
 */
struct str vector_guard(struct str s);

#endif
