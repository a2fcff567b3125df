/* Looking for text: in texts and in fields, however they look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/mail/look_text.h"
#include "vector.h"

int look_needle_test(void);

static bool
in_text(const char *needle, const char *text)
{
	struct needle n = { 0 };
	bool found;

	look_needle(&n, vector_guard(str_of(needle)));
	found = is_in_text(&n, vector_guard(str_of(text)));
	look_needle_drop(&n);
	look_needle_drop(&n);
	return found;
}

static bool
in_field(const char *needle, const char *value)
{
	struct needle n = { 0 };
	bool found;

	look_needle(&n, str_of(needle));
	found = look_in_field(&n, vector_guard(str_of(value)));
	look_needle_drop(&n);
	return found;
}

static void
test_text(void **state)
{
	(void)state;
	assert_true(in_text("", ""));
	assert_true(in_text("", "x"));
	assert_false(in_text("x", ""));
	assert_true(in_text("x", "aXb"));
	assert_true(in_text("abc", "abc"));
	assert_false(in_text("abc", "ab"));
	assert_true(in_text("abab", "aabaabab"));
	assert_true(in_text("gr\xc3\xb6\xc3\x9f", "Gro\xcc\x88\xc3\x9f" "e"));
	assert_true(in_text("GR\xc3\x96", "gr\xc3\xb6\xc3\x9f" "e"));
	assert_false(in_text("a  b", "a b"));
	assert_true(in_text("\xe6\x97\xa5", "\xe6\x9c\xac\xe6\x97\xa5"));
}

static void
test_field(void **state)
{
	(void)state;
	assert_true(in_field("", ""));
	assert_true(in_field("a b c", " A\r\n B \t c\r\n"));
	assert_true(in_field("a  b", "a b"));
	assert_true(in_field("a b", "a\t\tb"));
	assert_true(in_field("caf\xc3\xa9 x", "=?iso-8859-1?Q?Caf=E9?= X"));
	assert_true(in_field("ab", "=?utf-8?Q?a?= =?utf-8?Q?b?="));
	assert_true(in_field("\xe4\xbd\xa0", "=?gb2312?B?xOM=?="));
	assert_true(in_field("caf\xc3\xa9", "caf\xe9"));
	assert_false(in_field("ab", "a b"));
	assert_true(in_field(" b", "a b"));
}

/* Places that look promising and are none cost no more than a little. */
static void
test_patience(void **state)
{
	struct buf needle, text;
	struct needle n = { 0 };
	size_t i;

	(void)state;
	buf_init(&needle, 1 << 20);
	buf_init(&text, 1 << 22);
	for (i = 0; i < 10000; i++)
		buf_add_text(&needle, i == 5000 ? "ba" : "aa");
	for (i = 0; i < 1000000; i++)
		buf_add_text(&text, "aa");
	look_needle(&n, buf_str(&needle));
	assert_false(is_in_text(&n, buf_str(&text)));
	buf_add(&text, buf_str(&needle));
	assert_true(is_in_text(&n, buf_str(&text)));
	look_needle_drop(&n);
	buf_drop(&needle);
	buf_drop(&text);
}

int
look_needle_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_patience),
	};

	return cmocka_run_group_tests_name("mail/look_needle", tests, NULL,
	    NULL);
}
