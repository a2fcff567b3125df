/* The lines above a delivered message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/head.h"
#include "mail/trace.h"

int trace_test(void);

#define NOW 1795210678
#define DATE "Fri, 20 Nov 2026 21:37:58 +0000\r\n"

static struct trace
usual(const struct str *recipients, size_t count)
{
	return (struct trace){
		.reverse_path = STR("bounce+1@shop.example"),
		.recipients = recipients,
		.recipient_count = count,
		.helo = STR("mx.shop.example"),
		.client_ip = STR("192.0.2.7"),
		.host = STR("mail.example.test"),
		.protocol = STR("ESMTPS"),
		.tls_version = STR("TLSv1.3"),
		.tls_cipher = STR("TLS_AES_256_GCM_SHA384"),
		.id = STR("a1b2c3"),
		.now = NOW,
	};
}

static void
check(const struct trace *trace, const char *want)
{
	struct buf out;

	buf_init(&out, 100000);
	trace_add(&out, trace);
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

static void
test_one(void **state)
{
	struct str to[] = { STR("Shop.One@example.test") };
	struct trace trace;

	(void)state;
	trace = usual(to, 1);
	check(&trace,
	    "Return-Path: <bounce+1@shop.example>\r\n"
	    "Delivered-To: Shop.One@example.test\r\n"
	    "Received: from mx.shop.example ([192.0.2.7])\r\n"
	    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)\r\n"
	    "\tby mail.example.test (pillarbox) with ESMTPS id a1b2c3\r\n"
	    "\tfor <Shop.One@example.test>;\r\n"
	    "\t" DATE);
}

/* Nothing of the client, however much is known. */
static void
test_submitted(void **state)
{
	struct str to[] = { STR("a@other.example") };
	struct trace trace;
	struct buf out;

	(void)state;
	trace = usual(to, 1);
	trace.protocol = STR("ESMTPSA");
	buf_init(&out, 1000);
	trace_add_submitted(&out, &trace);
	assert_string_equal(buf_text(&out),
	    "Received: by mail.example.test (pillarbox) with ESMTPSA"
	    " id a1b2c3;\r\n\t" DATE);
	buf_drop(&out);
}

/* Two recipients must not learn of each other from "for". */
static void
test_several(void **state)
{
	struct str to[] = { STR("a@example.test"), STR("b@example.test") };
	struct trace trace;

	(void)state;
	trace = usual(to, 2);
	trace.reverse_path = STR("");
	trace.helo = STR("[IPv6:2001:db8::7]");
	trace.client_ip = STR("2001:db8::7");
	trace.tls_version = STR("");
	trace.protocol = STR("ESMTP");
	check(&trace,
	    "Return-Path: <>\r\n"
	    "Delivered-To: a@example.test\r\n"
	    "Delivered-To: b@example.test\r\n"
	    "Received: from [IPv6:2001:db8::7] ([IPv6:2001:db8::7])\r\n"
	    "\tby mail.example.test (pillarbox) with ESMTP id a1b2c3;\r\n"
	    "\t" DATE);
}

static void
test_foreign_words(void **state)
{
	struct str to[] = { STR("\"a b\"@example.test") };
	struct trace trace;

	(void)state;
	trace = usual(to, 1);
	trace.tls_version = STR("");
	trace.helo = STR("a (b)\r\nX: <\xff\"\\;\0");
	trace.reverse_path = STR("x\r\nX-Evil: 1@b.example");
	check(&trace,
	    "Return-Path: <x??X-Evil:?1@b.example>\r\n"
	    "Delivered-To: \"a b\"@example.test\r\n"
	    "Received: from a??b???X:????\?\?\? ([192.0.2.7])\r\n"
	    "\tby mail.example.test (pillarbox) with ESMTPS id a1b2c3\r\n"
	    "\tfor <\"a b\"@example.test>;\r\n"
	    "\t" DATE);
	trace.helo = STR("");
	trace.reverse_path = STR("");
	to[0] = STR("gr\xc3\xbc\xc3\x9f@example.test");
	trace.protocol = STR("UTF8SMTP");
	check(&trace,
	    "Return-Path: <>\r\n"
	    "Delivered-To: gr\xc3\xbc\xc3\x9f@example.test\r\n"
	    "Received: from unknown ([192.0.2.7])\r\n"
	    "\tby mail.example.test (pillarbox) with UTF8SMTP id a1b2c3\r\n"
	    "\tfor <gr\xc3\xbc\xc3\x9f@example.test>;\r\n"
	    "\t" DATE);
}

/* The longest and oddest words: still well-formed lines of bounded length. */
static void
test_bounds(void **state)
{
	char local[256 + 1 + 255], junk[3000];
	struct str to[100], block, line;
	struct head_field field;
	struct trace trace;
	struct buf out;
	size_t i, fields;

	(void)state;
	memset(local, 'x', sizeof local);
	local[256] = '@';
	for (i = 256 + 1 + 50; i < sizeof local; i += 50)
		local[i] = '.';
	for (i = 0; i < countof(to); i++)
		to[i] = str_from(local, sizeof local);
	for (i = 0; i < sizeof junk; i++)
		junk[i] = (char)(unsigned char)i;
	trace = usual(to, countof(to));
	trace.reverse_path = trace.helo = trace.host = trace.id =
	    trace.protocol = trace.client_ip = trace.tls_version =
	    trace.tls_cipher = str_from(junk, sizeof junk);
	buf_init(&out, 200000);
	trace_add(&out, &trace);
	assert_false(out.full);
	block = buf_str(&out);
	while (str_split(&block, '\n', &line)) {
		assert_true(line.len <= 999 && str_ends(line, STR("\r")));
		assert_true(str_find(line, 0, '\r') == line.len - 1);
		assert_true(str_find(line, 0, '\0') == STR_NONE);
	}
	assert_int_equal(block.len, 0);
	block = buf_str(&out);
	for (fields = 0; head_next(&block, &field); fields++)
		continue;
	assert_int_equal(fields, 2 + countof(to));
	buf_drop(&out);
}

int
trace_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_submitted),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_foreign_words),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("mail/trace", tests, NULL, NULL);
}
