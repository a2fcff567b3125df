/*
 * SORT (RFC 5256): what is sorted by is gathered of all that are found, then
 * they are sorted in slices, then told.
 */
#include "app/mua_search_part.h"

#include "mail/fold.h"
#include "talk/merge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define SORT_MEMORY_MAX (64 << 20)	/* bytes of what is gathered */
#define ROWS_LEAST 512

/* Texts that are sorted by. */
enum sort_text { SORT_CC, SORT_FROM, SORT_SUBJECT, SORT_TO, SORT_TEXTS };

struct sort_row {
	int64_t received;
	int64_t sent;
	uint64_t size;
	uint32_t uid;
	uint32_t text[SORT_TEXTS];	/* where they begin in texts */
	uint16_t len[SORT_TEXTS];
};

struct sort {
	struct search search;
	bool needs_head;
	bool needs[SORT_TEXTS];
	struct sort_row *rows;
	size_t count, room;
	struct buf texts;
	struct buf made;
	uint64_t modseq;
	struct merge merge;
	enum { SORT_SEEKS, SORT_SORTS, SORT_TELLS } state;
	size_t told;
};

static void
sort_drop(void *job)
{
	struct sort *s = job;

	search_drop(&s->search);
	merge_drop(&s->merge);
	free(s->rows);
	buf_drop(&s->texts);
	buf_drop(&s->made);
}

/* Note what the keys need. */
static void
keys_look(struct sort *s, const struct imap_search *c)
{
	size_t i;

	for (i = 0; i < c->sort_count; i++) {
		const enum imap_sort_key key = c->sort[i].key;

		s->needs[SORT_CC] |= key == IMAP_SORT_CC;
		s->needs[SORT_FROM] |= key == IMAP_SORT_FROM;
		s->needs[SORT_SUBJECT] |= key == IMAP_SORT_SUBJECT;
		s->needs[SORT_TO] |= key == IMAP_SORT_TO;
		s->needs_head = s->needs_head || (key != IMAP_SORT_ARRIVAL &&
		    key != IMAP_SORT_SIZE);
	}
}

/* ---- gathering ---- */

/* The mailbox of the first address, which may be the name of a group. */
static void
address_make(struct sort *s, enum envelope_field field)
{
	struct envelope_people people;

	envelope_people(&people, s->search.summary.envelope, field);
	if (envelope_next(&people, &s->search.person))
		fold_text(&s->made, buf_str(&s->search.person.mailbox));
}

static void
text_make(struct sort *s, enum sort_text which)
{
	static const enum envelope_field fields[] = {
		[SORT_CC] = ENVELOPE_CC, [SORT_FROM] = ENVELOPE_FROM,
		[SORT_TO] = ENVELOPE_TO
	};

	buf_clear(&s->made);
	if (which == SORT_SUBJECT)
		(void)search_subject(&s->search, &s->made);
	else
		address_make(s, fields[which]);
}

static void
texts_add(struct sort *s, struct sort_row *row)
{
	struct str text;
	int which;

	for (which = 0; which < SORT_TEXTS; which++) {
		if (!s->needs[which])
			continue;
		text_make(s, (enum sort_text)which);
		text = str_part(buf_str(&s->made), 0, SEARCH_SORT_MAX);
		row->text[which] = (uint32_t)s->texts.len;
		row->len[which] = (uint16_t)text.len;
		buf_add(&s->texts, text);
	}
}

/* Returns: 0; -EOVERFLOW: they are too many. */
static int
found_add(struct sort *s)
{
	const struct box_entry *entry = s->search.entry;
	struct sort_row *row;

	if (s->count == s->room) {
		s->room += s->room / 2 + ROWS_LEAST;
		s->rows = xresize(s->rows, s->room * sizeof *s->rows);
	}
	row = &s->rows[s->count++];
	*row = (struct sort_row){
		.received = entry->received, .size = entry->size,
		.uid = entry->uid, .sent = entry->received
	};
	if (entry->modseq > s->modseq)
		s->modseq = entry->modseq;
	if (s->needs_head) {
		row->sent = search_sent(&s->search);
		texts_add(s, row);
	}
	return !s->texts.full && s->texts.len + s->count * sizeof *row <=
	    SORT_MEMORY_MAX ? 0 : -EOVERFLOW;
}

/* ---- sorting ---- */

