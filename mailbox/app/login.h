/* Passwords stretched in child processes, so that the loop never waits. */
#ifndef APP_LOGIN_H
#define APP_LOGIN_H

#include <sys/types.h>

#include "net/loop.h"
#include "store/credential.h"

#define LOGIN_CHILDREN 2	/* at once; each takes memory and a core */
#define LOGIN_QUEUE 16		/* that wait for one of them */
#define LOGIN_DEADLINE_MS 60000

/* Where they queue. Zeroed plus login_desk_init(). */
struct login_desk {
	struct loop *loop;
	struct list waiting;
	size_t waiting_count, running_count;
	struct timer next;	/* to serve those who wait */
};

void login_desk_init(struct login_desk *desk, struct loop *loop);

/* When no login is left. Safe on a zeroed struct and twice. */
void login_desk_drop(struct login_desk *desk);

/* One password; lives in its session. Zeroed: none is under way. */
struct login {
	/*
	 * Called from the loop: key for err 0, which is wiped afterwards;
	 * else negative errno (logged).
	 */
	void (*done)(struct login *l, int err,
		const unsigned char key[SEAL_KEY]);

	/* private */
	struct login_desk *desk;
	struct list link;	/* while it waits */
	struct watch pipe;	/* while a child runs: from it */
	struct timer deadline;
	pid_t child;
	struct str secret;
	struct credential_stretch how;
	unsigned char key[SEAL_KEY];
	size_t got;		/* bytes of it */
};

/*
 * Begin to stretch a password.
 *
 * l         done set
 * secret    kept until done() or login_cancel()
 *
 * Returns:  0; -EAGAIN when too many wait already.
 */
int login_begin(struct login_desk *desk, struct login *l, struct str secret,
	const struct credential_stretch *how)
	__attribute__((warn_unused_result));

/* Give up: done() is not called. Safe on a zeroed struct and twice. */
void login_cancel(struct login *l);

#endif
