/* SEARCH: every key, every way to be answered, large mail and many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_search_test(void);

#define DONE "A OK Searched.\n"
#define FOUND(numbers) "* SEARCH" numbers "\n" DONE

/* Put a letter into INBOX with a date of its own. */
static void
append(struct script_world *s, const char *options, struct str text)
{
	struct buf said;

	buf_init(&said, 4 << 20);
	buf_add_format(&said, "A APPEND INBOX %s {%zu+}\r\n", options,
	    text.len);
	buf_add(&said, text);
	buf_add_text(&said, "\r\n");
	imap_client_say(&s->c, buf_text(&said));
	assert_non_null(strstr(imap_client_hear(&s->c, "A OK"), "A OK"));
	buf_drop(&said);
}

static const char *const letters[] = {
	"From: \"Doe, John\" <john@x.example>\r\n"
	"To: Friends: a@y.example, B <b@y.example>;\r\n"
	"Subject: one\r\n two\r\nDate: Mon, 01 Jan 2001 23:30:00 -0500\r\n"
	"Message-ID: <1@x.example>\r\n\r\nFirst text.\r\n",

	"From: John Doe <john@x.example>\r\nCc: c@y.example\r\n"
	"Subject: =?utf-8?q?J=C3=B6?=\r\nDate: 2 Jan 2001 12:00:00 +0000\r\n"
	"X-Same: a\r\nX-Same: b\r\nX-Empty:\r\n"
	"Content-Type: text/plain; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	"Stra=DFe, soft=\r\nbreak\r\n",

	"From: john@x.example\r\nBcc: d@y.example\r\n\r\nThird one.\r\n",
};

static void
letters_begin(struct script_world *s)
{
	script_begin(s, 0);
	append(s, "(\\Seen) \"09-Sep-2001 01:46:40 +0000\"",
	    str_of(letters[0]));
	append(s, "(\\Flagged work) \"09-Sep-2001 23:59:59 +0000\"",
	    str_of(letters[1]));
	append(s, "() \"10-Sep-2001 00:00:00 +0000\"", str_of(letters[2]));
	script_ask(&s->c, "SELECT INBOX", NULL);
}

static void
every_key_finds_what_it_means(void **state)
{
	static const struct {
		const char *keys, *found;
	} cases[] = {
		{ "ALL", " 1 2 3" }, { "NOT ALL", "" },
		{ "2", " 2" }, { "2:9", " 2 3" }, { "*", " 3" },
		{ "9", "" }, { "UID 3,1", " 1 3" }, { "UID 7:*", " 3" },
		{ "NOT 2:3", " 1" }, { "OR 1 UID 3", " 1 3" },
		{ "SEEN", " 1" }, { "UNSEEN", " 2 3" }, { "FLAGGED", " 2" },
		{ "UNFLAGGED", " 1 3" }, { "ANSWERED", "" },
		{ "UNDELETED UNDRAFT", " 1 2 3" },
		{ "KEYWORD WORK", " 2" }, { "UNKEYWORD work", " 1 3" },
		{ "KEYWORD none", "" }, { "UNKEYWORD none", " 1 2 3" },
		{ "RECENT", " 1 2 3" }, { "NEW", " 2 3" }, { "OLD", "" },
		{ "ON 9-Sep-2001", " 1 2" }, { "SINCE 10-Sep-2001", " 3" },
		{ "BEFORE 10-Sep-2001", " 1 2" },
		{ "SENTON 1-Jan-2001", " 1" }, { "SENTSINCE 1-Jan-2001",
		  " 1 2" }, { "SENTBEFORE 2-Jan-2001", " 1" },
		{ "NOT SENTBEFORE 1-Jan-2030", " 3" },
		{ "SAVEDSINCE 1-Jan-2001", " 1 2 3" },
		{ "SAVEDBEFORE 1-Jan-2001", "" },
		{ "SAVEDON 1-Jan-2001", "" },
		{ "SAVEDATESUPPORTED", " 1 2 3" },
		{ "OLDER 1", " 1 2 3" }, { "YOUNGER 1000", "" },
		{ "LARGER 150", " 1 2" }, { "SMALLER 100", " 3" },
		{ "EMAILID M2x", "" }, { "THREADID T1", "" },
		{ "SUBJECT \"ONE TWO\"", " 1" },
		{ "SUBJECT \"j\303\226\"", " 2" },
		{ "SUBJECT \"\"", " 1 2" },
		{ "FROM \"\\\"Doe, John\\\" <john@\"", " 1" },
		{ "FROM \"\\\"John Doe\\\"\"", " 2" },
		{ "FROM \"<john@x.example>\"", " 1 2 3" },
		{ "TO \"friends: <a@y.example>, b <\"", " 1" },
		{ "TO \";\"", " 1" }, { "CC c@", " 2" }, { "BCC d@", " 3" },
		{ "TO \"\"", " 1" },
		{ "HEADER x-same b", " 2" }, { "HEADER x-empty \"\"", " 2" },
		{ "HEADER x-empty a", "" }, { "HEADER x-sam b", "" },
		{ "HEADER message-id \"\"", " 1" },
		{ "BODY \"STRA\303\237E, soft\"", " 2" },
		{ "BODY softbreak", " 2" },
		{ "BODY \"one\"", " 3" }, { "TEXT \"one\"", " 1 3" },
		{ "TEXT x-same", " 2" }, { "BODY \"\"", " 1 2 3" },
		{ "OR (SUBJECT one BODY first) BODY third", " 1 3" },
		{ "NOT (TEXT x-same TEXT soft)", " 1 3" },
		{ "HEADER x-same a BODY break NOT BODY first", " 2" },
	};
	struct script_world s;
	char ask[200], reply[100];
	size_t i;

	(void)state;
	letters_begin(&s);
	for (i = 0; i < countof(cases); i++) {
		(void)snprintf(ask, sizeof ask, "SEARCH %s", cases[i].keys);
		(void)snprintf(reply, sizeof reply, FOUND("%s"),
		    cases[i].found);
		script_ask(&s.c, ask, reply);
	}
	script_end(&s);
}

