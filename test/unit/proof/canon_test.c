/* The relaxed form: RFC 6376 section 3.4, and however the body is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "proof/canon.h"
#include "vector.h"

int canon_test(void);

static void
begin(void *at)
{
	canon_init(at);
}

static bool
feed(void *at, struct str *in, struct buf *out)
{
	(void)out;
	canon_feed(at, str_take(in, in->len));
	return true;
}

static void
end(void *at, size_t rest, struct buf *out)
{
	unsigned char hash[SHA256_SIZE];

	assert_int_equal(rest, 0);
	canon_end(at, hash);
	base64_encode(out, str_from(hash, sizeof hash));
}

/* Body, in every cut, has the hash of the canonical text. */
static void
check_body(struct str body, struct str canonical)
{
	struct canon canon;
	struct vector_machine machine = { &canon, begin, feed, end };
	unsigned char hash[SHA256_SIZE];
	struct buf out, want;

	buf_init(&want, 100);
	crypto_sha256(canonical, hash);
	base64_encode(&want, str_from(hash, sizeof hash));
	assert_true(vector_same(&machine, body, &out));
	assert_string_equal(buf_text(&out), buf_text(&want));
	buf_drop(&out);
	buf_drop(&want);
}

static void
test_body(void **state)
{
	(void)state;
	/* Section 3.4.5, example 1. */
	check_body(STR(" C \r\nD \t E\r\n\r\n\r\n"), STR(" C\r\nD E\r\n"));
	/* Section 3.4.4: nothing, or nothing but empty lines. */
	check_body(STR(""), STR(""));
	check_body(STR("\r\n"), STR(""));
	check_body(STR(" \t\r\n \r\n\r\n"), STR(""));
	check_body(STR(" \t"), STR(""));
	/* A last line without its end gets one. */
	check_body(STR("a"), STR("a\r\n"));
	check_body(STR("a  "), STR("a\r\n"));
	check_body(STR("a\r\nb"), STR("a\r\nb\r\n"));
	/* Empty lines count when something follows. */
	check_body(STR("\r\n\r\na\r\n\r\n \r\nb \r\n\r\n"),
	    STR("\r\n\r\na\r\n\r\n\r\nb\r\n"));
	check_body(STR("a\tb\t\tc \td\r\n"), STR("a b c d\r\n"));
	check_body(STR("\t\ta\r\n"), STR(" a\r\n"));
	/* Only CRLF ends a line. */
	check_body(STR("a\rb\nc\r\n"), STR("a\rb\nc\r\n"));
	check_body(STR("a \r b \n c\r\r\n"), STR("a \r b \n c\r\r\n"));
	check_body(STR("a\r"), STR("a\r\r\n"));
	check_body(STR("\0 \377\r\n"), STR("\0 \377\r\n"));
}

static void
test_known_hashes(void **state)
{
	struct canon canon;
	struct vector_machine machine = { &canon, begin, feed, end };
	struct buf out;

	(void)state;
	/* RFC 6376 section 3.4.4: of the empty body. */
	assert_true(vector_same(&machine, STR(""), &out));
	assert_string_equal(buf_text(&out),
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	buf_drop(&out);
	/* RFC 8463 appendix A.3. */
	assert_true(vector_same(&machine, STR("Hi.\r\n\r\n"
	    "We lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"), &out));
	assert_string_equal(buf_text(&out),
	    "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
	buf_drop(&out);
}

static void
test_long_body(void **state)
{
	struct buf body;

	(void)state;
	buf_init(&body, 1 << 20);
	while (body.len < 200000)
		buf_add_text(&body, "A line of words, not too short.\r\n\r\n");
	check_body(buf_str(&body), str_part(buf_str(&body), 0, body.len - 2));
	buf_drop(&body);
}

static void
test_field(void **state)
{
	static const struct {
		const char *field;
		const char *canonical;
	} cases[] = {
		/* Section 3.4.5, example 1. */
		{ "A: X\r\n", "a:X\r\n" },
		{ "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
		{ "SUBJect:AbC\r\n", "subject:AbC\r\n" },
		{ "Subject:\r\n", "subject:\r\n" },
		{ "Subject: \t \r\n", "subject:\r\n" },
		{ "Subject:\r\n a\r\n\t b:c \r\n \r\n", "subject:a b:c\r\n" },
		{ "Subject: a", "subject:a\r\n" },
		{ "Subject: \303\244  \303\266\r\n",
		    "subject:\303\244 \303\266\r\n" },
	};
	struct head_field field;
	struct buf out;
	struct str in;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		in = vector_guard(str_of(cases[i].field));
		assert_true(head_next(&in, &field));
		buf_init(&out, field.whole.len + 2);
		canon_field(&out, &field);
		assert_false(out.full);
		assert_string_equal(buf_text(&out), cases[i].canonical);
		buf_drop(&out);
	}
}

int
canon_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_known_hashes),
		cmocka_unit_test(test_long_body),
		cmocka_unit_test(test_field),
	};

	return cmocka_run_group_tests_name("proof/canon", tests, NULL, NULL);
}
