#include "https_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
https_certs_make(struct https_certs *certs)
{
	static const char until[] = "20491231235959";
	struct cert_order order = { .name = HTTPS_HOST, .until = until };

	cert_make(&certs->root, &(struct cert_order){ .name = "Root",
	    .until = until, .authority = true }, NULL);
	order.host = HTTPS_HOST;
	cert_make(&certs->leaf, &order, &certs->root);
	cert_make(&certs->stranger, &order, NULL);
	order.until = "20240101000000";
	cert_make(&certs->late, &order, &certs->root);
	order.until = until;
	order.host = "other.example.test";
	cert_make(&certs->other, &order, &certs->root);
}

void
https_certs_drop(struct https_certs *certs)
{
	cert_drop(&certs->root);
	cert_drop(&certs->leaf);
	cert_drop(&certs->other);
	cert_drop(&certs->late);
	cert_drop(&certs->stranger);
}

static void
visitor_leave(struct https_peer *peer)
{
	if (peer->visitor.fd < 0)
		return;
	loop_unwatch(peer->loop, &peer->visitor);
	tls_host_end(&peer->host);
	close(peer->visitor.fd);
	peer->visitor.fd = -1;
}

static void
answer(struct https_peer *peer)
{
	size_t sent = 0;
	int got;

	while (sent < peer->len) {
		got = mbedtls_ssl_write(&peer->host.ssl,
		    (const unsigned char *)peer->answer + sent,
		    peer->len - sent);
		if (got <= 0)
			break;
		sent += (size_t)got;
	}
	if (!peer->rude)
		mbedtls_ssl_close_notify(&peer->host.ssl);
	visitor_leave(peer);
}

static void
visitor_ready(struct watch *w, unsigned events)
{
	struct https_peer *peer = list_of(w, struct https_peer, visitor);
	int got;

	(void)events;
	tls_host_shake(&peer->host);
	if (peer->host.error != 0) {
		visitor_leave(peer);
		return;
	}
	if (!peer->host.shaken)
		return;
	got = mbedtls_ssl_read(&peer->host.ssl,
	    (unsigned char *)peer->request + peer->request_len,
	    sizeof peer->request - 1 - peer->request_len);
	if (got == MBEDTLS_ERR_SSL_WANT_READ)
		return;
	if (got <= 0) {
		visitor_leave(peer);
		return;
	}
	peer->request_len += (size_t)got;
	peer->request[peer->request_len] = '\0';
	peer->heard_all = strstr(peer->request, "\r\n\r\n") != NULL;
	if (peer->heard_all && peer->answer != NULL)
		answer(peer);
}

static void
door_ready(struct watch *w, unsigned events)
{
	struct https_peer *peer = list_of(w, struct https_peer, door);
	int room = 1 << 20;

	(void)events;
	visitor_leave(peer);
	peer->visits++;
	peer->heard_all = false;
	peer->request_len = 0;
	peer->visitor = (struct watch){
		.fd = accept(w->fd, NULL, NULL),
		.ready = visitor_ready
	};
	must(peer->visitor.fd >= 0);
	must(setsockopt(peer->visitor.fd, SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof room) == 0);
	tls_host_begin(&peer->host, peer->visitor.fd, peer->version,
	    buf_str(&peer->cert->pem), peer->cert);
	must(loop_watch(peer->loop, &peer->visitor, LOOP_READ) == 0);
}

void
https_peer_open(struct https_peer *peer, struct loop *loop)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *any = (struct sockaddr *)(void *)&address;
	socklen_t len = sizeof address;

	memset(peer, 0, sizeof *peer);
	peer->loop = loop;
	peer->version = MBEDTLS_SSL_VERSION_TLS1_3;
	peer->visitor.fd = -1;
	peer->door.ready = door_ready;
	peer->door.fd = socket(AF_INET, SOCK_STREAM, 0);
	must(bind(peer->door.fd, any, len) == 0);
	must(listen(peer->door.fd, 8) == 0);
	must(getsockname(peer->door.fd, any, &len) == 0);
	peer->address.ip_len = 4;
	memcpy(peer->address.ip, &address.sin_addr, 4);
	peer->address.port = ntohs(address.sin_port);
	must(loop_watch(loop, &peer->door, LOOP_READ) == 0);
}

void
https_peer_drop(struct https_peer *peer)
{
	visitor_leave(peer);
	loop_unwatch(peer->loop, &peer->door);
	close(peer->door.fd);
}
