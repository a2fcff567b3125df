/* The text on its way out: dots, chunks, and where a server breaks off. */
#include "smtp_client_world.h"

int smtp_client_text_test(void);

#define GREET "220 mx.example\n250-mx.example\n"
#define PIPE GREET "250 PIPELINING\n"
#define EHLO "EHLO box.example.test\n"
#define ENVELOPE EHLO "MAIL FROM:<shop@example.test>\n" \
	"RCPT TO:<a@mail.example>\n"
#define TOLD(text) "{a@mail.example " text "}\n"
#define IN TOLD("delivered 250 2.0.0 in") "QUIT\n"
#define GONE "temporary 0 4.4.2 Connection lost"

static struct smtp_client_recipient one[1];

static struct smtp_letter
letter(void)
{
	one[0] = (struct smtp_client_recipient){
		.address = STR("a@mail.example")
	};
	return (struct smtp_letter){
		.sender = STR("shop@example.test"),
		.recipients = one, .count = 1, .size = 5
	};
}

static void
test_dots(void **state)
{
	static const struct {
		const char *body;
		const char *said;
	} cases[] = {
		{ "", ".\n" },
		{ ".\r\n", "..\n.\n" },
		{ "..\r\n.a\r\nb.\r\n", "...\n..a\nb.\n.\n" },
		{ "no end", "no end\n.\n" },
		{ "a\r\n.", "a\n..\n.\n" },
		{ "\r\n\r\n", "\n\n.\n" },
	};
	struct smtp_letter l = letter();
	struct client_world w = client_world(&l, 1);
	struct buf want;
	size_t i;

	(void)state;
	buf_init(&want, 1000);
	for (i = 0; i < countof(cases); i++)
		for (w.piece = 1; w.piece < 8; w.piece++) {
			w.body = cases[i].body;
			buf_clear(&want);
			buf_add_text(&want, ENVELOPE "DATA\n");
			buf_add_text(&want, cases[i].said);
			buf_add_text(&want, IN);
			client_world_play(w, PIPE "250 ok\n250 ok\n354 go\n"
			    "250 2.0.0 in\n221 bye\n", buf_text(&want));
		}
	buf_drop(&want);
}

static void
test_chunks(void **state)
{
	struct smtp_letter l = letter();
	struct client_world w = client_world(&l, 1);

	(void)state;
	w.body = ".a\r\n..\r\nb\r\n";
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n"
	    "250 2.0.0 in\n221 bye\n",
	    ENVELOPE "BDAT 11 LAST\n.a\n..\nb\n" IN);
	/* A chunk waits for its answer, or does not. */
	w.piece = 4;
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n250 1\n"
	    "250 2\n250 2.0.0 in\n221 bye\n",
	    ENVELOPE "BDAT 4\n.a\nBDAT 4\n..\nBDAT 3 LAST\nb\n" IN);
	client_world_play(w, GREET "250-CHUNKING\n250 PIPELINING\n250 ok\n"
	    "250 ok\n250 1\n250 2\n250 2.0.0 in\n221 bye\n",
	    ENVELOPE "BDAT 4\n.a\nBDAT 4\n..\nBDAT 3 LAST\nb\n" IN);
	/* A last line is closed; nothing is still something. */
	w.body = "abcdef";
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n250 1\n"
	    "250 2.0.0 in\n221 bye\n",
	    ENVELOPE "BDAT 4\nabcdBDAT 4 LAST\nef\n" IN);
	w.body = "";
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n"
	    "250 2.0.0 in\n221 bye\n", ENVELOPE "BDAT 0 LAST\n" IN);
	w.setup.chunks = false;
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n354 go\n"
	    "250 2.0.0 in\n221 bye\n", ENVELOPE "DATA\n.\n" IN);
}

