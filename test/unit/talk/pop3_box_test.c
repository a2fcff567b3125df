#include "pop3_world.h"

int pop3_box_test(void);

#define WANT_NUMBER "-ERR a message number is wanted\r\n"
#define NONE_SUCH "-ERR no such message\r\n"

static void
test_stat_list_uidl(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR(WORLD_LOGIN "STAT\r\nLIST\r\nUIDL \r\n"),
	    WORLD_WELCOME "+OK 3 88\r\n"
	    "+OK 3 messages (88 octets)\r\n1 34\r\n2 29\r\n3 25\r\n.\r\n"
	    "+OK 3 messages (88 octets)\r\n1 1234abcd0000000a\r\n"
	    "2 1234abcd0000000b\r\n3 1234abcd0000000c\r\n.\r\n");
	world_play(w, STR(WORLD_LOGIN "LIST 3\r\nuidl 2\r\nLIST  03 \r\n"),
	    WORLD_WELCOME "+OK 3 25\r\n+OK 2 1234abcd0000000b\r\n" WANT_NUMBER);
}

/* The deleted are neither listed nor counted nor found, and RSET undoes it. */
static void
test_deleted_are_hidden(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR(WORLD_LOGIN "DELE 2\r\nSTAT\r\nLIST\r\nUIDL\r\n"),
	    WORLD_WELCOME "+OK marked\r\n+OK 2 59\r\n"
	    "+OK 2 messages (59 octets)\r\n1 34\r\n3 25\r\n.\r\n"
	    "+OK 2 messages (59 octets)\r\n1 1234abcd0000000a\r\n"
	    "3 1234abcd0000000c\r\n.\r\n");
	world_play(w, STR(WORLD_LOGIN "DELE 2\r\nDELE 2\r\nLIST 2\r\n"
	    "UIDL 2\r\nRETR 2\r\nTOP 2 0\r\nRSET\r\nLIST 2\r\nSTAT\r\n"),
	    WORLD_WELCOME "+OK marked\r\n" NONE_SUCH NONE_SUCH NONE_SUCH
	    NONE_SUCH NONE_SUCH "+OK 3 messages (88 octets)\r\n+OK 2 29\r\n"
	    "+OK 3 88\r\n");
}

static void
test_numbers_are_strict(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR(WORLD_LOGIN "RETR 0\r\nRETR 4\r\nDELE 4294967297\r\n"
	    "LIST 18446744073709551615\r\n"), WORLD_WELCOME
	    NONE_SUCH NONE_SUCH NONE_SUCH NONE_SUCH);
	world_play(w, STR(WORLD_LOGIN "RETR -1\r\nRETR +1\r\nRETR 1x\r\n"
	    "DELE\r\nUIDL 1 2\r\nLIST 18446744073709551617\r\nRETR\r\n"
	    "RETR 0x1\r\n"), WORLD_WELCOME
	    WANT_NUMBER WANT_NUMBER WANT_NUMBER WANT_NUMBER WANT_NUMBER
	    WANT_NUMBER WANT_NUMBER WANT_NUMBER);
	world_play(w, STR(WORLD_LOGIN "STAT 1\r\nNOOP x\r\nRSET 1\r\n"
	    "NOOP\r\n"), WORLD_WELCOME
	    "-ERR this command takes no argument\r\n"
	    "-ERR this command takes no argument\r\n"
	    "-ERR this command takes no argument\r\n+OK\r\n");
}

/* Numbers that do not exist are no reason to throw a client out. */
static void
test_missing_messages_are_not_counted(void **state)
{
	struct buf in, want;
	unsigned i;

	(void)state;
	buf_init(&in, 1000);
	buf_init(&want, 4000);
	buf_add_text(&in, WORLD_LOGIN);
	buf_add_text(&want, WORLD_WELCOME);
	for (i = 0; i < 2 * POP3_ERRORS_MAX; i++) {
		buf_add(&in, STR("DELE 9\r\n"));
		buf_add_text(&want, NONE_SUCH);
	}
	world_play(world_secure(), buf_str(&in), buf_text(&want));
	buf_drop(&in);
	buf_drop(&want);
}

