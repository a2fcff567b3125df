/*
 * The role that carries mail out. The keeper hands it jobs; it finds out who
 * takes the mail, speaks SMTP with them (talk/smtp_client.h), and tells what
 * became of every recipient. It opens no file: letters come over the wire.
 *
 * Invariants:
 * 1. What a server has answered for is told to the keeper before anything
 *    else is done, and told again until it is noted.
 * 2. A job that is given up at a stop changes nothing: the keeper hands it out
 *    again when the wire has closed.
 * 3. No recipient waits for another one.
 */
#include "app/courier_part.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
on_setup(struct orders *o, struct setup *setup)
{
	struct courier *c = list_of(o, struct courier, orders);
	struct kit *kit;

	if (kit_open(&kit, c->loop, setup) != 0)
		return;
	kit_drop(c->kit);
	c->kit = kit;
	orders_ready(o);
}

static void
on_peer(struct orders *o, enum role_id to, int fd)
{
	must(to == ROLE_KEEPER);
	courier_wire_set(list_of(o, struct courier, orders), fd);
}

/* Whether a letter is being sent, or the keeper can still note a result. */
static bool
is_busy(const struct courier *c)
{
	struct list *link;

	if (c->wire_up)
		return !list_empty(&c->jobs);
	for (link = c->jobs.next; link != &c->jobs; link = link->next)
		if (list_of(link, struct job, all)->sending)
			return true;
	return false;
}

void
courier_look_for_end(struct courier *c)
{
	if (c->stopping && !is_busy(c))
		timer_set(c->loop, &c->end, 0);
}

/* Part from servers as they like it. */
static void
quit_idle(struct courier *c)
{
	struct list *link, *next;
	struct link *l;

	for (link = c->links.next; link != &c->links; link = next) {
		next = link->next;
		l = list_of(link, struct link, all);
		if (l->state == LINK_IDLES)
			link_quit(l);
	}
}

/*
 * Letters that are being sent are sent to their end, since the server may have
 * them already; all else is left to the next courier.
 */
static void
on_stop(struct orders *o)
{
	struct courier *c = list_of(o, struct courier, orders);
	struct list *link, *next;
	struct job *j;

	log_event(LOG_INFO, "stopping", LOG_N("jobs", (int64_t)c->job_count));
	c->stopping = true;
	timer_set(c->loop, &c->end, ROLE_DRAIN_MS);
	for (link = c->jobs.next; link != &c->jobs; link = next) {
		next = link->next;
		j = list_of(link, struct job, all);
		if (!j->sending)
			job_abandon(j);
	}
	quit_idle(c);
	courier_look_for_end(c);
}

static void
on_end(struct timer *t)
{
	struct courier *c = list_of(t, struct courier, end);

	courier_wire_drop(c);
	while (!list_empty(&c->jobs))
		job_drop(list_of(c->jobs.next, struct job, all));
	while (!list_empty(&c->links))
		link_drop(list_of(c->links.next, struct link, all));
	policies_drop(c);
	timer_cancel(c->loop, &c->end);
	timer_cancel(c->loop, &c->turn);
	kit_drop(c->kit);
	buf_wipe(&c->room);
	buf_drop(&c->words);
	orders_end(&c->orders);
	free(c);
}

int
courier_start(const struct role_start *start)
{
	struct courier *c = xalloc(1, sizeof *c);
	int err;

	c->loop = start->loop;
	c->orders = (struct orders){
		.setup = on_setup, .peer = on_peer, .stop = on_stop
	};
	c->end = (struct timer){ .fire = on_end };
	c->turn = (struct timer){ .fire = on_pool_turn };
	list_init(&c->speakers);
	list_init(&c->jobs);
	list_init(&c->waiting);
	list_init(&c->links);
	list_init(&c->policies);
	/* A job may hold a password: no copy is left behind by growing. */
	buf_init(&c->room, WIRE_BODY_MAX);
	must(buf_space(&c->room, WIRE_BODY_MAX) != NULL);
	buf_init(&c->words, WIRE_BODY_MAX);
	err = kit_open(&c->kit, c->loop, start->setup);
	if (err == 0)
		err = orders_open(&c->orders, start);
	if (err != 0) {
		log_event(LOG_ERROR, "start-failed",
		    LOG_C("why", strerror(-err)));
		return err;
	}
	if (start->wires[ROLE_KEEPER] >= 0)
		courier_wire_set(c, start->wires[ROLE_KEEPER]);
	orders_ready(&c->orders);
	return 0;
}
