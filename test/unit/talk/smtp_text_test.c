/* The text of DATA: what is stored, what is refused and how it goes on. */
#include "smtp_world.h"

#include <stdio.h>

int smtp_text_test(void);

#define DATA WORLD_TO_DATA "DATA\r\n"
#define DATA_HEARD WORLD_TO_DATA_HEARD WORLD_OPEN WORLD_GO
#define HERE "250 2.0.0 Here\r\n"
#define BARE "554 5.6.0 A bare CR or LF is no line end\r\n"

static void
test_stored(void **state)
{
	(void)state;
	/* RFC 5321 section 4.5.2: dots are doubled on the way. */
	smtp_world_play(smtp_world(), STR(DATA "Subject: a\r\n\r\n..\r\n"
	    "...b\r\n.c\r\n\200\377 8-bit\r\n.\r\nNOOP\r\n"),
	    DATA_HEARD "{store Subject: a\r\n\r\n.\r\n..b\r\nc\r\n"
	    "\200\377 8-bit\r\n}" WORLD_STORED HERE);
	/* An empty message is one as well. */
	smtp_world_play(smtp_world(), STR(DATA ".\r\nNOOP\r\n"),
	    DATA_HEARD "{store }" WORLD_STORED HERE);
	/* The next one stands on its own. */
	smtp_world_play(smtp_world(), STR(DATA "one\r\n.\r\n"
	    "RCPT TO:<b@example.test>\r\nMAIL FROM:<>\r\n"
	    "RCPT TO:<b@example.test>\r\nDATA\r\ntwo\r\n.\r\nQUIT\r\n"),
	    DATA_HEARD "{store one\r\n}" WORLD_STORED
	    "503 5.5.1 Send MAIL first\r\n" WORLD_SENDER
	    "{rcpt b@example.test}" WORLD_RECIPIENT
	    "{open : b@example.test}" WORLD_GO "{store two\r\n}"
	    WORLD_STORED "221 2.0.0 Bye\r\n{bye}");
}

static void
test_sequence(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR("DATA\r\nEHLO mail.example\r\n"
	    "DATA\r\nMAIL FROM:<>\r\nDATA\r\nDATA now\r\n"
	    "RCPT TO:<a@third.example>\r\nDATA\r\n"),
	    WORLD_GREETING "503 5.5.1 Send MAIL first\r\n" WORLD_EHLO
	    "503 5.5.1 Send MAIL first\r\n" WORLD_SENDER
	    "554 5.5.1 No valid recipients\r\n"
	    "501 5.5.4 DATA stands alone\r\n"
	    "550 5.7.1 Not a domain of ours, and we never relay\r\n"
	    "554 5.5.1 No valid recipients\r\n");
}

/* What one server takes for the end of the text, another must not miss. */
static void
test_smuggling(void **state)
{
	static const struct str ends[] = {
		{ "a\n.\nMAIL FROM:<>\r\n.\r\n", 21 },
		{ "a\r\n.\nMAIL FROM:<>\r\n.\r\n", 22 },
		{ "a\n.\r\nMAIL FROM:<>\r\n.\r\n", 22 },
		{ "a\r.\rMAIL FROM:<>\r\n.\r\n", 21 },
		{ "a\r\n.\rMAIL FROM:<>\r\n.\r\n", 22 },
		{ "a\r.\r\nMAIL FROM:<>\r\n.\r\n", 22 },
		{ "a\r\r\n.\r\n", 7 },
		{ "\n.\r\n", 4 },
		{ ".\n", 2 },
		{ ".\r\r\n", 4 },
	};
	struct buf in;
	size_t i;

	(void)state;
	buf_init(&in, 1000);
	for (i = 0; i < countof(ends); i++) {
		buf_clear(&in);
		buf_add_text(&in, DATA);
		buf_add(&in, ends[i]);
		smtp_world_play(smtp_world(), buf_str(&in),
		    DATA_HEARD BARE "{abort}{bye}");
	}
	buf_drop(&in);
	smtp_world_play(smtp_world(), STR(DATA "a\0b\r\n.\r\nNOOP\r\n"),
	    DATA_HEARD "554 5.6.0 A NUL is no text\r\n{abort}{bye}");
}

