/*
 * TLS by Mbed TLS. Knows which certificate belongs to which name and how
 * records reach a socket; knows no protocol above.
 *
 * What the library wants to send is gathered in sealed, and what it wants to
 * read is read ahead into raw, so that a flight or a run of records costs one
 * system call. The library thus never sees a short write, and the rule that
 * one must be repeated with the same bytes never applies. Both are freed as
 * soon as they are empty.
 */
#include "net/tls.h"

#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>

#define PAIRS_MAX 16
#define SUITES 9
#define AHEAD_MAX 16640		/* bytes: a full record, RFC 8446 section 5.2 */
#define SEALED_WATER 16384	/* bytes: send when there are as many */
#define SEALED_MAX 131072	/* bytes: a flight with long chains fits */
#define RESUME_S 86400		/* how long a session can be resumed, and how
				   long a ticket key lives */
#define CACHED_MAX 100		/* sessions of clients without tickets */

#define SAN_DNS (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_DNS_NAME)

struct pair {
	mbedtls_x509_crt cert;
	mbedtls_pk_context key;
};

struct tls_server {
	size_t users;
	mbedtls_ssl_config config;
	mbedtls_ssl_ticket_context tickets;
	mbedtls_ssl_cache_context cache;
	int suite_ids[SUITES + 1];	/* ended by 0 */
	size_t count;
	struct pair pairs[PAIRS_MAX];
};

struct tls {
	mbedtls_ssl_context ssl;
	struct tls_server *server;
	int fd;
	bool dry;		/* the socket gave less than was asked for */
	bool finished;
	struct buf sealed;	/* records to be sent */
	struct buf raw;		/* records read ahead */
	const char *why;	/* set: no good any more */
};

/* X25519 is by far the fastest of ours, so it is asked for first. */
static const uint16_t groups[] = {
	MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_NONE
};

/*
 * ChaCha20 first: without help from the processor, which a Pi Zero to 4 does
 * not give, AES is slower and its time depends on the key. In TLS 1.3 the
 * library heeds the client's order alone. Numbers and names are IANA's.
 */
static const struct {
	int id;
	const char *name;
} suites[SUITES] = {
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0x1301, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, "TLS_AES_256_GCM_SHA384" },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" }
};

static const struct {
	int error;
	const char *why;
} reasons[] = {
	{ MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, "peer sent an alert" },
	{ MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "nothing in common" },
	{ MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "no common version" },
	{ MBEDTLS_ERR_SSL_INVALID_RECORD, "not a TLS record" },
	{ MBEDTLS_ERR_SSL_INVALID_MAC, "record damaged" },
	{ MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "unexpected message" },
	{ MBEDTLS_ERR_SSL_DECODE_ERROR, "malformed message" },
	{ MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, "illegal parameter" },
	{ MBEDTLS_ERR_SSL_CONN_EOF, "closed early" },
	{ MBEDTLS_ERR_NET_SEND_FAILED, "connection lost" },
	{ MBEDTLS_ERR_NET_RECV_FAILED, "connection lost" }
};

/* Whether a name of a certificate stands for host (RFC 6125 section 6.4.3). */
static bool
name_fits(struct str name, struct str host)
{
	struct str label;

	if (str_starts(name, STR("*."))) {
		name = str_part(name, 2, STR_NONE);
		if (!str_split(&host, '.', &label) || label.len == 0)
			return false;
	}
	return name.len > 0 && str_same(name, host);
}

static bool
cert_fits(const mbedtls_x509_crt *cert, struct str host)
{
	const mbedtls_x509_sequence *at;

	for (at = &cert->subject_alt_names; at != NULL; at = at->next)
		if (at->buf.tag == SAN_DNS &&
		    name_fits(str_from(at->buf.p, at->buf.len), host))
			return true;
	return false;
}

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
		if (cert_fits(&server->pairs[i].cert, host))
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

	must(mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER,
	    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) == 0);
	mbedtls_ssl_conf_rng(config, crypto_rng, NULL);
	mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_groups(config, groups);
	for (i = 0; i < SUITES; i++)
		server->suite_ids[i] = suites[i].id;
	mbedtls_ssl_conf_ciphersuites(config, server->suite_ids);
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

/* The library wants to send. */
static int
on_send(void *at, const unsigned char *bytes, size_t len)
{
	struct tls *tls = at;

	buf_add(&tls->sealed, str_from(bytes, len));
	return tls->sealed.full ? MBEDTLS_ERR_NET_SEND_FAILED : (int)len;
}

static int
receive(struct tls *tls, void *at, size_t room)
{
	ssize_t len;

	if (tls->dry)
		return MBEDTLS_ERR_SSL_WANT_READ;
	len = recv(tls->fd, at, room, MSG_DONTWAIT);
	if (len < 0)
		return errno == EAGAIN || errno == EINTR ?
		    MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_RECV_FAILED;
	tls->dry = (size_t)len < room;
	return (int)len;
}

/* The library wants to read: a head of 5 bytes, then what it announces. */
static int
on_receive(void *at, unsigned char *bytes, size_t room)
{
	struct tls *tls = at;
	char ahead[AHEAD_MAX];
	struct str got;
	int len;

	if (tls->raw.len > 0) {
		got = str_part(buf_str(&tls->raw), 0, room);
		memcpy(bytes, got.at, got.len);
		buf_eat(&tls->raw, got.len);
		return (int)got.len;
	}
	len = receive(tls, ahead, sizeof ahead);
	if (len <= 0)
		return len;
	got = str_from(ahead, (size_t)len);
	buf_add(&tls->raw, str_part(got, room, STR_NONE));
	got = str_part(got, 0, room);
	memcpy(bytes, got.at, got.len);
	return (int)got.len;
}

