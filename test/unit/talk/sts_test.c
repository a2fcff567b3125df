/* MTA-STS: records, policies, and which host a policy names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/sts.h"
#include "vector.h"

int sts_test(void);

static void
check_record(const char *record, enum sts_result want, const char *want_id)
{
	struct str one = vector_guard(str_of(record)), id;

	assert_int_equal(sts_record(&one, 1, &id), want);
	if (want == STS_OK)
		assert_true(str_equal(id, str_of(want_id)));
}

static void
test_record(void **state)
{
	(void)state;
	/* RFC 8461 section 3.1. */
	check_record("v=STSv1; id=20160831085700Z;", STS_OK,
	    "20160831085700Z");
	check_record("v=STSv1;id=1", STS_OK, "1");
	check_record("v=STSv1 \t;\t id=1 ; ", STS_OK, "1");
	check_record("v=STSv1; a-b.c_d=x:y/z; id=1; id=2;", STS_OK, "1");
	check_record("v=STSv1; id=12345678901234567890123456789012", STS_OK,
	    "12345678901234567890123456789012");
	check_record("", STS_NONE, NULL);
	check_record("v=spf1 -all", STS_NONE, NULL);
	check_record("v=STSv2; id=1", STS_NONE, NULL);
	check_record("v=STSv1", STS_NONE, NULL);
	check_record("v=STSv11; id=1", STS_NONE, NULL);
	check_record(" v=STSv1; id=1", STS_NONE, NULL);
	check_record("v=stsv1; id=1", STS_NONE, NULL);
	check_record("v=STSv1;", STS_BAD, NULL);
	check_record("v=STSv1; id=", STS_BAD, NULL);
	check_record("v=STSv1; id", STS_BAD, NULL);
	check_record("v=STSv1; id=a b", STS_BAD, NULL);
	check_record("v=STSv1; id=a=b", STS_BAD, NULL);
	check_record("v=STSv1; id=a-b", STS_BAD, NULL);
	check_record("v=STSv1; id=123456789012345678901234567890123",
	    STS_BAD, NULL);
	check_record("v=STSv1; ; id=1", STS_BAD, NULL);
	check_record("v=STSv1; -a=1; id=1", STS_BAD, NULL);
	check_record("v=STSv1; id=1; x=\303\244", STS_BAD, NULL);
}

static void
test_records(void **state)
{
	static const struct str several[] = {
		{ "other", 5 }, { "v=STSv1; id=1;", 14 }, { "v=STSv1", 7 },
		{ "v=STSv1; id=1;", 14 }
	};
	struct str id;

	(void)state;
	assert_int_equal(sts_record(several, 0, &id), STS_NONE);
	assert_int_equal(sts_record(several, 1, &id), STS_NONE);
	assert_int_equal(sts_record(several, 3, &id), STS_OK);
	assert_int_equal(sts_record(several, 4, &id), STS_BAD);
}

static enum sts_result
read_policy(const char *text, struct sts_policy *policy)
{
	const char *why;
	enum sts_result result;

	result = sts_policy(vector_guard(str_of(text)), policy, &why);
	assert_true((why == NULL) == (result == STS_OK));
	return result;
}

static void
test_policy(void **state)
{
	struct sts_policy p;

	(void)state;
	/* Section 3.2, with CRLF and with LF. */
	assert_int_equal(read_policy("version: STSv1\r\nmode: enforce\r\n"
	    "mx: mail.example.com\r\nmx: *.example.net\r\n"
	    "mx: backupmx.example.com\r\nmax_age: 604800\r\n", &p), STS_OK);
	assert_int_equal(p.mode, STS_MODE_ENFORCE);
	assert_int_equal(p.max_age_s, 604800);
	assert_int_equal(p.mx_count, 3);
	assert_int_equal(read_policy("version:STSv1\nmode:testing\n"
	    "unknown: \303\244 : x\nmx:a.example  \nmode: enforce\n"
	    "max_age:31557600\nmax_age: x\nversion: 2", &p), STS_OK);
	assert_int_equal(p.mode, STS_MODE_TESTING);
	assert_int_equal(p.max_age_s, STS_AGE_MAX);
	assert_int_equal(read_policy("version: STSv1\nmode: none\n"
	    "max_age: 0\n", &p), STS_OK);
	assert_int_equal(p.mode, STS_MODE_NONE);
	assert_int_equal(p.mx_count, 0);
}

