/* Letters put into the queue: sizes, crashes, full disks, keys. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "queue_world.h"
#include "store/db_inner.h"
#include "store/device.h"

int queue_write_test(void);

#define TO "ann@far.example"

/* Every size at which something changes, in parts of every kind. */
static void
test_sizes(void **state)
{
	static const size_t sizes[] = {
		0, 1, 4096, PIECE_SIZE - 1, PIECE_SIZE, PIECE_SIZE + 1,
		2 * PIECE_SIZE, 3 * PIECE_SIZE + 17
	};
	static const size_t parts[] = { PIECE_SIZE, 1000, PIECE_SIZE - 1 };
	struct fixture *f = *state;
	struct queue_recipient to = { .address = STR(TO),
	    .route = STR("far.example") };
	size_t files = 0;

	for (unsigned i = 0; i < countof(sizes) * countof(parts); i++) {
		size_t size = sizes[i / countof(parts)];
		struct queue_letter letter = { .sender = STR("") };

		assert_int_equal(queue_keep(queue_write(f, i, size,
		    parts[i % countof(parts)]), &letter, STR(QUEUE_HEAD), &to,
		    1), 0);
		assert_int_equal(letter.id, i + 1);
		assert_int_equal(letter.size, strlen(QUEUE_HEAD) + size);
		files += size > PIECE_SIZE;
	}
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_files(f, "blob"), files);
	for (int again = 0; again < 2; again++) {
		for (unsigned i = 0; i < countof(sizes) * countof(parts); i++)
			queue_reads(f, i + 1, i, sizes[i / countof(parts)]);
		fixture_reopen(f, DB_SERVE);
	}
}

/* The header may be as long as it is allowed to be, and empty. */
static void
test_heads(void **state)
{
	static const size_t sizes[] = { 0, 1, PIECE_SIZE, QUEUE_HEAD_MAX };
	struct fixture *f = *state;
	struct queue_recipient to = { .address = STR(TO),
	    .route = STR("far.example") };
	struct buf text, head;

	buf_init(&head, QUEUE_HEAD_MAX);
	for (unsigned i = 0; i < countof(sizes); i++) {
		struct queue_letter letter = { .sender = STR("") };

		fixture_text(&text, i, sizes[i]);
		assert_int_equal(queue_keep(queue_write(f, i, 10, 10),
		    &letter, buf_str(&text), &to, 1), 0);
		assert_int_equal(db_commit(f->db), 0);
		assert_int_equal(queue_head(f->db, letter.id, &head), 0);
		assert_true(str_equal(buf_str(&text), buf_str(&head)));
		buf_drop(&text);
	}
	buf_drop(&head);
}

/* What lies on the disk says nothing of the text. */
static void
test_sealed(void **state)
{
	struct fixture *f = *state;
	char text[300];

	(void)queue_put(f, 1, 100, TO);
	(void)queue_put(f, 1, 100000, TO);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM letter"
	    " WHERE instr(head, CAST('Subject' AS BLOB)) > 0"), 0);
	/* the same text is another each time */
	assert_int_equal(fixture_number(f,
	    "SELECT count(DISTINCT head) FROM letter"), 2);
	(void)snprintf(text, sizeof text, "grep -q 'Subject\\|%s' %s/blob/q*",
	    "ABCDEF", f->dir);
	assert_int_not_equal(system(text), 0);
}

static void
test_abort(void **state)
{
	struct fixture *f = *state;
	uint64_t letter;

	queue_abort(NULL);
	queue_abort(queue_write(f, 1, 10, 10));
	queue_abort(queue_write(f, 1, 200000, PIECE_SIZE));
	assert_int_equal(fixture_files(f, "blob"), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	(void)queue_put(f, 2, 200000, TO);
	db_rollback(f->db);
	assert_int_equal(fixture_files(f, "blob"), 0);
	letter = queue_put(f, 3, 200000, TO);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_files(f, "blob"), 1);
	queue_reads(f, letter, 3, 200000);
}

