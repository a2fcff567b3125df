/* Who sends to whom: MAIL and RCPT, their addresses and their limits. */
#include "smtp_world.h"

int smtp_mail_test(void);

#define HELLO "EHLO mail.example\r\n"
#define HEARD WORLD_GREETING WORLD_EHLO
#define FOREIGN "550 5.7.1 Not a domain of ours, and we never relay\r\n"
#define LITERAL "550 5.7.1 Not to an address in brackets\r\n"
#define NEEDS_UTF8 "553 5.6.7 This address needs SMTPUTF8\r\n"
#define OWN "550 5.7.1 Mail of our own does not come this way\r\n"
#define FORGOTTEN "250 2.0.0 Forgotten\r\n"

static void
test_senders(void **state)
{
	(void)state;
	/* Bounces come from nobody; comparable servers refused them. */
	smtp_world_play(smtp_world(), STR(HELLO "MAIL FROM:<>\r\nRSET\r\n"
	    "MAIL FROM: <a@mail.example>\r\nRSET\r\n"
	    "mail from:<\"a b\"@mail.example>\r\nRSET\r\n"
	    "MAIL FROM:<@r.example,@s.example:a@mail.example>\r\nRSET\r\n"
	    "MAIL FROM:<a+b=c@[192.0.2.7]>\r\nRSET\r\n"
	    "MAIL FROM:<a@mail.example>  \r\n"),
	    HEARD WORLD_SENDER FORGOTTEN WORLD_SENDER FORGOTTEN
	    WORLD_SENDER FORGOTTEN WORLD_SENDER FORGOTTEN
	    WORLD_SENDER FORGOTTEN WORLD_SENDER);
	smtp_world_play(smtp_world(), STR(HELLO "MAIL\r\nMAIL FROM\r\n"
	    "MAIL FR:<a@mail.example>\r\nMAIL TO:<a@mail.example>\r\n"
	    "MAIL FROM:<postmaster>\r\n"),
	    HEARD "501 5.5.4 Say MAIL FROM:<address>\r\n"
	    "501 5.5.4 Say MAIL FROM:<address>\r\n"
	    "501 5.5.4 Say MAIL FROM:<address>\r\n"
	    "501 5.5.4 Say MAIL FROM:<address>\r\n"
	    "501 5.1.7 A sender has a domain\r\n");
}

static void
test_bad_senders(void **state)
{
	static const char *const paths[] = {
		"", "a@mail.example", "<a@mail.example", "<a b@mail.example>",
		"<@mail.example>", "<a@>", "<a@mail..example>", "<a@b@c>",
		"<\"a@mail.example>", "<a@[300.0.2.1]>", "<\377@mail.example>",
	};
	struct smtp_world w = smtp_world();
	struct buf in, out;
	size_t i;

	(void)state;
	buf_init(&in, 1000);
	buf_init(&out, 10000);
	for (i = 0; i < countof(paths); i++) {
		smtp_world_begin(&w);
		buf_clear(&in);
		buf_add_format(&in, HELLO "MAIL FROM:%s\r\n", paths[i]);
		smtp_world_hear(&w, buf_str(&in), &out);
		buf_eat(&out, strlen(HEARD));
		assert_true(str_starts(buf_str(&out), STR("501 5.1.7 ")));
		buf_clear(&out);
		smtp_world_hear(&w, STR("RCPT TO:<a@example.test>\r\n"),
		    &out);
		assert_string_equal(buf_text(&out),
		    "503 5.5.1 Send MAIL first\r\n");
		buf_clear(&out);
		smtp_world_end(&w, 0, NULL);
	}
	buf_drop(&in);
	buf_drop(&out);
}

static void
test_own_sender(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	/* Nor from an address that the owner closed. */
	smtp_world_play(w, STR(HELLO "MAIL FROM:<a@example.test>\r\n"
	    "MAIL FROM:<closed@Other.EXAMPLE>\r\n"
	    "MAIL FROM:<a@sub.example.test>\r\n"),
	    HEARD OWN OWN WORLD_SENDER);
	w.policy.own_sender_refused = false;
	smtp_world_play(w, STR(HELLO "MAIL FROM:<a@example.test>\r\n"),
	    HEARD WORLD_SENDER);
}

