/* What a mail program is told of its mailbox, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/view_world.h"
#include "base/crypto.h"

int mua_view_tell_test(void);

static void
news_come_in_order(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;

	view_letters(w, 6);
	view_opened(w, m);
	assert_true(m->imap.selected);
	view_told(m, true, "");
	view_gone(w, 2, 3);
	view_gone(w, 5, 5);
	view_letters(w, 2);
	(void)view_flag(w, 4, 4, BOX_SEEN);
	view_told(m, true, "* 5 EXPUNGE\r\n* 3 EXPUNGE\r\n* 2 EXPUNGE\r\n"
	    "* 5 EXISTS\r\n* 2 RECENT\r\n* 2 FETCH (FLAGS (\\Seen))\r\n");
	view_told(m, true, "");
	view_gone(w, 1, 8);
	view_told(m, true, "* 5 EXPUNGE\r\n* 4 EXPUNGE\r\n* 3 EXPUNGE\r\n"
	    "* 2 EXPUNGE\r\n* 1 EXPUNGE\r\n");
	view_told(m, true, "");
}

/* Numbers stay as they are until all that changes them was told. */
static void
who_is_gone_can_be_told_later(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;

	view_letters(w, 3);
	view_opened(w, m);
	view_gone(w, 1, 1);
	view_letters(w, 1);
	(void)view_flag(w, 3, 3, BOX_FLAGGED);
	view_told(m, false, "* 4 EXISTS\r\n* 1 RECENT\r\n"
	    "* 3 FETCH (FLAGS (\\Flagged))\r\n");
	view_told(m, false, "");
	assert_int_equal(uids_len(&m->view.uids), 4);
	view_told(m, true, "* 1 EXPUNGE\r\n");
	/* One that came and went was never there. */
	view_letters(w, 1);
	view_gone(w, 5, 5);
	view_told(m, true, "");
	assert_int_equal(m->view.uidnext, 6);
}

static void
resync_tells_uids(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;

	view_letters(w, 6);
	m->imap.enabled = IMAP_ENABLED_QRESYNC;
	view_opened(w, m);
	view_gone(w, 2, 3);
	(void)view_flag(w, 5, 5, BOX_SEEN);
	/* RFC 7162 section 3.2: not so far that the others could be missed. */
	view_told(m, false, "* 5 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (10))\r\n"
	    "* OK [HIGHESTMODSEQ 7] All up to it is told.\r\n");
	view_gone(w, 6, 6);
	view_told(m, true, "* VANISHED 2:3,6\r\n"
	    "* OK [HIGHESTMODSEQ 11] All up to it is told.\r\n");
	view_told(m, true, "");
	/* Also when nothing else would tell that there are changes. */
	view_gone(w, 1, 1);
	view_told(m, true, "* VANISHED 1\r\n"
	    "* OK [HIGHESTMODSEQ 12] All up to it is told.\r\n");
	view_told(m, true, "");
	/* The reply to one's own tells it. */
	view_gone(w, 4, 4);
	buf_init(&m->code, MUA_CODE_MAX);
	buf_add_text(&m->code, "HIGHESTMODSEQ 13");
	view_told(m, true, "* VANISHED 4\r\n");
	buf_drop(&m->code);
	view_told(m, true, "");
	m->imap.enabled |= IMAP_ENABLED_UIDONLY;
	(void)view_flag(w, 5, 5, BOX_FLAGGED);
	view_told(m, true,
	    "* 5 UIDFETCH (FLAGS (\\Flagged \\Seen) MODSEQ (14))\r\n");
}

/* RFC 7162 section 3.1: the first command that turns it on. */
static void
condstore_is_told_once(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;

	view_letters(w, 1);
	view_opened(w, m);
	m->imap.enabled = IMAP_ENABLED_CONDSTORE;
	view_told(m, true,
	    "* OK [HIGHESTMODSEQ 2] All up to it is told.\r\n");
	(void)view_flag(w, 1, 1, BOX_SEEN);
	view_told(m, true, "* 1 FETCH (FLAGS (\\Seen) MODSEQ (3))\r\n");
}