struct tls *
tls_begin(struct tls_server *server, int fd)
{
	struct tls *tls = xalloc(1, sizeof *tls);

	tls->server = server;
	server->users++;
	tls->fd = fd;
	buf_init(&tls->sealed, SEALED_MAX);
	buf_init(&tls->raw, AHEAD_MAX);
	mbedtls_ssl_init(&tls->ssl);
	must(mbedtls_ssl_setup(&tls->ssl, &server->config) == 0);
	mbedtls_ssl_set_bio(&tls->ssl, tls, on_send, on_receive, NULL);
	return tls;
}

/* Send what is sealed as far as the socket takes it. */
static enum tls_result
push(struct tls *tls)
{
	ssize_t len;

	if (tls->sealed.len == 0)
		return TLS_OK;
	len = send(tls->fd, tls->sealed.at, tls->sealed.len,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		tls->why = "connection lost";
		return TLS_FAILED;
	}
	if (len > 0)
		buf_eat(&tls->sealed, (size_t)len);
	if (tls->sealed.len > 0)
		return TLS_WANT_WRITE;
	buf_drop(&tls->sealed);
	return TLS_OK;
}

/* What an error of the library means; the peer is told by an alert. */
static enum tls_result
result_of(struct tls *tls, int error)
{
	size_t i;

	if (error == MBEDTLS_ERR_SSL_WANT_READ ||
	    error == MBEDTLS_ERR_SSL_WANT_WRITE)
		return TLS_WANT_READ;
	if (error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || error == 0)
		return TLS_CLOSED;
	(void)push(tls);
	tls->why = "failed";
	for (i = 0; i < countof(reasons); i++)
		if (reasons[i].error == error)
			tls->why = reasons[i].why;
	return TLS_FAILED;
}

enum tls_result
tls_handshake(struct tls *tls)
{
	enum tls_result sent, result = TLS_OK;
	int error;

	if (tls->why != NULL)
		return TLS_FAILED;
	tls->dry = false;
	if (!mbedtls_ssl_is_handshake_over(&tls->ssl)) {
		error = mbedtls_ssl_handshake(&tls->ssl);
		if (error != 0)
			result = result_of(tls, error);
	}
	sent = push(tls);
	if (tls->raw.len == 0)
		buf_drop(&tls->raw);
	return sent == TLS_OK || result == TLS_FAILED ? result : sent;
}

enum tls_result
tls_read(struct tls *tls, char *at, size_t room, size_t *got)
{
	enum tls_result result = TLS_OK;
	int len;

	*got = 0;
	if (tls->why != NULL)
		return TLS_FAILED;
	tls->dry = false;
	len = mbedtls_ssl_read(&tls->ssl, (unsigned char *)at, room);
	if (len > 0)
		*got = (size_t)len;
	else if (len == MBEDTLS_ERR_SSL_CONN_EOF)
		result = TLS_CLOSED;
	else
		result = result_of(tls, len);
	if (tls->raw.len == 0)
		buf_drop(&tls->raw);
	return result;
}

enum tls_result
tls_write(struct tls *tls, struct str s, size_t *put)
{
	enum tls_result result;
	struct str rest;
	int len;

	*put = 0;
	if (tls->why != NULL)
		return TLS_FAILED;
	do {
		while (*put < s.len && tls->sealed.len < SEALED_WATER) {
			rest = str_part(s, *put, STR_NONE);
			len = mbedtls_ssl_write(&tls->ssl,
			    (const unsigned char *)rest.at, rest.len);
			if (len <= 0)
				return result_of(tls, len);
			*put += (size_t)len;
		}
		result = push(tls);
	} while (result == TLS_OK && *put < s.len);
	return result;
}

void
tls_finish(struct tls *tls)
{
	if (tls->why != NULL || tls->finished)
		return;
	tls->finished = true;
	(void)mbedtls_ssl_close_notify(&tls->ssl);
	(void)push(tls);
}

void
tls_drop(struct tls *tls)
{
	if (tls == NULL)
		return;
	tls_finish(tls);
	mbedtls_ssl_free(&tls->ssl);
	buf_drop(&tls->sealed);
	buf_drop(&tls->raw);
	tls_server_drop(tls->server);
	free(tls);
}

bool
tls_pending(const struct tls *tls)
{
	return tls->why == NULL && (tls->raw.len > 0 ||
	    mbedtls_ssl_check_pending(&tls->ssl) != 0);
}

struct str
tls_version(const struct tls *tls)
{
	return str_of(mbedtls_ssl_get_version(&tls->ssl));
}

struct str
tls_cipher(const struct tls *tls)
{
	int id = mbedtls_ssl_get_ciphersuite_id_from_ssl(&tls->ssl);
	size_t i;

	for (i = 0; i < SUITES; i++)
		if (suites[i].id == id)
			return str_of(suites[i].name);
	return STR("");
}

struct str
tls_why(const struct tls *tls)
{
	return str_of(tls->why);
}
