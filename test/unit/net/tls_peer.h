/* The other end of a TLS connection: a client, and certificates for it. */
#ifndef TEST_UNIT_NET_TLS_PEER_H
#define TEST_UNIT_NET_TLS_PEER_H

#include "base/buf.h"
#include "net/tls.h"

#include <mbedtls/ssl.h>

#define TLS_PEER_NOW 1700000000	/* when the certificates are made */

struct tls_peer {
	mbedtls_ssl_config config;
	mbedtls_ssl_context ssl;
	int fd;
	size_t received;	/* bytes from the socket, handshake and all */
	size_t step;		/* most bytes read or sent at a time; 0: all */
	bool shaken;
	bool dry;		/* the socket has nothing now */
	bool ticket;		/* one came, and is in session */
	mbedtls_ssl_session session;
};

/* A key and certificate for names, ended by NULL, in bufs to be dropped. */
struct tls_peer_pair {
	struct buf key;
	struct buf cert;
};

void tls_peer_pair_make(struct tls_peer_pair *p, const char *const *names);
void tls_peer_pair_drop(struct tls_peer_pair *p);
struct tls_pair tls_peer_pair_view(const struct tls_peer_pair *p);

/*
 * Begin a client on a non-blocking socket, kept by the caller.
 *
 * name      sent as SNI; NULL for none
 * version   MBEDTLS_SSL_VERSION_TLS1_2 or _3, that one only
 */
void tls_peer_begin(struct tls_peer *c, int fd, const char *name,
	mbedtls_ssl_protocol_version version);

/* Take up what session of before holds; before the first turn. */
void tls_peer_resume(struct tls_peer *c, const struct tls_peer *before);

/* Go on with the handshake; 0 and shaken when done, an error otherwise. */
int tls_peer_shake(struct tls_peer *c);

/* Read, past tickets; 0 when nothing waits or the server closed. */
size_t tls_peer_read(struct tls_peer *c, char *at, size_t room);

void tls_peer_end(struct tls_peer *c);

#endif
