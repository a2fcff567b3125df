/* The owner's own letters: senders, recipients, wishes, texts, refusals. */
#include "smtp_world.h"
#include "talk/smtp_args.h"

int smtp_submit_test(void);

#define NEEDS_UTF8 "553 5.6.7 This address needs SMTPUTF8\r\n"
#define NOT_YOURS "553 5.7.1 The sender is not one of your addresses\r\n"
#define NOT_WHOLE "550 5.1.2 The domain is not whole, as in mail.example\r\n"
#define LITERAL "550 5.1.2 Not to an address in brackets, name a domain\r\n"
#define FORGOTTEN "250 2.0.0 Forgotten\r\n"
#define ALREADY "250 2.1.5 Recipient noted already\r\n"

#define TO_DATA WORLD_LOG_IN \
	"MAIL FROM:<a@example.test>\r\nRCPT TO:<b@mail.example>\r\n"
#define TO_DATA_HEARD WORLD_LOG_IN_HEARD WORLD_SENDER WORLD_RECIPIENT
#define OPEN "{open a@example.test: b@mail.example; ; 0;  0}"

static void
test_senders(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	smtp_world_play(w, STR(WORLD_LOG_IN
	    "MAIL FROM:<any+thing@Example.TEST>\r\nRSET\r\n"
	    "MAIL FROM:<\"a b\"@other.example>\r\nRSET\r\n"
	    "MAIL FROM:<me@Elsewhere.example>\r\nRSET\r\n"
	    "MAIL FROM:<any@MINE.example>\r\nRSET\r\nMAIL FROM:<>\r\n"),
	    WORLD_LOG_IN_HEARD WORLD_SENDER FORGOTTEN WORLD_SENDER FORGOTTEN
	    WORLD_SENDER FORGOTTEN WORLD_SENDER FORGOTTEN WORLD_SENDER);
	smtp_world_play(w, STR(WORLD_LOG_IN
	    "MAIL FROM:<you@elsewhere.example>\r\n"
	    "MAIL FROM:<me@sub.elsewhere.example>\r\n"
	    "MAIL FROM:<me@sub.mine.example>\r\n"
	    "MAIL FROM:<me@sub.example.test>\r\n"
	    "MAIL FROM:<me@[192.0.2.1]>\r\nMAIL FROM:<postmaster>\r\n"
	    "RCPT TO:<a@mail.example>\r\n"),
	    WORLD_LOG_IN_HEARD NOT_YOURS NOT_YOURS NOT_YOURS NOT_YOURS
	    NOT_YOURS "501 5.1.7 A sender has a domain\r\n"
	    "503 5.5.1 Send MAIL first\r\n");
	w.policy.listed_count = 0;
	smtp_world_play(w, STR(WORLD_LOG_IN
	    "MAIL FROM:<me@elsewhere.example>\r\n"
	    "MAIL FROM:<a@example.test> SIZE=2001\r\n"
	    "MAIL FROM:<a@example.test> SIZE=2000\r\n"),
	    WORLD_LOG_IN_HEARD NOT_YOURS
	    "552 5.3.4 Larger than we take\r\n" WORLD_SENDER);
}

