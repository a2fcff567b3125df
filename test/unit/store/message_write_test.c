/* Messages, written and read back; and what is read when they were changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/db_inner.h"
#include "store/epoch.h"

int message_write_test(void);

#define ROW MESSAGE_ROW_MAX

/* Every size at which something changes. */
static void
test_sizes(void **state)
{
	static const size_t sizes[] = {
		0, 1, 4096, ROW - 1, ROW, ROW + 1, PIECE_SIZE - 1, PIECE_SIZE,
		PIECE_SIZE + 1, 2 * PIECE_SIZE, 3 * PIECE_SIZE + 17
	};
	static const unsigned numbers[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct fixture *f = *state;
	size_t files = 0;

	for (unsigned i = 0; i < countof(sizes); i++) {
		assert_int_equal(fixture_keep(f, i, sizes[i]), i + 1);
		files += sizes[i] > ROW;
	}
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_files(f, "blob"), files);
	fixture_holds(f, numbers, sizes, countof(sizes));
	seal_owner_drop(f->owner);
	f->owner = NULL;
	fixture_reopen(f, DB_SERVE);
	fixture_holds(f, numbers, sizes, countof(sizes));
	assert_int_equal(fixture_files(f, "blob"), files);
}

/* A last piece may be empty: the message ended with the one before. */
static void
test_empty_last(void **state)
{
	static const unsigned numbers[] = { 4 };
	static const size_t sizes[] = { PIECE_SIZE };
	struct fixture *f = *state;
	struct message_start start = { BOX_INBOX, 0, 0 };
	struct message_writer *w;
	struct buf text;

	fixture_text(&text, 4, PIECE_SIZE);
	assert_int_equal(message_begin(f->db, &w), 0);
	assert_int_equal(message_piece(w, buf_str(&text), false), 0);
	assert_int_equal(message_piece(w, STR(""), true), 0);
	assert_int_equal(message_keep(w, &start, NULL), 0);
	assert_int_equal(db_commit(f->db), 0);
	buf_drop(&text);
	fixture_holds(f, numbers, sizes, 1);
}

static void
test_abort(void **state)
{
	static const unsigned numbers[] = { 2 };
	static const size_t sizes[] = { 200000 };
	struct fixture *f = *state;

	message_abort(NULL);
	message_abort(fixture_write(f, 1, 10));
	message_abort(fixture_write(f, 1, 200000));
	assert_int_equal(fixture_files(f, "blob"), 0);
	(void)fixture_keep(f, 3, 200000);
	db_rollback(f->db);
	assert_int_equal(fixture_files(f, "blob"), 0);
	(void)fixture_keep(f, 2, 200000);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_files(f, "blob"), 1);
	fixture_holds(f, numbers, sizes, 1);
}

/* Many at once, ended in another order than begun. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	struct message_start start = { BOX_INBOX, 0, 0 };
	struct message_writer *w[20];
	unsigned numbers[countof(w)];
	size_t sizes[countof(w)];

	for (unsigned i = 0; i < countof(w); i++) {
		w[i] = fixture_write(f, i, 9000u * i);
		if (i % 7 == 0)
			assert_int_equal(db_commit(f->db), 0);
	}
	for (unsigned i = 0; i < countof(w); i++) {
		unsigned n = (i * 7) % countof(w);

		numbers[i] = n;
		sizes[i] = 9000u * n;
		assert_int_equal(message_keep(w[n], &start, NULL), 0);
	}
	assert_int_equal(db_commit(f->db), 0);
	fixture_holds(f, numbers, sizes, countof(w));
}

/* More than an epoch holds, a day's end, and another life of the process. */
static void
test_epochs(void **state)
{
	struct fixture *f = *state;
	unsigned numbers[SEAL_EPOCH_MAX + 20];
	size_t sizes[countof(numbers)];

	for (unsigned i = 0; i < countof(numbers); i++) {
		numbers[i] = i;
		sizes[i] = 30;
		(void)fixture_keep(f, i, 30);
		if (i == SEAL_EPOCH_MAX + 5)
			f->clock.mono_ms += 25 * 3600 * 1000;
		if (i == SEAL_EPOCH_MAX + 8) {
			assert_int_equal(db_commit(f->db), 0);
			fixture_reopen(f, DB_SERVE);
		}
	}
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(f->db->epoch->id, 4);
	fixture_holds(f, numbers, sizes, countof(numbers));
}

