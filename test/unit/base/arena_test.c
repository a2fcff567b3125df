/* Arenas: aligned, zeroed, and never beyond their cap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

int arena_test(void);

static void
test_takes(void **state)
{
	struct arena a;
	size_t size, i, left = 0;
	char *at;

	(void)state;
	arena_init(&a, 1 << 20);
	for (size = 0; size < 3000; size++) {
		at = arena_take(&a, 1, size);
		assert_non_null(at);
		assert_int_equal((uintptr_t)at % sizeof (void *), 0);
		for (i = 0; i < size; i++)
			assert_int_equal(at[i], 0);
		memset(at, 0xFF, size);
		left += size;
		if (a.max - a.used < 4000)
			break;
	}
	assert_true(a.used >= left && a.used <= a.max);
	assert_false(a.full);
	arena_drop(&a);
	assert_int_equal(a.used, 0);
	assert_int_equal(a.max, 1 << 20);
	arena_drop(&a);
}

static void
test_cap(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_null(arena_take(&a, 1, 1));
	assert_true(a.full);
	arena_drop(&a);

	arena_init(&a, 4096);
	assert_non_null(arena_take(&a, 4000, 1));
	assert_null(arena_take(&a, 100, 1));
	assert_true(a.full);
	assert_non_null(arena_take(&a, 16, 1));
	assert_null(arena_take(&a, SIZE_MAX / 2, 3));
	assert_null(arena_take(&a, SIZE_MAX, 1));
	arena_drop(&a);
	assert_false(a.full);
}

int
arena_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes),
		cmocka_unit_test(test_cap),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
