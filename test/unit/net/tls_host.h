/* A TLS server that is not ours, and certificates of every kind for it. */
#ifndef TEST_UNIT_NET_TLS_HOST_H
#define TEST_UNIT_NET_TLS_HOST_H

#include "base/buf.h"

#include <mbedtls/ssl.h>

#define TLS_HOST_NOW 1700000000		/* 2023-11-14: most orders fit it */

/* What a certificate shall be; zeroed members take what is usual. */
struct cert_order {
	const char *name;		/* the subject's CN */
	const char *host;		/* dNSName; NULL: none */
	const unsigned char *ip;	/* iPAddress of 4 bytes; NULL: none */
	const char *from, *until;	/* "20230101000000" */
	bool authority;
	bool client_only;		/* extendedKeyUsage without servers */
	bool short_key;			/* RSA with 1536 bits */
};

struct cert {
	mbedtls_pk_context key;
	char subject[80];
	struct buf key_pem;
	struct buf pem;
	struct buf der;
	struct buf spki;
};

/* Make one, signed by issuer; NULL: by itself. */
void cert_make(struct cert *cert, const struct cert_order *order,
	const struct cert *issuer);
void cert_drop(struct cert *cert);

/* One server session on a non-blocking socket, kept by the caller. */
struct tls_host {
	mbedtls_ssl_config config;
	mbedtls_ssl_context ssl;
	mbedtls_x509_crt chain;
	mbedtls_pk_context key;
	int suites[2];		/* before it begins to shake: this one alone */
	int fd;
	int error;		/* that ended it */
	bool shaken;
	char asked[260];	/* the name in SNI; empty: none came */
	struct buf *heard;	/* gets a copy of all that is sent; may be
				   NULL */
};

/*
 * version   MBEDTLS_SSL_VERSION_TLS1_2 or _3, that one only
 * chain     one or more certificates, PEM
 */
void tls_host_begin(struct tls_host *h, int fd,
	mbedtls_ssl_protocol_version version, struct str chain,
	const struct cert *cert);

/* Go on with the handshake. */
void tls_host_shake(struct tls_host *h);

void tls_host_end(struct tls_host *h);

#endif
