/* Sections of a message: which octets they are, and their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/imap_section.h"

int imap_section_test(void);

static const char message[] =
    "Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nX-One: 1\r\n\r\nfirst\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n"
    "--b\r\nContent-Type: text/html\r\n"
    "Content-Transfer-Encoding: x-odd\r\n\r\n<p>\r\n"
    "--b--\r\n";

static void
summary_make(struct str text, struct buf *head, struct buf *body)
{
	struct summary_maker *maker = summary_new(SUMMARY_MAX);

	buf_init(head, SUMMARY_MAX);
	buf_init(body, SUMMARY_MAX);
	summary_feed(maker, text);
	assert_true(summary_end(maker, head, body));
	summary_drop(maker);
}

/* want at NULL: there is no such section. */
static void
check(const struct imap_item *item, const char *want,
	enum mime_encoding encoding)
{
	struct str text = str_of(message), shown;
	struct imap_extent extent;
	struct summary_body body;
	struct buf first, second;
	bool found;

	summary_make(text, &first, &second);
	assert_true(summary_read_body(&body, buf_str(&second)));
	found = imap_section_find(&extent, &body, item);
	assert_true(extent.from <= extent.to && extent.to <= text.len);
	shown = str_part(text, (size_t)extent.from,
	    (size_t)(extent.to - extent.from));
	assert_int_equal(found, want != NULL);
	assert_true(str_equal(shown, str_of(want)));
	assert_int_equal(extent.encoding, encoding);
	buf_drop(&first);
	buf_drop(&second);
}

static void
check_section(enum imap_section section, uint32_t part, const char *want)
{
	uint32_t number[] = { part };
	struct imap_item item = {
		.kind = IMAP_ITEM_SECTION, .section = section,
		.number = number, .depth = part > 0
	};

	check(&item, want, section == IMAP_SECTION_ALL && part == 3 ?
	    MIME_UNKNOWN : section == IMAP_SECTION_ALL && part > 0 &&
	    want != NULL ? MIME_7BIT : MIME_BINARY);
}

#define INNER "MIME-Version: 1.0\r\n" \
	"Content-Transfer-Encoding: base64\r\n\r\n"

static void
test_parts(void **state)
{
	(void)state;
	check_section(IMAP_SECTION_ALL, 0, message);
	check_section(IMAP_SECTION_ALL, 1, "first");
	check_section(IMAP_SECTION_MIME, 1, "X-One: 1\r\n\r\n");
	check_section(IMAP_SECTION_ALL, 2, INNER "aGk=");
	check_section(IMAP_SECTION_MIME, 2,
	    "Content-Type: message/rfc822\r\n\r\n");
	check_section(IMAP_SECTION_ALL, 3, "<p>");
	check_section(IMAP_SECTION_ALL, 4, NULL);
	check_section(IMAP_SECTION_MIME, 4, NULL);
}

static void
test_headers(void **state)
{
	(void)state;
	check_section(IMAP_SECTION_HEADER, 0, "Subject: outer\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	check_section(IMAP_SECTION_TEXT, 0, strstr(message, "--b\r\nX-One"));
	check_section(IMAP_SECTION_HEADER, 1, NULL);
	check_section(IMAP_SECTION_TEXT, 1, NULL);
	check_section(IMAP_SECTION_HEADER, 2, INNER);
	check_section(IMAP_SECTION_FIELDS, 2, INNER);
	check_section(IMAP_SECTION_FIELDS_NOT, 2, INNER);
	check_section(IMAP_SECTION_TEXT, 2, "aGk=");
	check_section(IMAP_SECTION_FIELDS, 3, NULL);
}

/* The encoding of a message within is that of its part. */
static void
test_deeper(void **state)
{
	uint32_t number[] = { 2, 1 };
	struct imap_item item = {
		.kind = IMAP_ITEM_BINARY, .number = number, .depth = 2
	};

	(void)state;
	check(&item, "aGk=", MIME_BASE64);
	item.kind = IMAP_ITEM_BINARY_SIZE;
	check(&item, "aGk=", MIME_BASE64);
}

static void
test_old_names(void **state)
{
	struct imap_item item = { .kind = IMAP_ITEM_RFC822 };

	(void)state;
	assert_true(imap_section_is(&item) && imap_section_whole(&item));
	check(&item, message, MIME_BINARY);
	item.kind = IMAP_ITEM_RFC822_HEADER;
	assert_true(imap_section_is(&item) && !imap_section_whole(&item));
	check(&item, "Subject: outer\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n", MIME_BINARY);
	item.kind = IMAP_ITEM_RFC822_TEXT;
	check(&item, strstr(message, "--b\r\nX-One"), MIME_BINARY);
	item.kind = IMAP_ITEM_BODY;
	assert_false(imap_section_is(&item) || imap_section_whole(&item));
}

static void
check_name(const struct imap_item *item, const char *want)
{
	struct buf out;

	buf_init(&out, 1000);
	imap_section_name(&out, item);
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

static void
test_names(void **state)
{
	struct imap_item item = { .kind = IMAP_ITEM_SECTION, .peek = true };

	(void)state;
	check_name(&item, "BODY[]");
	item.text = STR("1.2.Header.FIELDS (to \"x y\")");
	check_name(&item, "BODY[1.2.Header.FIELDS (to \"x y\")]");
	item.partial = true;
	item.from = UINT64_MAX;
	item.len = 5;
	item.text = STR("1.2");
	check_name(&item, "BODY[1.2]<18446744073709551615>");
	item.kind = IMAP_ITEM_BINARY;
	check_name(&item, "BINARY[1.2]<18446744073709551615>");
	item.partial = false;
	item.kind = IMAP_ITEM_BINARY_SIZE;
	check_name(&item, "BINARY.SIZE[1.2]");
	item.kind = IMAP_ITEM_RFC822;
	check_name(&item, "RFC822");
	item.kind = IMAP_ITEM_RFC822_HEADER;
	check_name(&item, "RFC822.HEADER");
	item.kind = IMAP_ITEM_RFC822_TEXT;
	check_name(&item, "RFC822.TEXT");
}

int
imap_section_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_deeper),
		cmocka_unit_test(test_old_names),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("talk/imap_section", tests, NULL,
	    NULL);
}
