/*
 * The second text of a summary: BODYSTRUCTURE, put together from what is known
 * of each part, where the parts lie, and the first words.
 */
#include "mail/summary_part.h"

static struct str
front(const struct summary_maker *m, const struct summary_node *node)
{
	return str_part(buf_str(&m->text), node->text, node->front_len);
}

static struct str
back(const struct summary_maker *m, const struct summary_node *node)
{
	return str_part(buf_str(&m->text), node->text + node->front_len,
	    node->back_len);
}

static void
add_size(struct buf *out, const struct summary_node *node)
{
	buf_add_number(out, node->end - node->body);
}

static void
add_lines(struct buf *out, const struct summary_node *node)
{
	buf_add_char(out, ' ');
	buf_add_number(out, node->lines);
}

/* What comes before the parts within; all, when there can be none. */
static void
open_node(const struct summary_maker *m, struct buf *out, size_t index)
{
	const struct summary_node *node, *inner;

	node = &m->nodes[index];
	buf_add_char(out, '(');
	if (node->kind == MIME_MULTIPART)
		return;
	buf_add(out, front(m, node));
	add_size(out, node);
	if (node->kind == MIME_LEAF) {
		if (node->lined)
			add_lines(out, node);
		buf_add(out, back(m, node));
		buf_add_char(out, ')');
		return;
	}
	/* the message in it is the next node, always */
	inner = &m->nodes[index + 1];
	buf_add_char(out, ' ');
	buf_add(out, str_part(buf_str(&m->text), inner->text +
	    inner->front_len + inner->back_len, inner->envelope_len));
	buf_add_char(out, ' ');
}

/* What comes behind the parts within. */
static void
close_node(const struct summary_maker *m, struct buf *out, size_t index,
	bool empty)
{
	const struct summary_node *node;

	node = &m->nodes[index];
	if (node->kind == MIME_LEAF)
		return;
	if (node->kind == MIME_MULTIPART) {
		/* the grammar wants one part at least */
		if (empty)
			buf_add_text(out, "(\"text\" \"plain\" (\"charset\" "
			    "\"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL "
			    "NIL)");
		buf_add(out, front(m, node));
	} else
		add_lines(out, node);
	buf_add(out, back(m, node));
	buf_add_char(out, ')');
}

static void
write_structure(const struct summary_maker *m, struct buf *out)
{
	size_t open[MIME_DEPTH_MAX];
	size_t i, depth;

	depth = 0;
	for (i = 0; i < m->count; i++) {
		for (; depth > m->nodes[i].depth; depth--)
			close_node(m, out, open[depth - 1],
			    open[depth - 1] == i - 1);
		open_node(m, out, i);
		open[depth++] = i;
	}
	for (; depth > 0; depth--)
		close_node(m, out, open[depth - 1],
		    open[depth - 1] == m->count - 1);
}

static void
write_parts(const struct summary_maker *m, struct buf *out)
{
	const struct summary_node *node;
	uint64_t before;
	size_t i;

	before = 0;
	for (i = 0; i < m->count; i++) {
		node = &m->nodes[i];
		summary_add_number(out, node->depth << 5 |
		    (unsigned)node->encoding << 2 | (unsigned)node->kind);
		summary_add_number(out, node->head - before);
		summary_add_number(out, node->body - node->head);
		summary_add_number(out, node->end - node->body);
		summary_add_number(out, node->lines);
		before = node->head;
	}
}

void
summary_write_body(const struct summary_maker *m, struct buf *out)
{
	struct buf made;

	buf_add_char(out, SUMMARY_VERSION);
	buf_init(&made, out->max);
	write_parts(m, &made);
	summary_add_number(out, m->count);
	summary_add_text(out, buf_str(&made));
	buf_clear(&made);
	write_structure(m, &made);
	out->full = out->full || made.full;
	summary_add_text(out, buf_str(&made));
	summary_add_text(out, buf_str(&m->words));
	buf_drop(&made);
}
