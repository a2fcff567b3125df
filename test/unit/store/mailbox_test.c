/* Mailboxes by name: made, renamed, removed, subscribed to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/db_inner.h"
#include "store/mailbox.h"

int mailbox_test(void);

/* What the list has, as "INBOX* Sent\\Sent*": a star is subscribed, a dash
   means that there is no mailbox. */
static void
list_is(struct fixture *f, const char *expected)
{
	struct mailboxes all;
	struct buf text;

	buf_init(&text, 10000);
	assert_int_equal(mailbox_list(f->db, &all), 0);
	for (size_t i = 0; i < all.count; i++) {
		const struct mailbox *m = &all.list[i];

		if (i > 0)
			buf_add_char(&text, ' ');
		buf_add(&text, m->name);
		buf_add(&text, m->special_use);
		buf_add_text(&text, m->id == 0 ? "-" : "");
		buf_add_text(&text, m->subscribed ? "*" : "");
	}
	assert_string_equal(buf_text(&text), expected);
	buf_drop(&text);
	mailbox_list_drop(&all);
	mailbox_list_drop(&all);
}

static int
make(struct fixture *f, const char *name)
{
	int64_t id;

	return mailbox_make(f->db, str_of(name), STR(""), &id);
}

static int64_t
id_of(struct fixture *f, const char *name)
{
	int64_t id = 0;

	assert_int_equal(mailbox_find(f->db, str_of(name), &id), 0);
	return id;
}

static int
move(struct fixture *f, const char *from, const char *to)
{
	return mailbox_rename(f->db, str_of(from), str_of(to));
}

static uint32_t
uidvalidity_of(struct fixture *f, const char *name)
{
	struct box_status status;

	assert_int_equal(box_status(f->db, id_of(f, name), &status), 0);
	return status.uidvalidity;
}

/* Put a message into a mailbox. */
static uint32_t
put(struct fixture *f, const char *name, unsigned n)
{
	struct message_start start = { id_of(f, name), 7, 0 };
	uint32_t uid;

	assert_int_equal(message_keep(fixture_write(f, n, 20), &start, &uid),
	    0);
	return uid;
}

static void
sound(struct fixture *f)
{
	struct buf why;

	buf_init(&why, 200);
	if (db_verify(f->db, &why) != 0)
		fail_msg("%s", buf_text(&why));
	buf_drop(&why);
}

#define FIRST "Archive\\Archive* Drafts\\Drafts* INBOX* Junk\\Junk* " \
	"Sent\\Sent* Trash\\Trash*"

static void
test_list(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	list_is(f, FIRST);
	assert_int_equal(mailbox_make(f->db, STR("work"), STR("\\Flagged"),
	    &id), 0);
	assert_int_equal(id, 7);
	assert_int_equal(make(f, "work/old stuff"), 0);
	assert_int_equal(make(f, "a/b/c"), 0);
	assert_int_equal(mailbox_subscribe(f->db, STR("gone"), true), 0);
	assert_int_equal(mailbox_subscribe(f->db, STR("gone"), true), 0);
	assert_int_equal(mailbox_subscribe(f->db, STR("work"), true), 0);
	assert_int_equal(mailbox_subscribe(f->db, STR("inbox"), false), 0);
	assert_int_equal(mailbox_subscribe(f->db, STR("never"), false), 0);
	assert_int_equal(db_commit(f->db), 0);
	list_is(f, "Archive\\Archive* Drafts\\Drafts* INBOX Junk\\Junk* "
	    "Sent\\Sent* Trash\\Trash* a/b/c gone-* work\\Flagged* "
	    "work/old stuff");
	/* a subscription outlives its mailbox */
	assert_int_equal(mailbox_remove(f->db, STR("work")), 0);
	assert_int_equal(mailbox_subscribe(f->db, STR("gone"), false), 0);
	list_is(f, "Archive\\Archive* Drafts\\Drafts* INBOX Junk\\Junk* "
	    "Sent\\Sent* Trash\\Trash* a/b/c work-* work/old stuff");
	db_rollback(f->db);
	list_is(f, "Archive\\Archive* Drafts\\Drafts* INBOX Junk\\Junk* "
	    "Sent\\Sent* Trash\\Trash* a/b/c gone-* work\\Flagged* "
	    "work/old stuff");
}

