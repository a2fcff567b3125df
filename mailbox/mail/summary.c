/*
 * Makes a summary from the events of the MIME parser. What it holds grows with
 * the number of parts and the length of a few fields, never with bodies.
 */
#include "mail/summary_part.h"

#include <stdlib.h>

#define FIELDS_MAX (512 << 10)	/* bytes of the fields of one header */
#define NODES_FIRST 4		/* of the first allocation */
#define FEED_MAX 512		/* octets at a time for the preview */
#define ROOM_FIRST 1000		/* bytes that most letters need of a buf */
#define PREVIEW_SIZE 8192	/* bytes that it holds while it reads */

static size_t
at_most(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Set up a buf that is sure to be used. */
static void
begin_buf(struct buf *b, size_t max)
{
	buf_init(b, max);
	must(buf_space(b, ROOM_FIRST) != NULL);
}

struct summary_maker *
summary_new(size_t max)
{
	struct summary_maker *m;

	m = xalloc(1, sizeof *m);
	m->max = max;
	m->mime = mime_new();
	begin_buf(&m->fields, at_most(max, FIELDS_MAX));
	begin_buf(&m->text, max / 2);
	begin_buf(&m->made, at_most(max, max / 8 + SUMMARY_EARLY_MAX));
	buf_init(&m->value, MIME_FIELD_MAX);
	begin_buf(&m->envelope, max / 4);
	buf_init(&m->references, 2 * MIME_FIELD_MAX);
	buf_init(&m->decoded, 2 * FEED_MAX);
	buf_init(&m->words, 4 * SUMMARY_PREVIEW_MAX);
	return m;
}

/* Free what is of no use once it has failed. */
static void
clear(struct summary_maker *m)
{
	mime_drop(m->mime);
	m->mime = NULL;
	free(m->nodes);
	m->nodes = NULL;
	m->count = m->room = 0;
	preview_drop(m->preview);
	m->preview = NULL;
	transfer_drop(&m->transfer);
	buf_drop(&m->fields);
	buf_drop(&m->text);
	buf_drop(&m->made);
	buf_drop(&m->value);
	buf_drop(&m->envelope);
	buf_drop(&m->references);
	buf_drop(&m->decoded);
	buf_drop(&m->words);
}

void
summary_drop(struct summary_maker *m)
{
	if (m == NULL)
		return;
	clear(m);
	free(m);
}

static size_t
size(const struct summary_maker *m)
{
	return sizeof *m + mime_size(m->mime) + m->fields.room +
	    m->room * sizeof *m->nodes + m->text.room + m->made.room +
	    m->value.room + m->envelope.room + m->references.room +
	    (m->preview != NULL ? PREVIEW_SIZE : 0);
}

/* ---- preview ---- */

/* The first text that is no attachment gives the preview. */
static void
begin_preview(struct summary_maker *m)
{
	struct str value, type, subtype, word;
	struct param param;
	struct buf charset;
	bool html;

	if (m->words.len > 0 || m->preview != NULL ||
	    mime_part(m->mime)->kind != MIME_LEAF)
		return;
	value = summary_slot(m, SLOT_DISPOSITION);
	if (value.at != NULL && param_word(&param, value, &word) &&
	    str_same(word, STR("attachment")))
		return;
	value = summary_slot(m, SLOT_TYPE);
	if (value.at == NULL || !param_type(&param, value, &type, &subtype)) {
		type = STR("text");
		subtype = STR("plain");
		value = STR("");
	}
	html = str_same(subtype, STR("html"));
	if (!str_same(type, STR("text")) ||
	    (!html && !str_same(subtype, STR("plain"))))
		return;
	buf_init(&charset, MIME_FIELD_MAX);
	param_find(value, STR("charset"), &charset, NULL);
	m->preview = preview_new(buf_str(&charset), html);
	transfer_begin(&m->transfer, mime_part(m->mime)->encoding);
	buf_drop(&charset);
}

static void
end_preview(struct summary_maker *m)
{
	if (m->preview == NULL)
		return;
	buf_clear(&m->decoded);
	transfer_end(&m->transfer, &m->decoded);
	preview_feed(m->preview, buf_str(&m->decoded));
	preview_end(m->preview, &m->words, SUMMARY_PREVIEW_MAX);
	preview_drop(m->preview);
	m->preview = NULL;
	transfer_drop(&m->transfer);
	buf_drop(&m->decoded);
}

static void
feed_preview(struct summary_maker *m, struct str text)
{
	while (m->preview != NULL && text.len > 0) {
		buf_clear(&m->decoded);
		transfer_feed(&m->transfer, str_take(&text, FEED_MAX),
		    &m->decoded);
		preview_feed(m->preview, buf_str(&m->decoded));
		if (preview_full(m->preview))
			end_preview(m);
	}
}

/* ---- events ---- */

static void
begin_node(struct summary_maker *m)
{
	struct summary_node *node;
	unsigned i;

	if (m->count == m->room) {
		m->room = m->room == 0 ? NODES_FIRST : m->room * 2;
		m->nodes = xresize(m->nodes, m->room * sizeof *m->nodes);
	}
	node = &m->nodes[m->count];
	*node = (struct summary_node){ .depth = mime_part(m->mime)->depth };
	m->open[node->depth] = m->count++;
	buf_clear(&m->fields);
	for (i = 0; i < SLOT_COUNT; i++)
		m->slots[i].has = false;
}

/* Note what the parser knows of a part. */
static struct summary_node *
update_node(struct summary_maker *m)
{
	const struct mime_part *part;
	struct summary_node *node;

	part = mime_part(m->mime);
	node = &m->nodes[m->open[part->depth]];
	node->head = part->head;
	node->body = part->body;
	node->end = part->end;
	node->lines = part->lines;
	node->kind = part->kind;
	node->encoding = part->encoding;
	return node;
}

/* Look at what the parser tells; false when it wants more input. */
static bool
take_event(struct summary_maker *m, enum mime_event event)
{
	switch (event) {
	case MIME_MORE:
	case MIME_DONE:
		return false;
	case MIME_BEGIN:
		begin_node(m);
		break;
	case MIME_FIELD:
		summary_note(m);
		break;
	case MIME_HEAD:
		summary_describe(m, update_node(m));
		if (m->count == 1)
			summary_head(m);
		begin_preview(m);
		break;
	case MIME_TEXT:
		feed_preview(m, mime_text(m->mime));
		return true;
	case MIME_END:
		update_node(m);
		end_preview(m);
		break;
	}
	if (m->max < SUMMARY_MAX && (m->fields.full || m->envelope.full ||
	    size(m) > m->max))
		m->failed = true;
	return !m->failed;
}

void
summary_feed(struct summary_maker *m, struct str octets)
{
	if (m->failed)
		return;
	while (take_event(m, mime_step(m->mime, &octets)))
		continue;
	if (m->failed)
		clear(m);
}

bool
summary_end(struct summary_maker *m, struct buf *head, struct buf *body)
{
	if (!m->failed) {
		mime_end(m->mime);
		summary_feed(m, STR(""));
	}
	if (m->failed)
		return false;
	summary_write_head(m, head);
	summary_write_body(m, body);
	if (!head->full && !body->full)
		return true;
	must(m->max < SUMMARY_MAX);
	buf_clear(head);
	buf_clear(body);
	return false;
}
