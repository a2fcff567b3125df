/* Base subjects (RFC 5256 section 2.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/subject.h"
#include "vector.h"

int subject_test(void);

static void
test_base(void **state)
{
	static const struct {
		const char *subject, *base;
		bool reply;
	} cases[] = {
		{ "", "", false },
		{ "  a \t b\r\n c ", "a b c", false },
		{ "Re: a", "a", true },
		{ "RE:re :Fw: FWD:a", "a", true },
		{ "fwd: [x] re[2]: a", "a", true },
		{ "re [2] : a", "a", true },
		{ "re [2][3]: a", "re [2][3]: a", false },
		{ "Re", "Re", false },
		{ "Reply: a", "Reply: a", false },
		{ "fwe: a", "fwe: a", false },
		{ "Re:", "", true },
		/* blobs */
		{ "[list] a", "a", false },
		{ "[list] Re: [list] a", "a", true },
		{ "[a][b] c", "c", false },
		{ "[a] [b]", "[b]", false },
		{ "[a]", "[a]", false },
		{ "[a", "[a", false },
		{ "[a[b] c", "[a[b] c", false },
		{ "[a]b]c", "b]c", false },
		{ "Re: [a] Re: [b]", "[b]", true },
		{ "[a] Re:", "", true },
		/* trailers */
		{ "a (fwd)", "a", true },
		{ "a (FWD) (fwd) ", "a", true },
		{ "(fwd)", "", true },
		{ "a (fwd) b", "a (fwd) b", false },
		{ "[a] (fwd)", "[a]", true },
		/* brackets around */
		{ "[fwd: a]", "a", true },
		{ "[Fwd: Re: [x] a (fwd)]", "a", true },
		{ "Re: [fwd: [fwd: a]]", "a", true },
		{ "[fwd: a] b", "b", false },
		{ "[fwd: a", "[fwd: a", false },
		{ "[fwd:]", "", true },
		{ "[fwd: a] (fwd)", "a", true },
		{ "[x] [fwd: a]", "a", true },
		/* words */
		{ "=?utf-8?Q?Re=3A_Caf=C3=A9?=", "Caf\xc3\xa9", true },
		{ "=?gb2312?B?xOM=?=", "\xe4\xbd\xa0", false },
		{ "Re:\xc2\xa0" "a", "\xc2\xa0" "a", true },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		assert_int_equal(subject_base(&out,
		    vector_guard(str_of(cases[i].subject))),
		    cases[i].reply);
		assert_string_equal(buf_text(&out), cases[i].base);
	}
	buf_drop(&out);
}

/* Neither blobs nor brackets without number take long. */
static void
test_long(void **state)
{
	struct buf subject, out;
	size_t i;

	(void)state;
	buf_init(&subject, 1 << 20);
	buf_init(&out, 1 << 20);
	for (i = 0; i < 100000; i++)
		buf_add_text(&subject, "[x]");
	assert_false(subject_base(&out, buf_str(&subject)));
	assert_string_equal(buf_text(&out), "[x]");
	buf_clear(&subject);
	buf_clear(&out);
	for (i = 0; i < 100000; i++)
		buf_add_text(&subject, "[fwd:");
	for (i = 0; i < 100000; i++)
		buf_add_text(&subject, "]");
	assert_true(subject_base(&out, buf_str(&subject)));
	assert_string_equal(buf_text(&out), "");
	buf_drop(&subject);
	buf_drop(&out);
}

int
subject_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("mail/subject", tests, NULL, NULL);
}