static void
test_parameters(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	smtp_world_play(w, STR(WORLD_LOG_IN
	    "MAIL FROM:<a@example.test> AUTH=a+2Bb@example.test RET=HDRS"
	    " ENVID=x+2By BODY=8BITMIME SMTPUTF8 REQUIRETLS\r\n"
	    "RCPT TO:<b@mail.example> NOTIFY=SUCCESS,DELAY"
	    " ORCPT=rfc822;c@mail.example\r\n"
	    "RCPT TO:<c@example.test> NOTIFY=NEVER\r\n"
	    "RCPT TO:<closed@example.test> ORCPT=rfc822;d@mail.example\r\n"
	    "RCPT TO:<\303\274@b\303\274cher.example>"
	    " NOTIFY=FAILURE,DELAY,SUCCESS\r\n"
	    "RCPT TO:<d@mail.example>\r\nDATA\r\n"),
	    WORLD_LOG_IN_HEARD WORLD_SENDER WORLD_RECIPIENT
	    "{rcpt c@example.test}" WORLD_RECIPIENT
	    "{rcpt closed@example.test}550 5.1.1 This address is closed\r\n"
	    WORLD_RECIPIENT WORLD_RECIPIENT
	    "{open a@example.test: b@mail.example c@example.test"
	    " \303\274@b\303\274cher.example d@mail.example;"
	    "  c@example.test  ; :rfc822;c@mail.example 1 > 0; x+2By 2 tls"
	    " utf8}" WORLD_GO);
	/* The next letter knows nothing of it. */
	smtp_world_play(w, STR(WORLD_LOG_IN
	    "MAIL FROM:<> RET=FULL ENVID=x SMTPUTF8 REQUIRETLS\r\n"
	    "RCPT TO:<b@mail.example> NOTIFY=NEVER\r\nRSET\r\n"
	    "MAIL FROM:<a@example.test>\r\nRCPT TO:<b@mail.example>\r\n"
	    "DATA\r\n"), WORLD_LOG_IN_HEARD WORLD_SENDER WORLD_RECIPIENT
	    FORGOTTEN WORLD_SENDER WORLD_RECIPIENT OPEN WORLD_GO);
}

static void
test_recipients(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	smtp_world_play(w, STR(WORLD_LOG_IN "MAIL FROM:<a@example.test>\r\n"
	    "RCPT TO:<B@Mail.Example>\r\nRCPT TO:<Shop@Example.TEST>\r\n"
	    "RCPT TO:<PostMaster>\r\nRCPT TO:<\"x y\"@a.mail.example>\r\n"
	    "RCPT TO:<a@[192.0.2.1]>\r\nRCPT TO:<a@[IPv6:2001:db8::1]>\r\n"
	    "RCPT TO:<a@host>\r\nRCPT TO:<a@mail..example>\r\n"
	    "RCPT TO:<a>\r\nRCPT TO:<>\r\n"
	    "RCPT TO:<a@b\303\274cher.example>\r\nDATA\r\n"),
	    WORLD_LOG_IN_HEARD WORLD_SENDER WORLD_RECIPIENT
	    "{rcpt shop@example.test}" WORLD_RECIPIENT
	    "{rcpt postmaster@example.test}" WORLD_RECIPIENT WORLD_RECIPIENT
	    LITERAL LITERAL NOT_WHOLE
	    "501 5.1.3 the part behind the @ is not a domain\r\n"
	    "501 5.1.3 the address has no domain\r\n"
	    "501 5.1.3 A recipient has a name\r\n" NEEDS_UTF8
	    "{open a@example.test: B@Mail.Example Shop@Example.TEST"
	    " postmaster@example.test \"x y\"@a.mail.example; "
	    " shop@example.test postmaster@example.test ; 0 0 0 0;  0}"
	    WORLD_GO);
}

static void
test_twice(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	/* Ours by canonical form; elsewhere we do not know who is the same. */
	smtp_world_play(w, STR(WORLD_LOG_IN "MAIL FROM:<a@example.test>\r\n"
	    "RCPT TO:<b@mail.example>\r\nRCPT TO:<b@MAIL.example>\r\n"
	    "RCPT TO:<B@mail.example>\r\nRCPT TO:<\"b\"@mail.example>\r\n"
	    "RCPT TO:<c@example.test>\r\nRCPT TO:<\"C\"@Example.test>\r\n"
	    "RCPT TO:<b@mail.example> NOTIFY=NEVER\r\n"
	    "RCPT TO:<b@mail.example.example>\r\nDATA\r\n"),
	    WORLD_LOG_IN_HEARD WORLD_SENDER WORLD_RECIPIENT ALREADY
	    WORLD_RECIPIENT WORLD_RECIPIENT "{rcpt c@example.test}"
	    WORLD_RECIPIENT ALREADY ALREADY WORLD_RECIPIENT
	    "{open a@example.test: b@mail.example B@mail.example"
	    " \"b\"@mail.example c@example.test b@mail.example.example;   "
	    " c@example.test ; 0 0 0 0 0;  0}" WORLD_GO);
}

