/* Structure found while bytes go by, however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/mime.h"
#include "vector.h"

int mime_test(void);

struct run {
	struct mime *mime;
	bool in_text;
};

static void
run_begin(void *at)
{
	struct run *run = at;

	*run = (struct run){ .mime = mime_new() };
}

/*
 * Tell an event: "<" begins a part, "name=value;" is a field, "|" and kind and
 * encoding the end of a header, text stands in quotes, and "head body end
 * lines>" ends a part.
 */
static void
tell(struct run *run, enum mime_event event, struct buf *out)
{
	const struct mime_part *part;

	part = mime_part(run->mime);
	if (run->in_text != (event == MIME_TEXT) && event != MIME_MORE) {
		buf_add_char(out, '"');
		run->in_text = event == MIME_TEXT;
	}
	if (event == MIME_BEGIN)
		buf_add_char(out, '<');
	else if (event == MIME_TEXT)
		buf_add(out, mime_text(run->mime));
	else if (event == MIME_HEAD)
		buf_add_format(out, "|%c%d", "lmr"[part->kind],
		    (int)part->encoding);
	else if (event == MIME_END)
		buf_add_format(out, "%d %d %d %d>", (int)part->head,
		    (int)part->body, (int)part->end, (int)part->lines);
	else if (event == MIME_FIELD) {
		buf_add(out, mime_name(run->mime));
		buf_add_char(out, '=');
		buf_add(out, mime_value(run->mime));
		buf_add_char(out, ';');
	}
	assert_true(event == MIME_DONE || part->depth < MIME_DEPTH_MAX);
}

static bool
run_feed(void *at, struct str *in, struct buf *out)
{
	enum mime_event event;
	struct run *run = at;

	while ((event = mime_step(run->mime, in)) != MIME_MORE)
		tell(run, event, out);
	assert_int_equal(in->len, 0);
	return true;
}

static void
run_end(void *at, size_t rest, struct buf *out)
{
	struct str none = STR("");
	enum mime_event event;
	struct run *run = at;

	(void)rest;
	mime_end(run->mime);
	do {
		event = mime_step(run->mime, &none);
		assert_true(event != MIME_MORE);
		tell(run, event, out);
	} while (event != MIME_DONE);
	assert_true(mime_size(run->mime) < 200000);
	mime_drop(run->mime);
}

static void
check(struct str message, const char *told)
{
	struct run run;
	struct vector_machine machine = { &run, run_begin, run_feed, run_end };
	struct buf out;

	assert_true(vector_same(&machine, message, &out));
	assert_string_equal(buf_text(&out), told);
	buf_drop(&out);
}

