/* The IMAP machine: from greeting to goodbye. */
#include "talk/imap_part.h"
#include "talk/imap_world.h"

int imap_test(void);

#define EARLY "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE "
#define SAFE EARLY "AUTH=PLAIN AUTH=LOGIN"
#define CLEAR EARLY "LOGINDISABLED"
#define OFFER EARLY "STARTTLS LOGINDISABLED"
#define HELLO "* OK [CAPABILITY " SAFE "] IMAP at your service.\r\n"
#define LATE_WORDS "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE " \
	"NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN LIST-EXTENDED " \
	"LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE CONDSTORE " \
	"QRESYNC ESEARCH SEARCHRES WITHIN SORT THREAD=REFERENCES " \
	"THREAD=ORDEREDSUBJECT I18NLEVEL=1 BINARY MULTIAPPEND REPLACE " \
	"OBJECTID SAVEDATE PREVIEW UTF8=ACCEPT UIDONLY QUOTA " \
	"QUOTA=RES-STORAGE INPROGRESS METADATA " \
	"NOTIFY COMPRESS=DEFLATE APPENDLIMIT=1000"

static void
test_login(void **state)
{
	struct world w = world_secure();

	(void)state;
	w.login = IMAP_WELCOME;
	world_play(w, STR("a1 login owner {6+}\r\nse ret\r\na2 CAPABILITY\r\n"
	    "a3 noop\r\na4 login a b\r\na5 Logout\r\na6 NOOP\r\n"),
	    HELLO "{enter owner se ret}\n"
	    "a1 OK [CAPABILITY " LATE_WORDS "] Welcome.\r\n"
	    "* CAPABILITY " LATE_WORDS "\r\na2 OK That is what we can do.\r\n"
	    "{do NOOP}\na3 OK Done.\r\n"
	    "a4 BAD You are logged in already.\r\n"
	    "* BYE Goodbye.\r\na5 OK As you wish.\r\n{bye}\n");
}

/* Before a login hardly anything can be said. */
static void
test_before(void **state)
{
	(void)state;
	world_play(world_secure(), STR("a CAPABILITY\r\na NOOP\r\n"
	    "a ID (\"name\" \"x\" \"version\" NIL)\r\na ID NIL\r\n"
	    "a SELECT INBOX\r\na ENABLE CONDSTORE\r\na STARTTLS\r\n"
	    "a FETCH 1 FLAGS\r\na IDLE\r\na LOGOUT\r\n"),
	    HELLO "* CAPABILITY " SAFE "\r\n"
	    "a OK That is what we can do.\r\na OK As you wish.\r\n"
	    "* ID NIL\r\na OK Nice to meet you.\r\n"
	    "* ID NIL\r\na OK Nice to meet you.\r\n"
	    "a BAD Log in first.\r\na BAD Log in first.\r\n"
	    "a BAD TLS is there already.\r\na BAD Log in first.\r\n"
	    "a BAD Log in first.\r\n"
	    "* BYE Goodbye.\r\na OK As you wish.\r\n{bye}\n");
}

