/* APPEND, MULTIAPPEND and REPLACE: texts that go by. */
#include "talk/imap_world.h"

int imap_text_test(void);

#define GO "+ Go on.\r\n"
#define DONE "{do NOOP}\nb OK Done.\r\n"

static void
test_append(void **state)
{
	struct buf out;

	(void)state;
	world_play(world_inside(), STR("a APPEND box {5}\r\nhello\r\n"
	    "b NOOP\r\n"),
	    "{take APPEND mailbox=<box> 0 size=5 flags=0}\n" GO
	    "hello{end}\n{do APPEND mailbox=<box>}\na OK Done.\r\n" DONE);
	world_play(world_inside(), STR("a append {3+}\r\nb\"x (\\Seen work) "
	    "\" 1-Feb-2026 01:02:03 +0100\" {4+}\r\n\r\n{1\r\nb NOOP\r\n"),
	    "{take APPEND mailbox=<b\"x> 0 size=4 flags=1+work "
	    "date=1769904123}\n\r\n{1{end}\n{do APPEND mailbox=<b\"x>}\n"
	    "a OK Done.\r\n" DONE);
	world_play(world_inside(), STR("a APPEND {5}\r\ninbox () "
	    "\"31-Dec-1969 23:59:59 +0000\" ~{1}\r\nx \r\nb NOOP\r\n"),
	    GO "{take APPEND mailbox=<INBOX> 0 size=1 flags=0 date=-1 "
	    "literal8}\n" GO "x{end}\n{do APPEND mailbox=<INBOX>}\n"
	    "a OK Done.\r\n" DONE);
	/* the text may hold anything */
	out = world_run(world_inside(), STR("a APPEND b ~{4+}\r\n\0\n\r\xff"
	    "\r\n"));
	assert_true(str_equal(buf_str(&out), STR("{take APPEND mailbox=<b> 0 "
	    "size=4 flags=0 literal8}\n\0\n\r\xff{end}\n{do APPEND "
	    "mailbox=<b>}\na OK Done.\r\n")));
	buf_drop(&out);
}

static void
test_several(void **state)
{
	(void)state;
	world_play(world_inside(), STR("a APPEND b (x) {1}\r\nA (y \\Seen) "
	    "{2+}\r\nBB \" 1-Jan-1970 00:00:00 +0000\" {3}\r\nCCC\r\n"
	    "b NOOP\r\n"),
	    "{take APPEND mailbox=<b> 0 size=1 flags=0+x}\n" GO "A{end}\n"
	    "{take 1 size=2 flags=1+y}\nBB{end}\n"
	    "{take 2 size=3 flags=0 date=0}\n" GO "CCC{end}\n"
	    "{do APPEND mailbox=<b>}\na OK Done.\r\n" DONE);
}

static void
test_utf8(void **state)
{
	(void)state;
	world_play(world_inside(), STR("a APPEND b UTF8 (~{1}\r\nA) (\\Draft) "
	    "utf8 (~{1+}\r\nB) {1+}\r\nC\r\nb NOOP\r\n"),
	    "{take APPEND mailbox=<b> 0 size=1 flags=0 literal8 utf8}\n" GO
	    "A{end}\n{take 1 size=1 flags=16 literal8 utf8}\nB{end}\n"
	    "{take 2 size=1 flags=0}\nC{end}\n{do APPEND mailbox=<b>}\n"
	    "a OK Done.\r\n" DONE);
	world_play(world_inside(), STR("a APPEND b UTF8 ({1}\r\n"
	    "a APPEND b UTF8 {1}\r\na APPEND b UTF8 (~{1+}\r\nA\r\n"
	    "b NOOP\r\n"),
	    "a BAD ~{ was expected.\r\na BAD A parenthesis was expected.\r\n"
	    "{take APPEND mailbox=<b> 0 size=1 flags=0 literal8 utf8}\n"
	    "A{end}\na BAD A closing parenthesis was expected.\r\n{forget}\n"
	    DONE);
}

