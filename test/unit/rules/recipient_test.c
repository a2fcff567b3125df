/* Whose mail is it: domains, sub-domains, literals, postmaster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/recipient.h"

int recipient_test(void);

static const struct str names[] = {
	{ "example.test", 12 }, { "other.example", 13 }
};

static enum recipient_verdict
judge(bool subdomains, const char *path)
{
	const struct domains domains = { names, 2, subdomains };
	struct str in = str_of(path);
	struct addr addr;
	const char *why;

	assert_int_equal(addr_path(&in, &addr, &why), ADDR_OK);
	return recipient_judge(&domains, &addr);
}

static void
test_domains(void **state)
{
	(void)state;
	assert_int_equal(judge(false, "<a@example.test>"), RECIPIENT_OURS);
	assert_int_equal(judge(false, "<a@EXAMPLE.Test>"), RECIPIENT_OURS);
	assert_int_equal(judge(false, "<a@other.example>"), RECIPIENT_OURS);
	assert_int_equal(judge(false, "<\"a b\"@other.example>"),
	    RECIPIENT_OURS);
	assert_int_equal(judge(false, "<@example.test:a@third.example>"),
	    RECIPIENT_FOREIGN);
	assert_int_equal(judge(false, "<a@example.testing>"),
	    RECIPIENT_FOREIGN);
	assert_int_equal(judge(false, "<a@test>"), RECIPIENT_FOREIGN);
	assert_int_equal(judge(false, "<a@notexample.test>"),
	    RECIPIENT_FOREIGN);
	assert_int_equal(judge(false, "<a%example.test@third.example>"),
	    RECIPIENT_FOREIGN);
	assert_int_equal(judge(false, "<>"), RECIPIENT_FOREIGN);
}

static void
test_subdomains(void **state)
{
	(void)state;
	assert_int_equal(judge(false, "<a@b.example.test>"),
	    RECIPIENT_FOREIGN);
	assert_int_equal(judge(true, "<a@b.example.test>"), RECIPIENT_OURS);
	assert_int_equal(judge(true, "<a@c.b.EXAMPLE.test>"), RECIPIENT_OURS);
	assert_int_equal(judge(true, "<a@example.test>"), RECIPIENT_OURS);
	assert_int_equal(judge(true, "<a@notexample.test>"),
	    RECIPIENT_FOREIGN);
	assert_int_equal(judge(true, "<a@test>"), RECIPIENT_FOREIGN);
}

static void
test_special(void **state)
{
	(void)state;
	assert_int_equal(judge(false, "<postmaster>"), RECIPIENT_OURS);
	assert_int_equal(judge(false, "<PostMaster>"), RECIPIENT_OURS);
	assert_int_equal(judge(true, "<a@[192.0.2.1]>"), RECIPIENT_LITERAL);
	assert_int_equal(judge(true, "<a@[IPv6:2001:db8::1]>"),
	    RECIPIENT_LITERAL);
}

static void
test_domains_hold(void **state)
{
	const struct domains plain = { names, 2, false };
	const struct domains wide = { names, 2, true };

	(void)state;
	assert_true(domains_hold(&plain, STR("example.test.")));
	assert_false(domains_hold(&plain, STR("example.test..")));
	assert_false(domains_hold(&plain, STR("")));
	assert_false(domains_hold(&plain, STR(".")));
	assert_false(domains_hold(&wide, STR(".example.test")));
	assert_true(domains_hold(&wide, STR("b.example.test.")));
}

/* Whether a sender is ours, with two senders elsewhere. */
static bool
ours(const char *text)
{
	static const struct str listed[] = {
		{ "me@one.example", 14 }, { "@two.example", 12 }
	};
	const struct domains plain = { names, 2, false };
	struct addr addr;
	const char *why;

	assert_int_equal(addr_mailbox(str_of(text), &addr, &why), ADDR_OK);
	return sender_is_ours(&plain, listed, countof(listed), &addr);
}

static void
test_senders(void **state)
{
	const struct domains plain = { names, 2, false };
	struct addr addr;
	const char *why;

	(void)state;
	assert_true(ours("a@Example.TEST") && ours("\"a b\"@example.test"));
	assert_true(ours("me@one.example") && ours("Me@ONE.example"));
	assert_true(ours("\"me\"@one.example") && ours("any@Two.example"));
	assert_false(ours("you@one.example") || ours("me+x@one.example"));
	assert_false(ours("me@a.one.example") || ours("me@a.two.example"));
	assert_false(ours("a@[192.0.2.1]") || ours("a@sub.example.test"));
	assert_int_equal(addr_mailbox(STR("me@one.example"), &addr, &why),
	    ADDR_OK);
	assert_false(sender_is_ours(&plain, NULL, 0, &addr));
}

int
recipient_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_subdomains),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_domains_hold),
		cmocka_unit_test(test_senders),
	};

	return cmocka_run_group_tests_name("rules/recipient", tests, NULL,
	    NULL);
}
