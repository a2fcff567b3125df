/* The envelope: parameters, whose reply is whose, what a server can't do. */
#include "smtp_client_world.h"

int smtp_client_mail_test(void);

#define GREET "220 mx.example\n250-mx.example\n"
#define EHLO "EHLO box.example.test\n"
#define MAIL "MAIL FROM:<shop@example.test>\n"
#define TO(a) "RCPT TO:<" a "@mail.example>\n"
#define A TO("a")
#define ABC TO("a") TO("b") TO("c")
#define STORY(a, text) "{" a "@mail.example " text "}\n"

static struct smtp_client_recipient three[3];

static struct smtp_letter
letter(size_t count)
{
	size_t i;

	memset(three, 0, sizeof three);
	for (i = 0; i < 3; i++)
		three[i].address = str_from(&"a@mail.example\0b@mail.example\0"
		    "c@mail.example"[i * 15], 14);
	return (struct smtp_letter){
		.sender = STR("shop@example.test"),
		.recipients = three, .count = count, .size = 5
	};
}

static void
test_each_recipient(void **state)
{
	struct smtp_letter l = letter(3);
	struct client_world w = client_world(&l, 1);

	(void)state;
	client_world_play(w, GREET "250 PIPELINING\n"
	    "250 ok\n450 4.7.1 Later\n250 ok\n550 5.1.1 Nobody\n"
	    "354 go\n250 2.0.0 in\n221 bye\n",
	    EHLO MAIL ABC "DATA\nHi.\n.\n"
	    STORY("a", "temporary 450 4.7.1 Later")
	    STORY("b", "delivered 250 2.0.0 in")
	    STORY("c", "permanent 550 5.1.1 Nobody") "QUIT\n");
	/* The same one by one. */
	client_world_play(w, GREET "250 DSN\n"
	    "250 ok\n450 4.7.1 Later\n251 ok\n550 5.1.1 Nobody\n"
	    "354 go\n250 2.0.0 in\n221 bye\n",
	    EHLO MAIL ABC "DATA\nHi.\n.\n"
	    STORY("a", "temporary 450 4.7.1 Later")
	    STORY("b", "delivered 250 2.0.0 in reports")
	    STORY("c", "permanent 550 5.1.1 Nobody") "QUIT\n");
	/* One judgement on the text is for all that were taken. */
	client_world_play(w, GREET "250 PIPELINING\n"
	    "250 ok\n250 ok\n250 ok\n550 5.1.1 Nobody\n"
	    "354 go\n451 4.3.0 Disk\n221 bye\n",
	    EHLO MAIL ABC "DATA\nHi.\n.\n"
	    STORY("a", "temporary 451 4.3.0 Disk")
	    STORY("b", "temporary 451 4.3.0 Disk")
	    STORY("c", "permanent 550 5.1.1 Nobody") "QUIT\n");
}

static void
test_nobody(void **state)
{
	struct smtp_letter l = letter(2);
	struct client_world w = client_world(&l, 1);

	(void)state;
	client_world_play(w, GREET "250 DSN\n"
	    "250 ok\n550 5.1.1 Nobody\n553-Not\n553 this\n221 bye\n",
	    EHLO MAIL TO("a") TO("b")
	    STORY("a", "permanent 550 5.1.1 Nobody")
	    STORY("b", "permanent 553 5.0.0 Not this") "QUIT\n");
	/* A server that wants text for nobody gets a lone dot. */
	client_world_play(w, GREET "250 PIPELINING\n"
	    "250 ok\n550 5.1.1 Nobody\n450 4.2.1 Later\n354 go\n"
	    "554 5.5.1 no recipients\n221 bye\n",
	    EHLO MAIL TO("a") TO("b") "DATA\n.\n"
	    STORY("a", "permanent 550 5.1.1 Nobody")
	    STORY("b", "temporary 450 4.2.1 Later") "QUIT\n");
	client_world_play(w, GREET "250 PIPELINING\n"
	    "250 ok\n550 5.1.1 Nobody\n450 4.2.1 Later\n354 go\n"
	    "250 2.0.0 sent to nobody\n221 bye\n",
	    EHLO MAIL TO("a") TO("b") "DATA\n.\n"
	    STORY("a", "permanent 550 5.1.1 Nobody")
	    STORY("b", "temporary 450 4.2.1 Later") "QUIT\n");
}

