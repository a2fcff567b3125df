/* AUTH: who may submit, and what a session is before it knows. */
#include "smtp_world.h"

int smtp_auth_test(void);

#define HELLO "EHLO client.example\r\n"
#define NEEDS_TLS "530 5.7.0 Say STARTTLS first\r\n"
#define LOG_IN_FIRST "530 5.7.0 Log in first\r\n"
#define CANCELLED "501 5.7.0 Cancelled, as you wish\r\n"
#define GARBLED "501 5.5.2 Not what the mechanism wants\r\n"
#define REFUSED "535 5.7.8 Wrong name or password\r\n"
#define LATER "454 4.7.0 No login now, try again later\r\n"
#define ALREADY "503 5.5.1 You are logged in already\r\n"
#define WELCOME "235 2.7.0 Welcome\r\n"
#define ENOUGH "421 4.7.0 Too many failed logins\r\n{bye}"
#define ASK_NAME "334 VXNlcm5hbWU6\r\n"
#define ASK_SECRET "334 UGFzc3dvcmQ6\r\n"

static void
test_clear(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	w.secure = false;
	/* No password is taken, nor asked for, in clear. */
	smtp_world_play(w, STR(HELLO "AUTH PLAIN AG1lAHJpZ2h0\r\n"
	    "AUTH LOGIN\r\nMAIL FROM:<a@example.test>\r\n"
	    "MAIL FROM:<> REQUIRETLS\r\nRCPT TO:<a@mail.example>\r\n"
	    "DATA\r\nNOOP\r\n"),
	    WORLD_GREETING WORLD_EHLO NEEDS_TLS NEEDS_TLS NEEDS_TLS NEEDS_TLS
	    "503 5.5.1 Send MAIL first\r\n503 5.5.1 Send MAIL first\r\n"
	    "250 2.0.0 Here\r\n");
	smtp_world_play(w, STR(HELLO "STARTTLS\r\n"), WORLD_GREETING
	    WORLD_EHLO "220 2.0.0 Go ahead\r\n{tls}");
}

