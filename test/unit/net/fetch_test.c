/* Fetching from an HTTPS server on loopback that follows a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "net/fetch.h"

#include "https_peer.h"

int fetch_test(void);

#define SOON_MS 10000
#define MAX 100
#define HOST HTTPS_HOST
#define PATH "/.well-known/mta-sts.txt"
#define PLAIN "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define ONE PLAIN "Content-Length: 1\r\n\r\nx"

struct world {
	struct loop loop;
	struct https_peer peer;
	struct fetcher *fetcher;
	struct fetch fetch;
	struct fetch_goal goal;
	enum fetch_result result;
	struct buf text;
	char why[100];
	int calls;
	int again;		/* so often it begins anew from within done() */
	bool drop;		/* the fetcher, from within done() */
	struct timer bell;
};

static void
on_done(struct fetch *f, enum fetch_result result, struct str text,
	const char *why)
{
	struct world *w = list_of(f, struct world, fetch);

	w->calls++;
	w->result = result;
	buf_clear(&w->text);
	buf_add(&w->text, text);
	(void)snprintf(w->why, sizeof w->why, "%s", why);
	if (w->again > 0) {
		w->again--;
		fetch_begin(w->fetcher, f, &w->goal);
		return;
	}
	w->loop.stop = true;
	if (w->drop) {
		fetcher_drop(w->fetcher);
		w->fetcher = NULL;
	}
}

static void
on_bell(struct timer *t)
{
	list_of(t, struct world, bell)->loop.stop = true;
}

static void
begin(struct world *w, struct https_certs *c)
{
	memset(w, 0, sizeof *w);
	w->bell.fire = on_bell;
	w->fetch.done = on_done;
	buf_init(&w->text, 1000000);
	assert_int_equal(loop_init(&w->loop), 0);
	https_peer_open(&w->peer, &w->loop);
	w->peer.cert = &c->leaf;
	assert_int_equal(fetcher_open(&w->fetcher, &w->loop,
	    buf_str(&c->root.pem)), 0);
	w->goal = (struct fetch_goal){
		.host = STR(HOST),
		.addresses = &w->peer.address,
		.count = 1,
		.path = STR(PATH),
		.max = MAX,
		.type = "text/plain"
	};
}

static void
finish(struct world *w)
{
	fetcher_drop(w->fetcher);
	assert_int_equal(w->loop.timers, 0);
	https_peer_drop(&w->peer);
	loop_drop(&w->loop);
	buf_drop(&w->text);
}

static void
run(struct world *w, int64_t most_ms)
{
	w->loop.stop = false;
	timer_set(&w->loop, &w->bell, most_ms);
	assert_int_equal(loop_run(&w->loop), 0);
	timer_cancel(&w->loop, &w->bell);
}

static enum fetch_result
fetch(struct world *w, const char *answer)
{
	w->peer.answer = answer;
	w->peer.len = strlen(answer);
	w->calls = 0;
	fetch_begin(w->fetcher, &w->fetch, &w->goal);
	assert_int_equal(w->calls, 0);
	run(w, SOON_MS);
	assert_int_equal(w->calls, 1);
	assert_null(w->fetch.fetching);
	return w->result;
}

#define assert_why(w, part) assert_non_null(strstr((w)->why, part))

static void
test_text(void **state)
{
	static const mbedtls_ssl_protocol_version versions[] = {
		MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3
	};
	struct world w;
	size_t i;

	for (i = 0; i < countof(versions); i++) {
		begin(&w, *state);
		w.peer.version = versions[i];
		assert_int_equal(fetch(&w, "HTTP/1.1 200 OK\r\n"
		    "Content-Type: Text/Plain ; charset=utf-8\r\n"
		    "Content-Length: 18\r\n\r\nversion: STSv1\r\nx\n"),
		    FETCH_DONE);
		assert_true(str_equal(buf_str(&w.text),
		    STR("version: STSv1\r\nx\n")));
		assert_string_equal(w.why, "");
		assert_string_equal(w.peer.host.asked, HOST);
		assert_int_equal(strncmp(w.peer.request,
		    "GET " PATH " HTTP/1.1\r\nHost: " HOST "\r\n", 61), 0);
		assert_null(strstr(w.peer.request, "Cookie"));
		finish(&w);
	}
}

