/* The roles, and the supervisor that starts and restarts them. */
#ifndef APP_ROLE_H
#define APP_ROLE_H

#include "app/setup.h"
#include "base/log.h"
#include "net/loop.h"

enum role_id { ROLE_KEEPER, ROLE_INTAKE, ROLE_COURIER, ROLE_COUNT };

#define ROLE_LISTENERS_MAX (CONFIG_LISTEN_MAX + 1)	/* and -1 at the end */
#define ROLE_DRAIN_MS 10000	/* what is under way at a stop may take */

/* What a role is born with. */
struct role_start {
	const char *name;	/* kept: for the log */
	struct loop *loop;	/* kept */
	struct setup *setup;	/* given: left empty */
	const char *data;	/* borrowed: the data directory; the one of
				   setup is that of the next start */
	bool one;		/* other roles share the loop */
	int boss;		/* given: wire to the supervisor */
	int wires[ROLE_COUNT];	/* given: to other roles, by role; -1: none, or
				   it comes later by WIRE_PEER */
	const int *smtp;	/* given: listening sockets, -1 at the end */
	const int *pop3;
	const int *pop3s;
	const int *imap;
	const int *imaps;
	const int *submission;	/* 587 */
	const int *submissions;	/* 465 */
};

/*
 * Each role: build its state, watch its sockets, say WIRE_READY, and return
 * to the loop. At its end it frees all that, closes its wire to the
 * supervisor and, unless others share the loop, stops it.
 *
 * Returns:  0 or negative errno (logged).
 */
int intake_start(const struct role_start *start)
	__attribute__((warn_unused_result));
int keeper_start(const struct role_start *start)
	__attribute__((warn_unused_result));
int courier_start(const struct role_start *start)
	__attribute__((warn_unused_result));

/*
 * Bind the ports, fork the roles, cage them, watch over them: a role that
 * ends is started again at once (with a growing pause when it keeps ending),
 * and the others are told. SIGHUP loads the set-up anew and hands it on, or
 * logs why not and keeps the old. SIGTERM and SIGINT drain and stop.
 *
 * setup     given: left empty
 * file      the configuration, for SIGHUP
 * one       all roles in this process, uncaged: for debugging
 * ready_fd  gets one byte once every role serves, then is closed; -1: none
 *
 * Returns:  the exit code of the program (enum role_exit).
 */
int role_serve(struct setup *setup, const char *file, bool one, int ready_fd);

/* How much the configuration wants logged. */
enum log_level role_level(const struct config *config);

/* Part of the program's exit codes (app/cli.h). */
enum role_exit {
	ROLE_DONE = 0,
	ROLE_FAILED = 1,	/* a port is taken, or it runs already */
	ROLE_DATA = 5		/* the data directory is missing or broken */
};

#endif
