/* A TLS server by Mbed TLS, and certificates made to order. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "tls_host.h"

#include "base/crypto.h"

#include <mbedtls/net_sockets.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

#define PEM_SIZE 4096

static void
key_make(struct cert *cert, bool short_key)
{
	mbedtls_pk_init(&cert->key);
	assert_int_equal(mbedtls_pk_setup(&cert->key,
	    mbedtls_pk_info_from_type(short_key ? MBEDTLS_PK_RSA :
	    MBEDTLS_PK_ECKEY)), 0);
	if (short_key)
		assert_int_equal(mbedtls_rsa_gen_key(mbedtls_pk_rsa(cert->key),
		    crypto_rng, NULL, 1536, 65537), 0);
	else
		assert_int_equal(mbedtls_ecp_gen_key(
		    MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(cert->key),
		    crypto_rng, NULL), 0);
}

static void
names_set(mbedtls_x509write_cert *w, const struct cert_order *order)
{
	mbedtls_x509_san_list list[2];
	size_t count = 0;

	memset(list, 0, sizeof list);
	if (order->host != NULL) {
		list[count].node.type = MBEDTLS_X509_SAN_DNS_NAME;
		list[count].node.san.unstructured_name.p =
		    (unsigned char *)(uintptr_t)order->host;
		list[count++].node.san.unstructured_name.len =
		    strlen(order->host);
	}
	if (order->ip != NULL) {
		list[count].node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
		list[count].node.san.unstructured_name.p =
		    (unsigned char *)(uintptr_t)order->ip;
		list[count++].node.san.unstructured_name.len = 4;
	}
	if (count == 2)
		list[0].next = &list[1];
	if (count > 0)
		assert_int_equal(
		    mbedtls_x509write_crt_set_subject_alternative_name(w,
		    list), 0);
}

static void
uses_set(mbedtls_x509write_cert *w, const struct cert_order *order)
{
	static char client_auth[] = MBEDTLS_OID_CLIENT_AUTH;
	mbedtls_asn1_sequence use = { .buf = { .tag = MBEDTLS_ASN1_OID,
	    .len = sizeof client_auth - 1,
	    .p = (unsigned char *)client_auth } };

	assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(w,
	    order->authority, -1), 0);
	assert_int_equal(mbedtls_x509write_crt_set_key_usage(w,
	    MBEDTLS_X509_KU_DIGITAL_SIGNATURE |
	    MBEDTLS_X509_KU_KEY_ENCIPHERMENT |
	    (order->authority ? MBEDTLS_X509_KU_KEY_CERT_SIGN : 0)), 0);
	if (order->client_only)
		assert_int_equal(mbedtls_x509write_crt_set_ext_key_usage(w,
		    &use), 0);
}

static void
cert_write(struct cert *cert, mbedtls_x509write_cert *w)
{
	unsigned char room[PEM_SIZE];
	unsigned char *end = room + sizeof room;
	int len;

	assert_int_equal(mbedtls_x509write_crt_pem(w, room, sizeof room,
	    crypto_rng, NULL), 0);
	buf_add_text(&cert->pem, (const char *)room);
	assert_int_equal(mbedtls_pk_write_key_pem(&cert->key, room,
	    sizeof room), 0);
	buf_add_text(&cert->key_pem, (const char *)room);
	len = mbedtls_pk_write_pubkey_der(&cert->key, room, sizeof room);
	assert_true(len > 0);
	buf_add(&cert->spki, str_from(end - len, (size_t)len));
}

/* The DER is taken from the PEM: signing again might give other bytes. */
static void
der_read(struct cert *cert)
{
	mbedtls_x509_crt read;

	mbedtls_x509_crt_init(&read);
	if (mbedtls_x509_crt_parse(&read,
	    (const unsigned char *)buf_text(&cert->pem),
	    cert->pem.len + 1) == 0)
		buf_add(&cert->der, str_from(read.raw.p, read.raw.len));
	mbedtls_x509_crt_free(&read);
}

