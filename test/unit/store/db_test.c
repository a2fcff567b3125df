/* Opening, committing, failing and healing. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/address.h"

int db_test(void);

static void
path_of(const struct fixture *f, const char *name, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", f->dir, name);
}

static void
test_modes(void **state)
{
	struct fixture *f = *state;
	char path[128], away[128];
	struct stat is;
	struct db *db;

	assert_int_equal(db_open(&db, f->dir, DB_CREATE, &f->clock), -EEXIST);
	for (enum db_mode mode = DB_SERVE; mode <= DB_READ; mode++)
		fixture_reopen(f, mode);
	path_of(f, "pillarbox.db", path);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0600);
	path_of(f, "blob", path);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0700);
	path_of(f, "pillarbox.db.new", path);
	assert_int_equal(stat(path, &is), -1);
	path_of(f, "nowhere", path);
	assert_int_equal(db_open(&db, path, DB_SERVE, &f->clock), -ENOENT);
	assert_int_equal(stat(path, &is), -1);
	/* the folder is made as well, for the owner alone */
	assert_int_equal(db_open(&db, path, DB_CREATE, &f->clock), 0);
	db_close(db);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_mode & 0777, 0700);
	/* a folder without a database is no box */
	(void)snprintf(away, sizeof away, "%s/nowhere/pillarbox.db", f->dir);
	assert_int_equal(unlink(away), 0);
	assert_int_equal(db_open(&db, path, DB_READ, &f->clock), -ENOENT);
}

static void
test_newer(void **state)
{
	struct fixture *f = *state;

	db_close(f->db);
	f->db = NULL;
	fixture_sql(f, "PRAGMA user_version = 999");
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
	    -EPROTO);
	fixture_sql(f, "PRAGMA user_version = 0");
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
	    -EUCLEAN);
	fixture_sql(f, "PRAGMA user_version = 1; PRAGMA application_id = 5");
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
	    -EUCLEAN);
}

static void
file_fill(const struct fixture *f, const char *name, char c, size_t size)
{
	char path[128];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "r+");
	assert_non_null(file);
	for (size_t i = 0; i < size; i++)
		(void)putc(c, file);
	assert_int_equal(fclose(file), 0);
}

static void
test_corrupt(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat is;

	db_close(f->db);
	f->db = NULL;
	file_fill(f, "pillarbox.db", 'x', 8192);
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
	    -EUCLEAN);
	/* an empty file is refused as well, and stays what it is */
	path_of(f, "pillarbox.db", path);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock),
	    -EUCLEAN);
	assert_int_equal(db_open(&f->db, f->dir, DB_CREATE, &f->clock),
	    -EEXIST);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(is.st_size, 0);
}

static void
test_pending(void **state)
{
	struct fixture *f = *state;
	const unsigned one[] = { 1 };
	const size_t size[] = { 500 };

	assert_int_equal(db_pending(f->db), DB_CLEAN);
	(void)fixture_keep(f, 1, 500);
	assert_int_equal(db_pending(f->db), DB_URGENT);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	assert_int_equal(credential_used(f->db, 1), 0);
	assert_int_equal(db_pending(f->db), DB_LAZY);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	(void)fixture_keep(f, 2, 500);
	db_rollback(f->db);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	(void)fixture_keep(f, 3, 500);
	fixture_reopen(f, DB_SERVE);
	fixture_holds(f, one, size, 1);
}

/*
 * A disk that is full, for real: no file may grow beyond a size. Afterwards
 * the same database goes on as if nothing had been.
 */
