/*
 * The connections of a port, in the order of their last progress. A walk over
 * all of them per newcomer is cheap: their number is capped.
 */
#include "app/crowd.h"

#include <string.h>

void
crowd_init(struct crowd *c)
{
	list_init(&c->members);
	c->count = 0;
}

static bool
network_same(struct network a, struct network b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

bool
crowd_room(const struct crowd *c, struct network network, size_t max,
	size_t max_per_network, struct member **victim)
{
	struct member *first = NULL, *first_near = NULL, *m;
	struct list *link;
	size_t near = 0;

	*victim = NULL;
	for (link = c->members.next; link != &c->members; link = link->next) {
		m = list_of(link, struct member, link);
		if (first == NULL && !m->settled)
			first = m;
		if (!network_same(m->network, network))
			continue;
		near++;
		if (first_near == NULL && !m->settled)
			first_near = m;
	}
	if (near >= max_per_network)
		*victim = first_near;
	else if (c->count >= max)
		*victim = first;
	else
		return true;
	return *victim != NULL;
}

void
crowd_join(struct crowd *c, struct member *m, struct network network)
{
	*m = (struct member){ .network = network };
	list_add(&c->members, &m->link);
	c->count++;
}

void
crowd_touch(struct crowd *c, struct member *m)
{
	list_take(&m->link);
	list_add(&c->members, &m->link);
}

void
crowd_yield(struct crowd *c, struct member *m)
{
	list_take(&m->link);
	list_add(c->members.next, &m->link);
	m->settled = false;
}

void
crowd_leave(struct crowd *c, struct member *m)
{
	if (m->link.next == NULL)
		return;
	list_take(&m->link);
	c->count--;
}
