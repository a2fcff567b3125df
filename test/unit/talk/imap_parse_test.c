/* Commands about mailboxes, flags, limits, annotations and news. */
#include "talk/imap_world.h"

int imap_parse_test(void);

#define UMLAUT "\xc3\xbc"

static void
play(struct world w, const char *const (*cases)[2], size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		world_command(w, cases[i][0], cases[i][1]);
}

static void
test_names(void **state)
{
	static const char *const cases[][2] = {
		{ "SELECT inbox", "SELECT mailbox=<INBOX>" },
		{ "SELECT \"iNbOx/a\"", "SELECT mailbox=<INBOX/a>" },
		{ "SELECT inboxes", "SELECT mailbox=<inboxes>" },
		{ "SELECT a/inbox", "SELECT mailbox=<a/inbox>" },
		{ "DELETE Entw&APw-rfe", "DELETE mailbox=<Entw" UMLAUT
		    "rfe>" },
		{ "DELETE \"R&-D \\\"x\\\\\"", "DELETE mailbox=<R&D "
		    "\"x\\>" },
		{ "DELETE {2+}\r\n" UMLAUT, "DELETE mailbox=<" UMLAUT ">" },
		{ "DELETE \"" UMLAUT "\"", "DELETE mailbox=<" UMLAUT ">" },
		{ "SUBSCRIBE a]b", "SUBSCRIBE mailbox=<a]b>" },
		{ "UNSUBSCRIBE \"\"", "UNSUBSCRIBE mailbox=<>" },
		{ "RENAME a INBOX", "RENAME mailbox=<a> other=<INBOX>" },
		{ "DELETE R&D", "NO [CANNOT] That name is neither modified "
		    "UTF-7 nor UTF-8." },
		{ "DELETE {1+}\r\n\xff", "NO [CANNOT] That name is neither "
		    "modified UTF-7 nor UTF-8." },
		{ "DELETE \"\xff\"", "BAD What is quoted has to be UTF-8." },
		{ "DELETE " UMLAUT, "BAD The name of a mailbox was expected." },
		{ "DELETE", "BAD More was expected." },
		{ "DELETE a b", "BAD The end of the command was expected." },
		{ "DELETE \"a", "BAD A closing quote was expected." },
		{ "DELETE \"a\\b\"", "BAD A backslash goes before a quote or "
		    "a backslash only." },
		{ "DELETE (a)", "BAD The name of a mailbox was expected." },
		{ "RENAME a", "BAD More was expected." },
		{ "DELETE {3", "BAD A literal was expected." },
		{ "DELETE {x}", "BAD A number was expected." },
		{ "DELETE {}", "BAD A number was expected." },
		{ "DELETE }", "DELETE mailbox=<}>" },
	};
	struct world w = world_inside();

	(void)state;
	play(w, cases, countof(cases));
	w.enabled = IMAP_ENABLED_REV2;
	world_command(w, "DELETE R&D", "DELETE mailbox=<R&D>");
	w.enabled = IMAP_ENABLED_UTF8;
	world_command(w, "DELETE Entw&APw-rfe",
	    "DELETE mailbox=<Entw&APw-rfe>");
}

static void
test_select(void **state)
{
	static const char *const cases[][2] = {
		{ "EXAMINE a (condstore)", "EXAMINE mailbox=<a> condstore" },
		{ "SELECT a ", "SELECT mailbox=<a>" },
		{ "SELECT a ()", "SELECT mailbox=<a>" },
		{ "SELECT a (FOO)", "BAD There is no such parameter of "
		    "SELECT." },
		{ "SELECT a (QRESYNC (1 2))", "BAD QRESYNC has to be enabled "
		    "first." },
		{ "SELECT a CONDSTORE", "BAD A list in parentheses was "
		    "expected." },
		{ "CREATE a (USE (\\Sent))", "CREATE mailbox=<a> "
		    "other=<\\Sent>" },
		{ "CREATE a/", "CREATE mailbox=<a/>" },
		{ "CREATE a (USE ())", "CREATE mailbox=<a>" },
		{ "CREATE a (USE (\\Sent \\Junk))", "NO [USEATTR] A mailbox "
		    "has one special use only." },
		{ "CREATE a (USE (Sent))", "BAD A use such as \\Sent was "
		    "expected." },
		{ "CREATE a (FOO (\\Sent))", "BAD There is no such parameter "
		    "of CREATE." },
	};
	static const char *const resync[][2] = {
		{ "SELECT a (QRESYNC (67890007 90060115194045000))", "SELECT "
		    "mailbox=<a> uidvalidity=67890007 "
		    "modseq=90060115194045000" },
		{ "SELECT a (QRESYNC (1 2 41,43:211) CONDSTORE)", "SELECT "
		    "mailbox=<a> condstore uidvalidity=1 modseq=2 "
		    "known=41,43:211" },
		{ "SELECT a (QRESYNC (1 2 1:9 (1,3 5,7)))", "SELECT "
		    "mailbox=<a> uidvalidity=1 modseq=2 known=1:9 seqs=1,3 "
		    "uids=5,7" },
		{ "SELECT a (QRESYNC (1 2 (1,3 5,7)))", "SELECT mailbox=<a> "
		    "uidvalidity=1 modseq=2 seqs=1,3 uids=5,7" },
		{ "SELECT a (QRESYNC (1 2 1:*))", "BAD Numbers were "
		    "expected." },
		{ "SELECT a (QRESYNC (1 2 $))", "BAD Numbers were "
		    "expected." },
		{ "SELECT a (QRESYNC (1))", "BAD A space was expected." },
		{ "SELECT a (QRESYNC (0 1))", "BAD That number is out of "
		    "range." },
		{ "SELECT a (QRESYNC 1 2)", "BAD UIDVALIDITY and a "
		    "mod-sequence in parentheses were expected." },
		{ "SELECT a (QRESYNC (1 2 1:9 (1,3 5,7))", "BAD A closing "
		    "parenthesis was expected." },
	};
	struct world w = world_inside();

	(void)state;
	play(w, cases, countof(cases));
	w.enabled = IMAP_ENABLED_QRESYNC;
	play(w, resync, countof(resync));
}

