/* TLS to mail servers: when it may fail, and who has to prove what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/courier_world.h"

int courier_tls_test(void);

#define EHLO ">EHLO box.example.test\n250-mx\n"
#define OFFER "220 hello\n" EHLO "250 STARTTLS\n>STARTTLS\n"
#define TLS OFFER "220 go\ntls\n"
#define FROM ">MAIL FROM:<shop@example.test>\n250 ok\n"
#define TEXT ">RCPT TO:<a@mail.example>\n250 ok\n>DATA\n354 go\n.5\n"
#define DONE "250 2.0.0 in\n"
#define TAKE EHLO "250 DSN\n" FROM TEXT DONE
#define ZONE \
	"mail.example MX 10 mx1.mail.example\n" \
	"mx1.mail.example A 127.0.0.2\n"
#define PIN "_25._tcp.mx1.mail.example "
#define IN "delivered 250 2.0.0 in [mx1.mail.example]\n"
#define UNNAMED "temporary 0 4.7.5 The server does not prove its name: "
#define UNPINNED \
	"temporary 0 4.7.5 The server does not prove what its domain pins "

/* One letter to a server, with what the zone says validated or not. */
static void
one(const char *zone, bool ad, bool require_tls, const char *script,
	const char *want)
{
	struct courier_world w;
	struct carry_job job;
	struct buf out;

	courier_world_init(&w);
	courier_world_names(&w, zone, ad);
	courier_world_serve(&w, "127.0.0.2", w.port, script);
	courier_world_start(&w, "");
	job = courier_world_job(&w, "mail.example", 1);
	job.require_tls = require_tls;
	courier_world_carry(&w, 1, &job);
	buf_init(&out, 10000);
	while (!courier_world_result(&w, 1, &out, true))
		continue;
	if (!str_starts(buf_str(&out), str_of(want)))
		assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
	courier_world_end(&w);
}

static void
test_whoever_it_is(void **state)
{
	(void)state;
	one(ZONE, false, false, TLS TAKE, IN);
	/* refused, or broken: then in clear */
	one(ZONE, false, false, OFFER "454 not now\n" FROM TEXT DONE, IN);
	one(ZONE, false, false, OFFER "220 go\nnoise\n220 hello\n" TAKE, IN);
	one(ZONE, false, false, OFFER "220 go\nclose\n220 hello\n" TAKE, IN);
	one(ZONE, false, false, OFFER "close\n220 hello\n" TAKE, IN);
	one(ZONE, false, false, OFFER "220 go\n220 on\nclose\n220 hello\n"
	    TAKE, IN);
	/* What is not validated binds nobody. */
	one(ZONE PIN "BADPIN\n", false, false, TLS TAKE, IN);
	one(ZONE PIN "SERVFAIL\n", false, false, "220 hello\n" TAKE, IN);
}

static void
test_dane(void **state)
{
	(void)state;
	one(ZONE PIN "PIN\n", true, false, TLS TAKE, IN);
	one(ZONE PIN "BADPIN\n" PIN "PIN\n", true, false, TLS TAKE, IN);
	one(ZONE, true, false, TLS TAKE, IN);
	one(ZONE, true, false, "220 hello\n" TAKE, IN);
	one(ZONE PIN "BADPIN\n", true, false, TLS, UNPINNED);
	one(ZONE PIN "PIN\n", true, false, OFFER "220 go\nnoise\n", UNPINNED);
	one(ZONE PIN "PIN\n", true, false,
	    "220 hello\n" EHLO "250 DSN\n>QUIT\n",
	    "temporary 0 4.7.10 The server offers no TLS\n");
	/* Records that nobody can use: any certificate, but not none. */
	one(ZONE PIN "ODDPIN\n", true, false, TLS TAKE, IN);
	one(ZONE PIN "ODDPIN\n", true, false, OFFER "220 go\nnoise\n",
	    "temporary 0 4.7.5 TLS, which is required, failed: ");
	one(ZONE PIN "SERVFAIL\n", true, false, "",
	    "temporary 0 4.4.3 The DNS does not tell now which certificate "
	    "the mail server has (TLSA)\n");
}