static void
own_changes_are_no_news(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;

	view_letters(w, 4);
	view_opened(w, m);
	view_own(m, view_flag(w, 1, 1, BOX_SEEN));
	view_own(m, view_flag(w, 2, 2, BOX_SEEN));
	(void)view_flag(w, 3, 3, BOX_SEEN);
	view_told(m, true, "* 3 FETCH (FLAGS (\\Seen))\r\n");
	/* What another has changed before is not lost in one's own. */
	(void)view_flag(w, 4, 4, BOX_FLAGGED);
	view_own(m, view_flag(w, 4, 4, BOX_SEEN));
	view_told(m, true, "* 4 FETCH (FLAGS (\\Flagged \\Seen))\r\n");
	view_own(m, view_flag(w, 1, 4, BOX_DRAFT));
	view_told(m, true, "");
}

static void
keywords_are_named_first(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;
	unsigned number;

	view_letters(w, 2);
	view_opened(w, m);
	view_put_keywords(m);
	assert_string_equal(buf_text(&m->imap.out),
	    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
	    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	    "\\Draft \\*)] They are kept.\r\n");
	assert_int_equal(keyword_find(w->at.db, BOX_INBOX, STR("work"), true,
	    &number), 0);
	(void)view_flag(w, 2, 2, UINT64_C(1) << (BOX_KEYWORD_SHIFT + number));
	view_told(m, true,
	    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft work)\r\n"
	    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	    "\\Draft work \\*)] They are kept.\r\n"
	    "* 2 FETCH (FLAGS (work))\r\n");
	/* Also when one has made it oneself. */
	assert_int_equal(keyword_find(w->at.db, BOX_INBOX, STR("play"), true,
	    &number), 0);
	view_own(m, view_flag(w, 2, 2,
	    UINT64_C(1) << (BOX_KEYWORD_SHIFT + number)));
	view_told(m, true, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	    "\\Draft work play)\r\n* OK [PERMANENTFLAGS (\\Answered \\Flagged "
	    "\\Deleted \\Seen \\Draft work play \\*)] They are kept.\r\n");
	view_close(m);
	assert_int_equal(view_open(m, BOX_INBOX, true), 0);
	buf_clear(&m->imap.out);
	view_put_keywords(m);
	assert_non_null(strstr(buf_text(&m->imap.out),
	    "[PERMANENTFLAGS ()]"));
}

/* Each is recent to the first who may write and hears of it. */
static void
recent_is_who_nobody_saw(void **state)
{
	struct view_world *w = *state;
	struct mua *one = &w->one, *two = &w->two;

	view_letters(w, 1);
	recent_drop(&w->service);
	recent_open(&w->service);
	view_letters(w, 2);
	assert_int_equal(view_open(one, BOX_INBOX, true), 0);
	assert_false(view_recent(one, 1));
	assert_true(view_recent(one, 2));
	assert_int_equal(view_open(two, BOX_INBOX, false), 0);
	assert_true(view_recent(two, 2));
	view_close(one);
	assert_int_equal(view_open(one, BOX_INBOX, false), 0);
	assert_false(view_recent(one, 3));
	view_letters(w, 1);
	view_told(one, true, "* 4 EXISTS\r\n* 1 RECENT\r\n");
	assert_true(view_recent(one, 4));
	view_told(two, true, "* 4 EXISTS\r\n* 3 RECENT\r\n");
	view_close(two);
	assert_int_equal(view_open(two, BOX_INBOX, false), 0);
	view_letters(w, 1);
	view_told(one, true, "* 5 EXISTS\r\n* 2 RECENT\r\n");
	view_told(two, true, "* 5 EXISTS\r\n* 0 RECENT\r\n");
	assert_false(view_recent(two, 5));
	one->imap.enabled = IMAP_ENABLED_REV2;
	view_letters(w, 1);
	view_told(one, true, "* 6 EXISTS\r\n");
	assert_false(view_recent(one, 6));
}

/* Who is told much is told in parts, and not twice. */
static void
much_is_told_in_parts(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;
	struct str out, line;
	unsigned parts = 0, count = 4000;
	uint32_t uid;

	view_letters(w, count);
	view_opened(w, m);
	for (uid = 2; uid <= count; uid += 2)
		assert_int_equal(box_delete(w->at.db, BOX_INBOX, &uid, 1), 0);
	(void)view_flag(w, 1, count, BOX_SEEN);
	view_letters(w, 1000);
	buf_clear(&m->imap.out);
	while (view_tell(m, true)) {
		assert_true(m->imap.out.len <
		    IMAP_OUT_STOP + 65536);
		out = buf_str(&m->imap.out);
		while (str_split(&out, '\n', &line))
			count -= str_ends(line, STR(" EXPUNGE\r"));
		buf_clear(&m->imap.out);
		parts++;
	}
	assert_int_equal(count, 2000);
	assert_true(parts > 3);
	assert_int_equal(uids_len(&m->view.uids), 3000);
	view_told(m, true, "");
}

