/* The first words: of plain text, of HTML, and of neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/preview.h"
#include "vector.h"

int preview_test(void);

struct reader {
	const char *charset;
	bool html;
	struct preview *preview;
};

static void
reader_begin(void *at)
{
	struct reader *r;

	r = at;
	r->preview = preview_new(str_of(r->charset), r->html);
}

static bool
reader_feed(void *at, struct str *in, struct buf *out)
{
	struct reader *r;

	(void)out;
	r = at;
	preview_feed(r->preview, str_take(in, in->len));
	return true;
}

static void
reader_end(void *at, size_t rest, struct buf *out)
{
	struct reader *r;

	r = at;
	assert_int_equal(rest, 0);
	preview_end(r->preview, out, 40);
	preview_drop(r->preview);
	preview_drop(NULL);
}

static void
check(const char *charset, bool html, const char *text, const char *words)
{
	struct reader r = { .charset = charset, .html = html };
	struct vector_machine machine = {
		&r, reader_begin, reader_feed, reader_end
	};
	struct buf out;

	assert_true(vector_same(&machine, str_of(text), &out));
	assert_string_equal(buf_text(&out), words);
	buf_drop(&out);
}

static void
test_plain(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "" },
		{ " \r\n\t", "" },
		{ "  Hello\r\n\r\nworld \t again ", "Hello world again" },
		{ "On Monday X wrote:\r\n> old\r\n>> older\r\n\r\nNo.\r\n",
		    "On Monday X wrote: No." },
		{ "> only\n> > quoted", "only quoted" },
		{ " > quoted too\nown", "own" },
		{ "a > b", "a > b" },
		/* 40 letters, not octets */
		{ "0123456789012345678901234567890123456789x",
		    "0123456789012345678901234567890123456789" },
		{ "\xc3\xa9" "12345678901234567890123456789012345678\xc3\xa9x",
		    "\xc3\xa9" "12345678901234567890123456789012345678"
		    "\xc3\xa9" },
		{ "012345678901234567890123456789012345678 x",
		    "012345678901234567890123456789012345678" },
		/* what nobody sees */
		{ "a\xc2\xa0\xe2\x80\x8c\xc2\xa0\xcd\x8f b\x01\xef\xbb\xbf" "c",
		    "a bc" },
		{ "\xef\xbb\xbfx", "x" },
		/* a joined sign of three people */
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9",
		    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9" },
		{ "caf\xc3", "caf\xc3\x83" },
		{ "<b>&amp;", "<b>&amp;" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		check("us-ascii", false, cases[i].text, cases[i].words);
	check("iso-8859-1", false, "Gr\xf6\xdf" "e", "Gr\xc3\xb6\xc3\x9f" "e");
	check("x-nosuch", false, "Gr\xc3\xb6", "Gr\xc3\xb6");
	check("utf-8", false, "caf\xc3", "caf\xef\xbf\xbd");
}

static void
test_html(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "<p>Hello</p><p>world</p>", "Hello world" },
		{ "H<b>el</b>lo<br>x<span a=b>y</span>", "Hello xy" },
		{ "<!DOCTYPE html><html><head><title>T</title>"
		    "<style>p > a { x: \"</p>\" }</style></head>"
		    "<body class='a>b' x=\"<i>\">Text", "Text" },
		{ "<head><meta x><body>No end", "No end" },
		{ "<script>if (a<b && c>d) \"<p>\" </script>e", "e" },
		{ "<SCRIPT>x</Script >y", "y" },
		{ "<script>x</scripty>y</script>z", "z" },
		{ "a<!-- b > <p> -- c -->d<!--->e--><!-- x--->f<!>g<!doctype>h",
		    "ade-->fgh" },
		{ "1 < 2 <3 << a", "1 < 2 <3 << a" },
		{ "a<b c", "a" },
		{ "<?xml x?>a", "a" },
		{ "</>a</ b>c", "a c" },
		{ "x=\"<a href=x y='>'z>\"y", "x=\"\"y" },
		{ "<a title = \"a>b\">c", "c" },
		{ "<a it's>c", "c" },
		/* entities */
		{ "&lt;b&gt; &amp;amp; R&D &copy 2 &nbsp;&eacute;t&eacute;",
		    "<b> &amp; R&D \xc2\xa9 2 \xc3\xa9t\xc3\xa9" },
		{ "&#65;&#x42;&#X43 &#8364;&#150;&#0;&#xD800;&#99999999999;",
		    "ABC \xe2\x82\xac\xe2\x80\x93&#0;\xef\xbf\xbd"
		    "\xef\xbf\xbd" },
		{ "&#99999999;&#x110000;", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "&nosuch; &; &# &#x; &averyveryverylongname;<p>&",
		    "&nosuch; &; &# &#x; &averyveryverylongna" },
		{ "a&", "a&" }, { "a&am", "a&am" }, { "a&amp", "a&" },
		{ "a<", "a<" }, { "a<p", "a" }, { "&&amp;<p>", "&&" },
		{ "&zwnj;&nbsp;&zwnj;&shy;x", "x" },
		/* quotes */
		{ "<blockquote>old<blockquote>er</blockquote>x</blockquote>New",
		    "New" },
		{ "<blockquote>only old", "only old" },
		{ "</blockquote>a", "a" },
		{ "&gt; a", "> a" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		check("utf-8", true, cases[i].text, cases[i].words);
}

/* No more is kept, or looked at, than is said. */
static void
test_bounds(void **state)
{
	struct preview *p;
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 100000);
	p = preview_new(STR("utf-8"), true);
	for (i = 0; i < PREVIEW_LOOK_MAX / 10; i++) {
		assert_false(preview_full(p));
		preview_feed(p, STR("<p class=x"));
	}
	preview_feed(p, STR("<p><p>after\xc3\xa9"));
	assert_true(preview_full(p));
	preview_feed(p, STR("more"));
	preview_end(p, &out, 200);
	assert_string_equal(buf_text(&out), "");
	preview_drop(p);

	p = preview_new(STR("utf-8"), false);
	for (i = 0; i < 300 && !preview_full(p); i++)
		preview_feed(p, STR("\xf0\x9f\x98\x80"));
	assert_int_equal(i, PREVIEW_LETTERS_MAX);
	preview_feed(p, STR("x"));
	preview_end(p, &out, 1000);
	assert_int_equal(out.len, 4 * PREVIEW_LETTERS_MAX);
	preview_drop(p);

	/* a word that is cut, and a space that nothing follows */
	buf_clear(&out);
	p = preview_new(STR("utf-8"), true);
	for (i = 0; i < PREVIEW_LETTERS_MAX - 1; i++)
		preview_feed(p, STR("x"));
	preview_feed(p, STR(" yyy\xc3\xa9 zzz"));
	assert_true(preview_full(p));
	preview_end(p, &out, 1000);
	assert_int_equal(out.len, PREVIEW_LETTERS_MAX - 1);
	preview_drop(p);
	buf_drop(&out);
}

int
preview_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("mail/preview", tests, NULL, NULL);
}
