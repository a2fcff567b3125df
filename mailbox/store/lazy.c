/*
 * Counts gathered in memory: a flood of refusals, or a program that fetches
 * mail every minute, must not cost a sync each, nor a busy hour write the
 * address book again with every message. They are written with the next
 * commit, but not with every one of a burst, and else by db_rest(); a crash
 * may lose the last few seconds' counts, never a message.
 */
#include "store/lazy.h"

#include <stdlib.h>

#include "base/buf.h"

#define NAME_MAX_LEN 512	/* bytes; a path of SMTP has 256 */

struct lazy_row {
	struct buf name;	/* of an address; else empty */
	int64_t id;		/* of a credential; else 0 */
	int64_t received, refused, muted;
	int64_t last;		/* unix s */
};

struct lazy {
	struct lazy_row rows[LAZY_MAX];
	size_t count;
	int64_t since_ms;	/* the first waits since; mono ms */
	int64_t quiet_ms;	/* commits pass them over until; mono ms */
	bool written;		/* they are in the open transaction */
};

struct lazy *
lazy_new(void)
{
	return xalloc(1, sizeof (struct lazy));
}

static void
lazy_clear(struct lazy *lazy)
{
	for (size_t i = 0; i < lazy->count; i++)
		buf_drop(&lazy->rows[i].name);
	lazy->count = 0;
}

void
lazy_drop(struct lazy *lazy)
{
	if (lazy != NULL)
		lazy_clear(lazy);
	free(lazy);
}

size_t
lazy_count(const struct lazy *lazy)
{
	return lazy->count;
}

bool
lazy_due(const struct db *db)
{
	return db->lazy->count > 0 &&
	    db->clock->mono_ms - db->lazy->since_ms >= LAZY_REST_MS;
}

/* The row of a name or id, made if need be; NULL with all taken. */
static struct lazy_row *
row_find(struct db *db, struct str name, int64_t id)
{
	struct lazy *lazy = db->lazy;
	struct lazy_row *row;

	for (size_t i = 0; i < lazy->count; i++) {
		row = &lazy->rows[i];
		if (row->id == id && str_equal(buf_str(&row->name), name))
			return row;
	}
	if (lazy->count == LAZY_MAX)
		return NULL;
	if (lazy->count == 0)
		lazy->since_ms = db->clock->mono_ms;
	row = &lazy->rows[lazy->count++];
	*row = (struct lazy_row){ .id = id };
	buf_init(&row->name, NAME_MAX_LEN);
	buf_add(&row->name, name);
	return row;
}

static int
row_write(struct db *db, struct str name, const struct lazy_row *row)
{
	sqlite3_stmt *s;

	if (row->id != 0) {
		s = db_sql(db, SLOT_CREDENTIAL_USED,
		    "UPDATE credential SET last_used = ?2 WHERE id = ?1");
		sqlite3_bind_int64(s, 1, row->id);
		sqlite3_bind_int64(s, 2, row->last);
		return db_run(db, s);
	}
	s = db_sql(db, SLOT_ADDRESS_COUNT,
	    "UPDATE address SET received = received + ?2,"
	    " refused = refused + ?3, muted = muted + ?4, last_seen = ?5,"
	    " first_seen = iif(first_seen = 0, ?5, first_seen)"
	    " WHERE name = ?1");
	db_bind_text(s, 1, name);
	sqlite3_bind_int64(s, 2, row->received);
	sqlite3_bind_int64(s, 3, row->refused);
	sqlite3_bind_int64(s, 4, row->muted);
	sqlite3_bind_int64(s, 5, row->last);
	return db_run(db, s);
}

/* Add what is new to a row that waits, or write it when none is free. */
static int
row_add(struct db *db, struct str name, const struct lazy_row *new)
{
	struct lazy_row *row = row_find(db, name, new->id);
	int err;

	if (row == NULL) {
		err = db_begin(db);
		return err != 0 ? err : row_write(db, name, new);
	}
	row->received += new->received;
	row->refused += new->refused;
	row->muted += new->muted;
	row->last = new->last;
	return 0;
}

int
lazy_address(struct db *db, struct str name, enum lazy_event event)
{
	struct lazy_row new = {
		.received = event == LAZY_RECEIVED,
		.refused = event == LAZY_REFUSED,
		.muted = event == LAZY_MUTED,
		.last = db->clock->unix_s,
	};

	return row_add(db, name, &new);
}

int
lazy_credential(struct db *db, int64_t id)
{
	struct lazy_row new = { .id = id, .last = db->clock->unix_s };

	return row_add(db, STR(""), &new);
}

int
lazy_write(struct db *db, bool all)
{
	struct lazy *lazy = db->lazy;
	int err = 0;

	if (lazy->count == 0 || (!all && db->clock->mono_ms < lazy->quiet_ms))
		return 0;
	for (size_t i = 0; i < lazy->count && err == 0; i++)
		err = row_write(db, buf_str(&lazy->rows[i].name),
		    &lazy->rows[i]);
	lazy->written = err == 0;
	if (err == 0)
		lazy->quiet_ms = db->clock->mono_ms + LAZY_COMMIT_MS;
	return err;
}

void
lazy_committed(struct lazy *lazy)
{
	if (lazy->written)
		lazy_clear(lazy);
	lazy->written = false;
}

void
lazy_lost(struct lazy *lazy)
{
	lazy->written = false;
}
