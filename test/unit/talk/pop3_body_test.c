#include "pop3_world.h"

int pop3_body_test(void);

#define CANNOT "-ERR [SYS/TEMP] this message cannot be read now\r\n"

/* Whatever the size of the pieces, the answer is the same. */
static void
play_in_pieces(struct str input, const char *want)
{
	struct world w = world_secure();

	for (w.piece = 1; w.piece < 40; w.piece++)
		world_play(w, input, want);
}

static void
test_retr(void **state)
{
	(void)state;
	play_in_pieces(STR(WORLD_LOGIN "RETR 1\r\nRETR 3\r\n"), WORLD_WELCOME
	    "+OK 34 octets\r\nSubject: one\r\n\r\n..dot\r\n...two\r\nend\r\n"
	    ".\r\n+OK 25 octets\r\nSubject: no body at all\r\n.\r\n");
}

static void
test_top(void **state)
{
	(void)state;
	play_in_pieces(STR(WORLD_LOGIN "TOP 1 0\r\nTOP 2 3\r\n"), WORLD_WELCOME
	    "+OK\r\nSubject: one\r\n\r\n.\r\n"
	    "+OK\r\nSubject: two\r\n\r\nl1\r\n\r\n..\r\n.\r\n");
	play_in_pieces(STR(WORLD_LOGIN "TOP 2 99\r\nTOP 3 1\r\n"
	    "TOP 3 18446744073709551615\r\n"), WORLD_WELCOME
	    "+OK\r\nSubject: two\r\n\r\nl1\r\n\r\n..\r\nl4\r\n.\r\n"
	    "+OK\r\nSubject: no body at all\r\n.\r\n"
	    "+OK\r\nSubject: no body at all\r\n.\r\n");
}

static void
test_top_arguments(void **state)
{
	static const char want[] = WORLD_WELCOME
	    "-ERR a message and a number of lines are wanted\r\n"
	    "-ERR a message and a number of lines are wanted\r\n"
	    "-ERR a message and a number of lines are wanted\r\n"
	    "-ERR a message and a number of lines are wanted\r\n"
	    "-ERR a message and a number of lines are wanted\r\n"
	    "-ERR a message number is wanted\r\n"
	    "-ERR no such message\r\n";

	(void)state;
	world_play(world_secure(), STR(WORLD_LOGIN
	    "TOP\r\nTOP 1\r\nTOP 1 -1\r\n"
	    "TOP 1 18446744073709551616\r\nTOP 1 2 3\r\nTOP -1 2\r\n"
	    "TOP 4 0\r\n"), want);
}

/* The shell is told as soon as no more is wanted. */
static void
test_top_stops_early(void **state)
{
	struct str in = STR(WORLD_LOGIN "TOP 1 1\r\n");
	struct world w = world_secure();

	(void)state;
	world_begin(&w);
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_LOGIN);
	world_login(&w);
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_OPEN);
	assert_false(w.pop3.whole);
	buf_clear(&w.pop3.out);
	assert_true(pop3_body(&w.pop3, STR("A: b\r\n\r\n")));
	assert_false(pop3_body(&w.pop3, STR("one\r\ntwo\r\n")));
	assert_false(pop3_body(&w.pop3, STR("three\r\n")));
	pop3_body_end(&w.pop3, false);
	assert_string_equal(buf_text(&w.pop3.out),
	    "+OK\r\nA: b\r\n\r\none\r\n.\r\n");
	assert_int_equal(w.pop3.retrieved, 0);
	pop3_drop(&w.pop3);
}

/* Unread at all: an honest -ERR. Half sent: no lone dot, but the end. */
static void
test_failures(void **state)
{
	struct world w = world_secure();

	(void)state;
	w.open_fails = 0;
	world_play(w, STR(WORLD_LOGIN "RETR 1\r\nTOP 1 0\r\nNOOP\r\n"),
	    WORLD_WELCOME CANNOT CANNOT "+OK\r\n");
	w.open_fails = 2;
	world_play(w, STR(WORLD_LOGIN "RETR 1\r\nNOOP\r\n"), WORLD_WELCOME
	    "+OK 34 octets\r\nSubject: one\r\n{bye}");
}

/* An empty message, and one whose last line has no end. */
static void
test_odd_ends(void **state)
{
	struct str in = STR(WORLD_LOGIN "RETR 1\r\nRETR 2\r\n");
	struct world w = world_secure();

	(void)state;
	world_begin(&w);
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_LOGIN);
	world_login(&w);
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_OPEN);
	buf_clear(&w.pop3.out);
	pop3_body_end(&w.pop3, false);
	assert_string_equal(buf_text(&w.pop3.out), "+OK 34 octets\r\n.\r\n");
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_OPEN);
	buf_clear(&w.pop3.out);
	assert_true(pop3_body(&w.pop3, STR("half a line")));
	pop3_body_end(&w.pop3, false);
	assert_string_equal(buf_text(&w.pop3.out),
	    "+OK 29 octets\r\nhalf a line\r\n.\r\n");
	assert_int_equal(w.pop3.retrieved, 2);
	pop3_drop(&w.pop3);
}

/* The largest piece there is, of nothing but dots, on top of full replies. */
static void
test_worst_piece(void **state)
{
	struct str in = STR(WORLD_LOGIN "RETR 1\r\n");
	struct world w = world_secure();
	struct buf piece;

	(void)state;
	buf_init(&piece, 65536);
	while (piece.len + 3 <= piece.max)
		buf_add(&piece, STR(".\r\n"));
	world_begin(&w);
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_LOGIN);
	world_login(&w);
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_OPEN);
	while (w.pop3.out.len < POP3_OUT_STOP - 1)
		buf_add_char(&w.pop3.out, 'x');
	assert_true(pop3_body(&w.pop3, buf_str(&piece)));
	assert_int_equal(w.pop3.out.len, POP3_OUT_STOP - 1 +
	    sizeof "+OK 34 octets\r\n" - 1 + piece.len / 3 * 4);
	pop3_drop(&w.pop3);
	buf_drop(&piece);
}

int
pop3_body_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retr),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_top_arguments),
		cmocka_unit_test(test_top_stops_early),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_odd_ends),
		cmocka_unit_test(test_worst_piece),
	};

	return cmocka_run_group_tests_name("talk/pop3_body", tests,
	    NULL, NULL);
}
