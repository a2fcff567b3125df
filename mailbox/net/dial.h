/* Connecting to others, without waiting. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/buf.h"
#include "net/loop.h"

/* Where to. */
struct dial_address {
	unsigned char ip[16];
	size_t ip_len;		/* 4 or 16 */
	unsigned port;
};

#define DIAL_TEXT_MAX 64	/* "[2001:db8::1]:25" */

/* Add "192.0.2.1" or "2001:db8::1"; with_port: ":25" behind, brackets. */
void dial_address_add(struct buf *out, const struct dial_address *address,
	bool with_port);

/* One attempt; lives in whoever makes it. Zeroed: none is under way. */
struct dial {
	/*
	 * Called from the loop, never from within dial_begin(). fd is a
	 * connected socket (non-blocking, TCP_NODELAY, keepalive), given; or
	 * negative errno: -ETIMEDOUT when the deadline passed.
	 */
	void (*done)(struct dial *d, int fd);

	/* private to dial.c */
	struct loop *loop;
	struct watch watch;
	struct timer timer;
	int fd;
	int err;
	bool watched;
	bool busy;
};

/*
 * Connect.
 *
 * d         done set
 * deadline_ms  from now
 */
void dial_begin(struct dial *d, struct loop *loop,
	const struct dial_address *address, int64_t deadline_ms);

/* Give up: done() is not called. Safe on a zeroed struct and twice. */
void dial_cancel(struct dial *d);

#endif
