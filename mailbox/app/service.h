/* What every service of the keeper has: ports, a crowd, the set-up in use. */
#ifndef APP_SERVICE_H
#define APP_SERVICE_H

#include "app/crowd.h"
#include "app/era.h"
#include "app/role.h"
#include "base/buf.h"
#include "net/listen.h"

#define SERVICE_ID 17	/* bytes of the name of a letter, with its NUL */

struct service;

/* A listening socket, with TLS from the first byte or on offer. */
struct service_port {
	struct listener listener;
	struct service *service;
	bool secure;
};

struct service_limits {
	unsigned connections;	/* at once, in all */
	unsigned per_network;
};

/* Lives in the service it serves. */
struct service {
	/* set before service_open() */
	struct service_limits (*limits)(const struct config *config);
	void (*begin)(struct service *s, int fd, const struct peer *peer,
		struct network network, bool secure);	/* fd given */
	void (*evict)(struct service *s, struct member *m);

	struct loop *loop;
	struct era *era;		/* of new sessions */
	struct crowd crowd;
	bool stopping;

	/* private */
	struct service_port ports[2 * ROLE_LISTENERS_MAX];
	size_t port_count;
};

/*
 * Begin to accept.
 *
 * clear, secure  sockets, -1 at the end of each; given
 * era       one more user
 *
 * Returns:  0 or negative errno (logged).
 */
int service_open(struct service *s, struct loop *loop, struct era *era,
	const int *clear, const int *secure)
	__attribute__((warn_unused_result));

/* A new era for new sessions; one more user. */
void service_renew(struct service *s, struct era *era);

/* Accept nobody any more. */
void service_stop(struct service *s);

/* When all sessions are gone. Safe twice. */
void service_drop(struct service *s);

/*
 * Who waits for the commit that was made: those who begin to wait meanwhile
 * wait for the next one.
 *
 * waiting   left empty
 * now       gets them, in their order
 */
void service_settling(struct list *waiting, struct list *now);

/* Name a letter by chance, so that no two ever share a name. */
void service_letter_id(char id[SERVICE_ID]);

/* Cut off what was used of in, and wipe it: it may have been a password. */
void service_eat(struct buf *in, size_t len);

#endif