static void
test_list(void **state)
{
	static const char *const cases[][2] = {
		{ "LIST \"\" *", "LIST options=0 status=0 reference=<> "
		    "pattern=<*>" },
		{ "LIST \"\" \"\"", "LIST options=0 status=0 reference=<> "
		    "pattern=<>" },
		{ "LIST a/ inb%]&APw-", "LIST options=0 status=0 "
		    "reference=<a/> pattern=<inb%]" UMLAUT ">" },
		{ "LIST \"\" &AP%", "LIST options=0 status=0 reference=<> "
		    "pattern=<&AP%>" },
		{ "LIST () \"\" %", "LIST extended options=0 status=0 "
		    "reference=<> pattern=<%>" },
		{ "LIST (SUBSCRIBED REMOTE RECURSIVEMATCH SPECIAL-USE) \"\" "
		    "(a \"b c\" {1+}\r\n%)", "LIST extended options=15 "
		    "status=0 reference=<> pattern=<a> pattern=<b c> "
		    "pattern=<%>" },
		{ "LIST \"\" % RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)",
		    "LIST extended options=112 status=0 reference=<> "
		    "pattern=<%>" },
		{ "LIST \"\" % RETURN (STATUS (MESSAGES SIZE) CHILDREN)",
		    "LIST extended options=160 status=65 reference=<> "
		    "pattern=<%>" },
		{ "LIST \"\" % RETURN ()", "LIST extended options=0 status=0 "
		    "reference=<> pattern=<%>" },
		{ "LIST (RECURSIVEMATCH) \"\" *", "BAD RECURSIVEMATCH goes "
		    "with SUBSCRIBED or SPECIAL-USE." },
		{ "LIST (FOO) \"\" *", "BAD There is no such selection "
		    "option of LIST." },
		{ "LIST \"\" * RETURN (FOO)", "BAD There is no such return "
		    "option of LIST." },
		{ "LIST \"\" * RETURN", "BAD More was expected." },
		{ "LIST \"\" * FOO", "BAD RETURN was expected." },
		{ "LIST \"\" ()", "BAD A pattern was expected." },
		{ "LIST \"\"", "BAD More was expected." },
		{ "LIST", "BAD More was expected." },
		{ "LSUB \"\" *", "LSUB options=0 status=0 reference=<> "
		    "pattern=<*>" },
		{ "LSUB \"\" (a b)", "BAD A pattern was expected." },
		{ "STATUS a (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN "
		    "HIGHESTMODSEQ SIZE DELETED APPENDLIMIT MAILBOXID "
		    "DELETED-STORAGE)", "STATUS mailbox=<a> status=2047" },
		{ "STATUS a ()", "BAD An item of STATUS was expected." },
		{ "STATUS a (FOO)", "BAD There is no such item of STATUS." },
		{ "STATUS a MESSAGES", "BAD A list in parentheses was "
		    "expected." },
	};

	(void)state;
	play(world_inside(), cases, countof(cases));
}