/* Reading back and forth needs the marks of the chain. */
static void
test_order(void **state)
{
	struct fixture *f = *state;
	struct message_reader *r;
	struct box_item *items;
	struct buf piece, text;
	size_t count, at = 7;

	for (unsigned i = 0; i < 200; i++)
		(void)fixture_keep(f, i, 50);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_list(f->db, BOX_INBOX, &items, &count), 0);
	r = message_reader_new(fixture_unlock(f));
	buf_init(&piece, PIECE_SIZE);
	for (int i = 0; i < 1000; i++) {
		at = (at * 31 + 17) % count;
		assert_int_equal(message_open(f->db, r, items[at].message), 0);
		assert_int_equal(message_read(f->db, r, &piece), 1);
		fixture_text(&text, (unsigned)at, 50);
		assert_true(str_equal(buf_str(&text), buf_str(&piece)));
		buf_drop(&text);
	}
	assert_int_equal(message_open(f->db, r, 12345678), -ENOENT);
	assert_int_equal(message_read(f->db, r, &piece), 0);
	buf_drop(&piece);
	message_reader_drop(r);
	message_reader_drop(NULL);
	free(items);
}

/* Any one message after any other, where some between them are gone. */
static void
test_gaps(void **state)
{
	struct fixture *f = *state;
	uint32_t gone[9];
	struct message_reader *r;
	struct seal_owner *owner;
	struct box_item *items;
	struct buf piece;
	size_t count;

	for (unsigned i = 0; i < 70; i++)
		(void)fixture_keep(f, i, 50);
	for (uint32_t i = 0; i < countof(gone); i++)
		gone[i] = i * 8 + 1;
	assert_int_equal(box_delete(f->db, BOX_INBOX, gone, countof(gone)), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_list(f->db, BOX_INBOX, &items, &count), 0);
	assert_int_equal(count, 70 - countof(gone));
	owner = fixture_unlock(f);
	buf_init(&piece, PIECE_SIZE);
	for (size_t pair = 0; pair < count * count; pair++) {
		r = message_reader_new(owner);
		assert_int_equal(message_open(f->db, r,
		    items[pair / count].message), 0);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(message_open(f->db, r,
			    items[pair % count].message), 0);
			assert_int_equal(message_read(f->db, r, &piece), 1);
		}
		message_reader_drop(r);
	}
	buf_drop(&piece);
	free(items);
}

static bool
dots_of(struct fixture *f, const char *head, const char *tail)
{
	struct message_start start = { BOX_INBOX, 0, 0 };
	struct message_writer *w;
	struct buf piece;

	buf_init(&piece, PIECE_SIZE);
	assert_int_equal(message_begin(f->db, &w), 0);
	if (head != NULL) {
		while (piece.len + strlen(head) < PIECE_SIZE)
			buf_add_char(&piece, 'x');
		buf_add_text(&piece, head);
		assert_int_equal(message_piece(w, buf_str(&piece), false), 0);
	}
	assert_int_equal(message_piece(w, str_of(tail), true), 0);
	assert_int_equal(message_keep(w, &start, NULL), 0);
	assert_int_equal(db_commit(f->db), 0);
	buf_drop(&piece);
	return fixture_number(f, "SELECT dots FROM message"
	    " ORDER BY id DESC LIMIT 1") != 0;
}

static void
test_dots(void **state)
{
	struct fixture *f = *state;

	assert_false(dots_of(f, NULL, ""));
	assert_true(dots_of(f, NULL, ".x\r\n"));
	assert_false(dots_of(f, NULL, "a.b\r\nc.\r\n"));
	assert_true(dots_of(f, NULL, "a\r\n.\r\n"));
	assert_true(dots_of(f, "\r\n", ".\r\n"));
	assert_true(dots_of(f, "\r\n.", ""));
	assert_false(dots_of(f, "\r", "\nx.\r\n"));
	assert_true(dots_of(f, "\r", "\n.\r\n"));
	assert_false(dots_of(f, "x", ".\r\n"));
}

/* Without an owner there is nobody to seal to. */
static void
test_no_owner(void **state)
{
	struct fixture *f = *state;
	struct message_writer *w;

	db_close(f->db);
	f->db = NULL;
	fixture_sql(f, "DELETE FROM state WHERE name = 'public_key'");
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock), 0);
	assert_int_equal(message_begin(f->db, &w), -ENOKEY);
}

int
message_write_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_sizes),
		WITH_BOX(test_empty_last),
		WITH_BOX(test_abort),
		WITH_BOX(test_many),
		WITH_BOX(test_epochs),
		WITH_BOX(test_order),
		WITH_BOX(test_gaps),
		WITH_BOX(test_dots),
		WITH_BOX(test_no_owner),
	};

	return cmocka_run_group_tests_name("store/message_write", tests, NULL,
	    NULL);
}