static void
test_many(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf in, out;
	int i, j;

	(void)state;
	buf_init(&in, 200000);
	buf_init(&out, 200000);
	buf_add_text(&in, WORLD_LOG_IN "MAIL FROM:<>\r\n");
	for (i = 0; i < SMTP_RECIPIENTS_MAX; i++) {
		buf_add_format(&in, "RCPT TO:<a-%d@%s> NOTIFY=DELAY ORCPT="
		    "rfc822;", i, i % 2 ? "example.test" : "mail.example");
		for (j = 0; j < SMTP_ORCPT_MAX - 7; j++)
			buf_add_char(&in, 'x');
		buf_add_text(&in, "\r\n");
	}
	smtp_world_begin(&w);
	assert_true(smtp_world_hear(&w, buf_str(&in), &out));
	assert_int_equal(w.smtp.recipient_count, SMTP_RECIPIENTS_MAX);
	buf_clear(&out);
	assert_true(smtp_world_hear(&w, STR("RCPT TO:<b@mail.example>\r\n"
	    "RCPT TO:<b@example.test>\r\nRCPT TO:<a-0@mail.example>\r\n"),
	    &out));
	assert_string_equal(buf_text(&out),
	    "452 4.5.3 Too many recipients\r\n"
	    "452 4.5.3 Too many recipients\r\n" ALREADY);
	assert_int_equal(w.smtp.recipient_count, SMTP_RECIPIENTS_MAX);
	smtp_world_end(&w, 0, NULL);
	buf_drop(&in);
	buf_drop(&out);
}

static void
test_text(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	/* What the shell gets is what was said, with no line of ours. */
	smtp_world_play(w, STR(TO_DATA "DATA\r\nFrom: a\r\n\r\n..x\r\n.\r\n"),
	    TO_DATA_HEARD OPEN WORLD_GO
	    "{store From: a\r\n\r\n.x\r\n}" WORLD_QUEUED);
	smtp_world_play(w, STR(TO_DATA "DATA\r\n.\r\nRSET\r\n"),
	    TO_DATA_HEARD OPEN WORLD_GO "{store }" WORLD_QUEUED FORGOTTEN);
	smtp_world_play(w, STR(TO_DATA "BDAT 5\r\na\r\nbcBDAT 1 LAST\r\nd"),
	    TO_DATA_HEARD OPEN WORLD_CHUNK "{store a\r\nbcd\r\n}"
	    WORLD_QUEUED);
	smtp_world_play(w, STR(TO_DATA "DATA\r\na\nb\r\n.\r\n"),
	    TO_DATA_HEARD OPEN WORLD_GO
	    "554 5.6.0 A bare CR or LF is no line end\r\n{abort}{bye}");
}

static void
test_hops(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf in;
	int i;

	(void)state;
	buf_init(&in, 10000);
	buf_add_text(&in, TO_DATA "DATA\r\n");
	for (i = 0; i <= SMTP_HOPS_MAX; i++)
		buf_add_text(&in, "Received: by a\r\n");
	buf_add_text(&in, ".\r\nNOOP\r\n");
	smtp_world_play(w, buf_str(&in), TO_DATA_HEARD OPEN WORLD_GO
	    "{abort}554 5.4.6 Too many Received, this is a loop\r\n"
	    "250 2.0.0 Here\r\n");
	buf_drop(&in);
}

/* An old address book is no attack: the session goes on. */
static void
test_refused_recipients(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf in, want;
	int i;

	(void)state;
	buf_init(&in, 10000);
	buf_init(&want, 10000);
	buf_add_text(&in, TO_DATA);
	buf_add_text(&want, TO_DATA_HEARD);
	for (i = 0; i < SMTP_ERRORS_MAX; i++) {
		buf_add_text(&in, "RCPT TO:<closed@example.test>\r\n"
		    "RCPT TO:<a@[192.0.2.1]>\r\nRCPT TO:<a@word>\r\n");
		buf_add_text(&want, "{rcpt closed@example.test}"
		    "550 5.1.1 This address is closed\r\n"
		    "550 5.1.2 Not to an address in brackets, name a domain\r\n"
		    "550 5.1.2 The domain is not whole, as in mail.example"
		    "\r\n");
	}
	buf_add_text(&in, "NOOP\r\n");
	buf_add_text(&want, "250 2.0.0 Here\r\n");
	smtp_world_play(w, buf_str(&in), buf_text(&want));
	buf_drop(&in);
	buf_drop(&want);
}

