/*
 * What the supervisor tells a role: a new set-up, a new wire to the other
 * role, to stop. A supervisor that is gone is an order to stop as well.
 */
#include "app/orders.h"

#include "base/log.h"
#include "net/wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ORDERS_PER_TURN 16

static void
obey_stop(struct orders *o)
{
	if (o->stopped)
		return;
	o->stopped = true;
	o->stop(o);
}

static void
obey_setup(struct orders *o, int fd)
{
	struct setup setup = { 0 };
	struct buf packed;
	int err;

	buf_init(&packed, SETUP_PACKED_MAX);
	err = wire_unpack(fd, &packed);
	if (err == 0)
		err = setup_unpack(&setup, buf_str(&packed));
	buf_wipe(&packed);
	if (err == 0) {
		log_open(o->name, role_level(&setup.config));
		o->setup(o, &setup);
	} else {
		log_event(LOG_ERROR, "setup-unread",
		    LOG_C("why", strerror(-err)));
	}
	setup_drop(&setup);
}

static void
obey(struct orders *o, const struct wire_mail *mail)
{
	if (mail->head.kind == WIRE_PEER) {
		o->peer(o, (enum role_id)mail->head.number, mail->fd);
		return;
	}
	if (mail->head.kind == WIRE_SETUP)
		obey_setup(o, mail->fd);
	else if (mail->head.kind == WIRE_STOP)
		obey_stop(o);
	else
		log_event(LOG_ERROR, "order-unknown",
		    LOG_N("kind", mail->head.kind));
	if (mail->fd >= 0)
		close(mail->fd);
}

static void
unwatch(struct orders *o)
{
	if (o->watched)
		loop_unwatch(o->loop, &o->watch);
	o->watched = false;
}

static void
on_orders(struct watch *w, unsigned events)
{
	struct orders *o = list_of(w, struct orders, watch);
	struct wire_mail mail;
	struct buf room;
	int err = 0, i;

	(void)events;
	buf_init(&room, WIRE_BODY_MAX);
	for (i = 0; i < ORDERS_PER_TURN && o->watched; i++) {
		err = wire_receive(w->fd, &room, &mail);
		if (err == 0)
			obey(o, &mail);
		else if (err != -EBADMSG)
			break;
	}
	buf_drop(&room);
	if (err == 0 || err == -EAGAIN || err == -EBADMSG)
		return;
	unwatch(o);
	obey_stop(o);
}

int
orders_open(struct orders *o, const struct role_start *start)
{
	int err;

	o->loop = start->loop;
	o->name = start->name;
	o->one = start->one;
	o->watch = (struct watch){ .fd = start->boss, .ready = on_orders };
	err = loop_watch(o->loop, &o->watch, LOOP_READ);
	if (err != 0) {
		log_event(LOG_ERROR, "orders-unheard",
		    LOG_C("why", strerror(-err)));
		close(start->boss);
		return err;
	}
	o->watched = true;
	return 0;
}

void
orders_ready(struct orders *o)
{
	const struct wire_head head = { .kind = WIRE_READY };

	/* A supervisor that is gone is noticed when the wire is next read. */
	if (wire_send(o->watch.fd, &head, NULL, 0, -1) != 0)
		log_event(LOG_DEBUG, "ready-unsaid", LOG_N("wire",
		    o->watch.fd));
}

void
orders_end(struct orders *o)
{
	unwatch(o);
	close(o->watch.fd);
	if (!o->one)
		o->loop->stop = true;
}
