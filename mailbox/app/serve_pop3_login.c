/*
 * Logins: how a name and a password become the owner's key, in the order that
 * costs strangers the most and the owner the least.
 *
 * 1. An app password is one hash, and not to be guessed: who has one is let
 *    in whatever others have failed before.
 * 2. The door (rules/door.h) may be shut to this network: refused unheard.
 * 3. The owner's password is stretched in a child. A wrong name goes the same
 *    way, so that the time tells nothing.
 * 4. A failure is told late, and later with each.
 */
#include "app/serve_pop3_part.h"

#include "base/crypto.h"
#include "base/log.h"
#include "store/box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_PER_NETWORK 4	/* under way at once */

/* "mailbox", or "mailbox" at any domain of ours. */
static bool
name_is_owners(const struct config *config, struct str name)
{
	struct str local, domain = name;
	size_t at = STR_NONE, next = 0;

	while ((next = str_find(name, next, '@')) != STR_NONE)
		at = next++;
	if (at == STR_NONE)
		return str_same(name, str_of(config->mailbox));
	local = str_take(&domain, at);
	(void)str_skip(&domain, '@');
	return str_same(local, str_of(config->mailbox)) &&
	    domains_hold(&config->domains, domain);
}

/* How many logins of a network are under way. */
static size_t
tries_now(const struct client *c)
{
	const struct crowd *crowd = &c->service->crowd;
	const struct client *other;
	struct list *link;
	size_t count = 0;

	for (link = crowd->members.next; link != &crowd->members;
	    link = link->next) {
		other = list_of(link, struct client, member.link);
		if (other != c && (other->state == CLIENT_PROVES ||
		    other->state == CLIENT_REGRETS) &&
		    memcmp(&other->member.network, &c->member.network,
		    sizeof c->member.network) == 0)
			count++;
	}
	return count;
}

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
on_regret(struct timer *t)
{
	answer(list_of(t, struct client, regret), POP3_REFUSED);
}

/* Not the owner: say so in a while. */
static void
refuse(struct client *c)
{
	struct pop3_service *service = c->service;
	int64_t delay;

	delay = door_failed(&service->door, c->member.network,
	    service->loop->clock.mono_ms);
	log_event(LOG_INFO, "login-refused", LOG_N("session", c->number),
	    LOG_C("ip", c->peer.text), LOG_C("name",
	    c->known ? "known" : "unknown"), LOG_N("delay-ms", delay));
	c->state = CLIENT_REGRETS;
	c->member.settled = false;
	c->regret = (struct timer){ .fire = on_regret };
	timer_set(service->loop, &c->regret, delay);
}

static void
let_in(struct client *c)
{
	c->state = CLIENT_ENTERS;
	c->member.settled = true;
	list_add(&c->service->settling, &c->settling);
}

/* The password is stretched. */
static void
on_stretched(struct login *l, int err, const unsigned char key[SEAL_KEY])
{
	struct client *c = list_of(l, struct client, login);

	if (err == 0)
		err = credential_slow(c->service->db, key, &c->owner,
		    &c->credential);
	if (err == 0 && !c->known) {
		client_lock(c);
		err = -EACCES;
	}
	if (err == 0)
		let_in(c);
	else if (err == -EACCES)
		refuse(c);
	else
		answer(c, POP3_FAULT);
}

static bool
refuse_now(struct client *c, enum pop3_login result, const char *why)
{
	log_event(LOG_INFO, "login-unheard", LOG_N("session", c->number),
	    LOG_C("ip", c->peer.text), LOG_C("why", why));
	pop3_login(&c->pop3, result, NULL, 0, 0);
	return true;
}

bool
client_login(struct client *c)
{
	struct pop3_service *service = c->service;
	struct str secret = buf_str(&c->pop3.secret);
	struct credential_stretch how;
	int err;

	c->known = name_is_owners(&c->era->setup.config,
	    buf_str(&c->pop3.user));
	err = credential_quick(service->db, secret, false, &c->owner,
	    &c->credential);
	if (err == 0 && c->known) {
		conn_pause(&c->conn);
		let_in(c);
		return false;
	}
	client_lock(c);
	if (door_judge(&service->door, c->member.network,
	    service->loop->clock.mono_ms) == DOOR_SHUT)
		return refuse_now(c, POP3_TOO_MANY, "too many failures");
	if (tries_now(c) >= TRIES_PER_NETWORK)
		return refuse_now(c, POP3_TOO_MANY, "too many at once");
	if (err == 0 || err == -EACCES)
		err = credential_stretch(service->db, &how);
	if (err != 0)
		return refuse_now(c, POP3_FAULT, strerror(-err));
	c->login.done = on_stretched;
	if (login_begin(&service->desk, &c->login, secret, &how) != 0)
		return refuse_now(c, POP3_TOO_MANY, "too many at once");
	/* Stretching takes long, and that is not the client's doing. */
	c->state = CLIENT_PROVES;
	c->member.settled = true;
	conn_pause(&c->conn);
	return false;
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
	struct pop3_service *service = c->service;
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
	c->stamp = db_stamp(service->db);
	c->reader = message_reader_new(c->owner);
	door_passed(&service->door, c->member.network);
	/* When it was last used is worth no failure of a login. */
	if (credential_used(service->db, c->credential) != 0)
		log_event(LOG_DEBUG, "use-unnoted",
		    LOG_N("session", c->number));
	log_event(LOG_INFO, "login", LOG_N("session", c->number),
	    LOG_C("ip", c->peer.text), LOG_N("credential", c->credential),
	    LOG_N("messages", (int64_t)count));
	c->state = CLIENT_TALKS;
	pop3_login(&c->pop3, POP3_WELCOME, items, count, uidvalidity);
	conn_resume(&c->conn);
	client_go(c);
}

void
client_lock(struct client *c)
{
	login_cancel(&c->login);
	timer_cancel(c->service->loop, &c->regret);
	message_reader_drop(c->reader);
	c->reader = NULL;
	seal_owner_drop(c->owner);
	c->owner = NULL;
	free(c->messages);
	c->messages = NULL;
}
