/* Parameters of MAIL, RCPT and BDAT by their form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/smtp_args.h"
#include "vector.h"

int smtp_args_test(void);

#define SYNTAX "501 5.5.4 Parameters cannot be read"
#define TWICE "501 5.5.4 A parameter is given twice"
#define UNKNOWN "555 5.5.4 Parameter not known here"

/* The line must be read without a look past its end. */
static const char *
mail(struct str line, struct smtp_mail_args *args)
{
	const char *why = NULL;

	if (smtp_args_mail(vector_guard(line), args, &why) == SMTP_ARGS_OK)
		return NULL;
	assert_non_null(why);
	return why;
}

static void
mail_good(const char *line)
{
	struct smtp_mail_args args;

	assert_null(mail(str_of(line), &args));
}

static void
mail_bad(const char *line, const char *why)
{
	struct smtp_mail_args args;

	assert_string_equal(mail(str_of(line), &args), why);
}

static void
test_mail(void **state)
{
	struct smtp_mail_args args;

	(void)state;
	assert_null(mail(STR(""), &args));
	assert_false(args.has_size || args.utf8 || args.has_envid);
	assert_int_equal(args.body, SMTP_BODY_NONE);
	assert_null(mail(STR("  size=123 BODY=8bitmime  smtputf8 ret=full "
	    "ENVID=a+2Db"), &args));
	assert_true(args.has_size && args.utf8 && args.has_envid);
	assert_int_equal(args.size, 123);
	assert_int_equal(args.body, SMTP_BODY_8BIT);
	assert_int_equal(args.ret, SMTP_RET_FULL);
	assert_memory_equal(args.envid.at, "a+2Db", 5);
	assert_null(mail(STR(" RET=HDRS BODY=7BIT"), &args));
	assert_int_equal(args.ret, SMTP_RET_HDRS);
	assert_int_equal(args.body, SMTP_BODY_7BIT);
}

static void
test_mail_bad(void **state)
{
	static const char *const broken[] = {
		"SIZE=1", " =1", " SIZE", " SIZE=", " SIZE=1x", " SIZE=-1",
		" SIZE= 1", " SIZE=1=2", " SIZE=123456789012345678901",
		" BODY", " BODY=9BIT", " SMTPUTF8=YES", " SMTPUTF8=",
		" RET", " RET=ALL", " ENVID", " ENVID=", " ENVID=a+2",
		" ENVID=+", " ENVID=a+2f", " ENVID=a+0A", " ENVID=a+FF",
		" ENVID=\303\274", " -X", " X_Y=1", "\tSIZE=1", " SIZE=1\t",
		" X=\377", " X=a\177",
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(broken); i++)
		mail_bad(broken[i], SYNTAX);
	mail_bad(" BODY=BINARYMIME", "555 5.5.4 BINARYMIME is not offered");
	mail_bad(" SIZE=1 size=1", TWICE);
	mail_bad(" BODY=7BIT BODY=7BIT", TWICE);
	mail_bad(" SMTPUTF8 SMTPUTF8", TWICE);
	mail_bad(" RET=FULL RET=FULL", TWICE);
	mail_bad(" ENVID=a ENVID=b", TWICE);
	mail_bad(" X-ANY", UNKNOWN);
	mail_bad(" NOTIFY=NEVER", UNKNOWN);
	mail_good(" ");
}

static void
test_mail_submission(void **state)
{
	static const char *const broken[] = {
		" AUTH", " AUTH=", " AUTH=a+4", " AUTH=a+0A",
		" REQUIRETLS=", " REQUIRETLS=YES",
	};
	struct smtp_mail_args args;
	size_t i;

	(void)state;
	assert_null(mail(STR(""), &args));
	assert_false(args.has_auth || args.require_tls);
	assert_null(mail(STR(" AUTH=<> requiretls"), &args));
	assert_true(args.has_auth && args.require_tls);
	mail_good(" AUTH=me+2Byou@mail.example");
	for (i = 0; i < countof(broken); i++)
		mail_bad(broken[i], SYNTAX);
	mail_bad(" AUTH=<> AUTH=<>", TWICE);
	mail_bad(" REQUIRETLS REQUIRETLS", TWICE);
}

static void
test_numbers(void **state)
{
	struct smtp_mail_args args;

	(void)state;
	assert_null(mail(STR(" SIZE=18446744073709551615"), &args));
	assert_true(args.size == UINT64_MAX);
	/* Twenty digits are good form (RFC 1870), though a lot. */
	assert_null(mail(STR(" SIZE=99999999999999999999"), &args));
	assert_true(args.size == UINT64_MAX);
	assert_null(mail(STR(" SIZE=00000000000000000007"), &args));
	assert_int_equal(args.size, 7);
}

