/* The session of the sending machine, and a whole letter through it. */
#include "smtp_client_world.h"

int smtp_client_test(void);

#define HELLO "220 mx.example ESMTP\n250-mx.example\n"
#define EHLO "EHLO box.example.test\n"

static struct smtp_client_recipient one[] = {
	{ .address = { "a@mail.example", 14 } },
};

static struct smtp_letter letter = {
	.sender = { "shop@example.test", 17 },
	.recipients = one, .count = 1, .size = 5
};

static void
test_plain(void **state)
{
	struct client_world w = client_world(&letter, 1);

	(void)state;
	client_world_play(w, HELLO "250 DSN\n"
	    "250 2.1.0 ok\n250 2.1.5 ok\n354 go\n250 2.0.0 Queued as 1\n"
	    "221 bye\n",
	    EHLO "MAIL FROM:<shop@example.test>\nRCPT TO:<a@mail.example>\n"
	    "DATA\nHi.\n.\n"
	    "{a@mail.example delivered 250 2.0.0 Queued as 1 reports}\n"
	    "QUIT\n");
	/* HELO, when EHLO is not known. */
	client_world_play(w, "220 mx.example\n500 what?\n250 mx.example\n"
	    "250 ok\n250 ok\n354 go\n250 Queued as 1\n221 bye\n",
	    EHLO "HELO box.example.test\n"
	    "MAIL FROM:<shop@example.test>\nRCPT TO:<a@mail.example>\n"
	    "DATA\nHi.\n.\n"
	    "{a@mail.example delivered 250 2.0.0 Queued as 1}\n"
	    "QUIT\n");
	/* Nothing to send: greeted, and gone. */
	w.letter_count = 0;
	client_world_play(w, HELLO "250 DSN\n221 bye\n", EHLO "QUIT\n");
	client_world_play(w, HELLO "250 DSN\n421 bye\n", EHLO "QUIT\n");
	/* The server may hang up instead of an answer. */
	client_world_play(w, HELLO "250 DSN\n",
	    EHLO "QUIT\n{bye 1 temporary 0 4.4.2 Connection lost}\n");
}

static void
test_unwelcome(void **state)
{
	struct client_world w = client_world(&letter, 1);

	(void)state;
	client_world_play(w, "554 5.7.1 Not you\n",
	    "QUIT\n{bye 2 temporary 554 4.0.0 Not you}\n");
	client_world_play(w, "450 4.3.2 Later\n",
	    "QUIT\n{bye 2 temporary 450 4.3.2 Later}\n");
	client_world_play(w, "521 No mail here\n",
	    "QUIT\n{bye 2 permanent 521 5.0.0 No mail here}\n");
	client_world_play(w, "421 4.3.2 Busy\n",
	    "{bye 5 temporary 421 4.3.2 Busy}\n");
	client_world_play(w, "SSH-2.0-OpenSSH\n",
	    "{bye 6 temporary 0 4.5.0 The server said what is no reply}\n");
	client_world_play(w, "",
	    "{bye 1 temporary 0 4.4.2 Connection lost}\n");
	client_world_play(w, "220 mx.example\n450 4.7.1 Later\n",
	    EHLO "QUIT\n{bye 2 temporary 450 4.7.1 Later}\n");
	client_world_play(w, "220 mx.example\n502 what?\n550 5.7.1 No\n",
	    EHLO "HELO box.example.test\nQUIT\n"
	    "{bye 2 temporary 550 4.0.0 No}\n");
	client_world_play(w, "220 mx.example\n354 what?\n",
	    EHLO "QUIT\n{bye 2 temporary 354 4.0.0 what?}\n");
}

static void
test_tls(void **state)
{
	struct client_world w = client_world(&letter, 0);

	(void)state;
	/* What was offered before TLS is forgotten (RFC 3207 4.2). */
	client_world_play(w, HELLO "250-SIZE 1\n250 STARTTLS\n220 go\n"
	    "250 mx.example\n221 bye\n",
	    EHLO "STARTTLS\n{tls}\n" EHLO "QUIT\n");
	/* Refused, and not offered: on in clear. */
	client_world_play(w, HELLO "250 STARTTLS\n454 no\n221 bye\n",
	    EHLO "STARTTLS\nQUIT\n");
	w.setup.tls = SMTP_CLIENT_CLEAR;
	client_world_play(w, HELLO "250 STARTTLS\n221 bye\n", EHLO "QUIT\n");
	w.setup.tls = SMTP_CLIENT_TLS_ON;
	client_world_play(w, HELLO "250 STARTTLS\n221 bye\n", EHLO "QUIT\n");
	w.setup.tls = SMTP_CLIENT_ALWAYS;
	client_world_play(w, HELLO "250 STARTTLS\n454 4.7.0 no\n",
	    EHLO "STARTTLS\nQUIT\n{bye 3 temporary 0 4.7.10 "
	    "The server refused STARTTLS}\n");
	client_world_play(w, HELLO "250 DSN\n",
	    EHLO "QUIT\n{bye 3 temporary 0 4.7.10 "
	    "The server offers no TLS}\n");
	client_world_play(w, "220 mx.example\n500 what?\n250 mx.example\n",
	    EHLO "HELO box.example.test\nQUIT\n"
	    "{bye 3 temporary 0 4.7.10 The server offers no TLS}\n");
}