static void
test_replace(void **state)
{
	(void)state;
	world_play(world_selected(), STR("a REPLACE 4 b (\\Seen) {1}\r\nA\r\n"
	    "a UID REPLACE 7 {1+}\r\nb {1+}\r\nA\r\na REPLACE * b {1+}\r\nA"
	    "\r\nb NOOP\r\n"),
	    "{take REPLACE mailbox=<b> set=4 0 size=1 flags=1}\n" GO
	    "A{end}\n{do REPLACE mailbox=<b> set=4}\na OK Done.\r\n"
	    "{take UID REPLACE mailbox=<b> set=7 0 size=1 flags=0}\n"
	    "A{end}\n{do UID REPLACE mailbox=<b> set=7}\na OK Done.\r\n"
	    "{take REPLACE mailbox=<b> set=* 0 size=1 flags=0}\n"
	    "A{end}\n{do REPLACE mailbox=<b> set=*}\na OK Done.\r\n" DONE);
	world_play(world_selected(), STR("a REPLACE 1:2 b {1}\r\n"
	    "a REPLACE $ b {1}\r\na REPLACE b {1}\r\n"
	    "a REPLACE 1 b {1+}\r\nA {1+}\r\nB {1+}\r\nC\r\nb NOOP\r\n"),
	    "a BAD The number of one message was expected.\r\n"
	    "a BAD The number of one message was expected.\r\n"
	    "a BAD A sequence set was expected.\r\n"
	    "{take REPLACE mailbox=<b> set=1 0 size=1 flags=0}\nA{end}\n"
	    "a BAD REPLACE takes one message.\r\n{forget}\n" DONE);
	world_command(world_inside(), "REPLACE 1 b {1}",
	    "BAD Select a mailbox first.");
}

/* What is wrong is said at once where that can be, else at the end. */
static void
test_wrong(void **state)
{
	static const char *const cases[][2] = {
		{ "APPEND b {0}", "NO A message has some text; nothing was "
		    "kept." },
		{ "APPEND b {1001}", "NO [TOOBIG] The message is too "
		    "large." },
		{ "APPEND b {4000000000}", "NO [TOOBIG] The message is too "
		    "large." },
		{ "APPEND b x{1}", "BAD A message as a literal was "
		    "expected." },
		{ "APPEND b (\\Foo) {1}", "BAD There is no such system "
		    "flag." },
		{ "APPEND b (x {1}", "BAD An atom was expected." },
		{ "APPEND b \"1-Feb-2026\" {1}", "BAD A date such as "
		    "\"17-Jul-2026 02:44:25 +0200\" was expected." },
		{ "APPEND b \"31-Feb-2026 00:00:00 +0000\" {1}", "BAD There "
		    "is no such date." },
		{ "APPEND b \"x\"", "BAD A message as a literal was "
		    "expected." },
		{ "APPEND b", "BAD A message as a literal was expected." },
		{ "APPEND b{1}", "BAD A space was expected." },
		{ "APPEND R&D {1}", "NO [CANNOT] That name is neither "
		    "modified UTF-7 nor UTF-8." },
		{ "APPEND {5+}\r\nhello", "BAD A message as a literal was "
		    "expected." },
		{ "UID APPEND b {1}", "BAD There is no such command with "
		    "UID." },
	};
	struct buf command;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		world_command(world_inside(), cases[i][0], cases[i][1]);
	buf_init(&command, 10000);
	buf_add_text(&command, "APPEND b {1001+}\r\n");
	for (i = 0; i < 1001; i++)
		buf_add_char(&command, 'x');
	world_command(world_inside(), buf_text(&command),
	    "NO [TOOBIG] The message is too large.");
	buf_drop(&command);
	world_play(world_secure(), STR("a APPEND b {5}\r\nb NOOP\r\n"),
	    "* OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE "
	    "AUTH=PLAIN AUTH=LOGIN] IMAP at your service.\r\n"
	    "a BAD Log in first.\r\nb OK As you wish.\r\n");
}

