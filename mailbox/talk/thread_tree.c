/*
 * The threads of messages that are all there (RFC 5256 section 3).
 *
 * Messages are put in order by date once; every list of children, and that of
 * the threads, then comes in order by itself.
 */
#include "talk/thread_part.h"

static bool
is_dummy(const struct thread *t, uint32_t node)
{
	return node != NODE_NONE && t->nodes[node].number == 0;
}

static int
sent_compare(const void *context, uint32_t a, uint32_t b)
{
	const struct thread *t = context;
	int64_t x = t->nodes[t->messages[a]].sent;
	int64_t y = t->nodes[t->messages[b]].sent;

	return x < y ? -1 : x > y;
}

/* The messages are sorted: take their order. */
static void
order_take(struct thread *t)
{
	uint32_t *items = t->merge.items;
	size_t i;

	for (i = 0; i < t->message_count; i++)
		items[i] = t->messages[items[i]];
	for (i = 0; i < t->message_count; i++)
		t->messages[i] = items[i];
	merge_drop(&t->merge);
}

/*
 * The nearest message above a dummy, or the topmost dummy. All on the way are
 * put below that at once, so that nobody goes the way again.
 */
static uint32_t
dummy_above(struct thread *t, uint32_t dummy)
{
	struct thread_node *nodes = t->nodes;
	uint32_t above = dummy, next;

	while (is_dummy(t, above) && nodes[above].parent != NODE_NONE)
		above = nodes[above].parent;
	while (dummy != above) {
		next = nodes[dummy].parent;
		nodes[dummy].parent = above;
		dummy = next;
	}
	return above;
}

/* Step 3: no dummies but topmost ones with two children or more. */
static void
dummies_prune(struct thread *t)
{
	struct thread_node *nodes = t->nodes, *n;
	size_t i;

	for (i = 0; i < t->message_count; i++) {
		n = &nodes[t->messages[i]];
		if (!is_dummy(t, n->parent))
			continue;
		n->parent = dummy_above(t, n->parent);
		nodes[n->parent].kids++;
	}
	for (i = 0; i < t->message_count; i++) {
		n = &nodes[t->messages[i]];
		if (!is_dummy(t, n->parent))
			continue;
		if (nodes[n->parent].kids == 1)
			n->parent = NODE_NONE;
		else if (nodes[n->parent].child == NODE_NONE)
			nodes[n->parent].child = t->messages[i];
	}
}

/* The thread that a message is the first of; NODE_NONE: of none. */
static uint32_t
thread_of(const struct thread *t, uint32_t message)
{
	uint32_t parent = t->nodes[message].parent;

	if (parent == NODE_NONE)
		return message;
	if (is_dummy(t, parent) && t->nodes[parent].child == message &&
	    t->nodes[parent].parent == NODE_NONE)
		return parent;
	return NODE_NONE;
}

/* Step 5 B: who stands for a subject; message is the first of a thread. */
static void
subject_claim(struct thread *t, uint32_t message, uint32_t thread)
{
	struct thread_node *nodes = t->nodes;
	struct thread_word *word =
	    &t->subjects.list[nodes[message].subject];

	if (word->len == 0)
		return;
	if (word->node == NODE_NONE)
		word->node = thread;
	else if (!is_dummy(t, word->node) && (is_dummy(t, thread) ||
	    (nodes[word->node].reply && !nodes[thread].reply)))
		word->node = thread;
}

/* Step 5 C */
static void
subject_join(struct thread *t, uint32_t message, uint32_t thread)
{
	struct thread_word *word =
	    &t->subjects.list[t->nodes[message].subject];
	uint32_t dummy;

	if (word->len == 0 || word->node == thread)
		return;
	if (!is_dummy(t, word->node) &&
	    (!t->nodes[thread].reply || t->nodes[word->node].reply)) {
		dummy = thread_node(t);
		t->nodes[word->node].parent = dummy;
		word->node = dummy;
	}
	t->nodes[thread].parent = word->node;
}

static void
threads_merge(struct thread *t)
{
	uint32_t thread;
	size_t i;

	for (i = 0; i < t->message_count; i++) {
		thread = thread_of(t, t->messages[i]);
		if (thread != NODE_NONE)
			subject_claim(t, t->messages[i], thread);
	}
	for (i = 0; i < t->message_count; i++) {
		thread = thread_of(t, t->messages[i]);
		if (thread != NODE_NONE)
			subject_join(t, t->messages[i], thread);
	}
}