static void
test_refused(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR("a LOGIN o p\r\nb LOGIN \"o\" \"p\\\"\"\r\n"
	    "c AUTHENTICATE PLAIN AG8AcA==\r\nd NOOP\r\n"),
	    HELLO "{enter o p}\n"
	    "a NO [AUTHENTICATIONFAILED] Wrong name or password.\r\n"
	    "{enter o p\"}\n"
	    "b NO [AUTHENTICATIONFAILED] Wrong name or password.\r\n"
	    "{enter o p}\n"
	    "c NO [AUTHENTICATIONFAILED] Wrong name or password.\r\n"
	    "* BYE Too many failures, goodbye.\r\n{bye}\n");
	w.login = IMAP_TOO_MANY;
	world_play(w, STR("a LOGIN o p\r\n"), HELLO "{enter o p}\n"
	    "a NO [UNAVAILABLE] Too many failures, try later.\r\n");
	w.login = IMAP_FAULT;
	world_play(w, STR("a LOGIN o p\r\n"), HELLO "{enter o p}\n"
	    "a NO [UNAVAILABLE] No login now, try later.\r\n");
	world_play(w, STR("a LOGIN o\r\na LOGIN\r\na LOGIN o p q\r\n"
	    "a LOGIN \"\" p\r\na LOGIN o \"\"\r\na LOGIN (o) p\r\n"
	    "a LOGIN o {1+}\r\n\0\r\n"), HELLO
	    "a BAD More was expected.\r\na BAD More was expected.\r\n"
	    "a BAD The end of the command was expected.\r\n"
	    "a BAD A name and a password were expected.\r\n"
	    "a BAD A name and a password were expected.\r\n"
	    "a BAD A string was expected.\r\n"
	    "a BAD A literal cannot hold NUL.\r\n");
}

static void
test_authenticate(void **state)
{
	(void)state;
	world_play(world_secure(), STR("a AUTHENTICATE PLAIN\r\nAG8AcA==\r\n"
	    "b authenticate login\r\nbw==\r\ncA==\r\n"),
	    HELLO "+ \r\n{enter o p}\n"
	    "a NO [AUTHENTICATIONFAILED] Wrong name or password.\r\n"
	    "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n{enter o p}\n"
	    "b NO [AUTHENTICATIONFAILED] Wrong name or password.\r\n");
	world_play(world_secure(), STR("a AUTHENTICATE PLAIN\r\n*\r\n"
	    "a AUTHENTICATE PLAIN\r\n{5}\r\na AUTHENTICATE PLAIN =\r\n"
	    "a AUTHENTICATE PLAIN x y\r\na AUTHENTICATE XOAUTH2 abc\r\n"
	    "a AUTHENTICATE\r\na AUTHENTICATE LOGIN bw==\r\ncA=\r\n"
	    "a NOOP\r\n"),
	    HELLO "+ \r\na BAD Cancelled, as you wish.\r\n"
	    "+ \r\na BAD That is not what the mechanism wants.\r\n"
	    "a BAD That is not what the mechanism wants.\r\n"
	    "a BAD That is not what the mechanism wants.\r\n"
	    "a NO [CANNOT] There is no such mechanism.\r\n"
	    "a BAD More was expected.\r\n"
	    "+ UGFzc3dvcmQ6\r\n"
	    "a BAD That is not what the mechanism wants.\r\n"
	    "a OK As you wish.\r\n");
}

/* Nothing of a password is taken in clear, nor what follows STARTTLS. */
static void
test_clear(void **state)
{
	struct world w = { .login = IMAP_WELCOME };

	(void)state;
	world_play(w, STR("a LOGIN o p\r\nb AUTHENTICATE PLAIN AG8AcA==\r\n"
	    "c STARTTLS\r\n"),
	    "* OK [CAPABILITY " CLEAR "] IMAP at your service.\r\n"
	    "a NO [PRIVACYREQUIRED] There are no passwords without TLS.\r\n"
	    "b NO [PRIVACYREQUIRED] There are no passwords without TLS.\r\n"
	    "c BAD There is no TLS here.\r\n");
	w.offer = true;
	world_play(w, STR("a LOGIN {1}\r\nb STARTTLS x\r\nc STARTTLS\r\n"),
	    "* OK [CAPABILITY " OFFER "] IMAP at your service.\r\n"
	    "a NO [PRIVACYREQUIRED] There are no passwords without TLS: say "
	    "STARTTLS first.\r\n"
	    "b BAD The end of the command was expected.\r\n"
	    "c OK Begin TLS.\r\n{secure}\n");
}

