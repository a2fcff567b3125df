/* Messages as files: quoting undone by reading, line ends, From_ lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "app/mbox.h"

int mbox_test(void);

/* Write a message in pieces of step bytes; returned owned. */
static char *
written(struct str wire, bool quote, size_t step)
{
	struct mbox_out o = { .quote = quote };
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	while (wire.len > 0)
		mbox_write(&o, file, str_take(&wire, step));
	mbox_write_end(&o, file);
	assert_int_equal(fclose(file), 0);
	return text;
}

struct pair {
	const char *wire;
	const char *plain;
	const char *quoted;
};

static const struct pair pairs[] = {
	{ "", "", "" },
	{ "a: b\r\n\r\nc\r\n", "a: b\n\nc\n", "a: b\n\nc\n" },
	{ "no line end", "no line end\n", "no line end\n" },
	{ "From here\r\n", "From here\n", ">From here\n" },
	{ "\r\nFrom x\r\nFrom\r\nFrom: x\r\nfrom y\r\n",
	  "\nFrom x\nFrom\nFrom: x\nfrom y\n",
	  "\n>From x\nFrom\nFrom: x\nfrom y\n" },
	{ ">From x\r\n>>From \r\n> From z\r\n>>>\r\n",
	  ">From x\n>>From \n> From z\n>>>\n",
	  ">>From x\n>>>From \n> From z\n>>>\n" },
	{ "x From y\r\n>", "x From y\n>\n", "x From y\n>\n" },
	{ "Fro", "Fro\n", "Fro\n" },
	{ ">>Fro>From \r\n", ">>Fro>From \n", ">>Fro>From \n" },
	{ "a\rb\r\r\nFrom c\r\n", "a\rb\r\nFrom c\n", "a\rb\r\n>From c\n" },
};

static void
written_in_any_pieces(void **state)
{
	struct str wire;
	char *text;
	size_t i, step;

	(void)state;
	for (i = 0; i < countof(pairs); i++) {
		wire = str_of(pairs[i].wire);
		for (step = 1; step <= wire.len + 1; step++) {
			text = written(wire, false, step);
			assert_string_equal(text, pairs[i].plain);
			free(text);
			text = written(wire, true, step);
			assert_string_equal(text, pairs[i].quoted);
			free(text);
		}
	}
}

/* Read a file, one '|' per line end and one '/' per cut, quoting undone. */
static char *
read_back(struct str file_text)
{
	struct mbox_in *in = calloc(1, sizeof *in);
	struct mbox_line line;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	char *copy = malloc(file_text.len + 1);

	memcpy(copy, file_text.at, file_text.len);
	in->file = fmemopen(copy, file_text.len, "r");
	while (mbox_read(in, &line)) {
		if (line.starts)
			str_take(&line.text, mbox_quoted(line.text));
		fwrite(line.text.at, 1, line.text.len, out);
		fputc(line.ends ? '|' : '/', out);
	}
	assert_int_equal(fclose(out), 0);
	fclose(in->file);
	free(copy);
	free(in);
	return text;
}

static void
lines_end_in_three_ways(void **state)
{
	char *text;

	(void)state;
	text = read_back(STR("a\nb\r\nc\rd\n\r\n\n>From x\n>>From y\n>z\nend"));
	assert_string_equal(text, "a|b|c|d|||From x|>From y|>z|end/");
	free(text);
	text = read_back(STR("a\r"));
	assert_string_equal(text, "a|");
	free(text);
}

/* Wherever a CRLF or a line falls in the buffer, it stays one. */
static void
lines_longer_than_the_buffer(void **state)
{
	struct buf file;
	char *text, *at;
	size_t len;

	(void)state;
	for (len = MBOX_FRAGMENT - 3; len <= MBOX_FRAGMENT + 3; len++) {
		buf_init(&file, 4 * MBOX_FRAGMENT);
		memset(buf_space(&file, len), 'x', len);
		buf_grew(&file, len);
		buf_add_text(&file, "\r\nsecond\r\n");
		text = read_back(buf_str(&file));
		at = text + strspn(text, "x/");
		assert_string_equal(at, "|second|");
		free(text);
		buf_drop(&file);
	}
}

static void
from_lines(void **state)
{
	int64_t when = 7;

	(void)state;
	assert_true(mbox_is_from(
	    STR("From a@example.test Fri Nov 20 21:37:58 2026"), &when));
	assert_int_equal(when, 1795210678);
	assert_true(mbox_is_from(
	    STR("From 17@xxx Fri Nov 20 21:37:58 +0000 2026"), &when));
	assert_int_equal(when, 1795210678);
	when = 7;
	assert_true(mbox_is_from(
	    STR("From \"a b\"@example.test Fri Nov 20 21:37:58 2026"), &when));
	assert_int_equal(when, 1795210678);
	when = 7;
	assert_true(mbox_is_from(STR("From a 9:30:00 sometime"), &when));
	assert_int_equal(when, 7);
	assert_false(mbox_is_from(STR("From now on we meet"), &when));
	assert_false(mbox_is_from(STR("From: a@example.test 12:00:00"), &when));
	assert_false(mbox_is_from(STR(">From a@b Fri Nov 20 21:37:58 2026"),
	    &when));
	assert_false(mbox_is_from(STR("From "), &when));
}

static void
from_line_of(const char *head, const char *expected)
{
	struct buf out;
	int64_t when = 0;

	buf_init(&out, 2048);
	mbox_from(&out, str_of(head), 1795210678);
	assert_string_equal(buf_text(&out), expected);
	assert_true(mbox_is_from(str_part(buf_str(&out), 0, out.len - 1),
	    &when));
	assert_int_equal(when, 1795210678);
	buf_drop(&out);
}

static void
from_lines_name_the_sender(void **state)
{
	(void)state;
	from_line_of("Return-Path: <a@example.test>\r\nX: y\r\n\r\n",
	    "From a@example.test Fri Nov 20 21:37:58 2026\n");
	from_line_of("Return-Path: <>\r\n\r\n",
	    "From MAILER-DAEMON Fri Nov 20 21:37:58 2026\n");
	from_line_of("Return-Path: <\"a b\"@example.test>\r\n\r\n",
	    "From MAILER-DAEMON Fri Nov 20 21:37:58 2026\n");
	from_line_of("\r\nReturn-Path: <a@example.test>\r\n",
	    "From MAILER-DAEMON Fri Nov 20 21:37:58 2026\n");
}

int
mbox_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_in_any_pieces),
		cmocka_unit_test(lines_end_in_three_ways),
		cmocka_unit_test(lines_longer_than_the_buffer),
		cmocka_unit_test(from_lines),
		cmocka_unit_test(from_lines_name_the_sender),
	};

	return cmocka_run_group_tests_name("app/mbox", tests, NULL, NULL);
}
