/* Letters read back: while they are erased, and when they were changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue_world.h"
#include "store/db_inner.h"

int queue_read_test(void);

#define TO "ann@far.example"

static void
test_none(void **state)
{
	struct fixture *f = *state;
	struct queue_reader *r;
	struct buf head;

	buf_init(&head, QUEUE_HEAD_MAX);
	assert_int_equal(queue_head(f->db, 1, &head), -ENOENT);
	assert_int_equal(queue_open(f->db, 1, &r), -ENOENT);
	queue_close(NULL);
	buf_drop(&head);
}

/* Who has begun to read a letter reads it to its end. */
static void
test_erased(void **state)
{
	static const size_t sizes[] = { 100, 200000 };
	struct fixture *f = *state;
	struct buf piece;
	size_t len = 0;

	buf_init(&piece, PIECE_SIZE);
	for (size_t i = 0; i < countof(sizes); i++) {
		uint64_t letter = queue_put(f, 1, sizes[i], TO);
		struct queue_reader *r;

		assert_int_equal(db_commit(f->db), 0);
		assert_int_equal(queue_open(f->db, letter, &r), 0);
		assert_int_equal(queue_drop(f->db, letter), 0);
		assert_int_equal(db_commit(f->db), 0);
		assert_int_equal(fixture_files(f, "blob"), 0);
		for (len = 0; queue_read(r, &piece) > 0; len += piece.len)
			continue;
		assert_int_equal(len, strlen(QUEUE_HEAD) + sizes[i]);
		queue_close(r);
		assert_int_equal(queue_open(f->db, letter, &r), -ENOENT);
	}
	buf_drop(&piece);
}

static int
read_all(struct fixture *f, uint64_t letter)
{
	struct queue_reader *r;
	struct buf piece;
	int more = queue_open(f->db, letter, &r);

	if (more < 0)
		return more;
	buf_init(&piece, PIECE_SIZE);
	do
		more = queue_read(r, &piece);
	while (more > 0);
	queue_close(r);
	buf_drop(&piece);
	return more;
}

static void
test_changed(void **state)
{
	static const char *const spoils[] = {
		"UPDATE letter SET head = substr(head, 1, length(head) - 1)",
		"UPDATE letter SET head = x''",
		"UPDATE letter SET head = CAST(head || x'00' AS BLOB)",
		"UPDATE letter SET"
		" head = CAST(x'01' || substr(head, 2) AS BLOB)",
		"UPDATE letter SET salt = x'00'",
		"UPDATE letter SET salt = zeroblob(16)",
		"UPDATE letter SET size = size + 1",
		"UPDATE letter SET size = size - 1",
		"UPDATE letter SET size = 1",
		"UPDATE letter SET body = substr(body, 1, length(body) - 1)",
		"UPDATE letter SET body = x''",
		"UPDATE letter SET body = zeroblob(100000)",
		"UPDATE letter SET body = substr(head, 1, length(body))",
		"UPDATE letter SET body = NULL",
		"UPDATE letter SET file = 5",
	};
	struct fixture *f = *state;
	uint64_t letter = queue_put(f, 1, 100, TO);

	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(read_all(f, letter), 0);
	for (size_t i = 0; i < countof(spoils); i++) {
		assert_int_equal(db_begin(f->db), 0);
		assert_int_equal(db_exec(f->db, spoils[i]), 0);
		assert_int_equal(read_all(f, letter), -EBADMSG);
		db_rollback(f->db);
	}
	assert_int_equal(read_all(f, letter), 0);
}

static void
file_run(const struct fixture *f, const char *command)
{
	char text[200];

	(void)snprintf(text, sizeof text, "cd %s && %s", f->dir, command);
	assert_int_equal(system(text), 0);
}

/* A file that is damaged or gone. */
static void
test_files(void **state)
{
	static const char *const spoils[] = {
		"truncate -s -1 blob/q*",
		"truncate -s 100 blob/q*",
		"truncate -s 0 blob/q*",
		"printf x >>$(echo blob/q*)",
		"printf x | dd of=$(echo blob/q*) bs=1 seek=70000"
		" conv=notrunc status=none",
	};
	struct fixture *f = *state;
	uint64_t letter = queue_put(f, 1, 200000, TO);

	assert_int_equal(db_commit(f->db), 0);
	file_run(f, "cp blob/q* saved");
	for (size_t i = 0; i < countof(spoils); i++) {
		file_run(f, spoils[i]);
		assert_int_equal(read_all(f, letter), -EBADMSG);
		file_run(f, "cp saved blob/q*");
		assert_int_equal(read_all(f, letter), 0);
	}
	/* lost, while its row is there: not to be taken for erased */
	file_run(f, "rm blob/q*");
	assert_int_equal(read_all(f, letter), -EBADMSG);
}

/* The text of one letter does not pass for that of another. */
static void
test_swapped(void **state)
{
	struct fixture *f = *state;
	uint64_t one = queue_put(f, 1, 100, TO);
	uint64_t two = queue_put(f, 2, 100, TO);

	assert_int_equal(db_commit(f->db), 0);
	fixture_sql(f, "UPDATE letter SET body = (SELECT body FROM letter AS o"
	    " WHERE o.id = 2) WHERE id = 1");
	assert_int_equal(read_all(f, one), -EBADMSG);
	assert_int_equal(read_all(f, two), 0);
	fixture_sql(f, "UPDATE letter SET head = (SELECT head FROM letter AS o"
	    " WHERE o.id = 1) WHERE id = 2");
	assert_int_equal(read_all(f, two), -EBADMSG);
}

int
queue_read_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_none),
		WITH_BOX(test_erased),
		WITH_BOX(test_changed),
		WITH_BOX(test_files),
		WITH_BOX(test_swapped),
	};

	return cmocka_run_group_tests_name("store/queue_read", tests, NULL,
	    NULL);
}
