/* An HTTPS server of a test, in its loop: one scripted answer per visit. */
#ifndef TEST_UNIT_NET_HTTPS_PEER_H
#define TEST_UNIT_NET_HTTPS_PEER_H

#include "net/dial.h"

#include "tls_host.h"

#define HTTPS_HOST "mta-sts.example.test"

/* Certificates for it: good ones, and such that are not. */
struct https_certs {
	struct cert root, leaf;
	struct cert other;	/* for another name */
	struct cert late;	/* no longer good */
	struct cert stranger;	/* signed by nobody we know */
};

void https_certs_make(struct https_certs *certs);
void https_certs_drop(struct https_certs *certs);

struct https_peer {
	struct loop *loop;
	struct watch door, visitor;	/* fd -1: nobody is here */
	struct dial_address address;
	struct tls_host host;

	/* the script */
	const struct cert *cert;
	mbedtls_ssl_protocol_version version;
	const char *answer;	/* NULL: never answers */
	size_t len;
	bool rude;		/* hangs up without closing TLS */

	size_t visits;
	bool heard_all;		/* of the request */
	char request[2048];
	size_t request_len;
};

/* Serve on 127.0.0.1 at a port of its own. */
void https_peer_open(struct https_peer *peer, struct loop *loop);
void https_peer_drop(struct https_peer *peer);

#endif
