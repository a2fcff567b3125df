/*
 * FETCH: the items of a message, in the order in which they were asked for;
 * before them what comes unasked.
 *
 * A message of which something cannot be read is passed over, and the command
 * ends with NO: but for what only shows once its reply has begun.
 */
#include "app/mua_fetch_part.h"

#include <errno.h>

#define BIT(kind) (1u << (kind))

/* Items that are told once, however often they are asked for. */
static bool
is_told_once(enum imap_item_kind kind)
{
	return kind != IMAP_ITEM_SECTION && kind != IMAP_ITEM_BINARY &&
	    kind != IMAP_ITEM_BINARY_SIZE;
}

static bool
is_read(const struct imap_item *item)
{
	switch (item->kind) {
	case IMAP_ITEM_SECTION:
	case IMAP_ITEM_BINARY:
		return !item->peek;
	case IMAP_ITEM_RFC822:
	case IMAP_ITEM_RFC822_TEXT:
		return true;
	default:
		return false;
	}
}

void
fetch_items_look(struct mua_fetch *f)
{
	struct imap_fetch *fetch = &f->m->imap.command.u.fetch;
	size_t i;

	for (i = 0; i < fetch->count; i++) {
		struct imap_item *item = &fetch->items[i];

		imap_fields_sort(item);
		f->asked |= BIT(item->kind);
		f->needs_octets = f->needs_octets || imap_section_is(item);
		if (is_read(item))
			f->marks = !f->m->view.read_only;
		if (item->kind == IMAP_ITEM_ENVELOPE)
			f->needs_head = true;
		else if (item->kind == IMAP_ITEM_PREVIEW && item->lazy)
			f->likes_body = true;
		else if (item->kind == IMAP_ITEM_BODY ||
		    item->kind == IMAP_ITEM_BODYSTRUCTURE ||
		    item->kind == IMAP_ITEM_PREVIEW ||
		    (imap_section_is(item) && !imap_section_whole(item)))
			f->needs_body = true;
	}
	buf_init(&f->head, SUMMARY_MAX);
	buf_init(&f->body, SUMMARY_MAX);
	f->likes_body = f->likes_body || f->needs_body;
}

/* Read what is needed of the summary. Returns: as message_summary(). */
static int
summary_read(struct mua_fetch *f, uint64_t message)
{
	struct db *db = f->m->service->db;
	struct message_reader *reader = f->m->reader;
	int got = 1;

	if (f->needs_head)
		got = message_summary(db, reader, message, MESSAGE_HEAD,
		    &f->head);
	if (got > 0 && f->needs_head)
		got = summary_read_head(&f->summary_head, buf_str(&f->head));
	f->octets += f->head.len;
	if (got <= 0 || !f->likes_body)
		return got;
	got = message_summary(db, reader, message, MESSAGE_BODY, &f->body);
	f->octets += f->body.len;
	f->has_body = got > 0 &&
	    summary_read_body(&f->summary_body, buf_str(&f->body));
	if (got < 0)
		return got;
	return f->has_body || !f->needs_body;
}

/* Go on making it. Returns: 0; 1: there is more to do; or why not. */
static int
summary_make(struct mua_fetch *f)
{
	int more = message_summary_step(f->m->service->db, f->maker, &f->head,
	    &f->body, &f->octets);

	if (more > 0)
		return more;
	message_summary_drop(f->maker);
	f->maker = NULL;
	if (more < 0)
		return more;
	f->has_body =
	    summary_read_body(&f->summary_body, buf_str(&f->body));
	if (!f->has_body ||
	    !summary_read_head(&f->summary_head, buf_str(&f->head)))
		return -EBADMSG;
	return 0;
}

/* Have the summary, as far as it is needed. Returns: as summary_make(). */
static int
summary_ready(struct mua_fetch *f, const struct box_entry *entry)
{
	int got;

	if (f->maker != NULL)
		return summary_make(f);
	got = summary_read(f, entry->message);
	if (got != 0)
		return got < 0 ? got : 0;
	got = message_summary_begin(f->m->service->db, f->m->reader,
	    entry->message, &f->maker);
	return got < 0 ? got : summary_make(f);
}

