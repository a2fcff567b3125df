/* Sockets that a library opens and closes, watched for it in our loop. */
#ifndef NET_GUEST_H
#define NET_GUEST_H

#include "base/list.h"
#include "net/loop.h"

/* Lives in whoever uses the library. */
struct guests {
	struct loop *loop;
	struct list list;

	/*
	 * Called from the loop; events as epoll(7) tells them. The library may
	 * change for what it waits, or leave, from within.
	 */
	void (*ready)(struct guests *g, int fd, unsigned events);
};

/* Begin with none. */
void guests_init(struct guests *g, struct loop *loop,
	void (*ready)(struct guests *g, int fd, unsigned events));

/*
 * What the library wants to know of a socket; it has to say so before it
 * closes one.
 *
 * events    LOOP_READ, LOOP_WRITE; 0: nothing any more
 */
void guests_want(struct guests *g, int fd, unsigned events);

/* Forget all that are left, which are not closed. */
void guests_drop(struct guests *g);

#endif