/* A mailbox with holes everywhere, known by QRESYNC. */
static void
holes_are_told_in_parts(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;
	unsigned lines = 0;
	struct str out, line;
	uint32_t uid;
	bool more = true;

	view_letters(w, 10000);
	m->imap.enabled = IMAP_ENABLED_QRESYNC;
	view_opened(w, m);
	for (uid = 1; uid <= 10000; uid += 2)
		assert_int_equal(box_delete(w->at.db, BOX_INBOX, &uid, 1), 0);
	assert_int_equal(db_commit(w->at.db), 0);
	while (more) {
		buf_clear(&m->imap.out);
		more = view_tell(m, true);
		assert_true(m->imap.out.len < IMAP_OUT_STOP + 65536);
		out = buf_str(&m->imap.out);
		while (str_split(&out, '\n', &line))
			lines += str_starts(line, STR("* VANISHED "));
	}
	assert_int_equal(lines, 3);
	assert_int_equal(uids_len(&m->view.uids), 5000);
}

static void
who_does_not_read_is_not_told(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;

	view_letters(w, 1);
	view_opened(w, m);
	view_letters(w, 1);
	while (!mua_full(m))
		buf_add_text(&m->imap.out, "* OK Much is unsent.\r\n");
	assert_true(view_tell(m, true));
	assert_int_equal(uids_len(&m->view.uids), 1);
	view_told(m, true, "* 2 EXISTS\r\n* 1 RECENT\r\n");
}

static void
a_command_ends_while_others_work(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;
	unsigned turns = 1;

	view_letters(w, 300);
	view_opened(w, m);
	(void)view_flag(w, 1, 300, BOX_SEEN);
	view_letters(w, 200);
	m->over = true;
	for (; turns < 50 && view_tell(m, true); turns++) {
		(void)view_flag(w, 1, 300, UINT64_C(1) << turns % 5);
		view_letters(w, 200);
	}
	assert_in_range(turns, 2, 5);
	m->view.goal_modseq = 0;	/* the next command */
	while (view_tell(m, true))
		buf_clear(&m->imap.out);
	assert_int_equal(uids_len(&m->view.uids), 300 + 200 * turns);
}

/* ---- a mail program that believes what it is told ---- */

#define MESSAGES_MAX 2000

struct believer {
	struct mua *m;
	uint32_t uids[MESSAGES_MAX];	/* by number - 1; 0: not asked yet */
	uint64_t flags[MESSAGES_MAX];
	uint32_t count;
};

static void
forget(struct believer *b, uint32_t number)
{
	assert_true(number > 0 && number <= b->count);
	memmove(b->uids + number - 1, b->uids + number,
	    (b->count - number) * sizeof b->uids[0]);
	memmove(b->flags + number - 1, b->flags + number,
	    (b->count - number) * sizeof b->flags[0]);
	b->count--;
}

static void
vanish(struct believer *b, struct str set)
{
	struct str part, first;
	uint64_t low, high;
	uint32_t n;

	while (set.len > 0) {
		if (!str_split(&set, ',', &part))
			part = str_take(&set, set.len);
		/* "7", or "7:9" */
		if (!str_split(&part, ':', &first))
			first = part;
		assert_true(str_number(first, UINT32_MAX, &low));
		assert_true(str_number(part, UINT32_MAX, &high));
		for (; low <= high; low++) {
			for (n = 1; n <= b->count && b->uids[n - 1] != low;)
				n++;
			forget(b, n);
		}
	}
}

/* New ones are there: it asks for their UIDs and flags, as FETCH tells. */
static void
learn(struct believer *b, uint32_t count)
{
	struct box_entry e;
	size_t got;

	assert_true(count >= b->count);
	for (; b->count < count; b->count++) {
		uint32_t uid = uids_at(&b->m->view.uids, b->count + 1);
		const struct box_span one = { BOX_INBOX, uid, uid };

		b->uids[b->count] = uid;
		assert_int_equal(box_entries(b->m->service->db, &one, &e, 1,
		    &got), 0);
		/* It may be gone, and this not told yet. */
		b->flags[b->count] = got > 0 ? e.flags : 0;
	}
}

