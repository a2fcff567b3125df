#include "talk/imap_section.h"

bool
imap_section_is(const struct imap_item *item)
{
	switch (item->kind) {
	case IMAP_ITEM_SECTION:
	case IMAP_ITEM_BINARY:
	case IMAP_ITEM_BINARY_SIZE:
	case IMAP_ITEM_RFC822:
	case IMAP_ITEM_RFC822_HEADER:
	case IMAP_ITEM_RFC822_TEXT:
		return true;
	case IMAP_ITEM_UID:
	case IMAP_ITEM_FLAGS:
	case IMAP_ITEM_INTERNALDATE:
	case IMAP_ITEM_SIZE:
	case IMAP_ITEM_MODSEQ:
	case IMAP_ITEM_ENVELOPE:
	case IMAP_ITEM_BODY:
	case IMAP_ITEM_BODYSTRUCTURE:
	case IMAP_ITEM_EMAILID:
	case IMAP_ITEM_THREADID:
	case IMAP_ITEM_SAVEDATE:
	case IMAP_ITEM_PREVIEW:
		break;
	}
	return false;
}

static enum imap_section
section_of(const struct imap_item *item)
{
	if (item->kind == IMAP_ITEM_RFC822_HEADER)
		return IMAP_SECTION_HEADER;
	if (item->kind == IMAP_ITEM_RFC822_TEXT)
		return IMAP_SECTION_TEXT;
	return item->kind == IMAP_ITEM_SECTION ? item->section :
	    IMAP_SECTION_ALL;
}

bool
imap_section_whole(const struct imap_item *item)
{
	return imap_section_is(item) && item->depth == 0 &&
	    section_of(item) == IMAP_SECTION_ALL;
}

bool
imap_section_find(struct imap_extent *extent, const struct summary_body *body,
	const struct imap_item *item)
{
	struct mime_part part, within;
	bool whole = item->depth == 0;
	bool nests;

	*extent = (struct imap_extent){ .encoding = MIME_BINARY };
	if (!summary_part(body, item->number, item->depth, &part, &within))
		return false;
	nests = whole || part.kind == MIME_MESSAGE;
	switch (section_of(item)) {
	case IMAP_SECTION_ALL:
		extent->from = whole ? part.head : part.body;
		extent->to = part.end;
		if (!whole && part.kind != MIME_MULTIPART)
			extent->encoding = part.encoding;
		return true;
	case IMAP_SECTION_MIME:
		extent->from = part.head;
		extent->to = part.body;
		return true;
	case IMAP_SECTION_HEADER:
	case IMAP_SECTION_FIELDS:
	case IMAP_SECTION_FIELDS_NOT:
		if (!nests)
			return false;
		extent->from = within.head;
		extent->to = within.body;
		return true;
	case IMAP_SECTION_TEXT:
		if (!nests)
			return false;
		extent->from = within.body;
		extent->to = within.end;
		return true;
	}
	return false;
}

void
imap_section_name(struct buf *out, const struct imap_item *item)
{
	if (item->kind == IMAP_ITEM_RFC822) {
		buf_add(out, STR("RFC822"));
		return;
	}
	if (item->kind == IMAP_ITEM_RFC822_HEADER) {
		buf_add(out, STR("RFC822.HEADER"));
		return;
	}
	if (item->kind == IMAP_ITEM_RFC822_TEXT) {
		buf_add(out, STR("RFC822.TEXT"));
		return;
	}
	if (item->kind == IMAP_ITEM_BINARY)
		buf_add(out, STR("BINARY["));
	else if (item->kind == IMAP_ITEM_BINARY_SIZE)
		buf_add(out, STR("BINARY.SIZE["));
	else
		buf_add(out, STR("BODY["));
	buf_add(out, item->text);
	buf_add_char(out, ']');
	if (item->partial) {
		buf_add_char(out, '<');
		buf_add_number(out, item->from);
		buf_add_char(out, '>');
	}
}
