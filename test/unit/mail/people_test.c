/* Address lists: the forms of RFC 5322, old ones, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/people.h"
#include "vector.h"

int people_test(void);

/* Tell a list as name|mailbox|comment;... with a '!' at the end when bad. */
static void
tell(struct buf *out, struct str list)
{
	enum people_result found;
	struct people people;
	struct person person;
	const char *why;

	person_init(&person);
	people_begin(&people, list);
	while ((found = people_next(&people, &person, &why)) == PEOPLE_ONE) {
		if (person.grouped)
			buf_add_char(out, '+');
		buf_add(out, buf_str(&person.name));
		buf_add_char(out, '|');
		buf_add(out, buf_str(&person.mailbox));
		buf_add_char(out, '|');
		buf_add(out, buf_str(&person.comment));
		buf_add_char(out, ';');
		assert_true(person.addr.domain.len > 0);
	}
	if (found == PEOPLE_BAD) {
		assert_true(strlen(why) > 10);
		buf_add_char(out, '!');
	}
	person_drop(&person);
	person_drop(&person);
}

struct pair {
	const char *list;
	const char *told;
};

static void
check_all(const struct pair *pairs, size_t count)
{
	struct buf out;
	size_t i;

	buf_init(&out, 10000);
	for (i = 0; i < count; i++) {
		buf_clear(&out);
		tell(&out, vector_guard(str_of(pairs[i].list)));
		assert_string_equal(buf_text(&out), pairs[i].told);
	}
	buf_drop(&out);
}

static void
test_forms(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" }, { " \r\n\t", "" }, { "(nobody)", "" },
		{ "a@b.example", "|a@b.example|;" },
		{ " <a@b.example> ", "|a@b.example|;" },
		{ "Bob <a@b.example>", "Bob|a@b.example|;" },
		{ "Bob<a@b.example>", "Bob|a@b.example|;" },
		{ "\"Robert\" <a@b.example>", "Robert|a@b.example|;" },
		{ "a@b.example (Bob)", "|a@b.example|Bob;" },
		{ "<a@b.example> (Bob)", "|a@b.example|Bob;" },
		{ "Bob (x (y) \\) z) <a@b.example> (w)",
		    "Bob|a@b.example|x (y) \\) z w;" },
		{ "Bob\r\n <a@b.example>", "Bob|a@b.example|;" },
		{ "\"Bob\r\n Smith\" <a@b.example>",
		    "Bob Smith|a@b.example|;" },
		{ "\"a \\\"b\\\" \\\\\" <a@b.example>",
		    "a \"b\" \\|a@b.example|;" },
		{ "Bob   A.  Smith <a@b.example>",
		    "Bob A. Smith|a@b.example|;" },
		{ "\"b\"ob x\"y z\" <a@b.example>",
		    "bob xy z|a@b.example|;" },
		{ "\"a, b\" <a@b.example>, \"c@d\" <e@f.example>",
		    "a, b|a@b.example|;c@d|e@f.example|;" },
		{ "a@b.example,c@d.example",
		    "|a@b.example|;|c@d.example|;" },
		{ "<a@[192.0.2.1]>", "|a@[192.0.2.1]|;" },
		{ "a+b=c_d-e.f@b.example", "|a+b=c_d-e.f@b.example|;" },
		{ "\"a b\"@b.example", "|\"a b\"@b.example|;" },
		{ "\"shop\"@b.example", "|shop@b.example|;" },
		/* sections 1.2 and 2 of RFC 5322 appendix A */
		{ "\"Joe Q. Public\" <john.q.public@example.test>",
		    "Joe Q. Public|john.q.public@example.test|;" },
		{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his "
		    "host)>",
		    "Pete|pete@silly.test|A nice \\) chap his account his "
		    "host;" },
		/* groups, section 3.4 */
		{ "A Group:Ed <e@a.example>,joe@b.example,John "
		    "<j@c.example>;",
		    "+Ed|e@a.example|;+|joe@b.example|;+John|j@c.example|;" },
		{ "Undisclosed recipients:;", "" },
		{ "Undisclosed recipients: (none) ;, a@b.example",
		    "|a@b.example|;" },
		{ "g: a@b.example;, c@d.example",
		    "+|a@b.example|;|c@d.example|;" },
	};

	(void)state;
	check_all(pairs, countof(pairs));
}

static void
test_old(void **state)
{
	static const struct pair pairs[] = {
		/* section 4.4 */
		{ "Joe <@node.example,@x.example:mary @ example . net>",
		    "Joe|mary@example.net|;" },
		{ "<@a.example:b@c.example>", "|b@c.example|;" },
		{ "a . b @ c . example", "|a.b@c.example|;" },
		{ "\"a\" . \"b c\"@d.example", "|\"a.b c\"@d.example|;" },
		{ "a(x)@(y)b.example", "|a@b.example|x y;" },
		{ ",,a@b.example,, ,c@d.example,",
		    "|a@b.example|;|c@d.example|;" },
		{ "g:,a@b.example,,;,", "+|a@b.example|;" },
	};

	(void)state;
	check_all(pairs, countof(pairs));
}

