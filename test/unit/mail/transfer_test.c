/* Transfer encodings undone, however the octets are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/transfer.h"
#include "vector.h"

int transfer_test(void);

struct decoder {
	enum mime_encoding encoding;
	struct transfer transfer;
};

static void
decoder_begin(void *at)
{
	struct decoder *d;

	d = at;
	d->transfer = (struct transfer){ 0 };
	transfer_begin(&d->transfer, d->encoding);
}

static bool
decoder_feed(void *at, struct str *in, struct buf *out)
{
	struct decoder *d;

	d = at;
	transfer_feed(&d->transfer, str_take(in, in->len), out);
	return true;
}

static void
decoder_end(void *at, size_t rest, struct buf *out)
{
	struct decoder *d;

	d = at;
	assert_int_equal(rest, 0);
	transfer_end(&d->transfer, out);
	transfer_drop(&d->transfer);
	transfer_drop(&d->transfer);
}

static void
check(enum mime_encoding encoding, const char *text, const char *read)
{
	struct decoder d = { .encoding = encoding };
	struct vector_machine machine = {
		&d, decoder_begin, decoder_feed, decoder_end
	};
	struct buf out;

	assert_true(vector_same(&machine, str_of(text), &out));
	assert_string_equal(buf_text(&out), read);
	buf_drop(&out);
}

static void
test_plain(void **state)
{
	(void)state;
	check(MIME_7BIT, "a=41 \r\n", "a=41 \r\n");
	check(MIME_8BIT, "\xe9=", "\xe9=");
	check(MIME_BINARY, "\r\r\n", "\r\r\n");
	check(MIME_UNKNOWN, "YQ==", "YQ==");
}

static void
test_quoted(void **state)
{
	static const struct {
		const char *text, *read;
	} cases[] = {
		{ "", "" },
		{ "plain\r\n", "plain\r\n" },
		{ "caf=C3=A9=\r\n=e9", "caf\xc3\xa9\xe9" },
		{ "a =\r\nb", "a b" },
		{ "a=\nb=  \t\r\nc= \nd", "abcd" },
		/* white space at the end of a line */
		{ "a  \r\nb\t \nc \r\n", "a\r\nb\nc\r\n" },
		{ "a  b \t", "a  b" },
		{ " \r\n", "\r\n" },
		{ "a=20\r\n", "a \r\n" },
		{ "a =41 b", "a A b" },
		{ "a \r b\r", "a \r b\r" },
		{ "a \r\r\n", "a \r\r\n" },
		/* what is no quoted-printable stands */
		{ "1=2, =G1 =4G ==41 =", "1=2, =G1 =4G =A " },
		{ "=4", "=4" },
		{ "=", "" },
		{ "= x", "= x" },
		{ "=\rx=\r", "=\rx" },
		{ "=4\r\nb=\r\r\nc", "=4\r\nbc" },
		{ "=41=4", "A=4" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		check(MIME_QUOTED_PRINTABLE, cases[i].text, cases[i].read);
}

/* White space without end is not held without end. */
static void
test_long_space(void **state)
{
	struct transfer t = { 0 };
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1 << 20);
	transfer_begin(&t, MIME_QUOTED_PRINTABLE);
	for (i = 0; i < 5000; i++)
		transfer_feed(&t, STR(" "), &out);
	transfer_feed(&t, STR("x"), &out);
	assert_int_equal(out.len, 5001);
	transfer_feed(&t, STR("="), &out);
	for (i = 0; i < 5000; i++)
		transfer_feed(&t, STR(" "), &out);
	transfer_feed(&t, STR("x"), &out);
	assert_int_equal(out.len, 10003);
	transfer_end(&t, &out);
	assert_true(t.space.room <= TRANSFER_SPACE_MAX + 1);
	buf_clear(&out);
	/* it may begin anew, as something else */
	transfer_feed(&t, STR("=4"), &out);
	transfer_begin(&t, MIME_BASE64);
	transfer_feed(&t, STR("YQ"), &out);
	transfer_end(&t, &out);
	assert_string_equal(buf_text(&out), "a");
	transfer_drop(&t);
	buf_drop(&out);
}

static void
test_base64(void **state)
{
	static const struct {
		const char *text, *read;
	} cases[] = {
		{ "", "" },
		{ "YWJj", "abc" }, { "YWI=", "ab" }, { "YQ==", "a" },
		{ "YW\r\nJj\r\n", "abc" },
		{ "YWJjZGVmZ2hpamts\r\nbW5v\r\n", "abcdefghijklmno" },
		{ "+/+/", "\xfb\xff\xbf" },
		/* not padded, or cut */
		{ "YWI", "ab" }, { "YQ", "a" }, { "Y", "" },
		/* goes on behind padding */
		{ "YQ==YWI=\r\nYWJj", "aababc" }, { "Y=YWJj", "abc" },
		{ "====", "" },
		/* letters of nothing are passed over */
		{ "Y-W*J j\xe9\x80", "abc" },
		{ "YWJj\x80YWJj!YWJj", "abcabcabc" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		check(MIME_BASE64, cases[i].text, cases[i].read);
}

static void
test_digits(void **state)
{
	unsigned letters, digits;
	int c;

	(void)state;
	letters = digits = 0;
	for (c = -1; c < 256; c++) {
		letters += transfer_base64(c) >= 0;
		digits += transfer_hex(c) >= 0;
	}
	assert_int_equal(letters, 64);
	assert_int_equal(digits, 22);
	assert_int_equal(transfer_base64('z'), 51);
	assert_int_equal(transfer_base64('/'), 63);
	assert_int_equal(transfer_hex('F'), 15);
}

int
transfer_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_long_space),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_digits),
	};

	return cmocka_run_group_tests_name("mail/transfer", tests, NULL, NULL);
}
