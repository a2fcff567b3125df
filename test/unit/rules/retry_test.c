/* The schedule: when next, when late, when never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/retry.h"

int retry_test(void);

#define QUEUED 1700000000

static void
test_spread(void **state)
{
	static const int64_t waits[] = {
		300, 600, 1200, 2400, 3600, 7200, 14400, 14400, 14400
	};
	int64_t wait, least, most;
	uint32_t chance;
	unsigned i;

	(void)state;
	for (i = 0; i < countof(waits); i++) {
		least = INT64_MAX;
		most = 0;
		for (chance = 0; chance < 20000; chance++) {
			wait = retry_next(i + 1, QUEUED, QUEUED,
			    chance * 214748u) - QUEUED;
			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		assert_in_range(least, waits[i] * 7 / 8,
		    waits[i] * 7 / 8 + waits[i] / 50);
		assert_in_range(most, waits[i] * 9 / 8 - waits[i] / 50,
		    waits[i] * 9 / 8);
	}
	assert_true(retry_next(1, QUEUED, QUEUED, UINT32_MAX) > QUEUED);
}

static void
test_whole_course(void **state)
{
	int64_t now = QUEUED, next;
	unsigned attempts = 1;

	(void)state;
	for (;;) {
		next = retry_next(attempts, QUEUED, now, attempts * 77777u);
		if (next == RETRY_NEVER)
			break;
		assert_true(next > now);
		assert_true(next <= QUEUED + RETRY_FOR_S);
		assert_true(next <= now + RETRY_WAIT_MAX_S);
		now = next;
		attempts++;
	}
	/* The last attempt is when the time is over. */
	assert_int_equal(now, QUEUED + RETRY_FOR_S);
	assert_in_range(attempts, 30, 45);
	assert_true(retry_next(UINT32_MAX, QUEUED, QUEUED + 1000, 0) >
	    QUEUED + 1000);
}

static void
test_clock_jumps(void **state)
{
	(void)state;
	assert_in_range(retry_next(1, QUEUED, QUEUED - 86400, 0),
	    QUEUED - 86400 + 1, QUEUED - 86400 + 600);
	/* forward: some attempts are made all the same, and then no more */
	assert_in_range(retry_next(1, QUEUED, QUEUED + 10 * RETRY_FOR_S, 0),
	    QUEUED + 10 * RETRY_FOR_S + 1, QUEUED + 10 * RETRY_FOR_S + 600);
	assert_true(retry_next(RETRY_LEAST - 1, QUEUED,
	    QUEUED + RETRY_FOR_S, 0) > QUEUED + RETRY_FOR_S);
	assert_true(retry_next(RETRY_LEAST, QUEUED,
	    QUEUED + 10 * RETRY_FOR_S, 0) == RETRY_NEVER);
	assert_true(retry_next(RETRY_LEAST, QUEUED, QUEUED + RETRY_FOR_S - 1,
	    0) == QUEUED + RETRY_FOR_S);
}

static void
test_late(void **state)
{
	(void)state;
	assert_false(retry_is_late(QUEUED, QUEUED));
	assert_false(retry_is_late(QUEUED, QUEUED - 86400));
	assert_false(retry_is_late(QUEUED, QUEUED + RETRY_NOTICE_S - 1));
	assert_true(retry_is_late(QUEUED, QUEUED + RETRY_NOTICE_S));
}

int
retry_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_whole_course),
		cmocka_unit_test(test_clock_jumps),
		cmocka_unit_test(test_late),
	};

	return cmocka_run_group_tests_name("rules/retry", tests, NULL, NULL);
}
