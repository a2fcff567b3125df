/* Dates out and in, also those of odd years, zones and manners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/date.h"
#include "vector.h"

int date_test(void);

static void
test_add(void **state)
{
	static const struct {
		int64_t unix_s;
		const char *mail, *mbox, *iso, *imap;
	} cases[] = {
		{ 0, "Thu, 1 Jan 1970 00:00:00 +0000",
		    "Thu Jan  1 00:00:00 1970", "1970-01-01T00:00:00Z",
		    " 1-Jan-1970 00:00:00 +0000" },
		{ -1, "Wed, 31 Dec 1969 23:59:59 +0000",
		    "Wed Dec 31 23:59:59 1969", "1969-12-31T23:59:59Z",
		    "31-Dec-1969 23:59:59 +0000" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 +0000",
		    "Tue Feb 29 00:00:00 2000", "2000-02-29T00:00:00Z",
		    "29-Feb-2000 00:00:00 +0000" },
		{ 1795210678, "Fri, 20 Nov 2026 21:37:58 +0000",
		    "Fri Nov 20 21:37:58 2026", "2026-11-20T21:37:58Z",
		    "20-Nov-2026 21:37:58 +0000" },
		{ 2147483648, "Tue, 19 Jan 2038 03:14:08 +0000",
		    "Tue Jan 19 03:14:08 2038", "2038-01-19T03:14:08Z",
		    "19-Jan-2038 03:14:08 +0000" },
		{ 4107542399, "Sun, 28 Feb 2100 23:59:59 +0000",
		    "Sun Feb 28 23:59:59 2100", "2100-02-28T23:59:59Z",
		    "28-Feb-2100 23:59:59 +0000" },
		{ 4107542400, "Mon, 1 Mar 2100 00:00:00 +0000",
		    "Mon Mar  1 00:00:00 2100", "2100-03-01T00:00:00Z",
		    " 1-Mar-2100 00:00:00 +0000" },
		{ INT64_MAX, "Fri, 31 Dec 9999 23:59:59 +0000",
		    "Fri Dec 31 23:59:59 9999", "9999-12-31T23:59:59Z",
		    "31-Dec-9999 23:59:59 +0000" },
		{ INT64_MIN, "Sat, 1 Jan 0000 00:00:00 +0000",
		    "Sat Jan  1 00:00:00 0000", "0000-01-01T00:00:00Z",
		    " 1-Jan-0000 00:00:00 +0000" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 100);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		date_add(&out, cases[i].unix_s);
		assert_string_equal(buf_text(&out), cases[i].mail);
		buf_clear(&out);
		date_add_mbox(&out, cases[i].unix_s);
		assert_string_equal(buf_text(&out), cases[i].mbox);
		buf_clear(&out);
		date_add_iso(&out, cases[i].unix_s);
		assert_string_equal(buf_text(&out), cases[i].iso);
		buf_clear(&out);
		date_add_imap(&out, cases[i].unix_s);
		assert_string_equal(buf_text(&out), cases[i].imap);
	}
	buf_drop(&out);
}

/* From 1900 to 2200 in steps that meet every day of the year. */
static void
test_round_trip(void **state)
{
	struct buf out;
	int64_t unix_s, back;

	(void)state;
	buf_init(&out, 100);
	for (unix_s = -2208988800; unix_s < 7258118400;
	    unix_s += 86400 * 3 + 12345) {
		buf_clear(&out);
		date_add(&out, unix_s);
		assert_true(date_read(buf_str(&out), &back));
		assert_true(back == unix_s);
		buf_clear(&out);
		date_add_mbox(&out, unix_s);
		assert_true(date_read_mbox(buf_str(&out), &back));
		assert_true(back == unix_s);
	}
	buf_drop(&out);
}

struct read_case {
	const char *text;
	int64_t unix_s;
};

#define BAD INT64_MIN

/* A reader leaves the time alone when the text is bad. */
static void
check(bool (*read)(struct str, int64_t *), const struct read_case *cases,
	size_t count)
{
	int64_t unix_s;
	size_t i;
	bool good;

	for (i = 0; i < count; i++) {
		unix_s = BAD;
		good = read(vector_guard(str_of(cases[i].text)), &unix_s);
		if (unix_s != cases[i].unix_s)
			print_error("%s\n", cases[i].text);
		assert_true(unix_s == cases[i].unix_s);
		assert_int_equal(good, cases[i].unix_s != BAD);
	}
}

