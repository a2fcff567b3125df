/* Boundaries found in one walk, as if all of them were tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "mail/mime_part.h"

int mime_boundary_test(void);

#define NAME_MAX_LEN 5

/* A few octets of a, b and '-', as chance goes on. */
static struct str
name(char at[NAME_MAX_LEN], uint32_t *random)
{
	size_t len, i;

	*random = *random * 1664525 + 1013904223;
	len = (*random >> 24) % (NAME_MAX_LEN + 1);
	for (i = 0; i < len; i++) {
		*random = *random * 1664525 + 1013904223;
		at[i] = "ab--"[*random >> 30];
	}
	return str_from(at, len);
}

static struct str
boundary_of(const struct mime *m, unsigned level)
{
	return str_part(buf_str(&m->boundaries), m->levels[level].boundary,
	    m->levels[level].boundary_len);
}

/* The longest; "a--" closes a, unless there is a boundary further in. */
static unsigned
try_all(const struct mime *m, struct str line)
{
	size_t best_len, exact;
	struct str boundary;
	unsigned best, i;

	best = m->depth;
	best_len = 0;
	exact = line.len > 2 && str_ends(line, STR("--")) ? line.len - 2 :
	    line.len;
	for (i = m->depth; i-- > 0; ) {
		boundary = boundary_of(m, i);
		if (!m->levels[i].bounded || !str_starts(line, boundary) ||
		    (best < m->depth && boundary.len <= best_len))
			continue;
		best = i;
		best_len = boundary.len;
		if (best_len == line.len || best_len == exact)
			break;
	}
	return best;
}

static void
feed(struct mime *m, struct str s)
{
	while (mime_step(m, &s) != MIME_MORE)
		continue;
}

/* Begin a multipart in the one that is open. */
static void
nest(struct mime *m, struct str boundary)
{
	struct buf text;

	buf_init(&text, 1000);
	if (m->depth > 0) {
		buf_add_text(&text, "--");
		buf_add(&text, boundary_of(m, m->depth - 1));
		buf_add_char(&text, '\n');
	}
	buf_add_text(&text, "Content-Type: multipart/x; boundary=\"");
	buf_add(&text, boundary);
	buf_add_text(&text, "\"\n\n.\n");
	feed(m, buf_str(&text));
	buf_drop(&text);
}

static void
test_random(void **state)
{
	unsigned round, deep, i;
	char at[NAME_MAX_LEN];
	struct str line;
	struct mime *m;
	uint32_t random;

	(void)state;
	random = 1;
	deep = 0;
	for (round = 0; round < 2000; round++) {
		m = mime_new();
		/* what is also the delimiter of one further out ends parts */
		for (i = 0; i < round % 12; i++)
			nest(m, name(at, &random));
		deep = m->depth > deep ? m->depth : deep;
		for (i = 0; m->depth > 0 && i < 50; i++) {
			line = name(at, &random);
			assert_int_equal(mime_find_boundary(m, line),
			    try_all(m, line));
		}
		mime_drop(m);
	}
	assert_in_range(deep, 6, MIME_DEPTH_MAX);
}

/* The time that lines take that are nearly delimiters, in so many parts. */
static clock_t
spend(unsigned depth)
{
	struct mime *m;
	struct buf text;
	clock_t start;
	char at[2] = "a";
	unsigned i;

	m = mime_new();
	for (i = 0; i < depth; i++) {
		at[1] = (char)(128 + i);
		nest(m, str_from(at, sizeof at));
	}
	assert_int_equal(m->bounded, depth);
	buf_init(&text, 2 << 20);
	for (i = 0; i < 100000; i++)
		buf_add_text(&text, "--a~\n--a\xFF\n--b\n");
	start = clock();
	for (i = 0; i < 5; i++)
		feed(m, buf_str(&text));
	start = clock() - start;
	assert_int_equal(m->depth, depth);
	buf_drop(&text);
	mime_drop(m);
	return start;
}

/* Not every level is tried for every line. */
static void
test_deep(void **state)
{
	clock_t one;

	(void)state;
	one = spend(1);
	assert_true(spend(98) < one * 5);
}

int
mime_boundary_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests_name("mail/mime_boundary", tests, NULL,
	    NULL);
}