static void
object_ids_are_found(void **state)
{
	struct script_world s;
	struct str said, id;
	char ask[80];

	(void)state;
	letters_begin(&s);
	said = str_of(imap_client_ask(&s.c, "FETCH 2 EMAILID"));
	assert_true(str_skip_word(&said, STR("* 2 FETCH (EMAILID (")));
	assert_true(str_split(&said, ')', &id));
	(void)snprintf(ask, sizeof ask, "SEARCH EMAILID %.*s", (int)id.len,
	    id.at);
	script_ask(&s.c, ask, FOUND(" 2"));
	script_ask(&s.c, "SEARCH EMAILID 2", FOUND(""));
	script_end(&s);
}

static const struct exchange returns[] = {
	{ "SEARCH RETURN () 2:3", "* ESEARCH (TAG \"A\") ALL 2:3\n" DONE },
	{ "UID SEARCH RETURN (MIN MAX ALL COUNT) 1,3",
	  "* ESEARCH (TAG \"A\") UID MIN 2 MAX 4 ALL 2,4 COUNT 2\n" DONE },
	{ "SEARCH RETURN (MIN MAX ALL COUNT) NOT ALL",
	  "* ESEARCH (TAG \"A\") COUNT 0\n" DONE },
	{ "SEARCH RETURN (MIN) UNSEEN",
	  "* ESEARCH (TAG \"A\") MIN 1\n" DONE },
	{ "SEARCH RETURN (SAVE) 2:3", "A OK Searched, and saved.\n" },
	{ "SEARCH $", FOUND(" 2 3") },
	{ "UID SEARCH UID $", FOUND(" 3 4") },
	{ "SEARCH NOT $", FOUND(" 1") },
	{ "SEARCH RETURN (COUNT) ALL",
	  "* ESEARCH (TAG \"A\") COUNT 3\n" DONE },
	{ "SEARCH $", FOUND(" 2 3") },
	{ "SEARCH RETURN (SAVE MIN MAX) ALL",
	  "* ESEARCH (TAG \"A\") MIN 1 MAX 3\n" DONE },
	{ "SEARCH $", FOUND(" 1 3") },
	{ "SEARCH RETURN (SAVE MIN) 2:3",
	  "* ESEARCH (TAG \"A\") MIN 2\n" DONE },
	{ "SEARCH OR $ 3", FOUND(" 2 3") },
	{ "SEARCH RETURN (SAVE MIN COUNT) ALL",
	  "* ESEARCH (TAG \"A\") MIN 1 COUNT 3\n" DONE },
	{ "SEARCH $ 2:3", FOUND(" 2 3") },
	{ "SEARCH RETURN (SAVE) NOSUCH", "A BAD There is no such search "
	  "key.\n" },
	{ "SEARCH $", FOUND(" 1 2 3") },
	{ "SEARCH CHARSET X-NONE TEXT a", NULL },
	{ "SEARCH $", FOUND(" 1 2 3") },
	{ "SEARCH RETURN (SAVE) CHARSET X-NONE TEXT a", NULL },
	{ "SEARCH $", FOUND("") },
	{ "ENABLE IMAP4rev2", NULL },
	{ "SEARCH 2:3", "* ESEARCH (TAG \"A\") ALL 2:3\n" DONE },
	{ "SEARCH NOT 1:3", "* ESEARCH (TAG \"A\")\n" DONE },
};

