/* NOTIFY: who is told what of its own mailbox, and of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "app/mua_notify.h"
#include "base/crypto.h"

int mua_notify_test(void);

struct pair {
	struct script_world s;
	struct imap_client other;
};

static int
begin(void **state)
{
	static struct pair p;

	p = (struct pair){ .other = { .fd = -1 } };
	script_begin(&p.s, 4);
	imap_client_enter(&p.other, &p.s.w);
	script_ask(&p.other, "SELECT INBOX", NULL);
	*state = &p;
	return 0;
}

static int
end(void **state)
{
	struct pair *p = *state;

	imap_client_close(&p->other);
	script_end(&p->s);
	return 0;
}

/* Have one told nothing of flags, or nothing at all, while another works. */
static void
wish(struct pair *p, const char *events)
{
	script_ask(&p->s.c, "ENABLE QRESYNC", NULL);
	script_ask(&p->s.c, "SELECT INBOX", NULL);
	script_ask(&p->s.c, events, "A OK From here on you hear of it.\n");
}

#define HELD "* OK [HIGHESTMODSEQ 5] All up to it is told.\n"

/* RFC 7162 section 3.2.5.1: what is promised would be missed for good. */
static void
nothing_is_promised_of_what_is_held_back(void **state)
{
	struct pair *p = *state;
	struct imap_client *c = &p->s.c;

	wish(p, "NOTIFY SET (selected (MessageNew MessageExpunge))");
	script_ask(&p->other, "STORE 2 +FLAGS.SILENT (\\Flagged)", NULL);
	script_ask(c, "NOOP", HELD "A OK Done.\n");
	script_ask(c, "UID STORE 4 +FLAGS (\\Deleted)",
	    "* 4 FETCH (UID 4 FLAGS (\\Deleted) MODSEQ (7))\n" HELD
	    "A OK It is done.\n");
	script_ask(c, "EXPUNGE",
	    "* VANISHED 4\n" HELD "A OK They are gone.\n");
	script_ask(c, "UID MOVE 3 Archive",
	    "* OK [COPYUID # 3 1] They are there.\n* VANISHED 3\n" HELD
	    "A OK It is done.\n");
	/* From here on all is told. */
	script_ask(c, "NOTIFY SET (selected (MessageNew MessageExpunge "
	    "FlagChange))", "* 2 FETCH (UID 2 FLAGS (\\Flagged) MODSEQ (6))\n"
	    "A OK From here on you hear of it.\n");
	script_ask(c, "NOOP", "A OK Done.\n");
}

static void
own_changes_are_not_gathered(void **state)
{
	struct pair *p = *state;

	wish(p, "NOTIFY SET (selected (MessageNew MessageExpunge))");
	script_ask(&p->s.c, "STORE 1 +FLAGS.SILENT (\\Flagged)", NULL);
	script_ask(&p->s.c, "STORE 1 -FLAGS.SILENT (\\Flagged)", NULL);
	assert_int_equal(p->s.c.m->view.own_count, 0);
}

#define LETTER "Subject: x\r\n\r\nA letter.\r\n"

