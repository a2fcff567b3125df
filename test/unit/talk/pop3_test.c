#include "pop3_world.h"

int pop3_test(void);

#define CAPA_HEAD "+OK what this box can do\r\nTOP\r\nUIDL\r\n" \
	"RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n" \
	"UTF8\r\nLANG\r\n"
#define CAPA_TLS CAPA_HEAD "USER\r\nSASL PLAIN LOGIN\r\n"
#define NEEDS_TLS "-ERR no password without TLS: say STLS first\r\n"
#define REFUSED "-ERR [AUTH] wrong name or password\r\n"

/* base64 of NUL mailbox@example.test NUL right */
#define PLAIN_RIGHT "AG1haWxib3hAZXhhbXBsZS50ZXN0AHJpZ2h0"
#define PLAIN_WELCOME "{login mailbox@example.test right}" \
	"+OK 3 messages (88 octets)\r\n"

static struct world
in_clear(void)
{
	struct world w = world_secure();

	w.tls = false;
	w.offer = true;
	return w;
}

static void
test_capa_by_state(void **state)
{
	struct world no_offer = in_clear();

	(void)state;
	world_play(in_clear(), STR("CAPA\r\n"),
	    WORLD_HELLO CAPA_HEAD "STLS\r\n.\r\n");
	no_offer.offer = false;
	world_play(no_offer, STR("CAPA\r\nSTLS\r\n"),
	    WORLD_HELLO CAPA_HEAD ".\r\n-ERR no TLS here\r\n");
	world_play(world_secure(), STR("capa\r\n"),
	    WORLD_HELLO CAPA_TLS ".\r\n");
	world_play(world_secure(), STR(WORLD_LOGIN "CAPA\r\n"),
	    WORLD_WELCOME CAPA_TLS "IMPLEMENTATION pillarbox\r\n.\r\n");
}

static void
test_no_password_in_clear(void **state)
{
	(void)state;
	world_play(in_clear(), STR("USER mailbox@example.test\r\n"
	    "PASS right\r\nAUTH PLAIN " PLAIN_RIGHT "\r\nAUTH LOGIN\r\n"
	    "AUTH\r\n"),
	    WORLD_HELLO NEEDS_TLS NEEDS_TLS NEEDS_TLS NEEDS_TLS NEEDS_TLS);
}

static void
test_stls(void **state)
{
	(void)state;
	world_play(in_clear(), STR("STLS\r\n"),
	    WORLD_HELLO "+OK begin TLS\r\n{tls}");
	world_play(in_clear(), STR("STLS now\r\n"),
	    WORLD_HELLO "-ERR this command takes no argument\r\n");
	world_play(world_secure(), STR("STLS\r\n" WORLD_LOGIN "STLS\r\n"),
	    WORLD_HELLO "-ERR TLS is there already\r\n"
	    "+OK and the password?\r\n" PLAIN_WELCOME
	    "-ERR you are logged in already\r\n");
}

/* What was slipped in behind STLS must not be obeyed as if it came by TLS. */
static void
test_stls_drops_what_follows(void **state)
{
	struct world w = in_clear();
	struct str in = STR("STLS\r\n" WORLD_LOGIN);
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	world_begin(&w);
	assert_int_equal(pop3_step(&w.pop3, &in), POP3_STARTTLS);
	assert_int_equal(in.len, 0);
	pop3_secured(&w.pop3);
	buf_clear(&w.pop3.out);
	in = STR("CAPA\r\n" WORLD_LOGIN);
	world_feed(&w, &in, &out);
	assert_string_equal(buf_text(&out), CAPA_TLS ".\r\n"
	    "+OK and the password?\r\n" PLAIN_WELCOME);
	world_end(&w, 0, &out);
	buf_drop(&out);
}

static void
test_user_and_pass(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR("user mailbox@example.test \r\npAsS right\r\n"),
	    WORLD_WELCOME);
	world_play(w, STR("USER a\r\nPASS  two words \r\n"), WORLD_HELLO
	    "+OK and the password?\r\n{login a  two words }" REFUSED);
	world_play(w, STR("PASS right\r\nUSER\r\nUSER a\r\nPASS\r\nPASS \r\n"),
	    WORLD_HELLO "-ERR USER comes first\r\n-ERR a name is wanted\r\n"
	    "+OK and the password?\r\n-ERR a password is wanted\r\n"
	    "-ERR a password is wanted\r\n");
	world_play(w, STR(WORLD_LOGIN WORLD_LOGIN "AUTH PLAIN\r\n"),
	    WORLD_WELCOME "-ERR you are logged in already\r\n"
	    "-ERR you are logged in already\r\n"
	    "-ERR you are logged in already\r\n");
	world_play(w, STR("STAT\r\nLIST\r\nRETR 1\r\nDELE 1\r\nNOOP\r\n"),
	    WORLD_HELLO "-ERR log in first\r\n-ERR log in first\r\n"
	    "-ERR log in first\r\n-ERR log in first\r\n"
	    "-ERR log in first\r\n");
}

