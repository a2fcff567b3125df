/* The session: greeting, simple commands, framing, limits, TLS, ends. */
#include "smtp_world.h"

int smtp_test(void);

static void
test_greeting_and_helo(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	smtp_world_play(w, STR(""), WORLD_GREETING);
	/* One line and no extensions, in any letter case. */
	smtp_world_play(w, STR("HELO mail.example\r\nhelo mail.example\r\n"
	    "HeLo [192.0.2.1]\r\nHELO b\303\274cher.example\r\n"),
	    WORLD_GREETING "250 mx.example.test\r\n250 mx.example.test\r\n"
	    "250 mx.example.test\r\n250 mx.example.test\r\n");
	smtp_world_play(w, STR("EHLO mail.example\r\n"),
	    WORLD_GREETING WORLD_EHLO);
	smtp_world_play(w, STR("eHLO [IPv6:2001:db8::1]   \r\n"),
	    WORLD_GREETING WORLD_EHLO);
	w.policy.tls = false;
	smtp_world_play(w, STR("EHLO mail.example\r\nSTARTTLS\r\n"),
	    WORLD_GREETING WORLD_EHLO_HEAD WORLD_EHLO_TAIL
	    "502 5.5.1 No TLS here\r\n");
}

static void
test_helo_refused(void **state)
{
#define NO_NAME "501 5.5.4 Say your host name with it\r\n"
	struct buf line;

	(void)state;
	smtp_world_play(smtp_world(), STR("EHLO\r\nHELO \r\nEHLO a b\r\n"
	    "EHLO \377\r\nEHLO a\177b\r\nEHLO a\tb\r\n"
	    "MAIL FROM:<>\r\n"),
	    WORLD_GREETING NO_NAME NO_NAME NO_NAME NO_NAME NO_NAME NO_NAME
	    "503 5.5.1 Say EHLO first\r\n");

	buf_init(&line, 1000);
	buf_add_text(&line, "HELO ");
	while (line.len < 5 + SMTP_HELO_MAX)
		buf_add_char(&line, 'a');
	buf_add_text(&line, "\r\nHELO a");
	while (line.len < 2 * (5 + SMTP_HELO_MAX) + 3)
		buf_add_char(&line, 'a');
	buf_add_text(&line, "\r\n");
	smtp_world_play(smtp_world(), buf_str(&line),
	    WORLD_GREETING "250 mx.example.test\r\n" NO_NAME);
	buf_drop(&line);
}

static void
test_simple_commands(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(),
	    STR("NOOP\r\nNOOP with words\r\nRSET\r\nHELP\r\nHELP MAIL\r\n"
	    "VRFY shop\r\nnoop\r\nNOOP  \r\nQUIT\r\nNOOP\r\n"),
	    WORLD_GREETING "250 2.0.0 Here\r\n250 2.0.0 Here\r\n"
	    "250 2.0.0 Forgotten\r\n214 2.0.0 See RFC 5321\r\n"
	    "214 2.0.0 See RFC 5321\r\n"
	    "252 2.1.5 Send it, and it will be seen\r\n"
	    "250 2.0.0 Here\r\n250 2.0.0 Here\r\n221 2.0.0 Bye\r\n{bye}");
	smtp_world_play(smtp_world(),
	    STR("VRFY\r\nEXPN list\r\nAUTH PLAIN AGEAYg==\r\n"
	    "auth LOGIN\r\nRSET now\r\nQUIT now\r\nETRN a\r\n\r\n NOOP\r\n"),
	    WORLD_GREETING "501 5.5.4 VRFY whom?\r\n"
	    "502 5.5.1 No lists here\r\n502 5.5.1 No AUTH on this port\r\n"
	    "502 5.5.1 No AUTH on this port\r\n"
	    "501 5.5.4 RSET stands alone\r\n501 5.5.4 QUIT stands alone\r\n"
	    "500 5.5.1 Not a command here\r\n500 5.5.1 Not a command here\r\n"
	    "500 5.5.1 Not a command here\r\n");
}