static void
answers_are_as_wanted(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 4);
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&s.c, "STORE 1 +FLAGS (\\Deleted)", NULL);
	script_ask(&s.c, "EXPUNGE", NULL);
	script_play(&s.c, returns, countof(returns));
	script_end(&s);
}

/* What a search tells as MODSEQ behind this. */
static uint64_t
told_modseq(struct script_world *s, const char *ask, const char *before)
{
	struct str said = str_of(imap_client_ask(&s->c, ask)), number;
	uint64_t modseq;

	assert_true(str_skip_word(&said, str_of(before)));
	assert_true(str_split(&said, '\r', &number));
	assert_true(str_number(number, UINT64_MAX, &modseq));
	return modseq;
}

static void
modseq_is_told(void **state)
{
	static const struct exchange exchanges[] = {
		{ "STORE 2 +FLAGS.SILENT (\\Seen)", NULL },
		{ "SEARCH MODSEQ 1", NULL },
		{ "SEARCH MODSEQ 999999", FOUND("") },
		{ "SEARCH RETURN (ALL) MODSEQ 1",
		  "* ESEARCH (TAG \"A\") ALL 1:3 MODSEQ #\n" DONE },
		{ "SEARCH SEEN MODSEQ 1",
		  "* SEARCH 2 (MODSEQ #)\n" DONE },
		{ "SEARCH RETURN (ALL) MODSEQ 999999",
		  "* ESEARCH (TAG \"A\")\n" DONE },
	};
	struct script_world s;
	uint64_t of_min, of_max, of_both, of_all;

	(void)state;
	script_begin(&s, 3);
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_play(&s.c, exchanges, countof(exchanges));
	of_min = told_modseq(&s, "SEARCH RETURN (MIN) MODSEQ 1",
	    "* ESEARCH (TAG \"A\") MIN 1 MODSEQ ");
	of_max = told_modseq(&s, "SEARCH RETURN (MAX) MODSEQ 1",
	    "* ESEARCH (TAG \"A\") MAX 3 MODSEQ ");
	of_both = told_modseq(&s, "SEARCH RETURN (MIN MAX) MODSEQ 1",
	    "* ESEARCH (TAG \"A\") MIN 1 MAX 3 MODSEQ ");
	of_all = told_modseq(&s, "SEARCH RETURN (MIN COUNT) MODSEQ 1",
	    "* ESEARCH (TAG \"A\") MIN 1 COUNT 3 MODSEQ ");
	assert_true(of_min < of_max);
	assert_int_equal(of_both, of_max);
	/* that of the second */
	assert_true(of_all > of_max);
	script_end(&s);
}

static void
texts_are_in_a_charset(void **state)
{
	struct script_world s;

	(void)state;
	letters_begin(&s);
	imap_client_say(&s.c, "A SEARCH CHARSET ISO-8859-1 SUBJECT {2+}\r\n"
	    "j\366\r\n");
	assert_non_null(strstr(imap_client_hear(&s.c, "A "), "* SEARCH 2"));
	script_ask(&s.c, "SEARCH CHARSET UTF-8 BODY \"stra\303\237e\"",
	    FOUND(" 2"));
	assert_non_null(strstr(imap_client_ask(&s.c,
	    "SEARCH CHARSET X-NONE ALL"), "A NO [BADCHARSET (US-ASCII "));
	script_end(&s);
}