/* Numbers are what the mail program takes them to be. */
static void
own_work_is_told_whatever_is_wished(void **state)
{
	static const struct exchange exchanges[] = {
		{ "SELECT INBOX", NULL },
		{ "NOTIFY NONE", NULL },
		{ "STORE 2 +FLAGS.SILENT (\\Deleted)", NULL },
		{ "EXPUNGE", "* 2 EXPUNGE\nA OK They are gone.\n" },
		{ "MOVE 2 Archive", "* OK [COPYUID # 3 1] They are there.\n"
		  "* 2 EXPUNGE\nA OK It is done.\n" },
		{ "APPEND Archive {2+}\r\nx\n",
		  "A OK [APPENDUID # 2] It is kept.\n" },
		{ "APPEND INBOX {2+}\r\nx\n", "* 3 EXISTS\n* 1 RECENT\n"
		  "A OK [APPENDUID # 5] It is kept.\n" },
		{ "UID FETCH 5 UID",
		  "* 3 FETCH (UID 5)\nA OK Fetched.\n" },
		{ "COPY 1 INBOX", "* 4 EXISTS\n* 2 RECENT\n"
		  "A OK [COPYUID # 1 6] They are copied.\n" },
		{ "REPLACE 1 INBOX {2+}\r\nx\n",
		  "* OK [APPENDUID # 7] It is there.\n* 1 EXPUNGE\n"
		  "* 4 EXISTS\n* 3 RECENT\nA OK It is replaced.\n" },
		{ "NOOP", "A OK Done.\n" },
	};
	struct pair *p = *state;

	script_play(&p->s.c, exchanges, countof(exchanges));
	/* Nothing of others. */
	(void)imap_world_letter(&p->s.w, BOX_INBOX, LETTER);
	script_ask(&p->other, "STORE 4 +FLAGS (\\Deleted)", NULL);
	script_ask(&p->other, "EXPUNGE", NULL);
	script_ask(&p->s.c, "NOOP", "A OK Done.\n");
	script_ask(&p->s.c, "SEARCH ALL", NULL);
}

/* RFC 5465 section 5.2 */
static void
own_messages_are_not_fetched(void **state)
{
	struct pair *p = *state;
	struct imap_client *c = &p->s.c;

	script_ask(c, "SELECT INBOX", NULL);
	script_ask(c, "NOTIFY SET (selected (MessageNew (UID) "
	    "MessageExpunge))", NULL);
	script_ask(c, "APPEND INBOX {2+}\r\nx\n", "* 5 EXISTS\n"
	    "* 1 RECENT\nA OK [APPENDUID # 5] It is kept.\n");
	script_ask(c, "COPY 1:2 INBOX", "* 7 EXISTS\n* 3 RECENT\n"
	    "A OK [COPYUID # 1:2 6:7] They are copied.\n");
	imap_client_say(c, "");
	(void)imap_world_letter(&p->s.w, BOX_INBOX, LETTER);
	assert_string_equal(imap_client_hear(c, "FETCH"),
	    "* 8 EXISTS\r\n* 4 RECENT\r\n* 8 FETCH (UID 8)\r\n");
}

#define MANY 9

/* One look serves all; nobody has to wait until all are told. */
static void
a_few_are_told_in_a_turn(void **state)
{
	struct pair *p = *state;
	struct imap_world *w = &p->s.w;
	struct imap_client many[MANY];
	const struct notify_list *now, *before;
	unsigned n, told = 0;

	for (n = 0; n < MANY; n++) {
		imap_client_enter(&many[n], w);
		script_ask(&many[n], "NOTIFY SET (personal (MessageNew "
		    "MessageExpunge MailboxName))", NULL);
	}
	before = w->service.mailboxes;
	assert_int_equal(mailbox_rename(w->at.db, STR("Archive"),
	    STR("Elsewhere")), 0);
	while (w->service.mailboxes == before)
		imap_world_turn(w, 1);
	now = w->service.mailboxes;
	for (n = 0; n < MANY; n++)
		told += many[n].m->notify->known == now;
	assert_in_range(told, 1, 4);
	for (n = 0; n < MANY; n++)
		(void)imap_client_hear(&many[n], "* LIST (\\Archive) \"/\" "
		    "Elsewhere (\"OLDNAME\" (Archive))\r\n");
	for (n = 0; n < MANY; n++)
		assert_ptr_equal(many[n].m->notify->known, now);
	for (n = 0; n < MANY; n++)
		imap_client_close(&many[n]);
}

int
mua_notify_test(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_promised_of_what_is_held_back),
		TEST(own_changes_are_not_gathered),
		TEST(own_work_is_told_whatever_is_wished),
		TEST(own_messages_are_not_fetched),
		TEST(a_few_are_told_in_a_turn),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_notify", tests, NULL,
	    NULL);
}
