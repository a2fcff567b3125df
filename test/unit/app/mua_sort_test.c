/* SORT and THREAD of real letters, of many, and in charsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_sort_test(void);

#define SORTED "\nA OK Sorted.\n"
#define THREADED "\nA OK Threaded.\n"

/* What is wanted is what Dovecot answered to the same letters. */
static void
letters_begin(struct script_world *s, const char *const *letters, size_t count)
{
	size_t i;

	script_begin(s, 0);
	for (i = 0; i < count; i++)
		(void)imap_world_letter(&s->w, BOX_INBOX, letters[i]);
	script_ask(&s->c, "SELECT INBOX", NULL);
}

static void
addresses_are_sorted(void **state)
{
	static const char *const letters[] = {
		"To: m@x.example\r\n\r\n",
		"To: Friends: zz@x.example, b@x.example;\r\n\r\n",
		"To: a@x.example\r\n\r\n",
		"Cc: x@y.example\r\n\r\n",
		"To: undisclosed-recipients:;\r\n\r\n",
		"To: \"Q r\"@x.example\r\n\r\n",
		"To: N <B@x.example>\r\nFrom: z@x.example\r\n\r\n",
		"To: <@r.example:c@x.example>\r\nFrom: Y@x.example\r\n\r\n",
	};
	static const struct exchange exchanges[] = {
		{ "SORT (TO) UTF-8 ALL", "* SORT 4 3 7 8 2 1 6 5" SORTED },
		{ "SORT (REVERSE TO) UTF-8 ALL",
		  "* SORT 5 6 1 2 8 7 3 4" SORTED },
		{ "SORT (FROM) US-ASCII 6:*", "* SORT 6 8 7" SORTED },
		{ "UID SORT (CC REVERSE ARRIVAL) UTF-8 2:4",
		  "* SORT 2 3 4" SORTED },
		{ "SORT (CC TO) UTF-8 NOT ALL", "* SORT" SORTED },
	};
	struct script_world s;

	(void)state;
	letters_begin(&s, letters, countof(letters));
	script_play(&s.c, exchanges, countof(exchanges));
	script_end(&s);
}

static void
subjects_are_sorted(void **state)
{
	static const char *const letters[] = {
		"Subject: b\r\n\r\n", "Subject: Re: a\r\n\r\n",
		"Subject: A\r\n\r\n", "Subject:\r\n\r\n", "X: y\r\n\r\n",
		"Subject: =?utf-8?q?=C3=84?=\r\n\r\n",
		"Subject: =?utf-8?q?=C3=A4_b?=\r\n\r\n",
		"Subject: z\r\n\r\n", "Subject: =?utf-8?q?=C3=84_a?=\r\n\r\n",
		"Subject: [x] a\r\n\r\n", "Subject: a (fwd)\r\n\r\n",
		"Subject: ae\r\n\r\n", "Subject:   a   b\r\n\r\n",
		"Subject: a  a\r\n\r\n",
	};
	static const struct exchange exchanges[] = {
		{ "SORT (SUBJECT) UTF-8 ALL", "* SORT 4 5 2 3 10 11 14 13 12 "
		  "6 9 7 1 8" SORTED },
		{ "SORT (REVERSE SUBJECT ARRIVAL) UTF-8 ALL", "* SORT 8 1 7 9 "
		  "6 12 13 14 2 3 10 11 4 5" SORTED },
		{ "SORT (SIZE) UTF-8 1:6", "* SORT 5 4 1 3 2 6" SORTED },
		{ "SORT (SUBJECT) X-NONE ALL", NULL },
		{ "SORT (SUBJECT) KOI8-R SUBJECT b", "* SORT 13 7 1" SORTED },
	};
	struct script_world s;

	(void)state;
	letters_begin(&s, letters, countof(letters));
	script_play(&s.c, exchanges, countof(exchanges));
	assert_non_null(strstr(imap_client_ask(&s.c,
	    "SORT (SUBJECT) X-NONE ALL"), "A NO [BADCHARSET"));
	assert_non_null(strstr(imap_client_ask(&s.c,
	    "SORT (SIZE) UTF-8 1:2 MODSEQ 1"), "* SORT 1 2 (MODSEQ "));
	script_end(&s);
}