static void
test_letters(void **state)
{
	static const struct pair pairs[] = {
		{ "=?UTF-8?Q?J=C3=BCrgen_K?= <a@b.example>",
		    "J\xc3\xbcrgen K|a@b.example|;" },
		{ "=?UTF-8?Q?a?= =?UTF-8?Q?b?= c <a@b.example>",
		    "ab c|a@b.example|;" },
		{ "\"=?UTF-8?Q?J=C3=BCrgen?=\" <a@b.example>",
		    "J\xc3\xbcrgen|a@b.example|;" },
		/* signs that must not be there, but are */
		{ "=?UTF-8?Q?M=C3=BC,_(Bob)?= <a@b.example>",
		    "M\xc3\xbc, (Bob)|a@b.example|;" },
		{ "a@b.example (=?UTF-8?Q?J=C3=BCrgen?=)",
		    "|a@b.example|J\xc3\xbcrgen;" },
		{ "=?gb2312?B?xOM=?= <a@b.example>",
		    "\x0e=?gb2312?B?xOM=?=\x0f|a@b.example|;" },
		{ "J\xc3\xbcrgen <j\xc3\xbcrgen@b\xc3\xbc.example>",
		    "J\xc3\xbcrgen|j\xc3\xbcrgen@b\xc3\xbc.example|;" },
		{ "[x] Bob <a@b.example>", "[x] Bob|a@b.example|;" },
	};

	(void)state;
	check_all(pairs, countof(pairs));
}

static void
test_bad(void **state)
{
	static const struct pair pairs[] = {
		{ "Bob", "!" }, { "Bob (x)", "!" }, { "<>", "!" },
		{ "Bob <>", "!" }, { "<a>", "!" }, { "@", "!" },
		{ "a@", "!" }, { "@b.example", "!" }, { "<@b.example>", "!" },
		{ "<a@b.example", "!" }, { "a@b.example>", "!" },
		{ "Bob <a@b.example> x", "!" },
		{ "a@b.example x", "!" }, { "a b@c.example", "!" },
		{ "a@b.example <c@d.example>", "!" },
		{ "a@b@c.example", "!" }, { "Bob, Smith <a@b.example>", "!" },
		{ "a..b@c.example", "!" }, { ".a@c.example", "!" },
		{ "a.@c.example", "!" }, { "a@c..example", "!" },
		{ "a@c example", "!" }, { "a@[192.0.2.1].example", "!" },
		{ "(a@b.example", "!" }, { "\"a@b.example", "!" },
		{ "a@[192.0.2.1", "!" }, { "a@[x]", "!" },
		{ "<a@b.example> (x", "!" }, { "<a@b.example>>", "!" },
		{ "<<a@b.example>>", "!" },
		{ "g:a@b.example", "+|a@b.example|;!" },
		{ "g:h:a@b.example;;", "!" }, { ":a@b.example;", "!" },
		{ "a@b.example;", "!" }, { ";", "!" },
		{ "a@b.example;c@d.example", "!" },
		{ "a@b.example,\"", "|a@b.example|;!" },
		{ "a@b_\xff.example", "!" },
		{ "<@a.example b@c.example>", "!" },
		{ "<@a.example:", "!" },
		{ "a\\b@c.example", "!" },
	};

	(void)state;
	check_all(pairs, countof(pairs));
}

static void
test_limits(void **state)
{
	struct buf list, out;
	size_t i;

	(void)state;
	buf_init(&list, 100000);
	buf_init(&out, 100000);
	/* comments may nest as deep as they like */
	for (i = 0; i < 10000; i++)
		buf_add_char(&list, '(');
	for (i = 0; i < 10000; i++)
		buf_add_char(&list, ')');
	tell(&out, buf_str(&list));
	assert_int_equal(out.len, 0);
	buf_add_text(&list, "a@b.example");
	tell(&out, buf_str(&list));
	assert_string_equal(buf_text(&out), "!");
	buf_clear(&list);
	buf_clear(&out);
	for (i = 0; i <= PEOPLE_MAX; i++)
		buf_add_text(&list, "a@b.example,");
	tell(&out, buf_str(&list));
	assert_int_equal(out.len, PEOPLE_MAX * 14 + 1);
	buf_clear(&list);
	buf_clear(&out);
	for (i = 0; i < PERSON_TEXT_MAX + 1; i++)
		buf_add_char(&list, 'a');
	buf_add_text(&list, " <a@b.example>");
	tell(&out, buf_str(&list));
	assert_string_equal(buf_text(&out), "!");
	buf_clear(&list);
	buf_clear(&out);
	for (i = 0; i < ADDR_LOCAL_MAX + 1; i++)
		buf_add_char(&list, 'a');
	buf_add_text(&list, "@b.example");
	tell(&out, buf_str(&list));
	assert_string_equal(buf_text(&out), "!");
	buf_drop(&list);
	buf_drop(&out);
}

int
people_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_old),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("mail/people", tests, NULL, NULL);
}