static void
test_mail_parameters(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR(HELLO
	    "MAIL FROM:<> SIZE=2000 BODY=8BITMIME SMTPUTF8 RET=HDRS"
	    " ENVID=a+2Bb\r\nRSET\r\nMAIL FROM:<>  body=7bit\r\nRSET\r\n"
	    "MAIL FROM:<> SIZE=2001\r\n"
	    "MAIL FROM:<> SIZE=99999999999999999999\r\n"
	    "MAIL FROM:<> BODY=BINARYMIME\r\nMAIL FROM:<> AUTH=<>\r\n"
	    "MAIL FROM:<> REQUIRETLS\r\n"
	    "MAIL FROM:<> SIZE=1 SIZE=1\r\nMAIL FROM:<>SIZE=1\r\n"),
	    HEARD WORLD_SENDER FORGOTTEN WORLD_SENDER FORGOTTEN
	    "552 5.3.4 Larger than we take\r\n"
	    "552 5.3.4 Larger than we take\r\n"
	    "555 5.5.4 BINARYMIME is not offered\r\n"
	    "555 5.5.4 Parameter not known here\r\n"
	    "555 5.5.4 Parameter not known here\r\n"
	    "501 5.5.4 A parameter is given twice\r\n"
	    "501 5.5.4 Parameters cannot be read\r\n");
	smtp_world_play(smtp_world(), STR("HELO mail.example\r\n"
	    "MAIL FROM:<> SIZE=1\r\nMAIL FROM:<>\r\n"
	    "RCPT TO:<a@example.test> NOTIFY=NEVER\r\n"),
	    WORLD_GREETING "250 mx.example.test\r\n"
	    "555 5.5.4 Parameters need EHLO\r\n" WORLD_SENDER
	    "555 5.5.4 Parameters need EHLO\r\n");
}

static void
test_utf8(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR(HELLO
	    "MAIL FROM:<\303\274@mail.example>\r\n"
	    "MAIL FROM:<a@b\303\274cher.example>\r\n"
	    "MAIL FROM:<a@mail.example>\r\n"
	    "RCPT TO:<\303\274@example.test>\r\nRSET\r\n"
	    "MAIL FROM:<\303\274@mail.example> SMTPUTF8\r\n"
	    "RCPT TO:<\303\274@example.test>\r\nRSET\r\n"
	    "MAIL FROM:<a@mail.example>\r\n"
	    "RCPT TO:<\303\274@example.test>\r\n"),
	    HEARD NEEDS_UTF8 NEEDS_UTF8 WORLD_SENDER NEEDS_UTF8 FORGOTTEN
	    WORLD_SENDER "{rcpt \303\274@example.test}" WORLD_RECIPIENT
	    FORGOTTEN WORLD_SENDER NEEDS_UTF8);
}

static void
test_sequence(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR("MAIL FROM:<>\r\n" HELLO
	    "RCPT TO:<a@example.test>\r\nMAIL FROM:<>\r\n"
	    "MAIL FROM:<>\r\nRCPT TO:<a@example.test>\r\n"
	    /* HELO and EHLO forget as RSET does. */
	    "HELO a\r\nRCPT TO:<a@example.test>\r\n"),
	    WORLD_GREETING "503 5.5.1 Say EHLO first\r\n" WORLD_EHLO
	    "503 5.5.1 Send MAIL first\r\n" WORLD_SENDER
	    "503 5.5.1 Finish the message first\r\n"
	    "{rcpt a@example.test}" WORLD_RECIPIENT
	    "250 mx.example.test\r\n503 5.5.1 Send MAIL first\r\n");
}

