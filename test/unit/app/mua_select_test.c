/* SELECT and EXAMINE, what QRESYNC adds, and how a mailbox is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/imap_world.h"
#include "base/crypto.h"

int mua_select_test(void);

#define LETTER "Subject: x\r\n\r\nA letter.\r\n"
#define FLAGS "(\\Answered \\Flagged \\Deleted \\Seen \\Draft"
#define STATE "* FLAGS " FLAGS ")\r\n* OK [PERMANENTFLAGS " FLAGS " \\*)] " \
	"They are kept.\r\n"

static int
begin(void **state)
{
	static struct imap_world w;

	imap_world_begin(&w, NULL);
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	imap_world_end(*state);
	return 0;
}

static void
letters(struct imap_world *w, unsigned count)
{
	while (count-- > 0)
		(void)imap_world_letter(w, BOX_INBOX, LETTER);
}

static void
gone(struct imap_world *w, uint32_t uid)
{
	assert_int_equal(box_delete(w->at.db, BOX_INBOX, &uid, 1), 0);
	imap_world_turn(w, 1);
}

static void
flag(struct imap_world *w, uint32_t first, uint32_t last, uint64_t flags)
{
	const struct box_change change = {
		.how = BOX_FLAGS_ADD, .flags = flags
	};
	const struct box_span span = { BOX_INBOX, first, last };
	uint64_t modseq;

	assert_int_equal(box_flags(w->at.db, &span, &change, NULL, &modseq),
	    0);
	imap_world_turn(w, 1);
}

static uint32_t
uidvalidity(struct imap_world *w)
{
	struct box_status status;

	assert_int_equal(box_status(w->at.db, BOX_INBOX, &status), 0);
	return status.uidvalidity;
}

/* Ask, and compare; "%u" in what is expected is the UIDVALIDITY. */
static void
says(struct imap_client *c, const char *command, const char *expected)
{
	struct str rest = str_of(expected), part;
	struct buf text;

	buf_init(&text, 65536);
	while (str_split(&rest, '%', &part)) {
		buf_add(&text, part);
		buf_add_number(&text, uidvalidity(c->w));
		(void)str_take(&rest, 1);
	}
	buf_add(&text, rest);
	assert_string_equal(imap_client_ask(c, command), buf_text(&text));
	buf_drop(&text);
}

static void
select_tells_what_is_there(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	imap_client_enter(&c, w);
	says(&c, "SELECT inbox", STATE "* 0 EXISTS\r\n* 0 RECENT\r\n"
	    "* OK [UIDVALIDITY %u] UIDs are valid.\r\n"
	    "* OK [UIDNEXT 1] The next UID.\r\n"
	    "* OK [HIGHESTMODSEQ 1] The highest there is.\r\n"
	    "* OK [MAILBOXID (F1)] Its name for ever.\r\n"
	    "A OK [READ-WRITE] It is selected.\r\n");
	letters(w, 3);
	flag(w, 1, 1, BOX_SEEN);
	gone(w, 2);
	says(&c, "EXAMINE INBOX", "* OK [CLOSED] The one before is closed."
	    "\r\n* FLAGS " FLAGS ")\r\n* OK [PERMANENTFLAGS ()] Open for "
	    "reading only.\r\n* 2 EXISTS\r\n* 2 RECENT\r\n"
	    "* OK [UNSEEN 2] The first that is not seen.\r\n"
	    "* OK [UIDVALIDITY %u] UIDs are valid.\r\n"
	    "* OK [UIDNEXT 4] The next UID.\r\n"
	    "* OK [HIGHESTMODSEQ 6] The highest there is.\r\n"
	    "* OK [MAILBOXID (F1)] Its name for ever.\r\n"
	    "A OK [READ-ONLY] It is selected.\r\n");
	/* RFC 9051 section 6.3.2: a SELECT that fails leaves none. */
	says(&c, "SELECT nowhere", "* OK [CLOSED] The one before is closed."
	    "\r\nA NO [NONEXISTENT] There is no such mailbox.\r\n");
	assert_false(c.m->imap.selected);
	imap_client_close(&c);
}

static void
rev2_tells_the_name(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	letters(w, 1);
	imap_client_enter(&c, w);
	assert_non_null(strstr(imap_client_ask(&c, "ENABLE IMAP4rev2"),
	    "A OK "));
	says(&c, "SELECT INBOX", STATE "* 1 EXISTS\r\n"
	    "* OK [UIDVALIDITY %u] UIDs are valid.\r\n"
	    "* OK [UIDNEXT 2] The next UID.\r\n"
	    "* OK [HIGHESTMODSEQ 2] The highest there is.\r\n"
	    "* OK [MAILBOXID (F1)] Its name for ever.\r\n"
	    "* LIST () \"/\" INBOX\r\n"
	    "A OK [READ-WRITE] It is selected.\r\n");
	imap_client_close(&c);
}

/* What stands behind the state of the mailbox. */
static const char *
resync(struct imap_client *c, const char *arguments)
{
	static const char before[] = "Its name for ever.\r\n";
	struct buf command;
	const char *said;

	buf_init(&command, 1000);
	buf_add_format(&command, "SELECT INBOX (QRESYNC (%u %s))",
	    (unsigned)uidvalidity(c->w), arguments);
	said = imap_client_ask(c, buf_text(&command));
	buf_drop(&command);
	said = strstr(said, before);
	assert_non_null(said);
	return said + strlen(before);
}

