/* The resolver against a DNS server on loopback that follows a script. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/dns_world.h"

int resolve_test(void);

#define SOON_MS 10000

static void
test_question(void **state)
{
	struct dns_world w;
	struct dns_script script = SCRIPT({ .type = DNS_A, DATA("\1\2\3\4") });
	char before[256];
	size_t i, same = 0;

	(void)state;
	dns_begin(&w, false);
	dns_ask(&w, RESOLVE_A, "a.long.name.of.a.host.example.test", &script);
	/* recursion is wanted, and so is the AD bit; one OPT record */
	assert_int_equal(w.peer.question[2], 0x01);
	assert_int_equal(w.peer.question[3], 0x20);
	assert_int_equal(w.peer.question[11], 1);
	/* letter case is thrown anew each time */
	for (i = 0; i < 4; i++) {
		memcpy(before, w.peer.name, sizeof before);
		dns_ask(&w, RESOLVE_A, "a.long.name.of.a.host.example.test",
		    &script);
		same += strcmp(before, w.peer.name) == 0;
	}
	assert_true(same < 4);
	assert_int_equal(w.peer.heard_udp, 5);
	dns_end(&w);
}

static void
test_none(void **state)
{
	struct dns_world w;
	char large[300];
	struct dns_script none = { .rcode = 3 }, empty = { .rcode = 0 };
	static const char *const impossible[] = {
		"", "a..test", "a b.test", "a\\.b.test", "\xc3\xbc.test"
	};
	size_t i;

	(void)state;
	dns_begin(&w, false);
	assert_int_equal(dns_ask(&w, RESOLVE_MX, "no.test", &none)->result,
	    RESOLVE_NONE);
	assert_int_equal(dns_ask(&w, RESOLVE_MX, "yes.test", &empty)->result,
	    RESOLVE_EMPTY);
	for (i = 0; i < countof(impossible); i++)
		assert_int_equal(dns_ask(&w, RESOLVE_A, impossible[i],
		    &empty)->result, RESOLVE_NONE);
	memset(large, 'a', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	assert_int_equal(dns_ask(&w, RESOLVE_A, large, &empty)->result,
	    RESOLVE_NONE);
	assert_int_equal(w.peer.heard_udp, 2);
	dns_end(&w);
}

static void
test_failures(void **state)
{
	static const struct {
		unsigned rcode;
		const char *why;
	} failures[] = {
		{ 2, "SERVFAIL" }, { 5, "refuses" }, { 4, "no sense" },
		{ 1, "did not take" }, { 9, "did not take" }
	};
	struct dns_script script = { .rcode = 0 };
	const struct resolve_answer *answer;
	struct dns_world w;
	size_t i;

	(void)state;
	for (i = 0; i < countof(failures); i++) {
		dns_begin(&w, true);
		script.rcode = failures[i].rcode;
		answer = dns_ask(&w, RESOLVE_MX, "example.test", &script);
		assert_int_equal(answer->result, RESOLVE_FAILED);
		assert_non_null(strstr(answer->why, failures[i].why));
		dns_end(&w);
	}
}

/* Whom nobody answers is answered by the kernel. */
static void
test_refused(void **state)
{
	struct dns_script script = { .rcode = 0 };
	const struct resolve_answer *answer;
	struct str server = STR("127.0.0.1:1");
	struct dns_world w;

	(void)state;
	dns_begin(&w, false);
	resolver_drop(w.resolver);
	assert_int_equal(resolver_open(&w.resolver, &w.loop, &server, 1,
	    false), 0);
	answer = dns_ask(&w, RESOLVE_A, "example.test", &script);
	assert_int_equal(answer->result, RESOLVE_FAILED);
	assert_non_null(strstr(answer->why, "reached"));
	resolver_drop(w.resolver);
	assert_int_equal(resolver_open(&w.resolver, &w.loop, NULL, 0, false),
	    0);
	answer = dns_ask(&w, RESOLVE_A, "example.test", &script);
	assert_int_equal(answer->result, RESOLVE_FAILED);
	assert_non_null(strstr(answer->why, "no DNS server is known"));
	dns_end(&w);
}

static void
test_silence(void **state)
{
	struct dns_script script = SCRIPT({ .type = DNS_A, DATA("\1\2\3\4") });
	struct dns_world w;
	size_t i;

	(void)state;
	dns_begin(&w, false);
	/* one lost: asked again */
	script.silent = 1;
	assert_int_equal(dns_ask(&w, RESOLVE_A, "example.test",
	    &script)->result, RESOLVE_FOUND);
	assert_int_equal(w.peer.heard_udp, 2);
	/* all lost: the deadline, which is drawn near here */
	script.silent = 100;
	w.calls = 0;
	lookup_begin(w.resolver, &w.lookup, RESOLVE_A, STR("example.test"));
	dns_run(&w, 50);
	assert_int_equal(w.calls, 0);
	for (i = 0; i < w.loop.timers; i++)
		if (w.loop.heap[i]->at_ms > w.loop.clock.mono_ms +
		    RESOLVE_DEADLINE_MS / 2) {
			timer_set(&w.loop, w.loop.heap[i], 0);
			break;
		}
	dns_run(&w, SOON_MS);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.answer.result, RESOLVE_FAILED);
	assert_non_null(strstr(w.answer.why, "in time"));
	/* and the next is asked as if nothing had been */
	script.silent = 0;
	assert_int_equal(dns_ask(&w, RESOLVE_A, "example.test",
	    &script)->result, RESOLVE_FOUND);
	dns_end(&w);
}

