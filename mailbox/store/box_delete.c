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

static int
range_close(struct delete *d)
{
	sqlite3_stmt *s;

	if (d->first == 0)
		return 0;
	s = db_sql(d->db, SLOT_VANISHED_ADD,
	    "INSERT INTO vanished (box, modseq, first, last)"
	    " VALUES (?1, ?2, ?3, ?4)");
	sqlite3_bind_int64(s, 1, d->box);
	sqlite3_bind_int64(s, 2, d->modseq);
	sqlite3_bind_int64(s, 3, d->first);
	sqlite3_bind_int64(s, 4, d->last);
	d->first = 0;
	return db_run(d->db, s);
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

/* One entry fewer names the message. */
static int
message_leave(struct delete *d, int64_t message)
{
	sqlite3_stmt *s = db_sql(d->db, SLOT_COPY_FIND,
	    "SELECT more FROM copy WHERE message = ?1");
	int64_t more = 0;
	int row;

	sqlite3_bind_int64(s, 1, message);
	row = db_step(d->db, s);
	if (row < 0)
		return row;
	if (row > 0) {
		more = sqlite3_column_int64(s, 0);
		db_reset(s);
	}
	if (more == 0) {
		s = db_sql(d->db, SLOT_GARBAGE_ADD,
		    "INSERT INTO garbage (stamp, message) VALUES (?2, ?1)");
		sqlite3_bind_int64(s, 2, d->stamp);
	} else if (more == 1) {
		s = db_sql(d->db, SLOT_COPY_DELETE,
		    "DELETE FROM copy WHERE message = ?1");
	} else {
		s = db_sql(d->db, SLOT_COPY_LESS,
		    "UPDATE copy SET more = more - 1 WHERE message = ?1");
	}
	sqlite3_bind_int64(s, 1, message);
	return db_run(d->db, s);
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
	return err != 0 ? err : message_leave(d, message);
}

static int
delete_begin(struct delete *d)
{
	struct box_status status;
	int64_t stamp = 0;
	int err = db_begin(d->db);

	if (err == 0)
		err = box_status(d->db, d->box, &status);
	if (err == 0)
		err = state_number(d->db, "stamp", &stamp);
	if (err != 0)
		return err;
	d->modseq = (int64_t)status.modseq + 1;
	d->stamp = stamp > d->db->stamp ? stamp : d->db->stamp;
	return 0;
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
	if (err == 0)
		err = state_set(d->db, "stamp", d->stamp + 1);
	/* It stays so even if this is rolled back: sessions may know it. */
	d->db->stamp = d->stamp + 1;
	return err;
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