void
cert_make(struct cert *cert, const struct cert_order *order,
	const struct cert *issuer)
{
	mbedtls_x509write_cert w;

	memset(cert, 0, sizeof *cert);
	buf_init(&cert->key_pem, PEM_SIZE);
	buf_init(&cert->pem, PEM_SIZE);
	buf_init(&cert->der, PEM_SIZE);
	buf_init(&cert->spki, PEM_SIZE);
	(void)snprintf(cert->subject, sizeof cert->subject, "CN=%s",
	    order->name);
	key_make(cert, order->short_key);
	if (issuer == NULL)
		issuer = cert;
	mbedtls_x509write_crt_init(&w);
	mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&w, &cert->key);
	mbedtls_x509write_crt_set_issuer_key(&w,
	    (mbedtls_pk_context *)(uintptr_t)&issuer->key);
	assert_int_equal(mbedtls_x509write_crt_set_subject_name(&w,
	    cert->subject), 0);
	assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&w,
	    issuer->subject), 0);
	assert_int_equal(mbedtls_x509write_crt_set_serial_raw(&w,
	    (unsigned char[]){ 7 }, 1), 0);
	assert_int_equal(mbedtls_x509write_crt_set_validity(&w,
	    order->from != NULL ? order->from : "20230101000000",
	    order->until != NULL ? order->until : "20241231235959"), 0);
	names_set(&w, order);
	uses_set(&w, order);
	cert_write(cert, &w);
	mbedtls_x509write_crt_free(&w);
	der_read(cert);
}

void
cert_drop(struct cert *cert)
{
	mbedtls_pk_free(&cert->key);
	buf_drop(&cert->key_pem);
	buf_drop(&cert->pem);
	buf_drop(&cert->der);
	buf_drop(&cert->spki);
}

static int
on_send(void *at, const unsigned char *bytes, size_t len)
{
	struct tls_host *h = at;
	ssize_t sent;

	sent = send(h->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE :
		    MBEDTLS_ERR_NET_SEND_FAILED;
	if (h->heard != NULL)
		buf_add(h->heard, str_from(bytes, (size_t)sent));
	return (int)sent;
}

static int
on_receive(void *at, unsigned char *bytes, size_t room)
{
	struct tls_host *h = at;
	ssize_t len;

	len = recv(h->fd, bytes, room, MSG_DONTWAIT);
	if (len < 0)
		return errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ :
		    MBEDTLS_ERR_NET_RECV_FAILED;
	return (int)len;
}

static int
on_name(void *at, mbedtls_ssl_context *ssl, const unsigned char *name,
	size_t len)
{
	struct tls_host *h = at;

	(void)ssl;
	assert_true(len < sizeof h->asked);
	memcpy(h->asked, name, len);
	h->asked[len] = '\0';
	return 0;
}

void
tls_host_begin(struct tls_host *h, int fd,
	mbedtls_ssl_protocol_version version, struct str chain,
	const struct cert *cert)
{
	struct buf text;

	memset(h, 0, sizeof *h);
	h->fd = fd;
	mbedtls_ssl_config_init(&h->config);
	mbedtls_ssl_init(&h->ssl);
	mbedtls_x509_crt_init(&h->chain);
	mbedtls_pk_init(&h->key);
	assert_int_equal(mbedtls_ssl_config_defaults(&h->config,
	    MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
	    MBEDTLS_SSL_PRESET_DEFAULT), 0);
	mbedtls_ssl_conf_rng(&h->config, crypto_rng, NULL);
	mbedtls_ssl_conf_min_tls_version(&h->config, version);
	mbedtls_ssl_conf_max_tls_version(&h->config, version);
	mbedtls_ssl_conf_sni(&h->config, on_name, h);
	buf_init(&text, chain.len);
	buf_add(&text, chain);
	assert_int_equal(mbedtls_x509_crt_parse(&h->chain,
	    (const unsigned char *)buf_text(&text), text.len + 1), 0);
	buf_drop(&text);
	assert_int_equal(mbedtls_pk_parse_key(&h->key,
	    (const unsigned char *)buf_text(&cert->key_pem),
	    cert->key_pem.len + 1, NULL, 0, crypto_rng, NULL), 0);
	assert_int_equal(mbedtls_ssl_conf_own_cert(&h->config, &h->chain,
	    &h->key), 0);
	assert_int_equal(mbedtls_ssl_setup(&h->ssl, &h->config), 0);
	mbedtls_ssl_set_bio(&h->ssl, h, on_send, on_receive, NULL);
}

void
tls_host_shake(struct tls_host *h)
{
	int error;

	if (h->shaken || h->error != 0)
		return;
	if (h->suites[0] != 0)
		mbedtls_ssl_conf_ciphersuites(&h->config, h->suites);
	error = mbedtls_ssl_handshake(&h->ssl);
	h->shaken = error == 0;
	if (error != MBEDTLS_ERR_SSL_WANT_READ &&
	    error != MBEDTLS_ERR_SSL_WANT_WRITE)
		h->error = error;
}

void
tls_host_end(struct tls_host *h)
{
	mbedtls_ssl_free(&h->ssl);
	mbedtls_ssl_config_free(&h->config);
	mbedtls_x509_crt_free(&h->chain);
	mbedtls_pk_free(&h->key);
}
