/* What role.c and role_boss.c share; nobody else includes it. */
#ifndef APP_ROLE_PART_H
#define APP_ROLE_PART_H

#include <sys/types.h>

#include "app/role.h"
#include "net/wire.h"

struct boss;

/* One role as its supervisor sees it. */
struct role {
	struct boss *boss;
	enum role_id id;
	bool alive;
	bool ready;		/* it has said WIRE_READY */
	pid_t pid;		/* 0 with --one */
	struct watch wire;	/* to it, while alive */
	bool heard;		/* it is watched */
	struct timer again;	/* to start it (again) */
	int64_t started_ms;
	int64_t pause_ms;	/* before the next start */
};

/* Listening sockets, -1 at the end of each. */
struct role_ports {
	int smtp[ROLE_LISTENERS_MAX];
	int pop3[ROLE_LISTENERS_MAX];
	int pop3s[ROLE_LISTENERS_MAX];
	int imap[ROLE_LISTENERS_MAX];
	int imaps[ROLE_LISTENERS_MAX];
	int submission[ROLE_LISTENERS_MAX];
	int submissions[ROLE_LISTENERS_MAX];
};

struct boss {
	struct loop loop;
	struct setup setup;
	struct buf data, user;	/* as at the start: a reload cannot change
				   them */
	const char *file;
	bool one;
	int ready_fd;
	int lock;		/* data/lock, held for as long as we live */
	struct watch signals;
	struct buf room;	/* for what the roles say */
	struct role roles[ROLE_COUNT];
	int lent[ROLE_COUNT];	/* ends of wires that are on their way to
				   other roles than the one that starts; -1 */
	struct role_ports ports;
	bool served;		/* every role was ready once */
	bool stopping;
	struct timer resolv;	/* to look at resolv.conf again */
	struct timer patience;	/* with roles that do not stop */
	int code;
};

#define BOSS_NAME "boss"	/* in the log */
#define ONE_NAME "pillarbox"	/* the same with --one */

/* The name of a role, for the log and the list of processes. */
const char *role_name(enum role_id id);

/*
 * Start a role: in a caged process of its own, or in this one.
 *
 * boss_wire  the role's end; closed here when a process is forked
 * wires     the same, by the role at the other end; -1: none
 *
 * Returns:  0 or negative errno (logged); all wires are closed then.
 */
int role_begin(struct role *r, int boss_wire, const int wires[ROLE_COUNT])
	__attribute__((warn_unused_result));

/* Open all ports. Returns: 0 or negative errno (logged). */
int role_ports_open(struct role_ports *ports, const struct config *config)
	__attribute__((warn_unused_result));

/* Close them. Safe twice. */
void role_ports_drop(struct role_ports *ports);

/* role_boss.c */

/* Start all roles, now and whenever they end. */
void boss_begin(struct boss *boss);

/* Tell a role something, fd lent; one that does not listen is ended. */
void role_tell(struct role *r, const struct wire_head *head, int fd);

/* Bury a role's process if it has ended, and start it again by and by. */
void role_reap(struct role *r);

/* Have all roles finish; the loop stops when they have. */
void boss_stop(struct boss *boss, int code);

/* End what is left at once. */
void boss_kill(struct boss *boss);

#endif
