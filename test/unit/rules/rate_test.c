/* Counting per network: what leaks, what is evicted, what is one network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rate.h"

int rate_test(void);

static struct network
ipv4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	const unsigned char ip[4] = { (unsigned char)a, (unsigned char)b,
	    (unsigned char)c, (unsigned char)d };

	return network_of(ip, 4);
}

static bool
same(struct network a, struct network b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static void
test_network(void **state)
{
	unsigned char ip[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 9 };
	struct network six;

	(void)state;
	assert_true(same(ipv4(192, 0, 2, 1), ipv4(192, 0, 2, 255)));
	assert_false(same(ipv4(192, 0, 2, 1), ipv4(192, 0, 3, 1)));
	assert_true(same(network_of(ip, 16), ipv4(192, 0, 2, 1)));

	memcpy(ip, "\x20\x01\x0d\xb8\x00\x01\x00\x00\x00\x00\x00\x00", 12);
	six = network_of(ip, 16);
	ip[6] = ip[15] = 7;
	assert_true(same(network_of(ip, 16), six));
	ip[5] = 2;
	assert_false(same(network_of(ip, 16), six));
	/* Families never meet, and no address is the free slot. */
	memset(ip, 0, sizeof ip);
	assert_false(same(network_of(ip, 16), ipv4(0, 0, 0, 0)));
	assert_false(same(ipv4(0, 0, 0, 0), (struct network){ { 0 } }));
	assert_false(same(network_of(ip, 16), (struct network){ { 0 } }));
}

static void
test_leak(void **state)
{
	static struct rate rate;
	struct network a = ipv4(192, 0, 2, 1), b = ipv4(198, 51, 100, 1);

	(void)state;
	rate_init(&rate, 1000);
	assert_int_equal(rate_level(&rate, a, 0), 0);
	assert_int_equal(rate_hit(&rate, a, 0), 1);
	assert_int_equal(rate_hit(&rate, a, 0), 2);
	assert_int_equal(rate_hit(&rate, a, 500), 3);
	assert_int_equal(rate_level(&rate, a, 500), 3);
	assert_int_equal(rate_level(&rate, b, 500), 0);
	assert_int_equal(rate_level(&rate, a, 1000), 2);
	assert_int_equal(rate_level(&rate, a, 2999), 1);
	assert_int_equal(rate_level(&rate, a, 3000), 0);
	/* An emptied count starts anew, however long ago it was. */
	assert_int_equal(rate_hit(&rate, a, 900000), 1);
	assert_int_equal(rate_level(&rate, a, 900999), 1);
	rate_hit(&rate, b, 900000);
	rate_clear(&rate, a);
	assert_int_equal(rate_level(&rate, a, 900000), 0);
	assert_int_equal(rate_level(&rate, b, 900000), 1);
	rate_clear(&rate, a);
}

static void
test_flood(void **state)
{
	static struct rate rate;
	struct network loud = ipv4(192, 0, 2, 1);
	unsigned i;

	(void)state;
	rate_init(&rate, 1000);
	for (i = 0; i < 50; i++)
		rate_hit(&rate, loud, 0);
	/* More networks than slots: the ones that leak first make room. */
	for (i = 0; i < 4 * RATE_SLOTS; i++)
		assert_int_equal(rate_hit(&rate,
		    ipv4(10, i / 256, i % 256, 1), 0), 1);
	assert_int_equal(rate_level(&rate, loud, 0), 50);
	assert_int_equal(rate_level(&rate, ipv4(10, 15, 255, 1), 0), 1);
	/* And the free ones before those. */
	assert_int_equal(rate_hit(&rate, loud, 2000), 49);
	assert_int_equal(rate_hit(&rate, ipv4(10, 0, 0, 9), 2000), 1);
	assert_int_equal(rate_level(&rate, loud, 2000), 49);
}

int
rate_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_leak),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests_name("rules/rate", tests, NULL, NULL);
}