static void
test_full(void **state)
{
	struct fixture *f = *state;
	struct message_start start = { BOX_INBOX, 0, 0 };
	struct rlimit was, small;
	struct message_writer *w;
	const unsigned kept[] = { 1, 9 };
	const size_t sizes[] = { 300, 3000 };
	struct buf text;
	int err = 0;

	(void)fixture_keep(f, 1, 300);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	small = was;
	small.rlim_cur = 300000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 100 && err == 0; i++) {
		(void)fixture_keep(f, 2, 30000);
		err = db_commit(f->db);
		if (err == 0) {
			/* make room for the last message to come */
			assert_int_equal(box_delete(f->db, BOX_INBOX,
			    (uint32_t[]){ (uint32_t)i + 2 }, 1), 0);
			err = db_commit(f->db);
		}
	}
	assert_int_equal(err, -ENOSPC);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	/* a file that cannot grow fails its own message alone */
	fixture_text(&text, 3, PIECE_SIZE);
	assert_int_equal(message_begin(f->db, &w), 0);
	for (int i = 0; i < 10; i++)
		err = message_piece(w, buf_str(&text), i == 9);
	assert_int_equal(err, -ENOSPC);
	assert_int_equal(message_keep(w, &start, NULL), -ENOSPC);
	buf_drop(&text);
	assert_int_equal(fixture_files(f, "blob"), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	db_rollback(f->db);
	{
		struct box_item *items;
		size_t count;

		/* whatever was kept when it got full leaves now */
		assert_int_equal(box_list(f->db, BOX_INBOX, &items, &count),
		    0);
		for (size_t i = 1; i < count; i++)
			assert_int_equal(box_delete(f->db, BOX_INBOX,
			    &items[i].uid, 1), 0);
		free(items);
	}
	(void)fixture_keep(f, 9, 3000);
	assert_int_equal(db_commit(f->db), 0);
	fixture_holds(f, kept, sizes, 2);
	fixture_reopen(f, DB_SERVE);
	fixture_holds(f, kept, sizes, 2);
}

/* A change that fails half-way takes its transaction with it. */
static void
test_doomed(void **state)
{
	struct fixture *f = *state;
	struct message_writer *w, *open;
	const unsigned kept[] = { 5 };
	const size_t sizes[] = { 100 };

	(void)fixture_keep(f, 1, 100);
	open = fixture_write(f, 4, 100);
	w = fixture_write(f, 2, 100);
	assert_int_equal(db_doom(f->db, -EXDEV), -EXDEV);
	assert_int_equal(message_keep(w, &(struct message_start){
	    BOX_INBOX, 0, 0 }, NULL), -EXDEV);
	assert_int_equal(message_begin(f->db, &w), -EXDEV);
	assert_int_equal(db_commit(f->db), -EXDEV);
	/* a message begun in it has lost its epoch */
	assert_int_equal(message_keep(open, &(struct message_start){
	    BOX_INBOX, 0, 0 }, NULL), -EIO);
	db_rollback(f->db);
	(void)fixture_keep(f, 5, 100);
	assert_int_equal(db_commit(f->db), 0);
	fixture_holds(f, kept, sizes, 1);
	/* and no number of it comes again */
	assert_int_equal(fixture_number(f, "SELECT id FROM message"),
	    2 * SEAL_EPOCH_MAX);
}

static uint64_t
messages(const struct fixture *f)
{
	struct box_status status;

	assert_int_equal(box_status(f->db, BOX_INBOX, &status), 0);
	return status.messages;
}

