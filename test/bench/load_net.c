/* Lines over a blocking socket, in clear or in TLS. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void
line_open(struct line *l, const struct load *load)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)
	};
	struct timeval patience = { .tv_sec = 60 };
	int one = 1;

	l->tls = NULL;
	l->at = l->len = 0;
	if (inet_pton(AF_INET, load->host, &to.sin_addr) != 1)
		load_fail("host");
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		load_fail("socket");
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(l->fd, (struct sockaddr *)&to, sizeof to) != 0)
		load_fail("connect");
	if (load->security == LOAD_TLS)
		line_secure(l);
}

static SSL_CTX *context;

static void
context_make(void)
{
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

void
line_secure(struct line *l)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, context_make);
	l->tls = SSL_new(context);
	SSL_set_fd(l->tls, l->fd);
	if (SSL_connect(l->tls) != 1)
		load_fail("TLS handshake");
}

void
line_close(struct line *l)
{
	if (l->tls != NULL) {
		SSL_shutdown(l->tls);
		SSL_free(l->tls);
	}
	close(l->fd);
}

bool
line_send(struct line *l, const char *at, size_t len)
{
	while (len > 0) {
		long n = l->tls == NULL ? (long)send(l->fd, at, len,
		    MSG_NOSIGNAL) : SSL_write(l->tls, at, (int)len);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
line_send_text(struct line *l, const char *text)
{
	return line_send(l, text, strlen(text));
}

static bool
line_fill(struct line *l)
{
	long n;

	memmove(l->room, l->room + l->at, l->len - l->at);
	l->len -= l->at;
	l->at = 0;
	n = l->tls == NULL ? (long)recv(l->fd, l->room + l->len,
	    sizeof l->room - l->len, 0) : SSL_read(l->tls, l->room + l->len,
	    (int)(sizeof l->room - l->len));
	if (n <= 0)
		return false;
	l->len += (size_t)n;
	return true;
}

long
line_read(struct line *l, char **text)
{
	for (;;) {
		char *end = memchr(l->room + l->at, '\n', l->len - l->at);

		if (end != NULL) {
			size_t len = (size_t)(end - (l->room + l->at));

			*text = l->room + l->at;
			l->at += len + 1;
			return len > 0 && end[-1] == '\r' ? (long)len - 1 :
			    (long)len;
		}
		if (l->len - l->at == sizeof l->room || !line_fill(l))
			return -1;
	}
}

long
line_read_text(struct line *l)
{
	long total = 0;

	for (;;) {
		char *text;
		long len = line_read(l, &text);

		if (len < 0)
			return -1;
		if (len == 1 && text[0] == '.')
			return total;
		total += len + 2;
	}
}

int
line_reply(struct line *l)
{
	for (;;) {
		char *text;
		long len = line_read(l, &text);

		if (len < 3)
			return -1;
		if (len == 3 || text[3] == ' ')
			return (text[0] - '0') * 100 + (text[1] - '0') * 10 +
			    text[2] - '0';
	}
}
