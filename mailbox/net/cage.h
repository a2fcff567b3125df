/* What a role gives up before it meets the world. */
#ifndef NET_CAGE_H
#define NET_CAGE_H

#include "base/str.h"

enum cage_role {
	CAGE_INTAKE,	/* no file, no exec, no connect, no new listener */
	CAGE_KEEPER,	/* files below dir alone; no exec, no connect */
	CAGE_COURIER	/* no file, no exec, no accept */
};

struct cage {
	enum cage_role role;
	const char *dir;	/* CAGE_KEEPER: the data directory */
	const char *user;	/* when root: whom to become; NULL to stay */
};

/*
 * Give up, for good: become the user, no_new_privs, not dumpable, no core,
 * Landlock rules, and a seccomp filter under which a forbidden call fails
 * with EPERM (EACCES from Landlock). What a role may still do is the table in
 * cage_filter.c. Where the kernel offers Landlock or seccomp not at all, one
 * line is logged for each and the role goes on.
 *
 * Call it with one thread, after setrlimit(), prctl() and signalfd().
 *
 * Returns:  0, or negative errno when what the kernel offers could not be
 *           had (logged); the role must then not serve.
 */
int cage_enter(const struct cage *cage) __attribute__((warn_unused_result));

#endif
