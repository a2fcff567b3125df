/* i;unicode-casemap: what is equal, what grows, and in which order it sorts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/charset.h"
#include "mail/fold.h"
#include "vector.h"

int fold_test(void);

static void
test_letters(void **state)
{
	static const struct {
		const char *text, *folded;
	} cases[] = {
		{ "", "" },
		{ "azAZ09@[`{~", "AZAZ09@[`{~" },
		{ "the quick brown fox jumps over the lazy dog 0123456789",
		    "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 0123456789" },
		/* composed and not, small and capital */
		{ "\xc3\xa9", "E\xcc\x81" }, { "e\xcc\x81", "E\xcc\x81" },
		{ "\xc3\x89t\xc3\xa9 \xc3\xbc",
		    "E\xcc\x81TE\xcc\x81 U\xcc\x88" },
		{ "\xc3\xbf", "Y\xcc\x88" },		/* U+0178 */
		{ "\xc3\x9f", "\xc3\x9f" },		/* sharp s stays */
		{ "\xc4\xb1", "I" },			/* dotless i */
		{ "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
		    "\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2" },
		{ "\xcf\x83\xcf\x82", "\xce\xa3\xce\xa3" },	/* sigmas */
		/* more than one step: U+1E69, then U+1E63 */
		{ "\xe1\xb9\xa9", "S\xcc\xa3\xcc\x87" },
		/* the titlecase of U+01C4 and U+01C6 is U+01C5, whose second
		   letter is small */
		{ "\xc7\x84\xc7\x86\xc7\x85",
		    "Dz\xcc\x8c" "Dz\xcc\x8c" "Dz\xcc\x8c" },
		{ "\xef\xac\x81", "fi" },
		{ "\xef\xbd\x81\xef\xbc\xa1", "AA" },	/* full width */
		{ "\xc2\xa0", " " },
		{ "\xe2\x84\xab", "A\xcc\x8a" },	/* U+212B */
		/* Hangul with and without a trailing consonant; the last one */
		{ "\xea\xb0\x80\xea\xb0\x81",
		    "\xe1\x84\x80\xe1\x85\xa1\xe1\x84\x80\xe1\x85\xa1"
		    "\xe1\x86\xa8" },
		{ "\xed\x9e\xa3", "\xe1\x84\x92\xe1\x85\xb5\xe1\x87\x82" },
		{ "\xed\x9e\xa4", "\xed\x9e\xa4" },
		/* beyond the first plane: Deseret, CJK compatibility */
		{ "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80" },
		{ "\xf0\xaf\xa8\x9d", "\xf0\xaa\x98\x80" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
		/* no UTF-8 */
		{ "a\xff\xc3z\xe2\x82", "A\xff\xc3Z\xe2\x82" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		fold_text(&out, vector_guard(str_of(cases[i].text)));
		assert_string_equal(buf_text(&out), cases[i].folded);
	}
	buf_drop(&out);
}

/* Every letter: no more growth than is said, and folding in parts is right. */
static void
test_all(void **state)
{
	struct buf text, out, parts;
	uint32_t point;
	size_t largest;

	(void)state;
	buf_init(&text, 100);
	buf_init(&out, 1000);
	buf_init(&parts, 1000);
	largest = 0;
	for (point = 1; point <= 0x10FFFF; point++) {
		buf_clear(&text);
		buf_clear(&out);
		charset_add(&text, point);
		fold_text(&out, buf_str(&text));
		assert_true(out.len > 0 && out.len <= FOLD_GROWTH * text.len);
		assert_true(str_is_utf8(buf_str(&out)));
		if (out.len / text.len > largest)
			largest = out.len / text.len;
		if (point % 61 != 0)
			continue;
		buf_clear(&parts);
		buf_add_text(&parts, "A");
		buf_add(&parts, buf_str(&out));
		buf_add_text(&parts, "QUITE SOME MORE ASCII THAN 16");
		buf_clear(&out);
		buf_add_text(&text, "quite some more ascii than 16");
		fold_text(&out, STR("a"));
		fold_text(&out, buf_str(&text));
		assert_string_equal(buf_text(&out), buf_text(&parts));
	}
	assert_int_equal(largest, FOLD_GROWTH);
	buf_drop(&text);
	buf_drop(&out);
	buf_drop(&parts);
}

/* A buf that is too small says so. */
static void
test_full(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 3);
	fold_text(&out, STR("e\xcc\x81"));
	assert_false(out.full);
	fold_text(&out, STR("\xc3\xa9"));
	assert_true(out.full);
	buf_drop(&out);
}

static void
test_compare(void **state)
{
	(void)state;
	assert_true(fold_compare(STR(""), STR("")) == 0);
	assert_true(fold_compare(STR("A"), STR("A")) == 0);
	assert_true(fold_compare(STR(""), STR("A")) < 0);
	assert_true(fold_compare(STR("AB"), STR("A")) > 0);
	assert_true(fold_compare(STR("AB"), STR("B")) < 0);
	assert_true(fold_compare(STR("Z"), STR("\xc3\x98")) < 0);
}

int
fold_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests_name("mail/fold", tests, NULL, NULL);
}
