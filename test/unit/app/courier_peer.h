/* What the processes around a courier do; see courier_world.h. */
#ifndef TEST_COURIER_PEER_H
#define TEST_COURIER_PEER_H

#include "net/tls.h"

struct courier_names {
	int fd;
	const char *zone;
	bool ad;
	bool later;		/* a TXT record was asked for */
	unsigned port;		/* put in for 25 in _25._tcp */
	struct str cert;
};

_Noreturn void courier_peer_names(const struct courier_names *names);

_Noreturn void courier_peer_serve(int listening, const char *script,
	const struct tls_pair *pair);

#endif