static void
test_chunk_refused(void **state)
{
	struct smtp_letter l = letter();
	struct smtp_letter two[2];
	struct client_world w = client_world(two, 2);

	(void)state;
	two[0] = two[1] = l;
	w.body = "abcdefgh\r\n";
	w.piece = 4;
	/* No more is sent, and the connection stays good. */
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n"
	    "552 5.3.4 Large\n250 reset\n250 ok\n250 ok\n250 1\n"
	    "250 2\n250 2.0.0 in\n221 bye\n",
	    ENVELOPE "BDAT 4\nabcd" TOLD("permanent 552 5.3.4 Large")
	    "RSET\nMAIL FROM:<shop@example.test>\nRCPT TO:<a@mail.example>\n"
	    "BDAT 4\nabcdBDAT 4\nefghBDAT 2 LAST\n\n" IN);
	/* The chunks behind it are answered too. */
	w.letter_count = 1;
	client_world_play(w, GREET "250-CHUNKING\n250 PIPELINING\n250 ok\n"
	    "250 ok\n452 4.3.1 Full\n503 no\n250 what\n221 bye\n",
	    ENVELOPE "BDAT 4\nabcdBDAT 4\nefghBDAT 2 LAST\n\n"
	    TOLD("temporary 452 4.3.1 Full") "QUIT\n");
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n354 go\n",
	    ENVELOPE "BDAT 4\nabcd"
	    TOLD("temporary 0 4.5.0 The server's reply fits no command")
	    "{bye 6 temporary 0 4.5.0 "
	    "The server's reply fits no command}\n");
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n",
	    ENVELOPE "BDAT 4\nabcd" TOLD(GONE) "{bye 1 " GONE "}\n");
	/* Refused, then lost: there is nothing unknown about it. */
	client_world_play(w, GREET "250-CHUNKING\n250 PIPELINING\n250 ok\n"
	    "250 ok\n452 4.3.1 Full\n",
	    ENVELOPE "BDAT 4\nabcdBDAT 4\nefghBDAT 2 LAST\n\n"
	    TOLD("temporary 452 4.3.1 Full") "{bye 1 " GONE "}\n");
	/* Lost behind the last chunk: it may have arrived. */
	client_world_play(w, GREET "250 CHUNKING\n250 ok\n250 ok\n250 1\n"
	    "250 2\n", ENVELOPE "BDAT 4\nabcdBDAT 4\nefghBDAT 2 LAST\n\n"
	    TOLD(GONE " unknown") "{bye 1 " GONE " unknown}\n");
}

static void
test_refused(void **state)
{
	struct smtp_letter l = letter();
	struct client_world w = client_world(&l, 1);

	(void)state;
	client_world_play(w, PIPE "250 ok\n250 ok\n354 go\n"
	    "554 5.7.1 Spam\n221 bye\n",
	    ENVELOPE "DATA\nHi.\n.\n" TOLD("permanent 554 5.7.1 Spam")
	    "QUIT\n");
	client_world_play(w, PIPE "250 ok\n250 ok\n354 go\n"
	    "421 4.3.2 Off\n",
	    ENVELOPE "DATA\nHi.\n.\n" TOLD("temporary 421 4.3.2 Off")
	    "{bye 5 temporary 421 4.3.2 Off}\n");
	/* Nobody knows what became of these. */
	client_world_play(w, PIPE "250 ok\n250 ok\n354 go\n",
	    ENVELOPE "DATA\nHi.\n.\n" TOLD(GONE " unknown")
	    "{bye 1 " GONE " unknown}\n");
	client_world_play(w, PIPE "250 ok\n250 ok\n354 go\nwhat?\n",
	    ENVELOPE "DATA\nHi.\n.\n" TOLD("temporary 0 4.5.0 "
	    "The server said what is no reply unknown")
	    "{bye 6 temporary 0 4.5.0 "
	    "The server said what is no reply unknown}\n");
	client_world_play(w, PIPE "250 ok\n250 ok\n354 go\n354 more\n",
	    ENVELOPE "DATA\nHi.\n.\n" TOLD("temporary 0 4.5.0 "
	    "The server's reply fits no command unknown")
	    "{bye 6 temporary 0 4.5.0 "
	    "The server's reply fits no command unknown}\n");
}

/* Bring a client to where it asks for the text. */
static void
to_text(struct client_world *w)
{
	static const char *const said[] = {
		"220 hi\r\n", "250-mx\r\n250 PIPELINING\r\n"
	};
	struct str in;
	size_t i;

	smtp_client_init(&w->client, &w->setup);
	for (i = 0; i < countof(said); i++) {
		in = str_of(said[i]);
		(void)smtp_client_step(&w->client, &in);
		buf_clear(&w->client.out);
	}
	smtp_client_send(&w->client, &w->letters[0]);
	assert_int_equal(smtp_client_step(&w->client, &in),
	    SMTP_CLIENT_MORE);
	buf_clear(&w->client.out);
	in = STR("250 ok\r\n250 ok\r\n354 go\r\n");
	assert_int_equal(smtp_client_step(&w->client, &in),
	    SMTP_CLIENT_BODY);
	assert_int_equal(in.len, 0);
	buf_clear(&w->client.out);
}