/*
 * Make ready what the items need.
 *
 * Returns:  0; 1: there is more to do; or why there is no telling.
 */
static int
message_ready(struct mua_fetch *f, const struct box_entry *entry)
{
	struct str view;
	int more = 0;

	if (f->maker == NULL) {
		f->opened = false;
		f->has_body = false;
		f->piece = FETCH_NO_PIECE;
	}
	if (f->needs_head || f->likes_body)
		more = summary_ready(f, entry);
	if (more != 0)
		return more;
	return f->needs_octets && entry->size > 0 ?
	    fetch_octets(f, 0, &view) : 0;
}

static void
put_modseq(struct mua_fetch *f, const struct box_entry *entry)
{
	struct buf *out = &f->m->imap.out;

	fetch_gap(f);
	buf_add(out, STR("MODSEQ ("));
	buf_add_number(out, entry->modseq);
	buf_add_char(out, ')');
	f->told |= BIT(IMAP_ITEM_MODSEQ);
}

static void
put_uid(struct mua_fetch *f, const struct box_entry *entry)
{
	fetch_gap(f);
	buf_add(&f->m->imap.out, STR("UID "));
	buf_add_number(&f->m->imap.out, entry->uid);
	f->told |= BIT(IMAP_ITEM_UID);
}

static void
put_flags(struct mua_fetch *f, const struct box_entry *entry)
{
	fetch_gap(f);
	view_put_flag_item(f->m, entry);
	f->told |= BIT(IMAP_ITEM_FLAGS);
}

/*
 * What comes unasked: UID (RFC 9051 section 6.4.9; the reply names it with
 * UIDONLY), MODSEQ (RFC 7162 sections 3.1.4.1 and 3.2.4), and the flags that
 * we have changed.
 */
static void
put_unasked(struct mua_fetch *f, const struct box_entry *entry, bool marked)
{
	const struct mua *m = f->m;
	const unsigned on = m->imap.enabled;
	const bool uid = m->imap.command.uid ||
	    (marked && (on & IMAP_ENABLED_QRESYNC));

	if (uid && (f->asked & BIT(IMAP_ITEM_UID)) == 0 &&
	    (on & IMAP_ENABLED_UIDONLY) == 0)
		put_uid(f, entry);
	if (marked && (f->asked & BIT(IMAP_ITEM_FLAGS)) == 0)
		put_flags(f, entry);
	if ((m->imap.command.u.fetch.since ||
	    (marked && view_condstore(m))) &&
	    (f->asked & BIT(IMAP_ITEM_MODSEQ)) == 0)
		put_modseq(f, entry);
}

static void
texts_let_go(struct mua_fetch *f)
{
	if (f->head.room > FETCH_HELD_MAX)
		buf_drop(&f->head);
	if (f->body.room > FETCH_HELD_MAX)
		buf_drop(&f->body);
	if (f->text.made.room > 2 * FETCH_HELD_MAX)
		buf_drop(&f->text.made);
}

void
fetch_message(struct mua_fetch *f)
{
	const struct box_entry *entry = &f->rows[f->row];
	int err;

	if (f->row == f->row_count) {
		f->state = FETCH_LOADS;
		return;
	}
	err = message_ready(f, entry);
	if (err > 0)
		return;
	if (err != 0) {
		if (err == -ENOENT)
			f->expunged = true;
		else if (f->err == 0)
			f->err = err;
		f->row++;
		return;
	}
	if (view_know_keywords(f->m, entry->flags) == 0 &&
	    f->m->view.keywords.count > f->m->view.keywords_told)
		view_put_keywords(f->m);
	view_put_fetch(f->m, entry->uid);
	f->first = true;
	f->item = 0;
	f->told = 0;
	put_unasked(f, entry, f->marked[f->row] != 0);
	f->state = FETCH_ITEMS;
}

