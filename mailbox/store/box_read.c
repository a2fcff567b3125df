/*
 * Reading mailboxes: which UIDs are there, what an entry holds, and what has
 * changed since a modseq.
 *
 * 1. The modseq an entry arrived with never falls from UID to UID, since both
 *    are given in one statement; so what arrived after one is found by
 *    halving.
 * 2. Every UID below UIDNEXT is there or has vanished, see box.c.
 */
#include <errno.h>

#include "store/box_inner.h"
#include "store/db_inner.h"

/* What entry_read() reads; saved 0 is as received. */
#define ENTRY_COLUMNS "uid, message, size, flags, modseq, received," \
	" iif(saved = 0, received, saved)"

static void
entry_read(sqlite3_stmt *s, struct box_entry *e)
{
	*e = (struct box_entry){
		.uid = (uint32_t)sqlite3_column_int64(s, 0),
		.message = (uint64_t)sqlite3_column_int64(s, 1),
		.size = (uint64_t)sqlite3_column_int64(s, 2),
		.flags = (uint64_t)sqlite3_column_int64(s, 3),
		.modseq = (uint64_t)sqlite3_column_int64(s, 4),
		.received = sqlite3_column_int64(s, 5),
		.saved = sqlite3_column_int64(s, 6),
	};
}

/* Read the rows of a query whose LIMIT is room. */
static int
entries_read(struct db *db, sqlite3_stmt *s, struct box_entry *to,
	size_t room, size_t *count)
{
	int row = 0;

	*count = 0;
	while (*count < room && (row = db_step(db, s)) > 0)
		entry_read(s, &to[(*count)++]);
	if (row > 0 || room == 0)
		db_reset(s);
	return row < 0 ? row : 0;
}

/* Add what a query answers: runs, ascending by their first. */
static int
runs_add(struct db *db, sqlite3_stmt *s, struct uids *uids)
{
	int row;

	while ((row = db_step(db, s)) > 0)
		uids_add(uids, (uint32_t)sqlite3_column_int64(s, 0),
		    (uint32_t)sqlite3_column_int64(s, 1));
	return row;
}

/* By looking at every entry. */
static int
uids_scan(struct db *db, int64_t box, struct uids *uids)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ENTRY_UIDS,
	    "SELECT uid, uid FROM entry WHERE box = ?1 ORDER BY uid");

	sqlite3_bind_int64(s, 1, box);
	return runs_add(db, s, uids);
}

/* Whether less is noted as vanished than there are entries. */
static int
vanished_few(struct db *db, int64_t box, uint64_t messages, bool *few)
{
	sqlite3_stmt *s = db_sql(db, SLOT_VANISHED_COUNT,
	    "SELECT count(*) FROM"
	    " (SELECT 1 FROM vanished WHERE box = ?1 LIMIT ?2)");
	int row;

	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, (int64_t)messages);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	*few = (uint64_t)sqlite3_column_int64(s, 0) < messages;
	db_reset(s);
	return 0;
}

/* By leaving out what vanished. */
static int
uids_left(struct db *db, int64_t box, uint32_t uidnext, struct uids *uids)
{
	sqlite3_stmt *s = db_sql(db, SLOT_VANISHED_LIST,
	    "SELECT first, last FROM vanished WHERE box = ?1 ORDER BY first");
	int64_t next = 1;	/* the least UID not yet judged */
	int row;

	sqlite3_bind_int64(s, 1, box);
	while ((row = db_step(db, s)) > 0) {
		int64_t first = sqlite3_column_int64(s, 0);
		int64_t last = sqlite3_column_int64(s, 1);

		if (first > next)
			uids_add(uids, (uint32_t)next, (uint32_t)(first - 1));
		if (last >= next)
			next = last + 1;
	}
	if (row == 0 && next < uidnext)
		uids_add(uids, (uint32_t)next, uidnext - 1);
	return row;
}

int
box_uids(struct db *db, int64_t box, struct uids *uids)
{
	struct box_status status;
	bool few = false;
	int err = box_status(db, box, &status);

	if (err != 0 || status.messages == 0)
		return err;
	err = vanished_few(db, box, status.messages, &few);
	if (err == 0 && few) {
		err = uids_left(db, box, status.uidnext, uids);
		if (err != 0 || uids_len(uids) == status.messages)
			return err;
		/* An older program skipped UIDs without a word. */
		uids_clear(uids);
	}
	return err != 0 ? err : uids_scan(db, box, uids);
}