static void
an_empty_mailbox_has_nothing(void **state)
{
	static const struct exchange exchanges[] = {
		{ "SELECT INBOX", NULL },
		{ "SEARCH ALL", FOUND("") },
		{ "SEARCH 1:*", FOUND("") },
		{ "SEARCH UID 1:*", FOUND("") },
		{ "SEARCH TEXT a", FOUND("") },
		{ "SEARCH RETURN (ALL COUNT) 1:*",
		  "* ESEARCH (TAG \"A\") COUNT 0\n" DONE },
	};
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	script_play(&s.c, exchanges, countof(exchanges));
	script_end(&s);
}

/* Another session has removed it; the numbers stay as they were told. */
static void
who_is_gone_is_not_found(void **state)
{
	struct script_world s;
	struct imap_client other;

	(void)state;
	script_begin(&s, 3);
	script_ask(&s.c, "SELECT INBOX", NULL);
	imap_client_enter(&other, &s.w);
	script_ask(&other, "SELECT INBOX", NULL);
	script_ask(&other, "STORE 2 +FLAGS.SILENT (\\Deleted)", NULL);
	script_ask(&other, "EXPUNGE", NULL);
	script_ask(&s.c, "SEARCH SUBJECT one", FOUND(" 1 3"));
	script_ask(&s.c, "SEARCH TEXT text", FOUND(" 1 3"));
	script_ask(&s.c, "UID SEARCH SUBJECT one", "* SEARCH 1 3\n"
	    "* 2 EXPUNGE\n" DONE);
	script_ask(&s.c, "SEARCH SUBJECT one", FOUND(" 1 2"));
	imap_client_close(&other);
	script_end(&s);
}

/* More than a step opens, and a header of several pieces. */
static void
large_messages_take_several_steps(void **state)
{
	struct script_world s;
	struct buf text;
	unsigned n;

	(void)state;
	script_begin(&s, 1);
	buf_init(&text, 4 << 20);
	buf_add_text(&text, "Subject: large\r\n");
	for (n = 0; n < 10000; n++)
		buf_add_format(&text, "X-Field-%u: some text or other\r\n", n);
	buf_add_text(&text, "X-Last: of\r\n them all\r\n\r\n");
	for (n = 0; n < 40000; n++)
		buf_add_format(&text, "Line %u, and nothing else.\r\n", n);
	buf_add_text(&text, "The very end\r\n");
	append(&s, "", buf_str(&text));
	append(&s, "", STR("Subject: small\r\n\r\nThe very end\r\n"));
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&s.c, "SEARCH BODY \"very end\"", FOUND(" 2 3"));
	script_ask(&s.c, "SEARCH BODY \"line 39999, and\"", FOUND(" 2"));
	script_ask(&s.c, "SEARCH HEADER X-Last \"of them all\"",
	    FOUND(" 2"));
	script_ask(&s.c, "SEARCH NOT HEADER X-Last \"of them all\" "
	    "NOT BODY text", FOUND(" 3"));
	script_ask(&s.c, "SEARCH HEADER X-Last of BODY \"very end\"",
	    FOUND(" 2"));
	script_ask(&s.c, "SEARCH OR HEADER X-Last none BODY \"very end\"",
	    FOUND(" 2 3"));
	buf_drop(&text);
	script_end(&s);
}

/* Change an octet of the one message that has a file. */
static void
damage(struct script_world *s, long at)
{
	char pattern[128];
	glob_t found;
	FILE *file;
	int c;

	(void)snprintf(pattern, sizeof pattern, "%s/blob/*", s->w.at.dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	file = fopen(found.gl_pathv[0], "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	c = fgetc(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fputc(c ^ 1, file), c ^ 1);
	assert_int_equal(fclose(file), 0);
	globfree(&found);
}

/* What cannot be read is not found; those behind it are looked at afresh. */
static void
damaged_messages_are_passed_over(void **state)
{
	struct script_world s;
	struct buf text;
	unsigned n;

	(void)state;
	script_begin(&s, 0);
	buf_init(&text, 4 << 20);
	buf_add_text(&text, "Subject: broken\r\n\r\nneedle\r\n");
	for (n = 0; n < 10000; n++)
		buf_add_format(&text, "Line %u, and nothing else.\r\n", n);
	append(&s, "", buf_str(&text));
	append(&s, "", STR("Subject: whole\r\n\r\nneedle work\r\n"));
	append(&s, "", STR("Subject: whole\r\n\r\nwork\r\n"));
	damage(&s, 200000);
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&s.c, "SEARCH BODY needle BODY work", FOUND(" 2"));
	script_ask(&s.c, "SEARCH NOT (BODY needle BODY work)", FOUND(" 3"));
	script_ask(&s.c, "SEARCH SUBJECT broken", FOUND(" 1"));
	damage(&s, 100);
	script_ask(&s.c, "SEARCH NOT HEADER Subject whole", FOUND(""));
	script_ask(&s.c, "SEARCH HEADER Subject whole", FOUND(" 2 3"));
	buf_drop(&text);
	script_end(&s);
}

/* One whose summary is made when somebody asks for it. */
static void
rich_messages_are_found_too(void **state)
{
	struct script_world s;
	struct buf text;
	unsigned n;

	(void)state;
	script_begin(&s, 1);
	buf_init(&text, 4 << 20);
	buf_add_text(&text, "Subject: rich\r\nTo: first@x.example");
	for (n = 0; n < 3500; n++)
		buf_add_format(&text, ",\r\n p%u@y.example", n);
	buf_add_text(&text, "\r\n\r\ntext\r\n");
	append(&s, "", buf_str(&text));
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&s.c, "SEARCH TO \"<p3499@\"", FOUND(" 2"));
	script_ask(&s.c, "SEARCH TO \"<p3500@\"", FOUND(""));
	buf_drop(&text);
	script_end(&s);
}

