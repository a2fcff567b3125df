/* TLS for servers: certificates by name, and sessions on a socket. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/buf.h"

/* One certificate chain and its key, PEM; borrowed. */
struct tls_pair {
	struct str cert;
	struct str key;
};

/* What all sessions of a port share; counted, so a reload can replace it. */
struct tls_server;

/*
 * Make the shared part: TLS 1.2 and 1.3, no renegotiation, certificate by SNI
 * (names and wildcards of subjectAltName; the first pair when none fits).
 *
 * pairs     1 to 16
 * tickets   allow resumption; false on port 25, where some senders break
 *
 * Returns:  0; -EBADMSG or -EKEYREJECTED when a pair is no good (logged).
 */
int tls_server_open(struct tls_server **server, const struct tls_pair *pairs,
	size_t count, bool tickets) __attribute__((warn_unused_result));

/* Let go; sessions that use it keep it until they end. NULL is fine. */
void tls_server_drop(struct tls_server *server);

struct tls;

enum tls_result {
	TLS_OK,
	TLS_WANT_READ,
	TLS_WANT_WRITE,
	TLS_CLOSED,	/* the peer said so, or is gone */
	TLS_FAILED
};

/* Begin a session on a non-blocking socket, kept open by the caller. */
struct tls *tls_begin(struct tls_server *server, int fd);

/*
 * Free the session, after a close_notify if it still can be sent. NULL is
 * fine.
 */
void tls_drop(struct tls *tls);

/*
 * Go on with the handshake.
 *
 * Returns:  TLS_OK when it is done and all of ours is sent.
 */
enum tls_result tls_handshake(struct tls *tls);

/* Read at most room bytes to at; *got of them came. */
enum tls_result tls_read(struct tls *tls, char *at, size_t room, size_t *got);

/*
 * Encrypt from s and send; *put bytes are taken and need not be kept.
 *
 * Returns:  TLS_OK when all that was ever taken is sent; TLS_WANT_WRITE when
 *           some waits inside: call again, with what is left of s or more or
 *           nothing, once the socket can be written to.
 */
enum tls_result tls_write(struct tls *tls, struct str s, size_t *put);

/* Say that we send no more (close_notify), as far as the socket takes it. */
void tls_finish(struct tls *tls);

/* Whether decrypted bytes wait that no poll of the socket will announce. */
bool tls_pending(const struct tls *tls);

/* "TLSv1.3", and the cipher's IANA name. Lives: as long as the session. */
struct str tls_version(const struct tls *tls);
struct str tls_cipher(const struct tls *tls);

/* Why the last TLS_FAILED, for the log. Lives: static. */
struct str tls_why(const struct tls *tls);

#endif
