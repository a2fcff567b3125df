/* Listening sockets and who knocks. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/buf.h"
#include "net/loop.h"

#define LISTEN_BACKLOG 4096	/* who is left out comes again only after a
				   second; the kernel's own cap is as much */

struct peer {
	unsigned char ip[16];
	size_t ip_len;		/* 4, or 16; mapped IPv4 is given as 4 */
	unsigned port;
	char text[48];		/* "192.0.2.1" or "2001:db8::1"; empty, and
				   ip_len 0, for a socket without address */
};

/*
 * Open a listening TCP socket.
 *
 * address   "127.0.0.1", "::1", "*" for all IPv6 and IPv4
 * port      0 to 65535; 0 takes any that is free
 *
 * Returns:  the fd, or negative errno (not logged: the caller names the key);
 *           -EINVAL for what is no address.
 */
int listen_open(const char *address, unsigned port)
	__attribute__((warn_unused_result));

/* Accepts from a listening socket, a bounded number per turn. */
struct listener {
	struct watch watch;
	void (*knock)(struct listener *l, int fd, const struct peer *peer);

	/* private */
	struct loop *loop;
	struct timer rested;
};

/*
 * Accept from fd; knock() is given each new socket (non-blocking; TCP_NODELAY
 * and keepalive when fd came from listen_open()). When descriptors run out,
 * accepting rests for a second instead of spinning (logged).
 *
 * l         knock set, the rest zero
 * fd        given
 *
 * Returns:  0, or negative errno and fd is closed.
 */
int listener_open(struct listener *l, struct loop *loop, int fd)
	__attribute__((warn_unused_result));

/*
 * Stop accepting and close the socket. Safe twice, and from within knock()
 * as long as l itself stays.
 */
void listener_drop(struct listener *l, struct loop *loop);

#endif
