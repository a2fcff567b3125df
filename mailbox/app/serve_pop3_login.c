/*
 * Logins: from the gate into the box as it is once this turn has settled.
 */
#include "app/serve_pop3_part.h"

#include "base/log.h"
#include "store/box.h"

#include <stdlib.h>

#define SERVICE "pop3"	/* in the log */

static void
answer(struct client *c, enum pop3_login result)
{
	c->state = CLIENT_TALKS;
	c->member.settled = false;
	pop3_login(&c->pop3, result, NULL, 0, 0);
	conn_resume(&c->conn);
	client_go(c);
}

static void
let_in(struct client *c)
{
	c->state = CLIENT_ENTERS;
	c->member.settled = true;
	list_add(&c->service->settling, &c->settling);
}

static const enum pop3_login refusals[] = {
	[GATE_REFUSED] = POP3_REFUSED, [GATE_TOO_MANY] = POP3_TOO_MANY,
	[GATE_FAULT] = POP3_FAULT
};

static void
on_judged(struct entry *e, enum gate_result result)
{
	struct client *c = list_of(e, struct client, entry);

	if (result == GATE_WELCOME)
		let_in(c);
	else
		answer(c, refusals[result]);
}

bool
client_login(struct client *c)
{
	const struct gate_ask ask = {
		.config = &c->era->setup.config, .member = &c->member,
		.user = buf_str(&c->pop3.user),
		.secret = buf_str(&c->pop3.secret),
		.service = SERVICE, .ip = c->peer.text, .number = c->number
	};
	enum gate_result result;

	c->entry.done = on_judged;
	if (!gate_enter(c->service->gate, &c->entry, &ask, &result)) {
		c->state = CLIENT_PROVES;
		conn_pause(&c->conn);
		return false;
	}
	if (result == GATE_WELCOME) {
		conn_pause(&c->conn);
		let_in(c);
		return false;
	}
	pop3_login(&c->pop3, refusals[result], NULL, 0, 0);
	return true;
}

/* Give the session the box as it is now. */
static int
take_snapshot(struct client *c, struct pop3_item **items, size_t *count,
	uint32_t *uidvalidity)
{
	struct db *db = c->service->db;
	struct box_status status;
	struct box_item *list = NULL;
	size_t n;
	int err;

	err = box_status(db, BOX_INBOX, &status);
	if (err == 0)
		err = box_list(db, BOX_INBOX, &list, count);
	if (err != 0)
		return err;
	*uidvalidity = status.uidvalidity;
	*items = NULL;
	if (*count > 0) {
		*items = xalloc(*count, sizeof **items);
		c->messages = xalloc(*count, sizeof c->messages[0]);
	}
	for (n = 0; n < *count; n++) {
		(*items)[n].size = list[n].size;
		(*items)[n].uid = list[n].uid;
		c->messages[n] = list[n].message;
	}
	free(list);
	return 0;
}

void
client_enter(struct client *c)
{
	struct pop3_item *items = NULL;
	uint32_t uidvalidity = 0;
	size_t count = 0;
	int err;

	err = take_snapshot(c, &items, &count, &uidvalidity);
	if (err != 0) {
		client_lock(c);
		answer(c, POP3_FAULT);
		return;
	}
	c->stamp = db_stamp(c->service->db);
	c->reader = message_reader_new(c->entry.owner);
	log_event(LOG_INFO, "login", LOG_N("session", c->number),
	    LOG_C("service", SERVICE), LOG_C("ip", c->peer.text),
	    LOG_N("credential", c->entry.credential),
	    LOG_N("messages", (int64_t)count));
	c->state = CLIENT_TALKS;
	pop3_login(&c->pop3, POP3_WELCOME, items, count, uidvalidity);
	conn_resume(&c->conn);
	client_go(c);
}

void
client_lock(struct client *c)
{
	message_reader_drop(c->reader);
	c->reader = NULL;
	entry_drop(&c->entry);
	free(c->messages);
	c->messages = NULL;
}
