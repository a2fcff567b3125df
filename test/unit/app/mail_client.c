#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/mail_client.h"

#define PATIENCE_MS 20000

static void
wait_for(const struct mail_client *c, enum tls_result want)
{
	struct pollfd p = {
		.fd = c->fd,
		.events = want == TLS_WANT_WRITE ? POLLOUT : POLLIN
	};

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

void
mail_client_open(struct mail_client *c, unsigned port, bool secure)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) }
	};

	*c = (struct mail_client){
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)
	};
	assert_int_equal(tls_client_open(&c->shared, STR("")), 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)(void *)&at,
	    sizeof at), 0);
	assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
	if (secure)
		mail_client_secure(c);
}

void
mail_client_secure(struct mail_client *c)
{
	const struct tls_goal goal = {
		.proof = TLS_ANY, .host = STR("mail.example.test")
	};
	enum tls_result result;

	c->tls = tls_begin_to(c->shared, c->fd, &goal, 1700000000);
	while ((result = tls_handshake(c->tls)) != TLS_OK) {
		assert_in_range(result, TLS_WANT_READ, TLS_WANT_WRITE);
		wait_for(c, result);
	}
}

void
mail_client_say(struct mail_client *c, struct str text)
{
	enum tls_result result = TLS_WANT_WRITE;
	size_t put;
	ssize_t sent;

	while (text.len > 0 || (c->tls != NULL && result != TLS_OK)) {
		if (c->tls != NULL) {
			result = tls_write(c->tls, text, &put);
		} else {
			sent = send(c->fd, text.at, text.len, MSG_NOSIGNAL);
			put = sent > 0 ? (size_t)sent : 0;
			result = put > 0 ? TLS_OK : TLS_WANT_WRITE;
		}
		(void)str_take(&text, put);
		if (result == TLS_OK)
			continue;
		assert_int_equal(result, TLS_WANT_WRITE);
		wait_for(c, result);
	}
}

/* One byte; false at the end. */
static bool
read_byte(struct mail_client *c, char *at)
{
	enum tls_result result;
	size_t got = 0;
	ssize_t len;

	for (;;) {
		if (c->tls != NULL) {
			result = tls_read(c->tls, at, 1, &got);
		} else {
			len = recv(c->fd, at, 1, 0);
			got = len > 0 ? 1 : 0;
			result = len < 0 && errno == EAGAIN ? TLS_WANT_READ :
			    len > 0 ? TLS_OK : TLS_CLOSED;
		}
		if (got > 0)
			return true;
		if (result == TLS_CLOSED || result == TLS_FAILED)
			return false;
		wait_for(c, result);
	}
}

unsigned
mail_client_hear(struct mail_client *c)
{
	size_t len = 0, line = 0;
	uint64_t code;

	for (;;) {
		assert_true(len < sizeof c->said - 1);
		if (!read_byte(c, &c->said[len]))
			return 0;
		if (c->said[len++] != '\n')
			continue;
		assert_true(len - line >= 4);
		if (c->said[line + 3] == ' ')
			break;
		line = len;
	}
	c->said[len] = '\0';
	assert_true(str_number(str_from(c->said + line, 3), 999, &code));
	return (unsigned)code;
}

unsigned
mail_client_ask(struct mail_client *c, const char *command)
{
	mail_client_say(c, str_of(command));
	mail_client_say(c, STR("\r\n"));
	return mail_client_hear(c);
}

void
mail_client_close(struct mail_client *c)
{
	tls_drop(c->tls);
	tls_client_drop(c->shared);
	close(c->fd);
}