static void
test_bad_line_closes(void **state)
{
#define BAD_LINE WORLD_GREETING \
	"500 5.5.2 Lines end with CR LF and hold no NUL\r\n{bye}"
	(void)state;
	smtp_world_play(smtp_world(), STR("NOOP\nNOOP\r\n"), BAD_LINE);
	smtp_world_play(smtp_world(), STR("NOOP\rNOOP\r\n"), BAD_LINE);
	smtp_world_play(smtp_world(), STR("NO\0OP\r\nNOOP\r\n"), BAD_LINE);
	smtp_world_play(smtp_world(), STR("\nNOOP\r\n"), BAD_LINE);
	/* A TLS client that did not wait for STARTTLS. */
	smtp_world_play(smtp_world(), STR("\x16\x03\x01\0\xa5\x01\0\0\xa1"),
	    BAD_LINE);
}

static void
test_long_line(void **state)
{
	struct buf line;

	(void)state;
	buf_init(&line, 200000);
	buf_add_text(&line, "NOOP ");
	while (line.len < SMTP_COMMAND_MAX - 2)
		buf_add_char(&line, 'x');
	buf_add_text(&line, "\r\n");
	smtp_world_play(smtp_world(), buf_str(&line),
	    WORLD_GREETING "250 2.0.0 Here\r\n");
	buf_cut(&line, line.len - 2);
	buf_add_text(&line, "x\r\nNOOP\r\n");
	smtp_world_play(smtp_world(), buf_str(&line),
	    WORLD_GREETING "500 5.5.2 Line too long\r\n250 2.0.0 Here\r\n");
	/* Comparable servers took lines of 100 kB. */
	buf_cut(&line, line.len - 8);
	while (line.len < 100000)
		buf_add_char(&line, 'x');
	buf_add_text(&line, "\r\nNOOP\r\n");
	smtp_world_play(smtp_world(), buf_str(&line),
	    WORLD_GREETING "500 5.5.2 Line too long\r\n250 2.0.0 Here\r\n");
	buf_drop(&line);
}