/* Without a date it is when it arrived, which here is early. */
static void
dates_are_sorted(void **state)
{
	static const char *const letters[] = {
		"Date: Mon, 01 Jan 2001 00:00:00 +0000\r\n\r\n",
		"Date: Mon, 01 Jan 2001 00:00:00 -0100\r\n\r\n",
		"Date: Mon, 01 Jan 2001 00:00:00 +0100\r\n\r\n",
		"Date: junk\r\n\r\n", "Date: 1 Jan 2010 00:00:00 GMT\r\n\r\n",
	};
	struct script_world s;

	(void)state;
	letters_begin(&s, letters, countof(letters));
	script_ask(&s.c, "SORT (DATE) UTF-8 ALL", "* SORT 4 3 1 2 5" SORTED);
	script_ask(&s.c, "SORT (REVERSE DATE) UTF-8 ALL",
	    "* SORT 5 2 1 3 4" SORTED);
	script_end(&s);
}

#define LETTER(id, references, subject) \
	"Message-ID: <" id "@x.example>\r\n" references \
	"Subject: " subject "\r\n\r\n"

static void
threads_are_made(void **state)
{
	static const char *const letters[] = {
		LETTER("a", "", "first"),
		LETTER("b", "In-Reply-To: <a@x.example>\r\n", "Re: first"),
		LETTER("c", "References: <\"a\"@x.example>\r\n"
		    " <b@x.example>\r\n", "other"),
		LETTER("d", "", "Re: FIRST"),
		LETTER("e", "References: <z@x.example>\r\n", "alone"),
		LETTER("f", "References: <a@x.example>\r\n", "Re: other"),
	};
	static const struct exchange exchanges[] = {
		{ "THREAD REFERENCES UTF-8 ALL",
		  "* THREAD (1 (2 3)(4)(6))(5)" THREADED },
		{ "THREAD REFERENCES UTF-8 2:6",
		  "* THREAD ((2 3)(4)(6))(5)" THREADED },
		{ "THREAD ORDEREDSUBJECT UTF-8 ALL",
		  "* THREAD (1 (2)(4))(3 6)(5)" THREADED },
		{ "THREAD REFERENCES UTF-8 NOT ALL", "* THREAD" THREADED },
		{ "STORE 1 +FLAGS.SILENT (\\Deleted)", NULL },
		{ "EXPUNGE", NULL },
		{ "THREAD ORDEREDSUBJECT UTF-8 ALL",
		  "* THREAD (1 3)(2 5)(4)" THREADED },
		{ "UID THREAD ORDEREDSUBJECT UTF-8 ALL",
		  "* THREAD (2 4)(3 6)(5)" THREADED },
	};
	struct script_world s;

	(void)state;
	letters_begin(&s, letters, countof(letters));
	script_play(&s.c, exchanges, countof(exchanges));
	assert_non_null(strstr(imap_client_ask(&s.c,
	    "THREAD REFERENCES X-NONE ALL"), "A NO [BADCHARSET"));
	script_end(&s);
}

/* Answers that do not fit into one step. */
static void
many_are_sorted_and_threaded(void **state)
{
	struct script_world s;
	struct buf want;
	unsigned n;

	(void)state;
	script_begin(&s, 1);
	script_ask(&s.c, "SELECT INBOX", NULL);
	for (n = 0; n < 13; n++)
		script_ask(&s.c, "COPY 1:* INBOX", NULL);
	script_ask(&s.c, "NOOP", NULL);
	buf_init(&want, 1 << 20);
	buf_add_text(&want, "* SORT");
	for (n = 1; n <= 8192; n++)
		buf_add_format(&want, " %u", n);
	buf_add_text(&want, "\r\nA OK Sorted.\r\n");
	assert_string_equal(imap_client_ask(&s.c,
	    "SORT (SUBJECT REVERSE FROM) UTF-8 ALL"), buf_text(&want));
	buf_clear(&want);
	buf_add_text(&want, "* THREAD (1");
	for (n = 2; n <= 8192; n++)
		buf_add_format(&want, n == 2 ? " (%u)" : "(%u)", n);
	buf_add_text(&want, ")\r\nA OK Threaded.\r\n");
	assert_string_equal(imap_client_ask(&s.c,
	    "THREAD ORDEREDSUBJECT UTF-8 ALL"), buf_text(&want));
	buf_drop(&want);
	script_end(&s);
}

int
mua_sort_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_sorted),
		cmocka_unit_test(subjects_are_sorted),
		cmocka_unit_test(dates_are_sorted),
		cmocka_unit_test(threads_are_made),
		cmocka_unit_test(many_are_sorted_and_threaded),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_sort, mua_thread", tests,
	    NULL, NULL);
}
