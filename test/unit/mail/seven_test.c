/* 8-bit text made 7-bit: encodings, MIME parts, and what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/seven.h"
#include "vector.h"

int seven_test(void);

#define ENCODING "Content-Transfer-Encoding: "
#define EIGHT ENCODING "8bit\r\n"
#define QUOTED ENCODING "quoted-printable\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n"

struct play {
	struct seven *seven;
	struct str head;
	bool has_8bit;
};

/* The header goes out with the first bytes; vector_same() has them all. */
static bool
feed(void *at, struct str *in, struct buf *out)
{
	struct play *p = at;

	if (p->seven == NULL)
		p->seven = seven_new(p->head, out);
	seven_feed(p->seven, str_take(in, in->len), false, out);
	return true;
}

static void
begin(void *at)
{
	struct play *p = at;

	p->seven = NULL;
}

static void
end(void *at, size_t rest, struct buf *out)
{
	struct play *p = at;

	assert_int_equal(rest, 0);
	if (p->seven == NULL)
		p->seven = seven_new(p->head, out);
	seven_feed(p->seven, STR(""), true, out);
	p->has_8bit = seven_has_8bit(p->seven);
	assert_int_equal(p->has_8bit, !str_is_ascii(buf_str(out)));
	seven_drop(p->seven);
}

/* Convert in every way; the caller drops out. */
static void
convert(struct str message, struct buf *out)
{
	struct play p = { .has_8bit = false };
	struct vector_machine machine = { &p, begin, feed, end };
	size_t len = str_find_str(message, STR("\r\n\r\n")) + 4;

	p.head = vector_guard(str_take(&message, len));
	assert_true(vector_same(&machine, message, out));
}

