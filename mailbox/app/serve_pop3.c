/*
 * POP3 in the keeper: one connection after another, each driven through
 * talk/pop3.c, with the store behind it. Knows no POP3.
 *
 * Invariants:
 * 1. A session sees the box as it was when it logged in. Its snapshot is
 *    taken between two transactions, so that it holds nothing that a failing
 *    commit could take back.
 * 2. QUIT is answered after the commit that deletes.
 * 3. The owner's key lives from the login to the end of the session, no
 *    longer.
 */
#include "app/serve_pop3_part.h"

#include "base/log.h"
#include "store/box.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
log_end(const struct client *c)
{
	if (c->entry.owner == NULL)
		return;
	log_event(LOG_INFO, "session", LOG_N("session", c->number),
	    LOG_C("ip", c->peer.text),
	    LOG_N("retrieved", (int64_t)c->pop3.retrieved));
}

static void
client_end(struct client *c)
{
	log_end(c);
	list_take(&c->settling);
	crowd_leave(&c->service->common.crowd, &c->member);
	client_lock(c);
	conn_drop(&c->conn);
	pop3_drop(&c->pop3);
	buf_wipe(&c->service->piece);
	era_drop(c->era);
	free(c);
}

static void
note_progress(struct client *c)
{
	if (c->progress == c->pop3.progress)
		return;
	c->progress = c->pop3.progress;
	crowd_touch(&c->service->common.crowd, &c->member);
	conn_deadline(&c->conn,
	    (int64_t)c->era->setup.config.pop3_idle_s * 1000);
}

/* Send the replies and go on, by CONN_DRAINED, when they are gone. */
static void
drain(struct client *c, int state)
{
	c->state = state;
	conn_pause(&c->conn);
	conn_flush(&c->conn);
}

static void
shake(struct client *c)
{
	c->state = CLIENT_SHAKES;
	conn_resume(&c->conn);
	conn_secure(&c->conn, c->era->tls);
}

/* Put as much of the opened message into the replies as they may hold. */
static void
read_on(struct client *c)
{
	struct pop3_service *service = c->service;
	int got = 0;

	if (!c->reading) {
		got = message_open(service->db, c->reader,
		    c->messages[c->pop3.index]);
		c->reading = got == 0;
	}
	while (c->reading && c->pop3.out.len < POP3_OUT_STOP) {
		got = message_read(service->db, c->reader, &service->piece);
		if (got <= 0 ||
		    !pop3_body(&c->pop3, buf_str(&service->piece)))
			c->reading = false;
	}
	if (!c->reading)
		pop3_body_end(&c->pop3, got < 0);
}

/* Delete what is marked; true when that failed and was answered already. */
static bool
delete_marked(struct client *c)
{
	struct pop3_service *service = c->service;
	uint32_t *uids = xalloc(c->pop3.count, sizeof *uids);
	size_t n, count = 0;
	int err;

	for (n = 0; n < c->pop3.count; n++)
		if (c->pop3.items[n].deleted)
			uids[count++] = c->pop3.items[n].uid;
	err = box_delete(service->db, BOX_INBOX, uids, count);
	free(uids);
	if (err != 0) {
		pop3_committed(&c->pop3, false);
		return true;
	}
	log_event(LOG_INFO, "delete", LOG_N("session", c->number),
	    LOG_N("messages", (int64_t)count));
	c->state = CLIENT_LEAVES;
	conn_pause(&c->conn);
	list_add(&service->settling, &c->settling);
	return false;
}

static void
part(struct client *c)
{
	c->state = CLIENT_PARTS;
	crowd_yield(&c->service->common.crowd, &c->member);
	conn_finish(&c->conn);
}

/* Do what the machine asks; true when it can go on at once. */
static bool
obey(struct client *c, enum pop3_ask ask)
{
	switch (ask) {
	case POP3_MORE:
		if (c->service->common.stopping)
			part(c);
		else
			conn_flush(&c->conn);
		return false;
	case POP3_DRAIN:
		drain(c, CLIENT_DRAINS);
		return false;
	case POP3_STARTTLS:
		drain(c, CLIENT_LEADS);
		return false;
	case POP3_LOGIN:
		return client_login(c);
	case POP3_OPEN:
		read_on(c);
		return true;
	case POP3_COMMIT:
		return delete_marked(c);
	case POP3_BYE:
		part(c);
		return false;
	}
	must(false);
	return false;
}

void
client_go(struct client *c)
{
	struct buf *in = &c->conn.in;
	enum pop3_ask ask;
	struct str rest;
	size_t len;

	c->state = CLIENT_TALKS;
	do {
		rest = buf_str(in);
		len = rest.len;
		ask = pop3_step(&c->pop3, &rest);
		if (c->entry.owner == NULL)
			service_eat(in, len - rest.len);
		else
			buf_eat(in, len - rest.len);
		note_progress(c);
	} while (obey(c, ask));
}

static void
on_drained(struct client *c)
{
	if (c->state == CLIENT_LEADS) {
		shake(c);
	} else if (c->state == CLIENT_DRAINS) {
		conn_resume(&c->conn);
		client_go(c);
	}
}

