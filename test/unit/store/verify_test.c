/* Whatever can be wrong is found, and a sound box is not found wanting. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue_world.h"
#include "store/blob.h"
#include "store/verify.h"

int verify_test(void);

/* A box with a bit of everything. */
static void
box_fill(struct fixture *f)
{
	for (unsigned i = 0; i < 20; i++)
		(void)fixture_keep(f, i, i * 20000);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_delete(f->db, BOX_INBOX,
	    (uint32_t[]){ 3, 4, 15 }, 3), 0);
	(void)queue_put(f, 1, 0, "a@x.example");
	(void)queue_put(f, 2, 100, "a@x.example b@x.example c@y.example");
	(void)queue_put(f, 3, 200000, "a@x.example b@x.example");
	(void)queue_put(f, 4, 2 * PIECE_SIZE, "a@x.example");
	assert_int_equal(db_commit(f->db), 0);
}

static int
verify(struct fixture *f, char text[200])
{
	struct buf why;
	int err;

	buf_init(&why, 199);
	err = db_verify(f->db, &why);
	(void)snprintf(text, 200, "%s", buf_text(&why));
	buf_drop(&why);
	return err;
}

static void
test_sound(void **state)
{
	struct fixture *f = *state;
	char why[200];

	assert_int_equal(verify(f, why), 0);
	box_fill(f);
	assert_int_equal(verify(f, why), 0);
	(void)fixture_keep(f, 99, 100000);
	assert_int_equal(verify(f, why), 0);
	assert_int_equal(db_pending(f->db), DB_URGENT);
	assert_int_equal(db_commit(f->db), 0);
	while (db_rest(f->db, INT64_MAX))
		continue;
	assert_int_equal(verify(f, why), 0);
	assert_string_equal(why, "");
	fixture_reopen(f, DB_READ);
	assert_int_equal(verify(f, why), 0);
}

/* What was found; a star stands for the name of a file. */
static void
found_is(const char *why, const char *expected)
{
	const char *star = strchr(expected, '*');
	size_t head = star != NULL ? (size_t)(star - expected) : 0;

	if (star == NULL) {
		assert_string_equal(why, expected);
		return;
	}
	assert_memory_equal(why, expected, head);
	assert_int_equal(why[head], 'q');
	assert_string_equal(why + head + BLOB_NAME - 1, star + 1);
}

/* What can be wrong with rows, and how it is told. */
static const struct { const char *spoil, *found; } cases[] = {
	{ "UPDATE box SET messages = messages + 1 WHERE id = 1",
	  "a counter of a mailbox is wrong: INBOX" },
	{ "UPDATE box SET octets = 1 WHERE id = 2",
	  "a counter of a mailbox is wrong: Drafts" },
	{ "UPDATE box SET unseen = 0",
	  "a counter of a mailbox is wrong: INBOX" },
	{ "UPDATE box SET uidnext = 20 WHERE id = 1",
	  "a counter of a mailbox is wrong: INBOX" },
	{ "UPDATE box SET unseen_from = 7 WHERE id = 1",
	  "a message without \\Seen is not looked for: 1" },
	{ "UPDATE vanished SET last = last + 30",
	  "UIDs vanished that are there: INBOX" },
	{ "INSERT INTO keyword VALUES (9, 0, 'work')",
	  "a keyword or an annotation is of no mailbox: 9" },
	{ "INSERT INTO annotation VALUES (9, '/comment', x'00')",
	  "a keyword or an annotation is of no mailbox: 9" },
	{ "INSERT INTO removed VALUES (1)",
	  "a mailbox that was removed is there: INBOX" },
	{ "INSERT INTO entry VALUES (9, 1, 1, 1, 0, 1, 1, 0, 0)",
	  "an entry is in no mailbox: 1" },
	{ "DELETE FROM message WHERE id = 1025",
	  "an entry has no message: 1025" },
	{ "UPDATE message SET size = 7 WHERE id = 1025",
	  "an entry has no message: 1025" },
	{ "DELETE FROM garbage WHERE message = 1026",
	  "a message is in no mailbox: 1026" },
	{ "INSERT INTO garbage VALUES (9, 1030)",
	  "a message to be freed is in a mailbox: 1030" },
	{ "INSERT INTO copy VALUES (1030, 1), (4, 2)",
	  "the count of a message's copies is wrong: 4" },
	{ "DELETE FROM epoch", "a message has no key: 1024" },
	{ "INSERT INTO summary VALUES (5, x'00', x'00')",
	  "a summary has no message: 5" },
	{ "DELETE FROM recipient WHERE id BETWEEN 256 AND 383",
	  "a letter to be sent has no recipient: 2" },
	{ "DELETE FROM letter WHERE id = 3",
	  "a recipient has no letter: 384" },
	{ "UPDATE recipient SET state = 2 WHERE id = 257",
	  "a recipient has no letter: 257" },
	{ "UPDATE letter SET body = NULL WHERE id = 1",
	  "the text of a letter to be sent is nowhere, or twice: 1" },
	{ "UPDATE letter SET body = x'00' WHERE id = 3",
	  "the text of a letter to be sent is nowhere, or twice: 3" },
	{ "UPDATE letter SET size = 10 WHERE id = 2",
	  "the text of a letter to be sent is nowhere, or twice: 2" },
	{ "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'letter'",
	  "the number of a letter to be sent can come again: 4" },
	{ "DELETE FROM sqlite_sequence WHERE name = 'letter'",
	  "the number of a letter to be sent can come again: 1" },
	{ "DELETE FROM state WHERE name = 'device_check'",
	  "the key to what is to be sent is not known: letter" },
	{ "UPDATE letter SET size = size + 1 WHERE id = 4",
	  "the file * of a letter to be sent has the wrong length" },
	{ "UPDATE letter SET file = file + 1 WHERE id = 3",
	  "the file * of a letter to be sent is missing" },
};