/* Bytes behind the reply to STARTTLS are somebody else's (RFC 3207 6). */
static void
test_tls_injection(void **state)
{
	struct client_world w = client_world(&letter, 0);
	struct str in = STR("220 hi\r\n");

	(void)state;
	smtp_client_init(&w.client, &w.setup);
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_MORE);
	buf_clear(&w.client.out);
	in = STR("250-mx.example\r\n250 STARTTLS\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_MORE);
	buf_clear(&w.client.out);
	in = STR("220 go\r\n250 mx.example\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(w.client.trouble, SMTP_CLIENT_NONSENSE);
	smtp_client_drop(&w.client);
}

static void
test_login(void **state)
{
#define TLS HELLO "250 STARTTLS\n220 go\n"
#define TLS_SAID EHLO "STARTTLS\n{tls}\n" EHLO
	struct client_world w = client_world(&letter, 0);

	(void)state;
	w.setup.user = STR("me");
	w.setup.secret = STR("secret");
	client_world_play(w, TLS "250-mx\n250 AUTH LOGIN PLAIN\n"
	    "235 2.7.0 in\n221 bye\n",
	    TLS_SAID "AUTH PLAIN AG1lAHNlY3JldA==\nQUIT\n");
	/* It did not take the initial response. */
	client_world_play(w, TLS "250-mx\n250 AUTH PLAIN\n334 \n"
	    "235 2.7.0 in\n221 bye\n",
	    TLS_SAID "AUTH PLAIN AG1lAHNlY3JldA==\nAG1lAHNlY3JldA==\nQUIT\n");
	client_world_play(w, TLS "250-mx\n250 AUTH=LOGIN\n"
	    "334 VXNlcm5hbWU6\n334 UGFzc3dvcmQ6\n235 in\n221 bye\n",
	    TLS_SAID "AUTH LOGIN\nbWU=\nc2VjcmV0\nQUIT\n");
	client_world_play(w, TLS "250-mx\n250 AUTH PLAIN LOGIN\n504 no\n"
	    "334 VXNlcm5hbWU6\n334 UGFzc3dvcmQ6\n235 in\n221 bye\n",
	    TLS_SAID "AUTH PLAIN AG1lAHNlY3JldA==\n"
	    "AUTH LOGIN\nbWU=\nc2VjcmV0\nQUIT\n");
	client_world_play(w, TLS "250-mx\n250 AUTH PLAIN LOGIN\n"
	    "535 5.7.8 Wrong\n",
	    TLS_SAID "AUTH PLAIN AG1lAHNlY3JldA==\nQUIT\n"
	    "{bye 4 permanent 535 5.7.8 Wrong}\n");
	client_world_play(w, TLS "250-mx\n250 AUTH PLAIN\n454 4.7.0 Later\n",
	    TLS_SAID "AUTH PLAIN AG1lAHNlY3JldA==\nQUIT\n"
	    "{bye 4 temporary 454 4.7.0 Later}\n");
	client_world_play(w, TLS "250-mx\n250 AUTH PLAIN\n334 \n334 \n",
	    TLS_SAID "AUTH PLAIN AG1lAHNlY3JldA==\nAG1lAHNlY3JldA==\n"
	    "{bye 6 temporary 0 4.5.0 The server's login does not end}\n");
	client_world_play(w, TLS "250-mx\n250 AUTH CRAM-MD5\n",
	    TLS_SAID "QUIT\n{bye 4 permanent 0 5.7.4 "
	    "The server offers no login that we know}\n");
	/* Never in clear, whoever offers it. */
	client_world_play(w, HELLO "250 AUTH PLAIN\n",
	    EHLO "QUIT\n{bye 3 temporary 0 4.7.10 "
	    "The server offers no TLS}\n");
	w.setup.tls = SMTP_CLIENT_CLEAR;
	client_world_play(w, HELLO "250-STARTTLS\n250 AUTH PLAIN\n",
	    EHLO "QUIT\n{bye 3 temporary 0 4.7.10 "
	    "The server offers no TLS}\n");
	w.setup.tls = SMTP_CLIENT_TLS_ON;
	client_world_play(w, HELLO "250 AUTH PLAIN\n235 in\n221 bye\n",
	    EHLO "AUTH PLAIN AG1lAHNlY3JldA==\nQUIT\n");
}

static void
test_idle(void **state)
{
	struct client_world w = client_world(&letter, 0);
	struct str in = STR("220 hi\r\n");

	(void)state;
	smtp_client_init(&w.client, &w.setup);
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_MORE);
	assert_int_equal(smtp_client_wait_ms(&w.client), 300000);
	buf_clear(&w.client.out);
	in = STR("250 mx.example\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_READY);
	assert_int_equal(smtp_client_wait_ms(&w.client), 0);
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_READY);
	in = STR("421 4.4.2 Idle");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_READY);
	in = STR("421 4.4.2 Idle\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(w.client.trouble, SMTP_CLIENT_CLOSED);
	/* Whatever the shell says now comes too late, and does no harm. */
	smtp_client_lost(&w.client, "Connection lost");
	smtp_client_quit(&w.client);
	smtp_client_secured(&w.client, true);
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(w.client.trouble, SMTP_CLIENT_CLOSED);
	smtp_client_drop(&w.client);
	client_world_play(w, HELLO "250 DSN\n221 bye\n221 bye\n",
	    EHLO "QUIT\n");
}