static void
believe(struct believer *b, struct str line)
{
	struct str number, text;
	uint64_t n;

	assert_true(str_skip_word(&line, STR("* ")));
	line = str_part(line, 0, line.len - 1);
	if (str_skip_word(&line, STR("VANISHED "))) {
		vanish(b, line);
		return;
	}
	if (!str_split(&line, ' ', &number) ||
	    !str_number(number, UINT32_MAX, &n))
		return;
	text = line;
	if (str_equal(text, STR("EXPUNGE")))
		forget(b, (uint32_t)n);
	else if (str_equal(text, STR("EXISTS")))
		learn(b, (uint32_t)n);
	else if (str_skip_word(&text, STR("FETCH (")))
		b->flags[n - 1] =
		    (str_find_str(text, STR("\\Seen")) != STR_NONE ?
		    BOX_SEEN : 0) |
		    (str_find_str(text, STR("\\Flagged")) != STR_NONE ?
		    BOX_FLAGGED : 0);
}

static void
hear(struct believer *b, bool expunges)
{
	struct str out, line;
	bool more;

	do {
		buf_clear(&b->m->imap.out);
		more = view_tell(b->m, expunges);
		out = buf_str(&b->m->imap.out);
		while (str_split(&out, '\n', &line))
			believe(b, line);
	} while (more);
}

static void
compare(struct view_world *w, struct believer *b)
{
	static struct box_entry entries[MESSAGES_MAX];
	const struct box_span all = { BOX_INBOX, 1, UINT32_MAX };
	size_t count, n;

	hear(b, true);
	assert_int_equal(box_entries(w->at.db, &all, entries, MESSAGES_MAX,
	    &count), 0);
	assert_int_equal(b->count, count);
	for (n = 0; n < count; n++) {
		assert_int_equal(b->uids[n], entries[n].uid);
		assert_int_equal(b->flags[n], entries[n].flags);
	}
}

static void
change_something(struct view_world *w, unsigned n)
{
	static const uint64_t flags[] = { BOX_SEEN, BOX_FLAGGED };
	struct box_status status;
	uint32_t first;

	assert_int_equal(box_status(w->at.db, BOX_INBOX, &status), 0);
	first = 1 + (n >> 8) % status.uidnext;
	if (n % 4 == 0 && status.messages < MESSAGES_MAX - 10)
		view_letters(w, 1 + n / 16 % 5);
	else if (n % 4 == 1)
		view_gone(w, first, first + n / 16 % 4);
	else
		(void)view_flag(w, first, first + n / 16 % 20,
		    flags[n / 4 % 2]);
}

static void
whoever_believes_it_knows_all(void **state)
{
	static struct believer one, two;
	struct view_world *w = *state;
	unsigned step, n = 4711;

	one = (struct believer){ .m = &w->one };
	two = (struct believer){ .m = &w->two };
	two.m->imap.enabled = IMAP_ENABLED_QRESYNC;
	view_opened(w, one.m);
	view_opened(w, two.m);
	for (step = 0; step < 1500; step++) {
		n = n * 1103515245 + 12345;
		change_something(w, n >> 4);
		if (n >> 20 & 1)
			hear(&one, (n >> 21 & 3) == 0);
		if (n >> 23 & 1)
			hear(&two, (n >> 24 & 3) == 0);
		if (step % 100 == 99) {
			compare(w, &one);
			compare(w, &two);
		}
	}
	assert_true(w->one.view.uidnext > 500);
}

int
mua_view_tell_test(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, view_world_begin, \
	view_world_end)
	const struct CMUnitTest tests[] = {
		TEST(news_come_in_order),
		TEST(who_is_gone_can_be_told_later),
		TEST(resync_tells_uids),
		TEST(condstore_is_told_once),
		TEST(own_changes_are_no_news),
		TEST(keywords_are_named_first),
		TEST(recent_is_who_nobody_saw),
		TEST(much_is_told_in_parts),
		TEST(holes_are_told_in_parts),
		TEST(who_does_not_read_is_not_told),
		TEST(a_command_ends_while_others_work),
		TEST(whoever_believes_it_knows_all),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_view_tell", tests, NULL,
	    NULL);
}
