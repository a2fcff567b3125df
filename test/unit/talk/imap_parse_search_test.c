/* SEARCH, SORT and THREAD. */
#include "talk/imap_world.h"

int imap_parse_search_test(void);

static void
play(struct world w, const char *const (*cases)[2], size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		world_command(w, cases[i][0], cases[i][1]);
}

static void
test_keys(void **state)
{
	static const char *const cases[][2] = {
		{ "SEARCH ALL", "SEARCH AND ( ALL )" },
		{ "SEARCH  seen   UNSEEN ", "SEARCH AND ( FLAG flag=1 UNFLAG "
		    "flag=1 )" },
		{ "SEARCH ANSWERED DELETED DRAFT FLAGGED", "SEARCH AND ( FLAG "
		    "flag=2 FLAG flag=8 FLAG flag=16 FLAG flag=4 )" },
		{ "SEARCH UNANSWERED UNDELETED UNDRAFT UNFLAGGED", "SEARCH "
		    "AND ( UNFLAG flag=2 UNFLAG flag=8 UNFLAG flag=16 UNFLAG "
		    "flag=4 )" },
		{ "SEARCH NEW OLD RECENT", "SEARCH AND ( NEW OLD RECENT )" },
		{ "SEARCH KEYWORD work UNKEYWORD $Junk", "SEARCH AND ( FLAG "
		    "keyword=<work> UNFLAG keyword=<$Junk> )" },
		{ "SEARCH BEFORE 2-Jan-1970 ON 31-Dec-1969 SINCE "
		    "\"01-Feb-1994\"", "SEARCH AND ( BEFORE day=1 ON day=-1 "
		    "SINCE day=8797 )" },
		{ "SEARCH SENTBEFORE 2-jan-1970 SENTON 3-Jan-1970 SENTSINCE "
		    "4-Jan-1970", "SEARCH AND ( SENTBEFORE day=1 SENTON day=2 "
		    "SENTSINCE day=3 )" },
		{ "SEARCH SAVEDBEFORE 2-Jan-1970 SAVEDON 3-Jan-1970 "
		    "SAVEDSINCE 4-Jan-1970 SAVEDATESUPPORTED", "SEARCH AND ( "
		    "SAVEDBEFORE day=1 SAVEDON day=2 SAVEDSINCE day=3 "
		    "SAVEDATESUPPORTED )" },
		{ "SEARCH OLDER 60 YOUNGER 3600", "SEARCH AND ( OLDER "
		    "number=60 YOUNGER number=3600 )" },
		{ "SEARCH LARGER 0 SMALLER 9223372036854775807", "SEARCH AND "
		    "( LARGER SMALLER number=9223372036854775807 )" },
		{ "SEARCH MODSEQ 5", "SEARCH AND ( MODSEQ number=5 )" },
		{ "SEARCH MODSEQ \"/flags/\\\\draft\" all 5", "SEARCH AND ( "
		    "MODSEQ number=5 )" },
		{ "SEARCH BCC a CC b FROM c SUBJECT \"d e\" TO {1+}\r\n)",
		    "SEARCH AND ( BCC text=<a> CC text=<b> FROM text=<c> "
		    "SUBJECT text=<d e> TO text=<)> )" },
		{ "SEARCH HEADER X-Foo \"\" BODY a TEXT \"\"", "SEARCH AND ( "
		    "HEADER name=<X-Foo> text=<> BODY text=<a> TEXT "
		    "text=<> )" },
		{ "SEARCH EMAILID M1 THREADID T2", "SEARCH AND ( EMAILID "
		    "text=<M1> THREADID text=<T2> )" },
		{ "SEARCH 1:5,* UID 7 $ UID $", "SEARCH AND ( SET set=1:5,* "
		    "UID set=7 SET set=$ UID set=$ )" },
	};

	(void)state;
	play(world_selected(), cases, countof(cases));
}

static void
test_nested(void **state)
{
	static const char *const cases[][2] = {
		{ "SEARCH NOT SEEN OLD", "SEARCH AND ( NOT ( FLAG flag=1 ) "
		    "OLD )" },
		{ "SEARCH OR SEEN OLD NEW", "SEARCH AND ( OR ( FLAG flag=1 "
		    "OLD ) NEW )" },
		{ "SEARCH OR NOT ( 1 2 ) OR NEW OLD ALL", "SEARCH AND ( OR ( "
		    "NOT ( AND ( SET set=1 SET set=2 ) ) OR ( NEW OLD ) ) "
		    "ALL )" },
		{ "SEARCH ((NEW)) (OLD)", "SEARCH AND ( AND ( AND ( NEW ) ) "
		    "AND ( OLD ) )" },
		{ "SEARCH (NOT (OR NEW (OLD)))", "SEARCH AND ( AND ( NOT ( "
		    "AND ( OR ( NEW AND ( OLD ) ) ) ) ) )" },
		{ "SEARCH", "BAD More was expected." },
		{ "SEARCH ", "BAD A search key was expected." },
		{ "SEARCH ()", "BAD A search key was expected." },
		{ "SEARCH (NEW", "BAD A closing parenthesis was expected." },
		{ "SEARCH NEW)", "BAD A space was expected." },
		{ "SEARCH NEW )", "BAD A search key was expected." },
		{ "SEARCH NOT", "BAD More was expected." },
		{ "SEARCH NOT ", "BAD A search key was expected." },
		{ "SEARCH OR NEW", "BAD Another search key was expected." },
		{ "SEARCH (OR NEW)", "BAD A space was expected." },
		{ "SEARCH (OR NEW )", "BAD A search key was expected." },
		{ "SEARCH (NEW)(OLD)", "BAD A space was expected." },
		{ "SEARCH FOO", "BAD There is no such search key." },
		{ "SEARCH BODY", "BAD More was expected." },
		{ "SEARCH ON 1-Feb-94", "BAD A day such as 1-Feb-2026 was "
		    "expected." },
		{ "SEARCH ON 31-Feb-1994", "BAD A day such as 1-Feb-2026 was "
		    "expected." },
		{ "SEARCH ON 1-Feb-19940", "BAD A day such as 1-Feb-2026 was "
		    "expected." },
		{ "SEARCH ON \"1-Feb-1994", "BAD A day such as 1-Feb-2026 "
		    "was expected." },
		{ "SEARCH OLDER 0", "BAD That number is out of range." },
		{ "SEARCH LARGER -1", "BAD A number was expected." },
		{ "SEARCH KEYWORD \\Seen", "BAD An atom was expected." },
		{ "SEARCH MODSEQ \"/flags/x\" 5", "BAD priv, shared or all "
		    "was expected." },
		{ "SEARCH SUBJECT ~{1+}\r\na", "BAD A space was expected." },
	};

	(void)state;
	play(world_selected(), cases, countof(cases));
}

