/*
 * The role that meets strangers: port 25. It takes connections, speaks SMTP
 * with them (talk/smtp.c) and passes letters on, piece by piece, to the keeper.
 *
 * It can open no file and read no mail. Invariants:
 * 1. A session asks the keeper at most one thing at a time, and does not read
 *    until it is answered: what it holds stays within INTAKE_IN_MAX and a
 *    piece.
 * 2. 250 is said to a message only after WIRE_TAKEN came for its last piece.
 * 3. A session that makes no progress gives way to new ones.
 */
#include "app/intake_part.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUMMARY_MS 60000
#define SLOTS_MIN 64

bool
intake_enter(struct intake *i, struct session *s)
{
	size_t n, count = i->slot_count;

	if (i->session_count == count) {
		if (count == INTAKE_SLOTS_MAX)
			return false;
		i->slot_count = count == 0 ? SLOTS_MIN : count * 2;
		i->slots = xresize(i->slots,
		    i->slot_count * sizeof i->slots[0]);
		memset(&i->slots[count], 0,
		    (i->slot_count - count) * sizeof i->slots[0]);
		i->slot_next = count;
	}
	for (n = i->slot_next; i->slots[n].session != NULL;)
		n = (n + 1) % i->slot_count;
	i->slot_next = (n + 1) % i->slot_count;
	i->slots[n].session = s;
	i->slots[n].uses++;
	s->number = (i->slots[n].uses << 16) | (uint32_t)n;
	i->session_count++;
	return true;
}

/* As timers have it, so that nobody up the stack is left without ground. */
static void
end_soon(struct intake *i)
{
	if (i->stopping && i->session_count == 0)
		timer_set(i->loop, &i->end, 0);
}

void
intake_leave(struct intake *i, struct session *s)
{
	struct slot *slot = &i->slots[s->number % INTAKE_SLOTS_MAX];

	must(slot->session == s);
	slot->session = NULL;
	i->session_count--;
	end_soon(i);
}

static void
on_summary(struct timer *t)
{
	struct intake *i = list_of(t, struct intake, summary);

	log_event(LOG_INFO, "connections", LOG_N("silent", (int64_t)i->silent),
	    LOG_N("crowded-out", (int64_t)i->crowded));
	i->silent = i->crowded = 0;
}

void
intake_count(struct intake *i, uint64_t *counter)
{
	(*counter)++;
	if (i->summary.slot == 0)
		timer_set(i->loop, &i->summary, SUMMARY_MS);
}

static void
on_knock(struct listener *l, int fd, const struct peer *peer)
{
	session_begin(list_of(l, struct port, listener)->intake, fd, peer);
}

static void
ports_drop(struct intake *i)
{
	while (i->port_count > 0)
		listener_drop(&i->ports[--i->port_count].listener, i->loop);
}

static int
ports_open(struct intake *i, const int *fds)
{
	struct port *port;
	int err = 0;

	for (; *fds >= 0 && err == 0; fds++) {
		port = &i->ports[i->port_count];
		*port = (struct port){ .intake = i };
		port->listener.knock = on_knock;
		err = listener_open(&port->listener, i->loop, *fds);
		if (err == 0)
			i->port_count++;
	}
	return err;
}

static void
on_setup(struct orders *o, struct setup *setup)
{
	struct intake *i = list_of(o, struct intake, orders);
	struct era *era;

	if (era_open(&era, setup, false) != 0)
		return;
	era_drop(i->era);
	i->era = era;
	orders_ready(o);
}

static void
on_peer(struct orders *o, enum role_id to, int fd)
{
	must(to == ROLE_KEEPER);
	intake_wire_set(list_of(o, struct intake, orders), fd);
}

static void
on_stop(struct orders *o)
{
	struct intake *i = list_of(o, struct intake, orders);
	size_t n;

	log_event(LOG_INFO, "stopping",
	    LOG_N("sessions", (int64_t)i->session_count));
	i->stopping = true;
	ports_drop(i);
	timer_set(i->loop, &i->end, ROLE_DRAIN_MS);
	for (n = 0; n < i->slot_count; n++)
		if (i->slots[n].session != NULL)
			session_stop(i->slots[n].session);
	end_soon(i);
}

static void
on_end(struct timer *t)
{
	struct intake *i = list_of(t, struct intake, end);
	size_t n;

	for (n = 0; n < i->slot_count; n++)
		if (i->slots[n].session != NULL)
			session_evict(i->slots[n].session,
			    "4.3.2 Shutting down");
	/* It frees the ghosts too. */
	intake_wire_drop(i);
	timer_cancel(i->loop, &i->end);
	timer_cancel(i->loop, &i->summary);
	if (i->silent > 0 || i->crowded > 0)
		on_summary(&i->summary);
	era_drop(i->era);
	buf_drop(&i->room);
	free(i->slots);
	orders_end(&i->orders);
	free(i);
}

int
intake_start(const struct role_start *start)
{
	struct intake *i = xalloc(1, sizeof *i);
	int err;

	i->loop = start->loop;
	i->orders = (struct orders){
		.setup = on_setup, .peer = on_peer, .stop = on_stop
	};
	i->end = (struct timer){ .fire = on_end };
	i->summary = (struct timer){ .fire = on_summary };
	crowd_init(&i->crowd);
	list_init(&i->queue);
	/* At full size from the start, it need not be asked for each time. */
	buf_init(&i->room, WIRE_BODY_MAX);
	must(buf_space(&i->room, WIRE_BODY_MAX) != NULL);
	err = era_open(&i->era, start->setup, false);
	if (err == 0)
		err = orders_open(&i->orders, start);
	if (err == 0)
		err = ports_open(i, start->smtp);
	if (err != 0) {
		log_event(LOG_ERROR, "start-failed",
		    LOG_C("why", strerror(-err)));
		return err;
	}
	if (start->wires[ROLE_KEEPER] >= 0)
		intake_wire_set(i, start->wires[ROLE_KEEPER]);
	orders_ready(&i->orders);
	return 0;
}
