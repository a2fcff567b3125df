/* A TLS client by Mbed TLS that believes every certificate. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "tls_peer.h"

#include "base/crypto.h"

#include <mbedtls/net_sockets.h>

#define NAMES_MAX 16

void
tls_peer_pair_make(struct tls_peer_pair *p, const char *const *names)
{
	struct str all[NAMES_MAX];
	size_t count;

	for (count = 0; names[count] != NULL; count++)
		all[count] = str_of(names[count]);
	buf_init(&p->key, 8192);
	buf_init(&p->cert, 8192);
	assert_int_equal(crypto_self_sign(all, count, TLS_PEER_NOW, &p->key,
	    &p->cert), 0);
}

void
tls_peer_pair_drop(struct tls_peer_pair *p)
{
	buf_drop(&p->key);
	buf_drop(&p->cert);
}

struct tls_pair
tls_peer_pair_view(const struct tls_peer_pair *p)
{
	return (struct tls_pair){ buf_str(&p->cert), buf_str(&p->key) };
}

static int
on_send(void *at, const unsigned char *bytes, size_t len)
{
	struct tls_peer *c = at;
	ssize_t sent;

	sent = send(c->fd, bytes, c->step > 0 && len > c->step ? c->step : len,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE :
		    MBEDTLS_ERR_NET_SEND_FAILED;
	return (int)sent;
}

static int
on_receive(void *at, unsigned char *bytes, size_t room)
{
	struct tls_peer *c = at;
	ssize_t len;

	len = recv(c->fd, bytes, c->step > 0 && room > c->step ? c->step :
	    room, MSG_DONTWAIT);
	c->dry = len < 0 && errno == EAGAIN;
	if (len < 0)
		return c->dry ? MBEDTLS_ERR_SSL_WANT_READ :
		    MBEDTLS_ERR_NET_RECV_FAILED;
	c->received += (size_t)len;
	return (int)len;
}

void
tls_peer_begin(struct tls_peer *c, int fd, const char *name,
	mbedtls_ssl_protocol_version version)
{
	memset(c, 0, sizeof *c);
	c->fd = fd;
	mbedtls_ssl_config_init(&c->config);
	mbedtls_ssl_init(&c->ssl);
	mbedtls_ssl_session_init(&c->session);
	assert_int_equal(mbedtls_ssl_config_defaults(&c->config,
	    MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
	    MBEDTLS_SSL_PRESET_DEFAULT), 0);
	mbedtls_ssl_conf_rng(&c->config, crypto_rng, NULL);
	mbedtls_ssl_conf_authmode(&c->config, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_ssl_conf_min_tls_version(&c->config, version);
	mbedtls_ssl_conf_max_tls_version(&c->config, version);
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&c->config,
	    MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
	assert_int_equal(mbedtls_ssl_setup(&c->ssl, &c->config), 0);
	assert_int_equal(mbedtls_ssl_set_hostname(&c->ssl, name), 0);
	mbedtls_ssl_set_bio(&c->ssl, c, on_send, on_receive, NULL);
}

void
tls_peer_resume(struct tls_peer *c, const struct tls_peer *before)
{
	assert_int_equal(mbedtls_ssl_set_session(&c->ssl, &before->session),
	    0);
}

int
tls_peer_shake(struct tls_peer *c)
{
	int error;

	if (c->shaken)
		return 0;
	error = mbedtls_ssl_handshake(&c->ssl);
	if (error == MBEDTLS_ERR_SSL_WANT_READ ||
	    error == MBEDTLS_ERR_SSL_WANT_WRITE)
		return 0;
	c->shaken = error == 0;
	if (c->shaken && mbedtls_ssl_get_version_number(&c->ssl) ==
	    MBEDTLS_SSL_VERSION_TLS1_2)
		c->ticket = mbedtls_ssl_get_session(&c->ssl, &c->session) == 0;
	return error;
}

size_t
tls_peer_read(struct tls_peer *c, char *at, size_t room)
{
	int len;

	c->dry = false;
	do {
		len = mbedtls_ssl_read(&c->ssl, (unsigned char *)at, room);
		if (len == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
			c->ticket = mbedtls_ssl_get_session(&c->ssl,
			    &c->session) == 0;
	} while (len == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET ||
	    (len == MBEDTLS_ERR_SSL_WANT_READ && !c->dry));
	assert_true(len >= 0 || len == MBEDTLS_ERR_SSL_WANT_READ ||
	    len == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
	return len < 0 ? 0 : (size_t)len;
}

void
tls_peer_end(struct tls_peer *c)
{
	mbedtls_ssl_session_free(&c->session);
	mbedtls_ssl_free(&c->ssl);
	mbedtls_ssl_config_free(&c->config);
}