/* What is nested as deep as may be, and deeper. */
static void
test_deep(void **state)
{
	static const char *const openers[] = { "(", "NOT ", "OR NEW " };
	struct buf command, out;
	size_t i, depth, n;

	(void)state;
	buf_init(&command, 10000);
	for (i = 0; i < countof(openers); i++) {
		for (depth = IMAP_NEST_MAX; depth < IMAP_NEST_MAX + 2;
		    depth++) {
			buf_clear(&command);
			buf_add_text(&command, "x SEARCH ");
			for (n = 0; n < depth; n++)
				buf_add_text(&command, openers[i]);
			buf_add_text(&command, "NEW");
			for (n = 0; n < depth && i == 0; n++)
				buf_add_char(&command, ')');
			buf_add_text(&command, "\r\n");
			out = world_run(world_selected(), buf_str(&command));
			assert_true(str_starts(buf_str(&out),
			    depth > IMAP_NEST_MAX ? STR("x NO [LIMIT] ") :
			    STR("{do SEARCH ")));
			buf_drop(&out);
		}
	}
	buf_drop(&command);
}

static void
test_search(void **state)
{
	static const char *const cases[][2] = {
		{ "SEARCH RETURN () ALL", "SEARCH return=4 AND ( ALL )" },
		{ "UID SEARCH RETURN (MIN MAX ALL COUNT SAVE) ALL",
		    "UID SEARCH return=31 AND ( ALL )" },
		{ "SEARCH RETURN (save) CHARSET UTF-8 ALL",
		    "SEARCH return=16 charset=<UTF-8> AND ( ALL )" },
		{ "SEARCH CHARSET \"x\" ALL",
		    "SEARCH charset=<x> AND ( ALL )" },
		{ "SEARCH RETURN (PARTIAL 1:5) ALL", "BAD There is no such "
		    "return option of SEARCH." },
		{ "SEARCH RETURN ALL", "BAD A list in parentheses was "
		    "expected." },
		{ "SEARCH RETURN ()", "BAD More was expected." },
		{ "SEARCH CHARSET UTF-8", "BAD More was expected." },
		{ "SORT (DATE) UTF-8 ALL", "SORT charset=<UTF-8> sort=2 AND ( "
		    "ALL )" },
		{ "UID SORT (REVERSE SUBJECT arrival CC FROM SIZE TO reverse "
		    "DATE) US-ASCII 1", "UID SORT charset=<US-ASCII> sort=-5 "
		    "sort=0 sort=1 sort=3 sort=4 sort=6 sort=-2 AND ( SET "
		    "set=1 )" },
		{ "SORT () UTF-8 ALL", "BAD A sort key was expected." },
		{ "SORT (REVERSE) UTF-8 ALL", "BAD A space was expected." },
		{ "SORT (FOO) UTF-8 ALL", "BAD There is no such sort key." },
		{ "SORT (DATE DATE DATE DATE DATE DATE DATE DATE DATE DATE "
		    "DATE DATE DATE DATE DATE DATE DATE) UTF-8 ALL",
		    "BAD Those are too many sort keys." },
		{ "SORT (DATE) UTF-8", "BAD More was expected." },
		{ "THREAD REFERENCES UTF-8 ALL", "THREAD charset=<UTF-8> "
		    "references AND ( ALL )" },
		{ "UID THREAD orderedsubject UTF-8 ALL", "UID THREAD "
		    "charset=<UTF-8> AND ( ALL )" },
		{ "THREAD REFS UTF-8 ALL", "BAD There is no such way of "
		    "threading." },
	};
	struct world w = world_selected();

	(void)state;
	play(w, cases, countof(cases));
	w.enabled = IMAP_ENABLED_UTF8;
	world_command(w, "SEARCH CHARSET UTF-8 ALL",
	    "BAD With UTF8=ACCEPT a search has no CHARSET.");
	world_command(w, "SORT (DATE) UTF-8 ALL",
	    "SORT charset=<UTF-8> sort=2 AND ( ALL )");
}

int
imap_parse_search_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_search),
	};

	return cmocka_run_group_tests_name("talk/imap_parse_search", tests,
	    NULL, NULL);
}