static void
test_starttls(void **state)
{
	struct imap m;
	struct str in = STR("a STARTTLS\r\nb LOGIN o p\r\n");

	(void)state;
	imap_init(&m, false, true);
	assert_int_equal(imap_step(&m, &in), IMAP_SECURE);
	assert_int_equal(in.len, 0);
	assert_int_equal(imap_step(&m, &in), IMAP_SECURE);
	imap_secured(&m);
	buf_clear(&m.out);
	in = STR("c CAPABILITY\r\nd STARTTLS\r\ne LOGIN o p\r\n");
	assert_int_equal(imap_step(&m, &in), IMAP_ENTER);
	assert_string_equal(buf_text(&m.out), "* CAPABILITY " SAFE "\r\n"
	    "c OK That is what we can do.\r\nd BAD TLS is there already.\r\n");
	imap_drop(&m);
}

static void
test_enable(void **state)
{
	(void)state;
	world_play(world_inside(), STR("a ENABLE QRESYNC foo\r\n"
	    "a ENABLE condstore imap4rev2 UIDONLY UTF8=ACCEPT\r\n"
	    "a ENABLE QRESYNC\r\na ENABLE\r\na ENABLE (X)\r\n"
	    "a SELECT a\r\na ENABLE UTF8=ACCEPT\r\na ID NIL\r\n"),
	    "* ENABLED QRESYNC\r\na OK As you wish.\r\n"
	    "* ENABLED UTF8=ACCEPT IMAP4rev2 UIDONLY\r\na OK As you wish.\r\n"
	    "* ENABLED\r\na OK As you wish.\r\n"
	    "a BAD More was expected.\r\na BAD An atom was expected.\r\n"
	    "{do SELECT mailbox=<a>}\na OK Done.\r\n"
	    "a BAD UTF8=ACCEPT comes before SELECT.\r\n"
	    "* ID (\"name\" \"pillarbox\")\r\na OK Nice to meet you.\r\n");
}

/* RFC 9586: no sequence numbers. */
static void
test_uid_only(void **state)
{
	static const char *const refused[] = {
		"FETCH 1 FLAGS", "STORE 1 FLAGS ()", "COPY 1 a", "MOVE 1 a",
		"SEARCH ALL", "SEARCH UID 1", "SORT (DATE) UTF-8 ALL",
		"THREAD REFERENCES UTF-8 ALL", "UID SEARCH 1",
		"UID SEARCH NOT (OR NEW 1:*)", "REPLACE 1 a {1}"
	};
	struct world w = world_selected();
	size_t i;

	(void)state;
	w.enabled = IMAP_ENABLED_UIDONLY;
	for (i = 0; i < countof(refused); i++)
		world_command(w, refused[i], "BAD [UIDREQUIRED] With UIDONLY "
		    "there are no sequence numbers.");
	world_command(w, "UID FETCH 1 FLAGS", "UID FETCH set=1 FLAGS");
	world_command(w, "UID SEARCH $ UID 1",
	    "UID SEARCH AND ( SET set=$ UID set=1 )");
	world_command(w, "EXPUNGE", "EXPUNGE");
}

static void
test_idle(void **state)
{
	(void)state;
	world_play(world_inside(), STR("a IDLE\r\nDONE\r\nb idle \r\ndone\r\n"
	    "c IDLE\r\nd NOOP\r\ne IDLE\r\n{3+}\r\nf IDLE x\r\ng NOOP\r\n"),
	    "+ idling\r\n{do IDLE}\na OK Done.\r\n"
	    "+ idling\r\n{do IDLE}\nb OK Done.\r\n"
	    "+ idling\r\nc BAD DONE was expected.\r\n"
	    "+ idling\r\ne BAD DONE was expected.\r\n"
	    "f BAD The end of the command was expected.\r\n"
	    "{do NOOP}\ng OK Done.\r\n");
	world_play(world_inside(), STR("a IDLE\r\nDONE DONE DONE DONE DONE "
	    "DONE DONE DONE DONE DONE DONE DONE DONE DONE\r\nb NOOP\r\n"),
	    "+ idling\r\na BAD [TOOBIG] The command is too large.\r\n"
	    "{do NOOP}\nb OK Done.\r\n");
}

