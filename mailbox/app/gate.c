/*
 * How a name and a password become the owner's key, in the order that costs
 * strangers the most and the owner the least.
 *
 * 1. An app password is one hash, and not to be guessed: who has one is let
 *    in whatever others have failed before.
 * 2. The door (rules/door.h) may be shut to this network: refused unheard.
 * 3. The owner's password is stretched in a child. A wrong name goes the same
 *    way, so that the time tells nothing.
 * 4. A failure is told late, and later with each.
 *
 * Invariant: an entry is in the gate's list from gate_enter() until done(),
 * or it is not judged.
 */
#include "app/gate.h"

#include "base/log.h"
#include "store/device.h"

#include <errno.h>
#include <string.h>

#define TRIES_PER_NETWORK 4	/* under way at once, over all services */

void
gate_open(struct gate *g, struct loop *loop, struct db *db)
{
	*g = (struct gate){ .loop = loop, .db = db };
	door_init(&g->door);
	login_desk_init(&g->desk, loop);
	list_init(&g->entries);
}

void
gate_drop(struct gate *g)
{
	login_desk_drop(&g->desk);
}

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

/* How many of its network are being judged. */
static size_t
tries_now(const struct entry *e)
{
	struct list *all = &e->gate->entries;
	const struct entry *other;
	struct list *link;
	size_t count = 0;

	for (link = all->next; link != all; link = link->next) {
		other = list_of(link, struct entry, link);
		if (memcmp(&other->member->network, &e->member->network,
		    sizeof e->member->network) == 0)
			count++;
	}
	return count;
}

static void
lock(struct entry *e)
{
	seal_owner_drop(e->owner);
	e->owner = NULL;
}

/* It is the owner. */
static void
welcome(struct entry *e)
{
	struct gate *g = e->gate;

	door_passed(&g->door, e->member->network);
	/* A box that began from a backup has its device key from now on. */
	if (device_recover(g->db, e->owner) != 0)
		log_event(LOG_DEBUG, "device-key-absent",
		    LOG_N("session", e->number));
	/* When it was last used is worth no failure of a login. */
	if (credential_used(g->db, e->credential) != 0)
		log_event(LOG_DEBUG, "use-unnoted",
		    LOG_N("session", e->number));
}

/* Call done(), after which e may be no more. */
static void
tell(struct entry *e, enum gate_result result)
{
	list_take(&e->link);
	e->member->settled = false;
	if (result == GATE_WELCOME)
		welcome(e);
	e->done(e, result);
}

static void
on_regret(struct timer *t)
{
	tell(list_of(t, struct entry, regret), GATE_REFUSED);
}

/* Not the owner: say so in a while. */
static void
refuse(struct entry *e)
{
	struct gate *g = e->gate;
	int64_t delay;

	delay = door_failed(&g->door, e->member->network,
	    g->loop->clock.mono_ms);
	log_event(LOG_INFO, "login-refused", LOG_N("session", e->number),
	    LOG_C("service", e->service), LOG_C("ip", e->ip),
	    LOG_C("name", e->known ? "known" : "unknown"),
	    LOG_N("delay-ms", delay));
	e->member->settled = false;
	e->regret = (struct timer){ .fire = on_regret };
	timer_set(g->loop, &e->regret, delay);
}

/* The password is stretched. */
static void
on_stretched(struct login *l, int err, const unsigned char key[SEAL_KEY])
{
	struct entry *e = list_of(l, struct entry, login);

	if (err == 0)
		err = credential_slow(e->gate->db, key, &e->owner,
		    &e->credential);
	if (err == 0 && !e->known) {
		lock(e);
		err = -EACCES;
	}
	if (err == -EACCES)
		refuse(e);
	else
		tell(e, err == 0 ? GATE_WELCOME : GATE_FAULT);
}

static enum gate_result
refuse_now(const struct entry *e, enum gate_result result, const char *why)
{
	log_event(LOG_INFO, "login-unheard", LOG_N("session", e->number),
	    LOG_C("service", e->service), LOG_C("ip", e->ip),
	    LOG_C("why", why));
	return result;
}

/* Begin to stretch; false with *result when that cannot be. */
static bool
stretch(struct entry *e, struct str secret, enum gate_result *result)
{
	struct gate *g = e->gate;
	struct credential_stretch how;
	int err = credential_stretch(g->db, &how);

	if (err != 0) {
		*result = refuse_now(e, GATE_FAULT, strerror(-err));
		return false;
	}
	e->login.done = on_stretched;
	if (login_begin(&g->desk, &e->login, secret, &how) != 0) {
		*result = refuse_now(e, GATE_TOO_MANY, "too many at once");
		return false;
	}
	e->member->settled = true;
	list_add(&g->entries, &e->link);
	return true;
}

bool
gate_enter(struct gate *g, struct entry *e, const struct gate_ask *ask,
	enum gate_result *result)
{
	int err;

	must(e->link.next == NULL && e->owner == NULL);
	*e = (struct entry){
		.done = e->done, .gate = g, .member = ask->member,
		.service = ask->service, .ip = ask->ip, .number = ask->number,
		.known = name_is_owners(ask->config, ask->user)
	};
	err = credential_quick(g->db, ask->secret, false, &e->owner,
	    &e->credential);
	if (err == 0 && e->known) {
		welcome(e);
		*result = GATE_WELCOME;
		return true;
	}
	lock(e);
	if (door_judge(&g->door, e->member->network,
	    g->loop->clock.mono_ms) == DOOR_SHUT)
		*result = refuse_now(e, GATE_TOO_MANY, "too many failures");
	else if (tries_now(e) >= TRIES_PER_NETWORK)
		*result = refuse_now(e, GATE_TOO_MANY, "too many at once");
	else if (err != 0 && err != -EACCES)
		*result = refuse_now(e, GATE_FAULT, strerror(-err));
	else
		return !stretch(e, ask->secret, result);
	return true;
}

void
entry_drop(struct entry *e)
{
	if (e->gate == NULL)
		return;
	login_cancel(&e->login);
	timer_cancel(e->gate->loop, &e->regret);
	list_take(&e->link);
	lock(e);
}