static void
test_require_tls(void **state)
{
	(void)state;
	one(ZONE PIN "PIN\n", true, true, TLS EHLO "250 REQUIRETLS\n"
	    ">MAIL FROM:<shop@example.test> REQUIRETLS\n250 ok\n" TEXT DONE,
	    IN);
	/* a validated MX, and a certificate that bears its name */
	one(ZONE, true, true, TLS EHLO "250 REQUIRETLS\n"
	    ">MAIL FROM:<shop@example.test> REQUIRETLS\n250 ok\n" TEXT DONE,
	    IN);
	one(ZONE PIN "PIN\n", true, true, TLS EHLO "250 DSN\n",
	    "permanent 0 5.7.30 ");
	one(ZONE, false, true, TLS EHLO "250 REQUIRETLS\n",
	    "permanent 0 5.7.10 ");
	one(ZONE, false, true, "220 hello\n" EHLO "250 DSN\n",
	    "permanent 0 5.7.10 ");
	one(ZONE PIN "PIN\n", true, true, "220 hello\n" EHLO "250 DSN\n"
	    ">QUIT\n", "permanent 0 5.7.10 ");
	one(ZONE PIN "BADPIN\n", true, true, TLS, "permanent 0 5.7.10 ");
}

/* By a smart host; user may be empty. */
static void
smart(const char *host, const char *user, const char *script,
	const char *want)
{
	struct courier_world w;
	struct carry_job job;
	struct buf out;

	courier_world_init(&w);
	courier_world_names(&w, "smart.example A 127.0.0.2\n"
	    "other.example A 127.0.0.2\n", false);
	courier_world_serve(&w, "127.0.0.2", w.smart_port, script);
	courier_world_start(&w, "");
	job = courier_world_job(&w, "mail.example", 1);
	job.smart_host = str_of(host);
	job.smart_port = w.smart_port;
	job.user = str_of(user);
	job.secret = STR("secret");
	courier_world_carry(&w, 1, &job);
	buf_init(&out, 10000);
	while (!courier_world_result(&w, 1, &out, true))
		continue;
	if (!str_starts(buf_str(&out), str_of(want)))
		assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
	courier_world_end(&w);
}

#define LOGIN TLS EHLO "250 AUTH PLAIN\n>AUTH PLAIN AG1lAHNlY3JldA==\n"

static void
test_smart_host(void **state)
{
	(void)state;
	smart("smart.example", "me", LOGIN "235 2.7.0 in\n" FROM TEXT DONE,
	    "delivered 250 2.0.0 in [smart.example]\n");
	smart("smart.example", "me", LOGIN "535 5.7.8 Wrong\n>QUIT\n",
	    "locked out\ntemporary 535 4.7.8 Wrong [smart.example]\n");
	smart("smart.example", "me", LOGIN "454 4.7.0 Busy\n>QUIT\n",
	    "temporary 454 4.7.0 Busy [smart.example]\n");
	smart("smart.example", "me", TLS EHLO "250 DSN\n>QUIT\n",
	    "locked out\ntemporary 0 4.7.4 ");
	/* No password goes to who is not the one, or in clear. */
	smart("other.example", "me", TLS, UNNAMED);
	smart("smart.example", "me", "220 hello\n" EHLO "250 AUTH PLAIN\n"
	    ">QUIT\n", "temporary 0 4.7.10 The server offers no TLS\n");
	/* A name must be proven, wherever the DNS says that it leads. */
	smart("other.example", "", TLS, UNNAMED);
	smart("smart.example", "", TLS TAKE,
	    "delivered 250 2.0.0 in [smart.example]\n");
	smart("smart.example", "", "220 hello\n" EHLO "250 DSN\n>QUIT\n",
	    "temporary 0 4.7.10 The server offers no TLS\n");
	/* In the same house nothing has to be. */
	smart("127.0.0.2", "", TLS TAKE,
	    "delivered 250 2.0.0 in [127.0.0.2]\n");
	smart("127.0.0.2", "", "220 hello\n" TAKE,
	    "delivered 250 2.0.0 in [127.0.0.2]\n");
	smart("127.0.0.2", "me", TLS, UNNAMED);
}

int
courier_tls_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whoever_it_is),
		cmocka_unit_test(test_dane),
		cmocka_unit_test(test_require_tls),
		cmocka_unit_test(test_smart_host),
	};

	return cmocka_run_group_tests_name("app/courier_tls", tests, NULL,
	    NULL);
}
