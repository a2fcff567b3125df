/* ENVELOPE written, and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/envelope.h"
#include "vector.h"

int envelope_test(void);

static void
test_field(void **state)
{
	(void)state;
	assert_int_equal(envelope_field(STR("date")), ENVELOPE_DATE);
	assert_int_equal(envelope_field(STR("IN-REPLY-TO")),
	    ENVELOPE_IN_REPLY_TO);
	assert_int_equal(envelope_field(STR("Message-Id")),
	    ENVELOPE_MESSAGE_ID);
	assert_int_equal(envelope_field(STR("To")), ENVELOPE_TO);
	assert_int_equal(envelope_field(STR("Tox")), ENVELOPE_COUNT);
	assert_int_equal(envelope_field(STR("")), ENVELOPE_COUNT);
}

static void
check_string(struct str s, const char *told)
{
	struct buf out;

	buf_init(&out, 1000);
	envelope_string(&out, s);
	assert_string_equal(buf_text(&out), told);
	buf_drop(&out);
}

static void
test_string(void **state)
{
	(void)state;
	check_string(str_from(NULL, 0), "NIL");
	check_string(STR(""), "\"\"");
	check_string(STR("a b"), "\"a b\"");
	check_string(STR("\"\\a\""), "\"\\\"\\\\a\\\"\"");
	check_string(STR("\xC3\xA9"), "{2}\r\n\xC3\xA9");
	check_string(STR("a\rb\nc\0d"), "{6}\r\na\rb\ncd");
	check_string(STR("a\0\0"), "{1}\r\na");
}

/* What is told of an address list. */
static void
check_people(const char *list, const char *told)
{
	struct str values[ENVELOPE_COUNT] = { 0 };
	struct buf out, whole;

	buf_init(&out, 10000);
	buf_init(&whole, 10000);
	values[ENVELOPE_CC] = vector_guard(str_of(list));
	envelope_write(&out, values);
	buf_add_text(&whole, "(NIL NIL NIL NIL NIL NIL ");
	buf_add_text(&whole, told);
	buf_add_text(&whole, " NIL NIL NIL)");
	assert_string_equal(buf_text(&out), buf_text(&whole));
	buf_drop(&whole);
	buf_drop(&out);
}