static void
test_header(void **state)
{
	(void)state;
	check(STR(""), "<|l00 0 0 0>");
	check(STR("x"), "<=x;|l00 1 1 0>");
	check(STR("\r\n"), "<|l00 2 2 0>");
	check(STR("\r\nx"), "<|l0\"x\"0 2 3 0>");
	check(STR("a: b"), "<a= b;|l00 4 4 0>");
	check(STR("a: b\r\n"), "<a= b;|l00 6 6 0>");
	check(STR("a: b\r\n\r\nc\r\nd"), "<a= b;|l0\"c\r\nd\"0 8 12 1>");
	check(STR("a: b\n\nc\nd"), "<a= b;|l0\"c\nd\"0 6 9 1>");
	check(STR("a:\r\n b\r\n \r\n\tc\nd : e\n\r\n"),
	    "<a=\r\n b\r\n \r\n\tc;d= e;|l00 22 22 0>");
	check(STR("junk\r\n more: junk\r\na:b\r\n: c\r\n d:e\r\n\r\n"),
	    "<=junk\r\n more: junk;a=b;= c\r\n d:e;|l00 37 37 0>");
	check(STR("a: b\rc\r\n\rd\r\n\r\r\n\r\n"),
	    "<a= b\rc;=\rd;=\r;|l00 17 17 0>");
	check(STR("a: b\r\n\r"), "<a= b;=;|l00 7 7 0>");
	check(STR(" a: b\nc:d"), "<= a: b;c=d;|l00 9 9 0>");
	check(STR("Content-Transfer-Encoding: base64\n\nx"),
	    "<Content-Transfer-Encoding= base64;|l0\"x\"0 35 36 0>");
	check(STR("CONTENT-TRANSFER-ENCODING: x y\n"
	    "Content-Transfer-Encoding: BASE64\nMIME-Version: 1\n\nx"),
	    "<CONTENT-TRANSFER-ENCODING= x y;"
	    "Content-Transfer-Encoding= BASE64;MIME-Version= 1;|l4\"x\""
	    "0 82 83 0>");
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define TOLD "<Content-Type= multipart/mixed; boundary=b;|m0"

static void
test_multipart(void **state)
{
	(void)state;
	check(STR(MIXED "pre\r\n--b\r\n\r\none\r\n--b \r\n\r\ntwo\r\n--b--\r\n"
	    "post\r\n"), TOLD "<|l0\"one\"55 57 60 0><|l0\"two\"68 70 73 0>"
	    "0 45 88 9>");
	/* no close-delimiter, no line end, no part */
	check(STR(MIXED "--b\r\n\r\none\r\n"),
	    TOLD "<|l0\"one\r\n\"50 52 57 1>0 45 57 3>");
	check(STR(MIXED "--b\r\n\r\none\r\n--b--"),
	    TOLD "<|l0\"one\"50 52 55 0>0 45 62 3>");
	check(STR(MIXED "--b"), TOLD "0 45 48 0>");
	check(STR(MIXED "--b\r\n"), TOLD "<|l050 50 50 0>0 45 50 1>");
	check(STR(MIXED "--b--\r\n--b\r\nx"), TOLD "0 45 58 2>");
	/* what looks like a delimiter and is none */
	check(STR(MIXED "--b\n\n-\n--\n--a\n -b\r\r\n-b\n--b"),
	    TOLD "<|l0\"-\n--\n--a\n -b\r\r\n-b\"49 50 67 4>0 45 71 7>");
	/* a delimiter ends a header, and what it ends is all of it */
	check(STR(MIXED "--b\r\na: b\r\n--b\r\n--b\r\n\r\n--b--"),
	    TOLD "<a= b;|l050 54 54 0><|l061 61 61 0><|l066 66 66 0>"
	    "0 45 73 5>");
	/* without a boundary there are no parts */
	check(STR("Content-Type: multipart/mixed\n\n--b\n\nx"),
	    "<Content-Type= multipart/mixed;|m00 31 37 2>");
	check(STR("Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx"
	    "\n----\ny"), "<Content-Type= multipart/mixed; boundary=\"\";|m0"
	    "<|l0\"x\"47 48 49 0>0 44 56 4>");
}

static void
test_nested(void **state)
{
	(void)state;
	/* the inner one is closed by the outer one's delimiter */
	check(STR(MIXED "--b\n" "Content-Type: multipart/x; boundary=\"bc\""
	    "\n\n--bc\n\nx\n--b\n\ny\n--bc--\n"),
	    TOLD "<Content-Type= multipart/x; boundary=\"bc\";|m0"
	    "<|l0\"x\"96 97 98 0>49 91 98 2>"
	    "<|l0\"y\"103 104 105 0><|l0113 113 113 0>0 45 113 10>");
	/* a message within, and one whose header is cut */
	check(STR("Content-Type: message/rfc822\n\na: b\n\nc\n"),
	    "<Content-Type= message/rfc822;|r0<a= b;|l0\"c\n\"30 36 38 1>"
	    "0 30 38 3>");
	check(STR("Content-Type: Message/Global\n"),
	    "<Content-Type= Message/Global;|r0<|l029 29 29 0>0 29 29 0>");
	check(STR(MIXED "--b\nContent-Type: message/rfc822\n\na: b\n--b--"),
	    TOLD "<Content-Type= message/rfc822;|r0<a= b;|l079 83 83 0>"
	    "49 79 84 1>0 45 89 4>");
	check(STR(MIXED "--b\nContent-Type: message/rfc822\n--b--"),
	    TOLD "<Content-Type= message/rfc822;|r0<|l077 77 77 0>"
	    "49 77 77 0>0 45 83 2>");
	check(STR("Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
	    "a: b\n\nc\n--b\nContent-Type: text/plain\n\nd"),
	    "<Content-Type= multipart/digest; boundary=b;|m0"
	    "<|r0<a= b;|l0\"c\"49 55 56 0>48 49 56 2>"
	    "<Content-Type= text/plain;|l0\"d\"61 87 88 0>0 44 88 8>");
}

int
mime_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_nested),
	};

	return cmocka_run_group_tests_name("mail/mime", tests, NULL, NULL);
}