/* What would take long to compare. */
static void
test_list_limits(void **state)
{
	static const char limit[] =
	    "NO [LIMIT] Those are too many or too long patterns.";
	struct buf command;
	size_t i;

	(void)state;
	buf_init(&command, 10000);
	buf_add_text(&command, "LIST \"\" (");
	for (i = 0; i < 101; i++)
		buf_add_text(&command, "* ");
	buf_add_text(&command, ")");
	world_command(world_inside(), buf_text(&command), limit);
	buf_clear(&command);
	buf_add_text(&command, "LSUB \"\" ");
	for (i = 0; i < 2001; i++)
		buf_add_char(&command, 'x');
	world_command(world_inside(), buf_text(&command), limit);
	buf_clear(&command);
	buf_add_text(&command, "LIST ");
	for (i = 0; i < 2001; i++)
		buf_add_char(&command, 'x');
	buf_add_text(&command, " *");
	world_command(world_inside(), buf_text(&command),
	    "NO [LIMIT] That is too long a reference.");
	buf_drop(&command);
}

static void
test_store(void **state)
{
	static const char *const cases[][2] = {
		{ "STORE 1 FLAGS (\\Seen work)", "STORE set=1 how=0 "
		    "flags=1+work" },
		{ "STORE 1 +FLAGS.SILENT \\Deleted", "STORE set=1 how=1 "
		    "silent flags=8" },
		{ "STORE 1 -flags \\answered \\FLAGGED x y ", "STORE set=1 "
		    "how=2 flags=6+x+y" },
		{ "UID STORE 1 FLAGS ()", "UID STORE set=1 how=0 flags=0" },
		{ "STORE 1 (UNCHANGEDSINCE 320162338) FLAGS (\\Draft "
		    "\\Recent)", "STORE set=1 how=0 unchanged=320162338 "
		    "flags=16" },
		{ "STORE 1 (FOO 1) FLAGS ()", "BAD There is no such modifier "
		    "of STORE." },
		{ "STORE 1 FOO ()", "BAD FLAGS or FLAGS.SILENT was "
		    "expected." },
		{ "STORE 1 FLAGS \\Foo", "BAD There is no such system "
		    "flag." },
		{ "STORE 1 FLAGS \\", "BAD An atom was expected." },
		{ "STORE 1 FLAGS a]", "BAD The end of the command was "
		    "expected." },
		{ "STORE 1 FLAGS", "BAD More was expected." },
		{ "STORE 1 FLAGS (x", "BAD A closing parenthesis was "
		    "expected." },
		{ "COPY 1:2 inbox", "COPY mailbox=<INBOX> set=1:2" },
		{ "UID MOVE $ a", "UID MOVE mailbox=<a> set=$" },
		{ "COPY 1", "BAD More was expected." },
		{ "EXPUNGE", "EXPUNGE" },
		{ "EXPUNGE 1", "BAD The end of the command was expected." },
		{ "UID EXPUNGE 1,5:3", "UID EXPUNGE set=1,5:3" },
		{ "UID EXPUNGE", "BAD More was expected." },
		{ "CHECK", "CHECK" },
		{ "CLOSE", "CLOSE" },
		{ "UNSELECT ", "UNSELECT" },
		{ "NAMESPACE", "NAMESPACE" },
		{ "UID CHECK", "BAD There is no such command with UID." },
		{ "UID", "BAD More was expected." },
		{ "UIDFETCH 1 FLAGS", "BAD There is no such command." },
	};
	struct buf command;
	size_t i;

	(void)state;
	play(world_selected(), cases, countof(cases));
	buf_init(&command, 1000);
	buf_add_text(&command, "STORE 1 FLAGS ");
	for (i = 0; i <= IMAP_KEYWORD_MAX; i++)
		buf_add_char(&command, 'k');
	world_command(world_selected(), buf_text(&command),
	    "NO [LIMIT] A keyword has no more than 250 octets.");
	buf_drop(&command);
}

