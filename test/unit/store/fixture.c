/* A box of its own for every test. */
#include "fixture.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/crypto.h"
#include "store/db_inner.h"

#define TEXT_MAX (4 * 1024 * 1024)

/*
 * A new box with an owner, made once and then copied: stretching a password
 * takes its time, on small boards most of all.
 */
static struct {
	struct buf bytes, key, recovery;
} model;

static void
path_of(const struct fixture *f, const char *name, char path[128])
{
	(void)snprintf(path, 128, "%s/%s", f->dir, name);
}

static void
file_take(struct fixture *f, const char *name, struct buf *bytes)
{
	char path[128];
	FILE *file;
	int c;

	buf_init(bytes, TEXT_MAX);
	path_of(f, name, path);
	file = fopen(path, "r");
	assert_non_null(file);
	while ((c = getc(file)) != EOF)
		buf_add_char(bytes, (char)c);
	assert_int_equal(fclose(file), 0);
}

static void
file_put(struct fixture *f, const char *name, const struct buf *bytes)
{
	char path[128];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_int_equal(fwrite(bytes->at, 1, bytes->len, file), bytes->len);
	assert_int_equal(fclose(file), 0);
}

static void
model_make(struct fixture *f)
{
	buf_init(&model.recovery, 100);
	assert_int_equal(db_open(&f->db, f->dir, DB_CREATE, &f->clock), 0);
	assert_int_equal(credential_create(f->db, STR(FIXTURE_PASSWORD),
	    &model.recovery), 0);
	assert_int_equal(db_commit(f->db), 0);
	db_close(f->db);
	file_take(f, "pillarbox.db", &model.bytes);
	file_take(f, "device.key", &model.key);
}

static void
model_copy(struct fixture *f)
{
	file_put(f, "pillarbox.db", &model.bytes);
	file_put(f, "device.key", &model.key);
}

int
fixture_begin(void **state)
{
	struct fixture *f = xalloc(1, sizeof *f);
	const char *tmp = getenv("TMPDIR");

	crypto_start();
	(void)snprintf(f->dir, sizeof f->dir, "%s/store-" "XX" "XX" "XX",
	    tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	f->clock = (struct clock){ .mono_ms = 1000, .unix_s = 1700000000 };
	if (model.bytes.len == 0)
		model_make(f);
	else
		model_copy(f);
	buf_init(&f->recovery, 100);
	buf_add(&f->recovery, buf_str(&model.recovery));
	assert_int_equal(db_open(&f->db, f->dir, DB_SERVE, &f->clock), 0);
	*state = f;
	return 0;
}

static int
entry_remove(const char *path, const struct stat *is, int type,
	struct FTW *at)
{
	(void)is;
	(void)type;
	(void)at;
	return remove(path);
}

int
fixture_end(void **state)
{
	struct fixture *f = *state;

	seal_owner_drop(f->owner);
	db_close(f->db);
	buf_wipe(&f->recovery);
	(void)nftw(f->dir, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

void
fixture_reopen(struct fixture *f, enum db_mode mode)
{
	db_close(f->db);
	f->db = NULL;
	assert_int_equal(db_open(&f->db, f->dir, mode, &f->clock), 0);
}

struct seal_owner *
fixture_unlock(struct fixture *f)
{
	int64_t id;

	if (f->owner == NULL)
		assert_int_equal(credential_quick(f->db, buf_str(&f->recovery),
		    true, &f->owner, &id), 0);
	return f->owner;
}

void
fixture_text(struct buf *text, unsigned n, size_t size)
{
	unsigned seed = n * 2654435761u + 1;

	buf_init(text, TEXT_MAX);
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1103515245u + 12345u;
		buf_add_char(text, i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' :
		    (char)('A' + (seed >> 16) % 26));
	}
}

struct message_writer *
fixture_write(struct fixture *f, unsigned n, size_t size)
{
	struct message_writer *w;
	struct buf text;
	struct str rest;
	bool last;

	assert_int_equal(message_begin(f->db, &w), 0);
	fixture_text(&text, n, size);
	rest = buf_str(&text);
	do {
		struct str piece = str_take(&rest, PIECE_SIZE);

		last = rest.len == 0;
		assert_int_equal(message_piece(w, piece, last), 0);
	} while (!last);
	buf_drop(&text);
	return w;
}

uint32_t
fixture_keep(struct fixture *f, unsigned n, size_t size)
{
	struct message_start start = { BOX_INBOX, f->clock.unix_s, 0 };
	uint32_t uid = 0;

	assert_int_equal(message_keep(fixture_write(f, n, size), &start, &uid),
	    0);
	return uid;
}

int
fixture_summarise(struct fixture *f, struct message_reader *r,
	uint64_t message, struct buf *head, struct buf *body)
{
	struct message_summary_maker *maker = NULL;
	uint64_t octets = 0;
	int more = message_summary_begin(f->db, r, message, &maker);

	if (more == 0)
		more = 1;
	while (more > 0)
		more = message_summary_step(f->db, maker, head, body, &octets);
	message_summary_drop(maker);
	return more;
}

int
fixture_read(struct fixture *f, uint64_t message, struct buf *out)
{
	struct message_reader *r = message_reader_new(fixture_unlock(f));
	struct buf piece;
	int more = message_open(f->db, r, message);

	buf_init(out, TEXT_MAX);
	buf_init(&piece, PIECE_SIZE);
	if (more == 0)
		while ((more = message_read(f->db, r, &piece)) > 0)
			buf_add(out, buf_str(&piece));
	buf_drop(&piece);
	message_reader_drop(r);
	return more;
}

void
fixture_holds(struct fixture *f, const unsigned *numbers, const size_t *sizes,
	size_t count)
{
	struct box_item *items;
	struct box_status status;
	struct buf text, found;
	uint64_t octets = 0;
	size_t held;

	assert_int_equal(box_list(f->db, BOX_INBOX, &items, &held), 0);
	assert_int_equal(held, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || items[i].uid > items[i - 1].uid);
		assert_int_equal(items[i].size, sizes[i]);
		octets += items[i].size;
		assert_int_equal(fixture_read(f, items[i].message, &found), 0);
		fixture_text(&text, numbers[i], sizes[i]);
		assert_true(str_equal(buf_str(&text), buf_str(&found)));
		buf_drop(&text);
		buf_drop(&found);
	}
	free(items);
	assert_int_equal(box_status(f->db, BOX_INBOX, &status), 0);
	assert_int_equal(status.messages, count);
	assert_int_equal(status.octets, octets);
}

size_t
fixture_files(const struct fixture *f, const char *folder)
{
	char path[128];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	path_of(f, folder, path);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

int64_t
fixture_number(const struct fixture *f, const char *text)
{
	sqlite3_stmt *s;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(f->db->sql, text, -1, &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

void
fixture_sql(const struct fixture *f, const char *text)
{
	char path[128];
	sqlite3 *sql;

	path_of(f, "pillarbox.db", path);
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(sql), SQLITE_OK);
}
