/* MTA-STS: found, fetched, kept, and held to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <time.h>

#include "app/courier_world.h"

int courier_policy_test(void);

#define EHLO ">EHLO box.example.test\n250-mx\n"
#define TLS "220 hello\n" EHLO "250 STARTTLS\n>STARTTLS\n220 go\ntls\n"
#define TAKE \
	EHLO "250 DSN\n>MAIL FROM:<shop@example.test>\n250 ok\n" MORE
#define MORE \
	">RCPT TO:<a@mail.example>\n250 ok\n>DATA\n354 go\n.5\n" \
	"250 2.0.0 in\n"
#define ZONE \
	"mail.example MX 10 mx1.mail.example\n" \
	"mx1.mail.example A 127.0.0.2\n" \
	"mta-sts.mail.example A 127.0.0.3\n"
#define RECORD(id) "_mta-sts.mail.example TXT v=STSv1; id=" id ";\n"
#define IN "delivered 250 2.0.0 in [mx1.mail.example]\n"
#define POLICY(mode, mx) \
	"version: STSv1\r\nmode: " mode "\r\nmax_age: 86400\r\nmx: " mx "\r\n"
#define ASKED "tls\n>GET /.well-known/mta-sts.txt HTTP/1.1\nheaders\n"
#define GIVEN \
	ASKED "HTTP/1.1 200 OK\nContent-Type: text/plain\n" \
	"Connection: close\n\n"
#define GIVE(mode, mx) \
	GIVEN "version: STSv1\nmode: " mode "\nmax_age: 86400\nmx: " mx \
	"\nclose\n"
#define NOT_NAMED \
	"temporary 0 4.7.5 The domain's policy (MTA-STS) does not name this " \
	"server\n"

static void
begin(struct courier_world *w, const char *zone, const char *mail,
	const char *policy)
{
	courier_world_init(w);
	courier_world_names(w, zone, false);
	if (mail != NULL)
		courier_world_serve(w, "127.0.0.2", w->port, mail);
	if (policy != NULL)
		courier_world_serve(w, "127.0.0.3", w->https_port, policy);
	courier_world_start(w, "");
}

/* What the keeper is told to keep. */
static void
policy_heard(struct courier_world *w, const char *id, const char *text)
{
	struct carry_policy policy;
	struct wire_mail mail;

	world_hear(&w->role, &mail);
	assert_int_equal(mail.head.kind, WIRE_POLICY);
	assert_int_equal(carry_policy_read(&policy, mail.body), 0);
	assert_true(str_equal(policy.domain, STR("mail.example")));
	assert_true(str_equal(policy.id, str_of(id)));
	assert_true(str_equal(policy.text, str_of(text)));
	assert_in_range(policy.expires, time(NULL) + 86000,
	    time(NULL) + 86400);
}

static void
test_fetched(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	begin(&w, ZONE RECORD("1a"), TLS TAKE ">MAIL\n250 ok\n" MORE,
	    GIVE("enforce", "mx1.mail.example"));
	job = courier_world_job(&w, "mail.example", 1);
	courier_world_carry(&w, 1, &job);
	policy_heard(&w, "1a", POLICY("enforce", "mx1.mail.example"));
	courier_world_outcome(&w, 1, IN);
	/* It is known now, whether the keeper has kept it or not. */
	courier_world_carry(&w, 2, &job);
	courier_world_outcome(&w, 2, IN);
	courier_world_end(&w);
}

/* One fetch for all that wait for it. */
static void
test_fetched_once(void **state)
{
	struct courier_world w;
	struct carry_job job;
	struct buf out;
	uint32_t i;

	(void)state;
	begin(&w, ZONE RECORD("1"), NULL,
	    GIVE("enforce", "*.other.example"));
	job = courier_world_job(&w, "mail.example", 1);
	for (i = 1; i <= 2; i++)
		courier_world_carry(&w, i, &job);
	policy_heard(&w, "1", POLICY("enforce", "*.other.example"));
	buf_init(&out, 1000);
	for (i = 1; i <= 2; i++)
		assert_true(courier_world_result(&w, i, &out, true));
	assert_string_equal(buf_text(&out), NOT_NAMED NOT_NAMED);
	buf_drop(&out);
	courier_world_room(&w, 2, 0);
	courier_world_end(&w);
}

/*
 * One letter, with what the keeper has kept.
 *
 * kept      the policy, of id "1"
 */
static void
one(const char *zone, const char *mail, const char *kept, int64_t for_s,
	const char *want)
{
	struct courier_world w;
	struct carry_job job;

	begin(&w, zone, mail, NULL);
	job = courier_world_job(&w, "mail.example", 1);
	job.policy_id = STR("1");
	job.policy = str_of(kept);
	job.policy_expires = time(NULL) + for_s;
	courier_world_carry(&w, 1, &job);
	courier_world_outcome(&w, 1, want);
	courier_world_end(&w);
}

