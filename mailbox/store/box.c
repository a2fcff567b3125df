/*
 * Mailboxes and their entries.
 *
 * 1. The counters of the box row change with every entry, in the same
 *    transaction; nothing is ever counted.
 * 2. A UID is given once: not even one given in a transaction that was rolled
 *    back comes again while this process lives, since a client may have seen
 *    it. For that the floors remember what was given.
 * 3. A UID that is skipped is noted as vanished, so that what vanished tells
 *    what is there.
 * 4. A message leaves the database only by way of garbage.
 */
#include "store/box.h"

#include <errno.h>
#include <stdlib.h>

#include "store/box_inner.h"
#include "store/db_inner.h"

struct uid_floor {
	int64_t box;
	int64_t next;
	bool lost;	/* UIDs below it may have been rolled back */
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
			.flags = (uint64_t)sqlite3_column_int64(s, 3),
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

void
box_lost(struct db *db)
{
	for (size_t i = 0; i < db->floor_count; i++)
		db->floors[i].lost = true;
}

/*
 * Note the UIDs that a rolled back transaction had given as vanished: so
 * box_uids() knows of every gap.
 *
 * was       the mailbox before its next entry, whose modseq is the next one
 */
static int
gap_note(struct db *db, const struct uid_floor *floor,
	const struct box_status *was)
{
	if (floor->next <= (int64_t)was->uidnext)
		return 0;
	return box_vanish(db, floor->box, (int64_t)was->modseq + 1,
	    was->uidnext, floor->next - 1);
}

/* Count more entries. Returns: 0; -ENOENT: no such box, or no UIDs left. */
static int
next_count(struct db *db, const struct uid_floor *floor,
	const struct box_more *more)
{
	/* With RETURNING this would take half as long again. */
	sqlite3_stmt *s = db_sql(db, SLOT_BOX_NEXT,
	    "UPDATE box SET uidnext = max(uidnext, ?2) + ?3,"
	    " modseq = modseq + 1, messages = messages + ?3,"
	    " octets = octets + ?4, unseen = unseen + ?5, unseen_from ="
	    " iif(unseen = 0, max(uidnext, ?2), unseen_from)"
	    " WHERE id = ?1 AND max(uidnext, ?2) + ?3 <= 4294967295");

	sqlite3_bind_int64(s, 1, floor->box);
	sqlite3_bind_int64(s, 2, floor->next);
	sqlite3_bind_int64(s, 3, more->messages);
	sqlite3_bind_int64(s, 4, more->octets);
	sqlite3_bind_int64(s, 5, more->unseen);
	return db_run_met(db, s);
}

/* Learn the UID and MODSEQ of the last entry that was counted. */
static int
next_learn(struct db *db, int64_t box, int64_t *uid, int64_t *modseq)
{
	sqlite3_stmt *s = db_sql(db, SLOT_BOX_NEXT_GAVE,
	    "SELECT uidnext - 1, modseq FROM box WHERE id = ?1");
	int row;

	sqlite3_bind_int64(s, 1, box);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	*uid = sqlite3_column_int64(s, 0);
	*modseq = sqlite3_column_int64(s, 1);
	db_reset(s);
	return 0;
}

int
box_next(struct db *db, int64_t box, const struct box_more *more,
	int64_t *uid, int64_t *modseq)
{
	struct uid_floor *floor = floor_find(db, box);
	struct box_status was = { 0 };
	int err = floor->lost ? box_status(db, box, &was) : 0;

	if (err == 0)
		err = next_count(db, floor, more);
	if (err == -ENOENT && box_status(db, box, &was) == 0)
		err = -EOVERFLOW;
	if (err != 0)
		return err;
	err = next_learn(db, box, uid, modseq);
	if (err == 0 && floor->lost)
		err = gap_note(db, floor, &was);
	if (err != 0)
		return db_doom(db, err);
	floor->next = *uid + 1;
	floor->lost = false;
	*uid -= more->messages - 1;
	return 0;
}

int
box_enter(struct db *db, int64_t box, const struct box_entry *e)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ENTRY_ADD,
	    "INSERT INTO entry (box, uid, message, size, flags, modseq,"
	    " received, saved) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, e->uid);
	sqlite3_bind_int64(s, 3, (int64_t)e->message);
	sqlite3_bind_int64(s, 4, (int64_t)e->size);
	sqlite3_bind_int64(s, 5, (int64_t)e->flags);
	sqlite3_bind_int64(s, 6, (int64_t)e->modseq);
	sqlite3_bind_int64(s, 7, e->received);
	sqlite3_bind_int64(s, 8, e->saved);
	return db_run(db, s);
}

int
box_add(struct db *db, const struct message_start *start, uint64_t message,
	uint64_t size, uint32_t *uid)
{
	struct box_more more = { .messages = 1, .octets = (int64_t)size,
	    .unseen = (start->flags & BOX_SEEN) == 0 };
	int64_t next, modseq, now = db->clock->unix_s;
	int err = box_next(db, start->box, &more, &next, &modseq);

	if (err != 0)
		return err;
	*uid = (uint32_t)next;
	return box_enter(db, start->box, &(struct box_entry){
	    .uid = *uid, .message = message, .size = size,
	    .flags = start->flags, .modseq = (uint64_t)modseq,
	    .received = start->received,
	    .saved = start->received == now ? 0 : now });
}