static void
test_sender_refused(void **state)
{
	struct smtp_letter l = letter(2);
	struct client_world w = client_world(&l, 1);

	(void)state;
	client_world_play(w, GREET "250 DSN\n550 5.7.1 Not you\n221 bye\n",
	    EHLO MAIL STORY("a", "permanent 550 5.7.1 Not you")
	    STORY("b", "permanent 550 5.7.1 Not you") "QUIT\n");
	/* Whatever is said to the rest that was on its way. */
	client_world_play(w, GREET "250 PIPELINING\n451 4.7.1 Later\n"
	    "250 ok\n503 5.5.1 no\n503 5.5.1 no\n221 bye\n",
	    EHLO MAIL TO("a") TO("b") "DATA\n"
	    STORY("a", "temporary 451 4.7.1 Later")
	    STORY("b", "temporary 451 4.7.1 Later") "QUIT\n");
	client_world_play(w, GREET "250 PIPELINING\n550 5.7.1 Not you\n"
	    "503 no\n503 no\n354 go\n554 no\n221 bye\n",
	    EHLO MAIL TO("a") TO("b") "DATA\n.\n"
	    STORY("a", "permanent 550 5.7.1 Not you")
	    STORY("b", "permanent 550 5.7.1 Not you") "QUIT\n");
	/* A server that wants TLS first, which was not to be had. */
	client_world_play(w, GREET "250 DSN\n530 5.7.0 STARTTLS\n221 bye\n",
	    EHLO MAIL STORY("a", "temporary 530 4.0.0 STARTTLS")
	    STORY("b", "temporary 530 4.0.0 STARTTLS") "QUIT\n");
	w.setup.tls = SMTP_CLIENT_TLS_ON;
	client_world_play(w, GREET "250 DSN\n530 5.7.0 Log in\n221 bye\n",
	    EHLO MAIL STORY("a", "permanent 530 5.7.0 Log in")
	    STORY("b", "permanent 530 5.7.0 Log in") "QUIT\n");
	w.setup.tls = SMTP_CLIENT_MAYBE;
	/* DATA refused. */
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n"
	    "250 ok\n550 5.1.1 Nobody\n451 4.3.0 Disk\n221 bye\n",
	    EHLO MAIL TO("a") TO("b") "DATA\n"
	    STORY("a", "temporary 451 4.3.0 Disk")
	    STORY("b", "permanent 550 5.1.1 Nobody") "QUIT\n");
}

static void
test_too_many(void **state)
{
	struct smtp_letter l = letter(3);
	struct client_world w = client_world(&l, 1);

	(void)state;
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n250 ok\n"
	    "452 4.5.3 Too many\n552 5.5.3 Too many\n354 go\n250 in\n"
	    "221 bye\n",
	    EHLO MAIL ABC "DATA\nHi.\n.\n"
	    STORY("a", "delivered 250 2.0.0 in")
	    STORY("b", "temporary 452 4.5.3 Too many again")
	    STORY("c", "temporary 552 4.0.0 Too many again") "QUIT\n");
	/* A full mailbox is nothing of the kind, nor the first. */
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n"
	    "452 4.5.3 Too many\n250 ok\n552 5.2.2 Full\n354 go\n250 in\n"
	    "221 bye\n",
	    EHLO MAIL ABC "DATA\nHi.\n.\n"
	    STORY("a", "temporary 452 4.5.3 Too many")
	    STORY("b", "delivered 250 2.0.0 in")
	    STORY("c", "permanent 552 5.2.2 Full") "QUIT\n");
	/* Told before (RFC 9422). */
	client_world_play(w, GREET "250-LIMITS MAILMAX=5 RCPTMAX=2\n"
	    "250 PIPELINING\n250 ok\n250 ok\n250 ok\n354 go\n250 in\n"
	    "221 bye\n",
	    EHLO MAIL TO("a") TO("b") "DATA\nHi.\n.\n"
	    STORY("a", "delivered 250 2.0.0 in")
	    STORY("b", "delivered 250 2.0.0 in")
	    STORY("c", "temporary 0 4.5.3 "
	    "The server takes fewer recipients at once again") "QUIT\n");
}

