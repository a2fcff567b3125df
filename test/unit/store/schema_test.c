/* Older databases, and what becomes of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "mail/summary.h"
#include "queue_world.h"
#include "store/db_inner.h"
#include "store/device.h"
#include "store/mailbox.h"

int schema_test(void);

/* The first step as it was released: 0.1 made its databases by it. */
static const char first[] =
	"CREATE TABLE state ("
	" name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE box ("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" special_use TEXT,"
	" subscribed INTEGER NOT NULL,"
	" uidvalidity INTEGER NOT NULL,"
	" uidnext INTEGER NOT NULL DEFAULT 1,"
	" modseq INTEGER NOT NULL DEFAULT 1,"
	" messages INTEGER NOT NULL DEFAULT 0,"
	" octets INTEGER NOT NULL DEFAULT 0,"
	" unseen INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE entry ("
	" box INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" message INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" flags INTEGER NOT NULL,"
	" modseq INTEGER NOT NULL,"
	" received INTEGER NOT NULL,"
	" PRIMARY KEY (box, uid)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE keyword ("
	" box INTEGER NOT NULL, number INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" PRIMARY KEY (box, number)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE vanished ("
	" box INTEGER NOT NULL, modseq INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY (box, modseq, first)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY,"
	" size INTEGER NOT NULL,"
	" dots INTEGER NOT NULL,"
	" body BLOB) STRICT;"
	"CREATE TABLE copy ("
	" message INTEGER PRIMARY KEY, more INTEGER NOT NULL) STRICT;"
	"CREATE TABLE summary ("
	" message INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
	"CREATE TABLE garbage ("
	" stamp INTEGER NOT NULL, message INTEGER NOT NULL,"
	" PRIMARY KEY (stamp, message)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE epoch ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" begun INTEGER NOT NULL,"
	" seed BLOB NOT NULL) STRICT;"
	"CREATE TABLE address ("
	" name TEXT PRIMARY KEY,"
	" state INTEGER NOT NULL DEFAULT 0,"
	" first_seen INTEGER NOT NULL DEFAULT 0,"
	" last_seen INTEGER NOT NULL DEFAULT 0,"
	" received INTEGER NOT NULL DEFAULT 0,"
	" refused INTEGER NOT NULL DEFAULT 0,"
	" muted INTEGER NOT NULL DEFAULT 0,"
	" note TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;"
	"CREATE TABLE credential ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" salt BLOB NOT NULL,"
	" ops INTEGER NOT NULL,"
	" mem INTEGER NOT NULL,"
	" wrapped BLOB NOT NULL,"
	" created INTEGER NOT NULL,"
	" last_used INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (kind, name)) STRICT;";

static void
sql_run(sqlite3 *sql, const char *text)
{
	char *said = NULL;

	if (sqlite3_exec(sql, text, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s: %s", text, said);
}

static int64_t
sql_number(sqlite3 *sql, const char *text)
{
	sqlite3_stmt *s;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(sql, text, -1, &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void
box_path(const struct fixture *f, const char *name, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", f->dir, name);
}

/* Put a database of version 1 in place of the box, with the same mail. */
static void
box_age(struct fixture *f)
{
	static const struct {
		const char *name, *columns;
	} tables[] = {
		{ "state", "*" }, { "keyword", "*" }, { "vanished", "*" },
		{ "box", "id, name, special_use, 1, 1700000000, uidnext,"
		  " modseq, messages, octets, unseen" },
		{ "entry", "box, uid, message, size, flags, modseq,"
		  " received" },
		{ "message", "*" }, { "copy", "*" }, { "garbage", "*" },
		{ "epoch", "*" }, { "address", "*" }, { "credential", "*" }
	};
	char path[128], old[128], text[200];
	sqlite3 *sql;

	db_close(f->db);
	f->db = NULL;
	box_path(f, DB_FILE, path);
	box_path(f, "old.db", old);
	assert_int_equal(sqlite3_open(old, &sql), SQLITE_OK);
	sql_run(sql, "PRAGMA application_id = 0x50426f78;"
	    "PRAGMA user_version = 1; PRAGMA journal_mode = WAL");
	sql_run(sql, first);
	(void)snprintf(text, sizeof text, "ATTACH '%s' AS now", path);
	sql_run(sql, text);
	for (size_t i = 0; i < countof(tables); i++) {
		(void)snprintf(text, sizeof text,
		    "INSERT INTO main.%s SELECT %s FROM now.%s",
		    tables[i].name, tables[i].columns, tables[i].name);
		sql_run(sql, text);
	}
	/* a step that was released is never changed */
	assert_int_equal(sql_number(sql, "SELECT count(*) FROM"
	    " main.sqlite_schema AS o WHERE NOT EXISTS (SELECT 1 FROM"
	    " now.sqlite_schema AS n WHERE n.name = o.name"
	    " AND n.sql IS o.sql) AND name NOT IN ('box', 'entry', 'summary',"
	    " 'sqlite_autoindex_box_1')"), 0);
	sql_run(sql, "DELETE FROM main.state WHERE name LIKE 'device%'"
	    " OR name = 'uidvalidity_next'");
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
	assert_int_equal(rename(old, path), 0);
	box_path(f, DEVICE_FILE, path);
	assert_int_equal(unlink(path), 0);
}

static void
box_is_whole(struct fixture *f)
{
	static const unsigned numbers[] = { 1, 2 };
	static const size_t sizes[] = { 100, 100000 };
	struct buf why;

	buf_init(&why, 200);
	assert_int_equal(db_verify(f->db, &why), 0);
	buf_drop(&why);
	fixture_holds(f, numbers, sizes, 2);
	/* and its mailboxes are such as IMAP needs */
	assert_int_equal(fixture_number(f, "SELECT uidvalidity FROM box"
	    " WHERE name = 'INBOX'"), 1700000000);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT uidvalidity)"
	    " FROM box"), 6);
	assert_int_equal(fixture_number(f, "SELECT value > (SELECT"
	    " max(uidvalidity) FROM box) FROM state"
	    " WHERE name = 'uidvalidity_next'"), 1);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM subscription"
	    " JOIN box USING (name)"), 6);
}

