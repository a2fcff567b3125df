/* What a caged role finds, and the attempts it makes (see cage_test.c). */
#ifndef TEST_UNIT_NET_CAGE_WORLD_H
#define TEST_UNIT_NET_CAGE_WORLD_H

#include "dns_peer.h"
#include "tls_peer.h"

#include "net/loop.h"

#include <netinet/in.h>

#define CAGE_PATH_SIZE 256

/* All of it is there before the cage closes. */
struct cage_world {
	char dir[CAGE_PATH_SIZE];	/* the data directory */
	char outside[CAGE_PATH_SIZE];	/* a file beside it */
	char beside[CAGE_PATH_SIZE];	/* a name beside it, not taken */
	char link[CAGE_PATH_SIZE];	/* within it, leads to outside */
	int listening;
	int knocking;			/* a client of that, not accepted */
	struct sockaddr_in address;	/* of listening */
	int tcp;			/* a socket not connected */
	int ends[2];			/* a wire */
	int streams[2];			/* connected */
	int parent;			/* pid */
	struct loop loop;
	struct tls_peer_pair pair;
	unsigned dns_port;		/* of a server in another process */
	int report;			/* gets the names of what went wrong */
};

/* Say that something went wrong, by its name. */
void cage_report(const struct cage_world *w, const char *what);

/* Each reports what the kernel let pass. */
void cage_try_exec(const struct cage_world *w);
void cage_try_files(const struct cage_world *w);	/* nothing at all */
void cage_try_outside(const struct cage_world *w);	/* but in dir */
void cage_try_sockets(const struct cage_world *w);	/* new ones */
void cage_try_accept(const struct cage_world *w);
void cage_try_powers(const struct cage_world *w);
void cage_try_signals(const struct cage_world *w);

/* Each reports what did not work. */
void cage_need_basics(struct cage_world *w);
void cage_need_accept(struct cage_world *w);
void cage_need_tls(struct cage_world *w);
void cage_need_tls_client(struct cage_world *w);
void cage_need_database(struct cage_world *w);
void cage_need_child(struct cage_world *w);
void cage_need_connect(struct cage_world *w);
void cage_need_resolver(struct cage_world *w);

#endif
