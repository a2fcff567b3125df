/* A visit of our client to a server of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls_visit.h"

#define ROUNDS_MAX 100

static void
text_keep(char *room, size_t size, struct str s)
{
	(void)snprintf(room, size, "%.*s", (int)s.len, s.at);
}

void
tls_visit(struct tls_visit *v)
{
	enum tls_result result = TLS_WANT_READ;
	struct tls_host host;
	struct tls *tls;
	int ends[2], i;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	tls_host_begin(&host, ends[1], v->version, v->chain, v->cert);
	host.suites[0] = v->suite;
	tls = tls_begin_to(v->client, ends[0], &v->goal, v->now);
	for (i = 0; i < ROUNDS_MAX && (result == TLS_WANT_READ ||
	    result == TLS_WANT_WRITE); i++) {
		result = tls_handshake(tls);
		tls_host_shake(&host);
		if (host.error != 0)
			assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	}
	tls_host_shake(&host);
	assert_true(result == TLS_OK || result == TLS_FAILED);
	assert_int_equal(result == TLS_OK, tls_why(tls).len == 0);
	text_keep(v->why, sizeof v->why, tls_why(tls));
	text_keep(v->version_text, sizeof v->version_text, tls_version(tls));
	text_keep(v->cipher, sizeof v->cipher, tls_cipher(tls));
	memcpy(v->asked, host.asked, sizeof v->asked);
	v->host_shaken = host.shaken;
	tls_drop(tls);
	tls_host_end(&host);
	close(ends[0]);
	close(ends[1]);
}

bool
tls_visit_welcome(struct tls_visit *v)
{
	return tls_visit_fails(v, "");
}

bool
tls_visit_fails(struct tls_visit *v, const char *why)
{
	static const mbedtls_ssl_protocol_version versions[] = {
		MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		v->version = versions[i];
		tls_visit(v);
		if (strcmp(v->why, why) != 0) {
			print_message("'%s', not '%s'\n", v->why, why);
			return false;
		}
		/* in TLS 1.3 ours is the last flight, and it is kept back */
		if (i == 1 && v->host_shaken != (why[0] == '\0'))
			return false;
	}
	return true;
}
