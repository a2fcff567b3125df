/* What sessions of either side share; of net/tls*.c alone. */
#ifndef NET_TLS_PART_H
#define NET_TLS_PART_H

#include "net/tls_client.h"

#include <mbedtls/ssl.h>

#define TLS_SUITES_SAFE 9	/* the first of all: AEAD, forward secrecy */
#define TLS_SUITES 23

/* What a server has yet to prove; net/tls_proof.c. */
struct tls_demand;

struct tls {
	mbedtls_ssl_context ssl;
	struct tls_server *server;	/* one of these two is held */
	struct tls_client *client;
	struct tls_demand *demand;	/* NULL: nothing, or it is proven */
	int fd;
	bool shaken;		/* the handshake is done, and all proven */
	bool dry;		/* the socket gave less than was asked for */
	bool finished;
	struct buf sealed;	/* records to be sent */
	struct buf raw;		/* records read ahead */
	const char *why;	/* set: no good any more */
};

/*
 * Set what both sides want alike: versions, groups, chance, and the first
 * suites ciphers of ours.
 *
 * ids       room for suites + 1; kept
 */
void tls_config_set(mbedtls_ssl_config *config, int endpoint, int *ids,
	size_t suites);

/* Begin a session by a config, kept. */
struct tls *tls_make(const mbedtls_ssl_config *config, int fd);

/* Whether a dNSName of a certificate stands for host (RFC 6125). */
bool tls_cert_fits(const mbedtls_x509_crt *cert, struct str host);

/* Whether a name, maybe with a wildcard for its first label, is host's. */
bool tls_name_fits(struct str name, struct str host);

/*
 * Read text as an IP address.
 *
 * Returns:  4 or 16, the bytes of ip that are set; 0 when it is none.
 */
size_t tls_ip_read(struct str text, unsigned char ip[16]);

/*
 * Note what goal wants proven.
 *
 * goal      its views are copied
 * roots     kept; NULL when there are none
 * now       unix s
 *
 * Returns owned.
 */
struct tls_demand *tls_demand_make(const struct tls_goal *goal,
	mbedtls_x509_crt *roots, int64_t now);

/* NULL is fine. */
void tls_demand_drop(struct tls_demand *demand);

/*
 * Judge the certificates that a server presented and holds the key of.
 *
 * chain     NULL: none came
 *
 * Returns:  NULL when all is proven, or why not. Lives: static.
 */
const char *tls_demand_judge(const struct tls_demand *demand,
	const mbedtls_x509_crt *chain);

#endif