/* What is no answer to the question is passed over, and the answer read. */
static void
test_forged(void **state)
{
	struct dns_script script = SCRIPT({ .type = DNS_A, DATA("\1\2\3\4") });
	struct dns_world w;

	(void)state;
	dns_begin(&w, false);
	script.wrong_id = script.wrong_name = true;
	assert_int_equal(dns_ask(&w, RESOLVE_A, "example.test",
	    &script)->result, RESOLVE_FOUND);
	assert_int_equal(w.peer.heard_udp, 1);
	script.wrong_id = script.wrong_name = false;
	/* in other letter case it is not heard; then nothing is */
	script.small_letters = true;
	w.calls = 0;
	w.peer.script = &script;
	lookup_begin(w.resolver, &w.lookup, RESOLVE_A,
	    STR("some.rather.long.name.example.test"));
	dns_run(&w, 200);
	assert_int_equal(w.calls, 0);
	lookup_cancel(&w.lookup);
	dns_end(&w);
}

static void
test_garbage(void **state)
{
	struct dns_script script = { .garbage = true };
	struct dns_world w;

	(void)state;
	dns_begin(&w, false);
	assert_int_equal(dns_ask(&w, RESOLVE_A, "example.test",
	    &script)->result, RESOLVE_FAILED);
	dns_end(&w);
}

static void
test_cancel(void **state)
{
	struct dns_script script = SCRIPT({ .type = DNS_A, DATA("\1\2\3\4") });
	struct lookup zeroed = { .asked = NULL };
	struct dns_world w;

	(void)state;
	dns_begin(&w, false);
	lookup_cancel(&zeroed);
	w.peer.script = &script;
	/* before it is sent, when it is answered, and when nothing is asked */
	lookup_begin(w.resolver, &w.lookup, RESOLVE_A, STR("example.test"));
	lookup_cancel(&w.lookup);
	lookup_cancel(&w.lookup);
	lookup_begin(w.resolver, &w.lookup, RESOLVE_A, STR(""));
	lookup_cancel(&w.lookup);
	dns_run(&w, 100);
	assert_int_equal(w.calls, 0);
	assert_int_equal(w.peer.heard_udp, 1);
	/* the resolver goes while one is under way, and while one is told */
	w.keep_on = true;
	lookup_begin(w.resolver, &w.lookup, RESOLVE_A, STR("example.test"));
	resolver_drop(w.resolver);
	assert_null(w.lookup.asked);
	w.resolver = NULL;
	dns_run(&w, 50);
	assert_int_equal(w.calls, 0);
	dns_end(&w);
	dns_begin(&w, false);
	w.drop = true;
	assert_int_equal(dns_ask(&w, RESOLVE_A, "example.test",
	    &script)->result, RESOLVE_FOUND);
	assert_null(w.resolver);
	dns_end(&w);
}

static void
test_servers(void **state)
{
	static const struct {
		const char *server;
		int result;
	} servers[] = {
		{ "192.0.2.1", 0 },
		{ "192.0.2.1:5353", 0 },
		{ "2001:db8::1", 0 },
		{ "[2001:db8::1]", 0 },
		{ "[2001:db8::1]:5353", 0 },
		{ "", -EINVAL },
		{ "localhost", -EINVAL },
		{ "192.0.2.1:65536", -EINVAL },
		{ "192.0.2.1,192.0.2.2", -EINVAL },
		{ "192.0.2.1 192.0.2.2", -EINVAL },
		{ "192.0.2.1:5353x", -EINVAL },
		{ "fe80::1%eth0", -EINVAL }
	};
	struct str many[RESOLVE_SERVERS_MAX + 1];
	struct resolver *r;
	struct loop loop;
	struct str server;
	size_t i;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	for (i = 0; i < countof(servers); i++) {
		server = str_of(servers[i].server);
		if (resolver_open(&r, &loop, &server, 1, false) !=
		    servers[i].result)
			fail_msg("server \"%s\"", servers[i].server);
		resolver_drop(r);
	}
	for (i = 0; i < countof(many); i++)
		many[i] = STR("192.0.2.1");
	assert_int_equal(resolver_open(&r, &loop, many, RESOLVE_SERVERS_MAX,
	    false), 0);
	resolver_drop(r);
	assert_int_equal(resolver_open(&r, &loop, many, countof(many), false),
	    -EINVAL);
	assert_null(r);
	loop_drop(&loop);
}

int
resolve_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_servers)
	};

	return cmocka_run_group_tests_name("net/resolve", tests, NULL,
	    NULL);
}