static const char *
rcpt(const char *line, struct smtp_rcpt_args *args)
{
	const char *why = NULL;

	if (smtp_args_rcpt(vector_guard(str_of(line)), args, &why) ==
	    SMTP_ARGS_OK)
		return NULL;
	assert_non_null(why);
	return why;
}

static void
test_rcpt(void **state)
{
	static const char *const broken[] = {
		" NOTIFY", " NOTIFY=", " NOTIFY=SOON", " NOTIFY=NEVER,DELAY",
		" NOTIFY=SUCCESS,", " NOTIFY=,DELAY", " ORCPT", " ORCPT=a",
		" ORCPT=rfc822;", " ORCPT=;a@b", " ORCPT=rfc822;a+4",
		" ORCPT=rfc822;a@\303\274.example", " ORCPT=utf-8;\\x{}",
		" ORCPT=utf-8;\\x{1234567}", " ORCPT=utf-8;\\y{41}",
		" ORCPT=utf-8;a\\", " ORCPT=utf-8;\\x{41",
	};
	struct smtp_rcpt_args args;
	size_t i;

	(void)state;
	assert_null(rcpt("", &args));
	assert_int_equal(args.notify, 0);
	assert_null(rcpt(" notify=success,FAILURE,Delay "
	    "ORCPT=rfc822;Bob+2B1@example.test", &args));
	assert_int_equal(args.notify, SMTP_NOTIFY_SUCCESS |
	    SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY);
	assert_true(args.has_orcpt);
	assert_null(rcpt(" NOTIFY=NEVER", &args));
	assert_int_equal(args.notify, SMTP_NOTIFY_NEVER);
	assert_null(rcpt(" ORCPT=utf-8;\\x{FC}@\303\274.example", &args));
	for (i = 0; i < countof(broken); i++)
		assert_string_equal(rcpt(broken[i], &args), SYNTAX);
	assert_string_equal(rcpt(" SIZE=1", &args), UNKNOWN);
	assert_string_equal(rcpt(" NOTIFY=DELAY NOTIFY=DELAY", &args),
	    TWICE);
	assert_string_equal(rcpt(" ORCPT=a;b ORCPT=a;b", &args), TWICE);
}

/* " NAME=" and so many letters. */
static struct str
long_value(struct buf *b, const char *start, size_t count)
{
	buf_clear(b);
	buf_add_text(b, start);
	while (count-- > 0)
		buf_add_char(b, 'a');
	return buf_str(b);
}

static void
test_lengths(void **state)
{
	struct smtp_mail_args args;
	struct smtp_rcpt_args rcpt_args;
	struct buf b;

	(void)state;
	buf_init(&b, 2000);
	assert_null(mail(long_value(&b, " ENVID=", SMTP_ENVID_MAX), &args));
	assert_non_null(mail(long_value(&b, " ENVID=", SMTP_ENVID_MAX + 1),
	    &args));
	long_value(&b, " ORCPT=a;", SMTP_ORCPT_MAX - 2);
	assert_null(rcpt(buf_text(&b), &rcpt_args));
	long_value(&b, " ORCPT=a;", SMTP_ORCPT_MAX - 1);
	assert_non_null(rcpt(buf_text(&b), &rcpt_args));
	buf_drop(&b);
}

static void
test_chunk(void **state)
{
	static const struct {
		const char *line;
		bool good, framed, last;
		uint64_t size;
	} cases[] = {
		{ "0", true, true, false, 0 },
		{ "86", true, true, false, 86 },
		{ "86 LAST", true, true, true, 86 },
		{ " 86   last ", true, true, true, 86 },
		{ "99999999999999999999", true, true, false, UINT64_MAX },
		{ "86 FIRST", false, true, false, 86 },
		{ "86 LAST LAST", false, true, false, 86 },
		{ "86LAST", false, false, false, 0 },
		{ "LAST", false, false, false, 0 },
		{ "-1", false, false, false, 0 },
		{ "", false, false, false, 0 },
		{ "999999999999999999999", false, false, false, 0 },
	};
	struct smtp_chunk_args args;
	bool framed;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		assert_int_equal(smtp_args_chunk(
		    vector_guard(str_of(cases[i].line)), &args, &framed),
		    cases[i].good ? SMTP_ARGS_OK : SMTP_ARGS_BAD);
		assert_int_equal(framed, cases[i].framed);
		if (cases[i].good)
			assert_int_equal(args.last, cases[i].last);
		if (framed)
			assert_true(args.size == cases[i].size);
	}
}

int
smtp_args_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_mail_bad),
		cmocka_unit_test(test_mail_submission),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_rcpt),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_chunk),
	};

	return cmocka_run_group_tests_name("talk/smtp_args", tests, NULL,
	    NULL);
}