static struct str
row_text(const struct sort *s, const struct sort_row *row,
	enum sort_text which)
{
	return str_part(buf_str(&s->texts), row->text[which],
	    row->len[which]);
}

static int
texts_compare(const struct sort *s, const struct sort_row *a,
	const struct sort_row *b, enum sort_text which)
{
	return fold_compare(row_text(s, a, which), row_text(s, b, which));
}

static int
key_compare(const struct sort *s, enum imap_sort_key key,
	const struct sort_row *a, const struct sort_row *b)
{
	switch (key) {
	case IMAP_SORT_ARRIVAL:
		return a->received < b->received ? -1 :
		    a->received > b->received;
	case IMAP_SORT_DATE:
		return a->sent < b->sent ? -1 : a->sent > b->sent;
	case IMAP_SORT_SIZE:
		return a->size < b->size ? -1 : a->size > b->size;
	case IMAP_SORT_CC:
		return texts_compare(s, a, b, SORT_CC);
	case IMAP_SORT_FROM:
		return texts_compare(s, a, b, SORT_FROM);
	case IMAP_SORT_SUBJECT:
		return texts_compare(s, a, b, SORT_SUBJECT);
	case IMAP_SORT_TO:
		return texts_compare(s, a, b, SORT_TO);
	}
	must(false);
	return 0;
}

static int
rows_compare(const void *context, uint32_t a, uint32_t b)
{
	const struct sort *s = context;
	const struct imap_search *c =
	    &s->search.m->imap.command.u.search;
	size_t i;
	int way = 0;

	for (i = 0; i < c->sort_count && way == 0; i++) {
		way = key_compare(s, c->sort[i].key, &s->rows[a],
		    &s->rows[b]);
		if (c->sort[i].reverse)
			way = -way;
	}
	return way;
}

/* ---- the command ---- */

static enum mua_go
sort_tell(struct sort *s)
{
	struct mua *m = s->search.m;
	struct buf *out = &m->imap.out;
	uint32_t uid;

	for (; s->told < s->count; s->told++) {
		if (mua_full(m))
			return MUA_AGAIN;
		uid = s->rows[s->merge.items[s->told]].uid;
		buf_add_char(out, ' ');
		buf_add_number(out, m->imap.command.uid ? uid :
		    uids_place(&m->view.uids, uid));
	}
	/* RFC 7162 section 3.1.6 */
	if (s->search.modseq && s->count > 0)
		buf_add_format(out, " (MODSEQ %" PRIu64 ")", s->modseq);
	buf_add_text(out, "\r\n");
	return mua_end(m, IMAP_OK, "Sorted.");
}

/* Gather; *over: all are found. */
static int
sort_seek(struct sort *s, bool *over)
{
	enum search_go go = SEARCH_FOUND;
	int err = 0;

	search_step(&s->search);
	while (err == 0 && go == SEARCH_FOUND) {
		err = search_next(&s->search, s->needs_head, &go);
		if (err == 0 && go == SEARCH_FOUND)
			err = found_add(s);
	}
	*over = go == SEARCH_OVER;
	return err;
}

static enum mua_go
sort_step(struct mua *m)
{
	struct sort *s = m->job;
	bool over;
	int err;

	switch (s->state) {
	case SORT_SEEKS:
		err = sort_seek(s, &over);
		if (err != 0)
			return mua_end_errno(m, err);
		if (!over)
			return MUA_AGAIN;
		merge_begin(&s->merge, s->count, rows_compare, s);
		s->state = SORT_SORTS;
		return MUA_AGAIN;
	case SORT_SORTS:
		if (!merge_step(&s->merge, SEARCH_STEPS))
			return MUA_AGAIN;
		m->work_total = 0;
		buf_add_text(&m->imap.out, "* SORT");
		s->state = SORT_TELLS;
		break;
	case SORT_TELLS:
		break;
	}
	return sort_tell(s);
}

enum mua_go
mua_sort(struct mua *m)
{
	struct sort *s;

	if (m->imap.command.verb == IMAP_THREAD)
		return mua_thread(m);
	s = mua_job(m, sizeof *s, sort_drop);
	buf_init(&s->texts, SORT_MEMORY_MAX);
	buf_init(&s->made, FOLD_GROWTH * SUMMARY_MAX);
	keys_look(s, &m->imap.command.u.search);
	if (!search_begin(&s->search, m))
		return MUA_DONE;
	m->step = sort_step;
	return sort_step(m);
}
