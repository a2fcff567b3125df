/* Submission sessions with a keeper in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>

#include "app/mail_client.h"
#include "app/role_world.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/crypto.h"

int serve_submit_test(void);

#define FROM_OURS "MAIL FROM:<me@example.test>"
#define TO_OURS "RCPT TO:<shop@example.test>"
#define LETTER "From: me@example.test\r\nTo: shop@example.test\r\n" \
	"Date: Mon, 21 Nov 2022 10:00:00 +0000\r\nSubject: "
#define BODY "\r\n\r\nHello.\r\n.\r\n"

/* AUTH PLAIN; returns the code of the reply. */
static unsigned
log_in(struct mail_client *c, const char *name, struct str password)
{
	struct buf plain, command;
	unsigned code;

	buf_init(&plain, 1000);
	buf_init(&command, 2000);
	buf_add_char(&plain, '\0');
	buf_add_text(&plain, name);
	buf_add_char(&plain, '\0');
	buf_add(&plain, password);
	buf_add_text(&command, "AUTH PLAIN ");
	base64_encode(&command, buf_str(&plain));
	code = mail_client_ask(c, buf_text(&command));
	buf_drop(&plain);
	buf_drop(&command);
	return code;
}

/* A session that is greeted, behind TLS. */
static void
client_open(struct mail_client *c, const struct role_world *w)
{
	mail_client_open(c, w->submissions, true);
	assert_int_equal(mail_client_hear(c), 220);
	assert_int_equal(mail_client_ask(c, "EHLO laptop"), 250);
}

/* The same, of the owner. */
static void
owner_open(struct mail_client *c, const struct role_world *w)
{
	client_open(c, w);
	assert_int_equal(log_in(c, "mailbox", buf_str(&w->app_password)),
	    235);
}

/* Submit to an address of ours; returns the code of the last reply. */
static unsigned
submit(struct mail_client *c, const char *subject)
{
	assert_int_equal(mail_client_ask(c, FROM_OURS), 250);
	assert_int_equal(mail_client_ask(c, TO_OURS), 250);
	assert_int_equal(mail_client_ask(c, "DATA"), 354);
	mail_client_say(c, STR(LETTER));
	mail_client_say(c, str_of(subject));
	mail_client_say(c, STR(BODY));
	return mail_client_hear(c);
}

static void
only_the_owner_gets_in(void **state)
{
	struct mail_client c;
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	client_open(&c, &w);
	assert_non_null(strstr(c.said, "AUTH PLAIN LOGIN"));
	assert_int_equal(mail_client_ask(&c, FROM_OURS), 530);
	assert_int_equal(log_in(&c, "mailbox", STR("wrong")), 535);
	assert_int_equal(mail_client_ask(&c, FROM_OURS), 530);
	assert_int_equal(log_in(&c, "owner", buf_str(&w.app_password)), 535);
	assert_int_equal(log_in(&c, "mailbox@example.test",
	    STR(WORLD_PASSWORD)), 235);
	assert_int_equal(mail_client_ask(&c, FROM_OURS), 250);
	assert_int_equal(mail_client_ask(&c, "QUIT"), 221);
	mail_client_close(&c);
	world_end(&w);
}

static void
in_clear_there_is_no_login(void **state)
{
	struct mail_client c;
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	mail_client_open(&c, w.submission, false);
	assert_int_equal(mail_client_hear(&c), 220);
	assert_int_equal(mail_client_ask(&c, "EHLO laptop"), 250);
	assert_null(strstr(c.said, "AUTH"));
	assert_non_null(strstr(c.said, "STARTTLS"));
	assert_int_equal(log_in(&c, "mailbox", buf_str(&w.app_password)), 530);
	assert_int_equal(mail_client_ask(&c, "STARTTLS"), 220);
	mail_client_secure(&c);
	assert_int_equal(mail_client_ask(&c, "EHLO laptop"), 250);
	assert_int_equal(log_in(&c, "mailbox", buf_str(&w.app_password)), 235);
	assert_int_equal(submit(&c, "hello"), 250);
	assert_int_equal(world_stored(&w), 1);
	mail_client_close(&c);
	world_end(&w);
}

static void
a_letter_to_oneself_arrives(void **state)
{
	struct mail_client c;
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	owner_open(&c, &w);
	assert_int_equal(submit(&c, "hello"), 250);
	assert_int_equal(world_stored(&w), 1);
	assert_int_equal(submit(&c, "[sendas:shop] hello"), 250);
	assert_int_equal(world_stored(&w), 2);
	/* All at once: each is committed before it is answered. */
	mail_client_say(&c, STR(FROM_OURS "\r\n" TO_OURS "\r\nDATA\r\n"
	    LETTER "one" BODY FROM_OURS "\r\n" TO_OURS "\r\nDATA\r\n"
	    LETTER "two" BODY "QUIT\r\n"));
	while (mail_client_hear(&c) != 221)
		assert_true(c.said[0] == '2' || c.said[0] == '3');
	assert_int_equal(world_stored(&w), 4);
	mail_client_close(&c);
	world_end(&w);
}

