/*
 * Listening sockets. What every accepted socket shall have is set on the
 * listening one, from which Linux hands it down: no call per connection.
 */
#include "net/listen.h"

#include "base/log.h"
#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define KNOCKS_MAX 64		/* accepted per turn, so that talk goes on */
#define REST_MS 1000		/* when descriptors have run out */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

/* Fill in where to bind; the length of it, or 0 for no address. */
static socklen_t
address_of(const char *text, unsigned port, union address *a)
{
	*a = (union address){ .v6 = { .sin6_family = AF_INET6 } };
	if (strcmp(text, "*") == 0 ||
	    inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_port = htons((uint16_t)port);
		return sizeof a->v6;
	}
	*a = (union address){ .v4 = { .sin_family = AF_INET } };
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_port = htons((uint16_t)port);
		return sizeof a->v4;
	}
	return 0;
}

static int
option_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) < 0 ?
	    -errno : 0;
}

static int
open_at(const union address *a, socklen_t len, bool both)
{
	int fd, error;

	fd = socket(a->any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (error == 0)
		error = socket_options_set(fd);
	if (error == 0 && a->any.sa_family == AF_INET6)
		error = option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both);
	if (error == 0 && (bind(fd, &a->any, len) < 0 ||
	    listen(fd, LISTEN_BACKLOG) < 0))
		error = -errno;
	if (error != 0) {
		close(fd);
		return error;
	}
	return fd;
}

int
listen_open(const char *address, unsigned port)
{
	bool both = strcmp(address, "*") == 0;
	union address a;
	socklen_t len;
	int fd;

	len = address_of(address, port, &a);
	if (len == 0 || port > UINT16_MAX)
		return -EINVAL;
	fd = open_at(&a, len, both);
	if (both && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)) {
		/* a machine without IPv6 */
		len = address_of("0.0.0.0", port, &a);
		fd = open_at(&a, len, false);
	}
	return fd;
}

static void
peer_set(struct peer *peer, const union address *a)
{
	const void *ip = &a->v6.sin6_addr;
	size_t skip = 0;

	*peer = (struct peer){ .ip_len = 0 };
	if (a->any.sa_family == AF_INET) {
		peer->ip_len = 4;
		peer->port = ntohs(a->v4.sin_port);
		ip = &a->v4.sin_addr;
	} else if (a->any.sa_family == AF_INET6) {
		peer->port = ntohs(a->v6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr))
			skip = 12;
		peer->ip_len = 16 - skip;
	}
	memcpy(peer->ip, (const char *)ip + skip, peer->ip_len);
	if (peer->ip_len > 0)
		must(inet_ntop(peer->ip_len == 4 ? AF_INET : AF_INET6,
		    peer->ip, peer->text, sizeof peer->text) != NULL);
}

/* Whether accept() failed because that peer left before it was let in. */
static bool
left_again(int error)
{
	return error == ECONNABORTED || error == EPROTO || error == EINTR;
}

static void
rest(struct listener *l, int error)
{
	log_event(LOG_ERROR, "accept-rests", LOG_C("error", strerror(error)),
	    LOG_N("ms", REST_MS));
	loop_change(l->loop, &l->watch, 0);
	timer_set(l->loop, &l->rested, REST_MS);
}

static void
on_rested(struct timer *t)
{
	struct listener *l = list_of(t, struct listener, rested);

	loop_change(l->loop, &l->watch, EPOLLIN);
}

static void
on_knock(struct watch *w, unsigned events)
{
	struct listener *l = list_of(w, struct listener, watch);
	union address a;
	struct peer peer;
	socklen_t len;
	int fd, i;

	(void)events;
	for (i = 0; i < KNOCKS_MAX && l->loop != NULL; i++) {
		len = sizeof a;
		fd = accept4(w->fd, &a.any, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			peer_set(&peer, &a);
			l->knock(l, fd, &peer);
		} else if (!left_again(errno)) {
			if (errno != EAGAIN)
				rest(l, errno);
			return;
		}
	}
}

int
listener_open(struct listener *l, struct loop *loop, int fd)
{
	int error;

	l->watch = (struct watch){ .fd = fd, .ready = on_knock };
	l->rested = (struct timer){ .fire = on_rested };
	error = loop_watch(loop, &l->watch, EPOLLIN);
	if (error != 0) {
		close(fd);
		return error;
	}
	l->loop = loop;
	return 0;
}

void
listener_drop(struct listener *l, struct loop *loop)
{
	if (l->loop == NULL)
		return;
	must(l->loop == loop);
	timer_cancel(loop, &l->rested);
	loop_unwatch(loop, &l->watch);
	close(l->watch.fd);
	l->loop = NULL;
}
