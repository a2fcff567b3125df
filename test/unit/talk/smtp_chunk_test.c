/* The text of BDAT: chunks, their order, and what fails among them. */
#include "smtp_world.h"

int smtp_chunk_test(void);

#define HERE "250 2.0.0 Here\r\n"
#define BARE "554 5.6.0 A bare CR or LF is no line end\r\n"
#define NO_MAIL "503 5.5.1 Send EHLO and MAIL first\r\n"
#define SYNTAX "501 5.5.4 Say BDAT size, or BDAT size LAST\r\n"
#define TOO_BIG "552 5.3.4 Larger than we take\r\n"

static void
test_one_chunk(void **state)
{
	(void)state;
	smtp_world_play(smtp_world(), STR(WORLD_TO_DATA
	    "BDAT 11 LAST\r\n.a\r\n..\r\n\200\r\nNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN
	    "{store .a\r\n..\r\n\200\r\n}" WORLD_STORED HERE);
}

static void
test_chunks_in_order(void **state)
{
	(void)state;
	/* A line end may be cut in two; commands may stand between. */
	smtp_world_play(smtp_world(), STR(WORLD_TO_DATA
	    "bdat 3\r\nab\rNOOP\r\nBDAT 0\r\nBDAT 5\r\n\ncd\r\n"
	    "BDAT 0 last\r\nNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN WORLD_CHUNK HERE WORLD_CHUNK
	    WORLD_CHUNK "{store ab\r\ncd\r\n}" WORLD_STORED HERE);
	/* A dot alone is text like any other. */
	smtp_world_play(smtp_world(), STR(WORLD_TO_DATA
	    "BDAT 6 LAST\r\n.\r\na\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN "{store .\r\na\r\n}"
	    WORLD_STORED);
	/* An empty message. */
	smtp_world_play(smtp_world(), STR(WORLD_TO_DATA "BDAT 0 LAST\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN "{store }" WORLD_STORED);
	/* The last line gets its end. */
	smtp_world_play(smtp_world(), STR(WORLD_TO_DATA
	    "BDAT 3\r\na\r\nBDAT 1 LAST\r\nbNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN WORLD_CHUNK "{store a\r\nb\r\n}"
	    WORLD_STORED HERE);
}

static void
test_sequence(void **state)
{
	(void)state;
	/* Octets of a chunk nobody asked for are no commands. */
	smtp_world_play(smtp_world(), STR("BDAT 6\r\nQUIT\r\nHELO a\r\n"
	    "BDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<>\r\n"
	    "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"),
	    WORLD_GREETING NO_MAIL "250 mx.example.test\r\n" NO_MAIL
	    WORLD_SENDER NO_MAIL HERE);
	smtp_world_play(smtp_world(), STR("EHLO mail.example\r\n"
	    "MAIL FROM:<>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"),
	    WORLD_GREETING WORLD_EHLO WORLD_SENDER
	    "554 5.5.1 No valid recipients\r\n" HERE);
	/* RFC 3030 section 2: DATA and BDAT do not mix. */
	smtp_world_play(smtp_world(), STR(WORLD_TO_DATA
	    "BDAT 3\r\na\r\nDATA\r\nRCPT TO:<b@example.test>\r\n"
	    "MAIL FROM:<>\r\nSTARTTLS\r\nRSET\r\nDATA\r\n"
	    "BDAT 3 LAST\r\na\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN WORLD_CHUNK
	    "503 5.5.1 The text comes by BDAT already\r\n"
	    "503 5.5.1 Too late, the text has begun\r\n"
	    "503 5.5.1 Finish the message first\r\n"
	    "503 5.5.1 Finish the message first\r\n"
	    "250 2.0.0 Forgotten\r\n{abort}503 5.5.1 Send MAIL first\r\n"
	    NO_MAIL);
	/* And nothing follows LAST. */
	smtp_world_play(smtp_world(), STR(WORLD_TO_DATA
	    "BDAT 1 LAST\r\naBDAT 1 LAST\r\nbNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN "{store a\r\n}" WORLD_STORED
	    NO_MAIL HERE);
}

static void
test_forgotten(void **state)
{
	static const struct {
		struct str in;
		const char *heard;
	} cases[] = {
		{ { "EHLO a\r\n", 8 }, WORLD_EHLO "{abort}" },
		{ { "HELO a\r\n", 8 }, "250 mx.example.test\r\n{abort}" },
		{ { "QUIT\r\n", 6 }, "221 2.0.0 Bye\r\n{abort}{bye}" },
		{ { "GET /\r\n", 7 }, "554 5.5.1 This is SMTP, not HTTP\r\n"
		    "{abort}{bye}" },
		{ { "NOOP\n", 5 }, "500 5.5.2 Lines end with CR LF and hold"
		    " no NUL\r\n{abort}{bye}" },
		{ { "BDAT 6 no\r\nQUIT\r\nNOOP\r\n", 23 },
		    "{abort}" SYNTAX HERE },
	};
	struct buf in, want;
	size_t i;

	(void)state;
	buf_init(&in, 1000);
	buf_init(&want, 10000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&in);
		buf_clear(&want);
		buf_add_text(&in, WORLD_TO_DATA "BDAT 3\r\na\r\n");
		buf_add(&in, cases[i].in);
		buf_add_text(&want, WORLD_TO_DATA_HEARD WORLD_OPEN
		    WORLD_CHUNK);
		buf_add_text(&want, cases[i].heard);
		smtp_world_play(smtp_world(), buf_str(&in), buf_text(&want));
	}
	buf_drop(&in);
	buf_drop(&want);
}

static void
test_bad_size_closes(void **state)
{
	static const char *const sizes[] = {
		"", "x", "-1", "1x", "LAST", "0x10", "123456789012345678901",
	};
	struct buf in;
	size_t i;

	(void)state;
	buf_init(&in, 1000);
	for (i = 0; i < countof(sizes); i++) {
		buf_clear(&in);
		buf_add_format(&in, "BDAT %s\r\nNOOP\r\n", sizes[i]);
		smtp_world_play(smtp_world(), buf_str(&in),
		    WORLD_GREETING SYNTAX "{bye}");
	}
	/* So does one that nobody will wait for the end of. */
	smtp_world_play(smtp_world(),
	    STR("BDAT 18446744073709551615\r\nNOOP\r\n"),
	    WORLD_GREETING NO_MAIL "{bye}");
	smtp_world_play(smtp_world(),
	    STR(WORLD_TO_DATA "BDAT 99999999999999999999\r\nNOOP\r\n"),
	    WORLD_TO_DATA_HEARD TOO_BIG "{bye}");
	buf_drop(&in);
}

static void
test_bad_text(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	smtp_world_play(w, STR(WORLD_TO_DATA "BDAT 9\r\na\nb\r\nabc"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN BARE "{abort}{bye}");
	smtp_world_play(w, STR(WORLD_TO_DATA "BDAT 2 LAST\r\na\rNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN BARE "{abort}{bye}");
	smtp_world_play(w, STR(WORLD_TO_DATA "BDAT 2\r\na\r"
	    "BDAT 1 LAST\r\nbNOOP\r\n"), WORLD_TO_DATA_HEARD WORLD_OPEN
	    WORLD_CHUNK BARE "{abort}{bye}");
	smtp_world_play(w, STR(WORLD_TO_DATA "BDAT 3 LAST\r\na\0bNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN
	    "554 5.6.0 A NUL is no text\r\n{abort}{bye}");
	w.policy.line_max = 10;
	smtp_world_play(w, STR(WORLD_TO_DATA "BDAT 20\r\n"
	    "123456789\r\n1234567\r\nNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN
	    "{abort}554 5.6.0 A line is too long\r\n" HERE);
	/* The end that is added does not make a line too long. */
	smtp_world_play(w, STR(WORLD_TO_DATA "BDAT 10 LAST\r\n1234567890"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN "{store 1234567890\r\n}"
	    WORLD_STORED);
}

static void
test_not_opened(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	/* Chunks on their way behind the one that failed are no errors. */
	w.open = SMTP_FULL;
	smtp_world_play(w, STR(WORLD_TO_DATA "BDAT 3\r\na\r\n"
	    "BDAT 1\r\nbBDAT 1\r\nbBDAT 1\r\nbBDAT 1\r\nbBDAT 1\r\nb"
	    "BDAT 1\r\nbBDAT 1\r\nbBDAT 1\r\nbBDAT 1\r\nbBDAT 1\r\nb"
	    "BDAT 1 LAST\r\nbMAIL FROM:<>\r\nNOOP\r\n"),
	    WORLD_TO_DATA_HEARD WORLD_OPEN WORLD_FULL
	    NO_MAIL NO_MAIL NO_MAIL NO_MAIL NO_MAIL NO_MAIL NO_MAIL
	    NO_MAIL NO_MAIL NO_MAIL NO_MAIL WORLD_SENDER HERE);
}

/* Sum up chunks to the most that is taken, and one octet more. */
static void
test_size_of_all_chunks(void **state)
{
	struct smtp_world w = smtp_world();

	(void)state;
	w.policy.size_max = 8;
	w.policy.tls = false;
	smtp_world_play(w, STR("EHLO a\r\nMAIL FROM:<>\r\n"
	    "RCPT TO:<a@example.test>\r\nBDAT 4\r\nab\r\n"
	    "BDAT 4 LAST\r\ncd\r\nMAIL FROM:<>\r\n"
	    "RCPT TO:<a@example.test>\r\nBDAT 4\r\nab\r\n"
	    "BDAT 5 LAST\r\ncde\r\nNOOP\r\n"),
	    WORLD_GREETING "250-mx.example.test\r\n250-PIPELINING\r\n"
	    "250-SIZE 8\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
	    WORLD_EHLO_TAIL WORLD_SENDER "{rcpt a@example.test}"
	    WORLD_RECIPIENT "{open : a@example.test}" WORLD_CHUNK
	    "{store ab\r\ncd\r\n}" WORLD_STORED WORLD_SENDER
	    "{rcpt a@example.test}" WORLD_RECIPIENT "{open : a@example.test}"
	    WORLD_CHUNK "{abort}" TOO_BIG HERE);
}

/* Small chunks are commands like any other; large ones are not counted. */
static void
test_many_chunks(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf in, out;
	int i;

	(void)state;
	w.policy.size_max = 8 << 20;
	w.policy.line_max = SMTP_CHUNK_MIN;
	w.brief = true;
	buf_init(&in, 4 << 20);
	buf_init(&out, 200000);
	for (i = 0; i < 1500; i++) {
		size_t stop = in.len + 11 + SMTP_CHUNK_MIN - 2;

		buf_add_format(&in, "BDAT %d\r\n", SMTP_CHUNK_MIN);
		while (in.len < stop)
			buf_add_char(&in, 'x');
		buf_add_text(&in, "\r\n");
	}
	buf_add_text(&in, "BDAT 0 LAST\r\n");
	smtp_world_begin(&w);
	smtp_world_hear(&w, STR(WORLD_TO_DATA), &out);
	assert_true(smtp_world_hear(&w, buf_str(&in), &out));
	assert_true(str_ends(buf_str(&out),
	    STR("{store 1536000}" WORLD_STORED)));
	smtp_world_hear(&w, STR(WORLD_TO_DATA), &out);
	for (i = 0; i < SMTP_COMMANDS_MAX - 3; i++)
		assert_true(smtp_world_hear(&w, STR("BDAT 1\r\nx"), &out));
	buf_clear(&out);
	assert_false(smtp_world_hear(&w, STR("BDAT 1\r\nx"), &out));
	assert_string_equal(buf_text(&out),
	    "421 4.7.0 Too many commands without a message\r\n"
	    "{abort}{bye}");
	smtp_world_end(&w, 0, NULL);
	buf_drop(&in);
	buf_drop(&out);
}

/* The line end that is added may be the one that fills a piece. */
static void
test_added_end_at_a_piece(void **state)
{
	struct smtp_world w = smtp_world();
	struct buf in, out;
	size_t edge, size, stop;

	(void)state;
	w.policy.size_max = 8 << 20;
	w.policy.line_max = 1 << 20;
	w.brief = true;
	buf_init(&in, 100000);
	buf_init(&out, 10000);
	smtp_world_begin(&w);
	smtp_world_hear(&w, STR(WORLD_TO_DATA "BDAT 0\r\n"), &out);
	edge = PIECE_SIZE - w.trace_len;
	smtp_world_hear(&w, STR("RSET\r\n"), &out);
	for (size = edge - 3; size < edge + 2; size++) {
		buf_clear(&in);
		buf_add_format(&in, WORLD_TO_DATA "BDAT %zu LAST\r\n", size);
		stop = in.len + size;
		while (in.len < stop)
			buf_add_char(&in, 'x');
		buf_clear(&out);
		assert_true(smtp_world_hear(&w, buf_str(&in), &out));
		assert_true(str_ends(buf_str(&out), STR(WORLD_STORED)));
		assert_int_equal(w.message.len, w.trace_len + size + 2);
		assert_true(str_ends(buf_str(&w.message), STR("x\r\n")));
	}
	smtp_world_end(&w, 0, NULL);
	buf_drop(&in);
	buf_drop(&out);
}

int
smtp_chunk_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_chunk),
		cmocka_unit_test(test_chunks_in_order),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_bad_size_closes),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_not_opened),
		cmocka_unit_test(test_size_of_all_chunks),
		cmocka_unit_test(test_many_chunks),
		cmocka_unit_test(test_added_end_at_a_piece),
	};

	return cmocka_run_group_tests_name("talk/smtp_chunk", tests, NULL,
	    NULL);
}