static void
test_refused_logins(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR("USER a\r\nPASS b\r\nPASS right\r\nUSER a\r\n"
	    "PASS b\r\nAUTH PLAIN AGEAYg==\r\nNOOP\r\n"), WORLD_HELLO
	    "+OK and the password?\r\n{login a b}" REFUSED
	    "-ERR USER comes first\r\n"
	    "+OK and the password?\r\n{login a b}" REFUSED
	    "{login a b}" REFUSED "{bye}");
	w.login = POP3_TOO_MANY;
	world_play(w, STR("AUTH PLAIN AGEAYg==\r\n" WORLD_LOGIN), WORLD_HELLO
	    "{login a b}-ERR [SYS/TEMP] too many failures, try later\r\n"
	    "+OK and the password?\r\n" PLAIN_WELCOME);
	w.login = POP3_FAULT;
	world_play(w, STR("AUTH PLAIN AGEAYg==\r\n"), WORLD_HELLO
	    "{login a b}-ERR [SYS/TEMP] no login now, try later\r\n");
}

static void
test_auth(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR("AUTH\r\nauth plain " PLAIN_RIGHT "\r\n"),
	    WORLD_HELLO "+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n" PLAIN_WELCOME);
	world_play(w, STR("AUTH PLAIN\r\n" PLAIN_RIGHT "\r\nSTAT\r\n"),
	    WORLD_HELLO "+ \r\n" PLAIN_WELCOME "+OK 3 88\r\n");
	world_play(w, STR("AUTH LOGIN\r\nbWFpbGJveEBleGFtcGxlLnRlc3Q=\r\n"
	    "cmlnaHQ=\r\n"), WORLD_HELLO "+ VXNlcm5hbWU6\r\n"
	    "+ UGFzc3dvcmQ6\r\n" PLAIN_WELCOME);
	world_play(w, STR("AUTH LOGIN bWFpbGJveEBleGFtcGxlLnRlc3Q=\r\n"
	    "cmlnaHQ=\r\n"), WORLD_HELLO "+ UGFzc3dvcmQ6\r\n" PLAIN_WELCOME);
}

static void
test_auth_refusals(void **state)
{
	static const char bad[] = "-ERR not what the mechanism wants\r\n";
	struct world w = world_secure();
	struct buf want;

	(void)state;
	buf_init(&want, 1000);
	buf_add_format(&want, WORLD_HELLO
	    "-ERR no such mechanism\r\n%s%s+ \r\n%s"
	    "+ \r\n-ERR cancelled, as you wish\r\n-ERR log in first\r\n"
	    "+ VXNlcm5hbWU6\r\n%s", bad, bad, bad, bad);
	world_play(w, STR("AUTH CRAM-MD5\r\nAUTH PLAIN =\r\n"
	    "AUTH PLAIN AGEAYg\r\nAUTH PLAIN\r\n\r\n"
	    "AUTH PLAIN\r\n*\r\nNOOP\r\n"
	    "AUTH LOGIN\r\nno base64\r\n"), buf_text(&want));
	buf_drop(&want);
}

static void
test_utf8_and_lang(void **state)
{
	(void)state;
	world_play(world_secure(), STR("UTF8\r\nUTF8 USER\r\nLANG\r\nLANG *\r\n"
	    "lang EN-gb\r\nLANG de\r\nLANG eng\r\n" WORLD_LOGIN
	    "UTF8\r\nLANG en\r\n"), WORLD_HELLO "+OK UTF-8 it is\r\n"
	    "-ERR this command takes no argument\r\n"
	    "+OK\r\nen English\r\n.\r\n+OK en English it is\r\n"
	    "+OK en English it is\r\n-ERR only English is spoken here\r\n"
	    "-ERR only English is spoken here\r\n+OK and the password?\r\n"
	    PLAIN_WELCOME "+OK UTF-8 it is\r\n+OK en English it is\r\n");
}

static void
test_quit(void **state)
{
	struct world w = world_secure();

	(void)state;
	world_play(w, STR("QUIT\r\nNOOP\r\n"),
	    WORLD_HELLO "+OK goodbye\r\n{bye}");
	world_play(w, STR(WORLD_LOGIN "QUIT\r\n"),
	    WORLD_WELCOME "+OK goodbye\r\n{bye}");
	world_play(w, STR(WORLD_LOGIN "DELE 2\r\nQUIT\r\nSTAT\r\n"),
	    WORLD_WELCOME "+OK marked\r\n{commit}+OK goodbye\r\n{bye}");
	world_play(w, STR(WORLD_LOGIN "DELE 2\r\nRSET\r\nQUIT\r\n"),
	    WORLD_WELCOME "+OK marked\r\n+OK 3 messages (88 octets)\r\n"
	    "+OK goodbye\r\n{bye}");
	w.commit_fails = true;
	world_play(w, STR(WORLD_LOGIN "DELE 2\r\nQUIT\r\n"), WORLD_WELCOME
	    "+OK marked\r\n{commit}"
	    "-ERR [SYS/TEMP] some messages could not be deleted\r\n{bye}");
}

