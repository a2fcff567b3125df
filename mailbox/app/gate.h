/*
 * The one gate of all services: how a name and a password become the owner's
 * key, in the order that costs strangers the most and the owner the least.
 */
#ifndef APP_GATE_H
#define APP_GATE_H

#include "app/config.h"
#include "app/crowd.h"
#include "app/login.h"
#include "rules/door.h"

/* Shared by all services, so that failures count together. */
struct gate {
	struct loop *loop;
	struct db *db;
	uint32_t serial;	/* of the latest session of any service */

	/* private */
	struct door door;
	struct login_desk desk;
	struct list entries;	/* that are judged */
};

void gate_open(struct gate *g, struct loop *loop, struct db *db);

/* When no entry is under way. Safe on a zeroed struct and twice. */
void gate_drop(struct gate *g);

enum gate_result {
	GATE_WELCOME,
	GATE_REFUSED,	/* wrong name or password */
	GATE_TOO_MANY,	/* too many failures of late, or tries at once */
	GATE_FAULT	/* something is wrong on our side */
};

/* One who wants in; lives in its session. Zeroed: nobody. */
struct entry {
	/*
	 * Called from the loop when gate_enter() said it would be. owner and
	 * credential are there with GATE_WELCOME.
	 */
	void (*done)(struct entry *e, enum gate_result result);

	/* with GATE_WELCOME, until entry_drop() */
	struct seal_owner *owner;
	int64_t credential;

	/* private to gate.c */
	struct gate *gate;
	struct list link;
	struct login login;
	struct timer regret;
	struct member *member;
	const char *service;
	const char *ip;
	uint32_t number;
	bool known;		/* the name given is the owner's */
};

/* Who asks, and how it stands in the log. */
struct gate_ask {
	const struct config *config;
	struct member *member;	/* kept: tries are counted by its network, and
				   it is settled while a password is being
				   stretched, which is not the client's doing */
	struct str user;
	struct str secret;	/* kept until done() or entry_drop() */
	const char *service;	/* kept: static, "pop3" */
	const char *ip;		/* kept */
	uint32_t number;	/* of the session */
};

/*
 * Judge a name and a password.
 *
 * Returns:  true with *result when that is known at once; false: done() will
 *           be called.
 */
bool gate_enter(struct gate *g, struct entry *e, const struct gate_ask *ask,
	enum gate_result *result);

/*
 * Stop what is under way, and lock what was unlocked. Safe on a zeroed struct
 * and twice.
 */
void entry_drop(struct entry *e);

#endif