static void
test_forms(void **state)
{
	struct world w;

	begin(&w, *state);
	assert_int_equal(fetch(&w, PLAIN "Transfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"), FETCH_DONE);
	assert_true(str_equal(buf_str(&w.text), STR("abcdefg")));
	assert_int_equal(fetch(&w, "HTTP/1.1 100 Continue\r\n\r\n"
	    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall"),
	    FETCH_DONE);
	assert_true(str_equal(buf_str(&w.text), STR("all")));
	assert_int_equal(fetch(&w, PLAIN "Content-Length: 0\r\n\r\n"),
	    FETCH_DONE);
	assert_int_equal(w.text.len, 0);
	assert_int_equal(w.peer.visits, 3);
	finish(&w);
}

static void
test_absent(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 301 Moved\r\nLocation: https://" HOST "/x\r\n"
		    "Content-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n"
		    "\r\n",
		"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
		    "Content-Length: 1\r\n\r\nx",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\n"
		    "Content-Length: 0\r\n\r\n",
		"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
	};
	struct world w;
	size_t i;

	begin(&w, *state);
	for (i = 0; i < countof(answers); i++) {
		assert_int_equal(fetch(&w, answers[i]), FETCH_ABSENT);
		assert_int_equal(w.text.len, 0);
		assert_int_equal(w.peer.visits, i + 1);
	}
	finish(&w);
}

static void
test_type(void **state)
{
	struct world w;

	begin(&w, *state);
	assert_int_equal(fetch(&w, "HTTP/1.1 200 OK\r\n"
	    "Content-Type: text/html\r\nContent-Length: 1\r\n\r\nx"),
	    FETCH_FAILED);
	assert_why(&w, "type");
	assert_int_equal(fetch(&w, "HTTP/1.1 200 OK\r\n"
	    "Content-Length: 1\r\n\r\nx"), FETCH_FAILED);
	w.goal.type = NULL;
	assert_int_equal(fetch(&w, "HTTP/1.1 200 OK\r\n"
	    "Content-Length: 1\r\n\r\nx"), FETCH_DONE);
	finish(&w);
}

static void
test_length(void **state)
{
	struct world w;
	char answer[400];
	struct {
		const char *head;
		size_t body;
		enum fetch_result result;
	} cases[] = {
		{ "Content-Length: 100\r\n\r\n", MAX, FETCH_DONE },
		{ "Content-Length: 101\r\n\r\n", MAX + 1, FETCH_FAILED },
		{ "Content-Length: 99999999999\r\n\r\n", 1, FETCH_FAILED },
		{ "Connection: close\r\n\r\n", MAX, FETCH_DONE },
		{ "Connection: close\r\n\r\n", MAX + 1, FETCH_FAILED }
	};
	size_t i, len;

	begin(&w, *state);
	for (i = 0; i < countof(cases); i++) {
		(void)snprintf(answer, sizeof answer, PLAIN "%s",
		    cases[i].head);
		len = strlen(answer);
		memset(answer + len, 'x', cases[i].body);
		answer[len + cases[i].body] = '\0';
		assert_int_equal(fetch(&w, answer), cases[i].result);
		if (cases[i].result == FETCH_FAILED)
			assert_why(&w, "more than we take");
		else
			assert_int_equal(w.text.len, MAX);
	}
	finish(&w);
}

static void
test_large(void **state)
{
	enum { SIZE = 200000 };
	static char answer[SIZE + 200];
	struct world w;
	size_t len;

	begin(&w, *state);
	(void)snprintf(answer, sizeof answer, PLAIN
	    "Content-Length: %d\r\n\r\n", SIZE);
	len = strlen(answer);
	memset(answer + len, 'y', SIZE);
	w.goal.max = SIZE;
	assert_int_equal(fetch(&w, answer), FETCH_DONE);
	assert_int_equal(w.text.len, SIZE);
	finish(&w);
}

static void
test_broken(void **state)
{
	static const char *const answers[] = {
		PLAIN "Content-Length: 10\r\n\r\nabc",
		PLAIN "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
		PLAIN "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-Type: te",
		PLAIN "Content-Length: -1\r\n\r\nabc",
		"220 mail.example.test ESMTP\r\n",
		"plain text\n",
		""
	};
	struct world w;
	size_t i;

	begin(&w, *state);
	for (i = 0; i < countof(answers); i++) {
		assert_int_equal(fetch(&w, answers[i]), FETCH_FAILED);
		assert_int_equal(w.text.len, 0);
		assert_true(strlen(w.why) > 0);
	}
	/* without a length only TLS tells where the end is */
	w.peer.rude = true;
	assert_int_equal(fetch(&w, PLAIN "\r\nabc"), FETCH_FAILED);
	assert_why(&w, "too early");
	finish(&w);
}

static void
test_certificates(void **state)
{
	struct https_certs *c = *state;
	const struct cert *bad[] = { &c->other, &c->late, &c->stranger };
	struct world w;
	size_t i;

	begin(&w, c);
	for (i = 0; i < countof(bad); i++) {
		w.peer.cert = bad[i];
		assert_int_equal(fetch(&w, "HTTP/1.1 200 OK\r\n"
		    "Content-Length: 1\r\n\r\nx"), FETCH_FAILED);
		assert_why(&w, "proves nothing");
		assert_int_equal(w.peer.request_len, 0);
	}
	fetcher_drop(w.fetcher);
	assert_int_equal(fetcher_open(&w.fetcher, &w.loop, STR("")), 0);
	w.peer.cert = &c->leaf;
	assert_int_equal(fetch(&w, ""), FETCH_FAILED);
	assert_why(&w, "roots");
	finish(&w);
}

