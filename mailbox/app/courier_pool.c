/*
 * Who may go now: so many connections in all, so many to one domain or smart
 * host. Jobs wait in the order in which they came; one whose route is busy
 * lets others pass. Connections that part or idle count too, and are given
 * away, the oldest first, when a new one is needed.
 */
#include "app/courier_part.h"

#include <string.h>

/* Whether two jobs go the same way. */
static bool
same_route(const struct job *a, const struct job *b)
{
	if (a->order.smart_host.len > 0 || b->order.smart_host.len > 0)
		return a->order.smart_port == b->order.smart_port &&
		    str_same(a->order.smart_host, b->order.smart_host);
	return str_same(a->order.domain, b->order.domain);
}

static unsigned
running_with(const struct job *j)
{
	const struct courier *c = j->courier;
	const struct job *other;
	struct list *link;
	unsigned count = 0;

	for (link = c->jobs.next; link != &c->jobs; link = link->next) {
		other = list_of(link, struct job, all);
		if (other->state == JOB_RUNS && same_route(j, other))
			count++;
	}
	return count;
}

static struct job *
next_job(struct courier *c)
{
	const struct config *config = &c->kit->setup.config;
	struct list *link;
	struct job *j;

	if (c->running >= config->outbound_connections)
		return NULL;
	for (link = c->waiting.next; link != &c->waiting; link = link->next) {
		j = list_of(link, struct job, waits);
		if (running_with(j) < config->outbound_per_domain)
			return j;
	}
	return NULL;
}

void
on_pool_turn(struct timer *t)
{
	struct courier *c = list_of(t, struct courier, turn);
	struct job *j;

	while ((j = next_job(c)) != NULL) {
		list_take(&j->waits);
		c->running++;
		job_begin(j);
	}
}

void
pool_enter(struct job *j)
{
	struct courier *c = j->courier;

	list_add(&c->waiting, &j->waits);
	timer_set(c->loop, &c->turn, 0);
}

void
pool_leave(struct job *j)
{
	struct courier *c = j->courier;

	list_take(&j->waits);
	if (j->state != JOB_RUNS)
		return;
	j->state = JOB_OVER;
	c->running--;
	timer_set(c->loop, &c->turn, 0);
}

static bool
is_there(const struct place *p, const struct dial_address *address)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->addresses[i].ip_len == address->ip_len &&
		    memcmp(p->addresses[i].ip, address->ip,
		    address->ip_len) == 0)
			return true;
	return false;
}

struct link *
pool_find(const struct job *j, const unsigned char key[SHA256_SIZE])
{
	struct courier *c = j->courier;
	struct list *link;
	struct link *l;

	for (link = c->links.prev; link != &c->links; link = link->prev) {
		l = list_of(link, struct link, all);
		if (l->state == LINK_IDLES && l->kit == j->kit &&
		    memcmp(l->key, key, sizeof l->key) == 0 &&
		    is_there(&j->place, &l->address))
			return l;
	}
	return NULL;
}

static bool
is_full(const struct courier *c)
{
	return c->link_count >= c->kit->setup.config.outbound_connections;
}

/* Those that part have had their answer, or their time to give one. */
void
pool_make_room(struct courier *c)
{
	struct list *link, *next;
	struct link *l;

	for (link = c->links.next; link != &c->links && is_full(c);
	    link = next) {
		next = link->next;
		l = list_of(link, struct link, all);
		if (l->state == LINK_PARTS)
			link_drop(l);
	}
	for (link = c->links.next; link != &c->links && is_full(c);
	    link = next) {
		next = link->next;
		l = list_of(link, struct link, all);
		if (l->state != LINK_IDLES)
			continue;
		link_quit(l);
		link_drop(l);
	}
}