static void
test_names(void **state)
{
	static const char *const bad[] = {
		"", "/", "/a", "a/", "a//b", "a\tb", "a\x7f", "a\xc2\x85",
		"\xe2\x80\xa8", "x\xe2\x80\xa9y", "\xff", "\xc3", "a\rb"
	};
	static const char *const good[] = {
		"a b", "\"%*\\", "\xc3\xa4\xc2\xa0", "\xe2\x80\xaa", ".", "a/.."
	};
	char name[MAILBOX_NAME_MAX + 2];
	struct fixture *f = *state;
	int64_t id;

	for (size_t i = 0; i < countof(bad); i++) {
		assert_int_equal(make(f, bad[i]), -EINVAL);
		assert_int_equal(mailbox_find(f->db, str_of(bad[i]), &id),
		    -ENOENT);
		assert_int_equal(mailbox_remove(f->db, str_of(bad[i])),
		    -ENOENT);
		assert_int_equal(move(f, "Sent", bad[i]), -EINVAL);
		assert_int_equal(move(f, bad[i], "x"), -ENOENT);
		assert_int_equal(mailbox_subscribe(f->db, str_of(bad[i]),
		    true), -EINVAL);
	}
	assert_int_equal(mailbox_make(f->db, str_from("a\0b", 3), STR(""),
	    &id), -EINVAL);
	for (size_t i = 0; i < countof(good); i++) {
		assert_int_equal(make(f, good[i]), 0);
		assert_int_equal(make(f, good[i]), -EEXIST);
		assert_int_equal(mailbox_remove(f->db, str_of(good[i])), 0);
	}
	memset(name, 'x', sizeof name);
	name[MAILBOX_NAME_MAX + 1] = '\0';
	assert_int_equal(make(f, name), -ENAMETOOLONG);
	name[MAILBOX_NAME_MAX] = '\0';
	assert_int_equal(make(f, name), 0);
	/* INBOX in any letter case, and what is below it */
	assert_int_equal(id_of(f, "iNbOx"), BOX_INBOX);
	assert_int_equal(make(f, "inbox"), -EEXIST);
	assert_int_equal(make(f, "inbox/x"), 0);
	assert_true(id_of(f, "INBOX/x") > 0);
	assert_int_equal(make(f, "inboxes"), 0);
	assert_true(id_of(f, "inboxes") > 0);
	assert_int_equal(mailbox_find(f->db, STR("INBOXes"), &id), -ENOENT);
	assert_int_equal(mailbox_find(f->db, STR("sent"), &id), -ENOENT);
	assert_int_equal(mailbox_remove(f->db, STR("Inbox")), -EPERM);
	/* a refusal is no change */
	db_rollback(f->db);
	list_is(f, FIRST);
}

/* No id and no UIDVALIDITY ever comes again. */
static void
test_once(void **state)
{
	struct fixture *f = *state;
	int64_t id = id_of(f, "Archive"), last;
	uint32_t high = uidvalidity_of(f, "Archive");

	/* the highest there are */
	assert_int_equal(mailbox_remove(f->db, STR("Archive")), 0);
	assert_int_equal(make(f, "Archive"), 0);
	last = id_of(f, "Archive");
	assert_true(last > id);
	assert_true(uidvalidity_of(f, "Archive") > high);
	high = uidvalidity_of(f, "Archive");
	assert_int_equal(mailbox_remove(f->db, STR("Archive")), 0);
	assert_int_equal(db_commit(f->db), 0);
	while (db_rest(f->db, INT64_MAX))
		continue;
	fixture_reopen(f, DB_SERVE);
	/* whatever the clock says */
	f->clock.unix_s -= 1000000;
	assert_int_equal(make(f, "new"), 0);
	assert_true(id_of(f, "new") > last);
	assert_true(uidvalidity_of(f, "new") > high);
	high = uidvalidity_of(f, "new");
	f->clock.unix_s = INT64_MAX;
	assert_int_equal(make(f, "newer"), 0);
	assert_int_equal(uidvalidity_of(f, "newer"), high + 1);
	f->clock.unix_s = 1700000000 + 5000;
	assert_int_equal(make(f, "newest"), 0);
	assert_int_equal(uidvalidity_of(f, "newest"), 1700000000 + 5000);
	assert_int_equal(fixture_number(f, "SELECT count(*) ="
	    " count(DISTINCT uidvalidity) FROM box"), 1);
	assert_int_equal(uidvalidity_of(f, "INBOX"), 1700000000);
}

