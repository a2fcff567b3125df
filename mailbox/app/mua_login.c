/* Logins: from the gate to the owner's key. */
#include "app/mua_part.h"

#include "base/log.h"

static const enum imap_login results[] = {
	[GATE_WELCOME] = IMAP_WELCOME, [GATE_REFUSED] = IMAP_REFUSED,
	[GATE_TOO_MANY] = IMAP_TOO_MANY, [GATE_FAULT] = IMAP_FAULT
};

/* Answer the machine; the owner is settled from now on. */
static void
answer(struct mua *m, enum gate_result result)
{
	m->member.settled = result == GATE_WELCOME;
	if (result == GATE_WELCOME) {
		m->reader = message_reader_new(m->entry.owner);
		log_event(LOG_INFO, "login", LOG_N("session", m->number),
		    LOG_C("service", MUA_SERVICE), LOG_C("ip", m->peer.text),
		    LOG_N("credential", m->entry.credential));
	}
	imap_login(&m->imap, results[result]);
}

static void
on_judged(struct entry *e, enum gate_result result)
{
	struct mua *m = list_of(e, struct mua, entry);

	answer(m, result);
	mua_resume(m);
}

bool
mua_login(struct mua *m)
{
	const struct gate_ask ask = {
		.config = &m->era->setup.config, .member = &m->member,
		.user = buf_str(&m->imap.user),
		.secret = buf_str(&m->imap.secret),
		.service = MUA_SERVICE, .ip = m->peer.text,
		.number = m->number
	};
	enum gate_result result;

	m->entry.done = on_judged;
	if (!gate_enter(m->service->gate, &m->entry, &ask, &result)) {
		m->state = MUA_PROVES;
		conn_pause(&m->conn);
		return false;
	}
	answer(m, result);
	return true;
}

void
mua_lock(struct mua *m)
{
	message_reader_drop(m->reader);
	m->reader = NULL;
	entry_drop(&m->entry);
}
