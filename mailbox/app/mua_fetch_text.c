/*
 * FETCH: sections of a message, piece by piece.
 *
 * A literal is told with its length first. That of octets as they stand
 * follows from where they are; what passes through a decoder is counted first:
 * if it is short it is held meanwhile, else it is made a second time. Once a
 * literal has begun, what cannot be read ends the session: there is no other
 * honest end.
 */
#include "app/mua_fetch_part.h"

#include <errno.h>
#include <string.h>

void
fetch_text_drop(struct fetch_text *t)
{
	transfer_drop(&t->transfer);
	buf_drop(&t->made);
	buf_drop(&t->held);
}

bool
fetch_pauses(const struct mua_fetch *f)
{
	return f->octets >= MUA_OCTETS || f->looked >= MUA_ROWS ||
	    mua_full(f->m);
}

/* Have message_read() read a piece; after the last one the message closes. */
static int
piece_find(struct mua_fetch *f, uint32_t index)
{
	struct mua *m = f->m;
	int err;

	if (f->opened && (index == f->piece_next ||
	    message_seek(m->reader, index) == 0))
		return 0;
	err = message_open(m->service->db, m->reader,
	    f->rows[f->row].message);
	if (err == 0 && index > 0 && message_seek(m->reader, index) != 0)
		err = -EIO;
	f->opened = err == 0;
	return err;
}

int
fetch_octets(struct mua_fetch *f, uint64_t at, struct str *view)
{
	const uint32_t index = (uint32_t)(at / PIECE_SIZE);
	struct imap_service *service = f->m->service;
	int got;

	if (f->piece != index) {
		f->piece = FETCH_NO_PIECE;
		got = piece_find(f, index);
		if (got != 0)
			return got;
		got = message_read(service->db, f->m->reader,
		    &service->piece);
		f->opened = got > 0;
		if (got <= 0)
			return got < 0 ? got : -EIO;
		f->piece = index;
		f->piece_next = index + 1;
		f->octets += service->piece.len;
	}
	*view = str_part(buf_str(&service->piece), (size_t)(at % PIECE_SIZE),
	    PIECE_SIZE);
	return view->len > 0 ? 0 : -EIO;
}

/* Begin to make it, from the first octet. */
static void
text_rewind(struct fetch_text *t)
{
	t->at = t->extent.from;
	t->ended = t->how == TEXT_PLAIN;
	if (t->how == TEXT_FIELDS)
		imap_fields_begin(&t->fields, t->item);
	else if (t->how == TEXT_DECODED)
		transfer_begin(&t->transfer, t->extent.encoding);
}

/* Pass octets through what makes the text of them; none: they are over. */
static struct str
text_make(struct fetch_text *t, struct str octets)
{
	buf_clear(&t->made);
	if (octets.len == 0)
		t->ended = true;
	if (t->how == TEXT_FIELDS && t->ended)
		imap_fields_end(&t->fields, &t->made);
	else if (t->how == TEXT_FIELDS)
		imap_fields_feed(&t->fields, octets, &t->made);
	else if (t->ended)
		transfer_end(&t->transfer, &t->made);
	else
		transfer_feed(&t->transfer, octets, &t->made);
	must(!t->made.full);
	return buf_str(&t->made);
}

/* The next octets of the text. Returns: 1; 0: it is over; or why not. */
static int
text_next(struct mua_fetch *f, struct str *octets)
{
	struct fetch_text *t = &f->text;
	uint64_t left = t->extent.to - t->at;
	int err;

	if (t->how == TEXT_REST) {
		*octets = str_take(&t->rest, PIECE_SIZE);
		return octets->len > 0;
	}
	*octets = STR("");
	if (left == 0 && t->ended)
		return 0;
	if (left > 0) {
		err = fetch_octets(f, t->at, octets);
		if (err != 0)
			return err;
		if (octets->len > left)
			octets->len = (size_t)left;
		t->at += octets->len;
	}
	if (t->how != TEXT_PLAIN)
		*octets = text_make(t, *octets);
	return 1;
}

/* Say what comes, total octets of which the item may want a part. */
static void
announce(struct mua_fetch *f, uint64_t total)
{
	struct buf *out = &f->m->imap.out;
	struct fetch_text *t = &f->text;
	const struct imap_item *item = t->item;

	t->skip = 0;
	t->left = total;
	if (item->partial) {
		t->skip = item->from < total ? item->from : total;
		t->left = total - t->skip;
		if (t->left > item->len)
			t->left = item->len;
	}
	fetch_gap(f);
	imap_section_name(out, item);
	buf_add(out, t->has_nul && item->kind == IMAP_ITEM_BINARY ?
	    STR(" ~{") : STR(" {"));
	buf_add_number(out, t->left);
	buf_add(out, STR("}\r\n"));
	f->state = t->left > 0 ? FETCH_TELLS : FETCH_ITEMS;
}