int
box_entries(struct db *db, const struct box_span *span, struct box_entry *to,
	size_t room, size_t *count)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ENTRY_LIST,
	    "SELECT " ENTRY_COLUMNS " FROM entry WHERE box = ?1"
	    " AND uid BETWEEN ?2 AND ?3 ORDER BY uid LIMIT ?4");

	sqlite3_bind_int64(s, 1, span->box);
	sqlite3_bind_int64(s, 2, span->first);
	sqlite3_bind_int64(s, 3, span->last);
	sqlite3_bind_int64(s, 4, (int64_t)room);
	return entries_read(db, s, to, room, count);
}

int
box_changed(struct db *db, const struct box_since *since,
	struct box_entry *to, size_t room, size_t *count)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ENTRY_CHANGED,
	    "SELECT " ENTRY_COLUMNS " FROM entry WHERE box = ?1"
	    " AND arrived > 0 AND (modseq, uid) > (?2, ?3) AND uid < ?4"
	    " ORDER BY modseq, uid LIMIT ?5");

	sqlite3_bind_int64(s, 1, since->box);
	sqlite3_bind_int64(s, 2, (int64_t)since->modseq);
	sqlite3_bind_int64(s, 3, since->uid);
	sqlite3_bind_int64(s, 4, since->before);
	sqlite3_bind_int64(s, 5, (int64_t)room);
	return entries_read(db, s, to, room, count);
}

/*
 * The entry nearest to a UID, at it or below.
 *
 * modseq    gets that of its arrival
 *
 * Returns:  1; 0: there is none; negative errno.
 */
static int
entry_arrived(struct db *db, int64_t box, uint32_t *uid, uint64_t *modseq)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ENTRY_ARRIVED,
	    "SELECT uid, iif(arrived > 0, arrived, modseq) FROM entry"
	    " WHERE box = ?1 AND uid <= ?2 ORDER BY uid DESC LIMIT 1");
	int row;

	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, *uid);
	row = db_step(db, s);
	if (row <= 0)
		return row;
	*uid = (uint32_t)sqlite3_column_int64(s, 0);
	*modseq = (uint64_t)sqlite3_column_int64(s, 1);
	db_reset(s);
	return 1;
}

int
box_arrived(struct db *db, int64_t box, uint64_t modseq, uint32_t *uid)
{
	struct box_status status;
	uint32_t from = 1;	/* all below arrived before */
	uint64_t arrived = 0;
	int row = 0, err = box_status(db, box, &status);

	if (err != 0)
		return err;
	*uid = status.uidnext;
	if (modseq >= status.modseq)
		return 0;
	while (from < *uid) {
		uint32_t middle = from + (*uid - from) / 2, at = middle;

		row = entry_arrived(db, box, &at, &arrived);
		if (row < 0)
			return row;
		if (row > 0 && at >= from && arrived > modseq)
			*uid = at;
		else
			from = middle + 1;
	}
	return 0;
}

int
box_vanished(struct db *db, int64_t box, uint64_t modseq, struct uids *uids)
{
	sqlite3_stmt *s = db_sql(db, SLOT_VANISHED_AFTER,
	    "SELECT first, last FROM vanished WHERE box = ?1 AND modseq > ?2"
	    " ORDER BY first");

	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, (int64_t)modseq);
	return runs_add(db, s, uids);
}

int
box_unseen(struct db *db, int64_t box, uint32_t *uid)
{
	sqlite3_stmt *s;
	int row;

	*uid = 0;
	s = db_sql(db, SLOT_ENTRY_UNSEEN,
	    "SELECT uid FROM entry WHERE box = ?1 AND uid >="
	    " (SELECT iif(unseen = 0, uidnext, unseen_from) FROM box"
	    " WHERE id = ?1) AND flags & 1 = 0 ORDER BY uid LIMIT 1");
	sqlite3_bind_int64(s, 1, box);
	row = db_step(db, s);
	if (row <= 0)
		return row;
	*uid = (uint32_t)sqlite3_column_int64(s, 0);
	db_reset(s);
	return 0;
}

int
box_deleted(struct db *db, int64_t box, uint64_t *count, uint64_t *octets)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ENTRY_DELETED_COUNT,
	    "SELECT count(*), ifnull(sum(size), 0) FROM entry"
	    " WHERE box = ?1 AND flags & 8 <> 0");
	int row;

	sqlite3_bind_int64(s, 1, box);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	*count = (uint64_t)sqlite3_column_int64(s, 0);
	*octets = (uint64_t)sqlite3_column_int64(s, 1);
	db_reset(s);
	return 0;
}

int
box_deleted_uids(struct db *db, int64_t box, struct uids *uids)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ENTRY_DELETED,
	    "SELECT uid, uid FROM entry WHERE box = ?1 AND flags & 8 <> 0"
	    " ORDER BY uid");

	sqlite3_bind_int64(s, 1, box);
	return runs_add(db, s, uids);
}
