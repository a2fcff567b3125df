/*
 * Threading: messages come, and are linked at once to those whose ids they
 * name, as step 1 of RFC 5256 section 3 has it, which depends on the order.
 */
#include "talk/thread_part.h"

#include <stdlib.h>

#define NODES_LEAST 256

static void
words_drop(struct thread_words *words)
{
	buf_drop(&words->texts);
	free(words->list);
	free(words->slots);
}

struct thread *
thread_new(bool references, uint64_t secret)
{
	struct thread *t = xalloc(1, sizeof *t);

	t->references = references;
	t->secret[0] = (uint32_t)secret;
	t->secret[1] = (uint32_t)(secret >> 32);
	buf_init(&t->ids.texts, THREAD_MEMORY_MAX);
	buf_init(&t->subjects.texts, THREAD_MEMORY_MAX);
	return t;
}

void
thread_drop(struct thread *t)
{
	if (t == NULL)
		return;
	words_drop(&t->ids);
	words_drop(&t->subjects);
	merge_drop(&t->merge);
	free(t->nodes);
	free(t->messages);
	free(t);
}

uint32_t
thread_node(struct thread *t)
{
	if (t->count == t->room) {
		t->room += t->room / 2 + NODES_LEAST;
		t->nodes = xresize(t->nodes, t->room * sizeof *t->nodes);
	}
	t->octets += sizeof *t->nodes;
	t->nodes[t->count] = (struct thread_node){
		.parent = NODE_NONE, .child = NODE_NONE, .next = NODE_NONE,
		.up = NODE_NONE, .left = NODE_NONE, .right = NODE_NONE
	};
	return (uint32_t)t->count++;
}

/* The node that has an id, a dummy when it is new. */
static bool
node_find(struct thread *t, struct str id, uint32_t *node)
{
	uint32_t word;

	if (!thread_word(t, &t->ids, id, &word))
		return false;
	if (t->ids.list[word].node == NODE_NONE)
		t->ids.list[word].node = thread_node(t);
	*node = t->ids.list[word].node;
	return true;
}

/* The node of a message: the dummy of its id, but for a second one. */
static bool
message_node(struct thread *t, const struct thread_message *message,
	uint32_t *node)
{
	struct str id = message->id;

	*node = NODE_NONE;
	if (t->references && id.len > 0 && id.len <= THREAD_ID_MAX &&
	    !node_find(t, id, node))
		return false;
	if (*node == NODE_NONE || t->nodes[*node].number != 0)
		*node = thread_node(t);
	return true;
}

/* The references without those that are too many. */
static struct str
references_last(struct str references)
{
	size_t count = 0, i = references.len;

	while (i > 0 && count <= THREAD_REFERENCES_MAX)
		if (str_at(references, --i) == '\0')
			count++;
	if (count > THREAD_REFERENCES_MAX)
		i++;
	return str_part(references, i, references.len);
}

/*
 * Link those who are named one after the other.
 *
 * last      gets the last one, or NODE_NONE
 */
static bool
references_link(struct thread *t, struct str references, uint32_t *last)
{
	struct str id;
	uint32_t node;

	*last = NODE_NONE;
	references = references_last(references);
	while (str_split(&references, '\0', &id)) {
		if (id.len == 0 || id.len > THREAD_ID_MAX)
			continue;
		if (!node_find(t, id, &node))
			return false;
		if (*last != NODE_NONE &&
		    t->nodes[node].parent == NODE_NONE &&
		    !thread_below(t, *last, node))
			thread_link(t, node, *last);
		*last = node;
	}
	return true;
}

static void
message_keep(struct thread *t, uint32_t node)
{
	if (t->message_count == t->message_room) {
		t->message_room += t->message_room / 2 + NODES_LEAST;
		t->messages = xresize(t->messages,
		    t->message_room * sizeof *t->messages);
	}
	t->messages[t->message_count++] = node;
}

bool
thread_add(struct thread *t, const struct thread_message *message)
{
	uint32_t node, last, subject;

	must(t->state == THREAD_GATHERS && message->number > 0);
	if (!thread_word(t, &t->subjects, message->subject, &subject) ||
	    !message_node(t, message, &node))
		return false;
	t->octets += 4 * sizeof *t->messages;
	t->nodes[node].number = message->number;
	t->nodes[node].sent = message->sent;
	t->nodes[node].subject = subject;
	t->nodes[node].reply = message->reply;
	message_keep(t, node);
	if (!t->references)
		return true;
	if (!references_link(t, message->references, &last))
		return false;
	thread_cut(t, node);
	if (last != NODE_NONE && !thread_below(t, last, node))
		thread_link(t, node, last);
	return true;
}