static void
test_meta(void **state)
{
	static const char *const cases[][2] = {
		{ "GETQUOTA \"\"", "GETQUOTA other=<>" },
		{ "GETQUOTAROOT inbox", "GETQUOTAROOT mailbox=<INBOX>" },
		{ "SETQUOTA \"\" (STORAGE 512 MESSAGE 1)",
		    "SETQUOTA other=<>" },
		{ "SETQUOTA \"\" ()", "SETQUOTA other=<>" },
		{ "SETQUOTA \"\" (STORAGE)", "BAD A space was expected." },
		{ "COMPRESS deflate", "COMPRESS" },
		{ "COMPRESS LZ4", "BAD DEFLATE was expected." },
		{ "GETMETADATA \"\" /shared/comment", "GETMETADATA "
		    "mailbox=<> entry=</shared/comment> depth=0" },
		{ "GETMETADATA a (/private/a \"/SHARED/b c\")", "GETMETADATA "
		    "mailbox=<a> entry=</private/a> entry=</SHARED/b c> "
		    "depth=0" },
		{ "GETMETADATA (MAXSIZE 1024 DEPTH infinity) a /private",
		    "GETMETADATA mailbox=<a> entry=</private> maxsize=1024 "
		    "depth=4294967295" },
		{ "GETMETADATA a ( DEPTH 1 ) (/private)", "GETMETADATA "
		    "mailbox=<a> entry=</private> depth=1" },
		{ "GETMETADATA a (DEPTH 2) /private", "BAD 0, 1 or infinity "
		    "was expected." },
		{ "GETMETADATA a (FOO 2) /private", "BAD There is no such "
		    "option of GETMETADATA." },
		{ "GETMETADATA a /foo", "BAD An entry below /private or "
		    "/shared was expected." },
		{ "GETMETADATA a /sharedx", "BAD An entry below /private or "
		    "/shared was expected." },
		{ "GETMETADATA a /shared/", "BAD An entry below /private or "
		    "/shared was expected." },
		{ "GETMETADATA a /shared//b", "BAD An entry below /private "
		    "or /shared was expected." },
		{ "GETMETADATA a \"/shared/*\"", "BAD An entry below "
		    "/private or /shared was expected." },
		{ "GETMETADATA a ()", "BAD More was expected." },
		{ "GETMETADATA a () ()", "BAD An entry was expected." },
		{ "GETMETADATA a", "BAD More was expected." },
		{ "SETMETADATA a (/private/b nil /shared/c \"d\" /shared/e "
		    "~{2+}\r\nf)g)", "BAD A space was expected in the "
		    "list." },
		{ "SETMETADATA a (/private/b nil /shared/c \"d\" /shared/e "
		    "~{2+}\r\nf) /shared/f {0+}\r\n)", "SETMETADATA "
		    "mailbox=<a> entry=</private/b> nil entry=</shared/c> "
		    "value=<d> entry=</shared/e> value=<f)> entry=</shared/f> "
		    "value=<> depth=0" },
		{ "SETMETADATA a ()", "BAD An entry was expected." },
		{ "SETMETADATA a (/private/b)", "BAD A space was "
		    "expected." },
		{ "SETMETADATA a (/private/b x)", "BAD A string was "
		    "expected." },
	};

	(void)state;
	play(world_inside(), cases, countof(cases));
}

static void
test_notify(void **state)
{
	static const char *const cases[][2] = {
		{ "NOTIFY NONE", "NOTIFY none" },
		{ "NOTIFY SET STATUS (selected (MessageNew (UID BODY.PEEK["
		    "TEXT]) MessageExpunge FlagChange)) (subtree (a inbox) "
		    "(MessageNew MessageExpunge MailboxName)) (mailboxes b "
		    "NONE)", "NOTIFY status (0 events=7 UID "
		    "SECTION[TEXT]4) (5 name=<a> name=<INBOX> events=19) (6 "
		    "name=<b> events=0 none)" },
		{ "NOTIFY SET (selected-delayed NONE) (inboxes NONE) "
		    "(personal (SubscriptionChange MailboxMetadataChange "
		    "ServerMetadataChange)) (subscribed (AnnotationChange "
		    "MessageNew MessageExpunge))", "NOTIFY (1 events=0 none) "
		    "(2 events=0 none) (3 events=224) (4 events=11)" },
		{ "NOTIFY SET (selected (MessageNew))", "BAD MessageNew and "
		    "MessageExpunge go together." },
		{ "NOTIFY SET (inboxes (FlagChange))", "BAD FlagChange and "
		    "AnnotationChange go with MessageNew and "
		    "MessageExpunge." },
		{ "NOTIFY SET (selected (MailboxName))", "BAD Only events of "
		    "messages go with SELECTED." },
		{ "NOTIFY SET (selected NONE) (selected-delayed NONE)",
		    "BAD SELECTED was there already." },
		{ "NOTIFY SET (inboxes (MessageNew (UID) MessageExpunge))",
		    "BAD Items of FETCH go with SELECTED only." },
		{ "NOTIFY SET (inboxes (Foo))", "NO [BADEVENT (MessageNew "
		    "MessageExpunge FlagChange MailboxName "
		    "SubscriptionChange MailboxMetadataChange "
		    "ServerMetadataChange)] There is no such event." },
		{ "NOTIFY SET (foo NONE)", "BAD There is no such filter of "
		    "mailboxes." },
		{ "NOTIFY SET (mailboxes () NONE)", "BAD The name of a "
		    "mailbox was expected." },
		{ "NOTIFY SET (inboxes ())", "BAD An event was expected." },
		{ "NOTIFY SET inboxes NONE", "BAD A group of events in "
		    "parentheses was expected." },
		{ "NOTIFY SET STATUS", "BAD More was expected." },
		{ "NOTIFY SET", "BAD More was expected." },
		{ "NOTIFY", "BAD More was expected." },
		{ "NOTIFY FOO", "BAD SET or NONE was expected." },
	};

	(void)state;
	play(world_inside(), cases, countof(cases));
}

int
imap_parse_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_limits),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_notify),
	};

	return cmocka_run_group_tests_name("talk/imap_parse", tests, NULL,
	    NULL);
}