static void
test_addresses(void **state)
{
	struct dial_address some[2] = { { .ip = { 127, 0, 0, 1 },
	    .ip_len = 4, .port = 1 } };
	struct world w;

	begin(&w, *state);
	some[1] = w.peer.address;
	w.goal.addresses = some;
	w.goal.count = 2;
	assert_int_equal(fetch(&w, ONE), FETCH_DONE);
	w.goal.count = 1;
	assert_int_equal(fetch(&w, ""), FETCH_FAILED);
	assert_why(&w, "address");
	w.goal.count = 0;
	assert_int_equal(fetch(&w, ""), FETCH_FAILED);
	assert_int_equal(w.peer.visits, 1);
	finish(&w);
}

/* What would make another URL of it is asked of nobody. */
static void
test_names(void **state)
{
	static const char *const hosts[] = {
		"", "a/b", "user@" HOST, HOST ":80", "a?b", "a#b", "a b",
		"a\r\nb", "\xc3\xbc.example.test", "[::1]"
	};
	static const char *const paths[] = { "", "x", "/a b", "/a\r\nb" };
	struct world w;
	size_t i;

	begin(&w, *state);
	for (i = 0; i < countof(hosts); i++) {
		w.goal.host = str_of(hosts[i]);
		assert_int_equal(fetch(&w, ""), FETCH_FAILED);
		assert_why(&w, "name");
	}
	w.goal.host = STR(HOST);
	for (i = 0; i < countof(paths); i++) {
		w.goal.path = str_of(paths[i]);
		assert_int_equal(fetch(&w, ""), FETCH_FAILED);
	}
	assert_int_equal(w.peer.visits, 0);
	finish(&w);
}

static void
test_silence(void **state)
{
	struct world w;
	int64_t left;
	size_t i;

	begin(&w, *state);
	fetch_begin(w.fetcher, &w.fetch, &w.goal);
	run(&w, 200);
	assert_int_equal(w.calls, 0);
	assert_true(w.peer.heard_all);
	/* the deadline is drawn near */
	for (i = 0; i < w.loop.timers; i++) {
		left = w.loop.heap[i]->at_ms - w.loop.clock.mono_ms;
		if (left > FETCH_DEADLINE_MS / 2 && left <= FETCH_DEADLINE_MS) {
			timer_set(&w.loop, w.loop.heap[i], 0);
			break;
		}
	}
	run(&w, SOON_MS);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.result, FETCH_FAILED);
	assert_why(&w, "too long");
	finish(&w);
}

static void
test_cancel(void **state)
{
	struct fetch zeroed = { .fetching = NULL };
	struct world w;
	int ms;

	begin(&w, *state);
	fetch_cancel(&zeroed);
	/* while it connects, shakes hands, and waits */
	for (ms = 0; ms <= 64; ms = ms * 2 + 1) {
		fetch_begin(w.fetcher, &w.fetch, &w.goal);
		run(&w, ms);
		fetch_cancel(&w.fetch);
		fetch_cancel(&w.fetch);
		assert_null(w.fetch.fetching);
	}
	run(&w, 50);
	assert_int_equal(w.calls, 0);
	/* the fetcher goes while one is under way */
	fetch_begin(w.fetcher, &w.fetch, &w.goal);
	run(&w, 50);
	fetcher_drop(w.fetcher);
	w.fetcher = NULL;
	assert_null(w.fetch.fetching);
	run(&w, 20);
	assert_int_equal(w.calls, 0);
	finish(&w);
}

static void
test_within(void **state)
{
	struct world w;

	begin(&w, *state);
	w.peer.answer = ONE;
	w.peer.len = sizeof ONE - 1;
	w.again = 3;
	w.drop = true;
	fetch_begin(w.fetcher, &w.fetch, &w.goal);
	run(&w, SOON_MS);
	assert_int_equal(w.calls, 4);
	assert_int_equal(w.result, FETCH_DONE);
	assert_int_equal(w.peer.visits, 4);
	assert_null(w.fetcher);
	finish(&w);
}

static int
certs_make(void **state)
{
	static struct https_certs certs;

	/* nobody's proxy is used */
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	crypto_start();
	https_certs_make(&certs);
	*state = &certs;
	return 0;
}

static int
certs_drop(void **state)
{
	https_certs_drop(*state);
	return 0;
}

int
fetch_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_within)
	};

	return cmocka_run_group_tests_name("net/fetch", tests, certs_make,
	    certs_drop);
}
