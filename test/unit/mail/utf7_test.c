/* Modified UTF-7: both ways, and the many spellings that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/utf7.h"
#include "vector.h"

int utf7_test(void);

static void
test_both_ways(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "", "" },
		{ "INBOX", "INBOX" },
		{ "a b~", "a b~" },
		{ "&", "&-" },
		{ "R&D & more", "R&-D &- more" },
		/* RFC 3501 section 5.1.3 */
		{ "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
		    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		    "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
		{ "\xe5\x8f\xb0\xe5\x8c\x97\xe6\x97\xa5\xe6\x9c\xac"
		    "\xe8\xaa\x9e",
		    "&U,BTF2XlZyyKng-" },
		{ "\xe2\x98\xba!", "&Jjo-!" },
		{ "Entw\xc3\xbcrfe", "Entw&APw-rfe" },
		{ "\xc3\xa9&\xc3\xa9", "&AOk-&-&AOk-" },
		{ "\xf0\x9f\x98\x80", "&2D3eAA-" },
		{ "a\xf4\x8f\xbf\xbf", "a&2,,f,w-" },
		{ "\x01\x7f", "&AAEAfw-" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		utf7_encode(&out, vector_guard(str_of(cases[i].name)));
		assert_string_equal(buf_text(&out), cases[i].text);
		buf_clear(&out);
		assert_true(utf7_decode(&out,
		    vector_guard(str_of(cases[i].text))));
		assert_string_equal(buf_text(&out), cases[i].name);
	}
	buf_drop(&out);
}

static void
test_refused(void **state)
{
	static const char *const cases[] = {
		"&", "a&", "&Jjo", "&Jj", "caf\xc3\xa9",
		/* needless shifts; the second is of RFC 3501 */
		"&AGE-", "&U,BTFw-&ZeVnLIqe-", "&Jjo-&Jjp-", "&ACY-",
		/* bits too many or not zero */
		"&A-", "&AO-", "&AOl-", "&AOkA-", "&AOkAA-",
		/* halves of pairs */
		"&2D0-", "&3gA-", "&2D0AYQ-", "&2D3YPQ-", "&3gDYPQ-",
		/* not of the alphabet */
		"&AO/-", "&AO k-", "&Jjo!", "a\x01", "\x7f",
		"&AGEA6Q-",
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		assert_false(utf7_decode(&out,
		    vector_guard(str_of(cases[i]))));
	}
	assert_false(utf7_decode(&out, STR("a\0b")));
	buf_clear(&out);
	utf7_encode(&out, STR("a\xff"));
	assert_string_equal(buf_text(&out), "a&,,0-");
	buf_drop(&out);
}

int
utf7_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("mail/utf7", tests, NULL, NULL);
}
