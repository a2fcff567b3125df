/* Views: cutting, searching, comparing, numbers, UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "vector.h"

int str_test(void);

static const struct str none = { NULL, 0 };

static void
test_cut(void **state)
{
	struct str s, head;

	(void)state;
	s = STR("one two");
	assert_true(str_equal(str_part(s, 4, 100), STR("two")));
	assert_true(str_equal(str_part(s, 100, 100), STR("")));
	assert_true(str_equal(str_part(s, 0, 3), STR("one")));
	assert_true(str_equal(str_part(none, 1, 1), none));

	assert_true(str_split(&s, ' ', &head));
	assert_true(str_equal(head, STR("one")));
	assert_true(str_equal(s, STR("two")));
	assert_false(str_split(&s, ' ', &head));
	assert_true(str_equal(s, STR("two")));

	assert_false(str_skip(&s, 'w'));
	assert_true(str_skip(&s, 't'));
	assert_true(str_equal(s, STR("wo")));
	assert_true(str_skip_word(&s, STR("WO")));
	assert_int_equal(s.len, 0);
	assert_false(str_skip(&s, 'x'));
	assert_false(str_skip_word(&s, STR("x")));

	s = STR("ab");
	assert_false(str_skip_word(&s, STR("abc")));
	assert_true(str_equal(str_take(&s, 9), STR("ab")));
	assert_int_equal(s.len, 0);
}

static void
test_find(void **state)
{
	struct str s;

	(void)state;
	s = STR("abcabcd");
	assert_int_equal(str_find(s, 0, 'c'), 2);
	assert_int_equal(str_find(s, 3, 'c'), 5);
	assert_true(str_find(s, 6, 'c') == STR_NONE);
	assert_true(str_find(s, 99, 'c') == STR_NONE);
	assert_true(str_find(none, 0, 'c') == STR_NONE);

	assert_int_equal(str_find_str(s, STR("abcd")), 3);
	assert_int_equal(str_find_str(s, STR("")), 0);
	assert_int_equal(str_find_str(none, STR("")), 0);
	assert_true(str_find_str(s, STR("abcde")) == STR_NONE);
	assert_true(str_find_str(s, STR("da")) == STR_NONE);
	assert_true(str_find_str(STR("ab"), STR("abc")) == STR_NONE);
	assert_true(str_find_str(none, STR("a")) == STR_NONE);

	assert_int_equal(str_at(s, 6), 'd');
	assert_int_equal(str_at(s, 7), -1);
	assert_int_equal(str_at(STR("\xff"), 0), 255);
}

/* Every byte value at every place of a word, on every alignment. */
static void
test_find_break(void **state)
{
	char bytes[40];
	struct guard g;
	struct str s;
	size_t place, from;
	int c;

	(void)state;
	guard_init(&g, sizeof bytes);
	for (c = 0; c < 256; c++)
		for (place = 0; place < sizeof bytes; place++) {
			memset(bytes, '\t', sizeof bytes);
			bytes[place] = (char)(unsigned char)c;
			s = guard_place(&g, str_from(bytes, sizeof bytes));
			for (from = 0; from <= s.len; from += 3)
				assert_int_equal(str_find_break(s, from),
				    (c == 0 || c == '\r' || c == '\n') &&
				    place >= from ? place : s.len);
		}
	assert_int_equal(str_find_break(none, 0), 0);
	assert_int_equal(str_find_break(STR("ab"), 5), 2);
	guard_drop(&g);
}

static void
test_compare(void **state)
{
	(void)state;
	assert_true(str_equal(none, STR("")));
	assert_false(str_equal(STR("a"), STR("A")));
	assert_true(str_same(STR("aZ[\xc3\xa9"), STR("Az[\xc3\xa9")));
	assert_false(str_same(STR("\xc3\xa9"), STR("\xc3\x89")));
	assert_false(str_same(STR("@"), STR("`")));
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_false(str_starts(STR("a"), STR("ab")));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_false(str_ends(STR("c"), STR("bc")));
	assert_true(str_ends(STR("c"), none));
	assert_true(str_equal(str_trim(STR(" \t\r\na b\r\n")), STR("a b")));
	assert_true(str_equal(str_trim(STR(" a")), STR("a")));
	assert_int_equal(str_trim(STR(" \r\n")).len, 0);
	assert_int_equal(str_trim(none).len, 0);
	assert_int_equal(str_of(NULL).len, 0);
}

static void
test_number(void **state)
{
	uint64_t n;

	(void)state;
	n = 7;
	assert_false(str_number(STR(""), 9, &n));
	assert_false(str_number(STR("-1"), 9, &n));
	assert_false(str_number(STR("1 "), 9, &n));
	assert_false(str_number(STR("10"), 9, &n));
	assert_false(str_number(STR("18446744073709551616"), UINT64_MAX, &n));
	assert_false(str_number(STR("99999999999999999999999"), UINT64_MAX,
	    &n));
	assert_int_equal(n, 7);
	assert_true(str_number(STR("009"), 9, &n));
	assert_int_equal(n, 9);
	assert_true(str_number(STR("18446744073709551615"), UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_true(str_number(STR("0"), 0, &n));
	assert_int_equal(n, 0);
	assert_false(str_number(STR("1"), 0, &n));
}

static void
test_utf8(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "", true },
		{ "plain", true },
		{ "gr\xc3\xbc\xc3\x9f", true },
		{ "\xe2\x82\xac", true },
		{ "\xf0\x9f\x93\xae", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\x80", false },		/* a tail alone */
		{ "\xc3", false },		/* cut off */
		{ "\xe2\x82", false },
		{ "\xf0\x9f\x93", false },
		{ "\xc0\xaf", false },		/* overlong */
		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xed\xa0\x80", false },	/* surrogate */
		{ "\xf4\x90\x80\x80", false },	/* past U+10FFFF */
		{ "\xf5\x80\x80\x80", false },
		{ "\xff", false },
		{ "\xc3(", false },
		{ "\xe2\x82(", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		assert_int_equal(str_is_utf8(vector_guard(
		    str_of(cases[i].text))), cases[i].good);
	assert_true(str_is_utf8(STR("a\0b")));
	assert_true(str_is_ascii(STR("a\x7f")));
	assert_false(str_is_ascii(STR("a\x80")));
	assert_int_equal(str_utf8(STR("a\xc3\xbc"), 1), 2);
	assert_int_equal(str_utf8(STR("a"), 1), 0);
}

int
str_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_break),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
