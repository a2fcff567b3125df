/* Replies as servers write them, and as they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/smtp_reply.h"
#include "vector.h"

int smtp_reply_test(void);

static void
begin(void *at)
{
	smtp_reply_init(at);
}

/* Tell all replies as "{code status text}", or "{why}". */
static bool
feed(void *at, struct str *in, struct buf *out)
{
	struct smtp_reply *r = at;
	const char *why;

	for (;;) {
		switch (smtp_reply_take(r, in, &why)) {
		case SMTP_REPLY_MORE:
			return true;
		case SMTP_REPLY_BAD:
			buf_add_format(out, "{%s}", why);
			return false;
		case SMTP_REPLY_DONE:
			buf_add_format(out, "{%u %u.%u.%u ", r->code,
			    r->status[0], r->status[1], r->status[2]);
			buf_add(out, buf_str(&r->text));
			buf_add_char(out, '}');
			break;
		}
	}
}

static void
end(void *at, size_t rest, struct buf *out)
{
	(void)rest;
	(void)out;
	smtp_reply_drop(at);
	smtp_reply_drop(at);
}

static void
play(struct str input, const char *want)
{
	struct smtp_reply reply;
	struct vector_machine machine = { &reply, begin, feed, end };
	struct buf out;

	assert_true(vector_same(&machine, input, &out));
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

static void
test_replies(void **state)
{
	(void)state;
	play(STR("220 mx.example ESMTP\r\n"),
	    "{220 0.0.0 mx.example ESMTP}");
	play(STR("250-mx.example\r\n250-SIZE 1000\r\n250 DSN\r\n354 go\r\n"),
	    "{250 0.0.0 mx.example\nSIZE 1000\nDSN}{354 0.0.0 go}");
	/* No text, no space. */
	play(STR("250\r\n250 \r\n250-\r\n250\r\n"),
	    "{250 0.0.0 }{250 0.0.0 }{250 0.0.0 }");
	/* LF alone ends a line for those who write so. */
	play(STR("250-a\n250 b\n"), "{250 0.0.0 a\nb}");
	/* Nothing but printable ASCII is kept. */
	play(STR("550 a\tb\0c\303\244\r\n"), "{550 0.0.0 a b?c??}");
	play(STR("550 a\rb\r\n"), "{550 0.0.0 a?b}");
	play(STR("250 cut off"), "");
}

static void
test_status(void **state)
{
	(void)state;
	play(STR("550 5.1.1 Nobody\r\n"), "{550 5.1.1 Nobody}");
	play(STR("550-5.1.1 Nobody\r\n550 5.1.1 here\r\n"),
	    "{550 5.1.1 Nobody\nhere}");
	play(STR("450 4.2.0\r\n"), "{450 4.2.0 }");
	play(STR("550 5.7.999 x\r\n"), "{550 5.7.999 x}");
	/* Of another class, too long, or no code at all. */
	play(STR("450 5.1.1 Nobody\r\n"), "{450 0.0.0 5.1.1 Nobody}");
	play(STR("550 5.1.1234 x\r\n"), "{550 0.0.0 5.1.1234 x}");
	play(STR("550 5.1. x\r\n"), "{550 0.0.0 5.1. x}");
	play(STR("550 5.1.1x\r\n"), "{550 0.0.0 5.1.1x}");
	play(STR("354 3.0.0 x\r\n"), "{354 0.0.0 3.0.0 x}");
	/* What one reply had is not left to the next. */
	play(STR("550 5.1.1 a\r\n550 b\r\n"),
	    "{550 5.1.1 a}{550 0.0.0 b}");
}

static void
test_no_replies(void **state)
{
#define NO_REPLY "{The server said what is no reply}"
	(void)state;
	play(STR("hello\r\n"), NO_REPLY);
	play(STR("\r\n"), NO_REPLY);
	play(STR("25 x\r\n"), NO_REPLY);
	play(STR("2500 x\r\n"), NO_REPLY);
	play(STR("250x\r\n"), NO_REPLY);
	play(STR("150 x\r\n"), NO_REPLY);
	play(STR("600 x\r\n"), NO_REPLY);
	play(STR("250 x\r\n 250 y\r\n"), "{250 0.0.0 x}" NO_REPLY);
	play(STR("250-x\r\n550 y\r\n"),
	    "{The server gave two codes in one reply}");
}

static void
test_limits(void **state)
{
	struct buf input, want;
	int i;

	(void)state;
	buf_init(&input, 1 << 20);
	buf_init(&want, 1 << 20);
	/* The longest line, and one byte more. */
	buf_add_text(&input, "250 ");
	while (input.len < SMTP_REPLY_LINE_MAX - 2)
		buf_add_char(&input, 'x');
	buf_add_text(&want, "{250 0.0.0 ");
	buf_add(&want, str_part(buf_str(&input), 4, input.len));
	buf_add_char(&want, '}');
	buf_add_text(&input, "\r\n");
	play(buf_str(&input), buf_text(&want));
	buf_cut(&input, input.len - 2);
	buf_add_text(&input, "x\r\n");
	play(buf_str(&input), "{The server's reply has too long a line}");
	/* As many lines as may be, and one more. */
	buf_clear(&input);
	buf_clear(&want);
	buf_add_text(&want, "{250 0.0.0 ");
	for (i = 1; i < SMTP_REPLY_LINES_MAX; i++) {
		buf_add_text(&input, "250-x\r\n");
		buf_add_text(&want, "x\n");
	}
	buf_add_text(&input, "250 y\r\n");
	buf_add_text(&want, "y}");
	play(buf_str(&input), buf_text(&want));
	buf_cut(&input, input.len - 7);
	buf_add_text(&input, "250-x\r\n250 y\r\n");
	play(buf_str(&input), "{The server's reply has too many lines}");
	/* Text beyond what is kept is dropped by whole lines. */
	buf_clear(&input);
	buf_clear(&want);
	buf_add_text(&want, "{250 0.0.0 ");
	for (i = 0; i < 100; i++) {
		buf_add_text(&input, "250-");
		buf_add_format(&input, "%0999d\r\n", i);
		if ((i + 1) * 1000 - 1 <= SMTP_REPLY_TEXT_MAX)
			buf_add_format(&want, i == 0 ? "%0999d" : "\n%0999d",
			    i);
	}
	buf_add_text(&input, "250 fits\r\n");
	buf_add_text(&want, "\nfits}");
	play(buf_str(&input), buf_text(&want));
	buf_drop(&input);
	buf_drop(&want);
}

int
smtp_reply_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_no_replies),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("talk/smtp_reply", tests, NULL,
	    NULL);
}