static void
test_http_closes(void **state)
{
	static const struct str lines[] = {
		{ "GET / HTTP/1.1\r\nHELO a\r\n", 24 },
		{ "post / HTTP/1.1\r\nHELO a\r\n", 25 },
		{ "HEAD / HTTP/1.1\r\nHELO a\r\n", 25 },
		{ "PUT / HTTP/1.1\r\nHELO a\r\n", 24 },
		{ "OPTIONS * HTTP/1.1\r\nHELO a\r\n", 28 },
		{ "CONNECT a:25 HTTP/1.1\r\nHELO a\r\n", 31 },
		{ "DELETE / HTTP/1.1\r\nHELO a\r\n", 27 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n", 22 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(lines); i++)
		smtp_world_play(smtp_world(), lines[i], WORLD_GREETING
		    "554 5.5.1 This is SMTP, not HTTP\r\n{bye}");
	smtp_world_play(smtp_world(), STR("EHLO a\r\nPOST / HTTP/1.1\r\n"),
	    WORLD_GREETING WORLD_EHLO
	    "554 5.5.1 This is SMTP, not HTTP\r\n{bye}");
}

static void
test_errors_close(void **state)
{
	struct buf in, want;
	int i;

	(void)state;
	buf_init(&in, 1000);
	buf_init(&want, 1000);
	buf_add_text(&want, WORLD_GREETING);
	for (i = 1; i < SMTP_ERRORS_MAX; i++) {
		buf_add_text(&in, "AUTH PLAIN AGEAYg==\r\n");
		buf_add_text(&want, "502 5.5.1 No AUTH on this port\r\n");
	}
	smtp_world_play(smtp_world(), buf_str(&in), buf_text(&want));
	buf_add_text(&in, "BOO\r\nNOOP\r\n");
	buf_add_text(&want, "421 4.7.0 Too many errors\r\n{bye}");
	smtp_world_play(smtp_world(), buf_str(&in), buf_text(&want));
	buf_drop(&in);
	buf_drop(&want);
}

static void
test_commands_close(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf in, out;
	int i;

	(void)state;
	buf_init(&in, 100000);
	buf_init(&out, 100000);
	smtp_world_begin(&w);
	for (i = 0; i < SMTP_COMMANDS_MAX; i++)
		buf_add_text(&in, "NOOP\r\n");
	/* Pipelined, so the replies never pile up beyond their cap. */
	assert_true(smtp_world_hear(&w, buf_str(&in), &out));
	assert_int_equal(out.len, strlen(WORLD_GREETING) +
	    SMTP_COMMANDS_MAX * strlen("250 2.0.0 Here\r\n"));
	assert_true(w.smtp.out.room <= SMTP_OUT_STOP + 4096);
	buf_clear(&out);
	assert_false(smtp_world_hear(&w, STR("NOOP\r\n"), &out));
	assert_string_equal(buf_text(&out),
	    "421 4.7.0 Too many commands without a message\r\n{bye}");
	smtp_world_end(&w, 0, NULL);
	buf_drop(&in);
	buf_drop(&out);
}

static void
test_drain(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf in;
	struct str rest;
	int i, drains = 0;
	enum smtp_ask ask;

	(void)state;
	buf_init(&in, 100000);
	for (i = 0; i < 900; i++)
		buf_add_text(&in, "EHLO mail.example\r\n");
	smtp_world_begin(&w);
	rest = buf_str(&in);
	while ((ask = smtp_step(&w.smtp, &rest)) == SMTP_DRAIN) {
		assert_true(w.smtp.out.len >= SMTP_OUT_STOP);
		assert_true(w.smtp.out.len < SMTP_OUT_STOP + 512);
		/* Unsent replies keep it from reading on. */
		assert_int_equal(smtp_step(&w.smtp, &rest), SMTP_DRAIN);
		buf_clear(&w.smtp.out);
		drains++;
	}
	assert_int_equal(ask, SMTP_MORE);
	assert_int_equal(rest.len, 0);
	assert_true(drains > 5);
	smtp_world_end(&w, 0, NULL);
	buf_drop(&in);
}

static void
test_starttls(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf out;

	(void)state;
	smtp_world_play(w, STR("STARTTLS now\r\n"),
	    WORLD_GREETING "501 5.5.4 STARTTLS stands alone\r\n");
	smtp_world_play(w, STR("EHLO a\r\nstarttls\r\n"),
	    WORLD_GREETING WORLD_EHLO "220 2.0.0 Go ahead\r\n{tls}");

	/*
	 * What was pipelined behind STARTTLS is gone, no second greeting
	 * comes, the session starts over, and TLS is had once.
	 */
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	assert_true(smtp_world_hear(&w, STR("EHLO a\r\nMAIL FROM:<>\r\n"
	    "STARTTLS\r\nRCPT TO:<shop@example.test>\r\nQUIT\r\n"), &out));
	assert_string_equal(buf_text(&out), WORLD_GREETING WORLD_EHLO
	    WORLD_SENDER "220 2.0.0 Go ahead\r\n{tls}");
	buf_clear(&out);
	assert_int_equal(w.smtp.helo.len, 0);
	assert_true(smtp_world_hear(&w, STR("RCPT TO:<a@example.test>\r\n"
	    "MAIL FROM:<>\r\nEHLO a\r\nSTARTTLS\r\n"), &out));
	assert_string_equal(buf_text(&out),
	    "503 5.5.1 Send MAIL first\r\n503 5.5.1 Say EHLO first\r\n"
	    WORLD_EHLO_HEAD WORLD_EHLO_TAIL
	    "503 5.5.1 TLS is on already\r\n");
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

static void
test_ends_from_our_side(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_turn_away(&w.smtp, "5.5.1 Talked before the greeting");
	assert_false(smtp_world_hear(&w, STR("HELO a\r\n"), &out));
	assert_string_equal(buf_text(&out),
	    "554 5.5.1 Talked before the greeting\r\n{bye}");
	smtp_world_end(&w, 0, NULL);

	buf_clear(&out);
	smtp_world_begin(&w);
	smtp_close(&w.smtp, "4.4.2 Idle for too long");
	smtp_close(&w.smtp, "4.3.2 Shutting down");
	assert_string_equal(w.smtp.complaint, "4.4.2 Idle for too long");
	assert_false(smtp_world_hear(&w, STR("HELO a\r\n"), &out));
	assert_string_equal(buf_text(&out),
	    WORLD_GREETING "421 4.4.2 Idle for too long\r\n{bye}");
	smtp_world_end(&w, 0, NULL);

	/* In the middle of a text, the message is taken back. */
	buf_clear(&out);
	smtp_world_begin(&w);
	assert_true(smtp_world_hear(&w, STR(WORLD_TO_DATA "DATA\r\nabc"),
	    &out));
	buf_clear(&out);
	smtp_close(&w.smtp, "4.4.2 Idle for too long");
	assert_false(smtp_world_hear(&w, STR("def\r\n.\r\n"), &out));
	assert_string_equal(buf_text(&out),
	    "421 4.4.2 Idle for too long\r\n{abort}{bye}");
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

/* A late answer to an ask is not needed any more, and does no harm. */
static void
test_close_while_asking(void **state)
{
	static const struct {
		struct str in;
		enum smtp_ask ask, next;
	} cases[] = {
		{ { "STARTTLS\r\n", 10 }, SMTP_STARTTLS, SMTP_BYE },
		{ { "RCPT TO:<b@example.test>\r\n", 26 }, SMTP_RCPT,
		    SMTP_BYE },
		{ { "DATA\r\n", 6 }, SMTP_OPEN, SMTP_ABORT },
		{ { "BDAT 0 LAST\r\n", 13 }, SMTP_OPEN, SMTP_ABORT },
	};
	struct smtp_world w = smtp_world();
	struct buf out;
	struct str in;
	size_t i;

	(void)state;
	buf_init(&out, 10000);
	for (i = 0; i < countof(cases); i++) {
		smtp_world_begin(&w);
		assert_true(smtp_world_hear(&w, STR(WORLD_TO_DATA), &out));
		in = cases[i].in;
		assert_int_equal(smtp_step(&w.smtp, &in), cases[i].ask);
		smtp_close(&w.smtp, "4.3.2 Shutting down");
		smtp_secured(&w.smtp, STR("a"), STR("b"));
		smtp_judged(&w.smtp, SMTP_ACCEPT);
		smtp_opened(&w.smtp, SMTP_ACCEPT, STR("id1"), WORLD_NOW);
		smtp_pieced(&w.smtp, SMTP_ACCEPT);
		smtp_stored(&w.smtp, SMTP_ACCEPT);
		assert_int_equal(smtp_step(&w.smtp, &in), cases[i].next);
		assert_int_equal(smtp_step(&w.smtp, &in), SMTP_BYE);
		assert_int_equal(smtp_step(&w.smtp, &in), SMTP_BYE);
		smtp_world_end(&w, 0, NULL);
	}
	buf_drop(&out);
}

static void
test_progress_and_complaint(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf out;
	uint64_t progress;

	(void)state;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	assert_null(w.smtp.complaint);
	progress = w.smtp.progress;
	assert_true(smtp_world_hear(&w, STR("BOO\r\nNO"), &out));
	assert_int_equal(w.smtp.progress, progress);
	assert_string_equal(w.smtp.complaint, "500 5.5.1 Not a command here");
	w.smtp.complaint = NULL;
	assert_true(smtp_world_hear(&w, STR("NOOP\r\n"), &out));
	assert_int_equal(w.smtp.progress, progress + 1);
	assert_true(smtp_world_hear(&w, STR(WORLD_TO_DATA), &out));
	assert_int_equal(w.smtp.progress, progress + 4);
	assert_null(w.smtp.complaint);
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

int
smtp_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting_and_helo),
		cmocka_unit_test(test_helo_refused),
		cmocka_unit_test(test_simple_commands),
		cmocka_unit_test(test_bad_line_closes),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_http_closes),
		cmocka_unit_test(test_errors_close),
		cmocka_unit_test(test_commands_close),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_ends_from_our_side),
		cmocka_unit_test(test_close_while_asking),
		cmocka_unit_test(test_progress_and_complaint),
	};

	return cmocka_run_group_tests_name("talk/smtp", tests, NULL, NULL);
}
