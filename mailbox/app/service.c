/*
 * Accepts connections for a service, makes room for them, and hands them on.
 * Whoever has made no progress for longest gives way (app/crowd.h).
 */
#include "app/service.h"

#include "base/codec.h"
#include "base/crypto.h"
#include "base/log.h"

#include <string.h>
#include <unistd.h>

/* Make room for a newcomer; false when there is none. */
static bool
make_room(struct service *s, struct network network)
{
	const struct service_limits limits = s->limits(&s->era->setup.config);
	struct member *victim;

	if (!crowd_room(&s->crowd, network, limits.connections,
	    limits.per_network, &victim))
		return false;
	if (victim != NULL)
		s->evict(s, victim);
	return true;
}

static void
on_knock(struct listener *l, int fd, const struct peer *peer)
{
	struct service_port *port = list_of(l, struct service_port, listener);
	struct service *s = port->service;
	struct network network = { { 0 } };

	if (peer->ip_len > 0)
		network = network_of(peer->ip, peer->ip_len);
	if ((port->secure && s->era->tls == NULL) || !make_room(s, network))
		close(fd);
	else
		s->begin(s, fd, peer, network, port->secure);
}

static int
ports_open(struct service *s, const int *fds, bool secure)
{
	struct service_port *port;
	int err = 0;

	for (; *fds >= 0 && err == 0; fds++) {
		port = &s->ports[s->port_count];
		*port = (struct service_port){
			.service = s, .secure = secure
		};
		port->listener.knock = on_knock;
		err = listener_open(&port->listener, s->loop, *fds);
		if (err == 0)
			s->port_count++;
	}
	if (err != 0)
		log_event(LOG_ERROR, "port-unserved",
		    LOG_C("why", strerror(-err)));
	return err;
}

int
service_open(struct service *s, struct loop *loop, struct era *era,
	const int *clear, const int *secure)
{
	int err;

	s->loop = loop;
	s->era = era_hold(era);
	crowd_init(&s->crowd);
	err = ports_open(s, clear, false);
	if (err == 0)
		err = ports_open(s, secure, true);
	return err;
}

void
service_renew(struct service *s, struct era *era)
{
	era_drop(s->era);
	s->era = era_hold(era);
}

void
service_stop(struct service *s)
{
	s->stopping = true;
	while (s->port_count > 0)
		listener_drop(&s->ports[--s->port_count].listener, s->loop);
}

void
service_drop(struct service *s)
{
	service_stop(s);
	must(s->crowd.count == 0);
	era_drop(s->era);
	s->era = NULL;
}

void
service_settling(struct list *waiting, struct list *now)
{
	struct list *link;

	list_init(now);
	while (!list_empty(waiting)) {
		link = waiting->next;
		list_take(link);
		list_add(now, link);
	}
}

void
service_letter_id(char id[SERVICE_ID])
{
	unsigned char number[(SERVICE_ID - 1) / 2];
	struct buf text;

	crypto_random(number, sizeof number);
	buf_init(&text, SERVICE_ID);
	hex_encode(&text, str_from(number, sizeof number));
	memcpy(id, buf_text(&text), SERVICE_ID);
	buf_drop(&text);
}

void
service_eat(struct buf *in, size_t len)
{
	buf_eat(in, len);
	if (in->at != NULL)
		crypto_wipe(in->at + in->len, in->room - in->len);
}