static void
closed_addresses_are_closed_to_the_owner_too(void **state)
{
	struct mail_client c;
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	owner_open(&c, &w);
	world_address(&w, STR("shop@example.test"), ADDRESS_REFUSE);
	assert_int_equal(mail_client_ask(&c, FROM_OURS), 250);
	assert_int_equal(mail_client_ask(&c, TO_OURS), 550);
	assert_int_equal(mail_client_ask(&c, "RSET"), 250);
	world_address(&w, STR("shop@example.test"), ADDRESS_MUTE);
	assert_int_equal(submit(&c, "hello"), 250);
	assert_int_equal(world_stored(&w), 0);
	mail_client_close(&c);
	world_end(&w);
}

static void
what_cannot_be_honoured_is_refused(void **state)
{
	struct mail_client c;
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	owner_open(&c, &w);
	assert_int_equal(submit(&c, "[sendas:me@elsewhere.example] x"), 550);
	assert_non_null(strstr(c.said, "550 5.6.0 "));
	assert_int_equal(mail_client_ask(&c,
	    "MAIL FROM:<me@elsewhere.example>"), 553);
	/* The session goes on, and nothing was kept. */
	assert_int_equal(submit(&c, "hello"), 250);
	assert_int_equal(world_stored(&w), 1);
	mail_client_close(&c);
	world_end(&w);
}

/* No byte more for its files, or as many as it likes. */
static void
disk_set(const struct role_world *w, bool full)
{
	struct rlimit limit;

	assert_int_equal(prlimit(w->pid, RLIMIT_FSIZE, NULL, &limit), 0);
	limit.rlim_cur = full ? 1 : limit.rlim_max;
	assert_int_equal(prlimit(w->pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void
what_is_not_durable_is_not_promised(void **state)
{
	struct mail_client c;
	struct role_world w;
	unsigned code;

	(void)state;
	world_start(&w, keeper_start, true);
	owner_open(&c, &w);
	disk_set(&w, true);
	code = submit(&c, "hello");
	assert_true(code == 451 || code == 452);
	disk_set(&w, false);
	assert_int_equal(world_stored(&w), 0);
	assert_int_equal(submit(&c, "hello"), 250);
	assert_int_equal(world_stored(&w), 1);
	mail_client_close(&c);
	world_end(&w);
}

/* Who is in the middle of a letter at a stop may finish it. */
static void
a_stop_waits_for_letters(void **state)
{
	const struct wire_head stop = { .kind = WIRE_STOP };
	struct mail_client busy, idle;
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	owner_open(&busy, &w);
	owner_open(&idle, &w);
	assert_int_equal(mail_client_ask(&busy, FROM_OURS), 250);
	assert_int_equal(mail_client_ask(&busy, TO_OURS), 250);
	assert_int_equal(mail_client_ask(&busy, "DATA"), 354);
	assert_int_equal(wire_send(w.boss, &stop, NULL, 0, -1), 0);
	assert_int_equal(mail_client_hear(&idle), 421);
	assert_int_equal(mail_client_hear(&idle), 0);
	mail_client_say(&busy, STR(LETTER "x" BODY));
	assert_int_equal(mail_client_hear(&busy), 250);
	assert_int_equal(mail_client_hear(&busy), 421);
	assert_int_equal(world_stored(&w), 1);
	mail_client_close(&busy);
	mail_client_close(&idle);
	world_end(&w);
}

/* A client that is cut off in the middle of a letter leaves nothing. */
static void
half_a_letter_is_none(void **state)
{
	static char much[200000];
	struct mail_client c;
	struct role_world w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof much; i++)
		much[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
	world_start(&w, keeper_start, true);
	owner_open(&c, &w);
	assert_int_equal(mail_client_ask(&c, FROM_OURS), 250);
	assert_int_equal(mail_client_ask(&c, TO_OURS), 250);
	assert_int_equal(mail_client_ask(&c, "DATA"), 354);
	mail_client_say(&c, STR(LETTER "x\r\n\r\n"));
	mail_client_say(&c, str_from(much, 150000));
	mail_client_close(&c);
	owner_open(&c, &w);
	assert_int_equal(submit(&c, "hello"), 250);
	assert_int_equal(world_stored(&w), 1);
	/* Larger than any may be. */
	assert_int_equal(mail_client_ask(&c, FROM_OURS " SIZE=200001"), 552);
	assert_int_equal(mail_client_ask(&c, FROM_OURS), 250);
	assert_int_equal(mail_client_ask(&c, TO_OURS), 250);
	assert_int_equal(mail_client_ask(&c, "DATA"), 354);
	mail_client_say(&c, STR(LETTER "x\r\n\r\n"));
	mail_client_say(&c, str_from(much, sizeof much));
	mail_client_say(&c, STR("\r\n.\r\n"));
	assert_int_equal(mail_client_hear(&c), 552);
	assert_int_equal(world_stored(&w), 1);
	mail_client_close(&c);
	world_end(&w);
}

int
serve_submit_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_owner_gets_in),
		cmocka_unit_test(in_clear_there_is_no_login),
		cmocka_unit_test(a_letter_to_oneself_arrives),
		cmocka_unit_test(closed_addresses_are_closed_to_the_owner_too),
		cmocka_unit_test(what_cannot_be_honoured_is_refused),
		cmocka_unit_test(what_is_not_durable_is_not_promised),
		cmocka_unit_test(a_stop_waits_for_letters),
		cmocka_unit_test(half_a_letter_is_none),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/serve_submit", tests, NULL,
	    NULL);
}
