/* Long messages without a summary: who asks waits for it, nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/mua_mailbox_script.h"

int mua_summary_test(void);

#define PEOPLE 3500	/* too many for a summary at delivery */

/* Put a letter into INBOX, to so many that its summary is made later. */
static void
deliver(struct script_world *s, unsigned number, size_t size)
{
	const struct message_start start = { .box = BOX_INBOX, .received = 9 };
	struct message_writer *writer;
	struct buf text;
	struct str rest;

	buf_init(&text, size + (1 << 20));
	buf_add_format(&text, "Subject: rich %u\r\nTo: p@x.example", number);
	for (unsigned n = 0; n < PEOPLE; n++)
		buf_add_format(&text, ",\r\n p%u@y.example", n);
	buf_add_text(&text, "\r\n\r\n");
	while (text.len < size)
		buf_add_text(&text, "And so on, without an end in sight.\r\n");
	rest = buf_str(&text);
	assert_int_equal(message_begin(s->w.at.db, &writer), 0);
	while (rest.len > PIECE_SIZE)
		assert_int_equal(message_piece(writer, str_take(&rest,
		    PIECE_SIZE), false), 0);
	assert_int_equal(message_piece(writer, rest, true), 0);
	assert_int_equal(message_keep(writer, &start, NULL), 0);
	imap_world_turn(&s->w, 1);
	buf_drop(&text);
}

/* What another one is told while a command runs: often, and at once. */
static void
others_go_on(struct script_world *s, const char *command, size_t size,
	const char *told)
{
	struct imap_client other;
	unsigned asked = 0;

	imap_client_enter(&other, &s->w);
	imap_client_say(&s->c, command);
	while (s->c.m->job == NULL)
		imap_world_turn(&s->w, 1);
	while (s->c.m->job != NULL) {
		assert_non_null(strstr(imap_client_ask(&other, "NOOP"),
		    "A OK"));
		asked++;
	}
	/* a NOOP takes a turn or two of the loop */
	assert_true(asked >= size / MUA_OCTETS / 4);
	assert_non_null(strstr(imap_client_hear(&s->c, "A OK"), told));
	imap_client_close(&other);
}

static void
nobody_else_waits(void **state)
{
	static const struct {
		const char *command, *told;
		size_t size;
	} cases[] = {
		{ "A FETCH 1 (ENVELOPE PREVIEW)\r\n", "p3499", 20 << 20 },
		{ "A FETCH 2 BODYSTRUCTURE\r\n", "* 2 FETCH (BODYSTRUCTURE ("
		  "\"text\" \"plain\"", 4 << 20 },
		{ "A SEARCH TO \"<p3499@\"\r\n", "* SEARCH 1 2 3\r\n",
		  4 << 20 },
		{ "A SORT (SUBJECT) UTF-8 4\r\n", "* SORT 4\r\n", 4 << 20 },
		{ "A THREAD REFERENCES UTF-8 BODY sight\r\n",
		  "* THREAD (1)(2)(3)(4)(5)\r\n", 4 << 20 },
	};
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	for (unsigned i = 0; i < countof(cases); i++) {
		deliver(&s, i, cases[i].size);
		script_ask(&s.c, "SELECT INBOX", NULL);
		others_go_on(&s, cases[i].command, cases[i].size,
		    cases[i].told);
	}
	script_end(&s);
}

/* The session ends while one is made. */
static void
who_asks_may_leave(void **state)
{
	static const char *const commands[] = {
		"A FETCH 1 ENVELOPE\r\n", "A SORT (SUBJECT) UTF-8 ALL\r\n"
	};
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	deliver(&s, 0, 4 << 20);
	for (size_t i = 0; i < countof(commands); i++) {
		struct imap_client c;

		imap_client_enter(&c, &s.w);
		(void)imap_client_ask(&c, "SELECT INBOX");
		imap_client_say(&c, commands[i]);
		while (c.m->job == NULL)
			imap_world_turn(&s.w, 1);
		imap_world_turn(&s.w, 2);
		assert_non_null(c.m->job);
		imap_client_close(&c);
	}
	script_ask(&s.c, "SELECT INBOX", NULL);
	script_ask(&s.c, "SEARCH SUBJECT rich", "* SEARCH 1\n"
	    "A OK Searched.\n");
	script_end(&s);
}

int
mua_summary_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_else_waits),
		cmocka_unit_test(who_asks_may_leave),
	};

	return cmocka_run_group_tests_name("app/mua_summary", tests, NULL,
	    NULL);
}
