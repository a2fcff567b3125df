/*
 * Connecting: a socket that becomes writable, or a timer, whichever is first.
 * What fails at once is told by the timer as well, so that done() comes from
 * the loop alone.
 */
#include "net/dial.h"

#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

void
dial_address_add(struct buf *out, const struct dial_address *address,
	bool with_port)
{
	bool v6 = address->ip_len == sizeof address->ip;
	char text[INET6_ADDRSTRLEN];

	must(inet_ntop(v6 ? AF_INET6 : AF_INET, address->ip, text,
	    sizeof text) != NULL);
	if (v6 && with_port)
		buf_add_char(out, '[');
	buf_add_text(out, text);
	if (v6 && with_port)
		buf_add_char(out, ']');
	if (with_port) {
		buf_add_char(out, ':');
		buf_add_number(out, address->port);
	}
}

static socklen_t
address_set(union address *a, const struct dial_address *from)
{
	must(from->port <= UINT16_MAX);
	if (from->ip_len == sizeof a->v6.sin6_addr) {
		*a = (union address){ .v6 = { .sin6_family = AF_INET6,
		    .sin6_port = htons((uint16_t)from->port) } };
		memcpy(&a->v6.sin6_addr, from->ip, from->ip_len);
		return sizeof a->v6;
	}
	must(from->ip_len == sizeof a->v4.sin_addr);
	*a = (union address){ .v4 = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)from->port) } };
	memcpy(&a->v4.sin_addr, from->ip, from->ip_len);
	return sizeof a->v4;
}

/* Be told no more; the socket stays. */
static void
leave(struct dial *d)
{
	if (d->watched)
		loop_unwatch(d->loop, &d->watch);
	timer_cancel(d->loop, &d->timer);
	d->watched = d->busy = false;
}

/* Nothing of d is touched after done(), which may free it or begin anew. */
static void
tell(struct dial *d, int error)
{
	int fd = d->fd;

	leave(d);
	if (error != 0 && fd >= 0)
		close(fd);
	d->fd = -1;
	d->done(d, error != 0 ? error : fd);
}

static void
on_ready(struct watch *w, unsigned events)
{
	struct dial *d = list_of(w, struct dial, watch);
	socklen_t len = sizeof d->err;

	(void)events;
	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &d->err, &len) < 0)
		d->err = errno;
	tell(d, -d->err);
}

static void
on_timer(struct timer *t)
{
	struct dial *d = list_of(t, struct dial, timer);

	tell(d, d->err != 0 ? d->err : -ETIMEDOUT);
}

static int
start(struct dial *d, const struct dial_address *address)
{
	union address a;
	socklen_t len;
	int error;

	len = address_set(&a, address);
	d->fd = socket(a.any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0)
		return -errno;
	error = socket_options_set(d->fd);
	if (error != 0)
		return error;
	if (connect(d->fd, &a.any, len) < 0 && errno != EINPROGRESS)
		return -errno;
	d->watch.fd = d->fd;
	error = loop_watch(d->loop, &d->watch, LOOP_WRITE);
	d->watched = error == 0;
	return error;
}

void
dial_begin(struct dial *d, struct loop *loop,
	const struct dial_address *address, int64_t deadline_ms)
{
	must(!d->busy && d->done != NULL);
	*d = (struct dial){
		.done = d->done,
		.loop = loop,
		.watch = { .ready = on_ready },
		.timer = { .fire = on_timer },
		.busy = true
	};
	d->err = start(d, address);
	timer_set(loop, &d->timer, d->err == 0 ? deadline_ms : 0);
}

void
dial_cancel(struct dial *d)
{
	if (!d->busy)
		return;
	leave(d);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}