/* Three letters on one connection; RSET only where one is left open. */
static void
test_reuse(void **state)
{
	struct smtp_letter letters[3] = { letter, letter, letter };
	struct smtp_client_recipient own[3][1];
	struct client_world w = client_world(letters, 3);
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		own[i][0] = one[0];
		letters[i].recipients = own[i];
	}
	client_world_play(w, HELLO "250 PIPELINING\n"
	    "250 ok\n250 ok\n354 go\n250 2.0.0 first\n"
	    "250 ok\n550 5.1.1 Nobody\n503 5.5.1 no\n"
	    "250 reset\n250 ok\n250 ok\n354 go\n250 2.0.0 third\n221 bye\n",
	    EHLO "MAIL FROM:<shop@example.test>\nRCPT TO:<a@mail.example>\n"
	    "DATA\nHi.\n.\n{a@mail.example delivered 250 2.0.0 first}\n"
	    "MAIL FROM:<shop@example.test>\nRCPT TO:<a@mail.example>\nDATA\n"
	    "{a@mail.example permanent 550 5.1.1 Nobody}\n"
	    "RSET\nMAIL FROM:<shop@example.test>\nRCPT TO:<a@mail.example>\n"
	    "DATA\nHi.\n.\n{a@mail.example delivered 250 2.0.0 third}\n"
	    "QUIT\n");
	w.letter_count = 2;
	client_world_play(w, HELLO "250 PIPELINING\n"
	    "250 ok\n550 5.1.1 Nobody\n503 5.5.1 no\n500 what?\n",
	    EHLO "MAIL FROM:<shop@example.test>\nRCPT TO:<a@mail.example>\n"
	    "DATA\n{a@mail.example permanent 550 5.1.1 Nobody}\nRSET\n"
	    "{a@mail.example temporary 0 4.5.0 The server refused RSET}\n"
	    "{bye 6 temporary 0 4.5.0 The server refused RSET}\n");
}

/* What a server says in a whole life, a line of ours between any two. */
static const char *const life[] = {
	"220 hi\r\n", "250-mx.example\r\n250 STARTTLS\r\n", "220 go\r\n",
	"250-mx.example\r\n250 AUTH LOGIN\r\n", "334 \r\n", "334 \r\n",
	"235 in\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
	"250 first\r\n", "250 ok\r\n", "550 no\r\n", "250 reset\r\n",
	"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 third\r\n",
	"221 bye\r\n"
};

/* Answer; false when the machine waits for the server, or is over. */
static bool
life_answer(struct client_world *w, enum smtp_client_ask ask)
{
	static struct smtp_client_recipient recipients[3];
	static struct smtp_letter letters[3];

	if (ask == SMTP_CLIENT_STARTTLS) {
		assert_int_equal(w->client.out.len, 0);
		smtp_client_secured(&w->client, true);
	} else if (ask == SMTP_CLIENT_READY && w->next < 3) {
		recipients[w->next] = one[0];
		letters[w->next] = letter;
		letters[w->next].recipients = &recipients[w->next];
		smtp_client_send(&w->client, &letters[w->next]);
		w->next++;
	} else if (ask == SMTP_CLIENT_READY) {
		smtp_client_quit(&w->client);
	} else if (ask == SMTP_CLIENT_BODY) {
		smtp_client_body(&w->client, STR("Hi.\r\n"), true);
	} else {
		return false;
	}
	return true;
}