/* When all were given, there is none to begin with anew. */
static void
test_used_up(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(db_begin(f->db), 0);
	assert_int_equal(state_set(f->db, "uidvalidity_next", UINT32_MAX), 0);
	assert_int_equal(make(f, "last"), 0);
	assert_int_equal(uidvalidity_of(f, "last"), UINT32_MAX);
	assert_int_equal(make(f, "beyond"), -EOVERFLOW);
	assert_int_equal(db_commit(f->db), 0);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(make(f, "beyond"), -EOVERFLOW);
	assert_int_equal(db_commit(f->db), 0);
}

static void
test_special(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	assert_int_equal(mailbox_make(f->db, STR("x"), STR("\\Sent"), &id),
	    -EEXIST);
	assert_int_equal(mailbox_remove(f->db, STR("Sent")), 0);
	assert_int_equal(mailbox_make(f->db, STR("x"), STR("\\Sent"), &id), 0);
	assert_int_equal(move(f, "x", "y"), 0);
	list_is(f, "Archive\\Archive* Drafts\\Drafts* INBOX* Junk\\Junk* "
	    "Sent-* Trash\\Trash* y\\Sent");
}

static void
test_many(void **state)
{
	struct fixture *f = *state;
	char name[20];
	uint64_t used, limit;

	for (unsigned i = 6; i < MAILBOXES_MAX; i++) {
		(void)snprintf(name, sizeof name, "m%u", i);
		assert_int_equal(make(f, name), 0);
		assert_int_equal(mailbox_subscribe(f->db, str_of(name), true),
		    0);
	}
	assert_int_equal(make(f, "one more"), -EDQUOT);
	assert_int_equal(mailbox_subscribe(f->db, STR("one more"), true),
	    -EDQUOT);
	assert_int_equal(mailbox_subscribe(f->db, STR("m6"), true), 0);
	assert_int_equal(mailbox_remove(f->db, STR("m9")), 0);
	assert_int_equal(make(f, "one more"), 0);
	assert_int_equal(mailbox_quota(f->db, &used, &limit), 0);
	assert_int_equal(used, 0);
	(void)put(f, "m7", 1);
	(void)put(f, "INBOX", 2);
	assert_int_equal(mailbox_quota(f->db, &used, &limit), 0);
	assert_int_equal(used, 40);
	assert_true(limit > used);
}

