/* A role's end of the wire to its supervisor. */
#ifndef APP_ORDERS_H
#define APP_ORDERS_H

#include "app/role.h"

/* Lives in its role. */
struct orders {
	/* set by the role before orders_open() */
	void (*setup)(struct orders *o, struct setup *setup);	/* given */
	void (*peer)(struct orders *o, enum role_id to, int fd);
						/* a new wire; given */
	void (*stop)(struct orders *o);		/* once; or the supervisor is
						   gone */

	/* private */
	struct loop *loop;
	const char *name;
	struct watch watch;
	bool one;
	bool watched;
	bool stopped;
};

/*
 * Watch for orders.
 *
 * start     for its loop, its name and its wire, which is given
 *
 * Returns:  0 or negative errno (logged).
 */
int orders_open(struct orders *o, const struct role_start *start)
	__attribute__((warn_unused_result));

/* Say that the role serves, or has taken the set-up. */
void orders_ready(struct orders *o);

/* The role has ended: say so by closing the wire, and leave the loop. */
void orders_end(struct orders *o);

#endif
