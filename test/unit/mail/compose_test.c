/* Writing fields: folds, names, texts that come back as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/compose.h"
#include "mail/head.h"
#include "mail/people.h"
#include "mail/word.h"
#include "vector.h"

int compose_test(void);

static void
compose_one(struct buf *out, const char *text, bool utf8)
{
	struct compose c;

	buf_clear(out);
	compose_begin(&c, out, "Subject", utf8);
	compose_text(&c, vector_guard(str_of(text)));
	compose_end(&c);
}

/* Check the lines of a field; returns the longest. */
static size_t
longest_line(struct str field)
{
	struct str line;
	size_t longest;

	longest = 0;
	while (str_split(&field, '\n', &line)) {
		assert_true(str_ends(line, STR("\r")));
		assert_true(str_trim(line).len > 0);
		if (line.len - 1 > longest)
			longest = line.len - 1;
	}
	assert_int_equal(field.len, 0);
	assert_true(longest <= COMPOSE_LINE_MAX);
	return longest;
}

static void
test_text(void **state)
{
	static const struct {
		const char *text;
		const char *field;
		const char *utf8;	/* NULL: the same */
	} cases[] = {
		{ "", "Subject:\r\n", NULL },
		{ "Re: order", "Subject: Re: order\r\n", NULL },
		{ "  a   b  ", "Subject: a b\r\n", NULL },
		{ "Caf\xc3\xa9", "Subject: =?UTF-8?B?Q2Fmw6k=?=\r\n",
		    "Subject: Caf\xc3\xa9\r\n" },
		{ "a \xc3\xa9 b", "Subject: a =?UTF-8?B?w6k=?= b\r\n",
		    "Subject: a \xc3\xa9 b\r\n" },
		{ "\xc3\xa9 \xc3\xa9 x",
		    "Subject: =?UTF-8?B?w6kgw6k=?= x\r\n",
		    "Subject: \xc3\xa9 \xc3\xa9 x\r\n" },
		{ "a =?b", "Subject: a =?UTF-8?B?PT9i?=\r\n", NULL },
		{ "a \x0e=?gb2312?B?xOM=?=\x0f b",
		    "Subject: a =?gb2312?B?xOM=?= b\r\n", NULL },
		{ "\x0e=?x?B?xOM=?=\x0f\x0e=?x?B?xOM=?=\x0f",
		    "Subject: =?x?B?xOM=?= =?x?B?xOM=?=\r\n", NULL },
		{ "a\x0e=?x?B?xOM=?=\x0f" "b c",
		    "Subject: =?UTF-8?Q?a?= =?x?B?xOM=?= =?UTF-8?Q?b?= c\r\n",
		    NULL },
		{ "\x0e=?x?B?xOM=?=\x0f \x0e=?x?B?xOM=?=\x0f",
		    "Subject: =?x?B?xOM=?= =?UTF-8?Q?_?= =?x?B?xOM=?=\r\n",
		    NULL },
		/* a mark that is not closed is none */
		{ "a\x0e" "b", "Subject: =?UTF-8?Q?a?= =?UTF-8?Q?b?=\r\n",
		    NULL },
		{ "one two three four five six seven eight nine ten eleven "
		    "twelve thirteen",
		    "Subject: one two three four five six seven eight nine "
		    "ten eleven twelve\r\n thirteen\r\n", NULL },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		compose_one(&out, cases[i].text, false);
		assert_string_equal(buf_text(&out), cases[i].field);
		assert_true(str_is_ascii(buf_str(&out)));
		compose_one(&out, cases[i].text, true);
		assert_string_equal(buf_text(&out), cases[i].utf8 == NULL ?
		    cases[i].field : cases[i].utf8);
	}
	buf_drop(&out);
}

/* Compose, and read what was composed. */
static void
check_back(struct str text, size_t longest)
{
	struct buf out, back;
	struct head_field field;
	struct str block;

	buf_init(&out, 100000);
	buf_init(&back, 100000);
	compose_one(&out, text.at, false);
	assert_true(longest_line(buf_str(&out)) <= longest);
	block = buf_str(&out);
	assert_true(head_next(&block, &field));
	word_decode(&back, str_trim(field.value));
	assert_true(str_equal(buf_str(&back), text));
	buf_drop(&out);
	buf_drop(&back);
}