/* Texts are looked for 32 at a time. */
static void
many_keys_are_judged(void **state)
{
	struct script_world s;
	struct buf ask;
	unsigned n;

	(void)state;
	letters_begin(&s);
	buf_init(&ask, 20000);
	buf_add_text(&ask, "SEARCH");
	for (n = 0; n < 99; n++)
		buf_add_format(&ask, " NOT BODY none%u", n);
	buf_add_text(&ask, " BODY softbreak");
	script_ask(&s.c, buf_text(&ask), FOUND(" 2"));
	buf_drop(&ask);
	script_end(&s);
}

/* Double a mailbox until it has so many. */
static void
multiply(struct script_world *s, unsigned times)
{
	script_ask(&s->c, "SELECT INBOX", NULL);
	while (times-- > 0)
		script_ask(&s->c, "COPY 1:* INBOX", NULL);
	script_ask(&s->c, "SELECT INBOX", NULL);
}

static void
long_answers_are_whole(void **state)
{
	struct script_world s;
	struct buf want;
	const char *said;
	unsigned n;

	(void)state;
	script_begin(&s, 2);
	multiply(&s, 12);
	script_ask(&s.c, "STORE 2 +FLAGS.SILENT (\\Deleted)", NULL);
	script_ask(&s.c, "EXPUNGE", NULL);
	buf_init(&want, 1 << 20);
	buf_add_text(&want, "* SEARCH 1");
	for (n = 3; n <= 8192; n++)
		buf_add_format(&want, " %u", n);
	buf_add_text(&want, "\r\nA OK Searched.\r\n");
	said = imap_client_ask(&s.c, "UID SEARCH ALL");
	assert_string_equal(said, buf_text(&want));
	said = imap_client_ask(&s.c, "UID SEARCH SUBJECT one");
	assert_string_equal(said, buf_text(&want));
	said = imap_client_ask(&s.c, "UID SEARCH BODY text UNSEEN");
	assert_string_equal(said, buf_text(&want));
	script_ask(&s.c, "SEARCH RETURN (ALL) SUBJECT one",
	    "* ESEARCH (TAG \"A\") ALL 1:8191\n" DONE);
	script_ask(&s.c, "UID SEARCH RETURN (ALL) SUBJECT one",
	    "* ESEARCH (TAG \"A\") UID ALL 1,3:8192\n" DONE);
	buf_drop(&want);
	script_end(&s);
}

int
mua_search_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_finds_what_it_means),
		cmocka_unit_test(object_ids_are_found),
		cmocka_unit_test(answers_are_as_wanted),
		cmocka_unit_test(modseq_is_told),
		cmocka_unit_test(texts_are_in_a_charset),
		cmocka_unit_test(an_empty_mailbox_has_nothing),
		cmocka_unit_test(who_is_gone_is_not_found),
		cmocka_unit_test(large_messages_take_several_steps),
		cmocka_unit_test(damaged_messages_are_passed_over),
		cmocka_unit_test(rich_messages_are_found_too),
		cmocka_unit_test(many_keys_are_judged),
		cmocka_unit_test(long_answers_are_whole),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_search", tests, NULL,
	    NULL);
}
