/* Options of TCP sockets. */
#include "net/socket.h"

#include "base/base.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define KEEPALIVE_IDLE_S 300	/* then probe every */
#define KEEPALIVE_EVERY_S 60	/* seconds, up to */
#define KEEPALIVE_PROBES 5	/* times: a dead peer is gone in 10 min */

int
socket_options_set(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES }
	};
	size_t i;

	for (i = 0; i < countof(options); i++)
		if (setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof options[i].value) < 0)
			return -errno;
	return 0;
}
