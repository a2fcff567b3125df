/*
 * HEADER.FIELDS: however the header is cut, the outcome is the same; every
 * line is in HEADER.FIELDS or in HEADER.FIELDS.NOT, an empty one in both; where
 * there is none it is made. The first byte of the input chooses the cut.
 */
#include "talk/imap_fields.h"

#define OUT_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
choose(const struct imap_item *item, struct str header, size_t step,
	struct buf *out)
{
	struct imap_fields f = { 0 };

	imap_fields_begin(&f, item);
	while (header.len > 0)
		imap_fields_feed(&f, str_take(&header, step), out);
	imap_fields_end(&f, out);
}

/* The octets of all empty lines. */
static size_t
empty_len(struct str header)
{
	struct str line;
	size_t len = 0;

	while (str_split(&header, '\n', &line))
		if (line.len == 0 || str_equal(line, STR("\r")))
			len += line.len + 1;
	return len;
}

static size_t
check(struct imap_item *item, enum imap_section section, struct str header,
	size_t step)
{
	struct buf whole, cut;
	size_t len;

	item->section = section;
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	choose(item, header, header.len, &whole);
	choose(item, header, step, &cut);
	must(str_equal(buf_str(&whole), buf_str(&cut)));
	len = whole.len;
	buf_drop(&whole);
	buf_drop(&cut);
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str names[] = { STR("Subject"), STR("to"), STR("X") };
	struct imap_item item = {
		.fields = names, .field_count = countof(names)
	};
	struct str header;
	size_t len, empty;

	if (size < 1)
		return 0;
	header = str_from(data + 1, size - 1);
	imap_fields_sort(&item);
	len = check(&item, IMAP_SECTION_FIELDS, header, data[0] + 1u);
	len += check(&item, IMAP_SECTION_FIELDS_NOT, header, data[0] + 1u);
	empty = empty_len(header);
	must(empty > 0 ? len == header.len + empty :
	    len == header.len + 2 || len == header.len + 4);
	return 0;
}