static void
test_idle_state(void **state)
{
	struct world w = world_inside();
	struct str in = STR("a IDLE\r\nDO");
	struct imap *m = &w.imap;

	(void)state;
	world_begin(&w);
	assert_int_equal(imap_step(m, &in), IMAP_MORE);
	assert_true(m->idling);
	/* whoever waits for news holds next to nothing */
	assert_true(m->reading->text.room < 100);
	assert_null(m->command.arena.chunks);
	in = STR("NE\r\n");
	assert_int_equal(imap_step(m, &in), IMAP_DO);
	assert_false(m->idling);
	assert_int_equal(m->command.verb, IMAP_IDLE);
	imap_done(m, IMAP_OK, STR(""), "Done.");
	imap_bye(m, "The night comes.");
	assert_int_equal(imap_step(m, &in), IMAP_BYE);
	assert_string_equal(buf_text(&m->out), "+ idling\r\na OK Done.\r\n"
	    "* BYE The night comes.\r\n");
	imap_drop(m);
}

/* Tags, verbs, and what is none. */
static void
test_lines(void **state)
{
	(void)state;
	world_play(world_inside(), STR("\r\na\r\na \r\n* NOOP\r\na+b NOOP\r\n"
	    "{3+}\r\nabc NOOP\r\n(a NOOP\r\na NOP\r\nA1.-x=] nOOp\r\n"
	    " a NOOP\r\na  NOOP\r\na NOOP x\r\n\"a\" NOOP\r\n"),
	    "* BAD A tag was expected.\r\n"
	    "a BAD More was expected.\r\n"
	    "a BAD A command was expected.\r\n"
	    "* BAD A tag was expected.\r\n"
	    "* BAD A tag was expected.\r\n"
	    "* BAD A tag was expected.\r\n"
	    "* BAD A tag was expected.\r\n"
	    "a BAD There is no such command.\r\n"
	    "{do NOOP}\nA1.-x=] OK Done.\r\n"
	    "* BAD A tag was expected.\r\n"
	    "{do NOOP}\na OK Done.\r\n"
	    "a BAD The end of the command was expected.\r\n"
	    "* BAD A tag was expected.\r\n");
	world_play(world_secure(), STR("GET / HTTP/1.1\r\nHost: x\r\n"),
	    HELLO "* BYE This is IMAP.\r\n{bye}\n");
}

static void
test_broken_lines(void **state)
{
	(void)state;
	world_play(world_inside(), STR("a NOOP\nb NOOP\r\nc NO\rOP\r\n"
	    "d NO\0OP\r\ne NO\nOP {2+}\r\n\n\n NOOP\r\nf NO\0 {5}\r\n"
	    "g NOOP\r\nh IDLE\r\nDO\nNE\r\ni NOOP\r\n"),
	    "a BAD A line ends with CR LF and holds no NUL.\r\n"
	    "c BAD A line ends with CR LF and holds no NUL.\r\n"
	    "d BAD A line ends with CR LF and holds no NUL.\r\n"
	    "e BAD A line ends with CR LF and holds no NUL.\r\n"
	    "f BAD A line ends with CR LF and holds no NUL.\r\n"
	    "{do NOOP}\ng OK Done.\r\n+ idling\r\n"
	    "h BAD A line ends with CR LF and holds no NUL.\r\n"
	    "{do NOOP}\ni OK Done.\r\n");
	world_play(world_secure(), STR("a NOOP\nb NOOP\r\n"),
	    HELLO "* BYE A line ends with CR LF and holds no NUL.\r\n"
	    "{bye}\n");
	world_play(world_secure(), STR("a AUTHENTICATE PLAIN\r\n\0\r\n"),
	    HELLO "+ \r\n* BYE A line ends with CR LF and holds no NUL.\r\n"
	    "{bye}\n");
}

