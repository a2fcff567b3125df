/*
 * Mailboxes and their entries.
 *
 * 1. The counters of the box row change with every entry, in the same
 *    transaction; nothing is ever counted.
 * 2. A UID is given once: not even one given in a transaction that was rolled
 *    back comes again while this process lives, since a client may have seen
 *    it. For that the floors remember what was given.
 * 3. A message leaves the database only by way of garbage.
 */
#include "store/box.h"

#include <errno.h>
#include <stdlib.h>

#include "store/box_inner.h"
#include "store/db_inner.h"

struct uid_floor {
	int64_t box;
	int64_t next;
};

int
box_status(struct db *db, int64_t box, struct box_status *status)
{
	sqlite3_stmt *s = db_sql(db, SLOT_BOX_STATUS,
	    "SELECT messages, octets, unseen, uidvalidity, uidnext, modseq"
	    " FROM box WHERE id = ?1");
	int row;

	sqlite3_bind_int64(s, 1, box);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	*status = (struct box_status){
		.messages = (uint64_t)sqlite3_column_int64(s, 0),
		.octets = (uint64_t)sqlite3_column_int64(s, 1),
		.unseen = (uint64_t)sqlite3_column_int64(s, 2),
		.uidvalidity = (uint32_t)sqlite3_column_int64(s, 3),
		.uidnext = (uint32_t)sqlite3_column_int64(s, 4),
		.modseq = (uint64_t)sqlite3_column_int64(s, 5),
	};
	db_reset(s);
	return 0;
}

int
box_list(struct db *db, int64_t box, struct box_item **items, size_t *count)
{
	struct box_status status;
	struct box_item *list;
	size_t len = 0, room;
	sqlite3_stmt *s;
	int row, err = box_status(db, box, &status);

	*items = NULL;
	*count = 0;
	if (err != 0 || status.messages == 0)
		return err;
	room = (size_t)status.messages;
	list = xalloc(room, sizeof *list);
	s = db_sql(db, SLOT_BOX_LIST,
	    "SELECT uid, message, size, flags FROM entry"
	    " WHERE box = ?1 ORDER BY uid");
	sqlite3_bind_int64(s, 1, box);
	while ((row = db_step(db, s)) > 0 && len < room)
		list[len++] = (struct box_item){
			.uid = (uint32_t)sqlite3_column_int64(s, 0),
			.message = (uint64_t)sqlite3_column_int64(s, 1),
			.size = (uint64_t)sqlite3_column_int64(s, 2),
			.flags = (uint32_t)sqlite3_column_int64(s, 3),
		};
	if (row > 0) {
		/* Another process added one between the two statements. */
		db_reset(s);
		row = 0;
	}
	if (row < 0) {
		free(list);
		return row;
	}
	*items = list;
	*count = len;
	return 0;
}

int
box_received(struct db *db, int64_t box, uint32_t uid, int64_t *received)
{
	sqlite3_stmt *s = db_sql(db, SLOT_BOX_RECEIVED,
	    "SELECT received FROM entry WHERE box = ?1 AND uid = ?2");
	int row;

	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, uid);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	*received = sqlite3_column_int64(s, 0);
	db_reset(s);
	return 0;
}

/* The floor of a box; one entry per box that ever got a message here. */
static struct uid_floor *
floor_find(struct db *db, int64_t box)
{
	size_t n = db->floor_count;

	for (size_t i = 0; i < n; i++) {
		if (db->floors[i].box == box)
			return &db->floors[i];
	}
	db->floors = xresize(db->floors, (n + 1) * sizeof *db->floors);
	db->floors[n] = (struct uid_floor){ .box = box, .next = 1 };
	db->floor_count = n + 1;
	return &db->floors[n];
}

/* Count a new entry, and learn its UID and MODSEQ. */
static int
box_next(struct db *db, const struct message_start *start, uint64_t size,
	int64_t *uid, int64_t *modseq)
{
	struct uid_floor *floor = floor_find(db, start->box);
	sqlite3_stmt *s = db_sql(db, SLOT_BOX_NEXT,
	    "UPDATE box SET uidnext = max(uidnext, ?2) + 1,"
	    " modseq = modseq + 1, messages = messages + 1,"
	    " octets = octets + ?3, unseen = unseen + ?4"
	    " WHERE id = ?1 RETURNING uidnext - 1, modseq");
	int row;

	sqlite3_bind_int64(s, 1, start->box);
	sqlite3_bind_int64(s, 2, floor->next);
	sqlite3_bind_int64(s, 3, (int64_t)size);
	sqlite3_bind_int(s, 4, (start->flags & BOX_SEEN) == 0);
	row = db_step(db, s);
	if (row <= 0)
		return db_doom(db, row < 0 ? row : -ENOENT);
	*uid = sqlite3_column_int64(s, 0);
	*modseq = sqlite3_column_int64(s, 1);
	if (*uid >= UINT32_MAX) {
		db_reset(s);
		return db_doom(db, -EOVERFLOW);
	}
	floor->next = *uid + 1;
	return db_run(db, s);
}

int
box_add(struct db *db, const struct message_start *start, uint64_t message,
	uint64_t size, uint32_t *uid)
{
	int64_t next = 0, modseq = 0;
	sqlite3_stmt *s;
	int err = box_next(db, start, size, &next, &modseq);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_ENTRY_ADD,
	    "INSERT INTO entry (box, uid, message, size, flags, modseq,"
	    " received) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
	sqlite3_bind_int64(s, 1, start->box);
	sqlite3_bind_int64(s, 2, next);
	sqlite3_bind_int64(s, 3, (int64_t)message);
	sqlite3_bind_int64(s, 4, (int64_t)size);
	sqlite3_bind_int64(s, 5, start->flags);
	sqlite3_bind_int64(s, 6, modseq);
	sqlite3_bind_int64(s, 7, start->received);
	*uid = (uint32_t)next;
	return db_run(db, s);
}