static void
test_parameters(void **state)
{
#define IN "250 ok\n250 ok\n354 go\n250 in\n221 bye\n"
#define SENT "DATA\nHi.\n.\n" STORY("a", "delivered 250 2.0.0 in") "QUIT\n"
#define REPORTS "DATA\nHi.\n.\n" \
	STORY("a", "delivered 250 2.0.0 in reports") "QUIT\n"
	struct smtp_letter l = letter(1);
	struct client_world w = client_world(&l, 1);

	(void)state;
	client_world_play(w, GREET "250-SIZE\n250-8BITMIME\n250 SMTPUTF8\n"
	    IN, EHLO "MAIL FROM:<shop@example.test> SIZE=5\n" A SENT);
	l.has_8bit = true;
	client_world_play(w, GREET "250-SIZE 5\n250 8bitmime\n" IN,
	    EHLO "MAIL FROM:<shop@example.test> SIZE=5 BODY=8BITMIME\n"
	    A SENT);
	l.has_8bit = false;
	l.ret = SMTP_RET_FULL;
	l.envid = STR("a+3Db");
	three[0].notify = SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY;
	three[0].orcpt = STR("rfc822;x@mail.example");
	client_world_play(w, GREET "250 SIZE\n" IN,
	    EHLO "MAIL FROM:<shop@example.test> SIZE=5\n" A SENT);
	client_world_play(w, GREET "250 DSN\n" IN,
	    EHLO "MAIL FROM:<shop@example.test> RET=FULL ENVID=a+3Db\n"
	    "RCPT TO:<a@mail.example> NOTIFY=SUCCESS,DELAY "
	    "ORCPT=rfc822;x@mail.example\n" REPORTS);
	/* What could break out of its place stays at home. */
	l.ret = SMTP_RET_HDRS;
	l.envid = STR("a\r\nRSET");
	l.sender = STR("");
	three[0].notify = SMTP_NOTIFY_NEVER;
	three[0].orcpt = STR("rfc822;a b");
	client_world_play(w, GREET "250 DSN\n" IN,
	    EHLO "MAIL FROM:<> RET=HDRS\n"
	    "RCPT TO:<a@mail.example> NOTIFY=NEVER\n" REPORTS);
}

static void
test_bad_addresses(void **state)
{
	struct smtp_letter l = letter(3);
	struct client_world w = client_world(&l, 1);

	(void)state;
	three[1].address = STR("a@mail.example>\r\nRCPT TO:<b@mail.example");
	w.brief = true;
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n250 ok\n250 ok\n"
	    "354 go\n250 in\n221 bye\n",
	    STORY("a", "delivered 250 2.0.0 in")
	    "{a@mail.example>\r\nRCPT TO:<b@mail.example permanent 0 5.1.3 "
	    "something follows the address}\n"
	    STORY("c", "delivered 250 2.0.0 in"));
	l.sender = STR("no address");
	l.count = 1;
	client_world_play(w, GREET "250 PIPELINING\n221 bye\n",
	    STORY("a", "permanent 0 5.1.7 the address has no domain"));
}

static void
test_utf8(void **state)
{
	struct smtp_letter l = letter(2);
	struct client_world w = client_world(&l, 1);

	(void)state;
	three[1].address = STR("\303\244@mail.example");
	/* Only the recipient that needs it fails. */
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n250 ok\n354 go\n"
	    "250 in\n221 bye\n",
	    EHLO MAIL A "DATA\nHi.\n.\n"
	    STORY("a", "delivered 250 2.0.0 in")
	    "{\303\244@mail.example permanent 0 5.6.7 "
	    "The server takes no addresses beyond ASCII}\nQUIT\n");
	client_world_play(w, GREET "250-SMTPUTF8\n250 PIPELINING\n250 ok\n"
	    "250 ok\n250 ok\n354 go\n250 in\n221 bye\n",
	    EHLO "MAIL FROM:<shop@example.test> SMTPUTF8\n" A
	    "RCPT TO:<\303\244@mail.example>\nDATA\nHi.\n.\n"
	    STORY("a", "delivered 250 2.0.0 in")
	    "{\303\244@mail.example delivered 250 2.0.0 in}\nQUIT\n");
	l.count = 1;
	l.utf8 = true;
	client_world_play(w, GREET "250 PIPELINING\n221 bye\n",
	    EHLO STORY("a", "permanent 0 5.6.7 "
	    "The server takes no mail beyond ASCII") "QUIT\n");
	l.utf8 = false;
	l.sender = STR("\303\244@example.test");
	client_world_play(w, GREET "250 PIPELINING\n221 bye\n",
	    EHLO STORY("a", "permanent 0 5.6.7 "
	    "The server takes no mail beyond ASCII") "QUIT\n");
}

static void
test_downgrade(void **state)
{
	struct smtp_letter l = letter(1);
	struct client_world w = client_world(&l, 1);

	(void)state;
	l.has_8bit = true;
	w.downgrade = SMTP_CLIENT_CONVERTED;
	client_world_play(w, GREET "250 SIZE\n" IN,
	    EHLO "{downgrade}\nMAIL FROM:<shop@example.test> SIZE=99\n" A
	    SENT);
	client_world_play(w, GREET "250 SIZE 98\n221 bye\n",
	    EHLO "{downgrade}\n" STORY("a", "permanent 0 5.3.4 "
	    "The message is larger than the server takes") "QUIT\n");
	w.downgrade = SMTP_CLIENT_AS_IS;
	client_world_play(w, GREET "250 SIZE\n" IN,
	    EHLO "{downgrade}\nMAIL FROM:<shop@example.test> SIZE=99\n" A
	    SENT);
	w.downgrade = SMTP_CLIENT_REFUSED;
	client_world_play(w, GREET "250 SIZE\n221 bye\n",
	    EHLO "{downgrade}\n" STORY("a", "permanent 0 5.6.3 "
	    "The server takes no 8-bit text") "QUIT\n");
}

