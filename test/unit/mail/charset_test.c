/* Charsets: their names, their letters, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/charset.h"
#include "vector.h"

#define LOST "\xef\xbf\xbd"

int charset_test(void);

struct converter {
	struct str name;
	struct charset *charset;
};

static void
converter_begin(void *at)
{
	struct converter *c;

	c = at;
	c->charset = charset_open(c->name);
	assert_non_null(c->charset);
}

static bool
converter_feed(void *at, struct str *in, struct buf *out)
{
	struct converter *c;

	c = at;
	charset_feed(c->charset, str_take(in, in->len), out);
	return true;
}

/* What ends begins anew. */
static void
converter_end(void *at, size_t rest, struct buf *out)
{
	struct converter *c;
	size_t len;

	c = at;
	assert_int_equal(rest, 0);
	charset_end(c->charset, out);
	len = out->len;
	charset_end(c->charset, out);
	assert_int_equal(out->len, len);
	charset_drop(c->charset);
}

static void
check(const char *name, struct str text, const char *read)
{
	struct converter c = { .name = str_of(name) };
	struct vector_machine machine = {
		&c, converter_begin, converter_feed, converter_end
	};
	struct buf out;

	assert_true(vector_same(&machine, text, &out));
	assert_string_equal(buf_text(&out), read);
	buf_drop(&out);
}

struct sample {
	const char *name, *text, *read;
};

static void
check_all(const struct sample *samples, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		check(samples[i].name, str_of(samples[i].text),
		    samples[i].read);
}

static void
test_utf8(void **state)
{
	static const struct sample samples[] = {
		{ "utf-8", "", "" },
		{ "UTF-8", "plain, and rather long so that words are read",
		    "plain, and rather long so that words are read" },
		{ "utf8", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "utf-8", "\xe9t\xe9", LOST "t" LOST },
		/* overlong, surrogate, too high, cut */
		{ "utf-8", "\xc0\xaf", LOST LOST },
		{ "utf-8", "\xe0\x9f\xbf", LOST LOST LOST },
		{ "utf-8", "\xed\xa0\x80", LOST LOST LOST },
		{ "utf-8", "\xf4\x90\x80\x80", LOST LOST LOST LOST },
		{ "utf-8", "a\xe2\x82", "a" LOST },
		{ "utf-8", "a\xf0\x9f\x98z", "a" LOST LOST LOST "z" },
		{ "us-ascii", "caf\xc3\xa9 caf\xe9 \x93q\x94",
		    "caf\xc3\xa9 caf\xc3\xa9 \xe2\x80\x9cq\xe2\x80\x9d" },
		{ "", "\xe9", "\xc3\xa9" },
		{ "", "\xe2\x82", "\xc3\xa2\xe2\x80\x9a" },
		{ "", "\xe9.", "\xc3\xa9." },
	};

	(void)state;
	check_all(samples, countof(samples));
	check("utf-8", STR("a\0b"), "a");
}

