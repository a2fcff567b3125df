/* How commands read their options and show things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"

int cli_test(void);

/* What show() prints, returned owned. */
static char *
json_of(struct str s)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cli_json(out, s);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
json_strings(void **state)
{
	static const struct {
		struct str text;
		const char *json;
	} pairs[] = {
		{ { "", 0 }, "\"\"" },
		{ { "plain", 5 }, "\"plain\"" },
		{ { "a\"b\\c/", 6 }, "\"a\\\"b\\\\c/\"" },
		{ { "\0\n\x1f\x7f", 4 },
		  "\"\\u0000\\u000a\\u001f\\u007f\"" },
		{ { "gr\xc3\xbc\xc3\x9f", 6 }, "\"gr\xc3\xbc\xc3\x9f\"" },
		{ { "\xf0\x9f\x93\xae", 4 }, "\"\xf0\x9f\x93\xae\"" },
		{ { "a\xff" "b\xc3", 4 }, "\"a\\ufffdb\\ufffd\"" },
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < countof(pairs); i++) {
		text = json_of(pairs[i].text);
		assert_string_equal(text, pairs[i].json);
		free(text);
	}
}

static void
foreign_text_moves_no_cursor(void **state)
{
	struct str s = STR("a\x1b[2Jb\r\n\xc3\xbc\xff");
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	cli_text(out, s);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "a?[2Jb??\xc3\xbc?");
	assert_int_equal(cli_width(s), 10);
	free(text);
}

static void
sizes_and_dates(void **state)
{
	static const uint64_t bytes[] = { 0, 999, 1000, 1549, 999999,
		1000000, 52428800, 83800000000, 5000000000000000 };
	char *text;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	for (i = 0; i < countof(bytes); i++) {
		cli_bytes(out, bytes[i]);
		fputc('|', out);
	}
	cli_date(out, 0);
	cli_date(out, 1795210678);
	cli_json_date(out, 0);
	cli_json_date(out, 1795210678);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "0 bytes|999 bytes|1.0 kB|1.5 kB|999.9 kB|"
	    "1.0 MB|52.4 MB|83.8 GB|5000.0 TB|"
	    "-2026-11-20null\"2026-11-20T21:37:58Z\"");
	free(text);
}

static void
spans_and_columns(void **state)
{
	static const int64_t spans[] = { -5, 0, 59, 60, 3599, 3600, 172799,
		172800, 432000 };
	size_t len, i, width = 3;
	char *text;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	for (i = 0; i < countof(spans); i++) {
		cli_span(out, spans[i]);
		fputc('|', out);
	}
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "0 s|0 s|59 s|1 min|59 min|1 h|47 h|2 days|"
	    "5 days|");
	free(text);
	assert_int_equal(cli_digits(0), 1);
	assert_int_equal(cli_digits(9), 1);
	assert_int_equal(cli_digits(10), 2);
	assert_int_equal(cli_digits(UINT64_MAX), 20);
	cli_widen(&width, 2);
	assert_int_equal(width, 3);
	cli_widen(&width, 7);
	assert_int_equal(width, 7);
}

struct parsed {
	struct cli cli;
	const char *value;
	bool flag;
	int code;
};

static void
parse(struct parsed *p, char **words)
{
	const struct cli_option options[] = {
		{ "value", &p->value, NULL },
		{ "flag", NULL, &p->flag },
	};

	*p = (struct parsed){ .cli = { .name = "test", .words = words } };
	while (words[p->cli.word_count] != NULL)
		p->cli.word_count++;
	optind = 0;
	p->code = cli_options(&p->cli, "help\n", options, countof(options));
}

static void
options_and_words_in_any_order(void **state)
{
	char *words[] = { strdup("test"), strdup("one"), strdup("--value"),
		strdup("v"), strdup("-c"), strdup("x.conf"), strdup("two"),
		strdup("--flag"), NULL };
	char *sorted[countof(words)];
	struct parsed p;
	size_t i;

	(void)state;
	memcpy(sorted, words, sizeof words);
	parse(&p, sorted);
	assert_int_equal(p.code, -1);
	assert_string_equal(p.value, "v");
	assert_true(p.flag);
	assert_string_equal(p.cli.file, "x.conf");
	assert_int_equal(p.cli.word_count, 2);
	assert_string_equal(p.cli.words[0], "one");
	assert_string_equal(p.cli.words[1], "two");
	for (i = 0; words[i] != NULL; i++)
		free(words[i]);
}

static void
options_nobody_knows(void **state)
{
	char name[] = "test", unknown[] = "--vlaue=1", lacking[] = "--value",
	    wrong[] = "--flag=1";
	char *cases[][3] = { { name, unknown, NULL }, { name, lacking, NULL },
		{ name, wrong, NULL } };
	struct parsed p;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		parse(&p, cases[i]);
		assert_int_equal(p.code, CLI_USAGE);
	}
}

int
cli_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_strings),
		cmocka_unit_test(foreign_text_moves_no_cursor),
		cmocka_unit_test(sizes_and_dates),
		cmocka_unit_test(spans_and_columns),
		cmocka_unit_test(options_and_words_in_any_order),
		cmocka_unit_test(options_nobody_knows),
	};

	return cmocka_run_group_tests_name("app/cli", tests, NULL, NULL);
}