/* Reads that belong together, and what ends them. */
static void
test_look(void **state)
{
	struct fixture *f = *state, other = *f;
	struct buf why;

	other.owner = NULL;
	assert_int_equal(db_open(&other.db, f->dir, DB_WRITE, &f->clock), 0);
	db_looked(f->db);
	db_look(f->db);
	assert_int_equal(messages(f), 0);
	(void)fixture_keep(&other, 1, 100);
	assert_int_equal(db_commit(other.db), 0);
	assert_int_equal(messages(f), 0);
	db_look(f->db);
	assert_int_equal(messages(f), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	db_looked(f->db);
	assert_int_equal(messages(f), 1);
	/* a change, which another process's change does not hinder */
	db_look(f->db);
	assert_int_equal(messages(f), 1);
	(void)fixture_keep(&other, 2, 100);
	assert_int_equal(db_commit(other.db), 0);
	(void)fixture_keep(f, 3, 100);
	assert_int_equal(messages(f), 3);
	db_look(f->db);
	db_looked(f->db);
	assert_int_equal(db_pending(f->db), DB_URGENT);
	assert_int_equal(messages(f), 3);
	db_rollback(f->db);
	assert_int_equal(messages(f), 2);
	/* all else that cannot go on within it */
	db_look(f->db);
	assert_int_equal(messages(f), 2);
	assert_int_equal(db_commit(f->db), 0);
	(void)fixture_keep(&other, 4, 100);
	assert_int_equal(db_commit(other.db), 0);
	assert_int_equal(messages(f), 3);
	db_look(f->db);
	assert_int_equal(messages(f), 3);
	buf_init(&why, 100);
	assert_int_equal(db_verify(f->db, &why), 0);
	db_look(f->db);
	assert_int_equal(messages(f), 3);
	(void)db_rest(f->db, INT64_MAX);
	db_look(f->db);
	assert_int_equal(messages(f), 3);
	db_rollback(f->db);
	db_look(f->db);
	buf_drop(&why);
	db_close(other.db);
}

/* What is refused before it changes anything dooms nobody. */
static void
test_refused(void **state)
{
	struct fixture *f = *state;
	const unsigned kept[] = { 1 };
	const size_t sizes[] = { 100 };

	(void)fixture_keep(f, 1, 100);
	assert_int_equal(message_keep(fixture_write(f, 2, 100000),
	    &(struct message_start){ 999, 0, 0 }, NULL), -ENOENT);
	assert_int_equal(db_commit(f->db), 0);
	fixture_holds(f, kept, sizes, 1);
	assert_int_equal(fixture_files(f, "blob"), 0);
}

/* The command line beside the keeper. */
static void
test_beside(void **state)
{
	struct fixture *f = *state, other = *f;
	const unsigned kept[] = { 1, 2, 3, 4 };
	const size_t sizes[] = { 100, 200, 70000, 300 };

	other.owner = NULL;
	assert_int_equal(db_open(&other.db, f->dir, DB_WRITE, &f->clock), 0);
	(void)fixture_keep(f, 1, 100);
	assert_int_equal(db_commit(f->db), 0);
	(void)fixture_keep(&other, 2, 200);
	assert_int_equal(db_commit(other.db), 0);
	(void)fixture_keep(f, 3, 70000);
	assert_int_equal(db_commit(f->db), 0);
	(void)fixture_keep(&other, 4, 300);
	assert_int_equal(db_commit(other.db), 0);
	fixture_holds(f, kept, sizes, 4);
	fixture_holds(&other, kept, sizes, 4);
	seal_owner_drop(other.owner);
	db_close(other.db);
}

/* A command that writes as much as it can, in a child. */
static void
child_writes(struct fixture *f)
{
	struct db *db;

	if (db_open(&db, f->dir, DB_WRITE, &f->clock) != 0)
		_exit(1);
	for (int i = 0; i < 1000; i++) {
		if (address_note(db, STR("a@example.test"), STR("x")) != 0)
			_exit(1);
		(void)usleep(30000);
		if (db_commit(db) != 0)
			_exit(1);
	}
	_exit(0);
}

/* The keeper gets its turn nevertheless, and soon. */
static void
test_turns(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	struct timespec begun, ended;
	int err = 0;

	assert_true(child >= 0);
	if (child == 0)
		child_writes(f);
	(void)usleep(100000);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &begun), 0);
	for (int i = 0; i < 10 && err == 0; i++) {
		err = address_set(f->db, STR("b@example.test"), ADDRESS_OPEN);
		if (err == 0)
			err = db_commit(f->db);
	}
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &ended), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(err, 0);
	/* each waits for one turn of the other, not for ten */
	assert_true(ended.tv_sec - begun.tv_sec < 5);
	/* what the killed one held is free */
	(void)fixture_keep(f, 10, 100);
	assert_int_equal(db_commit(f->db), 0);
}

int
db_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_modes),
		WITH_BOX(test_newer),
		WITH_BOX(test_corrupt),
		WITH_BOX(test_pending),
		WITH_BOX(test_full),
		WITH_BOX(test_doomed),
		WITH_BOX(test_look),
		WITH_BOX(test_refused),
		WITH_BOX(test_beside),
		WITH_BOX(test_turns),
	};

	return cmocka_run_group_tests_name("store/db", tests, NULL, NULL);
}