/* Without the device key nothing is queued, with another nothing is read. */
static void
test_keys(void **state)
{
	struct fixture *f = *state;
	struct queue_writer *w;
	struct queue_reader *r;
	struct buf head;
	char path[128];
	uint64_t letter = queue_put(f, 1, 100, TO);

	assert_int_equal(db_commit(f->db), 0);
	(void)snprintf(path, sizeof path, "%s/" DEVICE_FILE, f->dir);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	buf_init(&head, QUEUE_HEAD_MAX);
	assert_int_equal(queue_begin(f->db, &w), -ENOKEY);
	assert_int_equal(queue_head(f->db, letter, &head), -ENOKEY);
	assert_int_equal(queue_open(f->db, letter, &r), -ENOKEY);
	/* who gets what can be seen and changed all the same */
	assert_int_equal(queue_hold(f->db, letter), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(device_recover(f->db, fixture_unlock(f)), 0);
	queue_reads(f, letter, 1, 100);
	f->db->device[0] ^= 1;
	assert_int_equal(queue_head(f->db, letter, &head), -EBADMSG);
	assert_int_equal(queue_open(f->db, letter, &r), -EBADMSG);
	buf_drop(&head);
}

/* A letter that fails takes no other with it. */
static void
test_full(void **state)
{
	struct fixture *f = *state;
	struct queue_letter letter = { .sender = STR("") };
	struct queue_recipient to = { .address = STR(TO),
	    .route = STR("far.example") };
	struct rlimit was, small;
	struct queue_writer *w;
	struct buf text;
	uint64_t first = queue_put(f, 1, 300, TO), last;
	int err = 0;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	small = was;
	small.rlim_cur = 400000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	fixture_text(&text, 3, PIECE_SIZE);
	assert_int_equal(queue_begin(f->db, &w), 0);
	for (int i = 0; i < 10; i++)
		err = queue_piece(w, buf_str(&text));
	assert_int_equal(err, -ENOSPC);
	assert_int_equal(queue_keep(w, &letter, STR(QUEUE_HEAD), &to, 1),
	    -ENOSPC);
	assert_int_equal(fixture_files(f, "blob"), 0);
	/* the first one is in the same transaction */
	assert_int_equal(db_commit(f->db), 0);
	buf_drop(&text);
	/* rows that do not fit take their transaction with them */
	for (int i = 0; i < 100 && err != 0; i++) {
		last = queue_put(f, 4, 60000, TO);
		err = db_commit(f->db) == 0 ? -EAGAIN : 0;
	}
	assert_int_equal(err, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	queue_reads(f, first, 1, 300);
	last = queue_put(f, 5, 100000, TO);
	assert_int_equal(db_commit(f->db), 0);
	queue_reads(f, last, 5, 100000);
}

/* A writer that is killed in the middle of a letter leaves nothing. */
static void
test_killed(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		fixture_reopen(f, DB_WRITE);
		(void)queue_put(f, 1, 100000, TO);
		(void)queue_write(f, 2, 200000, PIECE_SIZE);
		(void)kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(fixture_files(f, "blob"), 2);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(fixture_files(f, "blob"), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM letter"), 0);
}

/* Recipients of one route stand together, whatever their order was. */
static void
test_places(void **state)
{
	struct fixture *f = *state;
	struct queue_item *item;
	uint64_t letter = queue_put(f, 1, 10, "a@one.example b@two.example"
	    " c@one.example d@three.example e@two.example f@one.example");
	static const char *const order[] = { "a@one.example", "c@one.example",
	    "f@one.example", "b@two.example", "e@two.example",
	    "d@three.example" };

	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(queue_item(f->db, letter, &item), 0);
	assert_int_equal(item->count, countof(order));
	for (size_t i = 0; i < countof(order); i++)
		assert_true(str_equal(item->recipients[i].address,
		    str_of(order[i])));
	queue_item_drop(item);
}

int
queue_write_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_sizes),
		WITH_BOX(test_heads),
		WITH_BOX(test_sealed),
		WITH_BOX(test_abort),
		WITH_BOX(test_keys),
		WITH_BOX(test_full),
		WITH_BOX(test_killed),
		WITH_BOX(test_places),
	};

	return cmocka_run_group_tests_name("store/queue_write", tests, NULL,
	    NULL);
}
