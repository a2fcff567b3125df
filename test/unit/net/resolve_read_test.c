/* What the resolver reads out of answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/dns_world.h"

int resolve_read_test(void);

static void
test_addresses(void **state)
{
	struct dns_world w;
	struct dns_script v4 = SCRIPT(
	    { .type = DNS_A, DATA("\300\0\2\1") },
	    { .type = DNS_A, DATA("\300\0\2\2") });
	struct dns_script v6 = SCRIPT({ .type = DNS_AAAA,
	    DATA("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1") });
	const struct resolve_answer *answer;

	(void)state;
	dns_begin(&w, false);
	answer = dns_ask(&w, RESOLVE_A, "mail.example.test", &v4);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, 2);
	assert_memory_equal(answer->records[1].ip, "\300\0\2\2", 4);
	assert_int_equal(w.peer.type, DNS_A);
	assert_int_equal(strcasecmp(w.peer.name, "mail.example.test"), 0);
	answer = dns_ask(&w, RESOLVE_AAAA, "mail.example.test.", &v6);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, 1);
	assert_memory_equal(answer->records[0].ip, v6.records[0].data, 16);
	dns_end(&w);
}

static void
test_mx(void **state)
{
	struct dns_world w;
	struct dns_script script = SCRIPT(
	    { .type = DNS_MX, .preference = 20, .host = "MX2.Example.Test" },
	    { .type = DNS_A, DATA("\1\2\3\4") },
	    { .owner = "other.test", .type = DNS_MX, .host = "no.test" },
	    { .type = DNS_MX, .preference = 10, .host = "mx1.example.test" },
	    { .type = DNS_MX, .preference = 5, .host = "mx\\.example.test" },
	    { .type = DNS_MX, .preference = 5, .host = "mx test" });
	struct dns_script none = SCRIPT(
	    { .type = DNS_MX, .preference = 0, .host = "." });
	const struct resolve_answer *answer;

	(void)state;
	dns_begin(&w, false);
	answer = dns_ask(&w, RESOLVE_MX, "example.test", &script);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, 2);
	assert_int_equal(answer->records[0].preference, 20);
	assert_text(answer->records[0], "mx2.example.test");
	assert_int_equal(answer->records[1].preference, 10);
	assert_text(answer->records[1], "mx1.example.test");
	/* there are records, and none is of use */
	script.records = &script.records[4];
	script.count = 2;
	answer = dns_ask(&w, RESOLVE_MX, "example.test", &script);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, 0);
	/* null MX, RFC 7505 */
	answer = dns_ask(&w, RESOLVE_MX, "example.test", &none);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, 1);
	assert_int_equal(answer->records[0].text.len, 0);
	dns_end(&w);
}

static void
test_txt(void **state)
{
	struct dns_world w;
	char large[RESOLVE_TEXT_MAX + 300];
	struct dns_script script = SCRIPT(
	    { .type = DNS_TXT, DATA("\7v=STSv1\6; id=1\0\1;") },
	    { .type = DNS_TXT, .data = large },
	    { .type = DNS_TXT, DATA("\3a\0b") });
	const struct resolve_answer *answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof large; i++)
		large[i] = i % 256 == 0 ? (char)255 : 'x';
	dns_begin(&w, false);
	((struct dns_record *)(uintptr_t)&script.records[1])->len = 17 * 256;
	answer = dns_ask(&w, RESOLVE_TXT, "_mta-sts.example.test", &script);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, 2);
	assert_text(answer->records[0], "v=STSv1; id=1;");
	assert_text(answer->records[1], "a\0b");
	dns_end(&w);
}

static void
test_tlsa(void **state)
{
	struct dns_world w;
	struct dns_script script = SCRIPT({ .type = DNS_TLSA,
	    DATA("\3\1\2\0\xff\x5c") });
	const struct resolve_answer *answer;

	(void)state;
	dns_begin(&w, false);
	answer = dns_ask(&w, RESOLVE_TLSA, "_25._tcp.mx.example.test", &script);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->records[0].usage, 3);
	assert_int_equal(answer->records[0].selector, 1);
	assert_int_equal(answer->records[0].matching, 2);
	assert_text(answer->records[0], "\0\xff\x5c");
	dns_end(&w);
}