static void
test_starttls_starts_over(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf out;

	(void)state;
	w.secure = false;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	assert_true(smtp_world_hear(&w, STR(HELLO "STARTTLS\r\n"
	    "AUTH PLAIN AG1lAHJpZ2h0\r\n"), &out));
	buf_clear(&out);
	assert_true(smtp_world_hear(&w, STR("AUTH PLAIN AG1lAHJpZ2h0\r\n"
	    "MAIL FROM:<a@example.test>\r\n" WORLD_LOG_IN
	    "MAIL FROM:<a@example.test>\r\n"), &out));
	assert_string_equal(buf_text(&out), "503 5.5.1 Say EHLO first\r\n"
	    "503 5.5.1 Say EHLO first\r\n" WORLD_LOG_IN_HEARD WORLD_SENDER);
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

static void
test_secure_from_start(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf out;

	(void)state;
	w.secure = false;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_secure_from_start(&w.smtp, STR("TLSv1.3"), STR("CIPHER"));
	assert_true(smtp_world_hear(&w, STR(WORLD_LOG_IN "STARTTLS\r\n"),
	    &out));
	assert_string_equal(buf_text(&out), WORLD_GREETING WORLD_LOG_IN_HEARD
	    "503 5.5.1 TLS is on already\r\n");
	assert_string_equal(buf_text(&w.smtp.user), "me");
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

static void
test_mechanisms(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	smtp_world_play(w, STR(HELLO "auth plain AG1lAHJpZ2h0\r\n"),
	    WORLD_SUBMIT_EHLO "{login me right}" WELCOME);
	smtp_world_play(w, STR(HELLO "AUTH PLAIN   AG1lAHJpZ2h0  \r\n"),
	    WORLD_SUBMIT_EHLO "{login me right}" WELCOME);
	smtp_world_play(w, STR(HELLO "AUTH PLAIN\r\nAG1lAHJpZ2h0\r\n"),
	    WORLD_SUBMIT_EHLO "334 \r\n{login me right}" WELCOME);
	smtp_world_play(w, STR(HELLO "AUTH LOGIN\r\nbWU=\r\ncmlnaHQ=\r\n"),
	    WORLD_SUBMIT_EHLO ASK_NAME ASK_SECRET "{login me right}" WELCOME);
	smtp_world_play(w, STR(HELLO "AUTH LOGIN bWU=\r\ncmlnaHQ=\r\n"),
	    WORLD_SUBMIT_EHLO ASK_SECRET "{login me right}" WELCOME);
}

static void
test_failures(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	/* A failed exchange is as if it had not been. */
	smtp_world_play(w, STR(HELLO "AUTH PLAIN\r\n*\r\n"
	    "AUTH LOGIN\r\nbWU=\r\n*\r\nAUTH PLAIN *\r\n"
	    "AUTH PLAIN\r\nno base64!\r\nAUTH PLAIN =\r\n"
	    "AUTH LOGIN AA==\r\nNOOP\r\nAUTH PLAIN AG1lAHJpZ2h0\r\n"),
	    WORLD_SUBMIT_EHLO "334 \r\n" CANCELLED ASK_NAME ASK_SECRET
	    CANCELLED CANCELLED "334 \r\n" GARBLED GARBLED GARBLED
	    "250 2.0.0 Here\r\n{login me right}" WELCOME);
	smtp_world_play(w, STR(HELLO "AUTH\r\nAUTH CRAM-MD5\r\n"
	    "AUTH SCRAM-SHA-256 AA==\r\nAUTH PLAINER\r\n"),
	    WORLD_SUBMIT_EHLO "501 5.5.4 Say AUTH PLAIN or AUTH LOGIN\r\n"
	    "504 5.5.4 PLAIN and LOGIN are all we know\r\n"
	    "504 5.5.4 PLAIN and LOGIN are all we know\r\n"
	    "504 5.5.4 PLAIN and LOGIN are all we know\r\n");
	/* A line that cannot be one ends it, in an exchange too. */
	smtp_world_play(w, STR(HELLO "AUTH LOGIN\r\nbWU=\nNOOP\r\n"),
	    WORLD_SUBMIT_EHLO ASK_NAME
	    "500 5.5.2 Lines end with CR LF and hold no NUL\r\n{bye}");
}

static void
test_order(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	smtp_world_play(w, STR("AUTH PLAIN AG1lAHJpZ2h0\r\n"
	    "HELO client.example\r\nAUTH PLAIN AG1lAHJpZ2h0\r\n"
	    "MAIL FROM:<>\r\n" HELLO "MAIL FROM:<a@example.test>\r\n"
	    "RCPT TO:<a@mail.example>\r\nDATA\r\nBDAT 0 LAST\r\n"),
	    "503 5.5.1 Say EHLO first\r\n250 mx.example.test\r\n"
	    "503 5.5.1 Say EHLO first\r\n" LOG_IN_FIRST WORLD_SUBMIT_EHLO
	    LOG_IN_FIRST "503 5.5.1 Send MAIL first\r\n"
	    "503 5.5.1 Send MAIL first\r\n"
	    "503 5.5.1 Send EHLO and MAIL first\r\n");
	/* Once, and a greeting anew does not undo it (RFC 4954 section 4). */
	smtp_world_play(w, STR(WORLD_LOG_IN "AUTH PLAIN AG1lAHJpZ2h0\r\n"
	    "MAIL FROM:<a@example.test>\r\nAUTH LOGIN\r\n" HELLO
	    "auth login\r\nRSET\r\nMAIL FROM:<>\r\n"),
	    WORLD_LOG_IN_HEARD ALREADY WORLD_SENDER ALREADY WORLD_SUBMIT_EHLO
	    ALREADY "250 2.0.0 Forgotten\r\n" WORLD_SENDER);
}

static void
test_refused(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	smtp_world_play(w, STR(HELLO "AUTH PLAIN AG1lAHdyb25n\r\n"
	    "MAIL FROM:<>\r\nAUTH PLAIN AG1lAGxhdGVy\r\n"
	    "AUTH LOGIN bWU=\r\ncmlnaHQ=\r\n"),
	    WORLD_SUBMIT_EHLO "{login me wrong}" REFUSED LOG_IN_FIRST
	    "{login me later}" LATER ASK_SECRET "{login me right}" WELCOME);
	/* Three tries, pipelined or not. */
	smtp_world_play(w, STR(HELLO "AUTH PLAIN AG1lAHdyb25n\r\n"
	    "AUTH PLAIN AG1lAGxhdGVy\r\nAUTH PLAIN AG1lAHdyb25n\r\n"
	    "AUTH PLAIN AG1lAHJpZ2h0\r\n"),
	    WORLD_SUBMIT_EHLO "{login me wrong}" REFUSED "{login me later}"
	    LATER "{login me wrong}" REFUSED ENOUGH);
}

static void
test_long_lines(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf in;

	(void)state;
	buf_init(&in, 100000);
	buf_add_text(&in, HELLO "AUTH PLAIN\r\n");
	while (in.len < strlen(HELLO "AUTH PLAIN\r\n") + SASL_LINE_MAX - 2)
		buf_add_char(&in, 'A');
	buf_add_text(&in, "\r\n");
	smtp_world_play(w, buf_str(&in), WORLD_SUBMIT_EHLO "334 \r\n" GARBLED);
	buf_cut(&in, in.len - 2);
	buf_add_text(&in, "A\r\nAUTH PLAIN AG1lAHJpZ2h0\r\n");
	smtp_world_play(w, buf_str(&in), WORLD_SUBMIT_EHLO "334 \r\n"
	    "500 5.5.6 Line too long\r\n{login me right}" WELCOME);
	buf_drop(&in);
}

static void
test_errors_and_commands(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf in, want;
	int i;

	(void)state;
	buf_init(&in, 10000);
	buf_init(&want, 10000);
	buf_add_text(&in, HELLO);
	buf_add_text(&want, WORLD_SUBMIT_EHLO);
	for (i = 1; i < SMTP_ERRORS_MAX; i++) {
		buf_add_text(&in, "AUTH LOGIN\r\n*\r\n");
		buf_add_text(&want, ASK_NAME CANCELLED);
	}
	buf_add_text(&in, "AUTH LOGIN\r\n*\r\nNOOP\r\n");
	buf_add_text(&want, ASK_NAME "421 4.7.0 Too many errors\r\n{bye}");
	smtp_world_play(w, buf_str(&in), buf_text(&want));

	/* Who is not known has little to say; STARTTLS began it all. */
	buf_clear(&in);
	buf_clear(&want);
	for (i = 1; i < SMTP_EARLY_MAX; i++) {
		buf_add_text(&in, "NOOP\r\n");
		buf_add_text(&want, "250 2.0.0 Here\r\n");
	}
	buf_add_text(&in, "NOOP\r\n");
	buf_add_text(&want, "421 4.7.0 Too many commands without a message"
	    "\r\n{bye}");
	smtp_world_play(w, buf_str(&in), buf_text(&want));
	buf_drop(&in);
	buf_drop(&want);
}

/* The secret stays for whoever looks at it, and is gone after the answer. */
static void
test_close_while_asking(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct str in = STR(WORLD_LOG_IN "NOOP\r\n");

	(void)state;
	smtp_world_begin(&w);
	assert_int_equal(smtp_step(&w.smtp, &in), SMTP_LOGIN);
	assert_string_equal(buf_text(&w.smtp.secret), "right");
	assert_int_equal(w.smtp.sasl.secret.room, 0);
	smtp_close(&w.smtp, "4.3.2 Shutting down");
	assert_string_equal(buf_text(&w.smtp.secret), "right");
	smtp_login(&w.smtp, SMTP_WELCOME);
	assert_int_equal(w.smtp.secret.room, 0);
	assert_true(str_ends(buf_str(&w.smtp.out),
	    STR("421 4.3.2 Shutting down\r\n")));
	assert_int_equal(smtp_step(&w.smtp, &in), SMTP_BYE);
	smtp_world_end(&w, 0, NULL);
}

int
smtp_auth_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_starttls_starts_over),
		cmocka_unit_test(test_secure_from_start),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_errors_and_commands),
		cmocka_unit_test(test_close_while_asking),
	};

	return cmocka_run_group_tests_name("talk/smtp_auth", tests, NULL,
	    NULL);
}