#define NO "550 5.6.0 No, because"

/* The session goes on behind a text that is refused, wherever that is. */
static void
test_refusals(void **state)
{
	struct smtp_world w = smtp_world_submission();

	(void)state;
	w.refuse_open = NO;
	smtp_world_play(w, STR(TO_DATA "DATA\r\nNOOP\r\n"),
	    TO_DATA_HEARD OPEN NO "\r\n250 2.0.0 Here\r\n");
	smtp_world_play(w, STR(TO_DATA "BDAT 6\r\nNOOP\r\nNOOP\r\n"),
	    TO_DATA_HEARD OPEN NO "\r\n250 2.0.0 Here\r\n");
	w.refuse_open = NULL;
	w.refuse_store = NO;
	smtp_world_play(w, STR(TO_DATA "DATA\r\na\r\n.\r\nDATA\r\nNOOP\r\n"),
	    TO_DATA_HEARD OPEN WORLD_GO "{store a\r\n}" NO "\r\n"
	    "503 5.5.1 Send MAIL first\r\n250 2.0.0 Here\r\n");
	smtp_world_play(w, STR(TO_DATA "BDAT 3 LAST\r\na\r\nNOOP\r\n"),
	    TO_DATA_HEARD OPEN "{store a\r\n}" NO "\r\n250 2.0.0 Here\r\n");
	/* A temporary one is no error of the client's. */
	w.refuse_store = "452 4.3.1 No room";
	smtp_world_play(w, STR(TO_DATA "DATA\r\n.\r\n"),
	    TO_DATA_HEARD OPEN WORLD_GO "{store }452 4.3.1 No room\r\n");
}

static void
test_refused_piece(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct buf in, out;
	int i;

	(void)state;
	w.policy.size_max = 1 << 20;
	w.refuse_piece = NO;
	buf_init(&in, 1 << 20);
	buf_init(&out, 10000);
	buf_add_text(&in, TO_DATA "DATA\r\n");
	for (i = 0; i < 3 * PIECE_SIZE / 16; i++)
		buf_add_text(&in, "14 bytes long!\r\n");
	smtp_world_begin(&w);
	assert_true(smtp_world_hear(&w, buf_str(&in), &out));
	assert_true(str_ends(buf_str(&out), STR(WORLD_GO)));
	assert_int_equal(w.smtp.piece.len, 0);
	buf_clear(&out);
	assert_true(smtp_world_hear(&w, STR(".\r\nNOOP\r\n"), &out));
	assert_string_equal(buf_text(&out), NO "\r\n250 2.0.0 Here\r\n");
	assert_string_equal(w.smtp.complaint, NO);
	smtp_world_end(&w, 0, NULL);
	buf_drop(&in);
	buf_drop(&out);
}

static void
test_refused_too_late(void **state)
{
	struct smtp_world w = smtp_world_submission();
	struct str in = STR(TO_DATA "DATA\r\na\r\n.\r\n");
	enum smtp_ask ask;
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	while ((ask = smtp_step(&w.smtp, &in)) != SMTP_STORE)
		smtp_world_answer(&w, ask, &out);
	smtp_close(&w.smtp, "4.3.2 Shutting down");
	smtp_refused(&w.smtp, NO);
	assert_int_equal(smtp_step(&w.smtp, &in), SMTP_BYE);
	assert_true(str_ends(buf_str(&w.smtp.out),
	    STR("421 4.3.2 Shutting down\r\n")));
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

int
smtp_submit_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_refused_recipients),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refused_piece),
		cmocka_unit_test(test_refused_too_late),
	};

	return cmocka_run_group_tests_name("talk/smtp_submit", tests, NULL,
	    NULL);
}