static void
test_bad_policies(void **state)
{
	static const char *const cases[] = {
		"",
		"<html>not found</html>\n",
		"mode: enforce\nmx: a.example\nmax_age: 1\n",
		"version: STSv2\nmode: none\nmax_age: 1\n",
		"version: stsv1\nmode: none\nmax_age: 1\n",
		"version: STSv1\nmx: a.example\nmax_age: 1\n",
		"version: STSv1\nmode: Enforce\nmx: a.example\nmax_age: 1\n",
		"version: STSv1\nmode: enforce\nmx: a.example\n",
		"version: STSv1\nmode: enforce\nmax_age: 1\n",
		"version: STSv1\nmode: none\nmax_age: 31557601\n",
		"version: STSv1\nmode: none\nmax_age: -1\n",
		"version: STSv1\nmode: none\nmax_age: 1d\n",
		"version: STSv1\nmode: none\nmax_age: 00000000001\n",
		"version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n",
		"version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1\n",
		"version: STSv1\nmode: enforce\nmx: *a.example\nmax_age: 1\n",
		"version: STSv1\nmode: enforce\nmx: \303\244.example\n"
		    "max_age: 1\n",
		"version: STSv1\nmode: none\n\nmax_age: 1\n",
		"version: STSv1\nmode none\nmax_age: 1\n",
		"version : STSv1\nmode: none\nmax_age: 1\n",
	};
	struct sts_policy p;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		assert_int_equal(read_policy(cases[i], &p), STS_BAD);
}

static void
test_limits(void **state)
{
	struct sts_policy p;
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 2 * STS_POLICY_MAX);
	buf_add_text(&text, "version: STSv1\nmode: enforce\nmax_age: 1\n");
	for (i = 0; i < STS_MX_MAX; i++)
		buf_add_format(&text, "mx: mx%d.example\n", i);
	assert_int_equal(read_policy(buf_text(&text), &p), STS_OK);
	assert_true(sts_names(&p, STR("mx63.example")));
	buf_add_text(&text, "mx: one.more.example\n");
	assert_int_equal(read_policy(buf_text(&text), &p), STS_BAD);
	buf_clear(&text);
	buf_add_text(&text, "version: STSv1\nmode: none\nmax_age: 1\nx: ");
	while (text.len < STS_POLICY_MAX)
		buf_add_char(&text, 'y');
	assert_int_equal(read_policy(buf_text(&text), &p), STS_OK);
	buf_add_char(&text, 'y');
	assert_int_equal(read_policy(buf_text(&text), &p), STS_BAD);
	buf_drop(&text);
}

static void
test_names(void **state)
{
	static const struct {
		const char *host;
		bool named;
	} cases[] = {
		{ "mail.example.com", true },
		{ "MAIL.Example.COM.", true },
		{ "a.example.net", true },
		{ "A.EXAMPLE.NET", true },
		{ "example.net", false },
		{ ".example.net", false },
		{ "a.b.example.net", false },
		{ "xmail.example.com", false },
		{ "mail.example.com.evil.example", false },
		{ "a.mail.example.com", false },
		{ "example.com", false },
		{ "", false },
		{ ".", false },
	};
	struct sts_policy p;
	size_t i;

	(void)state;
	assert_int_equal(read_policy("version: STSv1\nmode: enforce\n"
	    "mx: mail.example.com\nmx: *.example.net\nmax_age: 1\n", &p),
	    STS_OK);
	for (i = 0; i < countof(cases); i++)
		assert_int_equal(sts_names(&p, str_of(cases[i].host)),
		    cases[i].named);
}

int
sts_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_bad_policies),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("talk/sts", tests, NULL, NULL);
}
