/* Patterns of LIST, and what they match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "talk/imap_pattern.h"
#include "vector.h"

int imap_pattern_test(void);

static void
test_match(void **state)
{
	static const struct {
		const char *reference, *pattern, *name;
		enum imap_match want;
	} cases[] = {
		{ "", "*", "a/b/c", IMAP_MATCH_YES },
		{ "", "%", "a", IMAP_MATCH_YES },
		{ "", "%", "a/b", IMAP_MATCH_NO },
		{ "", "%/%", "a/b", IMAP_MATCH_YES },
		{ "", "%/%", "a", IMAP_MATCH_BELOW },
		{ "", "%/%", "a/b/c", IMAP_MATCH_NO },
		{ "", "a/b", "a", IMAP_MATCH_BELOW },
		{ "", "a/b", "a/b", IMAP_MATCH_YES },
		{ "", "a/b", "a/b/c", IMAP_MATCH_NO },
		{ "", "a/b", "a/x", IMAP_MATCH_NO },
		{ "", "a/", "a", IMAP_MATCH_NO },
		{ "", "a%", "abc", IMAP_MATCH_YES },
		{ "", "a*", "abc/def", IMAP_MATCH_YES },
		{ "", "*c", "a/b", IMAP_MATCH_BELOW },
		{ "", "*c", "a/bc", IMAP_MATCH_YES },
		{ "", "%c", "a", IMAP_MATCH_NO },
		{ "", "*a%", "bab", IMAP_MATCH_YES },
		{ "", "*a%", "ba/b", IMAP_MATCH_BELOW },
		{ "", "%a*b%c", "xa/yb-c", IMAP_MATCH_YES },
		{ "", "%a*b%c", "xa/yb/c", IMAP_MATCH_BELOW },
		{ "", "%%%", "abc", IMAP_MATCH_YES },
		{ "", "", "a", IMAP_MATCH_NO },
		{ "", "abc", "ab", IMAP_MATCH_NO },
		{ "", "ABC", "abc", IMAP_MATCH_NO },
		/* the reference goes before the pattern */
		{ "a/", "%", "a/b", IMAP_MATCH_YES },
		{ "a", "%", "ab", IMAP_MATCH_YES },
		{ "a/", "%", "b", IMAP_MATCH_NO },
		{ "a/", "%", "a", IMAP_MATCH_BELOW },
		{ "a%", "/c", "ab/c", IMAP_MATCH_YES },
		/* letter case of INBOX */
		{ "", "inbox", "INBOX", IMAP_MATCH_YES },
		{ "", "iN%", "INBOX", IMAP_MATCH_YES },
		{ "in", "box/x", "INBOX/x", IMAP_MATCH_YES },
		{ "", "inbox/x", "INBOX/X", IMAP_MATCH_NO },
		{ "", "inbox/x", "INBOX", IMAP_MATCH_BELOW },
		{ "", "inboxes", "INBOXES", IMAP_MATCH_NO },
		{ "", "a/inbox", "a/INBOX", IMAP_MATCH_NO },
		/* names may hold what is a wildcard in patterns */
		{ "", "%", "*", IMAP_MATCH_YES },
		{ "", "a", "%", IMAP_MATCH_NO },
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(cases); i++)
		if (imap_pattern_match(str_of(cases[i].reference),
		    vector_guard(str_of(cases[i].pattern)),
		    vector_guard(str_of(cases[i].name))) != cases[i].want)
			fail_msg("%s %s of %s", cases[i].reference,
			    cases[i].pattern, cases[i].name);
}

/* What takes forever where wildcards are tried one after another. */
static void
test_many(void **state)
{
	char pattern[1000], name[1000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof pattern; i++)
		pattern[i] = i % 3 == 0 ? '*' : i % 3 == 1 ? 'a' : '%';
	pattern[sizeof pattern - 1] = 'b';
	memset(name, 'a', sizeof name);
	assert_int_equal(imap_pattern_match(STR(""), str_from(pattern,
	    sizeof pattern), str_from(name, sizeof name)), IMAP_MATCH_BELOW);
}

int
imap_pattern_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("talk/imap_pattern", tests, NULL,
	    NULL);
}