static void
test_kept(void **state)
{
	static const char good[] = POLICY("enforce", "mx1.mail.example");
	static const char bad[] = POLICY("enforce", "mx9.mail.example");

	(void)state;
	one(ZONE RECORD("1"), TLS TAKE, good, 86400, IN);
	/* Whatever becomes of its record or of the fetch, it holds. */
	one(ZONE RECORD("2"), TLS TAKE, good, 86400, IN);
	one(ZONE RECORD("2"), NULL, bad, 86400, NOT_NAMED);
	one(ZONE RECORD("1") RECORD("1"), NULL, bad, 86400, NOT_NAMED);
	one(ZONE "_mta-sts.mail.example SERVFAIL\n", NULL, bad, 86400,
	    NOT_NAMED);
	one(ZONE, NULL, bad, 9, NOT_NAMED);
	/* But for longer than its time. */
	one(ZONE, "220 hello\n" TAKE, bad, -1, IN);
	one(ZONE, "220 hello\n" TAKE, POLICY("testing", "mx9.mail.example"),
	    86400, IN);
	one(ZONE, "220 hello\n" TAKE, "version: STSv1\r\nmode: none\r\n"
	    "max_age: 86400\r\n", 86400, IN);
	/* Without TLS, with another's certificate: it stays here. */
	one(ZONE, "220 hello\n" EHLO "250 DSN\n>QUIT\n", good, 86400,
	    "temporary 0 4.7.10 The server offers no TLS\n");
	one(ZONE "mail.example MX 5 mx3.mail.example\n"
	    "mx3.mail.example A 127.0.0.2\n", TLS "close\n" TLS TAKE,
	    POLICY("enforce", "*.mail.example"), 86400, IN);
}

/* What cannot be fetched is as if there were none. */
static void
test_unfetched(void **state)
{
	static const char *const answers[] = {
		ASKED "HTTP/1.1 404 Nothing\nContent-Length: 0\n\nclose\n",
		ASKED "HTTP/1.1 301 There\nLocation: https://mta-sts.mail."
		    "example/x\nContent-Length: 0\n\nclose\n",
		ASKED "HTTP/1.1 200 OK\nContent-Type: text/html\n"
		    "Connection: close\n\n<html>\nclose\n",
		GIVEN "version: STSv1\nmode: enforce\nclose\n",
		"noise\n",
	};
	struct courier_world w;
	struct carry_job job;
	size_t i;

	(void)state;
	for (i = 0; i < countof(answers); i++) {
		begin(&w, ZONE RECORD("1"), "220 hello\n" TAKE
		    ">MAIL\n250 ok\n" MORE, answers[i]);
		job = courier_world_job(&w, "mail.example", 1);
		courier_world_carry(&w, 1, &job);
		courier_world_outcome(&w, 1, IN);
		/* It is not tried again at once. */
		courier_world_carry(&w, 2, &job);
		courier_world_outcome(&w, 2, IN);
		courier_world_end(&w);
	}
}

/* The keeper is told the id that a policy was fetched for, and no other. */
static void
test_id_of_a_failed_fetch(void **state)
{
	struct courier_world w;
	struct carry_policy policy;
	struct wire_mail mail;
	struct carry_job job;
	uint32_t i;

	(void)state;
	courier_world_init(&w);
	courier_world_names(&w, ZONE "FIRST " RECORD("1") "LATER "
	    RECORD("2"), false);
	courier_world_serve(&w, "127.0.0.2", w.port,
	    TLS TAKE ">MAIL\n250 ok\n" MORE);
	courier_world_serve(&w, "127.0.0.3", w.https_port,
	    GIVE("enforce", "mx1.mail.example") "noise\n");
	courier_world_start(&w, "connections = 1; per_domain = 1;");
	for (i = 1; i <= 2; i++) {
		job = courier_world_job(&w, "mail.example", 1);
		courier_world_carry(&w, i, &job);
	}
	/* The keeper is away until both were sent. */
	assert_int_equal(shutdown(w.role.wire, SHUT_RDWR), 0);
	courier_world_served(&w, 1);
	courier_world_served(&w, 2);
	world_rewire(&w.role);
	do
		world_hear(&w.role, &mail);
	while (mail.head.kind != WIRE_POLICY);
	assert_int_equal(carry_policy_read(&policy, mail.body), 0);
	assert_true(str_equal(policy.id, STR("1")));
	assert_true(str_equal(policy.text,
	    str_of(POLICY("enforce", "mx1.mail.example"))));
	courier_world_end(&w);
}

/* A policy of more than a day is fetched anew while mail goes on. */
static void
test_refreshed(void **state)
{
	struct courier_world w;
	struct wire_mail mail;
	struct carry_job job;
	unsigned heard = 0;

	(void)state;
	begin(&w, ZONE RECORD("1"), TLS TAKE,
	    GIVE("enforce", "mx1.mail.example"));
	job = courier_world_job(&w, "mail.example", 1);
	job.policy_id = STR("1");
	job.policy = STR("version: STSv1\r\nmode: enforce\r\n"
	    "max_age: 864000\r\nmx: mx1.mail.example\r\n");
	job.policy_expires = time(NULL) + 8 * 86400;
	courier_world_carry(&w, 1, &job);
	/* In whatever order they come. */
	while (heard != (1u << WIRE_POLICY | 1u << WIRE_RESULT)) {
		world_hear(&w.role, &mail);
		heard |= 1u << mail.head.kind;
	}
	courier_world_end(&w);
}

int
courier_policy_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fetched),
		cmocka_unit_test(test_fetched_once),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_unfetched),
		cmocka_unit_test(test_id_of_a_failed_fetch),
		cmocka_unit_test(test_refreshed),
	};

	return cmocka_run_group_tests_name("app/courier_policy", tests, NULL,
	    NULL);
}