static void
test_empty_box(void **state)
{
	struct str in = STR(WORLD_LOGIN "STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\n");
	struct pop3 p;

	(void)state;
	pop3_init(&p, true, false);
	assert_int_equal(pop3_step(&p, &in), POP3_LOGIN);
	pop3_login(&p, POP3_WELCOME, NULL, 0, 1);
	buf_clear(&p.out);
	assert_int_equal(pop3_step(&p, &in), POP3_MORE);
	assert_string_equal(buf_text(&p.out), "+OK 0 0\r\n"
	    "+OK 0 messages (0 octets)\r\n.\r\n"
	    "+OK 0 messages (0 octets)\r\n.\r\n-ERR no such message\r\n");
	pop3_drop(&p);
}

#define MANY 100000u

/* List many messages, sending whenever told to; returns how often it was. */
static unsigned
list_many(struct pop3 *p, struct str in, struct buf *out)
{
	unsigned drains = 0;

	while (pop3_step(p, &in) == POP3_DRAIN) {
		assert_in_range(p->out.len, POP3_OUT_STOP,
		    POP3_OUT_STOP + 100);
		buf_add(out, buf_str(&p->out));
		buf_clear(&p->out);
		drains++;
	}
	buf_add(out, buf_str(&p->out));
	buf_clear(&p->out);
	return drains;
}

/* Compare with what printf() makes of it, line by line. */
static void
test_many(void **state)
{
	struct pop3_item *items = xalloc(MANY, sizeof *items);
	struct str in = STR(WORLD_LOGIN), all, line;
	struct buf out, want;
	struct pop3 p;
	unsigned i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		items[i].size = UINT64_C(1) << i % 60;
		items[i].uid = i * 40000u + 1;
	}
	buf_init(&out, 64u * MANY);
	buf_init(&want, 100);
	pop3_init(&p, true, false);
	assert_int_equal(pop3_step(&p, &in), POP3_LOGIN);
	pop3_login(&p, POP3_WELCOME, items, MANY, UINT32_MAX);
	buf_clear(&p.out);

	assert_true(list_many(&p, STR("UIDL\r\nLIST\r\n"), &out) > 50);
	all = buf_str(&out);
	assert_true(str_split(&all, '\n', &line));
	for (i = 0; i < MANY; i++) {
		buf_clear(&want);
		buf_add_format(&want, "%u ffffffff%08x\r", i + 1, items[i].uid);
		assert_true(str_split(&all, '\n', &line));
		assert_true(str_equal(line, buf_str(&want)));
	}
	assert_true(str_split(&all, '\n', &line));
	assert_true(str_equal(line, STR(".\r")));
	assert_true(str_split(&all, '\n', &line));
	for (i = 0; i < MANY; i++) {
		buf_clear(&want);
		buf_add_format(&want, "%u %llu\r", i + 1,
		    (unsigned long long)items[i].size);
		assert_true(str_split(&all, '\n', &line));
		assert_true(str_equal(line, buf_str(&want)));
	}
	assert_true(str_equal(all, STR(".\r\n")));
	pop3_drop(&p);
	buf_drop(&out);
	buf_drop(&want);
}

/* The command behind a list waits for the list's end, however slow. */
static void
test_list_is_not_overtaken(void **state)
{
	struct pop3_item *items = xalloc(3000, sizeof *items);
	struct str in = STR(WORLD_LOGIN "UIDL\r\nNOOP\r\nQUIT\r\n");
	struct pop3 p;

	(void)state;
	pop3_init(&p, true, false);
	assert_int_equal(pop3_step(&p, &in), POP3_LOGIN);
	pop3_login(&p, POP3_WELCOME, items, 3000, 1);
	assert_int_equal(pop3_step(&p, &in), POP3_DRAIN);
	assert_true(str_equal(in, STR("NOOP\r\nQUIT\r\n")));
	/* half of it was sent */
	buf_eat(&p.out, p.out.len / 2);
	assert_int_equal(pop3_step(&p, &in), POP3_DRAIN);
	buf_clear(&p.out);
	assert_int_equal(pop3_step(&p, &in), POP3_BYE);
	assert_true(str_ends(buf_str(&p.out),
	    STR("\r\n.\r\n+OK\r\n+OK goodbye\r\n")));
	pop3_drop(&p);
}

int
pop3_box_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat_list_uidl),
		cmocka_unit_test(test_deleted_are_hidden),
		cmocka_unit_test(test_numbers_are_strict),
		cmocka_unit_test(test_missing_messages_are_not_counted),
		cmocka_unit_test(test_empty_box),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_list_is_not_overtaken),
	};

	return cmocka_run_group_tests_name("talk/pop3_box", tests, NULL, NULL);
}