#define SELECTED "A OK [READ-WRITE] It is selected.\r\n"

static void
qresync_tells_what_changed(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	letters(w, 6);
	recent_given(&w->service, BOX_INBOX, 100);
	imap_client_enter(&c, w);
	assert_non_null(strstr(imap_client_ask(&c,
	    "SELECT INBOX (QRESYNC (1 1))"), "A BAD "));
	assert_non_null(strstr(imap_client_ask(&c, "ENABLE QRESYNC"),
	    "A OK "));
	assert_string_equal(resync(&c, "7"), SELECTED);
	gone(w, 2);			/* modseq 8 */
	flag(w, 3, 3, BOX_SEEN);	/* 9 */
	gone(w, 5);			/* 10 */
	letters(w, 1);			/* UID 7, 11 */
	flag(w, 1, 1, BOX_FLAGGED);	/* 12 */
	assert_string_equal(resync(&c, "7"), "* VANISHED (EARLIER) 2,5\r\n"
	    "* 2 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (9))\r\n"
	    "* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (12))\r\n"
	    "* 5 FETCH (UID 7 FLAGS () MODSEQ (11))\r\n" SELECTED);
	assert_string_equal(resync(&c, "9"), "* VANISHED (EARLIER) 5\r\n"
	    "* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (12))\r\n"
	    "* 5 FETCH (UID 7 FLAGS () MODSEQ (11))\r\n" SELECTED);
	assert_string_equal(resync(&c, "12"), SELECTED);
	assert_string_equal(resync(&c, "400"), SELECTED);
	/* Only what it knows. */
	assert_string_equal(resync(&c, "7 3:6"), "* VANISHED (EARLIER) 5\r\n"
	    "* 2 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (9))\r\n" SELECTED);
	/* Another UIDVALIDITY: as if nothing was asked. */
	assert_null(strstr(imap_client_ask(&c,
	    "SELECT INBOX (QRESYNC (4711 7))"), "VANISHED"));
	/* It knows that UID 4 is the third, and so of all gone before. */
	assert_string_equal(resync(&c, "7 1:7 (1,3 1,4)"),
	    "* VANISHED (EARLIER) 5\r\n"
	    "* 2 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (9))\r\n"
	    "* 1 FETCH (UID 1 FLAGS (\\Flagged) MODSEQ (12))\r\n"
	    "* 5 FETCH (UID 7 FLAGS () MODSEQ (11))\r\n" SELECTED);
	assert_non_null(strstr(resync(&c, "7 1:7 (1:4 1:4)"),
	    "(EARLIER) 2,5\r\n"));
	imap_client_close(&c);
}

static void
much_of_qresync_comes_in_parts(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;
	struct str said, line;
	unsigned count = 0, n;

	for (n = 0; n < 3000; n++) {
		const struct message_start start = { .box = BOX_INBOX };
		struct message_writer *writer;

		assert_int_equal(message_begin(w->at.db, &writer), 0);
		assert_int_equal(message_piece(writer, STR(LETTER), true), 0);
		assert_int_equal(message_keep(writer, &start, NULL), 0);
	}
	imap_world_turn(w, 1);
	flag(w, 1, 1000, BOX_SEEN);
	imap_client_enter(&c, w);
	assert_non_null(strstr(imap_client_ask(&c, "ENABLE QRESYNC"),
	    "A OK "));
	said = str_of(resync(&c, "1"));
	while (str_split(&said, '\n', &line))
		count += str_find_str(line, STR(" FETCH (UID ")) != STR_NONE;
	assert_int_equal(count, 3000);
	imap_client_close(&c);
}

static void
close_removes_and_unselect_does_not(void **state)
{
	struct imap_world *w = *state;
	struct box_status status;
	struct imap_client c;

	letters(w, 3);
	flag(w, 1, 2, BOX_DELETED);
	imap_client_enter(&c, w);
	(void)imap_client_ask(&c, "SELECT INBOX");
	assert_string_equal(imap_client_ask(&c, "UNSELECT"),
	    "A OK It is closed.\r\n");
	assert_false(c.m->imap.selected);
	(void)imap_client_ask(&c, "EXAMINE INBOX");
	assert_string_equal(imap_client_ask(&c, "CLOSE"),
	    "A OK It is closed.\r\n");
	assert_int_equal(box_status(w->at.db, BOX_INBOX, &status), 0);
	assert_int_equal(status.messages, 3);
	(void)imap_client_ask(&c, "SELECT INBOX");
	assert_string_equal(imap_client_ask(&c, "CLOSE"),
	    "A OK It is closed.\r\n");
	assert_false(c.m->imap.selected);
	assert_int_equal(box_status(w->at.db, BOX_INBOX, &status), 0);
	assert_int_equal(status.messages, 1);
	/* Who may not be removed stays, and so does the mailbox. */
	flag(w, 3, 3, BOX_DELETED);
	(void)imap_client_ask(&c, "SELECT INBOX");
	w->fails = true;
	assert_non_null(strstr(imap_client_ask(&c, "CLOSE"),
	    "A NO [SERVERBUG] "));
	assert_true(c.m->imap.selected);
	imap_client_close(&c);
}

int
mua_select_test(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(select_tells_what_is_there),
		TEST(rev2_tells_the_name),
		TEST(qresync_tells_what_changed),
		TEST(much_of_qresync_comes_in_parts),
		TEST(close_removes_and_unselect_does_not),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_select", tests, NULL,
	    NULL);
}
