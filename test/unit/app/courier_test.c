/* The courier as a process: to whom it goes, and what it tells the keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/courier_world.h"

int courier_test(void);

#define GREET "220 hello\n>EHLO box.example.test\n250 mx\n"
#define FROM ">MAIL FROM:<shop@example.test>\n250 ok\n"
#define RCPT(who) ">RCPT TO:<" who "@mail.example>\n"
#define TO(who) RCPT(who) "250 ok\n"
#define TEXT ">DATA\n354 go\n.5\n"
#define TAKE GREET FROM TO("a") TEXT "250 2.0.0 in\n"
#define MX1 \
	"mail.example MX 10 mx1.mail.example\n" \
	"mx1.mail.example A 127.0.0.2\n"
#define MX2 \
	"mail.example MX 20 mx2.mail.example\n" \
	"mx2.mail.example A 127.0.0.3\n"
#define MX3 \
	"mail.example MX 30 mx3.mail.example\n" \
	"mx3.mail.example A 127.0.0.4\n"
#define IN1 "delivered 250 2.0.0 in [mx1.mail.example]\n"
#define IN2 "delivered 250 2.0.0 in [mx2.mail.example]\n"

/* A world of which NULL is a server that is not there. */
static void
begin(struct courier_world *w, const char *zone, const char *const scripts[])
{
	char ip[] = "127.0.0.2";
	size_t i;

	courier_world_init(w);
	courier_world_names(w, zone, false);
	for (i = 0; i < 3; i++, ip[8]++)
		if (scripts[i] != NULL)
			courier_world_serve(w, ip, w->port, scripts[i]);
	courier_world_start(w, "");
}

/* One letter for count recipients in such a world; what becomes of it. */
static void
one(const char *zone, const char *const scripts[], size_t count,
	const char *want)
{
	struct courier_world w;
	struct carry_job job;

	begin(&w, zone, scripts);
	job = courier_world_job(&w, "mail.example", count);
	courier_world_carry(&w, 1, &job);
	courier_world_outcome(&w, 1, want);
	courier_world_end(&w);
}

#define WITH(...) ((const char *const[3]){ __VA_ARGS__ })

static void
test_delivery(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	begin(&w, MX1, WITH(GREET FROM TO("a") RCPT("b") "450 4.2.1 Later\n"
	    TO("c") TEXT "250 2.0.0 in\n"
	    /* the same connection takes the next letter */
	    FROM TO("a") TEXT "250 2.0.0 in\n"));
	job = courier_world_job(&w, "mail.example", 3);
	courier_world_carry(&w, 1, &job);
	courier_world_outcome(&w, 1, IN1 IN1
	    "temporary 450 4.2.1 Later [mx1.mail.example]\n");
	job = courier_world_job(&w, "mail.example", 1);
	courier_world_carry(&w, 2, &job);
	courier_world_outcome(&w, 2, IN1);
	courier_world_end(&w);
}

static void
test_next_server(void **state)
{
	(void)state;
	/* not there; turning everybody away; gone; putting us off */
	one(MX1 MX2, WITH(NULL, TAKE), 1, IN2);
	one(MX1 MX2, WITH("554 no\n", TAKE), 1, IN2);
	one(MX1 MX2, WITH("521 never\n", TAKE), 1, IN2);
	one(MX1 MX2, WITH("220 hello\nclose\n", TAKE), 1, IN2);
	one(MX1 MX2, WITH(GREET ">MAIL\n451 4.3.0 Busy\n", TAKE), 1, IN2);
	one(MX1 MX2, WITH(GREET FROM RCPT("a") "450 4.7.1 Grey\n", TAKE), 1,
	    IN2);
	one(MX1 MX2, WITH("220 hello\n>EHLO\n250-mx\n250 SIZE 4\n", TAKE), 1,
	    IN2);
	/* What one has said for good, no other is asked. */
	one(MX1 MX2, WITH(GREET FROM RCPT("a") "550 5.1.1 Nobody\n", NULL), 1,
	    "permanent 550 5.1.1 Nobody [mx1.mail.example]\n");
	/* Each recipient goes its own way. */
	one(MX1 MX2, WITH(GREET FROM TO("a") RCPT("b") "450 4.7.1 Grey\n"
	    RCPT("c") "550 5.1.1 Nobody\n" TEXT "250 2.0.0 in\n",
	    GREET FROM TO("b") TEXT "250 2.0.0 in\n"), 3,
	    IN1 "permanent 550 5.1.1 Nobody [mx1.mail.example]\n" IN2);
}

/* A first server at many addresses, where nobody is, hides no second. */
static void
test_many_addresses(void **state)
{
	const char *const scripts[] = { NULL, TAKE, NULL };

	(void)state;
	one(MX1 MX2
	    "mx1.mail.example A 127.0.9.1\nmx1.mail.example A 127.0.9.2\n"
	    "mx1.mail.example A 127.0.9.3\nmx1.mail.example A 127.0.9.4\n"
	    "mx1.mail.example A 127.0.9.5\nmx1.mail.example A 127.0.9.6\n"
	    "mx1.mail.example A 127.0.9.7\nmx1.mail.example A 127.0.9.8\n"
	    "mx1.mail.example A 127.0.9.9\n", scripts, 1, IN2);
}

