/* LIST, LSUB, NAMESPACE and STATUS as they are on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/mua_mailbox_script.h"
#include "base/crypto.h"

int mua_list_test(void);

static const struct exchange lists[] = {
	{ "LIST \"\" \"\"", "* LIST (\\Noselect) \"/\" \"\"\n"
	  "A OK That is the delimiter.\n" },
	{ "LIST \"a/b\" \"\"", "* LIST (\\Noselect) \"/\" \"\"\n"
	  "A OK That is the delimiter.\n" },
	{ "LIST \"\" *", "* LIST (\\HasNoChildren \\Archive) \"/\" Archive\n"
	  "* LIST (\\HasNoChildren \\Drafts) \"/\" Drafts\n"
	  "* LIST (\\HasNoChildren) \"/\" INBOX\n"
	  "* LIST (\\HasNoChildren \\Junk) \"/\" Junk\n"
	  "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\n"
	  "* LIST (\\HasNoChildren \\Trash) \"/\" Trash\n"
	  "A OK These are all.\n" },
	{ "CREATE a/b/c", NULL },
	{ "LIST \"\" a*", "* LIST (\\Noselect \\HasChildren) \"/\" a\n"
	  "* LIST (\\Noselect \\HasChildren) \"/\" a/b\n"
	  "* LIST (\\HasNoChildren) \"/\" a/b/c\nA OK These are all.\n" },
	{ "LIST () \"\" a%", "* LIST (\\NonExistent \\HasChildren) \"/\" a\n"
	  "A OK These are all.\n" },
	{ "SUBSCRIBE a/b/c", NULL },
	{ "UNSUBSCRIBE Trash", NULL },
	{ "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (a% T%) RETURN (CHILDREN)",
	  "* LIST (\\NonExistent \\HasChildren) \"/\" a (\"CHILDINFO\" "
	  "(\"SUBSCRIBED\"))\nA OK These are all.\n" },
	{ "LIST \"\" (inbox Trash) RETURN (SUBSCRIBED SPECIAL-USE)",
	  "* LIST (\\Subscribed) \"/\" INBOX\n"
	  "* LIST (\\Trash) \"/\" Trash\nA OK These are all.\n" },
	{ "LIST (SPECIAL-USE) \"\" *t", "* LIST (\\Sent) \"/\" Sent\n"
	  "A OK These are all.\n" },
	{ "LIST (SPECIAL-USE RECURSIVEMATCH) \"\" Sent",
	  "* LIST (\\Sent) \"/\" Sent\nA OK These are all.\n" },
	{ "LIST \"\" (\"\" Junk) RETURN (STATUS (MESSAGES UIDNEXT))",
	  "* LIST () \"/\" Junk\n* STATUS Junk (MESSAGES 0 UIDNEXT 1)\n"
	  "A OK These are all.\n" },
	{ "LIST \"\" a/% RETURN (STATUS (MESSAGES))",
	  "* LIST (\\NonExistent \\HasChildren) \"/\" a/b\n"
	  "A OK These are all.\n" },
	{ "LSUB \"\" a%", "* LSUB (\\Noselect) \"/\" a\n"
	  "A OK These are all.\n" },
	{ "DELETE a/b/c", NULL },
	{ "LSUB \"\" *c", "* LSUB () \"/\" a/b/c\nA OK These are all.\n" },
	{ "LIST (SUBSCRIBED) \"\" *c", "* LIST (\\NonExistent \\HasNoChildren "
	  "\\Subscribed) \"/\" a/b/c\nA OK These are all.\n" },
	{ "LIST \"\" a*", "A OK These are all.\n" },
	{ "NAMESPACE", "* NAMESPACE ((\"\" \"/\")) NIL NIL\n"
	  "A OK All mailboxes are yours.\n" },
	{ "CREATE \"K&APY-ln\"", NULL },
	{ "LIST \"\" K*", "* LIST (\\HasNoChildren) \"/\" K&APY-ln\n"
	  "A OK These are all.\n" },
	{ "ENABLE IMAP4rev2", NULL },
	{ "LIST \"\" K*", "* LIST (\\HasNoChildren) \"/\" \"K\303\266ln\"\n"
	  "A OK These are all.\n" },
	{ "CREATE x/y", NULL },
	{ "LIST \"\" x", "* LIST (\\NonExistent \\HasChildren) \"/\" x\n"
	  "A OK These are all.\n" },
};

static void
lists_are_answered(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 0);
	script_play(&s.c, lists, countof(lists));
	script_end(&s);
}

static const struct exchange statuses[] = {
	{ "STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE)",
	  "* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY # UNSEEN 3 "
	  "SIZE 132)\nA OK That is its status.\n" },
	{ "STATUS Sent (MAILBOXID)", "* STATUS Sent (MAILBOXID (F3))\n"
	  "A OK That is its status.\n" },
	{ "STATUS Nowhere (MESSAGES)",
	  "A NO [NONEXISTENT] There is no such mailbox.\n" },
	{ "SELECT INBOX", NULL },
	{ "STORE 2:3 +FLAGS.SILENT (\\Deleted)", NULL },
	{ "STATUS INBOX (DELETED DELETED-STORAGE MAILBOXID)",
	  "* STATUS INBOX (DELETED 2 DELETED-STORAGE 88 MAILBOXID (F1))\n"
	  "A OK That is its status.\n" },
	{ "STORE 1 +FLAGS (\\Seen)", NULL },
	{ "STATUS INBOX (HIGHESTMODSEQ APPENDLIMIT)",
	  "* STATUS INBOX (HIGHESTMODSEQ # APPENDLIMIT #)\n"
	  "* OK [HIGHESTMODSEQ #] All up to it is told.\n"
	  "A OK That is its status.\n" },
	/* HIGHESTMODSEQ has enabled CONDSTORE */
	{ "STORE 1 -FLAGS (\\Seen)",
	  "* 1 FETCH (FLAGS () MODSEQ (#))\nA OK It is done.\n" },
};

static void
statuses_are_told(void **state)
{
	struct script_world s;

	(void)state;
	script_begin(&s, 3);
	script_play(&s.c, statuses, countof(statuses));
	script_end(&s);
}

/* More than fits into a step, and more than fits into the replies. */
static void
many_are_listed_in_slices(void **state)
{
	struct script_world s;
	struct db *db;
	struct buf name;
	int64_t id;
	unsigned n;
	const char *said;

	(void)state;
	script_begin(&s, 0);
	db = s.w.at.db;
	buf_init(&name, 300);
	for (n = 0; n < 1500; n++) {
		buf_clear(&name);
		buf_add_format(&name, "many/%0100u/%04u", n % 30, n);
		assert_int_equal(mailbox_make(db, buf_str(&name), STR(""),
		    &id), 0);
	}
	buf_drop(&name);
	said = imap_client_ask(&s.c, "LIST \"\" *");
	for (n = 0; (said = strstr(said, "* LIST (")) != NULL; n++)
		said++;
	assert_int_equal(n, 6 + 1 + 30 + 1500);
	said = imap_client_ask(&s.c, "LIST \"\" %/%");
	for (n = 0; (said = strstr(said, "* LIST (")) != NULL; n++)
		said++;
	assert_int_equal(n, 30);
	script_end(&s);
}

int
mua_list_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_answered),
		cmocka_unit_test(statuses_are_told),
		cmocka_unit_test(many_are_listed_in_slices),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_list", tests, NULL, NULL);
}