/* ORDEREDSUBJECT: the first one of a subject has all others below it. */
static void
subjects_gather(struct thread *t)
{
	struct thread_word *word;
	size_t i;

	for (i = 0; i < t->message_count; i++) {
		word = &t->subjects.list[t->nodes[t->messages[i]].subject];
		if (word->node == NODE_NONE)
			word->node = t->messages[i];
		else
			t->nodes[t->messages[i]].parent = word->node;
	}
}

/* Put children in front of their lists, the last ones first. */
static void
children_link(struct thread *t)
{
	struct thread_node *nodes = t->nodes, *n;
	size_t i;

	for (i = 0; i < t->count; i++)
		nodes[i].child = NODE_NONE;
	for (i = t->message_count; i > 0; i--) {
		n = &nodes[t->messages[i - 1]];
		/* Of two threads the dummies have become one. */
		if (is_dummy(t, n->parent) &&
		    nodes[n->parent].parent != NODE_NONE)
			n->parent = nodes[n->parent].parent;
		if (n->parent == NODE_NONE)
			continue;
		n->next = nodes[n->parent].child;
		nodes[n->parent].child = t->messages[i - 1];
	}
}

static void
threads_link(struct thread *t)
{
	uint32_t thread;
	size_t i;

	children_link(t);
	t->root = NODE_NONE;
	for (i = t->message_count; i > 0; i--) {
		thread = thread_of(t, t->messages[i - 1]);
		if (thread == NODE_NONE)
			continue;
		t->nodes[thread].next = t->root;
		t->root = thread;
	}
	t->at = t->root;
}

bool
thread_end(struct thread *t, size_t steps)
{
	switch (t->state) {
	case THREAD_GATHERS:
		merge_begin(&t->merge, t->message_count, sent_compare, t);
		t->state = THREAD_SORTS;
		break;
	case THREAD_SORTS:
		if (!merge_step(&t->merge, steps))
			break;
		order_take(t);
		t->state = t->references ? THREAD_PRUNES : THREAD_MERGES;
		break;
	case THREAD_PRUNES:
		dummies_prune(t);
		t->state = THREAD_MERGES;
		break;
	case THREAD_MERGES:
		if (t->references)
			threads_merge(t);
		else
			subjects_gather(t);
		t->state = THREAD_LINKS;
		break;
	case THREAD_LINKS:
		threads_link(t);
		t->state = THREAD_READY;
		break;
	case THREAD_READY:
		break;
	}
	return t->state == THREAD_READY;
}

/* Whether a node is written in parentheses, having brothers. */
static bool
is_enclosed(const struct thread *t, uint32_t node)
{
	const struct thread_node *n = &t->nodes[node];

	return n->parent == NODE_NONE ||
	    t->nodes[t->nodes[n->parent].child].next != NODE_NONE;
}

/* Write a node and what stands in front of it. */
static void
node_write(const struct thread *t, struct buf *out, uint32_t node)
{
	const struct thread_node *n = &t->nodes[node];
	bool first = n->parent != NODE_NONE &&
	    t->nodes[n->parent].child == node;

	if (first && !is_dummy(t, n->parent))
		buf_add_char(out, ' ');
	if (is_enclosed(t, node))
		buf_add_char(out, '(');
	if (!is_dummy(t, node))
		buf_add_number(out, n->number);
}

/* End what ends with a node without children. Returns: who comes next. */
static uint32_t
node_end(const struct thread *t, struct buf *out, uint32_t node)
{
	while (node != NODE_NONE) {
		if (is_enclosed(t, node))
			buf_add_char(out, ')');
		if (t->nodes[node].next != NODE_NONE)
			return t->nodes[node].next;
		node = t->nodes[node].parent;
	}
	return NODE_NONE;
}

bool
thread_write(struct thread *t, struct buf *out, size_t stop)
{
	must(t->state == THREAD_READY);
	while (t->at != NODE_NONE && out->len < stop) {
		node_write(t, out, t->at);
		if (t->nodes[t->at].child != NODE_NONE)
			t->at = t->nodes[t->at].child;
		else
			t->at = node_end(t, out, t->at);
	}
	return t->at != NODE_NONE;
}