static void
test_rename(void **state)
{
	struct fixture *f = *state;
	int64_t id, child;

	assert_int_equal(make(f, "a"), 0);
	assert_int_equal(make(f, "a/x"), 0);
	assert_int_equal(make(f, "a/x/y"), 0);
	assert_int_equal(make(f, "a0"), 0);
	assert_int_equal(make(f, "a b"), 0);
	assert_int_equal(make(f, "c/x"), 0);
	id = id_of(f, "a");
	child = id_of(f, "a/x/y");
	assert_int_equal(move(f, "a", "a"), -EEXIST);
	assert_int_equal(move(f, "a", "a0"), -EEXIST);
	assert_int_equal(move(f, "a", "c"), -EEXIST);
	assert_int_equal(move(f, "a", "inbox"), -EEXIST);
	assert_int_equal(move(f, "a", "a/z"), -EINVAL);
	assert_int_equal(move(f, "b", "d"), -ENOENT);
	assert_int_equal(move(f, "c", "d"), -ENOENT);
	assert_int_equal(move(f, "a", "b"), 0);
	assert_int_equal(id_of(f, "b"), id);
	assert_int_equal(id_of(f, "b/x/y"), child);
	list_is(f, "Archive\\Archive* Drafts\\Drafts* INBOX* Junk\\Junk* "
	    "Sent\\Sent* Trash\\Trash* a b a0 b b/x b/x/y c/x");
	/* up, where new names are old names of others */
	assert_int_equal(make(f, "t/b"), 0);
	assert_int_equal(make(f, "t/b/zz"), 0);
	assert_int_equal(make(f, "t/b/b"), 0);
	assert_int_equal(make(f, "t/b/b/zz"), 0);
	id = id_of(f, "t/b/b/zz");
	assert_int_equal(move(f, "t/b", "t"), 0);
	assert_int_equal(id_of(f, "t/b/zz"), id);
	list_is(f, "Archive\\Archive* Drafts\\Drafts* INBOX* Junk\\Junk* "
	    "Sent\\Sent* Trash\\Trash* a b a0 b b/x b/x/y c/x t t/b t/b/zz "
	    "t/zz");
	assert_int_equal(db_commit(f->db), 0);
	sound(f);
}

static void
test_rename_long(void **state)
{
	char name[MAILBOX_NAME_MAX];
	struct fixture *f = *state;

	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_int_equal(make(f, "a"), 0);
	assert_int_equal(make(f, "a/b"), 0);
	assert_int_equal(move(f, "a", name), -ENAMETOOLONG);
	assert_true(id_of(f, "a/b") > 0);
	assert_int_equal(mailbox_remove(f->db, STR("a/b")), 0);
	assert_int_equal(move(f, "a", name), 0);
}

/* INBOX stays, and is empty (RFC 9051 section 6.3.6). */
static void
test_rename_inbox(void **state)
{
	struct fixture *f = *state;
	struct box_change change = { .how = BOX_FLAGS_ADD,
	    .flags = BOX_SEEN | 1 << BOX_KEYWORD_SHIFT };
	struct box_span second = { 1, 2, 2 };
	struct uids uids = { 0 };
	struct box_status was, is;
	struct box_entry entry;
	struct keywords words;
	unsigned number;
	uint64_t modseq;
	size_t count;

	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(put(f, "INBOX", i), i);
	assert_int_equal(keyword_find(f->db, 1, STR("work"), true, &number),
	    0);
	assert_int_equal(box_flags(f->db, &second, &change, NULL, &modseq), 0);
	assert_int_equal(box_delete(f->db, 1, (uint32_t[]){ 3 }, 1), 0);
	assert_int_equal(make(f, "inbox/below"), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_status(f->db, 1, &was), 0);
	f->clock.unix_s += 99;
	assert_int_equal(move(f, "inbox", "Sent"), -EEXIST);
	assert_int_equal(move(f, "inbox", "inbox/old"), 0);
	assert_int_equal(db_commit(f->db), 0);
	sound(f);
	list_is(f, "Archive\\Archive* Drafts\\Drafts* INBOX* INBOX/below "
	    "INBOX/old Junk\\Junk* Sent\\Sent* Trash\\Trash*");
	/* what went */
	assert_int_equal(box_status(f->db, 1, &is), 0);
	assert_int_equal(is.messages + is.octets + is.unseen, 0);
	assert_int_equal(is.uidnext, 6);
	assert_int_equal(is.uidvalidity, was.uidvalidity);
	assert_true(is.modseq > was.modseq);
	assert_int_equal(box_vanished(f->db, 1, was.modseq, &uids), 0);
	assert_int_equal(uids_len(&uids), 5);
	assert_int_equal(keyword_list(f->db, 1, &words), 0);
	assert_int_equal(words.count, 1);
	keyword_list_drop(&words);
	/* what came */
	assert_int_equal(box_status(f->db, id_of(f, "INBOX/old"), &is), 0);
	assert_int_equal(is.messages, was.messages);
	assert_int_equal(is.octets, was.octets);
	assert_int_equal(is.unseen, was.unseen);
	assert_int_equal(is.uidnext, was.uidnext);
	assert_true(is.uidvalidity > was.uidvalidity);
	uids_clear(&uids);
	second.box = id_of(f, "INBOX/old");
	assert_int_equal(box_uids(f->db, second.box, &uids), 0);
	assert_int_equal(uids_len(&uids), 4);
	assert_false(uids_has(&uids, 3));
	assert_int_equal(box_entries(f->db, &second, &entry, 1, &count), 0);
	assert_int_equal(entry.flags, change.flags);
	assert_int_equal(entry.received, 7);
	assert_int_equal(entry.saved, f->clock.unix_s);
	assert_int_equal(keyword_list(f->db, second.box, &words), 0);
	assert_true(str_equal(words.names[0], STR("work")));
	keyword_list_drop(&words);
	/* and on it goes, once more and empty */
	assert_int_equal(put(f, "INBOX", 9), 6);
	assert_int_equal(put(f, "INBOX/old", 9), 6);
	assert_int_equal(move(f, "INBOX", "once/more"), 0);
	assert_int_equal(move(f, "INBOX", "empty"), 0);
	assert_int_equal(put(f, "INBOX", 9), 7);
	assert_int_equal(db_commit(f->db), 0);
	sound(f);
	uids_drop(&uids);
}