/* All that comes at once, with nothing sent meanwhile. */
static enum smtp_client_ask
life_hear(struct client_world *w, struct str in)
{
	enum smtp_client_ask ask;

	do
		ask = smtp_client_step(&w->client, &in);
	while (life_answer(w, ask));
	buf_clear(&w->client.out);
	return ask;
}

/* Who answers what was not asked yet knows nothing of the protocol. */
static void
test_answered_unasked(void **state)
{
	struct client_world w = client_world(NULL, 0);
	enum smtp_client_ask ask;
	struct buf rest;
	size_t at, i;

	(void)state;
	w.setup.user = STR("me");
	w.setup.secret = STR("secret");
	for (at = 0; at < countof(life); at++) {
		smtp_client_init(&w.client, &w.setup);
		w.next = 0;
		for (i = 0; i < at; i++)
			assert_int_equal(life_hear(&w, str_of(life[i])),
			    SMTP_CLIENT_MORE);
		buf_init(&rest, 10000);
		for (i = at; i < countof(life); i++)
			buf_add_text(&rest, life[i]);
		ask = life_hear(&w, buf_str(&rest));
		assert_int_equal(ask, SMTP_CLIENT_BYE);
		assert_int_equal(w.client.trouble, at + 1 < countof(life) ?
		    SMTP_CLIENT_NONSENSE : SMTP_CLIENT_FINE);
		buf_drop(&rest);
		smtp_client_drop(&w.client);
	}
}

/* Bytes that come one by one are no answer until it is whole. */
static void
test_moves(void **state)
{
	struct client_world w = client_world(NULL, 0);
	struct str whole = STR("250-mx\r\n250-DSN\r\n250 ok\r\n"), in;
	size_t end, from = 0;
	uint64_t moves;

	(void)state;
	smtp_client_init(&w.client, &w.setup);
	(void)life_hear(&w, str_of(life[0]));
	moves = w.client.moves;
	assert_true(moves > 0);
	for (end = 1; end < whole.len; end++) {
		in = str_part(whole, from, end - from);
		assert_int_equal(smtp_client_step(&w.client, &in),
		    SMTP_CLIENT_MORE);
		from = end - in.len;
		assert_int_equal(w.client.moves, moves);
	}
	in = str_part(whole, from, whole.len);
	assert_int_equal(smtp_client_step(&w.client, &in),
	    SMTP_CLIENT_READY);
	assert_int_equal(w.client.moves, moves + 1);
	assert_int_equal(w.client.mails, 0);
	smtp_client_drop(&w.client);
}

/* Among commands in one go, those that are sent may be answered. */
static void
test_pipeline_unasked(void **state)
{
	struct client_world w = client_world(NULL, 0);
	struct str in;
	size_t sent, i;

	(void)state;
	w.setup.chunks = false;
	for (sent = 0; sent <= 3; sent++) {
		smtp_client_init(&w.client, &w.setup);
		w.next = 0;
		(void)life_hear(&w, str_of(life[0]));
		in = STR("250-mx\r\n250 PIPELINING\r\n");
		assert_int_equal(smtp_client_step(&w.client, &in),
		    SMTP_CLIENT_READY);
		assert_true(life_answer(&w, SMTP_CLIENT_READY));
		assert_int_equal(smtp_client_step(&w.client, &in),
		    SMTP_CLIENT_MORE);
		for (i = 0; i < sent; i++)
			buf_eat(&w.client.out, str_find(buf_str(
			    &w.client.out), 0, '\n') + 1);
		in = STR("250 ok\r\n250 ok\r\n354 go\r\n");
		assert_int_equal(smtp_client_step(&w.client, &in), sent == 3 ?
		    SMTP_CLIENT_BODY : SMTP_CLIENT_BYE);
		assert_int_equal(w.client.mail_heard, sent > 0);
		assert_int_equal(w.client.taken, sent > 1);
		smtp_client_drop(&w.client);
	}
}

int
smtp_client_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_unwelcome),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_injection),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_answered_unasked),
		cmocka_unit_test(test_pipeline_unasked),
		cmocka_unit_test(test_moves),
	};

	return cmocka_run_group_tests_name("talk/smtp_client", tests, NULL,
	    NULL);
}