static void
test_ptr(void **state)
{
	struct dns_world w;
	struct dns_script script = SCRIPT({ .type = DNS_PTR,
	    .host = "Host.Example.Test" });
	const struct resolve_answer *answer;

	(void)state;
	dns_begin(&w, false);
	answer = dns_ask(&w, RESOLVE_PTR, "192.0.2.1", &script);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_text(answer->records[0], "host.example.test");
	assert_int_equal(strcasecmp(w.peer.name, "1.2.0.192.in-addr.arpa"),
	    0);
	answer = dns_ask(&w, RESOLVE_PTR, "2001:db8::1", &script);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(strcasecmp(w.peer.name, "1.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"), 0);
	answer = dns_ask(&w, RESOLVE_PTR, "no.address", &script);
	assert_int_equal(answer->result, RESOLVE_NONE);
	assert_int_equal(w.peer.heard_udp, 2);
	dns_end(&w);
}

static void
test_cname(void **state)
{
	struct dns_world w;
	struct dns_script chain = SCRIPT(
	    { .owner = "B.test", .type = DNS_A, DATA("\1\2\3\4") },
	    { .owner = "a.test", .type = DNS_CNAME, .host = "b.TEST" },
	    { .type = DNS_CNAME, .host = "a.test" },
	    { .type = DNS_A, DATA("\5\5\5\5") });
	struct dns_script circle = SCRIPT(
	    { .type = DNS_CNAME, .host = "a.test" },
	    { .owner = "a.test", .type = DNS_CNAME, .host = "www.test" });
	struct dns_script end = SCRIPT(
	    { .type = DNS_CNAME, .host = "a.test" });
	const struct resolve_answer *answer;

	(void)state;
	dns_begin(&w, false);
	answer = dns_ask(&w, RESOLVE_A, "www.test", &chain);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, 1);
	assert_memory_equal(answer->records[0].ip, "\1\2\3\4", 4);
	answer = dns_ask(&w, RESOLVE_A, "www.test", &circle);
	assert_int_equal(answer->result, RESOLVE_FAILED);
	assert_non_null(strstr(answer->why, "CNAME"));
	answer = dns_ask(&w, RESOLVE_A, "www.test", &end);
	assert_int_equal(answer->result, RESOLVE_EMPTY);
	dns_end(&w);
}

static void
test_stream(void **state)
{
	struct dns_script script = SCRIPT({ .type = DNS_MX, .preference = 1,
	    .host = "mx.example.test" });
	const struct resolve_answer *answer;
	struct dns_world w;

	(void)state;
	dns_begin(&w, true);
	script.tc = script.ad = true;
	script.times = 199;
	answer = dns_ask(&w, RESOLVE_MX, "example.test", &script);
	assert_int_equal(answer->result, RESOLVE_FOUND);
	assert_int_equal(answer->count, RESOLVE_RECORDS_MAX);
	assert_text(answer->records[RESOLVE_RECORDS_MAX - 1],
	    "mx.example.test");
	assert_true(answer->secure);
	assert_int_equal(w.peer.heard_udp, 1);
	assert_int_equal(w.peer.heard_tcp, 1);
	dns_end(&w);
}

static void
test_secure(void **state)
{
	struct dns_script yes = SCRIPT({ .type = DNS_A, DATA("\1\2\3\4") });
	struct dns_script no = yes, none = { .rcode = 3, .ad = true };
	struct dns_world w;

	(void)state;
	yes.ad = true;
	dns_begin(&w, true);
	assert_true(dns_ask(&w, RESOLVE_A, "example.test", &yes)->secure);
	assert_false(dns_ask(&w, RESOLVE_A, "example.test", &no)->secure);
	assert_true(dns_ask(&w, RESOLVE_A, "example.test", &none)->secure);
	dns_end(&w);
	dns_begin(&w, false);
	assert_false(dns_ask(&w, RESOLVE_A, "example.test", &yes)->secure);
	dns_end(&w);
}

int
resolve_read_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_mx),
		cmocka_unit_test(test_txt),
		cmocka_unit_test(test_tlsa),
		cmocka_unit_test(test_ptr),
		cmocka_unit_test(test_cname),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_secure)
	};

	return cmocka_run_group_tests_name("net/resolve_read", tests, NULL,
	    NULL);
}
