/* Which server comes next: order, ourselves, null MX, what is heard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/mx.h"
#include "vector.h"

int mx_test(void);

#define OWN STR("box.example.test")

static void
test_order(void **state)
{
	struct mx_record r[] = {
		{ STR("c.example"), 20, 1 }, { STR("b.example"), 10, 9 },
		{ STR("a.example"), 10, 4 }, { STR("d.example"), 65535, 0 },
	};
	size_t count = countof(r), i;

	(void)state;
	assert_int_equal(mx_plan(r, &count, OWN), MX_TRY);
	assert_int_equal(count, 4);
	for (i = 0; i < count; i++)
		assert_int_equal(r[i].host.at[0], "abcd"[i]);
	/* Chance alone orders those of one preference. */
	r[0].draw = 5;
	r[1].draw = 2;
	assert_int_equal(mx_plan(r, &count, OWN), MX_TRY);
	assert_int_equal(r[0].host.at[0], 'b');
	assert_int_equal(r[1].host.at[0], 'a');
	assert_int_equal(r[2].host.at[0], 'c');
}

static void
test_ourselves(void **state)
{
	const struct mx_record whole[] = {
		{ STR("first.example"), 5, 9 },
		{ STR("beside.example"), 10, 1 },
		{ STR("BOX.example.test"), 10, 5 },
		{ STR("after.example"), 10, 9 }, { STR("last.example"), 20, 1 },
	};
	struct mx_record r[countof(whole)];
	size_t count = countof(whole);

	(void)state;
	memcpy(r, whole, sizeof r);
	assert_int_equal(mx_plan(r, &count, OWN), MX_TRY);
	assert_int_equal(count, 1);
	assert_true(str_equal(r[0].host, STR("first.example")));
	/* Nobody is better than us. */
	memcpy(r, whole + 1, sizeof r - sizeof r[0]);
	count = countof(whole) - 1;
	assert_int_equal(mx_plan(r, &count, OWN), MX_LOOP);
	memcpy(r, whole + 2, sizeof r[0]);
	count = 1;
	assert_int_equal(mx_plan(r, &count, OWN), MX_LOOP);
	/* A name of which ours is only a part is another. */
	count = 1;
	r[0].host = STR("a.box.example.test");
	assert_int_equal(mx_plan(r, &count, OWN), MX_TRY);
	assert_int_equal(count, 1);
}

static void
test_null(void **state)
{
	struct mx_record r[] = {
		{ STR(""), 0, 1 }, { STR("a.example"), 10, 2 },
		{ STR(""), 20, 3 },
	};
	size_t count = 1;

	(void)state;
	assert_int_equal(mx_plan(r, &count, OWN), MX_NULL);
	/* It must stand alone; where it does not, it says nothing. */
	count = 3;
	assert_int_equal(mx_plan(r, &count, OWN), MX_TRY);
	assert_int_equal(count, 1);
	assert_true(str_equal(r[0].host, STR("a.example")));
}

/* However many addresses a host has, all hosts behind it get one try. */
static void
test_share(void **state)
{
	static const struct {
		size_t tries, behind, share;
	} cases[] = {
		{ 10, 0, 10 }, { 10, 1, 3 }, { 10, 7, 3 }, { 10, 8, 2 },
		{ 10, 9, 1 }, { 3, 1, 2 }, { 1, 1, 1 }, { 1, 5, 1 },
		{ 1, 0, 1 }
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		assert_int_equal(mx_share(cases[i].tries, cases[i].behind),
		    cases[i].share);
}

static void
test_words(void **state)
{
	(void)state;
	/* Permanent only when no server could ever take it. */
	assert_true(mx_outweighs(MX_LACKING, MX_NOTHING));
	assert_true(mx_outweighs(MX_SILENT, MX_LACKING));
	assert_false(mx_outweighs(MX_LACKING, MX_SILENT));
	/* What a server said tells more than that another is down. */
	assert_false(mx_outweighs(MX_SILENT, MX_LATER));
	assert_false(mx_outweighs(MX_LACKING, MX_LATER));
	assert_true(mx_outweighs(MX_LATER, MX_LATER));
	assert_true(mx_outweighs(MX_FINAL, MX_LATER));
	assert_false(mx_outweighs(MX_FINAL, MX_FINAL));
	assert_true(mx_goes_on(MX_NOTHING, 9));
	assert_true(mx_goes_on(MX_SILENT, 9));
	assert_true(mx_goes_on(MX_LACKING, 9));
	assert_true(mx_goes_on(MX_LATER, 1));
	assert_false(mx_goes_on(MX_LATER, 2));
	assert_false(mx_goes_on(MX_FINAL, 0));
}

static void
test_literals(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		unsigned char ip[16];
	} good[] = {
		{ "[192.0.2.1]", 4, { 192, 0, 2, 1 } },
		{ "[0.0.0.255]", 4, { 0, 0, 0, 255 } },
		{ "[IPv6:2001:db8::1]", 16, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0,
		    0, 0, 0, 0, 0, 0, 0, 0, 1 } },
		{ "[ipv6:2001:DB8:1:2:3:4:5:6]", 16, { 0x20, 0x01, 0x0d, 0xb8,
		    0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6 } },
		{ "[IPv6:::]", 16, { 0 } },
		{ "[IPv6:::1]", 16, { [15] = 1 } },
		{ "[IPv6:fe80::]", 16, { 0xfe, 0x80 } },
		{ "[IPv6:::ffff:192.0.2.1]", 16, { [10] = 0xff, 0xff, 192, 0,
		    2, 1 } },
		{ "[IPv6:1:2:3:4:5:6:192.0.2.1]", 16, { 0, 1, 0, 2, 0, 3, 0, 4,
		    0, 5, 0, 6, 192, 0, 2, 1 } },
		{ "[IPv6:1::2:3]", 16, { 0, 1, [12] = 0, 2, 0, 3 } },
	};
	static const char *const bad[] = {
		"", "example", "192.0.2.1", "[]", "[192.0.2]", "[192.0.2.256]",
		"[IPv6:1:2]", "[IPv6:1::2::3]", "[IPv6:12345::]", "[tag:x]",
		"[IPv6:1:2:3:4:5:6:7:192.0.2.1]", "[192.0.2.1", "[a.b.c.d]",
	};
	unsigned char ip[16];
	size_t i, len;

	(void)state;
	for (i = 0; i < countof(good); i++) {
		assert_true(mx_literal(vector_guard(str_of(good[i].text)), ip,
		    &len));
		assert_int_equal(len, good[i].len);
		assert_memory_equal(ip, good[i].ip, len);
	}
	for (i = 0; i < countof(bad); i++)
		assert_false(mx_literal(vector_guard(str_of(bad[i])), ip,
		    &len));
}

int
mx_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ourselves),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_literals),
	};

	return cmocka_run_group_tests_name("rules/mx", tests, NULL, NULL);
}