static void
test_bytes_that_end_it(void **state)
{
	static const char bad[] = WORLD_HELLO
	    "-ERR a line ends with CR LF and holds no NUL\r\n{bye}";
	struct world w = world_secure();

	(void)state;
	world_play(w, STR("CAPA\nNOOP\r\n"), bad);
	world_play(w, STR("CA\rPA\r\n"), bad);
	world_play(w, STR("CA\0PA\r\n"), bad);
	world_play(w, STR("AUTH PLAIN\r\nAGEA\nYg==\r\n"), WORLD_HELLO "+ \r\n"
	    "-ERR a line ends with CR LF and holds no NUL\r\n{bye}");
	world_play(w, STR("GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"),
	    WORLD_HELLO "-ERR this is POP3\r\n{bye}");
	world_play(w, STR("post /\r\n"),
	    WORLD_HELLO "-ERR this is POP3\r\n{bye}");
}

/* RFC 2449 section 4: 255 octets with CRLF are taken, one more is not. */
static void
test_long_lines(void **state)
{
	struct buf in, want;
	size_t i;

	(void)state;
	buf_init(&in, 1000);
	buf_init(&want, 1000);
	for (i = 0; i < 2; i++) {
		buf_add(&in, STR("USER "));
		while (in.len % 255 + i != 253 + 2 * i)
			buf_add_char(&in, 'a');
		buf_add(&in, STR("\r\n"));
	}
	assert_int_equal(in.len, 255 + 256);
	buf_add(&want, STR(WORLD_HELLO "+OK and the password?\r\n"
	    "-ERR that line was too long\r\n"));
	world_play(world_secure(), buf_str(&in), buf_text(&want));
	buf_drop(&in);
	buf_drop(&want);
}

/* A response may be longer than a command, yet not without end. */
static void
test_long_response(void **state)
{
	struct buf in;

	(void)state;
	buf_init(&in, 20000);
	buf_add(&in, STR("AUTH PLAIN\r\n"));
	while (in.len < 1000)
		buf_add_char(&in, 'A');
	buf_add(&in, STR("\r\nAUTH PLAIN\r\n"));
	while (in.len < 1000 + SASL_LINE_MAX + 100)
		buf_add_char(&in, 'A');
	buf_add(&in, STR("\r\nQUIT\r\n"));
	world_play(world_secure(), buf_str(&in), WORLD_HELLO
	    "+ \r\n-ERR not what the mechanism wants\r\n"
	    "+ \r\n-ERR that line was too long\r\n+OK goodbye\r\n{bye}");
	buf_drop(&in);
}

static void
test_limits(void **state)
{
	struct buf in, want;
	unsigned i;

	(void)state;
	buf_init(&in, 10000);
	buf_init(&want, 10000);
	buf_add_text(&want, WORLD_HELLO);
	for (i = 0; i < POP3_ERRORS_MAX; i++) {
		buf_add(&in, STR("XYZZY\r\n"));
		buf_add(&want, STR("-ERR no such command\r\n"));
	}
	buf_add(&in, STR("CAPA\r\n"));
	buf_add(&want, STR("-ERR too many errors, goodbye\r\n{bye}"));
	world_play(world_secure(), buf_str(&in), buf_text(&want));

	buf_clear(&in);
	buf_clear(&want);
	buf_add_text(&want, WORLD_HELLO);
	for (i = 0; i < POP3_EARLY_MAX; i++) {
		buf_add(&in, STR("UTF8\r\n"));
		buf_add(&want, STR("+OK UTF-8 it is\r\n"));
	}
	buf_add(&in, STR("UTF8\r\nUTF8\r\n"));
	buf_add(&want, STR("-ERR too many commands, goodbye\r\n{bye}"));
	world_play(world_secure(), buf_str(&in), buf_text(&want));
	buf_drop(&in);
	buf_drop(&want);
}

/* An ask is repeated until it is answered, and nothing is obeyed meanwhile. */
static void
test_asks_repeat(void **state)
{
	struct str in = STR(WORLD_LOGIN "QUIT\r\n");
	struct pop3 p;

	(void)state;
	pop3_init(&p, true, false);
	assert_int_equal(pop3_step(&p, &in), POP3_LOGIN);
	assert_int_equal(pop3_step(&p, &in), POP3_LOGIN);
	assert_true(str_equal(in, STR("QUIT\r\n")));
	pop3_login(&p, POP3_WELCOME, NULL, 0, 1);
	assert_int_equal(pop3_step(&p, &in), POP3_BYE);
	assert_int_equal(pop3_step(&p, &in), POP3_BYE);
	assert_int_equal(p.progress, 3);
	pop3_drop(&p);
	pop3_drop(&p);
}

int
pop3_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capa_by_state),
		cmocka_unit_test(test_no_password_in_clear),
		cmocka_unit_test(test_stls),
		cmocka_unit_test(test_stls_drops_what_follows),
		cmocka_unit_test(test_user_and_pass),
		cmocka_unit_test(test_refused_logins),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_auth_refusals),
		cmocka_unit_test(test_utf8_and_lang),
		cmocka_unit_test(test_quit),
		cmocka_unit_test(test_bytes_that_end_it),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_long_response),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_asks_repeat),
	};

	return cmocka_run_group_tests_name("talk/pop3", tests, NULL, NULL);
}