static void
test_broken_off(void **state)
{
	struct smtp_letter l = letter();
	struct client_world w = client_world(&l, 1);
	struct str in;

	(void)state;
	/* The server gives its verdict within the text. */
	to_text(&w);
	smtp_client_body(&w.client, STR("Hi"), false);
	in = STR("552 5.3.4 Large\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(one[0].outcome.fate, SMTP_PERMANENT);
	assert_int_equal(w.client.trouble, SMTP_CLIENT_CLOSED);
	/* Not a byte more, which would be a command now. */
	assert_int_equal(w.client.out.len, 0);
	smtp_client_drop(&w.client);
	/* The same when all was said, but not yet sent. */
	to_text(&w);
	smtp_client_body(&w.client, STR("Hi"), true);
	in = STR("552 5.3.4 Large\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(one[0].outcome.fate, SMTP_PERMANENT);
	assert_int_equal(w.client.trouble, SMTP_CLIENT_CLOSED);
	assert_int_equal(w.client.out.len, 0);
	smtp_client_drop(&w.client);
	to_text(&w);
	smtp_client_body(&w.client, STR("Hi"), true);
	in = STR("250 in\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(one[0].outcome.fate, SMTP_TEMPORARY);
	assert_false(one[0].outcome.unknown);
	assert_int_equal(w.client.trouble, SMTP_CLIENT_NONSENSE);
	assert_int_equal(w.client.out.len, 0);
	smtp_client_drop(&w.client);
	to_text(&w);
	smtp_client_body(&w.client, STR("Hi"), true);
	in = STR("421 4.3.2 Down\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(one[0].outcome.fate, SMTP_TEMPORARY);
	assert_int_equal(w.client.out.len, 0);
	smtp_client_drop(&w.client);
	/* Or takes half of it for the whole. */
	to_text(&w);
	smtp_client_body(&w.client, STR("Hi"), false);
	in = STR("250 in\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(one[0].outcome.fate, SMTP_TEMPORARY);
	assert_int_equal(w.client.trouble, SMTP_CLIENT_NONSENSE);
	smtp_client_drop(&w.client);
	/* The letter cannot be read: no dot is ever sent. */
	to_text(&w);
	smtp_client_lost(&w.client, "The letter cannot be read");
	smtp_client_body(&w.client, STR("Hi"), true);
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_BYE);
	assert_int_equal(w.client.out.len, 0);
	assert_int_equal(one[0].outcome.fate, SMTP_TEMPORARY);
	assert_false(one[0].outcome.unknown);
	smtp_client_drop(&w.client);
	/* Lost while the dot is still with us: it is not on its way. */
	to_text(&w);
	smtp_client_body(&w.client, STR("Hi\r\n"), true);
	smtp_client_lost(&w.client, "Connection lost");
	assert_false(one[0].outcome.unknown);
	assert_int_equal(w.client.out.len, 0);
	smtp_client_drop(&w.client);
}

static void
test_waits(void **state)
{
	struct smtp_letter l = letter();
	struct client_world w = client_world(&l, 1);
	struct str in = STR("250 ok\r\n250 ok\r\n");

	(void)state;
	to_text(&w);
	assert_int_equal(smtp_client_wait_ms(&w.client), 180000);
	smtp_client_body(&w.client, STR("Hi\r\n"), true);
	assert_int_equal(smtp_client_wait_ms(&w.client), 600000);
	buf_clear(&w.client.out);
	in = STR("250 in\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in),
	    SMTP_CLIENT_READY);
	assert_int_equal(w.client.letters, 1);
	assert_int_equal(w.client.mails, 1);
	smtp_client_send(&w.client, &l);
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_MORE);
	buf_clear(&w.client.out);
	in = STR("250 ok\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_MORE);
	assert_int_equal(smtp_client_wait_ms(&w.client), 300000);
	in = STR("250 ok\r\n");
	assert_int_equal(smtp_client_step(&w.client, &in), SMTP_CLIENT_MORE);
	assert_int_equal(smtp_client_wait_ms(&w.client), 120000);
	smtp_client_drop(&w.client);
}

/* Flat memory: a long text goes piece by piece, with every dot doubled. */
static void
test_long(void **state)
{
	struct smtp_letter l = letter();
	struct client_world w = client_world(&l, 1);
	struct buf piece;
	struct str in = STR("");
	enum smtp_client_ask ask;
	int i, drained = 0;

	(void)state;
	buf_init(&piece, PIECE_SIZE);
	while (piece.len + 3 <= PIECE_SIZE)
		buf_add_text(&piece, ".\r\n");
	to_text(&w);
	for (i = 0; i < 20; i++) {
		smtp_client_body(&w.client, buf_str(&piece), false);
		while ((ask = smtp_client_step(&w.client, &in)) ==
		    SMTP_CLIENT_DRAIN) {
			buf_eat(&w.client.out, 50000);
			drained++;
		}
		assert_int_equal(ask, SMTP_CLIENT_BODY);
		assert_true(w.client.out.len < SMTP_CLIENT_OUT_STOP);
	}
	assert_true(drained > 20);
	smtp_client_drop(&w.client);
	buf_drop(&piece);
}

int
smtp_client_text_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dots),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_chunk_refused),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_broken_off),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("talk/smtp_client_text", tests,
	    NULL, NULL);
}
