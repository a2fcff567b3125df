/* The system calls that each role may make; for cage.c alone. */
#ifndef NET_CAGE_FILTER_H
#define NET_CAGE_FILTER_H

#include "net/cage.h"

/*
 * Put on the seccomp filter of a role (man seccomp); no_new_privs must be
 * set. Calls that are not listed, or not with these arguments, fail with
 * EPERM; a call of a foreign architecture ends the process.
 *
 * Returns:  0; -ENOSYS when the kernel has no filters; negative errno.
 */
int cage_filter_set(enum cage_role role)
	__attribute__((warn_unused_result));

#endif