static void
box_fill(struct fixture *f)
{
	(void)fixture_keep(f, 1, 100);
	(void)fixture_keep(f, 2, 100000);
	assert_int_equal(db_commit(f->db), 0);
}

/* Its messages get summaries when they are first asked for. */
static void
box_summarises(struct fixture *f)
{
	struct message_reader *r = message_reader_new(fixture_unlock(f));
	struct buf head, body, again;

	buf_init(&head, SUMMARY_MAX);
	buf_init(&body, SUMMARY_MAX);
	buf_init(&again, SUMMARY_MAX);
	for (uint64_t message = 1024; message < 1026; message++) {
		assert_int_equal(message_summary(f->db, r, message,
		    MESSAGE_HEAD, &head), 0);
		assert_int_equal(fixture_summarise(f, r, message, &head,
		    &body), 0);
		assert_int_equal(db_commit(f->db), 0);
		assert_int_equal(message_summary(f->db, r, message,
		    MESSAGE_BODY, &again), 1);
		assert_true(str_equal(buf_str(&again), buf_str(&body)));
	}
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM summary"),
	    2);
	buf_drop(&head);
	buf_drop(&body);
	buf_drop(&again);
	message_reader_drop(r);
}

/* The keeper brings it up, and it is a box like any other. */
static void
test_older(void **state)
{
	struct fixture *f = *state;
	char path[128];
	uint64_t letter;

	box_fill(f);
	box_age(f);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), 3);
	box_is_whole(f);
	box_summarises(f);
	assert_true(device_ready(f->db));
	box_path(f, DEVICE_FILE, path);
	assert_int_equal(access(path, F_OK), 0);
	letter = queue_put(f, 1, 10, "a@x.example");
	assert_int_equal(db_commit(f->db), 0);
	fixture_reopen(f, DB_SERVE);
	queue_reads(f, letter, 1, 10);
	/* its key is sealed to the owner as well */
	fixture_reopen(f, DB_READ);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	assert_false(device_ready(f->db));
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
	queue_reads(f, letter, 1, 10);
}

