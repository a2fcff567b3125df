/* Strings, names, flags and dates as IMAP says them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/imap_reply.h"
#include "vector.h"

int imap_reply_test(void);

#define NAME "Entw\xc3\xbcrfe"

static void
test_strings(void **state)
{
	static const struct {
		struct str s;
		const char *string, *astring;
	} cases[] = {
		{ { "", 0 }, "\"\"", "\"\"" },
		{ { "abc", 3 }, "\"abc\"", "abc" },
		{ { "a]b", 3 }, "\"a]b\"", "a]b" },
		{ { "a b", 3 }, "\"a b\"", "\"a b\"" },
		{ { "nil", 3 }, "\"nil\"", "\"nil\"" },
		{ { "a%b", 3 }, "\"a%b\"", "\"a%b\"" },
		{ { "a\"\\", 3 }, "\"a\\\"\\\\\"", "\"a\\\"\\\\\"" },
		{ { "a\r\n", 3 }, "{3}\r\na\r\n", "{3}\r\na\r\n" },
		{ { "\xc3\xbc", 2 }, "{2}\r\n\xc3\xbc", "{2}\r\n\xc3\xbc" },
		{ { "a\0b\0", 4 }, "{4}\r\na\x80" "b\x80",
		    "{4}\r\na\x80" "b\x80" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 4000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		imap_put_string(&out, vector_guard(cases[i].s));
		assert_string_equal(buf_text(&out), cases[i].string);
		buf_clear(&out);
		imap_put_astring(&out, vector_guard(cases[i].s));
		assert_string_equal(buf_text(&out), cases[i].astring);
	}
	buf_drop(&out);
}

static void
test_long(void **state)
{
	char text[1025];
	struct buf out;

	(void)state;
	memset(text, 'x', sizeof text);
	buf_init(&out, 4000);
	imap_put_astring(&out, str_from(text, 1024));
	assert_int_equal(out.len, 1024);
	buf_clear(&out);
	imap_put_astring(&out, str_from(text, 1025));
	assert_true(str_starts(buf_str(&out), STR("{1025}\r\nxx")));
	buf_drop(&out);
}

static void
test_mailboxes(void **state)
{
	static const struct {
		struct str name;
		bool utf8;
		const char *want;
	} cases[] = {
		{ { "INBOX", 5 }, false, "INBOX" },
		{ { "INBOX", 5 }, true, "INBOX" },
		{ { "a b", 3 }, true, "\"a b\"" },
		{ { "R&D", 3 }, false, "R&-D" },
		{ { "R&D", 3 }, true, "\"R&D\"" },
		{ { NAME, sizeof NAME - 1 }, false, "Entw&APw-rfe" },
		{ { NAME, sizeof NAME - 1 }, true, "\"" NAME "\"" },
		{ { "\xff", 1 }, true, "{1}\r\n\xff" },
		{ { "\x01", 1 }, false, "\"\x01\"" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		imap_put_mailbox(&out, cases[i].name, cases[i].utf8);
		assert_string_equal(buf_text(&out), cases[i].want);
	}
	buf_drop(&out);
}

static void
test_flags(void **state)
{
	const struct str names[] = { STR("work"), STR("$Junk") };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	imap_put_flags(&out, 0, names, 2, false);
	imap_put_flags(&out, 0x101, names, 2, false);
	imap_put_flags(&out, 0x61F, names, 2, true);
	imap_put_flags(&out, UINT64_MAX - 31, names, 0, true);
	assert_string_equal(buf_text(&out), "()(\\Seen work)(\\Answered "
	    "\\Flagged \\Deleted \\Seen \\Draft \\Recent $Junk)(\\Recent)");
	buf_drop(&out);
}

static void
test_dates(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	imap_put_date(&out, 837571465);
	imap_put_date(&out, 0);
	imap_put_date(&out, INT64_MAX);
	assert_string_equal(buf_text(&out), "\"17-Jul-1996 02:44:25 +0000\""
	    "\" 1-Jan-1970 00:00:00 +0000\"\"31-Dec-9999 23:59:59 +0000\"");
	buf_drop(&out);
}

int
imap_reply_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests_name("talk/imap_reply", tests, NULL,
	    NULL);
}
