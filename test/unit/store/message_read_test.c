/* Content that was changed on the disk is refused, whatever the change. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "fixture.h"
#include "store/blob.h"
#include "store/db_inner.h"

int message_read_test(void);

#define STRIDE (PIECE_SIZE + SEAL_EXTRA)
#define FIRST 1024u	/* the number of the first message of epoch 1 */

static void
sql(struct fixture *f, const char *text)
{
	assert_int_equal(sqlite3_exec(f->db->sql, text, NULL, NULL, NULL),
	    SQLITE_OK);
}

static int
reads(struct fixture *f, uint64_t message)
{
	struct buf text;
	int err = fixture_read(f, message, &text);

	buf_drop(&text);
	return err;
}

static FILE *
file_of(struct fixture *f, uint64_t message)
{
	char path[128], name[BLOB_NAME];
	FILE *file;

	blob_name((struct blob_id){ BLOB_MESSAGE, message }, name);
	(void)snprintf(path, sizeof path, "%s/blob/%s", f->dir, name);
	file = fopen(path, "r+");
	assert_non_null(file);
	return file;
}

static void
file_put(struct fixture *f, uint64_t message, const char *bytes, size_t size)
{
	FILE *file = file_of(f, message);

	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
	assert_int_equal(fclose(file), 0);
}

static char *
file_get(struct fixture *f, uint64_t message, size_t *size)
{
	FILE *file = file_of(f, message);
	char *bytes = xalloc(1, 1024 * 1024);

	*size = fread(bytes, 1, 1024 * 1024, file);
	assert_int_equal(fclose(file), 0);
	return bytes;
}

static void
test_rows(void **state)
{
	static const char *const spoils[] = {
		/* the content of another message, and of another's row */
		"UPDATE message SET body = (SELECT body FROM message"
		" WHERE id = 1025) WHERE id = 1024",
		"UPDATE message SET id = id + 1 WHERE id = 1026",
		"UPDATE message SET body = substr(body, 1, 50)",
		"UPDATE message SET body = x''",
		"UPDATE message SET body = CAST(body || x'00' AS BLOB)",
		"UPDATE message SET body"
		" = CAST(x'01' || substr(body, 2) AS BLOB)",
		"UPDATE message SET size = 99",
		"UPDATE epoch SET seed = zeroblob(80)",
		"UPDATE epoch SET seed = substr(seed, 1, 79)",
		"UPDATE epoch SET id = 77",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3; i++)
		(void)fixture_keep(f, i, 100);
	assert_int_equal(db_commit(f->db), 0);
	for (size_t i = 0; i < countof(spoils); i++) {
		sql(f, "BEGIN");
		sql(f, spoils[i]);
		assert_int_equal(reads(f, i == 1 ? FIRST + 3 : FIRST),
		    -EBADMSG);
		sql(f, "ROLLBACK");
		assert_int_equal(reads(f, FIRST), 0);
	}
	/* the key of another person opens nothing */
	{
		unsigned char public_key[SEAL_KEY];

		seal_owner_drop(f->owner);
		f->owner = seal_owner_new(public_key);
		assert_int_equal(reads(f, FIRST), -EBADMSG);
	}
}

static void
test_files(void **state)
{
	struct fixture *f = *state;
	size_t size, other_size;
	char *bytes, *other, *spoilt;

	(void)fixture_keep(f, 0, 200000);
	(void)fixture_keep(f, 1, 200000);
	assert_int_equal(db_commit(f->db), 0);
	bytes = file_get(f, FIRST, &size);
	other = file_get(f, FIRST + 1, &other_size);
	spoilt = xalloc(1, size + STRIDE);
	assert_int_equal(size, 1 + 200000 + 4 * SEAL_EXTRA);
	/* another message's file, or one piece of it at its own place */
	file_put(f, FIRST, other, other_size);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	memcpy(spoilt, bytes, size);
	memcpy(spoilt + 1 + STRIDE, other + 1 + STRIDE, STRIDE);
	file_put(f, FIRST, spoilt, size);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	/* two pieces swapped, one repeated, one left out */
	memcpy(spoilt, bytes, size);
	memcpy(spoilt + 1, bytes + 1 + STRIDE, STRIDE);
	memcpy(spoilt + 1 + STRIDE, bytes + 1, STRIDE);
	file_put(f, FIRST, spoilt, size);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	memcpy(spoilt, bytes, 1 + STRIDE);
	memcpy(spoilt + 1 + STRIDE, bytes + 1, size - 1);
	file_put(f, FIRST, spoilt, size + STRIDE);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	memcpy(spoilt, bytes, 1 + STRIDE);
	memcpy(spoilt + 1 + STRIDE, bytes + 1 + 2 * STRIDE,
	    size - 1 - 2 * STRIDE);
	file_put(f, FIRST, spoilt, size - STRIDE);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	/* cut short, also just between two pieces; made longer; empty */
	for (size_t at = 0; at < 4; at++) {
		file_put(f, FIRST, bytes, 1 + at * STRIDE);
		assert_int_equal(reads(f, FIRST), -EBADMSG);
		file_put(f, FIRST, bytes, 1 + at * STRIDE + 100);
		assert_int_equal(reads(f, FIRST), -EBADMSG);
	}
	file_put(f, FIRST, bytes, 0);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	memcpy(spoilt, bytes, size);
	file_put(f, FIRST, spoilt, size + 1);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	/* one bit, and another codec */
	spoilt[150000] ^= 4;
	file_put(f, FIRST, spoilt, size);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	memcpy(spoilt, bytes, size);
	spoilt[0] = 1;
	file_put(f, FIRST, spoilt, size);
	assert_int_equal(reads(f, FIRST), -EBADMSG);
	file_put(f, FIRST, bytes, size);
	assert_int_equal(reads(f, FIRST), 0);
	free(bytes);
	free(other);
	free(spoilt);
}