/* A text of a summary: at once if it is short. */
static void
put_summary(struct mua_fetch *f, struct str name, struct str text)
{
	fetch_gap(f);
	buf_add(&f->m->imap.out, name);
	if (text.len > FETCH_INLINE_MAX)
		fetch_text_rest(f, text);
	else
		buf_add(&f->m->imap.out, text);
}

static void
put_short(struct mua_fetch *f)
{
	struct str structure = f->summary_body.structure;

	if (structure.len <= FETCH_INLINE_MAX) {
		fetch_gap(f);
		buf_add(&f->m->imap.out, STR("BODY "));
		summary_short(&f->m->imap.out, structure);
		return;
	}
	f->text.made.max = SUMMARY_MAX;
	buf_clear(&f->text.made);
	summary_short(&f->text.made, structure);
	put_summary(f, STR("BODY "), buf_str(&f->text.made));
}

/* RFC 8970 section 3: NIL is for LAZY alone. */
static void
put_preview(struct mua_fetch *f)
{
	fetch_gap(f);
	buf_add(&f->m->imap.out, STR("PREVIEW "));
	if (f->has_body)
		imap_put_string(&f->m->imap.out, f->summary_body.preview);
	else
		buf_add(&f->m->imap.out, STR("NIL"));
}

/* Items with a short value that the entry tells. */
static void
put_value(struct mua_fetch *f, const struct imap_item *item,
	const struct box_entry *entry)
{
	struct buf *out = &f->m->imap.out;

	fetch_gap(f);
	switch (item->kind) {
	case IMAP_ITEM_INTERNALDATE:
		buf_add(out, STR("INTERNALDATE "));
		imap_put_date(out, entry->received);
		break;
	case IMAP_ITEM_SIZE:
		buf_add(out, STR("RFC822.SIZE "));
		buf_add_number(out, entry->size);
		break;
	case IMAP_ITEM_EMAILID:
		buf_add(out, STR("EMAILID (M"));
		buf_add_number(out, entry->message);
		buf_add_char(out, ')');
		break;
	case IMAP_ITEM_SAVEDATE:
		buf_add(out, STR("SAVEDATE "));
		imap_put_date(out, entry->saved);
		break;
	default:
		/* RFC 8474 section 5.2 */
		buf_add(out, STR("THREADID NIL"));
		break;
	}
}

static void
put_item(struct mua_fetch *f, const struct imap_item *item)
{
	const struct box_entry *entry = &f->rows[f->row];

	if (imap_section_is(item)) {
		fetch_text_begin(f, item);
	} else if (item->kind == IMAP_ITEM_UID) {
		put_uid(f, entry);
	} else if (item->kind == IMAP_ITEM_FLAGS) {
		put_flags(f, entry);
	} else if (item->kind == IMAP_ITEM_MODSEQ) {
		put_modseq(f, entry);
	} else if (item->kind == IMAP_ITEM_ENVELOPE) {
		put_summary(f, STR("ENVELOPE "), f->summary_head.envelope);
	} else if (item->kind == IMAP_ITEM_BODYSTRUCTURE) {
		put_summary(f, STR("BODYSTRUCTURE "),
		    f->summary_body.structure);
	} else if (item->kind == IMAP_ITEM_BODY) {
		put_short(f);
	} else if (item->kind == IMAP_ITEM_PREVIEW) {
		put_preview(f);
	} else {
		put_value(f, item, entry);
	}
}

void
fetch_item(struct mua_fetch *f)
{
	const struct imap_fetch *fetch = &f->m->imap.command.u.fetch;
	const struct imap_item *item;

	if (f->item == fetch->count) {
		buf_add(&f->m->imap.out, STR(")\r\n"));
		texts_let_go(f);
		f->row++;
		f->state = FETCH_BEGINS;
		return;
	}
	item = &fetch->items[f->item++];
	if (is_told_once(item->kind) && (f->told & BIT(item->kind)) != 0)
		return;
	f->told |= BIT(item->kind);
	put_item(f, item);
}

void
fetch_gap(struct mua_fetch *f)
{
	if (!f->first)
		buf_add_char(&f->m->imap.out, ' ');
	f->first = false;
}
