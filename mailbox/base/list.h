/* A doubly linked ring whose links live in the things it links. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/base.h"

/* As a head: the ring. As a member: zeroed while in no list. */
struct list {
	struct list *next;
	struct list *prev;
};

/* The thing that has member at link. */
#define list_of(link, type, member) \
	((type *)(void *)((char *)(link) - offsetof(type, member)))

static inline void
list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool
list_empty(const struct list *head)
{
	return head->next == head;
}

/* Put link last. */
static inline void
list_add(struct list *head, struct list *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* Take link out; nothing happens when it is in no list. */
static inline void
list_take(struct list *link)
{
	if (link->next == NULL)
		return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->next = link->prev = NULL;
}

#endif
