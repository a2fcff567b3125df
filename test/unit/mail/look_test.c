/* Looking for text in whole messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/look.h"
#include "vector.h"

#define TEXT (LOOK_BODY | LOOK_HEAD)

int look_test(void);

static const char message[] =
	"From: a@example.test\r\n"
	"Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?= topword fold\r\n"
	" ed\r\n"
	"Content-Type: multipart/mixed; boundary=\"topbound\"\r\n"
	"\r\n"
	"preambleword\r\n"
	"--topbound\r\n"
	"Content-Type: text/plain; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n"
	"X-Part: parthead\r\n"
	"\r\n"
	"plainword Stra=DFe soft=\r\nbreak two\r\n"
	"lines\r\n"
	"--topbound\r\n"
	"Content-Type: text/html; charset=utf-8\r\n"
	"\r\n"
	"<b class=\"attrword\">b\xc3\xb6ld</b>tag\r\n"
	"--topbound\r\n"
	"Content-Type: text/plain; charset=utf-8\r\n"
	"Content-Disposition: attachment\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"\r\n"
	"YmFzZTY0d29yZCDDpMO2\r\nw7wgZW5k\r\n"
	"--topbound\r\n"
	"Content-Type: application/octet-stream; name=appname.bin\r\n"
	"\r\n"
	"applicationword\r\n"
	"--topbound\r\n"
	"Content-Type: message/rfc822\r\n"
	"\r\n"
	"Subject: innersubject\r\n"
	"\r\n"
	"innerbody\r\n"
	"--topbound\r\n"
	"Content-Type: message/delivery-status\r\n"
	"\r\n"
	"Reporting-MTA: dns; dsnword.example\r\n"
	"--topbound\r\n"
	"\r\n"
	"notypeword \xe9t\xc3\xa9\r\n"
	"--topbound\r\n"
	"Content-Type: text/plain; charset=x-nosuch\r\n"
	"\r\n"
	"nosuchword\r\n"
	"--topbound\r\n"
	"Content-Type: text/plain; charset=iso-2022-jp\r\n"
	"\r\n"
	"\x1b$BF|K\\\x1b(B\r\n"
	"--topbound\r\n"
	"Content-Type: text/plain\r\n"
	"Content-Transfer-Encoding: x-uuencode\r\n"
	"\r\n"
	"uuword\r\n"
	"--topbound--\r\n"
	"epilogueword\r\n";

static const struct {
	const char *needle;
	unsigned where;		/* in which of them it is */
} words[] = {
	{ "", TEXT }, { "nowhere", 0 },
	{ "topword", LOOK_HEAD }, { "topword fold ed", LOOK_HEAD },
	{ "Gr\xc3\xb6\xc3\x9f" "e  topword", LOOK_HEAD },
	{ "subject: inner", LOOK_HEAD }, { "parthead", LOOK_HEAD },
	{ "example.test Subject", 0 },
	{ "preambleword", 0 }, { "epilogueword", 0 },
	{ "PLAINWORD stra\xc3\x9f" "e", LOOK_BODY }, { "softbreak", LOOK_BODY },
	{ "two\r\nlines", LOOK_BODY }, { "two lines", 0 },
	{ "attrword", LOOK_BODY }, { "b\xc3\x96ld<", LOOK_BODY },
	{ "boldtag", 0 },
	{ "base64word \xc3\xa4\xc3\xb6\xc3\xbc end", LOOK_BODY },
	{ "applicationword", 0 }, { "appname.bin", LOOK_HEAD },
	{ "innersubject", LOOK_HEAD }, { "innerbody", LOOK_BODY },
	{ "dsnword", LOOK_BODY },
	{ "notypeword \xc3\xa9t\xc3\xa9", LOOK_BODY },
	{ "nosuchword", LOOK_BODY },
	{ "\xe6\x97\xa5\xe6\x9c\xac", LOOK_BODY },
	{ "uuword", 0 }, { "x-uuencode", LOOK_HEAD },
};

struct looker {
	struct needle needles[countof(words)];
	struct look *look;
	unsigned where;
};

static void
looker_begin(void *at)
{
	(void)at;
}

