/* HEADER.FIELDS, however the header is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/imap_fields.h"
#include "vector.h"

int imap_fields_test(void);

struct chooser {
	struct imap_item item;
	struct imap_fields fields;
};

static void
chooser_begin(void *at)
{
	struct chooser *c = at;

	imap_fields_begin(&c->fields, &c->item);
}

static bool
chooser_feed(void *at, struct str *in, struct buf *out)
{
	struct chooser *c = at;

	imap_fields_feed(&c->fields, str_take(in, in->len), out);
	return true;
}

static void
chooser_end(void *at, size_t rest, struct buf *out)
{
	struct chooser *c = at;

	assert_int_equal(rest, 0);
	imap_fields_end(&c->fields, out);
}

static void
check_part(struct chooser *c, struct str header, const char *want)
{
	struct vector_machine machine = {
		c, chooser_begin, chooser_feed, chooser_end
	};
	struct buf out;

	assert_true(vector_same(&machine, header, &out));
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

/* Names are one word each, split at spaces. */
static void
check(const char *header, const char *names, const char *want,
	const char *others)
{
	struct str list[8], rest = str_of(names);
	struct chooser c = { .item = { .fields = list } };

	while (c.item.field_count < countof(list) &&
	    str_split(&rest, ' ', &list[c.item.field_count]))
		c.item.field_count++;
	list[c.item.field_count++] = rest;
	imap_fields_sort(&c.item);
	c.item.section = IMAP_SECTION_FIELDS;
	check_part(&c, str_of(header), want);
	c.item.section = IMAP_SECTION_FIELDS_NOT;
	check_part(&c, str_of(header), others);
}

#define HEAD "From: a@x.example\r\nSubject: one\r\n two\r\n\t\r\n three\r\n" \
	"X-Mailer:x\r\nsubject:again\r\n\r\n"

static void
test_fields(void **state)
{
	(void)state;
	check(HEAD, "SUBJECT",
	    "Subject: one\r\n two\r\n\t\r\n three\r\nsubject:again\r\n\r\n",
	    "From: a@x.example\r\nX-Mailer:x\r\n\r\n");
	check(HEAD, "from x-mailer",
	    "From: a@x.example\r\nX-Mailer:x\r\n\r\n",
	    "Subject: one\r\n two\r\n\t\r\n three\r\nsubject:again\r\n\r\n");
	check(HEAD, "Fro X-Mailers ubject", "\r\n", HEAD);
	check(HEAD, "from x-mailer subject", HEAD, "\r\n");
	check("A: 1\nB: 2\nA: 3\n\n", "a", "A: 1\nA: 3\n\n", "B: 2\n\n");
	check("A: 1\nBb: 2\nC: 3\nDD: 4\n\n", "dd c a c ee",
	    "A: 1\nC: 3\nDD: 4\n\n", "Bb: 2\n\n");
}

static void
test_without_empty_line(void **state)
{
	(void)state;
	check("", "a", "\r\n", "");
	check("A: 1", "a", "A: 1\r\n\r\n", "");
	check("A: 1\r\n", "a", "A: 1\r\n\r\n", "");
	check("A: 1\r\n", "b", "\r\n", "A: 1\r\n");
	check("A: 1\r\nB", "b", "\r\n", "A: 1\r\nB");
	check("\r\n", "a", "\r\n", "\r\n");
	check("A: 1\r\n\r", "a", "A: 1\r\n\r\n", "\r");
}

/* What is no field is in HEADER.FIELDS.NOT, so that nothing gets lost. */
static void
test_broken(void **state)
{
	(void)state;
	check("From nobody\r\n more\r\nTo : a\r\n b\r\nTo\r\n: c\r\n\r\n",
	    "to", "To : a\r\n b\r\n\r\n",
	    "From nobody\r\n more\r\nTo\r\n: c\r\n\r\n");
	check("A: 1\rB: 2\rC: 3\r\n\r\n", "b", "\r\n",
	    "A: 1\rB: 2\rC: 3\r\n\r\n");
	check("garbage\r\n\r\n", "garbage", "\r\n", "garbage\r\n\r\n");
	check(" To: a\r\n To: b\r\nTo\r: c\r\n\r\n", "to", "\r\n",
	    " To: a\r\n To: b\r\nTo\r: c\r\n\r\n");
}

static void
test_long_names(void **state)
{
	char header[IMAP_FIELD_NAME_MAX + 16];
	char name[IMAP_FIELD_NAME_MAX + 2];
	size_t len = IMAP_FIELD_NAME_MAX;

	(void)state;
	memset(name, 'n', sizeof name);
	memset(header, 'n', sizeof header);
	name[len] = '\0';
	memcpy(header + len, ": v\r\n\r\n", 8);
	check(header, name, header, "\r\n");
	name[len] = 'n';
	name[len + 1] = '\0';
	memcpy(header + len, "n: v\r\n\r\n", 9);
	check(header, name, "\r\n", header);
}

int
imap_fields_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_without_empty_line),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests_name("talk/imap_fields", tests, NULL,
	    NULL);
}
