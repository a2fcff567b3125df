/* Fields with parameters, as they should be and as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/param.h"
#include "vector.h"

int param_test(void);

/* Tell a type as "type/subtype" and each parameter as ";name=value". */
static void
check_type(const char *value, bool is_type, const char *told)
{
	struct str type, subtype, name;
	struct buf out, text;
	struct param p;

	buf_init(&out, 1000);
	buf_init(&text, 1000);
	assert_int_equal(param_type(&p, vector_guard(str_of(value)), &type,
	    &subtype), is_type);
	buf_add(&out, type);
	buf_add_char(&out, '/');
	buf_add(&out, subtype);
	while (param_next(&p, &name, &text)) {
		buf_add_char(&out, ';');
		buf_add(&out, name);
		buf_add_char(&out, '=');
		buf_add(&out, buf_str(&text));
	}
	assert_string_equal(buf_text(&out), told);
	buf_drop(&text);
	buf_drop(&out);
}

static void
test_type(void **state)
{
	(void)state;
	check_type("text/plain", true, "text/plain");
	check_type(" Text / PLAIN ;a=b", true, "Text/PLAIN;a=b");
	check_type("(c) a.b/c+d (e)\r\n ; (f) g (h) = (i) j (k)", true,
	    "a.b/c+d;g=j");
	check_type("text/plain; a=\"b;c\\\"d\"; e=f", true,
	    "text/plain;a=b;c\"d;e=f");
	check_type("text/plain; a=b c; d=e", true, "text/plain;a=b;d=e");
	check_type("text/plain; a=\"b\r\n c\"", true, "text/plain;a=b c");
	check_type("text/plain; a==?utf-8?q?b?=; c=", true,
	    "text/plain;a==?utf-8?q?b?=;c=");
	check_type("text/plain; a; b=c; d=e", true, "text/plain;d=e");
	check_type("text/plain; a=b; c=\"d; e=f", true, "text/plain;a=b");
	check_type("text/plain; a=b; (c; d=e", true, "text/plain;a=b");
	check_type("text/plain; a*0*=x'y'z", true,
	    "text/plain;a*0*=x'y'z");
	check_type("", false, "/");
	check_type("text", false, "/");
	check_type("text/", false, "/");
	check_type("/plain", false, "/");
	check_type("text/plain charset=x", false, "/");
	check_type("text/plain (", false, "/");
	check_type("\"text/plain\"", false, "/");
}

static void
test_word(void **state)
{
	struct str word;
	struct param p;

	(void)state;
	assert_true(param_word(&p, STR(" inline ; a=b"), &word));
	assert_true(str_equal(word, STR("inline")));
	assert_true(str_equal(p.rest, STR("; a=b")));
	assert_true(param_word(&p, STR(""), &word));
	assert_int_equal(word.len, 0);
	assert_true(param_word(&p, STR("\"a\""), &word));
	assert_int_equal(word.len, 0);
	assert_false(param_word(&p, STR("a ("), &word));
	assert_false(param_word(&p, STR("("), &word));
}

static void
check_find(const char *value, bool found, const char *told,
	const char *charset)
{
	struct buf text, name;

	buf_init(&text, 1000);
	buf_init(&name, 1000);
	buf_add_text(&text, "old");
	assert_int_equal(param_find(vector_guard(str_of(value)), STR("Name"),
	    &text, &name), found);
	assert_string_equal(buf_text(&text), told);
	assert_string_equal(buf_text(&name), charset);
	assert_int_equal(param_find(str_of(value), STR("name"), &text, NULL),
	    found);
	assert_string_equal(buf_text(&text), told);
	buf_drop(&text);
	buf_drop(&name);
}

static void
test_find(void **state)
{
	(void)state;
	check_find("a/b", false, "", "");
	check_find("a/b; names=c", false, "", "");
	check_find("a/b; NAME=c; name=d", true, "c", "");
	check_find("a; name=", true, "", "");
	check_find("a; name*1=d; name*0=\"b c\"; name*2=e", true, "b cde",
	    "");
	check_find("a; name*0=b; name*2=c", true, "b", "");
	check_find("a; name*1=b", false, "", "");
	check_find("a; name*=utf-8'en'%41%c3%A9%4", true, "A\xC3\xA9%4",
	    "utf-8");
	check_find("a; name*0*=x''%41; name*1=%42; name*2*=%43", true,
	    "A%42C", "x");
	check_find("a; name=plain; name*=utf-8''better", true, "better",
	    "utf-8");
	check_find("a; name*=%41", true, "A", "");
	check_find("a; name*x=b; name*0x=c; name*99999=d", false, "", "");
}

static void
test_piece(void **state)
{
	struct param_piece piece;

	(void)state;
	assert_false(param_piece(STR("name"), &piece));
	assert_false(param_piece(STR("name*x"), &piece));
	assert_false(param_piece(STR("name*1**"), &piece));
	assert_true(param_piece(STR("name*"), &piece));
	assert_true(piece.extended && piece.index == 0);
	assert_true(str_equal(piece.base, STR("name")));
	assert_true(param_piece(STR("name*12"), &piece));
	assert_true(!piece.extended && piece.index == 12);
	assert_true(param_piece(STR("name*03*"), &piece));
	assert_true(piece.extended && piece.index == 3);
}

int
param_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_piece),
	};

	return cmocka_run_group_tests_name("mail/param", tests, NULL, NULL);
}
