/* Walking header fields, unfolding, counting hops in a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/head.h"
#include "vector.h"

int head_test(void);

/* Tell all fields of a block, unfolded, and what follows it. */
static void
tell(struct buf *out, struct str block)
{
	struct head_field field;
	size_t before;

	before = block.len;
	while (head_next(&block, &field)) {
		buf_add_char(out, '[');
		buf_add(out, field.name);
		buf_add_char(out, '|');
		head_unfold(out, field.value);
		buf_add_char(out, ']');
		assert_true(field.whole.len > 0 && block.len < before);
		assert_true(str_starts(field.whole, field.name));
		before = block.len;
	}
	buf_add_char(out, '+');
	buf_add(out, block);
}

static void
test_next(void **state)
{
	static const struct {
		const char *block;
		const char *told;
	} cases[] = {
		{ "", "+" },
		{ "\r\nbody", "+body" },
		{ "\nbody", "+body" },
		{ "A: b\r\n\r\nbody\r\n", "[A| b]+body\r\n" },
		{ "A: b\n\nbody\n", "[A| b]+body\n" },
		{ "A: b", "[A| b]+" },
		{ "A: b\r\nC:d\r\n", "[A| b][C|d]+" },
		{ "A:\r\nB: \r\n", "[A|][B| ]+" },
		{ "A: b\r\n c\r\n\td\r\nE: f\r\n\r\n", "[A| b c\td][E| f]+" },
		{ "A: b\n c\n\nx", "[A| b c]+x" },
		{ "A: b\r\n \r\n c\r\n\r\nx", "[A| b  c]+x" },
		{ "A : b\r\nC\t : d\r\n", "[A| b][C| d]+" },
		{ "A: b: c\r\n", "[A| b: c]+" },
		{ "!~: b\r\n", "[!~| b]+" },
		{ "A:b\r\n ::c\r\n", "[A|b ::c]+" },
		/* no fields, and what continues them */
		{ "From a@b.example Fri Nov 20 21:37:58 2026\r\nA: b\r\n",
		    "[A| b]+" },
		{ "nonsense\r\n more\r\nA: b\r\nnonsense\r\n\r\nx",
		    "[A| b]+x" },
		{ " first\r\nA: b\r\n", "[A| b]+" },
		{ ": no name\r\n : none\r\nA: b\r\n", "[A| b]+" },
		{ "N\xc3\xa4me: x\r\nA: b\r\n", "[A| b]+" },
		{ "nonsense", "+" },
		{ "A: b\r\nx\ry\r\n\r\nz", "[A| b]+z" },
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		tell(&out, vector_guard(str_of(cases[i].block)));
		assert_string_equal(buf_text(&out), cases[i].told);
	}
	buf_drop(&out);
}

static void
test_find(void **state)
{
	static const char block[] = "A: 1\r\nSubject: one\r\n two\r\n"
	    "SUBJECT: three\r\n\r\nTo: not here\r\n";
	struct head_field field;

	(void)state;
	assert_true(head_find(STR("A: 1\r\n"), STR("a"), &field));
	assert_true(head_find(str_of(block), STR("subject"), &field));
	assert_true(str_equal(field.name, STR("Subject")));
	assert_true(str_equal(field.value, STR(" one\r\n two")));
	assert_true(str_equal(field.whole, STR("Subject: one\r\n two\r\n")));
	assert_false(head_find(str_of(block), STR("To"), &field));
	assert_false(head_find(str_of(block), STR("Subj"), &field));
	assert_false(head_find(STR(""), STR(""), &field));
}

static void
test_unfold(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	head_unfold(&out, STR(" a\r\n b\n\tc\r\r\nd\re"));
	assert_string_equal(buf_text(&out), " a b\tcde");
	buf_clear(&out);
	head_unfold(&out, STR("a\0b"));
	assert_true(str_equal(buf_str(&out), STR("a\0b")));
	buf_drop(&out);
}

static void
hops_begin(void *at)
{
	*(struct hops *)at = (struct hops){ 0 };
}

static bool
hops_run(void *at, struct str *in, struct buf *out)
{
	(void)out;
	hops_feed(at, str_take(in, in->len));
	return true;
}

static void
hops_end(void *at, size_t rest, struct buf *out)
{
	struct hops *h;

	(void)rest;
	h = at;
	buf_add_format(out, "%u%s", h->count, h->ended ? "." : "");
}

static void
test_hops(void **state)
{
	static const struct {
		const char *text;
		const char *told;
	} cases[] = {
		{ "", "0" },
		{ "\r\nReceived: x\r\n", "0." },
		{ "\nReceived: x\r\n", "0." },
		{ "Received: x\r\n\r\n", "1." },
		{ "RECEIVED:x\r\nreceived \t: y\r\n\r\nReceived: z", "2." },
		{ "Received: x\r\n\ty\r\nReceived: z\r\n", "2" },
		{ "Received", "0" },
		{ "Received:", "1" },
		{ "Received x: y\r\n", "0" },
		{ "Received-SPF: pass\r\n", "0" },
		{ "X-Received: a\r\n Received: b\r\n", "0" },
		{ "Subject: Received: a\r\nReceive: b\r\n", "0" },
		{ "Receivd\r\nReceived:a\r\n\r\n", "1." },
		{ "Received:a\nReceived:b\n\nReceived:c\n", "2." },
		{ "\r\n", "0." },
		{ "R\r\n\r\n", "0." },
	};
	struct vector_machine machine;
	struct hops hops;
	struct buf out;
	size_t i;

	(void)state;
	machine = (struct vector_machine){ &hops, hops_begin, hops_run,
	    hops_end };
	for (i = 0; i < countof(cases); i++) {
		assert_true(vector_same(&machine, str_of(cases[i].text),
		    &out));
		assert_string_equal(buf_text(&out), cases[i].told);
		buf_drop(&out);
	}
}

int
head_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_unfold),
		cmocka_unit_test(test_hops),
	};

	return cmocka_run_group_tests_name("mail/head", tests, NULL, NULL);
}