static void
test_people(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "NIL" }, { " (c) ", "NIL" }, { "(open", "NIL" },
		{ "a@b", "((NIL NIL \"a\" \"b\"))" },
		{ "N M <a@b>", "((\"N M\" NIL \"a\" \"b\"))" },
		{ "\"N \\\"M\\\"\"  O\t<a@b> (c)",
		    "((\"N \\\"M\\\" O\" NIL \"a\" \"b\"))" },
		{ "a@b (N \\( M)", "((\"N ( M\" NIL \"a\" \"b\"))" },
		{ "a@b (N), c@d", "((\"N\" NIL \"a\" \"b\")"
		    "(NIL NIL \"c\" \"d\"))" },
		{ "<@r,@s:a@b>", "((NIL \"@r,@s\" \"a\" \"b\"))" },
		{ "<\"a b\"@[192.0.2.1]>",
		    "((NIL NIL \"a b\" \"[192.0.2.1]\"))" },
		{ "a@b\nc@d", "((NIL NIL \"a\" \"b\")"
		    "(NIL NIL \"c\" \"d\"))" },
		{ "g: a@b, N <c@d>;, e@f", "((NIL NIL \"g\" NIL)"
		    "(NIL NIL \"a\" \"b\")(\"N\" NIL \"c\" \"d\")"
		    "(NIL NIL NIL NIL)(NIL NIL \"e\" \"f\"))" },
		{ "u:;", "((NIL NIL \"u\" NIL)(NIL NIL NIL NIL))" },
		/* broken */
		{ ",a@b,", "((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\")"
		    "(NIL NIL \"a\" \"b\"))" },
		{ "a", "((NIL NIL \"a\" \"MISSING_DOMAIN\"))" },
		{ "\"a\"", "((\"a\" NIL \"MISSING_MAILBOX\" "
		    "\"MISSING_DOMAIN\"))" },
		{ "a b@c", "((\"a b\" NIL \"MISSING_MAILBOX\" "
		    "\"MISSING_DOMAIN\"))" },
		{ "@b", "((NIL NIL \"MISSING_MAILBOX\" \"b\"))" },
		{ "a@", "((NIL NIL \"a\" \"MISSING_DOMAIN\"))" },
		{ "<>", "((NIL NIL \"MISSING_MAILBOX\" "
		    "\"MISSING_DOMAIN\"))" },
		{ "N <a@b", "((\"N\" NIL \"a\" \"SYNTAX_ERROR\"))" },
		{ "<a b@c>", "((NIL NIL \"a\" \"SYNTAX_ERROR\"))" },
		{ "<@r a@b>", "((NIL \"INVALID_ROUTE\" \"a\" \"b\"))" },
		{ "\"open <a@b>", "((NIL NIL \"MISSING_MAILBOX\" "
		    "\"MISSING_DOMAIN\"))" },
		{ "g: i: a@b;;", "((NIL NIL \"g\" NIL)"
		    "(NIL NIL \"i\" \"MISSING_DOMAIN\")(NIL NIL NIL NIL))" },
		{ "g: a@b", "((NIL NIL \"g\" NIL)(NIL NIL \"a\" \"b\")"
		    "(NIL NIL NIL NIL))" },
		{ ".a..b.@c", "((NIL NIL \".a..b.\" \"c\"))" },
		{ "a@b c@d", "((NIL NIL \"a\" \"b\"))" },
		{ "\xC3\xA9 <\xC3\xA9@b>",
		    "(({2}\r\n\xC3\xA9 NIL {2}\r\n\xC3\xA9 \"b\"))" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(pairs); i++)
		check_people(pairs[i][0], pairs[i][1]);
}

static void
test_write(void **state)
{
	struct str values[ENVELOPE_COUNT] = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	values[ENVELOPE_DATE] = STR("d  e ");
	values[ENVELOPE_SUBJECT] = STR(" a  b\tc ");
	values[ENVELOPE_FROM] = STR("a@b");
	values[ENVELOPE_SENDER] = STR(" ");
	values[ENVELOPE_REPLY_TO] = STR("c@d");
	values[ENVELOPE_MESSAGE_ID] = STR("");
	envelope_write(&out, values);
	assert_string_equal(buf_text(&out), "(\"d  e \" \"a b c\" "
	    "((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) "
	    "((NIL NIL \"c\" \"d\")) NIL NIL NIL NIL \"\")");
	buf_drop(&out);
	/* what does not fit is not there, and said so */
	buf_init(&out, 40);
	envelope_write(&out, values);
	assert_true(out.full);
	buf_drop(&out);
}

static void
check_text(struct str envelope, enum envelope_field field, const char *told)
{
	struct buf out;

	buf_init(&out, 1000);
	assert_int_equal(envelope_text(&out, envelope, field), told != NULL);
	assert_string_equal(buf_text(&out), told == NULL ? "" : told);
	buf_drop(&out);
}

