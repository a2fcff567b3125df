/* TLS towards servers: whom to believe, and sessions that we begin. */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "net/tls.h"

#define TLS_PINS_MAX 32		/* TLSA records that are looked at */

/* What all our sessions share; counted, as struct tls_server. */
struct tls_client;

/*
 * Make the shared part: TLS 1.2 and 1.3.
 *
 * roots     PEM certificates that sign for others (a bundle), kept; may be
 *           empty: then nothing but DANE can be verified. Read when first
 *           needed, since it is large; those that cannot be read are passed
 *           over.
 *
 * Returns:  0 with *client owned; -EBADMSG when there is no certificate in
 *           roots (logged).
 */
int tls_client_open(struct tls_client **client, struct str roots)
	__attribute__((warn_unused_result));

/* Let go; sessions that use it keep it until they end. NULL is fine. */
void tls_client_drop(struct tls_client *client);

/* What a server has to prove. */
enum tls_proof {
	TLS_ANY,	/* nothing: any certificate, to keep out listeners */
	TLS_NAME,	/* a chain to a root, the name, and the time (PKIX) */
	TLS_PINNED	/* what TLSA records say (RFC 7672) */
};

/* A TLSA record (RFC 6698 section 2.1). */
struct tls_pin {
	unsigned usage;		/* 2: DANE-TA, 3: DANE-EE; others are not used
				   for SMTP (RFC 7672 section 3.1.3) */
	unsigned selector;	/* 0: certificate, 1: public key */
	unsigned matching;	/* 0: as it is, 1: SHA-256, 2: SHA-512 */
	struct str data;
};

/* Whether a pin is one that can be used. */
bool tls_pin_usable(const struct tls_pin *pin);

/* Whom a session is with; borrowed by tls_begin_to() alone. */
struct tls_goal {
	enum tls_proof proof;
	struct str host;	/* for SNI, and the name to be proven; may be
				   an IP address: then no SNI, and an iPAddress
				   of the certificate must be it */
	struct str other_host;	/* TLS_PINNED with DANE-TA: the domain itself
				   will do as well (RFC 7672 section 3.2.2);
				   may be empty */
	const struct tls_pin *pins;	/* TLS_PINNED */
	size_t pin_count;
};

/*
 * Begin a session as the client on a connected non-blocking socket, kept open
 * by the caller; it is then used as any other (net/tls.h). A proof that fails
 * fails the handshake, tls_why() telling.
 *
 * now       unix s: certificates are judged by it
 */
struct tls *tls_begin_to(struct tls_client *client, int fd,
	const struct tls_goal *goal, int64_t now);

#endif
