/* Sorting in slices gives the same order as sorting at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "talk/merge.h"

int merge_test(void);

#define ITEMS_MAX 300

static unsigned
next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static int
by_key(const void *context, uint32_t a, uint32_t b)
{
	const unsigned *keys = context;

	return keys[a] < keys[b] ? -1 : keys[a] > keys[b];
}

/* Ascending by key; equal ones as they came. */
static void
check_order(const struct merge *s, const unsigned *keys)
{
	bool seen[ITEMS_MAX] = { false };
	size_t i;

	for (i = 0; i < s->count; i++) {
		assert_true(s->items[i] < s->count);
		assert_false(seen[s->items[i]]);
		seen[s->items[i]] = true;
		if (i == 0)
			continue;
		assert_true(keys[s->items[i - 1]] < keys[s->items[i]] ||
		    (keys[s->items[i - 1]] == keys[s->items[i]] &&
		    s->items[i - 1] < s->items[i]));
	}
}

static void
test_orders(void **state)
{
	static const size_t steps[] = { 1, 2, 7, 100, 100000 };
	unsigned keys[ITEMS_MAX], seed = 1;
	struct merge s;
	size_t count, i;

	(void)state;
	for (count = 0; count < ITEMS_MAX; count++) {
		for (i = 0; i < count; i++)
			keys[i] = next_random(&seed) % (count % 7 == 0 ? 3 :
			    1000);
		merge_begin(&s, count, by_key, keys);
		while (!merge_step(&s, steps[count % countof(steps)]))
			;
		check_order(&s, keys);
		merge_drop(&s);
		merge_drop(&s);
	}
}

/* A slice moves no more than it may. */
static void
test_slices(void **state)
{
	unsigned keys[ITEMS_MAX], seed = 7, slices = 0;
	struct merge s;
	size_t i;

	(void)state;
	for (i = 0; i < ITEMS_MAX; i++)
		keys[i] = next_random(&seed);
	merge_begin(&s, ITEMS_MAX, by_key, keys);
	while (!merge_step(&s, 10))
		slices++;
	/* nine rounds of all of them */
	assert_in_range(slices, 9 * ITEMS_MAX / 10 - 1, 9 * ITEMS_MAX / 10);
	merge_drop(&s);
}

int
merge_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_slices),
	};

	return cmocka_run_group_tests_name("talk/merge", tests, NULL, NULL);
}
