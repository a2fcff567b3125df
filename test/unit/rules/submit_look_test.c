/* Texts as they are to be searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/submit_part.h"
#include "vector.h"

int submit_look_test(void);

static void
look(struct buf *out, struct str text)
{
	struct buf looked;

	submit_look(&looked, text);
	assert_false(looked.full);
	buf_add(out, buf_str(&looked));
	buf_drop(&looked);
}

static void
test_look(void **state)
{
	static const struct {
		const char *text;
		const char *looked;
	} cases[] = {
		{ "", "" }, { "a b", "a b" }, { "a\tb\xc2\xa0" "c", "a b c" },
		{ "%41%zz%4", "A%zz%4" }, { "%2541%25252541", "A%2541" },
		{ "\"a\" \"b\"@c", "\"a\" \"b@c" },
		{ "\"a\".\"b\"", "\"a.b\"" },
		{ "a\\@b\\\\", "a@b" }, { "a \" \xc2\xad. \" b", "a  .  b" },
		{ "\xef\xbc\xa1\xc3\xbc\xe2\x80\x8b", "A\xc3\xbc" },
		{ "=?UTF-8?Q?=2541?=", "A" },
		{ "a*0=b; a*1=c", "a*0=b; a*1=c; bc" },
		{ "A*1*=c;a*0*=\"b;\"", "A*1*=c;a*0*=\"b;\"; b;c" },
		{ "a*0=b;a*2=c", "a*0=b;a*2=c; b" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		look(&out, vector_guard(str_of(cases[i].text)));
		assert_string_equal(buf_text(&out), cases[i].looked);
	}
	buf_drop(&out);
}

static void
test_uncomment(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	submit_uncomment(&out, vector_guard(STR("a(b(c)\\)) d (e")));
	assert_string_equal(buf_text(&out), "ad (e");
	buf_drop(&out);
}

int
submit_look_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_uncomment),
	};

	return cmocka_run_group_tests_name("rules/submit_look", tests,
	    NULL, NULL);
}
