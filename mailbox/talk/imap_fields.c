/*
 * A line of a header is held until its colon tells whether it is wanted; what
 * is behind the colon only goes by.
 */
#include "talk/imap_fields.h"

#include <stdlib.h>

/* By length, then by letters without their case. */
static int
compare(const void *a, const void *b)
{
	const struct str *first = a, *second = b;
	size_t i;
	int difference;

	if (first->len != second->len)
		return first->len < second->len ? -1 : 1;
	for (i = 0; i < first->len; i++) {
		difference = char_lower(str_at(*first, i)) -
		    char_lower(str_at(*second, i));
		if (difference != 0)
			return difference;
	}
	return 0;
}

void
imap_fields_sort(struct imap_item *item)
{
	if (item->field_count > 1)
		qsort(item->fields, item->field_count, sizeof *item->fields,
		    compare);
}

void
imap_fields_begin(struct imap_fields *f, const struct imap_item *item)
{
	f->item = item;
	f->state = FIELDS_NAME;
	f->begun = false;
	f->over = false;
	f->open = false;
	f->keeps = false;
	f->held_len = 0;
}

/* White space before the colon is no part of the name (RFC 5322 section
   4.5). */
static bool
is_named(const struct imap_item *item, struct str name)
{
	while (name.len > 0 && (str_at(name, name.len - 1) == ' ' ||
	    str_at(name, name.len - 1) == '\t'))
		name.len--;
	return item->field_count > 0 && bsearch(&name, item->fields,
	    item->field_count, sizeof *item->fields, compare) != NULL;
}

static void
put(struct imap_fields *f, struct str octets, struct buf *out)
{
	buf_add(out, octets);
	if (octets.len > 0)
		f->open = str_at(octets, octets.len - 1) != '\n';
}

/* Begin a field, which is no field when it has no name; what is held of it
   comes out when it is wanted. */
static void
field_begin(struct imap_fields *f, bool named, struct buf *out)
{
	struct str held = str_from(f->held, f->held_len);
	bool rest = f->item->section == IMAP_SECTION_FIELDS_NOT;

	f->keeps = named && is_named(f->item, held) ? !rest : rest;
	f->begun = true;
	f->held_len = 0;
	if (f->keeps)
		put(f, held, out);
}

/* The line ends before a colon was seen; its end is held. */
static void
line_over(struct imap_fields *f, struct buf *out)
{
	struct str held = str_from(f->held, f->held_len);

	if (str_equal(held, STR("\r\n")) || str_equal(held, STR("\n"))) {
		f->held_len = 0;
		f->over = true;
		put(f, held, out);
		return;
	}
	field_begin(f, false, out);
}

/* Look at one octet before the colon. */
static void
name_feed(struct imap_fields *f, char c, struct buf *out)
{
	if (f->held_len == 0 && f->begun && (c == ' ' || c == '\t')) {
		f->state = FIELDS_VALUE;
		if (f->keeps)
			put(f, str_from(&c, 1), out);
		return;
	}
	if (c == ':') {
		field_begin(f, true, out);
		f->state = FIELDS_VALUE;
		if (f->keeps)
			put(f, str_from(&c, 1), out);
		return;
	}
	f->held[f->held_len++] = c;
	if (c == '\n') {
		line_over(f, out);
	} else if (f->held_len == sizeof f->held) {
		field_begin(f, false, out);
		f->state = FIELDS_VALUE;
	}
}

void
imap_fields_feed(struct imap_fields *f, struct str octets, struct buf *out)
{
	size_t end;
	struct str line;

	while (octets.len > 0) {
		if (f->state == FIELDS_NAME) {
			name_feed(f, *str_take(&octets, 1).at, out);
			continue;
		}
		end = str_find(octets, 0, '\n');
		if (end != STR_NONE)
			f->state = FIELDS_NAME;
		line = str_take(&octets, end == STR_NONE ? end : end + 1);
		if (f->keeps)
			put(f, line, out);
	}
}

void
imap_fields_end(struct imap_fields *f, struct buf *out)
{
	if (f->state == FIELDS_NAME && f->held_len > 0)
		field_begin(f, false, out);
	if (f->over || f->item->section != IMAP_SECTION_FIELDS)
		return;
	buf_add(out, f->open ? STR("\r\n\r\n") : STR("\r\n"));
}