static void
test_size(void **state)
{
	struct smtp_letter l = letter(1);
	struct client_world w = client_world(&l, 1);

	(void)state;
	client_world_play(w, GREET "250 SIZE 4\n221 bye\n",
	    EHLO STORY("a", "permanent 0 5.3.4 "
	    "The message is larger than the server takes") "QUIT\n");
	/* Zero is no limit (RFC 1870 section 3). */
	client_world_play(w, GREET "250 SIZE 0\n" IN,
	    EHLO "MAIL FROM:<shop@example.test> SIZE=5\n" A SENT);
	client_world_play(w, GREET "250 SIZE many\n" IN,
	    EHLO "MAIL FROM:<shop@example.test> SIZE=5\n" A SENT);
}

static void
test_require_tls(void **state)
{
	struct smtp_letter l = letter(1);
	struct client_world w = client_world(&l, 1);

	(void)state;
	l.require_tls = true;
	l.ret = SMTP_RET_FULL;
	w.setup.tls = SMTP_CLIENT_TLS_ON;
	client_world_play(w, GREET "250 REQUIRETLS\n221 bye\n",
	    EHLO STORY("a", "permanent 0 5.7.10 "
	    "TLS to a proven server is required, and not to be had")
	    "QUIT\n");
	w.setup.verified = true;
	client_world_play(w, GREET "250 DSN\n221 bye\n",
	    EHLO STORY("a", "permanent 0 5.7.30 "
	    "The server does not promise to require TLS") "QUIT\n");
	client_world_play(w, GREET "250-DSN\n250 REQUIRETLS\n" IN,
	    EHLO "MAIL FROM:<shop@example.test> RET=HDRS REQUIRETLS\n" A
	    REPORTS);
	/* A notice is not held back for it (RFC 8689 section 5). */
	l.sender = STR("");
	client_world_play(w, GREET "250 DSN\n" IN,
	    EHLO "MAIL FROM:<> RET=HDRS\n" A REPORTS);
	w.setup.tls = SMTP_CLIENT_CLEAR;
	client_world_play(w, GREET "250-DSN\n250 REQUIRETLS\n" IN,
	    EHLO "MAIL FROM:<> RET=HDRS\n" A REPORTS);
	w.setup.tls = SMTP_CLIENT_MAYBE;
	w.verified = false;
	l.sender = STR("shop@example.test");
	client_world_play(w, GREET "250 STARTTLS\n220 go\n250-mx\n"
	    "250 REQUIRETLS\n221 bye\n",
	    EHLO "STARTTLS\n{tls}\n" EHLO STORY("a", "permanent 0 5.7.10 "
	    "TLS to a proven server is required, and not to be had")
	    "QUIT\n");
}

static void
test_broken_off(void **state)
{
#define OFF "temporary 421 4.3.2 Off"
#define GONE "temporary 0 4.4.2 Connection lost"
#define ODD "temporary 0 4.5.0 The server's reply fits no command"
	struct smtp_letter l = letter(3);
	struct client_world w = client_world(&l, 1);

	(void)state;
	/* What was decided before stays. */
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n"
	    "550 5.1.1 Nobody\n250 ok\n421 4.3.2 Off\n",
	    EHLO MAIL ABC "DATA\n" STORY("a", "permanent 550 5.1.1 Nobody")
	    STORY("b", OFF) STORY("c", OFF) "{bye 5 " OFF "}\n");
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n"
	    "550 5.1.1 Nobody\n250 ok\n",
	    EHLO MAIL ABC "DATA\n" STORY("a", "permanent 550 5.1.1 Nobody")
	    STORY("b", GONE) STORY("c", GONE) "{bye 1 " GONE "}\n");
	client_world_play(w, GREET "250 PIPELINING\n250 ok\n354 go\n",
	    EHLO MAIL ABC "DATA\n" STORY("a", ODD) STORY("b", ODD)
	    STORY("c", ODD) "{bye 6 " ODD "}\n");
	client_world_play(w, GREET "250 DSN\n334 what\n",
	    EHLO MAIL STORY("a", ODD) STORY("b", ODD) STORY("c", ODD)
	    "{bye 6 " ODD "}\n");
	l.count = 1;
	client_world_play(w, GREET "250 DSN\n250 ok\n250 ok\n250 no text\n",
	    EHLO MAIL A "DATA\n" STORY("a", ODD) "{bye 6 " ODD "}\n");
}

int
smtp_client_mail_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_recipient),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_sender_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_downgrade),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_require_tls),
		cmocka_unit_test(test_broken_off),
	};

	return cmocka_run_group_tests_name("talk/smtp_client_mail", tests,
	    NULL, NULL);
}
