/* Framing: command lines, the text of DATA and BDAT, dots put in again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/line.h"
#include "vector.h"

#define MAX 20		/* the longest line of these tests, CRLF included */

int line_test(void);

/* Take all lines; tell each as a word and its text. */
static bool
take_feed(void *at, struct str *in, struct buf *out)
{
	struct str line;
	bool *skipping;

	skipping = at;
	for (;;)
		switch (line_take(in, MAX, skipping, &line)) {
		case LINE_MORE:
			return true;
		case LINE_DONE:
			buf_add_char(out, '[');
			buf_add(out, line);
			buf_add_char(out, ']');
			break;
		case LINE_LONG:
			buf_add_text(out, "long ");
			break;
		case LINE_BAD:
			buf_add_text(out, "bad ");
			return false;
		}
}

static void
take_begin(void *at)
{
	*(bool *)at = false;
}

static void
tell_rest(void *at, size_t rest, struct buf *out)
{
	(void)at;
	buf_add_format(out, "+%zu", rest);
}

static void
test_line_take(void **state)
{
	static const struct {
		struct str input;
		const char *told;
	} cases[] = {
		{ { "", 0 }, "+0" },
		{ { "NOOP\r\n", 6 }, "[NOOP]+0" },
		{ { "\r\n\r\n", 4 }, "[][]+0" },
		{ { "a\r\nb\r\nc", 7 }, "[a][b]+1" },
		{ { "a\r", 2 }, "+2" },
		/* 18 and CRLF fit; 19 do not */
		{ { "123456789012345678\r\nx\r\n", 23 },
		    "[123456789012345678][x]+0" },
		{ { "1234567890123456789\r\nx\r\n", 24 }, "long [x]+0" },
		{ { "12345678901234567890\r\nx\r\n", 25 }, "long [x]+0" },
		{ { "1234567890123456789", 19 }, "+0" },
		{ { "123456789012345678", 18 }, "+18" },
		{ { "123456789012345678\r", 19 }, "+19" },
		{ { "1234567890123456789\r", 20 }, "+1" },
		{ { "1234567890123456789012345678901234567890123\r\n"
		    "12345678901234567890\r\nQUIT\r\n", 73 },
		    "long long [QUIT]+0" },
		{ { "a\nb\r\n", 5 }, "bad +5" },
		{ { "a\rb\r\n", 5 }, "bad +5" },
		{ { "a\r\r\n", 4 }, "bad +4" },
		{ { "\n", 1 }, "bad +1" },
		{ { "a\0b\r\n", 5 }, "bad +5" },
		{ { "ok\r\n\0", 5 }, "[ok]bad +1" },
		{ { "12345678901234567890123\nx\r\n", 27 }, "bad +4" },
		{ { "12345678901234567890123\rx\r\n", 27 }, "bad +4" },
		{ { "12345678901234567890123\0x\r\n", 27 }, "bad +4" },
		{ { "gr\xc3\xbc\xff\r\n", 7 }, "[gr\xc3\xbc\xff]+0" },
	};
	struct vector_machine machine;
	struct buf out;
	bool skipping;
	size_t i;

	(void)state;
	machine = (struct vector_machine){ &skipping, take_begin, take_feed,
	    tell_rest };
	for (i = 0; i < countof(cases); i++) {
		assert_true(vector_same(&machine, cases[i].input, &out));
		assert_string_equal(buf_text(&out), cases[i].told);
		buf_drop(&out);
	}
}

/*
 * A text machine under test, emptying its out every stop bytes; patient: it
 * goes on after a line that is too long.
 */
struct reader {
	struct text text;
	bool plain;
	bool patient;
	size_t line_max;
	size_t stop;
	bool over;
};

static void
read_begin(void *at)
{
	struct reader *r;

	r = at;
	r->text = (struct text){ 0 };
	r->line_max = r->patient ? MAX : r->line_max;
	r->over = false;
}

