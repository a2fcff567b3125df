/*
 * What is left of mailboxes that were removed. Removing one takes its row and
 * its name at once; its entries go in steps, in quiet moments, and with each
 * the way of its message into the garbage.
 */
#include "store/box_inner.h"
#include "store/db_inner.h"

#define EMPTY_MAX 256		/* entries a step takes out */
#define FORGET_MAX 4096		/* rows of what vanished a step forgets */

/* The least mailbox that was removed. Returns: 1; 0: none; -errno. */
static int
removed_find(struct db *db, int64_t *box)
{
	sqlite3_stmt *s = db_sql(db, SLOT_REMOVED_FIND,
	    "SELECT box FROM removed ORDER BY box LIMIT 1");
	int row = db_step(db, s);

	if (row <= 0)
		return row;
	*box = sqlite3_column_int64(s, 0);
	db_reset(s);
	return 1;
}

static int
entries_leave(struct db *db, int64_t box, const struct box_entry *entries,
	size_t count)
{
	sqlite3_stmt *s;
	int64_t stamp = 0;
	int err = box_stamp(db, &stamp);

	for (size_t i = 0; i < count && err == 0; i++)
		err = box_message_leave(db, (int64_t)entries[i].message,
		    stamp);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_REMOVED_ENTRIES,
	    "DELETE FROM entry WHERE box = ?1 AND uid <= ?2");
	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, entries[count - 1].uid);
	err = db_run(db, s);
	return err != 0 ? err : box_stamp_given(db, stamp);
}

/* Returns: 1 when there may be more, 0, or negative errno. */
static int
vanished_forget(struct db *db, int64_t box)
{
	sqlite3_stmt *s = db_sql(db, SLOT_REMOVED_VANISHED,
	    "DELETE FROM vanished WHERE box = ?1 AND (modseq, first) <="
	    " (SELECT max(modseq), first FROM (SELECT modseq, first"
	    " FROM vanished WHERE box = ?1 ORDER BY modseq, first LIMIT ?2))");
	int err;

	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int(s, 2, FORGET_MAX);
	err = db_run(db, s);
	return err != 0 ? err : sqlite3_changes(db->sql) > 0;
}

/* Take a step at one of them. */
static int
removed_step(struct db *db, int64_t box)
{
	const struct box_span all = { box, 1, UINT32_MAX };
	struct box_entry entries[EMPTY_MAX];
	sqlite3_stmt *s;
	size_t count;
	int more, err = box_entries(db, &all, entries, EMPTY_MAX, &count);

	if (err != 0)
		return err;
	if (count > 0)
		return entries_leave(db, box, entries, count);
	more = vanished_forget(db, box);
	if (more != 0)
		return more < 0 ? more : 0;
	s = db_sql(db, SLOT_REMOVED_DELETE,
	    "DELETE FROM removed WHERE box = ?1");
	sqlite3_bind_int64(s, 1, box);
	return db_run(db, s);
}

bool
box_empty_removed(struct db *db)
{
	int64_t box = 0;
	int err;

	if (removed_find(db, &box) <= 0)
		return false;
	err = db_begin(db);
	if (err == 0)
		err = removed_step(db, box);
	if (err != 0)
		(void)db_doom(db, err);
	return db_commit(db) == 0;
}
