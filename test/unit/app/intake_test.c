/* The intake with a keeper that lies, lingers, dies, or does not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/role_world.h"
#include "mail/piece.h"
#include "talk/smtp.h"

#define CLIENTS 40
#define GREETING "EHLO c.example\r\nMAIL FROM:<a@sender.example>\r\n" \
	"RCPT TO:<b@example.test>\r\n"

int intake_test(void);

struct client {
	int fd;
	char said[8192];
	size_t len;
};

static void
client_open(struct client *c, const struct role_world *w)
{
	const struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)w->port),
		.sin_addr = { htonl(INADDR_LOOPBACK) }
	};

	c->len = 0;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(c->fd,
	    (const struct sockaddr *)(const void *)&at, sizeof at), 0);
}

static void
client_say(struct client *c, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(send(c->fd, text, len, MSG_NOSIGNAL), len);
}

/* Read until what was said holds text; then forget it. */
static void
client_hear(struct client *c, const char *text)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t len;

	for (;;) {
		c->said[c->len] = '\0';
		if (strstr(c->said, text) != NULL)
			break;
		assert_int_equal(poll(&p, 1, WORLD_PATIENCE_MS), 1);
		len = recv(c->fd, c->said + c->len,
		    sizeof c->said - 1 - c->len, 0);
		if (len <= 0)
			fail_msg("\"%s\" never came: %s", text, c->said);
		c->len += (size_t)len;
	}
	c->len = 0;
}

static void
answer(struct role_world *w, enum wire_kind kind, uint32_t session,
	uint32_t number)
{
	const struct wire_head head = {
		.kind = kind, .session = session, .number = number
	};

	world_say(w, &head, NULL, 0);
}

/* Greet, send an envelope, hear the RCPT. Returns: the session's number. */
static uint32_t
begin(struct role_world *w, struct client *c)
{
	struct wire_mail mail;

	client_open(c, w);
	client_hear(c, "220 ");
	client_say(c, GREETING);
	world_hear(w, &mail);
	assert_int_equal(mail.head.kind, WIRE_RCPT);
	assert_true(str_equal(mail.body, STR("b@example.test")));
	return mail.head.session;
}

/* The same, and on to the text. */
static uint32_t
begin_text(struct role_world *w, struct client *c)
{
	uint32_t session = begin(w, c);

	answer(w, WIRE_JUDGED, session, SMTP_ACCEPT);
	client_hear(c, "Recipient noted");
	client_say(c, "DATA\r\n");
	client_hear(c, "354 ");
	return session;
}

static void
say_lines(struct client *c, size_t bytes)
{
	static const char line[] = "what is in a letter, line by line\r\n";

	size_t said;

	for (said = 0; said < bytes; said += sizeof line - 1)
		client_say(c, line);
}

static void
a_letter_waits_for_its_commit(void **state)
{
	struct role_world w;
	struct client c;
	struct wire_mail mail;
	uint32_t session;

	(void)state;
	world_start(&w, intake_start, false);
	session = begin_text(&w, &c);
	client_say(&c, "Subject: x\r\n\r\nx\r\n.\r\n");
	world_hear(&w, &mail);
	assert_int_equal(mail.head.kind, WIRE_LETTER);
	assert_int_equal(mail.head.session, session);
	assert_int_equal(mail.head.flags, WIRE_FIRST | WIRE_LAST);
	assert_true(str_starts(mail.body, STR("a@sender.example"
	    "b@example.test\0Return-Path: <a@sender.example>\r\n")));
	assert_int_equal(poll(&(struct pollfd){ .fd = c.fd,
	    .events = POLLIN }, 1, 200), 0);
	answer(&w, WIRE_TAKEN, session, SMTP_ACCEPT);
	client_hear(&c, "250 2.0.0 Stored");
	close(c.fd);
	world_end(&w);
}