static bool
read_feed(void *at, struct str *in, struct buf *out)
{
	static const char *const words[] = { "", "|end", "|bare", "|nul",
	    "|long" };
	enum text_result result;
	struct reader *r;
	struct buf part;

	r = at;
	buf_init(&part, r->stop);
	do {
		buf_clear(&part);
		result = (r->plain ? text_plain : text_undot)(&r->text, in,
		    r->line_max, &part, r->stop);
		must(!part.full);
		buf_add(out, buf_str(&part));
		if (result == TEXT_LONG && r->patient) {
			buf_add_text(out, words[result]);
			r->line_max = SIZE_MAX;
			result = TEXT_MORE;
		}
	} while (result == TEXT_MORE && in->len > 0);
	buf_drop(&part);
	buf_add_text(out, words[result]);
	r->over = result != TEXT_MORE;
	return !r->over;
}

static void
read_end(void *at, size_t rest, struct buf *out)
{
	struct reader *r;

	r = at;
	if (r->over)
		buf_add_format(out, "+%zu", rest);
	else
		buf_add_text(out, text_closed(&r->text) ? "|closed" : "|open");
}

struct text_case {
	struct str input;
	struct str told;
};

/* Run a case with every size of the out buffer that could matter. */
static void
read_cases(const struct text_case *cases, size_t count, bool plain,
	bool patient)
{
	static const size_t stops[] = { 1, 2, 3, 5, 7, 4096 };
	struct vector_machine machine;
	struct reader reader;
	struct buf out;
	size_t i, k;

	machine = (struct vector_machine){ &reader, read_begin, read_feed,
	    read_end };
	reader.plain = plain;
	reader.patient = patient;
	reader.line_max = MAX;
	for (i = 0; i < count; i++)
		for (k = 0; k < countof(stops); k++) {
			reader.stop = stops[k];
			assert_true(vector_same(&machine, cases[i].input,
			    &out));
			assert_string_equal(buf_text(&out), cases[i].told.at);
			assert_int_equal(out.len, cases[i].told.len);
			buf_drop(&out);
		}
}

#define CASE(input, told) \
	{ { input, sizeof (input) - 1 }, { told, sizeof (told) - 1 } }

static void
test_undot(void **state)
{
	static const struct text_case cases[] = {
		CASE(".\r\n", "|end+0"),
		CASE("hi\r\n.\r\n", "hi\r\n|end+0"),
		CASE("hi\r\n.\r\nQUIT\r\n", "hi\r\n|end+6"),
		CASE("..\r\n.\r\n", ".\r\n|end+0"),
		CASE("...a\r\n.\r\n", "..a\r\n|end+0"),
		CASE(".a\r\n.\r\n", "a\r\n|end+0"),
		CASE("a.\r\n.b.\r\n.\r\n", "a.\r\nb.\r\n|end+0"),
		CASE("\r\n\r\n.\r\n", "\r\n\r\n|end+0"),
		CASE("a\tb\r\n.\r\n", "a\tb\r\n|end+0"),
		CASE("\x01\x7f\x80\xff\r\n.\r\n", "\x01\x7f\x80\xff\r\n|end+0"),
		/* the end of input at each state */
		CASE("", "|closed"),
		CASE("a\r\n", "a\r\n|closed"),
		CASE("a", "a|open"),
		CASE("a\r", "a\r|open"),
		CASE("a\r\n.", "a\r\n|open"),
		CASE("a\r\n.\r", "a\r\n|open"),
		/* dots on their own lines are text when stuffed */
		CASE("a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n|end+0"),
		CASE("a\r\n. \r\n.\r\n", "a\r\n \r\n|end+0"),
	};

	(void)state;
	read_cases(cases, countof(cases), false, false);
}

