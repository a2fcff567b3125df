#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/codec.h"
#include "talk/sasl.h"
#include "vector.h"

int sasl_test(void);

/*
 * Begin a mechanism and feed it the lines of a script, of which the first is
 * the initial response unless it is "-"; out gets what came of each.
 */
static void
play(struct buf *out, const char *mechanism, struct str script)
{
	static const char *const words[] = { "more", "done", "cancel", "bad" };
	struct sasl s = { 0 };
	struct str line;
	enum sasl_result result;
	bool initial;

	must(str_split(&script, '\n', &line));
	initial = !str_equal(line, STR("-"));
	result = sasl_begin(&s, str_of(mechanism), vector_guard(line), initial);
	for (;;) {
		buf_add_text(out, words[result]);
		if (result == SASL_MORE)
			buf_add_format(out, "(%s) ", buf_text(&s.challenge));
		if (result != SASL_MORE || !str_split(&script, '\n', &line))
			break;
		result = sasl_step(&s, vector_guard(line));
	}
	if (result == SASL_DONE)
		buf_add_format(out, " %s/%s", buf_text(&s.user),
		    buf_text(&s.secret));
	else if (result != SASL_MORE)
		assert_true(s.user.at == NULL && s.secret.at == NULL);
	sasl_drop(&s);
	sasl_drop(&s);
}

static void
expect(const char *mechanism, struct str script, const char *want)
{
	struct buf out;

	buf_init(&out, 10000);
	play(&out, mechanism, script);
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

/* The script of one raw PLAIN message. */
static void
expect_plain(struct str raw, const char *want)
{
	struct buf script;

	buf_init(&script, 10000);
	base64_encode(&script, raw);
	buf_add_char(&script, '\n');
	expect("PLAIN", buf_str(&script), want);
	buf_drop(&script);
}

static void
test_plain(void **state)
{
	(void)state;
	expect_plain(STR("\0name\0word"), "done name/word");
	expect_plain(STR("name\0name\0two words"), "done name/two words");
	expect_plain(STR("\0n\xc3\xa4me\0w\xc3\xb6rd"),
	    "done n\xc3\xa4me/w\xc3\xb6rd");
	expect("plain", STR("-\nAGEAYg==\n"), "more() done a/b");
}

static void
test_plain_refusals(void **state)
{
	(void)state;
	expect_plain(STR("other\0name\0word"), "bad");
	expect_plain(STR("NAME\0name\0word"), "bad");
	expect_plain(STR("\0name"), "bad");
	expect_plain(STR("name"), "bad");
	expect_plain(STR("\0\0word"), "bad");
	expect_plain(STR("\0name\0"), "bad");
	expect_plain(STR("\0name\0wo\0rd"), "bad");
	expect_plain(STR("\0name\0w\xf6rd"), "bad");
	expect_plain(STR("\0n\xf6me\0word"), "bad");
	expect("PLAIN", STR("=\n"), "bad");
	expect("PLAIN", STR("-\n\n"), "more() bad");
	expect("PLAIN", STR("-\nAGEAYg\n"), "more() bad");
	expect("PLAIN", STR("AGEAYg== \n"), "bad");
	expect("PLAIN", STR("AAA=BBB=\n"), "bad");
	expect("PLAIN", STR("-\n*\n"), "more() cancel");
	expect("PLAIN", STR("*\n"), "cancel");
}

static void
test_login(void **state)
{
	(void)state;
	expect("LOGIN", STR("-\nYQ==\nYg==\n"),
	    "more(VXNlcm5hbWU6) more(UGFzc3dvcmQ6) done a/b");
	expect("login", STR("YQ==\nYg==\n"), "more(UGFzc3dvcmQ6) done a/b");
	expect("LOGIN", STR("=\n"), "bad");
	expect("LOGIN", STR("-\n*\n"), "more(VXNlcm5hbWU6) cancel");
	expect("LOGIN", STR("YQ==\n*\n"), "more(UGFzc3dvcmQ6) cancel");
	expect("LOGIN", STR("YQ==\n\n"), "more(UGFzc3dvcmQ6) bad");
	expect("LOGIN", STR("YQ==\n!\n"), "more(UGFzc3dvcmQ6) bad");
	expect("LOGIN", STR("YQBi\n"), "bad");
	expect("LOGIN", STR("/w==\n"), "bad");
}

static void
test_mechanisms(void **state)
{
	struct sasl s = { 0 };

	(void)state;
	assert_true(sasl_knows(STR("Plain")));
	assert_true(sasl_knows(STR("LOGIN")));
	assert_false(sasl_knows(STR("")));
	assert_false(sasl_knows(STR("PLAI")));
	assert_false(sasl_knows(STR("PLAINS")));
	assert_int_equal(sasl_begin(&s, STR("CRAM-MD5"), STR(""), false),
	    SASL_BAD);
	assert_int_equal(s.user.max, 0);
	sasl_drop(&s);
}

/* A name of the greatest length is taken, one byte more is not. */
static void
test_lengths(void **state)
{
	struct buf name, script, want;
	size_t len;

	(void)state;
	buf_init(&name, SASL_NAME_MAX + 1);
	buf_init(&script, 10000);
	buf_init(&want, 10000);
	for (len = SASL_NAME_MAX; len <= SASL_NAME_MAX + 1; len++) {
		while (name.len < len)
			buf_add_char(&name, 'n');
		buf_clear(&script);
		base64_encode(&script, buf_str(&name));
		buf_add_text(&script, "\nYg==\n");
		buf_clear(&want);
		if (len > SASL_NAME_MAX)
			buf_add_text(&want, "bad");
		else
			buf_add_format(&want, "more(UGFzc3dvcmQ6) done %s/b",
			    buf_text(&name));
		expect("LOGIN", buf_str(&script), buf_text(&want));
	}
	buf_clear(&script);
	while (script.len < SASL_LINE_MAX / 2)
		buf_add_char(&script, 'A');
	buf_add_char(&script, '\n');
	expect("PLAIN", buf_str(&script), "bad");
	buf_drop(&name);
	buf_drop(&script);
	buf_drop(&want);
}

int
sasl_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_plain_refusals),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests_name("talk/sasl", tests, NULL, NULL);
}