static void
check(struct str message, const char *want)
{
	struct buf out;

	convert(message, &out);
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

/* It is passed through, down to the last byte. */
static void
check_same(struct str message)
{
	struct buf out;

	convert(message, &out);
	assert_true(str_equal(buf_str(&out), message));
	buf_drop(&out);
}

static void
test_quoted(void **state)
{
	(void)state;
	check(STR("Subject: x\r\n" EIGHT "\r\ngr\303\274n=1\r\n"),
	    "Subject: x\r\n" QUOTED "\r\ngr=C3=BCn=3D1\r\n");
	check(STR(EIGHT "\r\n"), QUOTED "\r\n");
	check(STR(EIGHT "\r\nabc"), QUOTED "\r\nabc");
	/* White space at an end of line or text (format=flowed has it). */
	check(STR(EIGHT "\r\nflow \r\ntab\t\r\n \r\n-- \r\na b\t c \t\r\nx "),
	    QUOTED "\r\nflow=20\r\ntab=09\r\n=20\r\n--=20\r\na b\t c =09\r\n"
	    "x=20");
	/* CR and LF alone are no line ends, NUL and others no text. */
	check(STR(EIGHT "\r\na\rb\nc\r\r\nd\0e\177f \rg\r"), QUOTED "\r\n"
	    "a=0Db=0Ac=0D\r\nd=00e=7Ff =0Dg=0D");
	check(STR(EIGHT "\r\nFrom x\r\n.\r\n..\r\n"),
	    QUOTED "\r\nFrom x\r\n.\r\n..\r\n");
}

#define TEN "1234567890"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static void
test_quoted_lines(void **state)
{
	(void)state;
	check(STR(EIGHT "\r\n" SEVENTY "12345\r\n" SEVENTY "123456\r\n"),
	    QUOTED "\r\n" SEVENTY "12345\r\n" SEVENTY "12345=\r\n6\r\n");
	check(STR(EIGHT "\r\n" SEVENTY "123\374\r\n" SEVENTY "12\374\r\n"),
	    QUOTED "\r\n" SEVENTY "123=\r\n=FC\r\n" SEVENTY "12=FC\r\n");
	/* A line of ours never begins like a delimiter. */
	check(STR(EIGHT "\r\n" SEVENTY "12345--b\r\n"),
	    QUOTED "\r\n" SEVENTY "12345=\r\n=2D-b\r\n");
	check(STR(EIGHT "\r\n" SEVENTY "1234 \r\n" SEVENTY "12345 \r\n"),
	    QUOTED "\r\n" SEVENTY "1234=\r\n=20\r\n"
	    SEVENTY "12345=\r\n=20\r\n");
}

static void
test_base64(void **state)
{
	(void)state;
	check(STR(ENCODING "binary\r\n\r\n\0\1\2\r\n"),
	    ENCODING "base64\r\n\r\nAAECDQo=\r\n");
	check(STR(ENCODING "binary\r\n\r\n"), ENCODING "base64\r\n\r\n");
	check(STR(ENCODING "binary\r\n\r\na\r"),
	    ENCODING "base64\r\n\r\nYQ0=\r\n");
	check(STR(ENCODING "binary\r\n\r\n" SEVENTY),
	    ENCODING "base64\r\n\r\n"
	    "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1"
	    "Njc4OTAxMjM0NTY3\r\nODkwMTIzNDU2Nzg5MA==\r\n");
}

static void
test_labels(void **state)
{
	(void)state;
	check(STR("content-transfer-ENCODING:(a (b\\)) c) 8BiT\r\n\t(d)\r\n"
	    "X: y\r\n\r\n\374\r\n"), QUOTED "X: y\r\n\r\n=FC\r\n");
	/* It says 7bit, nothing, or what we do not know. */
	check_same(STR("X: y\r\n\r\n\374\r\n"));
	check_same(STR(ENCODING "7bit\r\n\r\n\374\r\n"));
	check_same(STR(ENCODING "quoted-printable\r\n\r\n=\374\r\n"));
	check_same(STR(ENCODING "base64\r\n\r\n/A==\r\n"));
	check_same(STR(ENCODING "x-8bit\r\n\r\n\374\r\n"));
	check_same(STR(ENCODING "8bit binary\r\n\r\n\374\r\n"));
	check_same(STR(ENCODING "\"8bit\"\r\n\r\n\374\r\n"));
	check_same(STR(ENCODING "8bit (\r\n\r\n\374\r\n"));
	check_same(STR("\r\n\r\n\374\r\n"));
}

/* Headers that two programs could read in two ways. */
static void
test_broken_headers(void **state)
{
	(void)state;
	check_same(STR(EIGHT EIGHT "\r\n\374\r\n"));
	check_same(STR(EIGHT ENCODING "7bit\r\n\r\n\374\r\n"));
	check_same(STR(MIXED MIXED EIGHT "\r\n--b\r\n" EIGHT "\r\n\374\r\n"));
	check_same(STR("no field\r\n" EIGHT "\r\n\374\r\n"));
	check_same(STR(EIGHT "no field\r\n\r\n\374\r\n"));
	check_same(STR(" x\r\n" EIGHT "\r\n\374\r\n"));
	check_same(STR("X: \n" EIGHT "\r\n\374\r\n"));
	check_same(STR("X: \0\r\n" EIGHT "\r\n\374\r\n"));
	check_same(STR("Content-Transfer-Encoding : 8bit\r\n\r\n\374\r\n"));
	check_same(STR("Content-Type: (\r\n" EIGHT "\r\n\374\r\n"));
	check_same(STR("Content-Type: \"text/plain\"\r\n" EIGHT
	    "\r\n\374\r\n"));
	/* These are not clean, but it is clear what they mean. */
	check(STR("Content-Type: text\r\n" EIGHT "\r\n\374\r\n"),
	    "Content-Type: text\r\n" QUOTED "\r\n=FC\r\n");
	check(STR("Content-Type: a/b; name=x y.pdf;\r\n" EIGHT
	    "\r\n\374\r\n"), "Content-Type: a/b; name=x y.pdf;\r\n" QUOTED
	    "\r\n=FC\r\n");
	check(STR("Content-Type:\r\n" EIGHT "\r\n\374\r\n"),
	    "Content-Type:\r\n" QUOTED "\r\n=FC\r\n");
}

static void
test_multipart(void **state)
{
	(void)state;
	check(STR(MIXED EIGHT "\r\npre\374\r\n--b\r\n\r\nseven\r\n"
	    "--b \t\r\n" EIGHT "\r\neight \374 \r\n--b\r\n" ENCODING "binary"
	    "\r\n\r\n\377\r\n\r\n--b\r\n" EIGHT "\r\n--bb\r\n--b---\r\n--b--"
	    "\r\n\374\r\n"),
	    MIXED ENCODING "7bit\r\n\r\npre\374\r\n--b\r\n\r\nseven\r\n"
	    "--b \t\r\n" QUOTED "\r\neight =FC=20\r\n--b\r\n" ENCODING
	    "base64\r\n\r\n/w0K\r\n--b\r\n" QUOTED
	    "\r\n--bb\r\n--b---\r\n--b--\r\n\374\r\n");
	/* Parts without body, without header, and at the end of all. */
	check(STR(MIXED "\r\n--b\r\n" EIGHT "--b\r\n" ENCODING "binary\r\n"
	    "\r\n--b\r\n" ENCODING "binary\r\n\r\n\r\n--b\r\n" EIGHT
	    "\r\n\r\n--b\r\n\r\n--b\r\n" EIGHT "\r\n\374\r\n"),
	    MIXED "\r\n--b\r\n" EIGHT "--b\r\n" ENCODING "base64\r\n"
	    "\r\n--b\r\n" ENCODING "base64\r\n\r\n\r\n--b\r\n" QUOTED
	    "\r\n\r\n--b\r\n\r\n--b\r\n" QUOTED "\r\n=FC\r\n");
	check(STR(MIXED "\r\n--b\r\n" EIGHT "\r\n\374\r\n--b--"),
	    MIXED "\r\n--b\r\n" QUOTED "\r\n=FC\r\n--b--");
	check(STR(MIXED "\r\n--b\r\n" EIGHT "\r\n\374\r\n-"),
	    MIXED "\r\n--b\r\n" QUOTED "\r\n=FC\r\n-");
	check(STR(MIXED "\r\n\n--b\r\n" EIGHT "\r\n\374\r--b\r\n\374\n--b\r\n"
	    "\r\n--b\r\n" EIGHT "\r\n\374"),
	    MIXED "\r\n\n--b\r\n" EIGHT "\r\n\374\r--b\r\n\374\n--b\r\n"
	    "\r\n--b\r\n" QUOTED "\r\n=FC");
}

static void
test_boundaries(void **state)
{
#define PART(boundary, encoding, text) "--" boundary "\r\n" encoding "\r\n" \
	text "\r\n--" boundary "--\r\n"
	static const char *const good[] = {
		"boundary=b", "BOUNDARY=\"b\"", "a=b; boundary=b; c=\"d;\"",
		"boundary (x) = (y) b (z)", "\r\n\tboundary=\"\\b\"",
		"; boundary=b;", "charset=utf-8 ;boundary=b ;",
	};
	static const char *const bad[] = {
		"", "boundary", "boundary=", "boundary=\"b", "boundary=b x",
		"boundary=b; boundary=b", "boundary*=us-ascii''b",
		"boundary*0=b", "boundary=b(x)", "boundary=\"b \"",
		"boundary=\"\"", "x boundary=b", "boundary=b; x",
		"boundary=\"\374\"", "boundary=b; x=\"", "boundary=b (",
	};
	struct buf in, out;
	size_t i;

	(void)state;
	buf_init(&in, 10000);
	buf_init(&out, 10000);
	for (i = 0; i < countof(good); i++) {
		buf_clear(&in);
		buf_clear(&out);
		buf_add_format(&in, "Content-Type: multipart/x; %s\r\n\r\n"
		    PART("b", EIGHT, "\374"), good[i]);
		buf_add_format(&out, "Content-Type: multipart/x; %s\r\n\r\n"
		    PART("b", QUOTED, "=FC"), good[i]);
		check(buf_str(&in), buf_text(&out));
	}
	for (i = 0; i < countof(bad); i++) {
		buf_clear(&in);
		buf_add_format(&in, "Content-Type: multipart/x; %s\r\n" EIGHT
		    "\r\n" PART("b", EIGHT, "\374"), bad[i]);
		check_same(buf_str(&in));
	}
	buf_drop(&in);
	buf_drop(&out);
	/* A long one, and one that is too long to be held. */
	check(STR("Content-Type: multipart/x; boundary=\"" SEVENTY "\"\r\n\r\n"
	    PART(SEVENTY, EIGHT, "--" SEVENTY TEN "\374")),
	    "Content-Type: multipart/x; boundary=\"" SEVENTY "\"\r\n\r\n"
	    PART(SEVENTY, QUOTED, "--" SEVENTY "123=\r\n4567890=FC"));
	check_same(STR("Content-Type: multipart/x; boundary=" SEVENTY SEVENTY
	    SEVENTY SEVENTY "\r\n\r\n"
	    PART(SEVENTY SEVENTY SEVENTY SEVENTY, EIGHT, "\374")));
}

static void
test_nested(void **state)
{
#define INNER "Content-Type: multipart/alternative; boundary=c\r\n"
	(void)state;
	check(STR(MIXED EIGHT "\r\n--b\r\n" INNER EIGHT "\r\n--c\r\n" EIGHT
	    "\r\n\374\r\n--b-\r\n--c\r\n" EIGHT "\r\n\374\r\n--c--\r\n\374\r\n"
	    "--c\r\n--b\r\n" EIGHT "\r\n\374\r\n--c\r\n--b--\r\n"),
	    MIXED ENCODING "7bit\r\n\r\n--b\r\n" INNER ENCODING "7bit\r\n\r\n"
	    "--c\r\n" QUOTED "\r\n=FC\r\n--b-\r\n--c\r\n" QUOTED
	    "\r\n=FC\r\n--c--\r\n\374\r\n--c\r\n--b\r\n" QUOTED
	    "\r\n=FC\r\n--c\r\n--b--\r\n");
	/* An outer delimiter ends what was left open. */
	check(STR(MIXED "\r\n--b\r\n" INNER "\r\n--c\r\n" EIGHT
	    "\r\n\374\r\n--b\r\n" EIGHT "\r\n--c\r\n\374\r\n--b--\r\n"),
	    MIXED "\r\n--b\r\n" INNER "\r\n--c\r\n" QUOTED
	    "\r\n=FC\r\n--b\r\n" QUOTED "\r\n--c\r\n=FC\r\n--b--\r\n");
	/* One boundary for both: who knows. */
	check_same(STR(MIXED "\r\n--b\r\n" MIXED EIGHT "\r\n\374\r\n"));
	check_same(STR("Content-Type: multipart/mixed; boundary=b\r\n"
	    ENCODING "base64\r\n\r\n--b\r\n" EIGHT "\r\n\374\r\n"));
}

static void
test_depth(void **state)
{
	struct buf in, out;
	int i;

	(void)state;
	buf_init(&in, 100000);
	for (i = 0; i <= SEVEN_DEPTH_MAX; i++)
		buf_add_format(&in, "Content-Type: multipart/x; boundary=%d\r\n"
		    EIGHT "\r\n--%d\r\n", i, i);
	buf_add_text(&in, EIGHT "\r\n\374\r\n");
	for (i = SEVEN_DEPTH_MAX; i >= 0; i--)
		buf_add_format(&in, "--%d\r\n" EIGHT "\r\n\374\r\n", i);
	convert(buf_str(&in), &out);
	/* The innermost is as it was, and what is around it is not. */
	assert_true(str_find_str(buf_str(&out), STR("boundary=15\r\n" ENCODING
	    "7bit\r\n")) != STR_NONE);
	assert_true(str_find_str(buf_str(&out), STR("boundary=16\r\n" EIGHT
	    "\r\n--16\r\n" EIGHT "\r\n\374\r\n--16\r\n" EIGHT "\r\n\374\r\n"
	    "--15\r\n" QUOTED "\r\n=FC\r\n")) != STR_NONE);
	assert_true(str_ends(buf_str(&out), STR("--0\r\n" QUOTED
	    "\r\n=FC\r\n")));
	buf_drop(&in);
	buf_drop(&out);
}

static void
test_messages(void **state)
{
#define MESSAGE "Content-Type: message/rfc822\r\n"
	(void)state;
	check(STR(MESSAGE EIGHT "\r\nSubject: a\r\n" EIGHT "\r\n\374\r\n"),
	    MESSAGE ENCODING "7bit\r\n\r\nSubject: a\r\n" QUOTED
	    "\r\n=FC\r\n");
	check(STR(MESSAGE "\r\n" MESSAGE "\r\n" MIXED EIGHT "\r\n--b\r\n"
	    EIGHT "\r\n\374\r\n--b--\r\n"),
	    MESSAGE "\r\n" MESSAGE "\r\n" MIXED ENCODING "7bit\r\n\r\n--b\r\n"
	    QUOTED "\r\n=FC\r\n--b--\r\n");
	check(STR("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
	    "\r\n" EIGHT "\r\n\374\r\n--b\r\nContent-Type: text/plain\r\n"
	    EIGHT "\r\n\374\r\n--b\r\n" EIGHT "\r\nX: y\r\n\r\n\374\r\n"),
	    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n"
	    "\r\n" QUOTED "\r\n=FC\r\n--b\r\nContent-Type: text/plain\r\n"
	    QUOTED "\r\n=FC\r\n--b\r\n" ENCODING "7bit\r\n\r\nX: y\r\n\r\n"
	    "\374\r\n");
	/* RFC 6532 section 3.7: this one may be encoded whole. */
	check(STR("Content-Type: message/global\r\n" EIGHT
	    "\r\nSubject: \303\274\r\n\r\n"),
	    "Content-Type: message/global\r\n" QUOTED
	    "\r\nSubject: =C3=BC\r\n\r\n");
	check_same(STR("Content-Type: message/partial; id=a; number=1\r\n"
	    EIGHT "\r\n" EIGHT "\r\n\374\r\n"));
	check_same(STR("Content-Type: message/external-body\r\n"
	    EIGHT "\r\n" EIGHT "\r\n\374\r\n"));
	check_same(STR("Content-Type: message/delivery-status\r\n"
	    EIGHT "\r\nX: \374\r\n"));
	check_same(STR(MESSAGE ENCODING "base64\r\n\r\n" EIGHT
	    "\r\n\374\r\n"));
}

/* RFC 1847: not a byte changes below these, wherever they stand. */
static void
test_signed(void **state)
{
#define SIGNED(word) "Content-Type: multipart/" word "; boundary=s\r\n" \
	EIGHT "\r\n--s\r\n" EIGHT "\r\n\374 \r\n--s\r\n\r\nsig\r\n--s--\r\n"
	(void)state;
	check_same(STR(SIGNED("signed")));
	check_same(STR(SIGNED("Encrypted")));
	check(STR(MIXED EIGHT "\r\n--b\r\n" SIGNED("signed") "--b\r\n" EIGHT
	    "\r\n\374\r\n--b--\r\n"),
	    MIXED ENCODING "7bit\r\n\r\n--b\r\n" SIGNED("signed") "--b\r\n"
	    QUOTED "\r\n=FC\r\n--b--\r\n");
}

static void
test_large_head(void **state)
{
	struct buf in, out;
	struct str head, rest;

	(void)state;
	buf_init(&in, 1 << 20);
	buf_add_text(&in, MIXED "\r\n--b\r\n" EIGHT);
	while (in.len < SEVEN_HEAD_MAX)
		buf_add_text(&in, "X: " SEVENTY SEVENTY SEVENTY "\r\n");
	buf_add_text(&in, "\r\n\374\r\n--b\r\n" EIGHT "\r\n\374\r\n");
	convert(buf_str(&in), &out);
	rest = buf_str(&out);
	head = str_take(&rest, in.len - strlen(EIGHT "\r\n\374\r\n"));
	assert_memory_equal(head.at, in.at, head.len);
	assert_true(str_equal(rest, STR(QUOTED "\r\n=FC\r\n")));
	buf_drop(&in);
	buf_drop(&out);
}

int
seven_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_quoted_lines),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_broken_headers),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_large_head),
	};

	return cmocka_run_group_tests_name("mail/seven", tests, NULL, NULL);
}