static void
test_recipients(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR(HELLO "MAIL FROM:<>\r\n"
	    "RCPT TO: <Shop+Tag@Example.TEST>\r\n"
	    "rcpt to:<\"two words\"@other.example>\r\n"
	    "RCPT TO:<\"plain\"@example.test>\r\n"
	    "RCPT TO:<@r.example:routed@example.test>\r\n"
	    "RCPT TO:<a@third.example>\r\nRCPT TO:<a@sub.example.test>\r\n"
	    "RCPT TO:<a@[192.0.2.1]>\r\nRCPT TO:<>\r\nRCPT\r\n"
	    "RCPT TO:\r\nRCPT FROM:<a@example.test>\r\n"),
	    HEARD WORLD_SENDER
	    "{rcpt shop+tag@example.test}" WORLD_RECIPIENT
	    "{rcpt \"two words\"@other.example}" WORLD_RECIPIENT
	    "{rcpt plain@example.test}" WORLD_RECIPIENT
	    "{rcpt routed@example.test}" WORLD_RECIPIENT
	    FOREIGN FOREIGN LITERAL "501 5.1.3 A recipient has a name\r\n"
	    "501 5.5.4 Say RCPT TO:<address>\r\n"
	    "501 5.1.3 the address must stand between < and >\r\n"
	    "501 5.5.4 Say RCPT TO:<address>\r\n");
}

static void
test_postmaster(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR(HELLO
	    "MAIL FROM:<sender@mail.example>\r\nRCPT TO:<PostMaster>\r\n"
	    "RCPT TO:<postmaster@Other.example>\r\n"
	    "RCPT TO:<Postmaster@example.test>\r\nDATA\r\n"),
	    HEARD WORLD_SENDER
	    "{rcpt postmaster@example.test}" WORLD_RECIPIENT
	    "{rcpt postmaster@other.example}" WORLD_RECIPIENT
	    "250 2.1.5 Recipient noted already\r\n"
	    "{open sender@mail.example: postmaster@example.test"
	    " postmaster@Other.example}" WORLD_GO);
}

static void
test_verdicts(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR(HELLO
	    "MAIL FROM:<sender@mail.example>\r\n"
	    "RCPT TO:<closed@example.test>\r\nRCPT TO:<a@example.test>\r\n"
	    "RCPT TO:<full@example.test>\r\nRCPT TO:<Later@example.test>\r\n"
	    "RCPT TO:<B@example.test>\r\n"
	    /* One canonical address twice, a refused one asked again. */
	    "RCPT TO:<\"a\"@EXAMPLE.test>\r\nRCPT TO:<b@example.test>\r\n"
	    "RCPT TO:<closed@example.test>\r\nDATA\r\n"),
	    HEARD WORLD_SENDER
	    "{rcpt closed@example.test}550 5.1.1 This address is closed\r\n"
	    "{rcpt a@example.test}" WORLD_RECIPIENT
	    "{rcpt full@example.test}" WORLD_FULL
	    "{rcpt later@example.test}" WORLD_LATER
	    "{rcpt b@example.test}" WORLD_RECIPIENT
	    "250 2.1.5 Recipient noted already\r\n"
	    "250 2.1.5 Recipient noted already\r\n"
	    "{rcpt closed@example.test}550 5.1.1 This address is closed\r\n"
	    "{open sender@mail.example: a@example.test B@example.test}"
	    WORLD_GO);
}

static void
test_rcpt_parameters(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR(HELLO "MAIL FROM:<>\r\n"
	    "RCPT TO:<a@example.test> NOTIFY=SUCCESS,DELAY"
	    " ORCPT=rfc822;a@example.test\r\n"
	    "RCPT TO:<b@example.test> NOTIFY=NEVER,DELAY\r\n"
	    "RCPT TO:<b@example.test> SIZE=1\r\n"
	    "RCPT TO:<b@example.test> ORCPT=x\r\n"),
	    HEARD WORLD_SENDER "{rcpt a@example.test}" WORLD_RECIPIENT
	    "501 5.5.4 Parameters cannot be read\r\n"
	    "555 5.5.4 Parameter not known here\r\n"
	    "501 5.5.4 Parameters cannot be read\r\n");
}

static void
test_refused_recipients_are_errors(void **state)
{
	struct buf in, want;
	int i;

	(void)state;
	buf_init(&in, 10000);
	buf_init(&want, 10000);
	buf_add_text(&in, HELLO "MAIL FROM:<>\r\n");
	buf_add_text(&want, HEARD WORLD_SENDER);
	for (i = 1; i < SMTP_ERRORS_MAX; i++) {
		/* Faults of ours are none of theirs. */
		buf_add_format(&in, "RCPT TO:<full@example.test>\r\n"
		    "RCPT TO:<a%d@third.example>\r\n", i);
		buf_add_text(&want, "{rcpt full@example.test}" WORLD_FULL
		    FOREIGN);
	}
	buf_add_text(&in, "RCPT TO:<closed@example.test>\r\nQUIT\r\n");
	buf_add_text(&want, "{rcpt closed@example.test}"
	    "421 4.7.0 Too many errors\r\n{bye}");
	smtp_world_play(smtp_world(), buf_str(&in), buf_text(&want));
	buf_drop(&in);
	buf_drop(&want);
}

