/*
 * The client side of TLS: whom to believe, and sessions that we begin. The
 * library is told to believe everything; what has to be proven is judged by
 * tls_proof.c at the end of the handshake, before anything is sent.
 */
#include "net/tls_client.h"

#include "base/log.h"
#include "net/tls_part.h"

#include <errno.h>
#include <stdlib.h>

#include <mbedtls/ssl.h>

#define NAME_LEN_MAX 253	/* bytes of SNI, RFC 1035 section 2.3.4 */

#define PEM_BEGIN STR("-----BEGIN CERTIFICATE-----")
#define PEM_END STR("-----END CERTIFICATE-----")

struct tls_client {
	size_t users;
	struct str pem;			/* the roots, not read yet */
	bool has_roots;			/* roots holds some */
	mbedtls_x509_crt roots;
	mbedtls_ssl_config any;		/* for TLS_ANY */
	mbedtls_ssl_config strict;	/* for what has to be proven */
	int any_ids[TLS_SUITES + 1];
	int strict_ids[TLS_SUITES_SAFE + 1];
};

/* Any that a server may have, for TLS_ANY. */
static const uint16_t groups[] = {
	MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_NONE
};

static void
config_set(mbedtls_ssl_config *config, int *ids, size_t suites)
{
	mbedtls_ssl_config_init(config);
	tls_config_set(config, MBEDTLS_SSL_IS_CLIENT, ids, suites);
	mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_session_tickets(config,
	    MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
}

int
tls_client_open(struct tls_client **client, struct str roots)
{
	struct tls_client *c;

	if (roots.len > 0 && str_find_str(roots, PEM_BEGIN) == STR_NONE) {
		log_event(LOG_ERROR, "roots-refused",
		    LOG_C("error", "no certificate in it"));
		return -EBADMSG;
	}
	c = xalloc(1, sizeof *c);
	c->users = 1;
	c->pem = roots;
	mbedtls_x509_crt_init(&c->roots);
	config_set(&c->any, c->any_ids, TLS_SUITES);
	mbedtls_ssl_conf_groups(&c->any, groups);
	config_set(&c->strict, c->strict_ids, TLS_SUITES_SAFE);
	*client = c;
	return 0;
}

void
tls_client_drop(struct tls_client *client)
{
	if (client == NULL || --client->users > 0)
		return;
	mbedtls_ssl_config_free(&client->any);
	mbedtls_ssl_config_free(&client->strict);
	mbedtls_x509_crt_free(&client->roots);
	free(client);
}

/* Read one certificate; the library wants the NUL, and to count it. */
static bool
root_read(struct tls_client *client, struct str pem)
{
	struct buf text;
	int bad;

	buf_init(&text, pem.len);
	buf_add(&text, pem);
	bad = mbedtls_x509_crt_parse(&client->roots,
	    (const unsigned char *)buf_text(&text), text.len + 1);
	buf_drop(&text);
	return bad == 0;
}

/* What cannot be read is passed over, its first line at least. */
static void
roots_read(struct tls_client *client)
{
	struct str rest = client->pem, begin = PEM_BEGIN, end = PEM_END;
	size_t at, len, count = 0, bad = 0;

	if (rest.len == 0)
		return;
	client->pem = STR("");
	while ((at = str_find_str(rest, begin)) != STR_NONE) {
		(void)str_take(&rest, at);
		len = str_find_str(rest, end);
		if (len == STR_NONE)
			break;
		len += end.len;
		if (root_read(client, str_part(rest, 0, len))) {
			(void)str_take(&rest, len);
			count++;
		} else {
			(void)str_take(&rest, begin.len);
			bad++;
		}
	}
	client->has_roots = count > 0;
	log_event(LOG_INFO, "roots-read", LOG_N("count", (int64_t)count),
	    LOG_N("passed-over", (int64_t)bad));
}

/* RFC 6066 section 3: a name of the DNS, never an address. */
static void
name_set(struct tls *tls, struct str host)
{
	unsigned char ip[16];
	struct buf name;

	if (host.len == 0 || host.len > NAME_LEN_MAX ||
	    tls_ip_read(host, ip) > 0)
		return;
	buf_init(&name, NAME_LEN_MAX);
	buf_add(&name, host);
	must(mbedtls_ssl_set_hostname(&tls->ssl, buf_text(&name)) == 0);
	buf_drop(&name);
}

struct tls *
tls_begin_to(struct tls_client *client, int fd, const struct tls_goal *goal,
	int64_t now)
{
	struct tls *tls;

	if (goal->proof == TLS_NAME)
		roots_read(client);
	tls = tls_make(goal->proof == TLS_ANY ? &client->any :
	    &client->strict, fd);
	tls->client = client;
	client->users++;
	if (goal->proof != TLS_ANY)
		tls->demand = tls_demand_make(goal,
		    client->has_roots ? &client->roots : NULL, now);
	name_set(tls, goal->host);
	return tls;
}
