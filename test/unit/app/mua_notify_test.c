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

int
mua_notify_test(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_promised_of_what_is_held_back),
		TEST(own_changes_are_not_gathered),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_notify", tests, NULL,
	    NULL);
}
