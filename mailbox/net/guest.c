#include "net/guest.h"

#include <stdlib.h>

struct guest {
	struct list link;
	struct guests *among;
	struct watch watch;
};

static void
on_ready(struct watch *w, unsigned events)
{
	struct guests *g = list_of(w, struct guest, watch)->among;

	g->ready(g, w->fd, events);
}

static struct guest *
guest_find(struct guests *g, int fd)
{
	struct list *link;
	struct guest *guest;

	for (link = g->list.next; link != &g->list; link = link->next) {
		guest = list_of(link, struct guest, link);
		if (guest->watch.fd == fd)
			return guest;
	}
	return NULL;
}

static void
guest_leave(struct guest *guest)
{
	loop_unwatch(guest->among->loop, &guest->watch);
	list_take(&guest->link);
	free(guest);
}

void
guests_init(struct guests *g, struct loop *loop,
	void (*ready)(struct guests *g, int fd, unsigned events))
{
	*g = (struct guests){ .loop = loop, .ready = ready };
	list_init(&g->list);
}

void
guests_want(struct guests *g, int fd, unsigned events)
{
	struct guest *guest = guest_find(g, fd);

	if (guest == NULL && events != 0) {
		guest = xalloc(1, sizeof *guest);
		*guest = (struct guest){
			.among = g,
			.watch = { .fd = fd, .ready = on_ready }
		};
		must(loop_watch(g->loop, &guest->watch, events) == 0);
		list_add(&g->list, &guest->link);
	} else if (guest != NULL && events != 0) {
		loop_change(g->loop, &guest->watch, events);
	} else if (guest != NULL) {
		guest_leave(guest);
	}
}

void
guests_drop(struct guests *g)
{
	while (!list_empty(&g->list))
		guest_leave(list_of(g->list.next, struct guest, link));
}