static void
test_long(void **state)
{
	struct buf text;
	size_t i;

	(void)state;
	buf_init(&text, 100000);
	for (i = 0; i < 2000; i++)
		buf_add_text(&text, "\xc3\xa9t\xc3\xa9 ");
	buf_add_text(&text, "!");
	check_back(buf_str(&text), COMPOSE_CODED);
	buf_clear(&text);
	for (i = 0; i < COMPOSE_WORD_MAX; i++)
		buf_add_char(&text, 'a');
	check_back(buf_str(&text), COMPOSE_LINE_MAX);
	buf_add_char(&text, 'a');
	check_back(buf_str(&text), COMPOSE_CODED);
	buf_drop(&text);
}

static void
test_person(void **state)
{
	static const struct {
		const char *name;
		const char *field;
	} cases[] = {
		{ "", "From: a@b.example\r\n" },
		{ "Robert", "From: Robert <a@b.example>\r\n" },
		{ "Robert Smith", "From: Robert Smith <a@b.example>\r\n" },
		{ "Robert A. Smith",
		    "From: \"Robert A. Smith\" <a@b.example>\r\n" },
		{ "a \"b\" \\",
		    "From: \"a \\\"b\\\" \\\\\" <a@b.example>\r\n" },
		{ " a", "From: \" a\" <a@b.example>\r\n" },
		{ "=?x?q?y?=",
		    "From: =?UTF-8?B?PT94P3E/eT89?= <a@b.example>\r\n" },
		{ "J\xc3\xbcrgen, K.",
		    "From: =?UTF-8?B?SsO8cmdlbiwgSy4=?= <a@b.example>\r\n" },
		{ "\x0e=?gb2312?B?xOM=?=\x0f x",
		    "From: =?gb2312?B?xOM=?= =?UTF-8?Q?_x?= "
		    "<a@b.example>\r\n" },
	};
	struct compose c;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		compose_begin(&c, &out, "From", false);
		compose_person(&c, vector_guard(str_of(cases[i].name)),
		    STR("a@b.example"));
		compose_end(&c);
		assert_string_equal(buf_text(&out), cases[i].field);
	}
	buf_drop(&out);
}

/* Many people, with long names: all come back. */
static void
test_people(void **state)
{
	static const char name[] = "Somebody with a name that is rather long, "
	    "Esq. (the third of that name, and the last one that his house "
	    "has seen or is going to see)";
	struct person person;
	struct people people;
	struct compose c;
	struct buf out;
	const char *why;
	int i;

	(void)state;
	buf_init(&out, 100000);
	compose_begin(&c, &out, "Reply-To", true);
	for (i = 0; i < 50; i++) {
		compose_person(&c, i % 2 == 0 ? STR("") : str_of(name),
		    STR("a@b.example"));
		compose_person(&c, STR("J\xc3\xbcrgen"), STR("c@d.example"));
	}
	compose_end(&c);
	assert_true(longest_line(buf_str(&out)) <= COMPOSE_FOLD);
	person_init(&person);
	people_begin(&people, str_part(buf_str(&out), 9, out.len));
	for (i = 0; i < 50; i++) {
		assert_int_equal(people_next(&people, &person, &why),
		    PEOPLE_ONE);
		assert_string_equal(buf_text(&person.name),
		    i % 2 == 0 ? "" : name);
		assert_int_equal(people_next(&people, &person, &why),
		    PEOPLE_ONE);
		assert_string_equal(buf_text(&person.name), "J\xc3\xbcrgen");
		assert_string_equal(buf_text(&person.mailbox), "c@d.example");
	}
	assert_int_equal(people_next(&people, &person, &why), PEOPLE_END);
	person_drop(&person);
	buf_drop(&out);
}

static void
test_word(void **state)
{
	struct compose c;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	compose_begin(&c, &out, "References", false);
	compose_word(&c, STR("<0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789@z>"));
	compose_word(&c, STR("<0123456789012345678901234567890123456789@a>"));
	compose_word(&c, STR("<012345678901234567890123456@b>"));
	compose_word(&c, STR("<c@c>"));
	compose_end(&c);
	assert_string_equal(buf_text(&out), "References: "
	    "<0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789@z>\r\n "
	    "<0123456789012345678901234567890123456789@a> "
	    "<012345678901234567890123456@b>\r\n <c@c>\r\n");
	buf_drop(&out);
}

int
compose_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_person),
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_word),
	};

	return cmocka_run_group_tests_name("mail/compose", tests, NULL, NULL);
}
