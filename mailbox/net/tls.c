/*
 * TLS by Mbed TLS: what sessions of either side share. Knows how records
 * reach a socket; knows no protocol above.
 *
 * What the library wants to send is gathered in sealed, and what it wants to
 * read is read ahead into raw, so that a flight or a run of records costs one
 * system call. The library thus never sees a short write, and the rule that
 * one must be repeated with the same bytes never applies. Both are freed when
 * they are empty and the call that used them ends.
 */
#include "net/tls_part.h"

#include "base/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/net_sockets.h>

#define AHEAD_MAX 16640		/* bytes: a full record, RFC 8446 section 5.2 */
#define SEALED_WATER 32768	/* bytes: send when there are as many */
#define SEALED_MAX 131072	/* bytes: a flight with long chains fits */

#define ERROR_X509 2		/* errors -0x2000 to -0x2fff */
#define ERROR_PK 3

#define SAN_DNS (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_DNS_NAME)

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
 * library heeds the client's order alone. Those behind TLS_SUITES_SAFE are for
 * old servers, where the choice is between them and clear text. Numbers and
 * names are IANA's; what the library was built without it passes over.
 */
static const struct {
	int id;
	const char *name;
} suites[TLS_SUITES] = {
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0x1301, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, "TLS_AES_256_GCM_SHA384" },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
	{ 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" },
	{ 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384" },
	{ 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384" },
	{ 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
	{ 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
	{ 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
	{ 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA" },
	{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256" },
	{ 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256" },
	{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA" },
	{ 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA" }
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

/* RFC 6125 section 6.4.3, RFC 7672 section 3.2.3 */
bool
tls_name_fits(struct str name, struct str host)
{
	struct str label;

	if (str_starts(name, STR("*."))) {
		name = str_part(name, 2, STR_NONE);
		if (!str_split(&host, '.', &label) || label.len == 0)
			return false;
	}
	return name.len > 0 && str_same(name, host);
}

bool
tls_cert_fits(const mbedtls_x509_crt *cert, struct str host)
{
	const mbedtls_x509_sequence *at;

	for (at = &cert->subject_alt_names; at != NULL; at = at->next)
		if (at->buf.tag == SAN_DNS &&
		    tls_name_fits(str_from(at->buf.p, at->buf.len), host))
			return true;
	return false;
}

void
tls_config_set(mbedtls_ssl_config *config, int endpoint, int *ids,
	size_t count)
{
	size_t i;

	must(mbedtls_ssl_config_defaults(config, endpoint,
	    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) == 0);
	mbedtls_ssl_conf_rng(config, crypto_rng, NULL);
	mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_groups(config, groups);
	for (i = 0; i < count; i++)
		ids[i] = suites[i].id;
	ids[count] = 0;
	mbedtls_ssl_conf_ciphersuites(config, ids);
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
tls_make(const mbedtls_ssl_config *config, int fd)
{
	struct tls *tls = xalloc(1, sizeof *tls);

	tls->fd = fd;
	buf_init(&tls->sealed, SEALED_MAX);
	buf_init(&tls->raw, AHEAD_MAX);
	mbedtls_ssl_init(&tls->ssl);
	must(mbedtls_ssl_setup(&tls->ssl, config) == 0);
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
	return tls->sealed.len > 0 ? TLS_WANT_WRITE : TLS_OK;
}

/* Free what is empty, unless the socket has more to fill it. */
static void
shed(struct tls *tls)
{
	if (tls->sealed.len == 0)
		buf_drop(&tls->sealed);
	if (tls->raw.len == 0 && tls->dry)
		buf_drop(&tls->raw);
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
	/* the modules of the library that read certificates and keys */
	tls->why = -error >> 12 == ERROR_X509 || -error >> 12 == ERROR_PK ?
	    "certificate cannot be read" : "failed";
	for (i = 0; i < countof(reasons); i++)
		if (reasons[i].error == error)
			tls->why = reasons[i].why;
	return TLS_FAILED;
}

/*
 * Go on with the library's handshake, and have proven what must be. Until then
 * our last flight waits in sealed: who cannot prove it never gets it.
 */
static enum tls_result
shake(struct tls *tls)
{
	int error = mbedtls_ssl_handshake(&tls->ssl);

	/* a farewell is no better than a connection that breaks */
	if (error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		error = MBEDTLS_ERR_SSL_CONN_EOF;
	if (error != 0)
		return result_of(tls, error);
	if (tls->demand != NULL)
		tls->why = tls_demand_judge(tls->demand,
		    mbedtls_ssl_get_peer_cert(&tls->ssl));
	if (tls->why != NULL) {
		buf_drop(&tls->sealed);
		return TLS_FAILED;
	}
	tls_demand_drop(tls->demand);
	tls->demand = NULL;
	tls->shaken = true;
	return TLS_OK;
}

enum tls_result
tls_handshake(struct tls *tls)
{
	enum tls_result sent, result = TLS_OK;

	if (tls->why != NULL)
		return TLS_FAILED;
	tls->dry = false;
	if (!tls->shaken)
		result = shake(tls);
	sent = push(tls);
	shed(tls);
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
	must(tls->shaken);
	tls->dry = false;
	len = mbedtls_ssl_read(&tls->ssl, (unsigned char *)at, room);
	if (len > 0)
		*got = (size_t)len;
	else if (len == MBEDTLS_ERR_SSL_CONN_EOF)
		result = TLS_CLOSED;
	else
		result = result_of(tls, len);
	shed(tls);
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
	must(tls->shaken);
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
	shed(tls);
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
	tls_demand_drop(tls->demand);
	tls_server_drop(tls->server);
	tls_client_drop(tls->client);
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

	for (i = 0; i < TLS_SUITES; i++)
		if (suites[i].id == id)
			return str_of(suites[i].name);
	return STR("");
}

struct str
tls_why(const struct tls *tls)
{
	return str_of(tls->why);
}