static bool
looker_feed(void *at, struct str *in, struct buf *out)
{
	struct looker *l;

	(void)out;
	l = at;
	assert_true(look_feed(l->look, str_take(in, in->len)));
	return true;
}

static void
looker_end(void *at, size_t rest, struct buf *out)
{
	struct looker *l;
	uint32_t found;
	size_t i;

	l = at;
	assert_int_equal(rest, 0);
	found = look_end(l->look);
	for (i = 0; i < countof(words); i++)
		if ((found >> i & 1) != ((words[i].where & l->where) != 0 ||
		    *words[i].needle == '\0'))
			buf_add_format(out, "%s ", words[i].needle);
}

/* The same look for every run: it is ready for the next message. */
static void
test_message(void **state)
{
	const struct needle *needles[countof(words)];
	unsigned where[countof(words)];
	struct looker l = { .where = 0 };
	struct vector_machine machine = {
		&l, looker_begin, looker_feed, looker_end
	};
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < countof(words); i++) {
		look_needle(&l.needles[i], str_of(words[i].needle));
		needles[i] = &l.needles[i];
	}
	for (l.where = 1; l.where <= TEXT; l.where++) {
		for (i = 0; i < countof(words); i++)
			where[i] = l.where;
		l.look = look_new(needles, where, countof(words));
		assert_true(vector_same(&machine, str_of(message),
		    &out));
		assert_string_equal(buf_text(&out), "");
		buf_drop(&out);
		look_free(l.look);
	}
	look_free(NULL);
	for (i = 0; i < countof(words); i++)
		look_needle_drop(&l.needles[i]);
}

/* When all are found no more is wanted, and the next message is another. */
static void
test_early(void **state)
{
	struct needle first = { 0 }, second = { 0 };
	const struct needle *needles[] = { &first, &second };
	const unsigned where[] = { LOOK_BODY, LOOK_HEAD };
	struct look *look;
	size_t i;

	(void)state;
	look_needle(&first, STR("early"));
	look_needle(&second, STR("head"));
	look = look_new(needles, where, 2);
	assert_int_equal(look_end(look), 0);
	assert_true(look_feed(look, STR("X: head\r\nContent-Type: text/plain; "
	    "charset=iso-2022-jp\r\n\r\n\x1b$B")));
	assert_int_equal(look_end(look), 2);
	assert_true(look_feed(look, STR("X: head\r\nContent-Type: text/plain; "
	    "charset=iso-2022-jp\r\n\r\nearly ")));
	for (i = 0; look_feed(look, STR("and text that goes on ")); i++)
		assert_true(i < 10000);
	assert_false(look_feed(look, STR("\x1b$B")));
	assert_int_equal(look_end(look), 3);
	assert_true(look_feed(look, STR("Content-Type: text/plain; "
	    "charset=iso-2022-jp\r\n\r\nearly")));
	assert_int_equal(look_end(look), 1);
	look_free(look);
	look_needle_drop(&first);
	look_needle_drop(&second);
}

/* A needle may begin in one window and end in the next one. */
static void
test_windows(void **state)
{
	struct needle n = { 0 };
	const struct needle *needles[] = { &n };
	const unsigned where[] = { LOOK_BODY };
	struct look *look;
	struct buf text;
	size_t i;

	(void)state;
	look_needle(&n, STR("needle"));
	look = look_new(needles, where, 1);
	buf_init(&text, 1 << 20);
	buf_add_text(&text, "\r\n");
	for (i = 0; i < 20000; i++)
		buf_add_text(&text, "nee");
	assert_true(look_feed(look, buf_str(&text)));
	assert_int_equal(look_end(look), 0);
	for (i = 16370; i < 16420; i++) {
		memcpy(text.at + 2 + i, "needle", 6);
		(void)look_feed(look, buf_str(&text));
		assert_int_equal(look_end(look), 1);
		memset(text.at + 2 + i, 'e', 6);
	}
	buf_drop(&text);
	look_free(look);
	look_needle_drop(&n);
}

int
look_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests_name("mail/look", tests, NULL, NULL);
}
