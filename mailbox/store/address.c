/*
 * The address book. What makes a row or changes its state is part of the
 * transaction; what only counts waits a little (lazy.c).
 */
#include "store/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/db_inner.h"
#include "store/lazy.h"

/* Returns: 1 when there is a row; 0: none; negative errno. */
static int
row_state(struct db *db, struct str name, enum address_state *state)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ADDRESS_STATE,
	    "SELECT state FROM address WHERE name = ?1");
	int row;

	db_bind_text(s, 1, name);
	row = db_step(db, s);
	*state = ADDRESS_OPEN;
	if (row > 0) {
		*state = (enum address_state)sqlite3_column_int(s, 0);
		db_reset(s);
	}
	return row;
}

int
address_state(struct db *db, struct str name, enum address_state *state)
{
	int row = row_state(db, name, state);

	return row < 0 ? row : 0;
}

int
address_received(struct db *db, struct str name, bool muted)
{
	enum address_state state;
	sqlite3_stmt *s;
	int err = row_state(db, name, &state);

	if (err > 0)
		return lazy_address(db, name,
		    muted ? LAZY_MUTED : LAZY_RECEIVED);
	if (err == 0)
		err = db_begin(db);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_ADDRESS_ADD,
	    "INSERT INTO address (name, first_seen, last_seen, received,"
	    " muted) VALUES (?1, ?2, ?2, ?3, ?4)");
	db_bind_text(s, 1, name);
	sqlite3_bind_int64(s, 2, db->clock->unix_s);
	sqlite3_bind_int(s, 3, !muted);
	sqlite3_bind_int(s, 4, muted);
	return db_run(db, s);
}

int
address_refused(struct db *db, struct str name)
{
	enum address_state state;
	int row = row_state(db, name, &state);

	return row > 0 ? lazy_address(db, name, LAZY_REFUSED) : row;
}

int
address_set(struct db *db, struct str name, enum address_state state)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_ADDRESS_SET,
	    "INSERT INTO address (name, state) VALUES (?1, ?2)"
	    " ON CONFLICT (name) DO UPDATE SET state = ?2");
	db_bind_text(s, 1, name);
	sqlite3_bind_int(s, 2, (int)state);
	return db_run(db, s);
}

int
address_note(struct db *db, struct str name, struct str note)
{
	sqlite3_stmt *s;
	int err;

	if (note.len > ADDRESS_NOTE_MAX || !str_is_utf8(note))
		return -EINVAL;
	err = db_begin(db);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_ADDRESS_NOTE,
	    "INSERT INTO address (name, note) VALUES (?1, ?2)"
	    " ON CONFLICT (name) DO UPDATE SET note = ?2");
	db_bind_text(s, 1, name);
	db_bind_text(s, 2, note);
	return db_run(db, s);
}

/* A row, and its words in one piece of memory with it. */
struct listed {
	struct address address;
	char words[];
};

static struct listed *
listed_new(sqlite3_stmt *s)
{
	struct str name = db_column(s, 0), note = db_column(s, 7);
	struct listed *l = xalloc(1, sizeof *l + name.len + note.len);

	memcpy(l->words, name.at, name.len);
	if (note.len > 0)
		memcpy(l->words + name.len, note.at, note.len);
	l->address = (struct address){
		.name = str_from(l->words, name.len),
		.state = (enum address_state)sqlite3_column_int(s, 1),
		.first_seen = sqlite3_column_int64(s, 2),
		.last_seen = sqlite3_column_int64(s, 3),
		.received = (uint64_t)sqlite3_column_int64(s, 4),
		.refused = (uint64_t)sqlite3_column_int64(s, 5),
		.muted = (uint64_t)sqlite3_column_int64(s, 6),
		.note = str_from(l->words + name.len, note.len),
	};
	return l;
}

/*
 * All rows are read before the first is shown: who looks at them may take his
 * time, and as long as a statement is open the WAL cannot shrink.
 */
int
address_list(struct db *db,
	void (*each)(void *ctx, const struct address *address), void *ctx)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ADDRESS_LIST,
	    "SELECT name, state, first_seen, last_seen, received, refused,"
	    " muted, note FROM address ORDER BY name");
	struct listed **rows = NULL;
	size_t count = 0;
	int row;

	while ((row = db_step(db, s)) > 0) {
		if (count % 256 == 0)
			rows = xresize(rows, (count + 256) * sizeof *rows);
		rows[count++] = listed_new(s);
	}
	for (size_t i = 0; i < count; i++) {
		if (row == 0)
			each(ctx, &rows[i]->address);
		free(rows[i]);
	}
	free(rows);
	return row;
}