static void
test_octets(void **state)
{
	static const struct sample samples[] = {
		{ "iso-8859-1", "\xe9\x80\x81", "\xc3\xa9\xe2\x82\xac" LOST },
		{ "windows-1252", "\x85\xff", "\xe2\x80\xa6\xc3\xbf" },
		{ "iso-8859-15", "\xa4", "\xe2\x82\xac" },
		{ "iso-8859-2", "\xb1\xe6", "\xc4\x85\xc4\x87" },
		{ "windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2",
		    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82" },
		{ "koi8-r", "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8" },
		{ "windows-1250", "a\x81z", "a" LOST "z" },
		{ "iso-8859-8-i", "\xf9\xec\xe5\xed",
		    "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d" },
		{ "windows-874", "\xa1", "\xe0\xb8\x81" },
		{ "cp-850", "\x81", "\xc3\xbc" },
		{ "macintosh", "caf\x8e \xd2x\xd3",
		    "caf\xc3\xa9 \xe2\x80\x9cx\xe2\x80\x9d" },
	};

	(void)state;
	check_all(samples, countof(samples));
}

static void
test_asia(void **state)
{
	static const struct sample samples[] = {
		{ "shift_jis", "\x93\xfa\x96{\x8c\xea \xb1",
		    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \xef\xbd\xb1" },
		/* a second half that is none; rows that do not exist */
		{ "x-sjis", "\x93\x20\x93\xff\x80\xfc@\xef\xfd\x93",
		    LOST " " LOST LOST LOST LOST "@" LOST LOST LOST },
		{ "euc-jp", "\xc6\xfc\xcb\xdc", "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "iso-2022-jp", "a\x1b$BF|K\\\x1b(Bb",
		    "a\xe6\x97\xa5\xe6\x9c\xac" "b" },
		{ "iso-2022-jp", "\x1b$BF|\x1b(B\xff\x1b(By",
		    "\xe6\x97\xa5" LOST "y" },
		{ "gb2312", "\xc4\xe3\xba\xc3", "\xe4\xbd\xa0\xe5\xa5\xbd" },
		{ "gbk", "\xc4\xe3\xff\xba", "\xe4\xbd\xa0" LOST LOST },
		{ "gb18030", "\x81\x30\x84\x36" "a", "\xc2\xa5" "a" },
		{ "big5", "\xa7\x41\xa6\x6e", "\xe4\xbd\xa0\xe5\xa5\xbd" },
		{ "ks_c_5601-1987", "\xb0\xa1 \x81\x41",
		    "\xea\xb0\x80 \xea\xb0\x82" },
		{ "euc-kr", "\xb0\xa1", "\xea\xb0\x80" },
		{ "iso-2022-kr", "\x1b$)Ca\x0e\x30\x21\x0f\x30\x21\n\x0e\x30!\n"
		    "0!\x1b$)D\x1b$", "a\xea\xb0\x80" "0!\n\xea\xb0\x80\n0!"
		    LOST "$)D" LOST },
		{ "hz-gb-2312", "a~{<:Ky2;~}b~~ ~\nc~{VP\n<:~d",
		    "a\xe5\xb7\xb1\xe6\x89\x80\xe4\xb8\x8d" "b~ "
		    "c\xe4\xb8\xad\n<:~d" },
		{ "hz-gb-2312", "~{<\x80<", LOST LOST LOST },
	};

	(void)state;
	check_all(samples, countof(samples));
}

static void
test_utf7(void **state)
{
	static const struct sample samples[] = {
		/* RFC 2152 */
		{ "utf-7", "A+ImIDkQ.", "A\xe2\x89\xa2\xce\x91." },
		{ "unicode-1-1-utf-7", "Hi Mom -+Jjo--!",
		    "Hi Mom -\xe2\x98\xba-!" },
		{ "utf-7", "+ZeVnLIqe",
		    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
		{ "utf-7", "Item 3 is +AKM-1.", "Item 3 is \xc2\xa3" "1." },
		{ "utf-7", "1 +- 1 + 1++-", "1 + 1 + 1" },
		{ "utf-7", "+AKM.+AKM+", "\xc2\xa3.\xc2\xa3" },
		{ "utf-7", "+2D3eAA-", "\xf0\x9f\x98\x80" },
		{ "utf-7", "+2D0-x+2D0AYQ-+3gA-", LOST "x" LOST "a" LOST },
		{ "utf-7", "\xe9+\xe9", LOST "+" LOST },
		{ "utf-7", "+2D0", LOST },
	};

	(void)state;
	check_all(samples, countof(samples));
}

static void
test_wide(void **state)
{
	(void)state;
	check("utf-16", STR("\xfe\xff\0a\xd8\x3d\xde\0"), "a\xf0\x9f\x98\x80");
	check("utf-16", STR("\xff\xfe" "a\0\x3d\xd8\0\xde"),
	    "a\xf0\x9f\x98\x80");
	check("utf-16", STR("\0a\xff\xfe"), "a\xef\xbf\xbe");
	check("utf-16le", STR("a\0\x3d\xd8" "b\0\0\xde" "c"),
	    "a" LOST "b" LOST LOST);
	check("utf-16be", STR("\xfe\xff\0a\xd8\x3d"), "a" LOST);
	check("utf-32", STR("\0\0\0a\0\x01\xf6\0\0\x11\0\0\0\0\xd8\0\0\0"),
	    "a\xf0\x9f\x98\x80" LOST LOST LOST);
	check("utf-32", STR("\xff\xfe\0\0" "a\0\0\0"), "a");
	check("ucs-4le", STR("a\0\0\0"), "a");
}

static void
test_names(void **state)
{
	static const char *const known[] = {
		"ANSI_X3.4-1968", "us-ascii", "7bit", "\"utf-8\"", "UTF_8",
		"ISO_8859-1:1987", "iso8859-15", "latin9", "csISOLatin2",
		"Windows-1251", "cp1251", "x-cp1250", "win-1257", "CP-866",
		"ibm850", "IBM-437", "windows-936", "windows-31j", "x-gbk",
		"GB_2312-80", "csGB2312", "big5-hkscs", "x-euc-jp",
		"csISO2022JP", "csShiftJIS", "cp50220", "ISO-8859-6-e",
		"windows-949", "x-windows-949", "csEUCKR", "koi8-u",
		"tis-620", "iso-8859-11", "iso-8859-16", "x-mac-roman",
		"csUnicode11UTF7", "windows-65001", "iso-10646-ucs-2",
	};
	static const char *const unknown[] = {
		"x", "cs", "utf-9", "unknown-8bit", "x-user-defined", "cp",
		"cp99999", "../passwd", "UTF-8//TRANSLIT", "windows-",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaa", "char", "wchar_t", "---",
		"cp123456789012345678901234567890123456789012345678901234567",
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 100);
	for (i = 0; i < countof(known); i++) {
		buf_clear(&out);
		if (!charset_convert(str_of(known[i]), STR("abcd"), &out))
			fail_msg("%s", known[i]);
	}
	for (i = 0; i < countof(unknown); i++) {
		buf_clear(&out);
		if (charset_convert(str_of(unknown[i]), STR("abcd"), &out))
			fail_msg("%s", unknown[i]);
		assert_int_equal(out.len, 0);
	}
	charset_drop(NULL);
	buf_drop(&out);
}

static void
test_points(void **state)
{
	static const struct {
		uint32_t point;
		const char *text;
	} cases[] = {
		{ 'a', "a" }, { 0x7F, "\x7f" }, { 0x80, "\xc2\x80" },
		{ 0x7FF, "\xdf\xbf" }, { 0x800, "\xe0\xa0\x80" },
		{ 0xFFFF, "\xef\xbf\xbf" }, { 0x10000, "\xf0\x90\x80\x80" },
		{ 0x10FFFF, "\xf4\x8f\xbf\xbf" },
	};
	struct buf out;
	uint32_t point;
	size_t i;

	(void)state;
	buf_init(&out, 100);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		charset_add(&out, cases[i].point);
		assert_string_equal(buf_text(&out), cases[i].text);
		assert_int_equal(charset_point(vector_guard(buf_str(&out)),
		    &point), out.len);
		assert_int_equal(point, cases[i].point);
	}
	buf_clear(&out);
	charset_add(&out, 0xD800);
	charset_add(&out, 0x110000);
	assert_string_equal(buf_text(&out), LOST LOST);
	assert_int_equal(charset_point(STR("\xff"), &point), 1);
	assert_int_equal(point, CHARSET_LOST);
	assert_int_equal(charset_point(STR(""), &point), 0);
	assert_int_equal(charset_ascii(vector_guard(STR("12345678901\xe9"))),
	    11);
	assert_int_equal(charset_ascii(vector_guard(STR("123\xe9" "5678"))), 3);
	assert_int_equal(charset_ascii(vector_guard(STR("12345678"))), 8);
	buf_drop(&out);
}

int
charset_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_asia),
		cmocka_unit_test(test_utf7),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_points),
	};

	return cmocka_run_group_tests_name("mail/charset", tests, NULL, NULL);
}
