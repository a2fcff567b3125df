/* Putting messages into further mailboxes: entries, and no content. */
#include "store/box_inner.h"
#include "store/db_inner.h"

/* One entry more names a message. */
static int
message_stay(struct db *db, uint64_t message)
{
	sqlite3_stmt *s = db_sql(db, SLOT_COPY_MORE,
	    "INSERT INTO copy (message, more) VALUES (?1, 1)"
	    " ON CONFLICT (message) DO UPDATE SET more = more + 1");

	sqlite3_bind_int64(s, 1, (int64_t)message);
	return db_run(db, s);
}

int
box_copy(struct db *db, int64_t to, const struct box_entry *entries,
	size_t count, uint32_t *first)
{
	struct box_more more = { .messages = (int64_t)count };
	int64_t uid = 0, modseq = 0, now = db->clock->unix_s;
	int err = db_begin(db);

	*first = 0;
	if (err != 0 || count == 0)
		return err;
	for (size_t i = 0; i < count; i++) {
		more.octets += (int64_t)entries[i].size;
		more.unseen += (entries[i].flags & BOX_SEEN) == 0;
	}
	err = box_next(db, to, &more, &uid, &modseq);
	if (err != 0)
		return err;
	*first = (uint32_t)uid;
	for (size_t i = 0; i < count && err == 0; i++) {
		struct box_entry e = entries[i];

		e.uid = (uint32_t)uid + (uint32_t)i;
		e.modseq = (uint64_t)modseq;
		e.saved = e.received == now ? 0 : now;
		err = box_enter(db, to, &e);
		if (err == 0)
			err = message_stay(db, e.message);
	}
	return err != 0 ? db_doom(db, err) : 0;
}