static const struct read_case dates[] = {
	{ "Fri, 20 Nov 2026 21:37:58 +0000", 1795210678 },
	{ "20 Nov 2026 21:37:58 +0000", 1795210678 },
	{ "Fri, 20 Nov 2026 22:37:58 +0100", 1795210678 },
	{ "Fri, 20 Nov 2026 16:07:58 -0530", 1795210678 },
	{ "Sat, 21 Nov 2026 03:22:58 +0545", 1795210678 },
	{ "fri, 20 nov 2026 21:37:58 -0000", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37 +0000", 1795210620 },
	{ "Fri,20 Nov 2026 21:37:58 +0000", 1795210678 },
	{ "Fri 20 Nov 2026 21:37:58 +0000", 1795210678 },
	{ " Fri,\r\n 20 Nov\r\n\t2026 21:37:58\r\n +0000\r\n",
	    1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58 +0000 (UTC)", 1795210678 },
	{ "(a)Fri(b),(c)20(d)Nov(e)2026(f)21(g):(h)37(i):(j)58(k)"
	    "+0000(l)", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58 +0000 (a (b \\) \\( ) \xff)",
	    1795210678 },
	/* obsolete zones and years, RFC 5322 section 4.3 */
	{ "Fri, 20 Nov 2026 21:37:58 GMT", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58 ut", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58 UTC", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58 Z", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58 A", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58 CEST", 1795210678 },
	{ "Fri, 20 Nov 2026 16:37:58 EST", 1795210678 },
	{ "Fri, 20 Nov 2026 17:37:58 EDT", 1795210678 },
	{ "Fri, 20 Nov 2026 15:37:58 CST", 1795210678 },
	{ "Fri, 20 Nov 2026 16:37:58 CDT", 1795210678 },
	{ "Fri, 20 Nov 2026 14:37:58 MST", 1795210678 },
	{ "Fri, 20 Nov 2026 15:37:58 MDT", 1795210678 },
	{ "Fri, 20 Nov 2026 13:37:58 PST", 1795210678 },
	{ "Fri, 20 Nov 2026 14:37:58 PDT", 1795210678 },
	{ "Fri, 20 Nov 2026 21:37:58", 1795210678 },
	{ "20 Nov 26 21:37:58 +0000", 1795210678 },
	{ "1 Jan 70 00:00:00 GMT", 0 },
	{ "1 Jan 49 00:00:00 GMT", 2493072000 },
	{ "1 Jan 50 00:00:00 GMT", -631152000 },
	{ "20 Nov 126 21:37:58 +0000", 1795210678 },
	{ "31 Dec 1969 23:59:59 +0000", -1 },
	{ "1 Jan 1970 00:00:00 +0100", -3600 },
	{ "19 Jan 2038 03:14:08 +0000", 2147483648 },
	{ "29 Feb 2000 00:00:00 +0000", 951782400 },
	{ "29 Feb 2096 00:00:00 +0000", 3981312000 },
	{ "01 Mar 2100 00:00:00 +0000", 4107542400 },
	{ "31 Dec 2016 23:59:60 +0000", 1483228800 },
	{ "9 Nov 2026 9:05:00 +0000", 1794215100 },
	/* bad ones */
	{ "", BAD },
	{ " ", BAD },
	{ "Fri", BAD },
	{ "Fri,", BAD },
	{ "Foo, 20 Nov 2026 21:37:58 +0000", BAD },
	{ "Friday, 20 Nov 2026 21:37:58 +0000", BAD },
	{ "20 Foo 2026 21:37:58 +0000", BAD },
	{ "20 November 2026 21:37:58 +0000", BAD },
	{ "0 Nov 2026 21:37:58 +0000", BAD },
	{ "31 Nov 2026 21:37:58 +0000", BAD },
	{ "29 Feb 2026 21:37:58 +0000", BAD },
	{ "29 Feb 2100 21:37:58 +0000", BAD },
	{ "29 Feb 1900 21:37:58 +0000", BAD },
	{ "120 Nov 2026 21:37:58 +0000", BAD },
	{ "20 Nov 2 21:37:58 +0000", BAD },
	{ "20 Nov 12026 21:37:58 +0000", BAD },
	{ "20 Nov 2026 24:00:00 +0000", BAD },
	{ "20 Nov 2026 21:60:00 +0000", BAD },
	{ "20 Nov 2026 21:37:61 +0000", BAD },
	{ "20 Nov 2026 21 +0000", BAD },
	{ "20 Nov 2026 21:3 +0000", BAD },
	{ "20 Nov 2026 21:37: +0000", BAD },
	{ "20 Nov 2026 21:37:58 +000", BAD },
	{ "20 Nov 2026 21:37:58 +00000", BAD },
	{ "20 Nov 2026 21:37:58 +0060", BAD },
	{ "20 Nov 2026 21:37:58 + 0000", BAD },
	{ "20 Nov 2026 21:37:58 +0000 x", BAD },
	{ "20 Nov 2026 21:37:58 +0000 (", BAD },
	{ "20 Nov 2026 21:37:58 +0000 (\\)", BAD },
	{ "20 Nov 2026 21:37:58 +0000 )", BAD },
	{ "20 Nov 2026 21:37:58 +0000 \\\\", BAD },
	{ "20 Nov 2026 21:37:58 +0000 ((((((((((((((((((((("
	    ")))))))))))))))))))))", 1795210678 },
	{ "-20 Nov 2026 21:37:58 +0000", BAD },
	{ "2026-11-20T21:37:58Z", BAD },
	{ "99999999999999999999 Nov 2026 21:37:58 +0000", BAD },
};

static void
test_read(void **state)
{
	(void)state;
	check(date_read, dates, countof(dates));
}

/* The day before the first of a month is a day, the one behind it is none. */
static void
test_month_ends(void **state)
{
	static const struct read_case ends[] = {
		{ "31 Jan 2026 00:00 Z", 1769817600 },
		{ "28 Feb 2026 00:00 Z", 1772236800 },
		{ "31 Mar 2026 00:00 Z", 1774915200 },
		{ "30 Apr 2026 00:00 Z", 1777507200 },
		{ "31 May 2026 00:00 Z", 1780185600 },
		{ "30 Jun 2026 00:00 Z", 1782777600 },
		{ "31 Jul 2026 00:00 Z", 1785456000 },
		{ "31 Aug 2026 00:00 Z", 1788134400 },
		{ "30 Sep 2026 00:00 Z", 1790726400 },
		{ "31 Oct 2026 00:00 Z", 1793404800 },
		{ "30 Nov 2026 00:00 Z", 1795996800 },
		{ "31 Dec 2026 00:00 Z", 1798675200 },
		{ "32 Jan 2026 00:00 Z", BAD },
		{ "32 Mar 2026 00:00 Z", BAD },
		{ "31 Apr 2026 00:00 Z", BAD },
		{ "32 May 2026 00:00 Z", BAD },
		{ "31 Jun 2026 00:00 Z", BAD },
		{ "32 Jul 2026 00:00 Z", BAD },
		{ "32 Aug 2026 00:00 Z", BAD },
		{ "31 Sep 2026 00:00 Z", BAD },
		{ "32 Oct 2026 00:00 Z", BAD },
		{ "32 Dec 2026 00:00 Z", BAD },
		{ "30 Feb 2000 00:00 Z", BAD },
	};

	(void)state;
	check(date_read, ends, countof(ends));
}

static void
test_read_mbox(void **state)
{
	static const struct read_case cases[] = {
		{ "Fri Nov 20 21:37:58 2026", 1795210678 },
		{ "Thu Jan  1 00:00:00 1970", 0 },
		{ "Fri Nov 20 21:37 2026", 1795210620 },
		{ "Fri Nov 20 21:37:58 +0000 2026", 1795210678 },
		{ "Fri Nov 20 22:37:58 +0100 2026", 1795210678 },
		{ "Fri Nov 20 22:37:58 2026 +0100", 1795210678 },
		{ "Fri Nov 20 16:37:58 EST 2026", 1795210678 },
		{ "Fri Nov 20 21:37:58 2026\n", 1795210678 },
		{ "", BAD },
		{ "Fri Nov 20 21:37:58", BAD },
		{ "Nov 20 21:37:58 2026", BAD },
		{ "Fri Nov 31 21:37:58 2026", BAD },
		{ "Fri, 20 Nov 2026 21:37:58 +0000", BAD },
		{ "Fri Nov 20 21:37:58 2026 remote from x", BAD },
	};

	(void)state;
	check(date_read_mbox, cases, countof(cases));
}

int
date_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_month_ends),
		cmocka_unit_test(test_read_mbox),
	};

	return cmocka_run_group_tests_name("mail/date", tests, NULL, NULL);
}