/* Messages that were taken are forgotten when a later one goes wrong. */
static void
test_forget(void **state)
{
	static const char first[] =
	    "{take APPEND mailbox=<b> 0 size=1 flags=0}\nA{end}\n";
	static const char *const cases[][2] = {
		{ " (\\Foo) {1}\r\n", "BAD There is no such system flag." },
		{ " {0}\r\n", "NO A message has some text; nothing was "
		    "kept." },
		{ " {0+}\r\n\r\n", "NO A message has some text; nothing was "
		    "kept." },
		{ " {1001}\r\n", "NO [TOOBIG] The message is too large." },
		{ " (\\Foo) {1+}\r\nB (x) {2+}\r\nCC\r\n", "BAD There is no "
		    "such system flag." },
		{ " (\\Foo) {1+}\r\nB (x) {2}\r\n", "BAD There is no such "
		    "system flag." },
		{ " \n {2+}\r\nCC {9}\r\n", "BAD A line ends with CR LF and "
		    "holds no NUL." },
		{ " x\r\n", "BAD The end of the command was expected." },
		{ "x\r\n", "BAD The end of the command was expected." },
		{ "{1}\r\n", "BAD A space was expected." },
	};
	struct buf input, want;
	size_t i;

	(void)state;
	buf_init(&input, 1000);
	buf_init(&want, 1000);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&input);
		buf_clear(&want);
		buf_add_format(&input, "a APPEND b {1+}\r\nA%sb NOOP\r\n",
		    cases[i][0]);
		buf_add_format(&want, "%sa %s\r\n{forget}\n" DONE, first,
		    cases[i][1]);
		world_play(world_inside(), buf_str(&input), buf_text(&want));
	}
	buf_drop(&input);
	buf_drop(&want);
}

/* The shell does not want it. */
static void
test_refused(void **state)
{
	struct world w = world_inside();

	(void)state;
	w.refuse = 1;
	world_play(w, STR("a APPEND b {5}\r\na APPEND b {5+}\r\nhello (x) "
	    "{1+}\r\nA {1}\r\na APPEND b {5+}\r\n{1+}\n\r\nb NOOP\r\n"),
	    "{take APPEND mailbox=<b> 0 size=5 flags=0}\n"
	    "a NO [LIMIT] Not that one.\r\n{forget}\n"
	    "{take APPEND mailbox=<b> 0 size=5 flags=0}\n"
	    "a NO [LIMIT] Not that one.\r\n{forget}\n"
	    "{take APPEND mailbox=<b> 0 size=5 flags=0}\n"
	    "a NO [LIMIT] Not that one.\r\n{forget}\n" DONE);
	w.refuse = 2;
	world_play(w, STR("a APPEND b {1}\r\nA {5}\r\nb NOOP\r\n"),
	    "{take APPEND mailbox=<b> 0 size=1 flags=0}\n" GO "A{end}\n"
	    "{take 1 size=5 flags=0}\n"
	    "a NO [LIMIT] Not that one.\r\n{forget}\n" DONE);
}

/* A long text takes no memory, and stays in the input until it was seen. */
static void
test_flat(void **state)
{
	struct world w = world_inside();
	struct imap *m = &w.imap;
	struct str in = STR("a APPEND b {3000000000+}\r\nabc"), before;

	(void)state;
	world_begin(&w);
	m->append_limit = UINT64_MAX;
	assert_int_equal(imap_step(m, &in), IMAP_TAKE);
	imap_take(m, IMAP_OK, STR(""), NULL);
	before = in;
	assert_int_equal(imap_step(m, &in), IMAP_TEXT);
	assert_int_equal(imap_step(m, &in), IMAP_TEXT);
	assert_int_equal(in.len, before.len);
	assert_true(m->text.at == in.at);
	assert_int_equal(m->text.len, 3);
	imap_text_used(m);
	assert_int_equal(imap_step(m, &in), IMAP_MORE);
	assert_int_equal(in.len, 0);
	assert_int_equal(m->append.size, UINT64_C(3000000000));
	imap_drop(m);
}

int
imap_text_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_flat),
	};

	return cmocka_run_group_tests_name("talk/imap_text", tests, NULL,
	    NULL);
}