static void
test_no_server_left(void **state)
{
	(void)state;
	/* Two may put us off; the third is not asked. */
	one(MX1 MX2 MX3, WITH(
	    GREET FROM RCPT("a") "450 4.7.1 Grey\n",
	    GREET FROM RCPT("a") "451 4.7.1 Greyer\n"), 1,
	    "temporary 451 4.7.1 Greyer [mx2.mail.example]\n");
	/* What a server said tells more than one that is down. */
	one(MX1 MX2, WITH(GREET FROM RCPT("a") "450 4.7.1 Grey\n", NULL), 1,
	    "temporary 450 4.7.1 Grey [mx1.mail.example]\n");
	/* No server could ever take it; one that is down perhaps could. */
	one(MX1, WITH("220 hello\n>EHLO\n250-mx\n250 SIZE 4\n"), 1,
	    "permanent 0 5.3.4 The message is larger than the server takes\n");
	one(MX1, WITH("521 never\n"), 1,
	    "permanent 521 5.0.0 never [mx1.mail.example]\n");
	/* Gone behind the last byte: it may have arrived. */
	one(MX1 MX2, WITH(GREET FROM TO("a") TEXT "close\n", NULL), 1,
	    "temporary 0 4.4.2 The connection was lost\n");
}

static void
test_port_closed(void **state)
{
	struct courier_world w;
	struct carry_job job;
	char want[200];

	(void)state;
	begin(&w, MX1 MX2, WITH(NULL));
	job = courier_world_job(&w, "mail.example", 1);
	courier_world_carry(&w, 1, &job);
	(void)snprintf(want, sizeof want, "temporary 0 4.4.1 No connection to "
	    "127.0.0.3:%u: Connection refused\n", w.port);
	courier_world_outcome(&w, 1, want);
	courier_world_end(&w);
}

static void
test_names(void **state)
{
	static const struct {
		const char *domain, *want;
	} cases[] = {
		{ "null.example",
		    "permanent 0 5.1.10 The domain takes no mail (null MX)\n" },
		{ "none.example",
		    "permanent 0 5.1.2 There is no such domain\n" },
		{ "b\xc3\xbc..example", "permanent 0 5.1.2 The domain is no "
		    "name that the DNS could know\n" },
		{ "broken.example", "temporary 0 4.4.3 The DNS does not tell "
		    "the domain's mail servers now\n" },
		{ "hollow.example", "permanent 0 5.4.4 The mail server's name "
		    "has no address\n" },
		{ "text.example", "permanent 0 5.4.4 The mail server's name "
		    "has no address\n" },
		{ "lame.example", "temporary 0 4.4.3 The DNS does not tell "
		    "the mail server's address now\n" },
		{ "loop.example", "permanent 0 5.4.6 The domain's best MX is "
		    "this box itself\n" },
		{ "box.example.test", "permanent 0 5.4.6 The domain leads "
		    "back to this box\n" },
		{ "odd.example", "permanent 0 5.4.4 The domain's MX records "
		    "name no host\n" },
	};
	struct courier_world w;
	struct carry_job job;
	size_t i;

	(void)state;
	begin(&w, "null.example MX 0 .\nbroken.example SERVFAIL\n"
	    "hollow.example MX 10 nowhere.example\n"
	    "text.example TXT hello\n"
	    "lame.example MX 10 broken.example\n"
	    "loop.example MX 10 box.example.test\n"
	    "loop.example MX 20 other.example\n"
	    "box.example.test A 127.0.0.2\n"
	    "odd.example MX 10 -a.example\n", WITH(NULL));
	for (i = 0; i < countof(cases); i++) {
		job = courier_world_job(&w, cases[i].domain, 1);
		courier_world_carry(&w, 1, &job);
		courier_world_outcome(&w, 1, cases[i].want);
	}
	courier_world_end(&w);
}

/* The domain itself, an A-label, an address in brackets. */
static void
test_without_mx(void **state)
{
	static const char *const domains[] = {
		"plain.example", "b\xc3\xbc" "cher.example", "[127.0.0.2]"
	};
	struct courier_world w;
	struct carry_job job;
	char want[200];
	size_t i;

	(void)state;
	begin(&w, "plain.example A 127.0.0.2\n"
	    "xn--bcher-kva.example A 127.0.0.2\n", WITH(
	    GREET FROM ">RCPT TO:<a@plain.example>\n250 ok\n" TEXT
	    "250 2.0.0 in\nclose\n"
	    "220 hello\n>EHLO\n250-mx\n250 SMTPUTF8\n>MAIL\n250 ok\n"
	    ">RCPT TO:<a@b\xc3\xbc" "cher.example>\n250 ok\n" TEXT
	    "250 2.0.0 in\nclose\n"
	    GREET FROM ">RCPT TO:<a@[127.0.0.2]>\n250 ok\n" TEXT
	    "250 2.0.0 in\n"));
	for (i = 0; i < countof(domains); i++) {
		job = courier_world_job(&w, domains[i], 1);
		courier_world_carry(&w, 1, &job);
		(void)snprintf(want, sizeof want,
		    "delivered 250 2.0.0 in [%s]\n", i == 1 ?
		    "xn--bcher-kva.example" : domains[i]);
		courier_world_outcome(&w, 1, want);
	}
	courier_world_end(&w);
}

int
courier_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delivery),
		cmocka_unit_test(test_next_server),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_no_server_left),
		cmocka_unit_test(test_port_closed),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_without_mx),
	};

	return cmocka_run_group_tests_name("app/courier", tests, NULL, NULL);
}