static void
test_errors(void **state)
{
	struct buf input, want;
	size_t i;

	(void)state;
	buf_init(&input, 10000);
	buf_init(&want, 10000);
	for (i = 0; i < IMAP_ERRORS_MAX - 1; i++) {
		buf_add_text(&input, "a FOO\r\n");
		buf_add_text(&want, "a BAD There is no such command.\r\n");
	}
	buf_add_text(&input, "a DELETE none\r\n");
	buf_add_text(&want, "{do DELETE mailbox=<none>}\n"
	    "a NO [NONEXISTENT] No.\r\n");
	for (i = 0; i < IMAP_ERRORS_MAX; i++) {
		buf_add_text(&input, "a FOO\r\n");
		buf_add_text(&want, "a BAD There is no such command.\r\n");
	}
	buf_add_text(&input, "a NOOP\r\n");
	buf_add_text(&want, "* BYE Too many errors, goodbye.\r\n{bye}\n");
	world_play(world_inside(), buf_str(&input), buf_text(&want));
	buf_drop(&input);
	buf_drop(&want);
}

/* What is said wrongly of what the machine answers alone. */
static void
test_own_wrong(void **state)
{
	struct buf command;
	size_t i;

	(void)state;
	world_command(world_inside(), "CAPABILITY x",
	    "BAD The end of the command was expected.");
	world_command(world_inside(), "LOGOUT x",
	    "BAD The end of the command was expected.");
	world_command(world_inside(), "ENABLE X (",
	    "BAD An atom was expected.");
	world_command(world_inside(), "ENABLE X)",
	    "BAD The end of the command was expected.");
	world_command(world_inside(), "ID",
	    "BAD More was expected.");
	world_command(world_inside(), "ID (\"a\")",
	    "BAD A space was expected.");
	world_command(world_inside(), "ID (a b)",
	    "BAD A string was expected.");
	buf_init(&command, 10000);
	buf_add_text(&command, "ID (");
	for (i = 0; i < 31; i++)
		buf_add_text(&command, "\"a\" NIL ");
	buf_add_text(&command, ")");
	world_command(world_inside(), buf_text(&command),
	    "BAD That is too much of an ID.");
	buf_drop(&command);
}

/* What a session shows with the literal in a scene; returned owned. */
static struct buf
run_filled(struct world w, const char *before, size_t count,
	const char *behind)
{
	struct buf input, out;
	size_t i;

	buf_init(&input, 1 << 20);
	buf_add_text(&input, before);
	for (i = 0; i < count; i++)
		buf_add_char(&input, 'x');
	buf_add_text(&input, behind);
	out = world_run(w, buf_str(&input));
	buf_drop(&input);
	return out;
}