/* What is refused is refused before the bad piece is handed out. */
static void
test_before(void **state)
{
	struct fixture *f = *state;
	struct message_reader *r;
	struct buf piece;
	size_t size;
	char *bytes;

	(void)fixture_keep(f, 0, 200000);
	assert_int_equal(db_commit(f->db), 0);
	bytes = file_get(f, FIRST, &size);
	bytes[1 + 2 * STRIDE + 5] ^= 1;
	file_put(f, FIRST, bytes, size);
	r = message_reader_new(fixture_unlock(f));
	buf_init(&piece, PIECE_SIZE);
	assert_int_equal(message_open(f->db, r, FIRST), 0);
	assert_int_equal(message_read(f->db, r, &piece), 1);
	assert_int_equal(message_read(f->db, r, &piece), 1);
	assert_int_equal(message_read(f->db, r, &piece), -EBADMSG);
	assert_int_equal(piece.len, 0);
	/* and that was its end */
	assert_int_equal(message_read(f->db, r, &piece), 0);
	buf_drop(&piece);
	message_reader_drop(r);
	free(bytes);
}

/* Read on from a piece of the open message to its end. */
static void
reads_from(struct fixture *f, struct message_reader *r, uint32_t index,
	struct str text)
{
	struct str rest = str_part(text, (size_t)index * PIECE_SIZE, text.len);
	struct buf piece;

	buf_init(&piece, PIECE_SIZE);
	assert_int_equal(message_seek(r, index), 0);
	do {
		assert_int_equal(message_read(f->db, r, &piece), rest.len > 0);
		assert_true(str_equal(buf_str(&piece), str_take(&rest,
		    PIECE_SIZE)));
	} while (rest.len > 0);
	assert_int_equal(message_seek(r, 0), -EINVAL);
	buf_drop(&piece);
}

/* Any piece after any other, of a file or a row. */
static void
test_seek(void **state)
{
	static const size_t sizes[] = { 200000, 2 * PIECE_SIZE, 100 };
	struct fixture *f = *state;
	struct message_reader *r = message_reader_new(fixture_unlock(f));
	struct buf piece, text;

	assert_int_equal(message_seek(r, 0), -EINVAL);
	buf_init(&piece, PIECE_SIZE);
	for (unsigned i = 0; i < countof(sizes); i++)
		(void)fixture_keep(f, i, sizes[i]);
	assert_int_equal(db_commit(f->db), 0);
	for (unsigned i = 0; i < 3 * countof(sizes); i++) {
		size_t size = sizes[i / 3];
		uint32_t pieces = (uint32_t)(size / PIECE_SIZE +
		    (size % PIECE_SIZE != 0));

		fixture_text(&text, i / 3, size);
		assert_int_equal(message_open(f->db, r, FIRST + i / 3), 0);
		assert_int_equal(message_seek(r, pieces), -EINVAL);
		assert_int_equal(message_seek(r, UINT32_MAX), -EINVAL);
		if (i % 3 == 1 && pieces > 1)
			assert_int_equal(message_read(f->db, r, &piece), 1);
		reads_from(f, r, i % 3 == 2 ? 0 : pieces - 1, buf_str(&text));
		buf_drop(&text);
	}
	buf_drop(&piece);
	message_reader_drop(r);
}

static void
test_gone(void **state)
{
	struct fixture *f = *state;
	char path[128];

	(void)fixture_keep(f, 0, 200000);
	assert_int_equal(db_commit(f->db), 0);
	(void)snprintf(path, sizeof path, "%s/blob/0000000000000400", f->dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(reads(f, FIRST), -ENOENT);
}

/* No word of a message, nor a name for it, is to be found in the files. */
static void
test_sealed(void **state)
{
	struct fixture *f = *state;
	struct message_start start = { BOX_INBOX, 0, 0 };
	struct message_writer *w;
	struct buf piece;
	char find[200];

	buf_init(&piece, PIECE_SIZE);
	while (piece.len < PIECE_SIZE)
		buf_add_char(&piece, "Wolpertinger"[piece.len % 12]);
	assert_int_equal(message_begin(f->db, &w), 0);
	assert_int_equal(message_piece(w, STR("Subject: Wolpertinger\r\n"),
	    true), 0);
	assert_int_equal(message_keep(w, &start, NULL), 0);
	assert_int_equal(message_begin(f->db, &w), 0);
	assert_int_equal(message_piece(w, buf_str(&piece), false), 0);
	assert_int_equal(message_piece(w, buf_str(&piece), true), 0);
	assert_int_equal(message_keep(w, &start, NULL), 0);
	assert_int_equal(db_commit(f->db), 0);
	(void)snprintf(find, sizeof find, "grep -rqaiE '%s|%s' %s",
	    "wolpertinger", FIXTURE_PASSWORD, f->dir);
	assert_int_equal(WEXITSTATUS(system(find)), 1);
	/* the search itself works */
	(void)snprintf(find, sizeof find, "grep -rqaiE INBOX %s", f->dir);
	assert_int_equal(WEXITSTATUS(system(find)), 0);
	buf_drop(&piece);
}

int
message_read_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_rows),
		WITH_BOX(test_files),
		WITH_BOX(test_before),
		WITH_BOX(test_seek),
		WITH_BOX(test_gone),
		WITH_BOX(test_sealed),
	};

	return cmocka_run_group_tests_name("store/message_read", tests, NULL,
	    NULL);
}
