/* Smart hosts: which mail goes by another server, and how to log in there. */
#ifndef STORE_ROUTE_H
#define STORE_ROUTE_H

#include "base/buf.h"
#include "store/db.h"

#define ROUTE_ALL "*"		/* in place of a domain */
#define ROUTE_SECRET_MAX 1024	/* bytes of a name or a password */

struct route {
	struct str domain;	/* of recipients, lower case; ROUTE_ALL */
	struct str host;	/* empty: none, straight to the domain's MX */
	unsigned port;		/* 465: TLS from the first byte */
	struct str user;	/* empty: no login */
	struct str secret;
};

/*
 * Put a route, in place of the one of its domain.
 *
 * Returns:  0; -EINVAL: something is too long; -ENOKEY with a secret, without
 *           a device key; others as db_commit().
 */
int route_set(struct db *db, const struct route *route)
	__attribute__((warn_unused_result));

/* -ENOENT: there is none. */
int route_remove(struct db *db, struct str domain)
	__attribute__((warn_unused_result));

/* Show every route, without its secret. */
int route_list(struct db *db,
	void (*each)(void *ctx, const struct route *route), void *ctx)
	__attribute__((warn_unused_result));

/*
 * Find the route of a domain: its own, else that of all.
 *
 * text      gets what the views of *route point to; cleared first, of at
 *           least 4096; wipe it
 *
 * Returns:  0; -ENOENT: by MX; -ENOKEY; -EBADMSG; others as db_commit().
 */
int route_find(struct db *db, struct str domain, struct route *route,
	struct buf *text) __attribute__((warn_unused_result));

#endif