static void
test_long_line(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	w.policy.line_max = 10;
	smtp_world_play(w, STR(DATA "12345678\r\n..2345678\r\n.\r\n"),
	    DATA_HEARD "{store 12345678\r\n.2345678\r\n}" WORLD_STORED);
	/* The framing is sound, so the session goes on. */
	smtp_world_play(w, STR(DATA "a\r\n123456789\r\nb\r\n.\r\nNOOP\r\n"),
	    DATA_HEARD "{abort}554 5.6.0 A line is too long\r\n" HERE);
	smtp_world_play(w, STR(DATA "12345678901234567890\r\n.\r\nNOOP\r\n"),
	    DATA_HEARD "{abort}554 5.6.0 A line is too long\r\n" HERE);
	/* Unless it is found not to be. */
	smtp_world_play(w, STR(DATA "123456789\r\nb\n.\r\nNOOP\r\n"),
	    DATA_HEARD "{abort}" BARE "{bye}");
}

static void
test_too_big(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	w.policy.size_max = 12;
	w.brief = true;
	smtp_world_play(w, STR("HELO mail.example\r\nMAIL FROM:<>\r\n"
	    "RCPT TO:<a@example.test>\r\nDATA\r\n....5678\r\n..\r\n.\r\n"),
	    WORLD_GREETING "250 mx.example.test\r\n" WORLD_SENDER
	    "{rcpt a@example.test}" WORLD_RECIPIENT
	    "{open : a@example.test}" WORLD_GO "{store 12}" WORLD_STORED);
	smtp_world_play(w, STR("HELO mail.example\r\nMAIL FROM:<>\r\n"
	    "RCPT TO:<a@example.test>\r\nDATA\r\n123456789\r\n..\r\n.\r\n"
	    "MAIL FROM:<>\r\n"),
	    WORLD_GREETING "250 mx.example.test\r\n" WORLD_SENDER
	    "{rcpt a@example.test}" WORLD_RECIPIENT
	    "{open : a@example.test}" WORLD_GO "{abort}"
	    "552 5.3.4 Larger than we take\r\n" WORLD_SENDER);
}

/* Send so much of a text; false when the session ends over it. */
static bool
send_text(struct smtp_world *w, uint64_t size, struct buf *out)
{
	struct buf line;
	uint64_t sent;
	bool going = true;

	buf_init(&line, PIECE_SIZE);
	while (line.len < PIECE_SIZE - 64)
		buf_add_text(&line, "sixty-two octets of a text that is"
		    " swallowed and never kept.\r\n");
	for (sent = 0; going && sent < size; sent += line.len) {
		going = smtp_world_hear(w, buf_str(&line), out);
		assert_true(w->smtp.piece.room <= 2 * PIECE_SIZE);
	}
	buf_drop(&line);
	return going;
}

