/* A visit of our client to a server of the test's, as far as the handshake. */
#ifndef TEST_UNIT_NET_TLS_VISIT_H
#define TEST_UNIT_NET_TLS_VISIT_H

#include "net/tls_client.h"

#include "tls_host.h"

struct tls_visit {
	struct tls_client *client;	/* borrowed */
	struct tls_goal goal;		/* borrowed */
	int64_t now;
	mbedtls_ssl_protocol_version version;
	struct str chain;		/* what the server presents, PEM */
	const struct cert *cert;	/* and has the key of */
	int suite;			/* 0: any */

	/* what came of it */
	char why[100];			/* empty: all is well */
	char version_text[20], cipher[60], asked[260];
	bool host_shaken;		/* the server got our last flight */
};

/* Both sides in turns until both are done or one has failed. */
void tls_visit(struct tls_visit *v);

/* Whether a visit goes well, in TLS 1.2 and 1.3 alike. */
bool tls_visit_welcome(struct tls_visit *v);

/* The same for one that fails, and for this reason. */
bool tls_visit_fails(struct tls_visit *v, const char *why);

#endif