static void
test_read(void **state)
{
	struct str values[ENVELOPE_COUNT] = { 0 };
	struct envelope_person person = { .has_name = false };
	struct envelope_people people;
	struct str envelope;
	struct buf out;

	(void)state;
	values[ENVELOPE_DATE] = STR("\xC3\xA9 (\")\\");
	values[ENVELOPE_SUBJECT] = STR("a \"(b\" \\");
	values[ENVELOPE_TO] = STR("\"N\\\\\" <@r:a@b>, g:;, \xC3\xA9@d");
	values[ENVELOPE_MESSAGE_ID] = STR("<m@n>");
	buf_init(&out, 1000);
	envelope_write(&out, values);
	envelope = vector_guard(buf_str(&out));
	check_text(envelope, ENVELOPE_DATE, "\xC3\xA9 (\")\\");
	check_text(envelope, ENVELOPE_SUBJECT, "a \"(b\" \\");
	check_text(envelope, ENVELOPE_IN_REPLY_TO, NULL);
	check_text(envelope, ENVELOPE_MESSAGE_ID, "<m@n>");
	check_text(STR("("), ENVELOPE_DATE, NULL);
	check_text(STR("({5}\r\nabc"), ENVELOPE_DATE, NULL);

	envelope_people(&people, envelope, ENVELOPE_TO);
	assert_true(envelope_next(&people, &person));
	assert_true(person.has_name && person.has_mailbox && person.has_host);
	assert_string_equal(buf_text(&person.name), "N\\");
	assert_string_equal(buf_text(&person.mailbox), "a");
	assert_string_equal(buf_text(&person.host), "b");
	assert_true(envelope_next(&people, &person));
	assert_true(!person.has_name && person.has_mailbox &&
	    !person.has_host);
	assert_string_equal(buf_text(&person.mailbox), "g");
	assert_true(envelope_next(&people, &person));
	assert_false(person.has_mailbox);
	assert_true(envelope_next(&people, &person));
	assert_string_equal(buf_text(&person.mailbox), "\xC3\xA9");
	assert_false(envelope_next(&people, &person));
	assert_false(envelope_next(&people, &person));
	envelope_people(&people, envelope, ENVELOPE_CC);
	assert_false(envelope_next(&people, &person));
	envelope_person_drop(&person);
	envelope_person_drop(&person);
	buf_drop(&out);
}

static void
check_ids(const char *text, const char *told)
{
	struct buf out, id;
	struct str rest;

	buf_init(&out, 1000);
	buf_init(&id, 1000);
	rest = vector_guard(str_of(text));
	while (envelope_id(&rest, &id)) {
		buf_add(&out, buf_str(&id));
		buf_add_char(&out, ';');
	}
	assert_int_equal(rest.len, 0);
	assert_string_equal(buf_text(&out), told);
	buf_drop(&id);
	buf_drop(&out);
}

static void
test_id(void **state)
{
	(void)state;
	check_ids("", "");
	check_ids("<a@b>", "a@b;");
	check_ids("x <a@b><c@d>\r\n <e\r\n f@g> y", "a@b;c@d;ef@g;");
	check_ids("<\"a\\\"b\"@c>", "a\"b@c;");
	check_ids("<a@b", "");
	check_ids("<a> <@b> <c@> <> <d@e>", "d@e;");
	check_ids("<a@b <c@d>", "c@d;");
	check_ids("<\"a@b> <c@d>", "c@d;");
}

/*
 * The end of a quoted-string is not looked for far away: a quote that is open,
 * many times over, would have all the rest read as often.
 */
static void
test_id_quoted(void **state)
{
	struct str rest;
	struct buf text, id;
	size_t i;

	(void)state;
	buf_init(&text, 100000);
	buf_init(&id, 100000);
	buf_add_text(&text, "<\"");
	for (i = 0; i < 240; i++)
		buf_add_char(&text, 'a');
	buf_add_text(&text, "\"@b> <c@d>");
	rest = buf_str(&text);
	assert_true(envelope_id(&rest, &id));
	assert_int_equal(id.len, 242);
	buf_clear(&text);
	buf_add_text(&text, "<\"");
	for (i = 0; i < 30000; i++)
		buf_add_text(&text, "\\\"");
	buf_add_text(&text, "\"@b> <c@d>");
	rest = buf_str(&text);
	assert_true(envelope_id(&rest, &id));
	assert_string_equal(buf_text(&id), "c@d");
	buf_drop(&text);
	buf_drop(&id);
}

int
envelope_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_id_quoted),
	};

	return cmocka_run_group_tests_name("mail/envelope", tests, NULL, NULL);
}
