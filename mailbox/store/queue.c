/*
 * Who is due, and what became of them.
 *
 * 1. An attempt is noted once, whoever tells of it how often: by the number of
 *    attempts before it.
 * 2. A letter is erased in the transaction in which its last recipient goes,
 *    at its very end; its file after the commit.
 * 3. Recipients that wait stand in an index of their own, by time, then by
 *    letter and route: finding who is due reads those rows and no other.
 */
#include "store/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/queue_inner.h"

#define STATUS_BASE 1000
#define STATUS_MAX 999

int
queue_next(struct db *db, int64_t *next)
{
	sqlite3_stmt *s = db_sql(db, SLOT_RECIPIENT_NEXT,
	    "SELECT min(next) FROM recipient WHERE state = 0");
	int row = db_step(db, s);

	if (row < 0)
		return row;
	*next = INT64_MAX;
	if (row > 0 && sqlite3_column_type(s, 0) != SQLITE_NULL)
		*next = sqlite3_column_int64(s, 0);
	db_reset(s);
	return 0;
}

/* A list of who is due, being made. */
struct due_list {
	struct queue_due *due;
	size_t room, count;
	int64_t now;
	struct queue_place at;		/* the last one's */
	size_t group;			/* where the group of one letter and
					   route begins that is being listed */
	struct queue_place before;	/* the place in front of that */
	bool full;			/* there is one more */
};

static void
due_read(sqlite3_stmt *s, struct queue_due *due)
{
	struct str route = str_part(db_column(s, 2), 0, sizeof due->route - 1);

	due->recipient = (uint64_t)sqlite3_column_int64(s, 0);
	due->letter = due->recipient / QUEUE_PLACES;
	memcpy(due->route, route.at, route.len);
	due->route[route.len] = '\0';
}

/* Whether a belongs to the group of the one listed last. */
static bool
due_joins(const struct due_list *l, const struct queue_due *a)
{
	const struct queue_due *b;

	if (l->count == 0)
		return false;
	b = &l->due[l->count - 1];
	return a->letter == b->letter && strcmp(a->route, b->route) == 0;
}

/* Take a row. Returns: false when no further one is wanted. */
static bool
due_take(struct due_list *l, sqlite3_stmt *s)
{
	int64_t next = sqlite3_column_int64(s, 1);
	struct queue_due one;

	if (next > l->now)
		return false;
	due_read(s, &one);
	if (!due_joins(l, &one)) {
		l->group = l->count;
		l->before = l->at;
	}
	l->full = l->count == l->room;
	if (l->full)
		return false;
	l->due[l->count++] = one;
	l->at = (struct queue_place){ next, one.recipient };
	return true;
}

static int
due_scan(struct db *db, struct due_list *l, sqlite3_stmt *s)
{
	int row;

	do
		row = db_step(db, s);
	while (row > 0 && due_take(l, s));
	if (row > 0)
		db_reset(s);
	return row;
}

int
queue_due(struct db *db, int64_t now, struct queue_place *after,
	struct queue_due *due, size_t room)
{
	struct due_list l = { .due = due, .room = room, .now = now,
	    .at = *after };
	sqlite3_stmt *s = db_sql(db, SLOT_RECIPIENT_SAME,
	    "SELECT id, next, route FROM recipient"
	    " WHERE state = 0 AND next = ?1 AND id > ?2 ORDER BY id");
	int row;

	sqlite3_bind_int64(s, 1, after->next);
	sqlite3_bind_int64(s, 2, (int64_t)after->recipient);
	row = due_scan(db, &l, s);
	if (row == 0) {
		s = db_sql(db, SLOT_RECIPIENT_DUE,
		    "SELECT id, next, route FROM recipient"
		    " WHERE state = 0 AND next > ?1 ORDER BY next, id");
		sqlite3_bind_int64(s, 1, after->next);
		row = due_scan(db, &l, s);
	}
	if (row < 0)
		return row;
	/* A group that does not fit is left for the next time, if it can. */
	if (l.full && l.group > 0 && l.group < l.count) {
		l.count = l.group;
		l.at = l.before;
	}
	*after = l.at;
	return (int)l.count;
}

/* A recipient of the letter has gone: perhaps it was the last. */
static void
letter_left(struct db *db, uint64_t letter)
{
	if (db->left_count > 0 && db->left[db->left_count - 1] == letter)
		return;
	if (db->left_count % 64 == 0)
		db->left = xresize(db->left,
		    (db->left_count + 64) * sizeof *db->left);
	db->left[db->left_count++] = letter;
}

static int
letter_erase(struct db *db, uint64_t letter)
{
	sqlite3_stmt *s = db_sql(db, SLOT_LETTER_ERASE,
	    "DELETE FROM letter WHERE id = ?1 AND NOT EXISTS"
	    " (SELECT 1 FROM recipient WHERE recipient.id BETWEEN ?2 AND ?3)"
	    " RETURNING file");
	int row;

	sqlite3_bind_int64(s, 1, (int64_t)letter);
	sqlite3_bind_int64(s, 2, queue_first(letter));
	sqlite3_bind_int64(s, 3, queue_last(letter));
	row = db_step(db, s);
	if (row <= 0)
		return row;
	if (sqlite3_column_type(s, 0) != SQLITE_NULL)
		blob_forget(db, (struct blob_id){ BLOB_LETTER,
		    (uint64_t)sqlite3_column_int64(s, 0) });
	return db_run(db, s);
}

int
queue_erase_left(struct db *db)
{
	int err = 0;

	for (size_t i = 0; i < db->left_count && err == 0; i++)
		err = letter_erase(db, db->left[i]);
	db->left_count = 0;
	return err;
}

void
queue_left_lost(struct db *db)
{
	db->left_count = 0;
}