static void
garbage_is_survived(void **state)
{
	static const unsigned char bad_kind[sizeof (struct wire_head)] = {
		[0] = 99
	};
	struct role_world w;
	struct client c;
	uint32_t session;

	(void)state;
	world_start(&w, intake_start, false);
	session = begin(&w, &c);
	world_say_raw(&w, STR("x"));
	world_say_raw(&w, str_from(bad_kind, sizeof bad_kind));
	answer(&w, WIRE_JUDGED, session, 77);
	answer(&w, WIRE_TAKEN, session, SMTP_ACCEPT);	/* to no letter */
	answer(&w, WIRE_JUDGED, session + 1, SMTP_REFUSE);
	answer(&w, WIRE_JUDGED, session ^ 0x10000, SMTP_REFUSE);
	answer(&w, WIRE_JUDGED, 0xffffffff, SMTP_REFUSE);
	answer(&w, WIRE_RCPT, session, SMTP_REFUSE);
	answer(&w, WIRE_STOP, session, SMTP_REFUSE);
	answer(&w, WIRE_JUDGED, session, SMTP_ACCEPT);
	client_hear(&c, "250 2.1.5 Recipient noted");
	answer(&w, WIRE_JUDGED, session, SMTP_REFUSE);	/* asked by nobody */
	client_say(&c, "NOOP\r\n");
	client_hear(&c, "250 2.0.0 Here");
	close(c.fd);
	world_end(&w);
}

static void
without_keeper_it_is_later(void **state)
{
	struct role_world w;
	struct client c, other;
	struct wire_mail mail;
	uint32_t session;

	(void)state;
	world_start(&w, intake_start, false);
	session = begin_text(&w, &c);
	(void)begin(&w, &other);
	say_lines(&c, 2 * PIECE_SIZE);
	world_hear(&w, &mail);
	assert_int_equal(mail.head.flags, WIRE_FIRST);
	answer(&w, WIRE_TAKEN, session, SMTP_ACCEPT);
	world_hear(&w, &mail);
	assert_int_equal(mail.head.flags, 0);
	/* Both wait for an answer now. */
	world_rewire(&w);
	client_hear(&other, "451 4.3.0");
	client_say(&c, ".\r\n");
	client_hear(&c, "451 4.3.0");
	/* Nothing of that letter reaches the new keeper. */
	assert_true(world_silent(&w, 200));
	client_say(&c, "MAIL FROM:<a@sender.example>\r\n"
	    "RCPT TO:<b@example.test>\r\n");
	world_hear(&w, &mail);
	answer(&w, WIRE_JUDGED, mail.head.session, SMTP_REFUSE);
	client_hear(&c, "550 5.1.1");
	close(c.fd);
	close(other.fd);
	world_end(&w);
}

static void
a_letter_on_a_lost_wire_is_lost(void **state)
{
	struct role_world w;
	struct client c;
	struct wire_mail mail;
	uint32_t session;

	(void)state;
	world_start(&w, intake_start, false);
	session = begin_text(&w, &c);
	say_lines(&c, PIECE_SIZE);
	world_hear(&w, &mail);
	answer(&w, WIRE_TAKEN, session, SMTP_ACCEPT);
	say_lines(&c, 1000);
	assert_true(world_silent(&w, 100));
	world_rewire(&w);	/* while nothing was asked */
	client_say(&c, ".\r\n");
	client_hear(&c, "451 4.3.0");
	assert_true(world_silent(&w, 100));
	close(c.fd);
	world_end(&w);
}

static void
who_leaves_is_forgotten(void **state)
{
	struct role_world w;
	struct client c;
	struct wire_mail mail;
	uint32_t session;

	(void)state;
	world_start(&w, intake_start, false);
	session = begin_text(&w, &c);
	say_lines(&c, PIECE_SIZE);
	world_hear(&w, &mail);
	close(c.fd);
	/* It is told to go only when the piece is answered: it was paused. */
	answer(&w, WIRE_TAKEN, session, SMTP_ACCEPT);
	world_hear(&w, &mail);
	assert_int_equal(mail.head.kind, WIRE_ABORT);
	assert_int_equal(mail.head.session, session);
	session = begin_text(&w, &c);
	close(c.fd);
	assert_true(world_silent(&w, 200));	/* nothing had begun */
	session = begin_text(&w, &c);
	say_lines(&c, PIECE_SIZE);
	world_hear(&w, &mail);
	answer(&w, WIRE_TAKEN, session, SMTP_FULL);
	client_say(&c, ".\r\n");
	client_hear(&c, "452 4.3.1");
	close(c.fd);
	assert_true(world_silent(&w, 200));	/* nor here any more */
	world_end(&w);
}

