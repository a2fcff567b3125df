/*
 * Ids and subjects by their text. Strangers choose them, so where a text
 * stands in the table depends on a secret: the value at a secret point of the
 * polynomial that its octets are, modulo a prime (Carter and Wegman).
 */
#include "talk/thread_part.h"

#include <stdlib.h>

#define WORD_PRIME UINT32_C(0x7fffffff)	/* 2^31 - 1 */
#define SLOTS_LEAST 1024

/* product modulo WORD_PRIME */
static uint32_t
reduce(uint64_t product)
{
	product = (product & WORD_PRIME) + (product >> 31);
	product = (product & WORD_PRIME) + (product >> 31);
	return product >= WORD_PRIME ? (uint32_t)(product - WORD_PRIME) :
	    (uint32_t)product;
}

static uint32_t
text_hash(const struct thread *t, struct str text)
{
	uint64_t point = 1 + t->secret[0] % (WORD_PRIME - 1);
	uint32_t hash = reduce(text.len), part;
	size_t i = 0;

	while (i < text.len) {
		part = 0;
		do
			part = part << 8 | (uint32_t)str_at(text, i++);
		while (i < text.len && i % 3 != 0);
		hash = reduce(hash * point + part);
	}
	return reduce(hash * (uint64_t)(1 + t->secret[1] % (WORD_PRIME - 1)));
}

static struct str
word_text(const struct thread_words *words, const struct thread_word *word)
{
	return str_part(buf_str(&words->texts), word->at, word->len);
}

/* Where a text is in the table, or has to go. */
static uint32_t *
slot_find(const struct thread_words *words, struct str text, uint32_t hash)
{
	const struct thread_word *word;
	size_t i = hash;
	uint32_t *slot;

	for (;; i++) {
		slot = &words->slots[i & (words->slot_count - 1)];
		if (*slot == 0)
			return slot;
		word = &words->list[*slot - 1];
		if (word->hash == hash &&
		    str_equal(word_text(words, word), text))
			return slot;
	}
}

static void
slots_grow(struct thread_words *words)
{
	const struct thread_word *word;
	size_t i;

	words->slot_count = words->slot_count == 0 ? SLOTS_LEAST :
	    words->slot_count * 2;
	free(words->slots);
	words->slots = xalloc(words->slot_count, sizeof *words->slots);
	for (i = 0; i < words->count; i++) {
		word = &words->list[i];
		*slot_find(words, word_text(words, word), word->hash) =
		    (uint32_t)i + 1;
	}
}

static void
list_grow(struct thread_words *words)
{
	words->room += words->room / 2 + SLOTS_LEAST;
	words->list = xresize(words->list, words->room * sizeof *words->list);
}

bool
thread_word(struct thread *t, struct thread_words *words, struct str text,
	uint32_t *number)
{
	uint32_t hash = text_hash(t, text), *slot;

	if (words->count * 2 >= words->slot_count)
		slots_grow(words);
	slot = slot_find(words, text, hash);
	if (*slot == 0) {
		t->octets += text.len + sizeof *words->list +
		    3 * sizeof *slot;
		if (t->octets > THREAD_MEMORY_MAX)
			return false;
		if (words->count == words->room)
			list_grow(words);
		words->list[words->count++] = (struct thread_word){
			.at = (uint32_t)words->texts.len,
			.len = (uint32_t)text.len, .hash = hash,
			.node = NODE_NONE
		};
		buf_add(&words->texts, text);
		must(!words->texts.full);
		*slot = (uint32_t)words->count;
	}
	*number = *slot - 1;
	return true;
}
