/*
 * Taking messages out of a mailbox: entries, counters, the record of what
 * vanished, and the way of the message into the garbage.
 */
#include <errno.h>

#include "store/box_inner.h"
#include "store/db_inner.h"

/* One deletion on its way. */
struct delete {
	struct db *db;
	int64_t box;
	int64_t modseq;		/* what the mailbox has after it */
	int64_t stamp;
	int64_t messages, octets, unseen;	/* taken out */
	int64_t first, last;	/* UIDs of the open range; first 0: none */
};

int
box_vanish(struct db *db, int64_t box, int64_t modseq, int64_t first,
	int64_t last)
{
	sqlite3_stmt *s = db_sql(db, SLOT_VANISHED_ADD,
	    "INSERT INTO vanished (box, modseq, first, last)"
	    " VALUES (?1, ?2, ?3, ?4)");

	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, modseq);
	sqlite3_bind_int64(s, 3, first);
	sqlite3_bind_int64(s, 4, last);
	return db_run(db, s);
}

static int
range_close(struct delete *d)
{
	int64_t first = d->first;

	d->first = 0;
	return first == 0 ? 0 : box_vanish(d->db, d->box, d->modseq, first,
	    d->last);
}

static int
range_add(struct delete *d, uint32_t uid)
{
	int err = 0;

	if (d->first != 0 && d->last + 1 != uid)
		err = range_close(d);
	if (d->first == 0)
		d->first = uid;
	d->last = uid;
	return err;
}

int
box_message_leave(struct db *db, int64_t message, int64_t stamp)
{
	sqlite3_stmt *s = db_sql(db, SLOT_COPY_FIND,
	    "SELECT more FROM copy WHERE message = ?1");
	int64_t more = 0;
	int row;

	sqlite3_bind_int64(s, 1, message);
	row = db_step(db, s);
	if (row < 0)
		return row;
	if (row > 0) {
		more = sqlite3_column_int64(s, 0);
		db_reset(s);
	}
	if (more == 0) {
		s = db_sql(db, SLOT_GARBAGE_ADD,
		    "INSERT INTO garbage (stamp, message) VALUES (?2, ?1)");
		sqlite3_bind_int64(s, 2, stamp);
	} else if (more == 1) {
		s = db_sql(db, SLOT_COPY_DELETE,
		    "DELETE FROM copy WHERE message = ?1");
	} else {
		s = db_sql(db, SLOT_COPY_LESS,
		    "UPDATE copy SET more = more - 1 WHERE message = ?1");
	}
	sqlite3_bind_int64(s, 1, message);
	return db_run(db, s);
}

int
box_stamp(struct db *db, int64_t *stamp)
{
	int err = state_number(db, "stamp", stamp);

	if (err == 0 && *stamp < db->stamp)
		*stamp = db->stamp;
	return err;
}

int
box_stamp_given(struct db *db, int64_t stamp)
{
	db->stamp = stamp + 1;
	return state_set(db, "stamp", stamp + 1);
}

static int
entry_delete(struct delete *d, uint32_t uid)
{
	sqlite3_stmt *s = db_sql(d->db, SLOT_ENTRY_DELETE,
	    "DELETE FROM entry WHERE box = ?1 AND uid = ?2"
	    " RETURNING message, size, flags");
	int64_t message;
	int row, err;

	sqlite3_bind_int64(s, 1, d->box);
	sqlite3_bind_int64(s, 2, uid);
	row = db_step(d->db, s);
	if (row <= 0)
		return row;
	message = sqlite3_column_int64(s, 0);
	d->messages++;
	d->octets += sqlite3_column_int64(s, 1);
	d->unseen += (sqlite3_column_int64(s, 2) & BOX_SEEN) == 0;
	err = db_run(d->db, s);
	if (err == 0)
		err = range_add(d, uid);
	return err != 0 ? err : box_message_leave(d->db, message, d->stamp);
}

static int
delete_begin(struct delete *d)
{
	struct box_status status;
	int err = db_begin(d->db);

	if (err == 0)
		err = box_status(d->db, d->box, &status);
	if (err != 0)
		return err;
	d->modseq = (int64_t)status.modseq + 1;
	return box_stamp(d->db, &d->stamp);
}

int
box_unseen_seek(struct db *db, int64_t box)
{
	sqlite3_stmt *s = db_sql(db, SLOT_BOX_UNSEEN_SEEK,
	    "UPDATE box SET unseen_from = ifnull((SELECT uid FROM entry"
	    " WHERE box = ?1 AND uid >= unseen_from AND flags & 1 = 0"
	    " ORDER BY uid LIMIT 1), uidnext) WHERE id = ?1 AND unseen > 0");

	sqlite3_bind_int64(s, 1, box);
	return db_run(db, s);
}

static int
delete_end(struct delete *d)
{
	sqlite3_stmt *s;
	int err = range_close(d);

	if (err != 0 || d->messages == 0)
		return err;
	s = db_sql(d->db, SLOT_BOX_GONE,
	    "UPDATE box SET modseq = ?2, messages = messages - ?3,"
	    " octets = octets - ?4, unseen = unseen - ?5 WHERE id = ?1");
	sqlite3_bind_int64(s, 1, d->box);
	sqlite3_bind_int64(s, 2, d->modseq);
	sqlite3_bind_int64(s, 3, d->messages);
	sqlite3_bind_int64(s, 4, d->octets);
	sqlite3_bind_int64(s, 5, d->unseen);
	err = db_run(d->db, s);
	if (err == 0 && d->unseen > 0)
		err = box_unseen_seek(d->db, d->box);
	return err != 0 ? err : box_stamp_given(d->db, d->stamp);
}

int
box_delete(struct db *db, int64_t box, const uint32_t *uids, size_t count)
{
	struct delete d = { .db = db, .box = box };
	int err;

	if (count == 0)
		return 0;
	err = delete_begin(&d);
	for (size_t i = 0; i < count && err == 0; i++)
		err = entry_delete(&d, uids[i]);
	if (err == 0)
		err = delete_end(&d);
	return err != 0 ? db_doom(db, err) : 0;
}