/* All is counted. */
static void
text_counted(struct mua_fetch *f)
{
	struct fetch_text *t = &f->text;

	if (t->item->kind == IMAP_ITEM_BINARY_SIZE) {
		fetch_gap(f);
		imap_section_name(&f->m->imap.out, t->item);
		buf_add_char(&f->m->imap.out, ' ');
		buf_add_number(&f->m->imap.out, t->total);
		f->state = FETCH_ITEMS;
		return;
	}
	announce(f, t->total);
	if (t->holds) {
		t->how = TEXT_REST;
		t->rest = buf_str(&t->held);
	} else {
		text_rewind(t);
	}
}

/* It cannot be had: NIL, or nothing where a number is wanted. */
static void
text_missing(struct mua_fetch *f)
{
	f->state = FETCH_ITEMS;
	if (f->text.item->kind == IMAP_ITEM_BINARY_SIZE)
		return;
	fetch_gap(f);
	imap_section_name(&f->m->imap.out, f->text.item);
	buf_add(&f->m->imap.out, STR(" NIL"));
}

void
fetch_text_count(struct mua_fetch *f)
{
	struct fetch_text *t = &f->text;
	struct str octets;
	int got = 1;

	while (f->octets < MUA_OCTETS) {
		got = text_next(f, &octets);
		if (got <= 0)
			break;
		t->total += octets.len;
		t->has_nul = t->has_nul || (octets.len > 0 &&
		    memchr(octets.at, '\0', octets.len) != NULL);
		t->holds = t->holds && t->total <= FETCH_HELD_MAX;
		if (t->holds)
			buf_add(&t->held, octets);
	}
	if (got == 0)
		text_counted(f);
	if (got < 0) {
		f->err = f->err != 0 ? f->err : got;
		text_missing(f);
	}
}

/* What the octets of an item have to pass through. */
static int
text_how(const struct imap_item *item)
{
	if (item->kind == IMAP_ITEM_BINARY ||
	    item->kind == IMAP_ITEM_BINARY_SIZE)
		return TEXT_DECODED;
	if (item->kind == IMAP_ITEM_SECTION && item->section >=
	    IMAP_SECTION_FIELDS && item->section <= IMAP_SECTION_FIELDS_NOT)
		return TEXT_FIELDS;
	return TEXT_PLAIN;
}

/* Find its octets. A section that is not there is empty (not NIL: what other
   servers do). */
static void
text_start(struct mua_fetch *f, const struct imap_item *item)
{
	struct fetch_text *t = &f->text;

	t->item = item;
	t->how = text_how(item);
	t->has_nul = false;
	t->total = 0;
	t->holds = true;
	t->held.max = FETCH_HELD_MAX;
	t->made.max = SUMMARY_MAX;
	buf_clear(&t->held);
	if (imap_section_whole(item))
		t->extent = (struct imap_extent){
			.to = f->rows[f->row].size, .encoding = MIME_BINARY
		};
	else if (!imap_section_find(&t->extent, &f->summary_body, item) &&
	    t->how == TEXT_FIELDS)
		t->how = TEXT_PLAIN;
}

void
fetch_text_begin(struct mua_fetch *f, const struct imap_item *item)
{
	struct fetch_text *t = &f->text;

	text_start(f, item);
	if (t->how == TEXT_DECODED && t->extent.encoding == MIME_UNKNOWN) {
		/* RFC 3516 section 4.3 */
		f->unknown = true;
		text_missing(f);
		return;
	}
	text_rewind(t);
	f->state = FETCH_COUNTS;
	if (t->how == TEXT_PLAIN) {
		announce(f, t->extent.to - t->extent.from);
		t->at += t->skip;
		t->skip = 0;
	}
}

void
fetch_text_rest(struct mua_fetch *f, struct str rest)
{
	f->text.item = NULL;
	f->text.how = TEXT_REST;
	f->text.rest = rest;
	f->text.skip = 0;
	f->text.left = rest.len;
	f->state = FETCH_TELLS;
}

/* Add octets; NUL may be in a literal8 alone (RFC 9051 section 4.3), and is
   told as 0x80 elsewhere, as other servers do. */
static void
text_put(struct mua_fetch *f, struct str octets)
{
	const struct imap_item *item = f->text.item;
	struct buf *out = &f->m->imap.out;
	char *at, *end;

	buf_add(out, octets);
	must(!out->full);
	if (item != NULL && item->kind == IMAP_ITEM_BINARY)
		return;
	end = out->at + out->len;
	at = end - octets.len;
	while (at < end &&
	    (at = memchr(at, '\0', (size_t)(end - at))) != NULL)
		*at++ = (char)0x80;
}

int
fetch_text_tell(struct mua_fetch *f)
{
	struct fetch_text *t = &f->text;
	struct str octets;
	uint64_t pass;
	int got;

	while (t->left > 0 && !fetch_pauses(f)) {
		got = text_next(f, &octets);
		if (got <= 0)
			return got < 0 ? got : -EIO;
		pass = octets.len < t->skip ? octets.len : t->skip;
		t->skip -= pass;
		str_take(&octets, (size_t)pass);
		if (octets.len > t->left)
			octets.len = (size_t)t->left;
		t->left -= octets.len;
		text_put(f, octets);
	}
	if (t->left == 0)
		f->state = FETCH_ITEMS;
	return 0;
}