/* So does a command; one that only reads makes no key. */
static void
test_commands(void **state)
{
	struct fixture *f = *state;
	char path[128];

	box_fill(f);
	box_age(f);
	box_path(f, DEVICE_FILE, path);
	fixture_reopen(f, DB_READ);
	assert_int_equal(fixture_number(f, "PRAGMA user_version"), 3);
	assert_false(device_ready(f->db));
	assert_int_equal(access(path, F_OK), -1);
	box_is_whole(f);
	fixture_reopen(f, DB_WRITE);
	assert_true(device_ready(f->db));
	box_is_whole(f);
}

/* What climbed is what was made new. */
static void
test_same(void **state)
{
	struct fixture *f = *state;
	char path[128], text[200];
	sqlite3 *sql;

	box_path(f, DB_FILE, path);
	(void)snprintf(text, sizeof text, "VACUUM INTO '%s.fresh'", path);
	assert_int_equal(db_exec(f->db, text), 0);
	box_age(f);
	fixture_reopen(f, DB_SERVE);
	(void)snprintf(text, sizeof text, "ATTACH '%s.fresh' AS fresh", path);
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	sql_run(sql, text);
	assert_int_equal(sql_number(sql, "SELECT count(*) FROM"
	    " (SELECT name, sql FROM main.sqlite_schema EXCEPT"
	    " SELECT name, sql FROM fresh.sqlite_schema)"), 0);
	assert_int_equal(sql_number(sql, "SELECT count(*) FROM"
	    " (SELECT name, sql FROM fresh.sqlite_schema EXCEPT"
	    " SELECT name, sql FROM main.sqlite_schema)"), 0);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
}

/* A step that fails leaves the older database as it was. */
static void
test_cut(void **state)
{
	struct fixture *f = *state;

	box_fill(f);
	box_age(f);
	fixture_sql(f, "CREATE TABLE policy (a)");
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
	    -EUCLEAN);
	/* there is no letter table either */
	fixture_sql(f, "DROP TABLE policy; CREATE TABLE letter (a);"
	    "DROP TABLE letter");
	fixture_reopen(f, DB_SERVE);
	box_is_whole(f);
}

/* A clock gone wild gives a new box no UIDVALIDITYs that none can follow. */
static void
test_clocks(void **state)
{
	static const struct {
		int64_t clock, uidvalidity;
	} cases[] = {
		{ INT64_MIN, 1 }, { -1, 1 }, { 0, 1 }, { 1, 1 }, { 2, 2 },
		{ 1800000000, 1800000000 },
		{ UINT32_MAX / 2 - 1, UINT32_MAX / 2 - 1 },
		{ UINT32_MAX / 2, 1 }, { 3000000000, 1 }, { INT64_MAX, 1 }
	};
	struct fixture *f = *state, new = { .clock = f->clock };
	char dir[80];
	int64_t id;

	for (size_t i = 0; i < countof(cases); i++) {
		(void)snprintf(dir, sizeof dir, "%s/%zu", f->dir, i);
		new.clock.unix_s = cases[i].clock;
		assert_int_equal(db_open(&new.db, dir, DB_CREATE,
		    &new.clock), 0);
		assert_int_equal(fixture_number(&new, "SELECT uidvalidity"
		    " FROM box WHERE name = 'INBOX'"), cases[i].uidvalidity);
		/* and so the clock counts again when it is set */
		new.clock.unix_s = UINT32_MAX / 2 - 1;
		assert_int_equal(mailbox_make(new.db, STR("a"), STR(""), &id),
		    0);
		assert_true(fixture_number(&new, "SELECT uidvalidity FROM box"
		    " WHERE name = 'a'") >= UINT32_MAX / 2 - 1);
		assert_int_equal(db_commit(new.db), 0);
		db_close(new.db);
	}
}

int
schema_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_older),
		WITH_BOX(test_commands),
		WITH_BOX(test_same),
		WITH_BOX(test_cut),
		WITH_BOX(test_clocks),
	};

	return cmocka_run_group_tests_name("store/schema", tests, NULL, NULL);
}