static void
test_rows(void **state)
{
	struct fixture *f = *state;
	char why[200];

	box_fill(f);
	for (size_t i = 0; i < countof(cases); i++) {
		char undo[300];

		(void)snprintf(undo, sizeof undo, "cp -r %s/. %s.was", f->dir,
		    f->dir);
		db_close(f->db);
		f->db = NULL;
		assert_int_equal(system(undo), 0);
		fixture_sql(f, cases[i].spoil);
		assert_int_equal(db_open(&f->db, f->dir, DB_READ, &f->clock),
		    0);
		assert_int_equal(verify(f, why), -EUCLEAN);
		found_is(why, cases[i].found);
		db_close(f->db);
		f->db = NULL;
		(void)snprintf(undo, sizeof undo,
		    "rm -r %s && mv %s.was %s", f->dir, f->dir, f->dir);
		assert_int_equal(system(undo), 0);
		assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
		    0);
	}
	assert_int_equal(verify(f, why), 0);
}

static void
test_files(void **state)
{
	struct fixture *f = *state;
	char why[200], path[200], name[BLOB_NAME];

	box_fill(f);
	/* number 5 of epoch 1: UID 6 with 100,000 octets */
	blob_name((struct blob_id){ BLOB_MESSAGE, 1024 + 5 }, name);
	(void)snprintf(path, sizeof path, "%s/blob/%s", f->dir, name);
	assert_int_equal(truncate(path, 1000), 0);
	assert_int_equal(verify(f, why), -EUCLEAN);
	assert_string_equal(why, "the file 0000000000000405 of a message "
	    "has the wrong length");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(verify(f, why), -EUCLEAN);
	assert_string_equal(why, "the file 0000000000000405 of a message "
	    "is missing");
}

static void
test_lengths(void **state)
{
	(void)state;
	assert_true(verify_file_len(0, 17));
	assert_true(verify_file_len(1, 18));
	assert_false(verify_file_len(1, 17));
	assert_true(verify_file_len(PIECE_SIZE, 1 + PIECE_SIZE + 16));
	assert_true(verify_file_len(PIECE_SIZE, 1 + PIECE_SIZE + 32));
	assert_false(verify_file_len(PIECE_SIZE, 1 + PIECE_SIZE + 48));
	assert_true(verify_file_len(PIECE_SIZE + 1, 2 + PIECE_SIZE + 32));
	assert_false(verify_file_len(PIECE_SIZE + 1, 2 + PIECE_SIZE + 48));
}

/* Damage to the database file itself. */
static void
test_damage(void **state)
{
	struct fixture *f = *state;
	char why[200], path[200];
	FILE *file;
	int err;

	box_fill(f);
	db_close(f->db);
	f->db = NULL;
	(void)snprintf(path, sizeof path, "%s/pillarbox.db", f->dir);
	file = fopen(path, "r+");
	assert_non_null(file);
	/* the root page of the table of messages */
	assert_int_equal(fseek(file, 7 * 4096, SEEK_SET), 0);
	for (int i = 0; i < 4096; i++)
		(void)putc(0x5a, file);
	assert_int_equal(fclose(file), 0);
	err = db_open(&f->db, f->dir, DB_SERVE, &f->clock);
	if (err == 0)
		err = verify(f, why);
	assert_int_equal(err, -EUCLEAN);
}

int
verify_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_sound),
		WITH_BOX(test_rows),
		WITH_BOX(test_files),
		WITH_BOX(test_damage),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests_name("store/verify", tests, NULL, NULL);
}
