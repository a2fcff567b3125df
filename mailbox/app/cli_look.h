/* One question to the DNS at a time, waiting for its answer. */
#ifndef APP_CLI_LOOK_H
#define APP_CLI_LOOK_H

#include "net/resolve.h"

struct look {
	struct resolve_answer answer;	/* until the next question */

	/* private */
	struct loop *loop;
	struct resolver *resolver;
	struct lookup lookup;
	struct buf text;		/* what the records point into */
};

/* Zeroed, and resolver the one to ask, both kept. */
void look_init(struct look *l, struct loop *loop, struct resolver *resolver);
void look_drop(struct look *l);

/*
 * Ask, and turn the loop until there is an answer.
 *
 * name      in any letters; RESOLVE_PTR: an address as text
 *
 * Returns:  whether there is a record at least.
 */
bool look_up(struct look *l, enum resolve_type type, struct str name);

/* What became of the question, for a person. Lives: static. */
const char *look_why(const struct look *l);

#endif
