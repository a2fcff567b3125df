/* A set-up in use: what sessions share, until the last of them ends. */
#ifndef APP_ERA_H
#define APP_ERA_H

#include "app/setup.h"
#include "talk/smtp.h"

/*
 * A reload begins a new era for new sessions; those of the old one go on
 * with what they began with. Counted.
 */
struct era {
	struct setup setup;		/* without the PEM texts */
	struct tls_server *tls;		/* NULL: there is no certificate */
	struct smtp_policy policy;	/* of port 25 */
	struct smtp_policy submission;	/* of 465 and 587 */
	unsigned users;			/* private */
};

/*
 * Begin an era with one user.
 *
 * setup     given: left empty; its keys are wiped once TLS has them
 * tickets   as for tls_server_open()
 *
 * Returns:  0 with *era owned, or negative errno (logged).
 */
int era_open(struct era **era, struct setup *setup, bool tickets)
	__attribute__((warn_unused_result));

/* One user more. Returns: era. */
struct era *era_hold(struct era *era);

/* One user less; the last one frees it. NULL is fine. */
void era_drop(struct era *era);

#endif
