/*
 * Epochs: a row with a sealed seed, and in this process alone the ratchet
 * that came from it. A message's number is made of its epoch and its place in
 * that, so that two processes never give one number to two messages, and a
 * number says which key opens it.
 *
 * A number whose message was given up is not used again, not even if the row
 * itself was rolled back, while this process lives: a session may hold such
 * a number. The writers that hold one are told by dead.
 */
#include "store/epoch.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

/* Keys of a day's mail at most are in memory for a thief of the machine. */
#define EPOCH_MS (24 * 60 * 60 * 1000)

int
epoch_owner(struct db *db)
{
	sqlite3_stmt *s;
	struct str value;
	int row;

	if (db->has_public_key)
		return 0;
	s = db_sql(db, SLOT_STATE_GET,
	    "SELECT value FROM state WHERE name = ?1");
	db_bind_text(s, 1, STR("public_key"));
	row = db_step(db, s);
	if (row < 0)
		return row;
	if (row > 0) {
		value = db_column(s, 0);
		db->has_public_key = value.len == SEAL_KEY;
		if (db->has_public_key)
			memcpy(db->public_key, value.at, SEAL_KEY);
		db_reset(s);
	}
	if (db->has_public_key)
		return 0;
	log_event(LOG_ERROR, "no-owner", LOG_C("do", "the box has no owner's "
	    "key: its making was cut short, make it anew with: "
	    "pillarbox init"));
	return -ENOKEY;
}

static int
epoch_begin(struct db *db)
{
	unsigned char seed[SEAL_SEED_SEALED];
	sqlite3_stmt *s;
	struct epoch *e;
	int err = epoch_owner(db);

	if (err == 0)
		err = db_begin(db);
	if (err != 0)
		return err;
	e = seal_memory_new(sizeof *e);
	seal_epoch_new(&e->ratchet, db->public_key, seed);
	s = db_sql(db, SLOT_EPOCH_ADD,
	    "INSERT INTO epoch (begun, seed, id) VALUES (?1, ?2,"
	    " nullif(max(?3, ifnull((SELECT seq + 1 FROM sqlite_sequence"
	    " WHERE name = 'epoch'), 0)), 0))");
	sqlite3_bind_int64(s, 1, db->clock->unix_s);
	db_bind_bytes(s, 2, seed, sizeof seed);
	sqlite3_bind_int64(s, 3, db->epoch_floor);
	err = db_run(db, s);
	if (err != 0) {
		seal_memory_drop(e);
		return err;
	}
	e->id = sqlite3_last_insert_rowid(db->sql);
	e->begun_ms = db->clock->mono_ms;
	e->fresh = true;
	e->users = 1;
	epoch_leave(db->epoch);
	db->epoch = e;
	return 0;
}

int
epoch_take(struct db *db, struct epoch **epoch, uint64_t *message,
	unsigned char key[SEAL_KEY])
{
	struct epoch *e = db->epoch;

	if (e == NULL || e->ratchet.next == SEAL_EPOCH_MAX ||
	    db->clock->mono_ms - e->begun_ms >= EPOCH_MS) {
		int err = epoch_begin(db);

		if (err != 0)
			return err;
		e = db->epoch;
	}
	*message = (uint64_t)e->id * SEAL_EPOCH_MAX + e->ratchet.next;
	seal_ratchet_key(&e->ratchet, key);
	e->users++;
	*epoch = e;
	return 0;
}

void
epoch_leave(struct epoch *epoch)
{
	if (epoch != NULL && --epoch->users == 0)
		seal_memory_drop(epoch);
}

int
epoch_check(struct db *db, const struct epoch *epoch)
{
	sqlite3_stmt *s;
	int row = 0;

	if (!epoch->dead) {
		s = db_sql(db, SLOT_EPOCH_FIND,
		    "SELECT seed FROM epoch WHERE id = ?1");
		sqlite3_bind_int64(s, 1, epoch->id);
		row = db_step(db, s);
		if (row > 0)
			db_reset(s);
	}
	if (row != 0)
		return row < 0 ? row : 0;
	log_event(LOG_ERROR, "epoch-lost", LOG_N("epoch", epoch->id),
	    LOG_C("do", "nothing: the sender will try again"));
	return -EIO;
}

void
epoch_committed(struct epoch *epoch)
{
	if (epoch != NULL)
		epoch->fresh = false;
}

void
epoch_lost(struct db *db)
{
	if (db->epoch == NULL || !db->epoch->fresh)
		return;
	db->epoch->dead = true;
	db->epoch_floor = db->epoch->id + 1;
	epoch_leave(db->epoch);
	db->epoch = NULL;
}
