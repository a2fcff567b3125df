/*
 * The role that will carry mail out. There is no queue yet, so it carries
 * nothing: it starts, goes into its cage, and waits for the order to stop.
 * It is here from the first day so that supervisor, cages and wires know of
 * it.
 */
#include "app/orders.h"
#include "app/role.h"

#include <stdlib.h>
#include <unistd.h>

struct courier {
	struct loop *loop;
	struct orders orders;
	struct timer end;
};

static void
on_setup(struct orders *o, struct setup *setup)
{
	setup_drop(setup);
	orders_ready(o);
}

static void
on_peer(struct orders *o, enum role_id to, int fd)
{
	(void)o;
	(void)to;
	close(fd);
}

static void
on_stop(struct orders *o)
{
	struct courier *c = list_of(o, struct courier, orders);

	/* Later, when the order has been obeyed in full. */
	timer_set(c->loop, &c->end, 0);
}

static void
on_end(struct timer *t)
{
	struct courier *c = list_of(t, struct courier, end);

	orders_end(&c->orders);
	free(c);
}

int
courier_start(const struct role_start *start)
{
	struct courier *c = xalloc(1, sizeof *c);
	int err;

	setup_drop(start->setup);
	c->loop = start->loop;
	c->end = (struct timer){ .fire = on_end };
	c->orders = (struct orders){
		.setup = on_setup, .peer = on_peer, .stop = on_stop
	};
	err = orders_open(&c->orders, start);
	if (err != 0) {
		free(c);
		return err;
	}
	if (start->wires[ROLE_KEEPER] >= 0)
		close(start->wires[ROLE_KEEPER]);
	orders_ready(&c->orders);
	return 0;
}
