/* Signs that are seen, not seen, and like others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/sign.h"
#include "vector.h"

int sign_test(void);

static void
test_at(void **state)
{
	static const struct {
		const char *text;
		unsigned point;
		size_t len;
	} cases[] = {
		{ "ab", 'a', 1 }, { "\xc3\xbc", 0xFC, 2 },
		{ "\xef\xbc\xa0x", 0xFF20, 3 },
		{ "\xf3\xa0\x80\x81", 0xE0001, 4 },
		{ "\xc3", 0xC3, 1 }, { "\xff\xbc", 0xFF, 1 },
	};
	size_t i, len;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		assert_int_equal(sign_at(vector_guard(str_of(cases[i].text)),
		    &len), cases[i].point);
		assert_int_equal(len, cases[i].len);
	}
}

static void
test_kinds(void **state)
{
	(void)state;
	assert_true(sign_is_space(' ') && sign_is_space(0xA0) &&
	    sign_is_space(0x3000) && sign_is_space('\t'));
	assert_false(sign_is_space('a') || sign_is_space(0x200B));
	assert_true(sign_is_unseen(0xAD) && sign_is_unseen(0x200B) &&
	    sign_is_unseen(0xE0041) && sign_is_unseen(0));
	assert_false(sign_is_unseen('a') || sign_is_unseen(0xFC));
	assert_int_equal(sign_narrow(0xFF20), '@');
	assert_int_equal(sign_narrow(0xFF41), 'a');
	assert_int_equal(sign_narrow(0xFE6B), '@');
	assert_int_equal(sign_narrow(0x3002), '.');
	assert_int_equal(sign_narrow(0xFC), 0xFC);
	assert_int_equal(sign_narrow(0xFF5F), 0xFF5F);
}

static void
test_trim(void **state)
{
	(void)state;
	assert_true(str_equal(sign_trim(vector_guard(STR(
	    "\xc2\xa0 a \xe3\x80\x80" "b\t\xc2\xa0"))),
	    STR("a \xe3\x80\x80" "b")));
	assert_int_equal(sign_trim(STR(" \xc2\xa0")).len, 0);
}

int
sign_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_trim),
	};

	return cmocka_run_group_tests_name("mail/sign", tests, NULL, NULL);
}