static void
play_filled(struct world w, const char *before, size_t count,
	const char *behind, const char *want)
{
	struct buf out = run_filled(w, before, count, behind);

	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

#define TOO_MUCH "* BYE Too much before a login.\r\n{bye}\n"

/* IMAP_EARLY_MAX octets, in whatever form they come. */
static void
test_early(void **state)
{
	struct buf out;

	(void)state;
	play_filled(world_secure(), "a FOO ", 70000, "\r\n",
	    HELLO TOO_MUCH);
	play_filled(world_secure(), "a LOGIN o {70000+}\r\n", 70000, "\r\n",
	    HELLO TOO_MUCH);
	play_filled(world_secure(), "a FOO {40000+}\r\n", 40000,
	    "\r\na FOO {40000+}\r\n",
	    HELLO "a BAD There is no such command.\r\n" TOO_MUCH);
	/* one that can be refused is */
	play_filled(world_secure(), "a LOGIN o {70000}\r\nb NOOP\r\n", 0, "",
	    HELLO "a BAD [TOOBIG] That literal is too large.\r\n"
	    "b OK As you wish.\r\n");
	play_filled(world_secure(), "a FOO {5}\r\nb NOOP\r\n", 0, "",
	    HELLO "a BAD There is no such command.\r\nb OK As you wish.\r\n");
	play_filled(world_secure(), "a FOO {99999999999999999999+}\r\n", 0,
	    "", HELLO "* BYE No literal is that large.\r\n{bye}\n");
	/* all that fits is taken: 65536 with the line's end */
	out = run_filled(world_secure(), "a LOGIN o ", 65536 - 12, "\r\n");
	assert_true(str_ends(buf_str(&out),
	    STR("a BAD A name and a password were expected.\r\n")));
	buf_drop(&out);
	play_filled(world_secure(), "a LOGIN o ", 65536 - 11, "\r\n",
	    HELLO TOO_MUCH);
	play_filled(world_secure(), "a AUTHENTICATE PLAIN\r\n",
	    SASL_LINE_MAX + 1, "\r\n", HELLO
	    "+ \r\na BAD [TOOBIG] The command is too large.\r\n");
}

/* After it, what is too large is passed over. */
static void
test_large(void **state)
{
	static const char toobig[] =
	    "a BAD [TOOBIG] The command is too large.\r\n"
	    "{do NOOP}\nb OK Done.\r\n";
	static const char literal[] =
	    "a BAD [TOOBIG] That literal is too large.\r\n"
	    "{do NOOP}\nb OK Done.\r\n";
	struct buf out;

	(void)state;
	play_filled(world_inside(), "a DELETE ", 300000, "\r\nb NOOP\r\n",
	    toobig);
	play_filled(world_inside(), "a DELETE ", 300000,
	    " {5+}\r\nabcde\r\nb NOOP\r\n", toobig);
	play_filled(world_inside(), "a DELETE ", 300000,
	    " {5}\r\nb NOOP\r\n", toobig);
	play_filled(world_inside(), "a DELETE {300000+}\r\n", 300000,
	    "{3+}\r\nabc\r\nb NOOP\r\n", literal);
	play_filled(world_inside(), "a DELETE {300000}\r\n", 0,
	    "b NOOP\r\n", literal);
	play_filled(world_selected(), "a SEARCH {200000+}\r\n", 200000,
	    " {200000}\r\nb NOOP\r\n", literal);
	/* a tag of that length is none */
	play_filled(world_inside(), "", 300000, " NOOP\r\nb NOOP\r\n",
	    "* BAD [TOOBIG] The command is too large.\r\n"
	    "{do NOOP}\nb OK Done.\r\n");
	play_filled(world_inside(), "", IMAP_TAG_MAX + 1, " NOOP\r\n",
	    "* BAD A tag was expected.\r\n");
	out = run_filled(world_inside(), "a DELETE {260000+}\r\n", 260000,
	    "\r\n");
	assert_true(str_ends(buf_str(&out), STR("x>}\na OK Done.\r\n")));
	buf_drop(&out);
}

/* Replies wait when there are many. */
static void
test_drain(void **state)
{
	struct world w = world_inside();
	struct str in = STR("a NOOP\r\n"), rest;
	struct imap *m = &w.imap;

	(void)state;
	world_begin(&w);
	while (m->out.len < IMAP_OUT_STOP)
		buf_add_char(&m->out, 'x');
	rest = in;
	assert_int_equal(imap_step(m, &rest), IMAP_DRAIN);
	assert_int_equal(rest.len, in.len);
	buf_clear(&m->out);
	assert_int_equal(imap_step(m, &rest), IMAP_DO);
	assert_int_equal(imap_step(m, &rest), IMAP_DO);
	m->compressed = true;
	imap_done(m, IMAP_BAD, STR("CLIENTBUG"), "No.");
	assert_string_equal(buf_text(&m->out), "a BAD [CLIENTBUG] No.\r\n");
	assert_int_equal(m->progress, 2);
	imap_drop(m);
}

int
imap_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_authenticate),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_enable),
		cmocka_unit_test(test_uid_only),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_idle_state),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_broken_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_own_wrong),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_drain),
	};

	return cmocka_run_group_tests_name("talk/imap", tests, NULL, NULL);
}
