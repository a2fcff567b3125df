/*
 * What the files of threading share; nobody else includes it.
 *
 * thread.c takes messages and links those whose ids they name, thread_loop.c
 * knows what must not be linked, thread_word.c finds ids and subjects,
 * thread_tree.c makes the threads and writes them.
 */
#ifndef TALK_THREAD_PART_H
#define TALK_THREAD_PART_H

#include "talk/merge.h"
#include "talk/thread.h"

#define NODE_NONE UINT32_MAX

/* A message, or an id that no message has: a dummy. */
struct thread_node {
	int64_t sent;
	uint32_t number;	/* 0: a dummy */
	uint32_t subject;	/* its word */
	uint32_t parent;
	uint32_t child, next;	/* from thread_end() on */
	uint32_t kids;		/* of a dummy */
	uint32_t up, left, right;	/* thread_loop.c */
	bool reply;
	bool has_child;		/* it has, or had, one */
};

/* A text that is known. */
struct thread_word {
	uint32_t at, len;	/* in texts */
	uint32_t hash;
	uint32_t node;		/* that has this id, or stands for this
				   subject; or NODE_NONE */
};

/* Texts, numbered in the order in which they came. */
struct thread_words {
	struct buf texts;
	struct thread_word *list;
	size_t count, room;
	uint32_t *slots;	/* numbers of words, counted from 1 */
	size_t slot_count;	/* a power of two, or 0 */
};

struct thread {
	bool references;
	uint32_t secret[2];	/* below WORD_PRIME */
	size_t octets;		/* of all memory, about */
	struct thread_words ids, subjects;
	struct thread_node *nodes;
	size_t count, room;
	uint32_t *messages;	/* nodes, ascending in number */
	size_t message_count, message_room;

	/* thread_tree.c */
	enum {
		THREAD_GATHERS, THREAD_SORTS, THREAD_PRUNES, THREAD_MERGES,
		THREAD_LINKS, THREAD_READY
	} state;
	struct merge merge;	/* of messages, by the date they were sent */
	uint32_t root;		/* first of the threads */
	uint32_t at;		/* node that is written next */
};

/* ---- thread.c ---- */

/* Another node. */
uint32_t thread_node(struct thread *t);

/* ---- thread_word.c ---- */

/*
 * The number of a text, which is kept when it is new.
 *
 * Returns:  false when there is no room.
 */
bool thread_word(struct thread *t, struct thread_words *words, struct str text,
	uint32_t *number);

/* ---- thread_loop.c ---- */

/* Whether a node is another one, or below it. */
bool thread_below(struct thread *t, uint32_t node, uint32_t above);

/* The node, which has no parent, gets one; and loses it. */
void thread_link(struct thread *t, uint32_t node, uint32_t parent);
void thread_cut(struct thread *t, uint32_t node);

#endif