static void
test_many_recipients(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf in, out;
	int i;

	(void)state;
	buf_init(&in, 200000);
	buf_init(&out, 200000);
	buf_add_text(&in, HELLO "MAIL FROM:<>\r\n");
	for (i = 0; i < SMTP_RECIPIENTS_MAX; i++)
		buf_add_format(&in, "RCPT TO:<%s-%d@example.test>\r\n",
		    "a-name-that-is-nearly-as-long-as-names-may-be", i);
	smtp_world_begin(&w);
	assert_true(smtp_world_hear(&w, buf_str(&in), &out));
	assert_int_equal(w.smtp.recipient_count, SMTP_RECIPIENTS_MAX);
	assert_int_equal(w.smtp.errors, 0);
	buf_clear(&out);
	/* Known ones are still fine; too many is for the next message. */
	assert_true(smtp_world_hear(&w, STR("RCPT TO:<one@example.test>\r\n"
	    "RCPT TO:<a-name-that-is-nearly-as-long-as-names-may-be-7"
	    "@example.test>\r\nRCPT TO:<two@example.test>\r\n"),
	    &out));
	assert_string_equal(buf_text(&out),
	    "452 4.5.3 Too many recipients\r\n"
	    "250 2.1.5 Recipient noted already\r\n"
	    "452 4.5.3 Too many recipients\r\n");
	assert_int_equal(w.smtp.recipient_count, SMTP_RECIPIENTS_MAX);
	assert_int_equal(w.smtp.errors, 0);
	buf_clear(&out);
	assert_true(smtp_world_hear(&w, STR("DATA\r\n.\r\n"), &out));
	assert_true(str_ends(buf_str(&out), STR(WORLD_STORED)));
	smtp_world_end(&w, 0, NULL);
	buf_drop(&in);
	buf_drop(&out);
}

/* Who stays and says no more costs no memory for what was said. */
static void
test_forgotten_is_freed(void **state)
{
	struct smtp_world w = smtp_world();
	const struct smtp *s = &w.smtp;
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_world_hear(&w, STR(WORLD_TO_DATA), &out);
	assert_true(s->reverse_path.room > 0 && s->recipients.room > 0 &&
	    s->canonical.room > 0);
	smtp_world_hear(&w, STR("RSET\r\n"), &out);
	assert_int_equal(s->reverse_path.room + s->recipients.room +
	    s->canonical.room, 0);
	smtp_world_end(&w, 0, &out);
	buf_drop(&out);
}

static void
test_many_mails(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf out;
	int i;

	(void)state;
	w.brief = true;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_world_hear(&w, STR(HELLO), &out);
	for (i = 0; i < SMTP_MAILS_MAX; i++) {
		buf_clear(&out);
		assert_true(smtp_world_hear(&w, STR("MAIL FROM:<>\r\n"
		    "RCPT TO:<a@example.test>\r\nDATA\r\nx\r\n.\r\n"),
		    &out));
		assert_true(str_ends(buf_str(&out),
		    STR("{store 3}" WORLD_STORED)));
	}
	buf_clear(&out);
	assert_int_equal(w.smtp.messages, SMTP_MAILS_MAX);
	assert_false(smtp_world_hear(&w, STR("MAIL FROM:<>\r\n"), &out));
	assert_string_equal(buf_text(&out),
	    "421 4.7.0 Enough for one session\r\n{bye}");
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

int
smtp_mail_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_bad_senders),
		cmocka_unit_test(test_own_sender),
		cmocka_unit_test(test_mail_parameters),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_postmaster),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_rcpt_parameters),
		cmocka_unit_test(test_refused_recipients_are_errors),
		cmocka_unit_test(test_many_recipients),
		cmocka_unit_test(test_forgotten_is_freed),
		cmocka_unit_test(test_many_mails),
	};

	return cmocka_run_group_tests_name("talk/smtp_mail", tests, NULL,
	    NULL);
}