/* A removed mailbox is gone at once, its content in steps. */
static void
test_remove(void **state)
{
	struct fixture *f = *state;
	struct box_status status;
	struct box_entry entries[2];
	int64_t id, session;
	unsigned steps = 0;
	uint32_t uid;
	size_t count;

	assert_int_equal(make(f, "big"), 0);
	assert_int_equal(make(f, "big/child"), 0);
	id = id_of(f, "big");
	for (unsigned i = 0; i < 600; i++)
		(void)put(f, "big", i);
	for (uint32_t i = 10; i < 500; i += 2)
		assert_int_equal(box_delete(f->db, id, &i, 1), 0);
	assert_int_equal(box_entries(f->db, &(struct box_span){ id, 1, 2 },
	    entries, 2, &count), 0);
	assert_int_equal(box_copy(f->db, BOX_INBOX, entries, 2, &uid), 0);
	assert_int_equal(db_commit(f->db), 0);
	while (db_rest(f->db, INT64_MAX))
		continue;
	session = db_stamp(f->db);
	assert_int_equal(mailbox_remove(f->db, STR("big")), 0);
	assert_int_equal(box_status(f->db, id, &status), -ENOENT);
	assert_int_equal(db_commit(f->db), 0);
	sound(f);
	assert_int_equal(make(f, "big"), 0);
	assert_int_equal(put(f, "big", 1), 1);
	assert_int_equal(db_commit(f->db), 0);
	/* a session that reads what was in it goes on */
	while (db_rest(f->db, session))
		steps++;
	assert_in_range(steps, 3, 9);
	sound(f);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"),
	    600 - 245 + 1);
	while (db_rest(f->db, INT64_MAX))
		continue;
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM message"), 3);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM entry"), 3);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM copy"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM vanished"),
	    0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM removed"), 0);
	assert_true(id_of(f, "big/child") > 0);
	assert_int_equal(box_status(f->db, id_of(f, "big"), &status), 0);
	assert_int_equal(status.messages, 1);
	sound(f);
}

int
mailbox_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_list),
		WITH_BOX(test_names),
		WITH_BOX(test_once),
		WITH_BOX(test_used_up),
		WITH_BOX(test_special),
		WITH_BOX(test_many),
		WITH_BOX(test_rename),
		WITH_BOX(test_rename_long),
		WITH_BOX(test_rename_inbox),
		WITH_BOX(test_remove),
	};

	return cmocka_run_group_tests_name("store/mailbox", tests, NULL, NULL);
}