static void
test_smuggling(void **state)
{
	static const struct text_case cases[] = {
		CASE("a\n.\nMAIL\r\n", "a|bare+9"),
		CASE("a\n.\r\nMAIL\r\n", "a|bare+10"),
		CASE("a\r\n.\nMAIL\r\n", "a\r\n|bare+7"),
		CASE("a\r.\r\nMAIL\r\n", "a\r|bare+9"),
		CASE("a\r.\rMAIL\r\n", "a\r|bare+8"),
		CASE("a\r\n.\rMAIL\r\n", "a\r\n|bare+6"),
		CASE("a\n.\rMAIL\r\n", "a|bare+9"),
		CASE("a\r\r\n.\r\nMAIL\r\n", "a\r|bare+11"),
		CASE("a\r\n\n.\r\nMAIL\r\n", "a\r\n|bare+10"),
		CASE("a\r\n.\r\r\nMAIL\r\n", "a\r\n|bare+8"),
		CASE("a\r\n\r.\r\nMAIL\r\n", "a\r\n\r|bare+9"),
		CASE("a\r\n\0.\r\nMAIL\r\n", "a\r\n|nul+10"),
		CASE("a\r\n.\0\r\nMAIL\r\n", "a\r\n|nul+9"),
		CASE("a\0\r\n.\r\n", "a|nul+6"),
		CASE("a\r\n\0", "a\r\n|nul+1"),
		CASE("\r", "\r|open"),
		CASE("\n", "|bare+1"),
		CASE("a\rb", "a\r|bare+1"),
		CASE("a\r\0", "a\r|bare+1"),
		CASE("a\r\n.\r.\r\n", "a\r\n|bare+3"),
		/* no CRLF: these only look like line ends */
		CASE("a\v.\f\x85.\r\n.\r\n", "a\v.\f\x85.\r\n|end+0"),
		CASE("a\xe2\x80\xa8.\r\n.\r\n", "a\xe2\x80\xa8.\r\n|end+0"),
	};

	(void)state;
	read_cases(cases, countof(cases), false, false);
}

static void
test_line_limit(void **state)
{
	static const struct text_case cases[] = {
		CASE("123456789012345678\r\n.\r\n",
		    "123456789012345678\r\n|end+0"),
		CASE("1234567890123456789\r\n.\r\n",
		    "1234567890123456789\r|long+4"),
		CASE("12345678901234567890\r\n.\r\n",
		    "12345678901234567890|long+5"),
		CASE("123456789012345678901\r\n.\r\n",
		    "12345678901234567890|long+6"),
		CASE("a\r\n123456789012345678901",
		    "a\r\n12345678901234567890|long+1"),
		/* the dot that is undone does not count */
		CASE(".123456789012345678\r\n.\r\n",
		    "123456789012345678\r\n|end+0"),
		CASE("..12345678901234567\r\n.\r\n",
		    ".12345678901234567\r\n|end+0"),
		CASE("..123456789012345678\r\n.\r\n",
		    ".123456789012345678\r|long+4"),
		CASE("12345678901234567890\0", "12345678901234567890|nul+1"),
		CASE("12345678901234567890\n", "12345678901234567890|bare+1"),
	};

	(void)state;
	read_cases(cases, countof(cases), false, false);
}

/* Go on after a line that is too long: the end is found all the same. */
static void
test_patience(void **state)
{
	static const struct text_case cases[] = {
		CASE("1234567890123456789\r\n.\r\n",
		    "1234567890123456789\r|long\n|end+0"),
		CASE("12345678901234567890\r\n.\r\nQUIT",
		    "12345678901234567890|long\r\n|end+4"),
		CASE("..12345678901234567890123\r\n..\r\n.\r\n",
		    ".1234567890123456789|long0123\r\n.\r\n|end+0"),
		CASE("1234567890123456789012345\n.\r\n",
		    "12345678901234567890|long12345|bare+4"),
		CASE("1234567890123456789012345\0",
		    "12345678901234567890|long12345|nul+1"),
	};

	(void)state;
	read_cases(cases, countof(cases), false, true);
}

