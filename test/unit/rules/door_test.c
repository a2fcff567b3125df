/* Logins: slowed, capped, and never shut for the owner by strangers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/door.h"

int door_test(void);

static struct network
network(unsigned i)
{
	const unsigned char ip[4] = { 10, (unsigned char)(i / 256),
	    (unsigned char)(i % 256), 1 };

	return network_of(ip, 4);
}

static void
test_delay(void **state)
{
	static struct door door;
	int64_t wait_ms = DOOR_DELAY_MS;
	unsigned i;

	(void)state;
	door_init(&door);
	for (i = 0; i < 40; i++) {
		assert_int_equal(door_failed(&door, network(1), 0), wait_ms);
		wait_ms *= 2;
		if (wait_ms > DOOR_DELAY_MAX_MS)
			wait_ms = DOOR_DELAY_MAX_MS;
	}
	assert_int_equal(door_failed(&door, network(2), 0), DOOR_DELAY_MS);
}

static void
test_network_shut_and_open_again(void **state)
{
	static struct door door;
	unsigned i;

	(void)state;
	door_init(&door);
	for (i = 0; i < DOOR_NETWORK_MAX; i++) {
		assert_int_equal(door_judge(&door, network(1), 0), DOOR_OPEN);
		door_failed(&door, network(1), 0);
	}
	assert_int_equal(door_judge(&door, network(1), 0), DOOR_SHUT);
	assert_int_equal(door_judge(&door, network(2), 0), DOOR_OPEN);
	/* Beating on a shut door does not keep it shut. */
	for (i = 0; i < 1000; i++)
		door_failed(&door, network(1), 0);
	assert_int_equal(door_judge(&door, network(1), DOOR_LEAK_MS - 1),
	    DOOR_SHUT);
	assert_int_equal(door_judge(&door, network(1), DOOR_LEAK_MS),
	    DOOR_OPEN);
	/* A success forgives, one's own cap holds for a friend as well. */
	door_passed(&door, network(1));
	assert_int_equal(door_failed(&door, network(1), DOOR_LEAK_MS),
	    DOOR_DELAY_MS);
	for (i = 1; i < DOOR_NETWORK_MAX; i++)
		door_failed(&door, network(1), DOOR_LEAK_MS);
	assert_int_equal(door_judge(&door, network(1), DOOR_LEAK_MS),
	    DOOR_SHUT);
}

static void
test_world_shut_but_not_for_friends(void **state)
{
	static struct door door;
	unsigned i;

	(void)state;
	door_init(&door);
	door_passed(&door, network(9000));
	for (i = 0; i < DOOR_ALL_MAX; i++) {
		assert_int_equal(door_judge(&door, network(i), 5),
		    DOOR_OPEN);
		door_failed(&door, network(i), 5);
	}
	assert_int_equal(door_judge(&door, network(8000), 5), DOOR_SHUT);
	assert_int_equal(door_judge(&door, network(9000), 5), DOOR_OPEN);
	for (i = 0; i < 5000; i++)
		door_failed(&door, network(i), 5);
	assert_int_equal(door_judge(&door, network(9000), 5), DOOR_OPEN);
	assert_int_equal(door_judge(&door, network(8000),
	    5 + DOOR_LEAK_MS - 1), DOOR_SHUT);
	assert_int_equal(door_judge(&door, network(8000), 5 + DOOR_LEAK_MS),
	    DOOR_OPEN);
}

static void
test_friends(void **state)
{
	static struct door door;
	unsigned i;

	(void)state;
	door_init(&door);
	for (i = 0; i < DOOR_FRIENDS; i++)
		door_passed(&door, network(100 + i));
	/* The first comes again, so the second is the oldest and goes. */
	door_passed(&door, network(100));
	door_passed(&door, network(200));
	assert_int_equal(door.friend_count, DOOR_FRIENDS);
	for (i = 0; i < DOOR_ALL_MAX; i++)
		door_failed(&door, network(1000 + i), 0);
	assert_int_equal(door_judge(&door, network(100), 0), DOOR_OPEN);
	assert_int_equal(door_judge(&door, network(200), 0), DOOR_OPEN);
	assert_int_equal(door_judge(&door, network(101), 0), DOOR_SHUT);
	assert_int_equal(door_judge(&door, network(102), 0), DOOR_OPEN);
}

int
door_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_network_shut_and_open_again),
		cmocka_unit_test(test_world_shut_but_not_for_friends),
		cmocka_unit_test(test_friends),
	};

	return cmocka_run_group_tests_name("rules/door", tests, NULL, NULL);
}
