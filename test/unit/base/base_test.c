/* Memory and sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"

int base_test(void);

static void
test_xalloc(void **state)
{
	unsigned char *at;
	size_t i;

	(void)state;
	at = xalloc(10, 3);
	for (i = 0; i < 30; i++)
		assert_int_equal(at[i], 0);
	at[29] = 7;
	at = xresize(at, 3000);
	assert_int_equal(at[29], 7);
	free(at);
	at = xalloc(0, 8);
	assert_non_null(at);
	at = xresize(at, 0);
	assert_non_null(at);
	free(at);
}

static void
test_add_ok(void **state)
{
	size_t sum;

	(void)state;
	assert_true(add_ok(&sum, SIZE_MAX - 1, 1));
	assert_true(sum == SIZE_MAX);
	assert_false(add_ok(&sum, SIZE_MAX, 1));
}

int
base_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xalloc),
		cmocka_unit_test(test_add_ok),
	};

	return cmocka_run_group_tests_name("base/base", tests, NULL, NULL);
}