static void
test_plain(void **state)
{
	static const struct text_case cases[] = {
		CASE("", "|closed"),
		CASE(".\r\n", ".\r\n|closed"),
		CASE("a\r\n.\r\n..b\r\n", "a\r\n.\r\n..b\r\n|closed"),
		CASE("a\r\n.", "a\r\n.|open"),
		CASE("a\r\n.\r", "a\r\n.\r|open"),
		CASE("a\n", "a|bare+1"),
		CASE(".\n", ".|bare+1"),
		CASE("a\rb", "a\r|bare+1"),
		CASE(".\rb", ".\r|bare+1"),
		CASE(".\0", ".|nul+1"),
		CASE(".12345678901234567\r\n", ".12345678901234567\r\n|closed"),
		CASE(".123456789012345678\r\n", ".123456789012345678\r|long+1"),
	};

	(void)state;
	read_cases(cases, countof(cases), true, false);
}

/* Put dots in. */
static bool
dot_feed(void *at, struct str *in, struct buf *out)
{
	text_dot(out, str_take(in, in->len), at);
	return true;
}

static void
dot_begin(void *at)
{
	*(bool *)at = true;
}

static void
test_dot(void **state)
{
	static const struct text_case cases[] = {
		CASE("", ""),
		CASE("a\r\n", "a\r\n"),
		CASE(".", ".."),
		CASE(".\r\n", "..\r\n"),
		CASE("..a\r\n.b.\r\n\r\n.", "...a\r\n..b.\r\n\r\n.."),
		CASE("\r\n.\r\n", "\r\n..\r\n"),
		CASE("a\r\nb\r\n.c\r\nd", "a\r\nb\r\n..c\r\nd"),
	};
	struct vector_machine machine;
	struct buf out;
	bool at_start;
	size_t i;

	(void)state;
	machine = (struct vector_machine){ &at_start, dot_begin, dot_feed,
	    NULL };
	for (i = 0; i < countof(cases); i++) {
		assert_true(vector_same(&machine, cases[i].input, &out));
		assert_string_equal(buf_text(&out), cases[i].told.at);
		buf_drop(&out);
	}
	at_start = false;
	buf_init(&out, 100);
	text_dot(&out, STR(".a\r\n"), &at_start);
	assert_string_equal(buf_text(&out), ".a\r\n");
	assert_true(at_start);
	text_dot(&out, STR(""), &at_start);
	assert_true(at_start);
	buf_drop(&out);
}

/*
 * Many random texts out of the bytes that matter: what text_dot() writes,
 * text_undot() reads back as it was.
 */
static void
test_round_trip(void **state)
{
	static const char *const parts[] = { "\r\n", ".", "a", "word", "\t",
	    "\r\n.", "\xff" };
	struct vector_machine machine;
	struct reader reader;
	struct buf raw, dotted, out;
	uint32_t seed;
	bool at_start;
	int i, k;

	(void)state;
	machine = (struct vector_machine){ &reader, read_begin, read_feed,
	    read_end };
	reader = (struct reader){ .line_max = 1000, .stop = 17 };
	buf_init(&raw, 4096);
	buf_init(&dotted, 4096);
	seed = 1;
	for (i = 0; i < 300; i++) {
		buf_clear(&raw);
		buf_clear(&dotted);
		for (k = 0; k < 30; k++) {
			seed = seed * 1664525 + 1013904223;
			buf_add_text(&raw,
			    parts[(seed >> 16) % countof(parts)]);
		}
		buf_add_text(&raw, "\r\n");
		at_start = true;
		text_dot(&dotted, buf_str(&raw), &at_start);
		buf_add_text(&dotted, ".\r\n");
		assert_true(vector_same(&machine, buf_str(&dotted), &out));
		buf_add_text(&raw, "|end+0");
		assert_string_equal(buf_text(&out), buf_text(&raw));
		buf_drop(&out);
	}
	buf_drop(&raw);
	buf_drop(&dotted);
}

int
line_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_take),
		cmocka_unit_test(test_undot),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_dot),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests_name("mail/line", tests, NULL, NULL);
}
