/*
 * The server side of TLS: which certificate belongs to which name, and what
 * lets clients resume.
 */
#include "net/tls_part.h"

#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>

#define PAIRS_MAX 16
#define RESUME_S 86400		/* how long a session can be resumed, and how
				   long a ticket key lives */
#define CACHED_MAX 100		/* sessions of clients without tickets */

struct pair {
	mbedtls_x509_crt cert;
	mbedtls_pk_context key;
};

struct tls_server {
	size_t users;
	mbedtls_ssl_config config;
	mbedtls_ssl_ticket_context tickets;
	mbedtls_ssl_cache_context cache;
	int suite_ids[TLS_SUITES_SAFE + 1];
	size_t count;
	struct pair pairs[PAIRS_MAX];
};

/* Every pair that fits is offered: an RSA and an ECDSA one may both. */
static int
on_name(void *at, mbedtls_ssl_context *ssl, const unsigned char *name,
	size_t len)
{
	struct tls_server *server = at;
	struct str host = str_from(name, len);
	size_t i;
	int error = 0;

	for (i = 0; i < server->count && error == 0; i++)
		if (tls_cert_fits(&server->pairs[i].cert, host))
			error = mbedtls_ssl_set_hs_own_cert(ssl,
			    &server->pairs[i].cert, &server->pairs[i].key);
	return error;
}

static int
pair_read(struct pair *pair, const struct tls_pair *from)
{
	struct buf text;
	int bad;

	/* the library wants the NUL at the end of PEM, and to count it */
	buf_init(&text, from->cert.len);
	buf_add(&text, from->cert);
	bad = mbedtls_x509_crt_parse(&pair->cert,
	    (const unsigned char *)buf_text(&text), text.len + 1);
	buf_drop(&text);
	if (bad != 0)
		return -EBADMSG;
	/* its one allocation, so that wiping it leaves no copy behind */
	buf_init(&text, from->key.len);
	buf_add(&text, from->key);
	bad = mbedtls_pk_parse_key(&pair->key,
	    (const unsigned char *)buf_text(&text), text.len + 1, NULL, 0,
	    crypto_rng, NULL);
	buf_wipe(&text);
	if (bad != 0)
		return -EBADMSG;
	return mbedtls_pk_check_pair(&pair->cert.pk, &pair->key, crypto_rng,
	    NULL) == 0 ? 0 : -EKEYREJECTED;
}

static void
resume_set(struct tls_server *server)
{
	must(mbedtls_ssl_ticket_setup(&server->tickets, crypto_rng, NULL,
	    MBEDTLS_CIPHER_AES_256_GCM, RESUME_S) == 0);
	mbedtls_ssl_conf_session_tickets_cb(&server->config,
	    mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
	    &server->tickets);
	mbedtls_ssl_cache_set_max_entries(&server->cache, CACHED_MAX);
	mbedtls_ssl_cache_set_timeout(&server->cache, RESUME_S);
	mbedtls_ssl_conf_session_cache(&server->config, &server->cache,
	    mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
}

static void
config_set(struct tls_server *server, bool tickets)
{
	mbedtls_ssl_config *config = &server->config;
	size_t i;

	tls_config_set(config, MBEDTLS_SSL_IS_SERVER, server->suite_ids,
	    TLS_SUITES_SAFE);
	for (i = 0; i < server->count; i++)
		must(mbedtls_ssl_conf_own_cert(config, &server->pairs[i].cert,
		    &server->pairs[i].key) == 0);
	mbedtls_ssl_conf_sni(config, on_name, server);
	if (tickets)
		resume_set(server);
	else
		mbedtls_ssl_conf_new_session_tickets(config, 0);
}

static void
server_free(struct tls_server *server)
{
	size_t i;

	mbedtls_ssl_config_free(&server->config);
	mbedtls_ssl_ticket_free(&server->tickets);
	mbedtls_ssl_cache_free(&server->cache);
	for (i = 0; i < PAIRS_MAX; i++) {
		mbedtls_x509_crt_free(&server->pairs[i].cert);
		mbedtls_pk_free(&server->pairs[i].key);
	}
	free(server);
}

int
tls_server_open(struct tls_server **server, const struct tls_pair *pairs,
	size_t count, bool tickets)
{
	struct tls_server *s;
	size_t i;
	int error;

	must(count >= 1 && count <= PAIRS_MAX);
	s = xalloc(1, sizeof *s);
	s->users = 1;
	mbedtls_ssl_config_init(&s->config);
	mbedtls_ssl_ticket_init(&s->tickets);
	mbedtls_ssl_cache_init(&s->cache);
	for (i = 0; i < PAIRS_MAX; i++) {
		mbedtls_x509_crt_init(&s->pairs[i].cert);
		mbedtls_pk_init(&s->pairs[i].key);
	}
	for (; s->count < count; s->count++) {
		error = pair_read(&s->pairs[s->count], &pairs[s->count]);
		if (error != 0) {
			log_event(LOG_ERROR, "certificate-refused",
			    LOG_N("number", (int64_t)s->count + 1),
			    LOG_C("error", error == -EBADMSG ?
			    "not readable" : "key of another certificate"));
			server_free(s);
			return error;
		}
	}
	config_set(s, tickets);
	*server = s;
	return 0;
}

void
tls_server_drop(struct tls_server *server)
{
	if (server != NULL && --server->users == 0)
		server_free(server);
}

struct tls *
tls_begin(struct tls_server *server, int fd)
{
	struct tls *tls = tls_make(&server->config, fd);

	tls->server = server;
	server->users++;
	return tls;
}
