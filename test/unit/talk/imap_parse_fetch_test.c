/* FETCH and its items. */
#include "talk/imap_world.h"

int imap_parse_fetch_test(void);

static void
test_items(void **state)
{
	static const char *const cases[][2] = {
		{ "FETCH 1 FLAGS", "FETCH set=1 FLAGS" },
		{ "fetch 1:*,7 all ", "FETCH set=1:*,7 FLAGS INTERNALDATE "
		    "SIZE ENVELOPE" },
		{ "FETCH $ FAST", "FETCH set=$ FLAGS INTERNALDATE SIZE" },
		{ "UID FETCH *:5 FULL", "UID FETCH set=*:5 FLAGS INTERNALDATE "
		    "SIZE ENVELOPE BODY" },
		{ "FETCH 2 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY "
		    "BODYSTRUCTURE MODSEQ EMAILID THREADID SAVEDATE PREVIEW "
		    "RFC822 RFC822.HEADER RFC822.TEXT)",
		    "FETCH set=2 UID FLAGS INTERNALDATE SIZE ENVELOPE BODY "
		    "BODYSTRUCTURE MODSEQ EMAILID THREADID SAVEDATE PREVIEW "
		    "RFC822! RFC822_HEADER RFC822_TEXT!" },
		{ "FETCH 1 ( flags  uid )", "FETCH set=1 FLAGS UID" },
		{ "FETCH 9,3,4294967295,1:2 UID",
		    "FETCH set=1:2,3,9,* UID" },
		{ "FETCH 1 PREVIEW (LAZY)", "FETCH set=1 PREVIEW~" },
		{ "FETCH 1 (PREVIEW (LAZY) UID)",
		    "FETCH set=1 PREVIEW~ UID" },
		{ "FETCH 1 (PREVIEW UID)", "FETCH set=1 PREVIEW UID" },
		{ "FETCH 1 PREVIEW (CHANGEDSINCE 7)",
		    "FETCH set=1 PREVIEW since=7" },
		{ "FETCH 1 PREVIEW (LAZY) (CHANGEDSINCE 7)",
		    "FETCH set=1 PREVIEW~ since=7" },
		{ "FETCH 1 (FLAGS) (CHANGEDSINCE 9223372036854775807)",
		    "FETCH set=1 FLAGS since=9223372036854775807" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		world_command(world_selected(), cases[i][0], cases[i][1]);
}

static void
test_sections(void **state)
{
	static const char *const cases[][2] = {
		{ "FETCH 1 BODY[]", "FETCH set=1 SECTION![]0" },
		{ "FETCH 1 BODY.PEEK[1.20.3]",
		    "FETCH set=1 SECTION[1.20.3]0.1.20.3" },
		{ "FETCH 1 BODY[Text]<5.1000>",
		    "FETCH set=1 SECTION![TEXT]4<5.1000>" },
		{ "FETCH 1 BODY[header]", "FETCH set=1 SECTION![HEADER]1" },
		{ "FETCH 1 BODY[2.MIME]", "FETCH set=1 SECTION![2.MIME]5.2" },
		{ "FETCH 1 BODY[4.HEADER]",
		    "FETCH set=1 SECTION![4.HEADER]1.4" },
		{ "FETCH 1 (BODY.PEEK[1.HEADER.FIELDS (Date \"a b\" "
		    "{4+}\r\nFrom)] UID)", "FETCH set=1 "
		    "SECTION[1.HEADER.FIELDS (Date \"a b\" From)]2.1 "
		    "field=<Date> field=<a b> field=<From> UID" },
		{ "FETCH 1 BODY[HEADER.FIELDS.NOT (x)]<0.1>", "FETCH set=1 "
		    "SECTION![HEADER.FIELDS.NOT (x)]3 field=<x><0.1>" },
		{ "FETCH 1 BINARY[1]", "FETCH set=1 BINARY![1]0.1" },
		{ "FETCH 1 BINARY.PEEK[]<1.2>",
		    "FETCH set=1 BINARY[]0<1.2>" },
		{ "FETCH 1 BINARY.SIZE[4294967295]",
		    "FETCH set=1 BINARY_SIZE[4294967295]0.4294967295" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		world_command(world_selected(), cases[i][0], cases[i][1]);
}

static void
test_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "FETCH", "BAD More was expected." },
		{ "FETCH 1", "BAD More was expected." },
		{ "FETCH 0 FLAGS", "BAD That number is out of range." },
		{ "FETCH 4294967296 FLAGS",
		    "BAD That number is out of range." },
		{ "FETCH 1,,2 FLAGS", "BAD A sequence set was expected." },
		{ "FETCH 1:2:3 FLAGS", "BAD A space was expected." },
		{ "FETCH x FLAGS", "BAD A sequence set was expected." },
		{ "FETCH 1 ()", "BAD An item of FETCH was expected." },
		{ "FETCH 1 (ALL)", "BAD There is no such item of FETCH." },
		{ "FETCH 1 (FLAGS", "BAD A closing parenthesis was "
		    "expected." },
		{ "FETCH 1 (FLAGS UID", "BAD A closing parenthesis was "
		    "expected." },
		{ "FETCH 1 (FLAGS(UID))", "BAD A space was expected in the "
		    "list." },
		{ "FETCH 1 FLAGS UID", "BAD The end of the command was "
		    "expected." },
		{ "FETCH 1 FOO", "BAD There is no such item of FETCH." },
		{ "FETCH 1 BODY.PEEK", "BAD An opening bracket was "
		    "expected." },
		{ "FETCH 1 BODY[", "BAD A closing bracket was expected." },
		{ "FETCH 1 BODY[1", "BAD A closing bracket was expected." },
		{ "FETCH 1 BODY[1.]", "BAD A section was expected." },
		{ "FETCH 1 BODY[0]", "BAD That number is out of range." },
		{ "FETCH 1 BODY[MIME]", "BAD MIME goes behind the number of "
		    "a part." },
		{ "FETCH 1 BODY[.TEXT]", "BAD There is no such section." },
		{ "FETCH 1 BODY[FOO]", "BAD There is no such section." },
		{ "FETCH 1 BODY[HEADER.FIELDS]", "BAD A space was "
		    "expected." },
		{ "FETCH 1 BODY[HEADER.FIELDS ()]", "BAD The name of a field "
		    "was expected." },
		{ "FETCH 1 BODY[HEADER.FIELDS (\"\")]", "BAD The name of a "
		    "field was expected." },
		{ "FETCH 1 BODY[HEADER.FIELDS ({3+}\r\na\r\n)]", "BAD The "
		    "name of a field was expected." },
		{ "FETCH 1 BODY[]<0.0>", "BAD That number is out of range." },
		{ "FETCH 1 BODY[]<1>", "BAD A dot was expected." },
		{ "FETCH 1 BODY[]<1.2", "BAD A > was expected." },
		{ "FETCH 1 BINARY[TEXT]", "BAD A closing bracket was "
		    "expected." },
		{ "FETCH 1 BINARY.SIZE[1]<0.1>", "BAD The end of the command "
		    "was expected." },
		{ "FETCH 1 FLAGS (FOO)", "BAD There is no such modifier of "
		    "FETCH." },
		{ "FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)",
		    "BAD That number is out of range." },
		{ "FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
		    "BAD VANISHED needs UID FETCH, CHANGEDSINCE and QRESYNC "
		    "enabled." },
		{ "UID FETCH 1 FLAGS (VANISHED)", "BAD VANISHED needs UID "
		    "FETCH, CHANGEDSINCE and QRESYNC enabled." },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		world_command(world_selected(), cases[i][0], cases[i][1]);
	world_command(world_inside(), "FETCH 1 FLAGS",
	    "BAD Select a mailbox first.");
}

static void
test_qresync(void **state)
{
	struct world w = world_selected();

	(void)state;
	w.enabled = IMAP_ENABLED_QRESYNC;
	world_command(w, "UID FETCH 1:* FLAGS (CHANGEDSINCE 12 VANISHED)",
	    "UID FETCH set=1:* FLAGS since=12 vanished");
	world_command(w, "UID FETCH 1:* FLAGS (VANISHED CHANGEDSINCE 12)",
	    "UID FETCH set=1:* FLAGS since=12 vanished");
	world_command(w, "FETCH 1:* FLAGS (CHANGEDSINCE 12 VANISHED)",
	    "BAD VANISHED needs UID FETCH, CHANGEDSINCE and QRESYNC "
	    "enabled.");
}

/* A tree that would be too large is refused, and nothing is left of it. */
static void
test_large(void **state)
{
	struct world w = world_selected();
	struct buf input;
	struct imap *m = &w.imap;
	struct str in;
	size_t i;

	(void)state;
	buf_init(&input, 1 << 20);
	buf_add_text(&input, "x FETCH 1 (");
	for (i = 0; i < 40000; i++)
		buf_add_text(&input, "FLAGS ");
	buf_add_text(&input, "UID)\r\n");
	world_begin(&w);
	in = buf_str(&input);
	assert_int_equal(imap_step(m, &in), IMAP_MORE);
	assert_string_equal(buf_text(&m->out),
	    "x BAD [TOOBIG] The command is too large.\r\n");
	assert_int_equal(m->command.arena.used, 0);
	imap_drop(m);
	buf_drop(&input);
}

/* RFC 7162 section 3.1: what turns CONDSTORE on. */
static void
test_condstore(void **state)
{
	static const struct {
		const char *command;
		unsigned enabled;
	} cases[] = {
		{ "x FETCH 1 FLAGS\r\n", 0 },
		{ "x FETCH 1 MODSEQ\r\n", IMAP_ENABLED_CONDSTORE },
		{ "x FETCH 1 (MODSEQ UID)\r\n", IMAP_ENABLED_CONDSTORE },
		{ "x FETCH 1 (MODSEQ FOO)\r\n", 0 },
		{ "x FETCH 1 UID (CHANGEDSINCE 1)\r\n",
		    IMAP_ENABLED_CONDSTORE },
		{ "x STORE 1 FLAGS ()\r\n", 0 },
		{ "x STORE 1 (UNCHANGEDSINCE 1) FLAGS ()\r\n",
		    IMAP_ENABLED_CONDSTORE },
		{ "x SEARCH MODSEQ 1\r\n", IMAP_ENABLED_CONDSTORE },
		{ "x STATUS a (MESSAGES)\r\n", 0 },
		{ "x STATUS a (HIGHESTMODSEQ)\r\n", IMAP_ENABLED_CONDSTORE },
		{ "x LIST \"\" * RETURN (STATUS (HIGHESTMODSEQ))\r\n",
		    IMAP_ENABLED_CONDSTORE },
		{ "x SELECT a\r\n", 0 },
		{ "x SELECT a (CONDSTORE)\r\n", IMAP_ENABLED_CONDSTORE },
	};
	struct world w = world_selected();
	struct str in;
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++) {
		world_begin(&w);
		in = str_of(cases[i].command);
		(void)imap_step(&w.imap, &in);
		assert_int_equal(w.imap.enabled, cases[i].enabled);
		imap_drop(&w.imap);
	}
}

int
imap_parse_fetch_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_qresync),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_condstore),
	};

	return cmocka_run_group_tests_name("talk/imap_parse_fetch", tests,
	    NULL, NULL);
}