static void
a_full_wire_loses_nothing(void **state)
{
	static struct client clients[CLIENTS];
	uint32_t sessions[CLIENTS];
	struct role_world w;
	struct wire_mail mail;
	unsigned letters = 0, aborts = 0;
	size_t i;

	(void)state;
	world_start(&w, intake_start, false);
	for (i = 0; i < CLIENTS; i++)
		sessions[i] = begin_text(&w, &clients[i]);
	/* More than a wire holds; nobody reads it for a while. */
	for (i = 0; i < CLIENTS; i++)
		say_lines(&clients[i], PIECE_SIZE);
	assert_false(world_silent(&w, WORLD_PATIENCE_MS));
	usleep(300000);
	/* Some go away while they queue. */
	for (i = 0; i < CLIENTS; i += 4)
		close(clients[i].fd);
	for (i = 0; i < CLIENTS; i++) {
		world_hear(&w, &mail);
		assert_int_equal(mail.head.kind, WIRE_LETTER);
		assert_int_equal(mail.head.flags, WIRE_FIRST);
		answer(&w, WIRE_TAKEN, mail.head.session, SMTP_ACCEPT);
	}
	for (i = 0; i < CLIENTS; i++)
		if (i % 4 != 0)
			client_say(&clients[i], ".\r\n");
	for (i = 0; i < CLIENTS; i++) {
		world_hear(&w, &mail);
		letters += mail.head.kind == WIRE_LETTER;
		aborts += mail.head.kind == WIRE_ABORT;
		if (mail.head.kind == WIRE_LETTER)
			answer(&w, WIRE_TAKEN, mail.head.session, SMTP_ACCEPT);
	}
	assert_int_equal(aborts, CLIENTS / 4);
	assert_int_equal(letters, CLIENTS - CLIENTS / 4);
	for (i = 0; i < CLIENTS; i++) {
		if (i % 4 == 0)
			continue;
		client_hear(&clients[i], "250 2.0.0 Stored");
		close(clients[i].fd);
	}
	assert_true(sessions[0] != sessions[1]);
	world_end(&w);
}

/* However many come while its letter is being kept. */
static void
who_waits_for_us_may_stay(void **state)
{
	static struct client crowd[60];
	struct role_world w;
	struct client c;
	struct wire_mail mail;
	uint32_t session;
	size_t i;

	(void)state;
	world_start(&w, intake_start, false);
	session = begin_text(&w, &c);
	client_say(&c, "Subject: x\r\n\r\nx\r\n.\r\n");
	world_hear(&w, &mail);
	for (i = 0; i < countof(crowd); i++) {
		client_open(&crowd[i], &w);
		client_hear(&crowd[i], "220 ");
	}
	answer(&w, WIRE_TAKEN, session, SMTP_ACCEPT);
	client_hear(&c, "250 2.0.0 Stored");
	for (i = 0; i < countof(crowd); i++)
		close(crowd[i].fd);
	close(c.fd);
	world_end(&w);
}

int
intake_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_letter_waits_for_its_commit),
		cmocka_unit_test(garbage_is_survived),
		cmocka_unit_test(without_keeper_it_is_later),
		cmocka_unit_test(a_letter_on_a_lost_wire_is_lost),
		cmocka_unit_test(who_leaves_is_forgotten),
		cmocka_unit_test(a_full_wire_loses_nothing),
		cmocka_unit_test(who_waits_for_us_may_stay),
	};

	return cmocka_run_group_tests_name("app/intake", tests, NULL, NULL);
}