/* Run a change. met: whether there was a row for it. */
static int
change_run(struct db *db, sqlite3_stmt *s, bool *met)
{
	int err = db_run_met(db, s);

	*met = err == 0;
	return err == -ENOENT ? 0 : err;
}

int
queue_done(struct db *db, uint64_t recipient, bool *met)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	*met = false;
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_RECIPIENT_DELETE,
	    "DELETE FROM recipient WHERE id = ?1");
	sqlite3_bind_int64(s, 1, (int64_t)recipient);
	err = change_run(db, s, met);
	if (*met)
		letter_left(db, recipient / QUEUE_PLACES);
	return err;
}

static int64_t
status_number(const unsigned status[3])
{
	int64_t number = 0;

	for (size_t i = 0; i < 3; i++)
		number = number * STATUS_BASE +
		    (status[i] < STATUS_MAX ? status[i] : STATUS_MAX);
	return number;
}

int
queue_tried(struct db *db, uint64_t recipient,
	const struct queue_attempt *attempt, bool *met)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	*met = false;
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_RECIPIENT_TRIED,
	    "UPDATE recipient SET attempts = ?2 + 1, state = max(state, ?3),"
	    " next = ?4, code = ?5, status = ?6, said = ?7, remote = ?8,"
	    " told_late = ?9, tried = ?10 WHERE id = ?1 AND attempts = ?2");
	sqlite3_bind_int64(s, 1, (int64_t)recipient);
	sqlite3_bind_int64(s, 2, attempt->number);
	sqlite3_bind_int(s, 3, (int)attempt->state);
	sqlite3_bind_int64(s, 4, attempt->next);
	sqlite3_bind_int64(s, 5, attempt->code);
	sqlite3_bind_int64(s, 6, status_number(attempt->status));
	db_bind_text(s, 7, str_part(attempt->said, 0, QUEUE_SAID_MAX));
	db_bind_text(s, 8, attempt->remote);
	sqlite3_bind_int(s, 9, attempt->told_late);
	sqlite3_bind_int64(s, 10, db->clock->unix_s);
	return change_run(db, s, met);
}

int
queue_put_off(struct db *db, uint64_t recipient, int64_t next)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_RECIPIENT_PUT_OFF,
	    "UPDATE recipient SET next = ?2 WHERE id = ?1 AND state = 0");
	sqlite3_bind_int64(s, 1, (int64_t)recipient);
	sqlite3_bind_int64(s, 2, next);
	return db_run(db, s);
}

int
queue_hold_route(struct db *db, const struct str *route)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_RECIPIENT_ROUTE,
	    "UPDATE recipient SET state = 1"
	    " WHERE state = 0 AND (?1 IS NULL OR route = ?1)");
	if (route != NULL)
		db_bind_text(s, 1, *route);
	return db_run(db, s);
}

int
queue_routes(struct db *db, enum queue_state state, const unsigned status[3],
	struct buf *names)
{
	sqlite3_stmt *s = db_sql(db, SLOT_RECIPIENT_ROUTES,
	    "SELECT DISTINCT route FROM recipient"
	    " WHERE state = ?1 AND (?2 IS NULL OR status = ?2)");
	struct str route;
	int row;

	sqlite3_bind_int(s, 1, (int)state);
	if (status != NULL)
		sqlite3_bind_int64(s, 2, status_number(status));
	while ((row = db_step(db, s)) > 0) {
		route = db_column(s, 0);
		if (names->max - names->len <= route.len)
			continue;
		buf_add(names, route);
		buf_add_char(names, '\0');
	}
	return row;
}

/* Begin a change of a letter, whose number somebody typed. */
static int
letter_begin(struct db *db, uint64_t letter)
{
	return letter > INT64_MAX / QUEUE_PLACES - 1 ? -ENOENT : db_begin(db);
}

/* Set the state of a letter's recipients, or of all; -ENOENT. */
static int
letter_set(struct db *db, uint64_t letter, enum queue_state state)
{
	sqlite3_stmt *s;
	bool met;
	int err = letter_begin(db, letter);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_RECIPIENT_STATE,
	    "UPDATE recipient SET state = ?3, next = iif(?3 = 0, ?4, next)"
	    " WHERE id BETWEEN ?1 AND ?2");
	sqlite3_bind_int64(s, 1, queue_first(letter));
	sqlite3_bind_int64(s, 2, letter == 0 ? INT64_MAX : queue_last(letter));
	sqlite3_bind_int(s, 3, (int)state);
	sqlite3_bind_int64(s, 4, db->clock->unix_s);
	err = change_run(db, s, &met);
	return err == 0 && !met && letter != 0 ? -ENOENT : err;
}

int
queue_retry(struct db *db, uint64_t letter)
{
	return letter_set(db, letter, QUEUE_WAITING);
}

int
queue_hold(struct db *db, uint64_t letter)
{
	return letter_set(db, letter, QUEUE_HELD);
}

int
queue_drop(struct db *db, uint64_t letter)
{
	sqlite3_stmt *s;
	int err = letter_begin(db, letter);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_RECIPIENT_DROP,
	    "DELETE FROM recipient WHERE id BETWEEN ?1 AND ?2");
	sqlite3_bind_int64(s, 1, queue_first(letter));
	sqlite3_bind_int64(s, 2, queue_last(letter));
	err = db_run_met(db, s);
	if (err == 0)
		letter_left(db, letter);
	return err;
}

int64_t
db_outside(struct db *db)
{
	sqlite3_stmt *s = db_sql(db, SLOT_DATA_VERSION,
	    "PRAGMA data_version");
	int64_t version = 0;

	if (db_step(db, s) > 0) {
		version = sqlite3_column_int64(s, 0);
		db_reset(s);
	}
	return version;
}