static void
on_secured(struct client *c)
{
	if (!c->secure_port)
		pop3_secured(&c->pop3);
	client_go(c);
}

/* RFC 1939 section 3: an idle client is closed without a word. */
static void
on_timeout(struct client *c)
{
	const int64_t idle_s = c->era->setup.config.pop3_idle_s;

	switch (c->state) {
	case CLIENT_PROVES:
	case CLIENT_ENTERS:
	case CLIENT_LEAVES:
		/* It is we who keep it waiting. */
		conn_deadline(&c->conn, idle_s * 1000);
		break;
	case CLIENT_SHAKES:
	case CLIENT_TALKS:
	case CLIENT_DRAINS:
	case CLIENT_LEADS:
	case CLIENT_PARTS:
		client_end(c);
		break;
	}
}

static void
on_event(struct conn *conn, enum conn_event event)
{
	struct client *c = list_of(conn, struct client, conn);

	switch (event) {
	case CONN_INPUT:
		if (c->state == CLIENT_TALKS)
			client_go(c);
		break;
	case CONN_DRAINED:
		on_drained(c);
		break;
	case CONN_SECURED:
		on_secured(c);
		break;
	case CONN_TIMEOUT:
		on_timeout(c);
		break;
	case CONN_CLOSED:
		client_end(c);
		break;
	}
}

static struct service_limits
limits_of(const struct config *config)
{
	return (struct service_limits){
		.connections = config->pop3_connections,
		.per_network = config->pop3_per_network
	};
}

static void
on_evict(struct service *s, struct member *m)
{
	(void)s;
	client_end(list_of(m, struct client, member));
}

static void
on_begin(struct service *s, int fd, const struct peer *peer,
	struct network network, bool secure)
{
	struct pop3_service *service = list_of(s, struct pop3_service, common);
	struct client *c = xalloc(1, sizeof *c);

	c->service = service;
	c->peer = *peer;
	c->secure_port = secure;
	c->conn.on = on_event;
	if (conn_open(&c->conn, s->loop, fd, SERVE_POP3_IN_MAX,
	    &c->pop3.out) != 0) {
		free(c);
		return;
	}
	c->era = era_hold(s->era);
	c->number = ++service->gate->serial;
	crowd_join(&s->crowd, &c->member, network);
	conn_deadline(&c->conn,
	    (int64_t)c->era->setup.config.pop3_idle_s * 1000);
	if (secure)
		shake(c);
	pop3_init(&c->pop3, secure, c->era->tls != NULL);
	if (!secure)
		client_go(c);
}

int
serve_pop3_open(struct pop3_service *service, const struct role_start *start,
	struct gate *gate, struct era *era)
{
	*service = (struct pop3_service){
		.common = {
			.limits = limits_of, .begin = on_begin,
			.evict = on_evict
		},
		.gate = gate, .db = gate->db
	};
	list_init(&service->settling);
	buf_init(&service->piece, PIECE_SIZE);
	return service_open(&service->common, start->loop, era, start->pop3,
	    start->pop3s);
}

void
serve_pop3_renew(struct pop3_service *service, struct era *era)
{
	service_renew(&service->common, era);
}

void
serve_pop3_settled(struct pop3_service *service, int err)
{
	struct list now;
	struct client *c;

	service_settling(&service->settling, &now);
	while (!list_empty(&now)) {
		c = list_of(now.next, struct client, settling);
		list_take(&c->settling);
		if (c->state == CLIENT_ENTERS) {
			/* One before it may have deleted already. */
			if (db_pending(service->db) == DB_URGENT)
				list_add(&service->settling, &c->settling);
			else
				client_enter(c);
			continue;
		}
		pop3_committed(&c->pop3, err == 0);
		conn_resume(&c->conn);
		client_go(c);
	}
}

int64_t
serve_pop3_oldest(const struct pop3_service *service)
{
	struct list *link;
	const struct client *c;
	int64_t oldest = INT64_MAX;

	for (link = service->common.crowd.members.next;
	    link != &service->common.crowd.members; link = link->next) {
		c = list_of(link, struct client, member.link);
		if (c->messages != NULL && c->stamp < oldest)
			oldest = c->stamp;
	}
	return oldest;
}

static void
part_from_all(struct pop3_service *service, bool busy_too)
{
	struct list *link, *next;
	struct client *c;

	for (link = service->common.crowd.members.next;
	    link != &service->common.crowd.members; link = next) {
		next = link->next;
		c = list_of(link, struct client, member.link);
		if (busy_too || c->state == CLIENT_TALKS ||
		    c->state == CLIENT_SHAKES || c->state == CLIENT_LEADS ||
		    c->state == CLIENT_PROVES)
			client_end(c);
	}
}

void
serve_pop3_stop(struct pop3_service *service)
{
	service_stop(&service->common);
	part_from_all(service, false);
}

void
serve_pop3_drop(struct pop3_service *service)
{
	part_from_all(service, true);
	service_drop(&service->common);
	buf_drop(&service->piece);
}