/* What is refused is read on for a while, at no cost of memory. */
static void
test_swallow(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf out;
	uint64_t progress;

	(void)state;
	w.brief = true;
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_world_hear(&w, STR(DATA), &out);
	progress = w.smtp.progress;
	assert_true(send_text(&w, SMTP_SWALLOW_MAX / 4 * 3, &out));
	assert_true(w.smtp.progress >= progress +
	    SMTP_SWALLOW_MAX / 4 * 3 / PIECE_SIZE);
	/* Once more is too much, */
	buf_clear(&out);
	smtp_world_hear(&w, STR(".\r\n" DATA), &out);
	assert_false(send_text(&w, SMTP_SWALLOW_MAX / 2, &out));
	assert_true(str_ends(buf_str(&out),
	    STR("{abort}552 5.3.4 Larger than we take\r\n{bye}")));
	smtp_world_end(&w, 0, NULL);

	/* unless a message was taken in between. */
	smtp_world_begin(&w);
	smtp_world_hear(&w, STR(DATA), &out);
	assert_true(send_text(&w, SMTP_SWALLOW_MAX / 4 * 3, &out));
	buf_clear(&out);
	smtp_world_hear(&w, STR(".\r\n" DATA ".\r\n" DATA), &out);
	assert_int_equal(w.smtp.messages, 1);
	assert_true(send_text(&w, SMTP_SWALLOW_MAX / 4 * 3, &out));
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

#define HOPS_10 "Received:\r\nReceived:\r\nReceived:\r\nReceived:\r\n" \
	"Received:\r\nReceived:\r\nReceived:\r\nReceived:\r\nReceived:\r\n" \
	"Received:\r\n"
#define HOPS_51 HOPS_10 HOPS_10 HOPS_10 HOPS_10 HOPS_10 "Received:"

static void
test_loop(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf in;
	int i;

	(void)state;
	buf_init(&in, 10000);
	buf_add_text(&in, DATA);
	for (i = 0; i < SMTP_HOPS_MAX; i++)
		buf_add_text(&in, "received: a\r\n");
	buf_add_text(&in, "\r\nReceived: a\r\n.\r\n");
	/* Fifty are fine, and the body does not count. */
	w.brief = true;
	smtp_world_play(w, buf_str(&in),
	    DATA_HEARD "{store 665}" WORLD_STORED);
	buf_cut(&in, in.len - strlen("\r\nReceived: a\r\n.\r\n"));
	buf_add_text(&in, "Received: a\r\n\r\nbody\r\n.\r\nNOOP\r\n");
	smtp_world_play(smtp_world(), buf_str(&in), DATA_HEARD "{abort}"
	    "554 5.4.6 Too many Received, this is a loop\r\n" HERE);
	/* The first fault counts, however it came in. */
	buf_cut(&in, in.len - strlen(".\r\nNOOP\r\n"));
	for (i = 0; i < 20; i++)
		buf_add_text(&in, "0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789\r\n");
	buf_add_text(&in, ".\r\n");
	smtp_world_play(smtp_world(), buf_str(&in), DATA_HEARD "{abort}"
	    "554 5.4.6 Too many Received, this is a loop\r\n");
	/* A bare LF ends all, and is said after the message is let go. */
	smtp_world_play(smtp_world(), STR(DATA HOPS_51 "\n"),
	    DATA_HEARD "{abort}" BARE "{bye}");
	buf_cut(&in, in.len - strlen("\r\n.\r\n"));
	buf_add_text(&in, "\n.\r\n");
	smtp_world_play(smtp_world(), buf_str(&in),
	    DATA_HEARD "{abort}" BARE "{bye}");
	buf_drop(&in);
}

static void
test_verdicts(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	/* Not opened: said before the text is sent. */
	w.open = SMTP_FULL;
	smtp_world_play(w, STR(DATA "MAIL FROM:<>\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN WORLD_FULL WORLD_SENDER);
	w.open = SMTP_LATER;
	smtp_world_play(w, STR(DATA "NOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN WORLD_LATER HERE);
	/* Not stored: never 250. */
	w.open = SMTP_ACCEPT;
	w.store = SMTP_LATER;
	smtp_world_play(w, STR(DATA "a\r\n.\r\nMAIL FROM:<>\r\n"),
	    DATA_HEARD "{store a\r\n}" WORLD_LATER WORLD_SENDER);
	w.store = SMTP_FULL;
	smtp_world_play(w, STR(DATA "a\r\n.\r\nNOOP\r\n"),
	    DATA_HEARD "{store a\r\n}" WORLD_FULL HERE);
	w.store = SMTP_REFUSE;
	smtp_world_play(w, STR(DATA "a\r\n.\r\nNOOP\r\n"), DATA_HEARD
	    "{store a\r\n}550 5.7.1 This message is not wanted\r\n" HERE);
}

/* A text of several pieces, and one that ends where a piece does. */
static void
play_pieces(size_t size, enum smtp_verdict piece, const char *want)
{
	struct smtp_world w = smtp_world();
	struct buf in, heard;

	w.brief = true;
	w.piece = piece;
	w.policy.size_max = 8 << 20;
	w.policy.line_max = 4096;
	buf_init(&in, 8 << 20);
	buf_add_text(&in, DATA);
	size += in.len;
	while (in.len + 102 <= size)
		buf_add_text(&in, "0123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234567890123456789"
		    "01234567\r\n");
	while (in.len < size - 2)
		buf_add_char(&in, 'x');
	buf_add_text(&in, "\r\n.\r\nNOOP\r\n");
	buf_init(&heard, 10000);
	buf_add_text(&heard, WORLD_GREETING "250-mx.example.test\r\n"
	    "250-PIPELINING\r\n250-SIZE 8388608\r\n250-8BITMIME\r\n"
	    "250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
	    "250-STARTTLS\r\n" WORLD_EHLO_TAIL WORLD_SENDER
	    "{rcpt shop@example.test}" WORLD_RECIPIENT WORLD_OPEN WORLD_GO);
	buf_add_text(&heard, want);
	smtp_world_play(w, buf_str(&in), buf_text(&heard));
	buf_drop(&in);
	buf_drop(&heard);
}

static size_t
trace_len(void)
{
	struct smtp_world w = smtp_world();
	struct buf out;
	size_t len;

	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_world_hear(&w, STR(DATA), &out);
	len = w.trace_len;
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
	return len;
}

static void
test_pieces(void **state)
{
	const size_t edge = PIECE_SIZE - trace_len();
	char want[100];
	size_t i;

	(void)state;
	play_pieces(200000, SMTP_ACCEPT, "{store 200000}" WORLD_STORED HERE);
	for (i = edge - 3; i < edge + 4; i++) {
		snprintf(want, sizeof want, "{store %zu}" WORLD_STORED HERE,
		    i);
		play_pieces(i, SMTP_ACCEPT, want);
	}
	/* A piece that cannot be taken: read on, then say so. */
	play_pieces(200000, SMTP_FULL, WORLD_FULL HERE);
	play_pieces(200000, SMTP_LATER, WORLD_LATER HERE);
}

static struct str
first_line_with(struct str text, struct str start)
{
	size_t at = str_find_str(text, start);

	assert_true(at != STR_NONE);
	text = str_part(text, at, text.len);
	return str_part(text, 0, str_find(text, 0, '\r'));
}

/* The trace as it is stored, and the word for how the message came. */
static void
check_trace(struct smtp_world w, struct str hello, struct str mail,
	struct str protocol)
{
	struct buf out;
	struct str trace;

	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_world_hear(&w, hello, &out);
	smtp_world_hear(&w, mail, &out);
	smtp_world_hear(&w, STR("RCPT TO:<Shop@Example.test>\r\n"
	    "RCPT TO:<two@other.example>\r\nDATA\r\nx\r\n.\r\n"), &out);
	trace = str_part(buf_str(&w.message), 0, w.trace_len);
	assert_true(str_starts(trace, STR("Return-Path: <a@mail.example>\r\n"
	    "Delivered-To: Shop@Example.test\r\n"
	    "Delivered-To: two@other.example\r\nReceived: from me.example")));
	assert_true(str_find_str(first_line_with(trace, STR("\tby ")),
	    protocol) != STR_NONE);
	/* Nobody reads here who else got it. */
	assert_int_equal(str_find_str(trace, STR("for <")), STR_NONE);
	assert_int_equal(str_find_str(trace, STR("using")) != STR_NONE,
	    w.secure);
	smtp_world_end(&w, 0, NULL);
	buf_drop(&out);
}

static void
test_trace(void **state)
{
	const struct str mail = STR("MAIL FROM:<a@mail.example>\r\n");
	const struct str mail8 = STR("MAIL FROM:<a@mail.example> SMTPUTF8\r\n");
	const struct str helo = STR("helo me.example\r\n");
	const struct str ehlo = STR("EHLO me.example\r\n");
	struct smtp_world clear = smtp_world(), secure = smtp_world();

	(void)state;
	secure.secure = true;
	check_trace(clear, helo, mail, STR(" with SMTP id id1"));
	check_trace(clear, ehlo, mail, STR(" with ESMTP id id1"));
	check_trace(secure, ehlo, mail, STR(" with ESMTPS id id1"));
	check_trace(clear, ehlo, mail8, STR(" with UTF8SMTP id id1"));
	check_trace(secure, ehlo, mail8, STR(" with UTF8SMTPS id id1"));
	check_trace(secure, helo, mail, STR(" with SMTP id id1"));
}

int
smtp_text_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_swallow),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests_name("talk/smtp_text", tests, NULL,
	    NULL);
}
