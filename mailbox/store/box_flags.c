/*
 * Changing flags: a range at a time, by one statement that passes over whom it
 * would leave as it is.
 */
#include <errno.h>

#include "store/box_inner.h"
#include "store/db_inner.h"

/* A change of flags on its way: they become (flags & keep) | add. */
struct setting {
	struct db *db;
	struct box_span span;
	uint64_t keep, add;
	int64_t since;		/* who has a higher modseq is left */
	int64_t unseen;		/* by how much the counter changes */
	uint32_t unseen_from;	/* the least that loses \Seen */
};

static void
range_bind(sqlite3_stmt *s, const struct setting *c)
{
	sqlite3_bind_int64(s, 1, c->span.box);
	sqlite3_bind_int64(s, 2, c->span.first);
	sqlite3_bind_int64(s, 3, c->span.last);
	sqlite3_bind_int64(s, 4, c->since);
}

/* Who is left out by the condition. */
static int
failed_find(const struct setting *c, struct uids *failed)
{
	sqlite3_stmt *s = db_sql(c->db, SLOT_ENTRY_NEWER,
	    "SELECT uid FROM entry WHERE box = ?1 AND uid BETWEEN ?2 AND ?3"
	    " AND modseq > ?4 ORDER BY uid");
	int row;

	range_bind(s, c);
	while ((row = db_step(c->db, s)) > 0) {
		uint32_t uid = (uint32_t)sqlite3_column_int64(s, 0);

		uids_add(failed, uid, uid);
	}
	return row;
}

/* Find out who gets or loses \Seen, if anybody can. */
static int
seen_find(struct setting *c)
{
	bool gets = (c->add & BOX_SEEN) != 0;
	sqlite3_stmt *s;
	int64_t count;
	int row;

	c->unseen_from = UINT32_MAX;
	if (!gets && (c->keep & BOX_SEEN) != 0)
		return 0;
	s = db_sql(c->db, SLOT_ENTRY_SEEN,
	    "SELECT count(*), min(uid) FROM entry WHERE box = ?1"
	    " AND uid BETWEEN ?2 AND ?3 AND modseq <= ?4 AND flags & 1 = ?5");
	range_bind(s, c);
	sqlite3_bind_int(s, 5, !gets);
	row = db_step(c->db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	count = sqlite3_column_int64(s, 0);
	if (!gets && count > 0)
		c->unseen_from = (uint32_t)sqlite3_column_int64(s, 1);
	c->unseen = gets ? -count : count;
	db_reset(s);
	return 0;
}

/*
 * A statement that fails dooms the transaction, so SQLite need not keep all
 * pages that it may have to put back.
 *
 * Returns:  how many were changed, or negative errno.
 */
static int
flags_set(const struct setting *c, uint64_t modseq)
{
	sqlite3_stmt *s = db_sql(c->db, SLOT_ENTRY_SET,
	    "UPDATE OR FAIL entry SET flags = (flags & ?5) | ?6, modseq = ?7,"
	    " arrived = iif(arrived > 0, arrived, modseq)"
	    " WHERE box = ?1 AND uid BETWEEN ?2 AND ?3 AND modseq <= ?4"
	    " AND flags <> ((flags & ?5) | ?6)");
	int err;

	range_bind(s, c);
	sqlite3_bind_int64(s, 5, (int64_t)c->keep);
	sqlite3_bind_int64(s, 6, (int64_t)c->add);
	sqlite3_bind_int64(s, 7, (int64_t)modseq);
	err = db_run(c->db, s);
	return err != 0 ? err : sqlite3_changes(c->db->sql);
}

static int
change_count(const struct setting *c, uint64_t modseq)
{
	sqlite3_stmt *s = db_sql(c->db, SLOT_BOX_CHANGED,
	    "UPDATE box SET modseq = ?2, unseen = unseen + ?3, unseen_from ="
	    " iif(unseen = 0, ?4, min(unseen_from, ?4)) WHERE id = ?1");
	int err;

	sqlite3_bind_int64(s, 1, c->span.box);
	sqlite3_bind_int64(s, 2, (int64_t)modseq);
	sqlite3_bind_int64(s, 3, c->unseen);
	sqlite3_bind_int64(s, 4, c->unseen_from);
	err = db_run(c->db, s);
	return err != 0 || c->unseen >= 0 ? err :
	    box_unseen_seek(c->db, c->span.box);
}

/* Returns: 0 with *modseq, which stays 0 when nothing changes; or errno. */
static int
setting_run(struct setting *c, uint64_t *modseq)
{
	struct box_status status;
	int changed, err = box_status(c->db, c->span.box, &status);

	if (err == 0)
		err = seen_find(c);
	if (err != 0)
		return err;
	changed = flags_set(c, status.modseq + 1);
	if (changed <= 0)
		return changed;
	*modseq = status.modseq + 1;
	return change_count(c, *modseq);
}

int
box_flags(struct db *db, const struct box_span *span,
	const struct box_change *change, struct uids *failed, uint64_t *modseq)
{
	bool set = change->how == BOX_FLAGS_SET;
	bool remove = change->how == BOX_FLAGS_REMOVE;
	struct setting c = {
		.db = db, .span = *span,
		.keep = set ? 0 : remove ? ~change->flags : UINT64_MAX,
		.add = remove ? 0 : change->flags,
		.since = INT64_MAX,
	};
	int err = db_begin(db);

	*modseq = 0;
	if (change->conditional && change->unchanged_since < INT64_MAX)
		c.since = (int64_t)change->unchanged_since;
	if (err == 0 && change->conditional && failed != NULL)
		err = failed_find(&c, failed);
	return err != 0 ? err : setting_run(&c, modseq);
}
