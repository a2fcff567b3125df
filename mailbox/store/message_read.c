/*
 * Reading messages, as the owner.
 *
 * A reader keeps the epoch it read last: its seed opened once, and on the way
 * along the chain every so many steps a mark, so that reading on costs one
 * step and reading back at most a few.
 */
#include "store/message_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/epoch.h"

#define MARK_STEPS 32		/* messages from mark to mark */

/* In locked memory. */
struct reader_keys {
	struct seal_ratchet now;
	struct seal_ratchet marks[SEAL_EPOCH_MAX / MARK_STEPS];
	unsigned char last[SEAL_KEY];	/* taken last */
	unsigned char key[SEAL_KEY];	/* of the open message */
};

struct message_reader *
message_reader_new(const struct seal_owner *owner)
{
	struct message_reader *r = xalloc(1, sizeof *r);

	r->owner = owner;
	r->keys = seal_memory_new(sizeof *r->keys);
	r->body.file = -1;
	return r;
}

void
message_reader_drop(struct message_reader *r)
{
	if (r == NULL)
		return;
	body_close(&r->body);
	seal_memory_drop(r->keys);
	free(r);
}

int
message_broken(uint64_t message)
{
	log_event(LOG_ERROR, "seal-broken",
	    LOG_N("message", (int64_t)message), LOG_C("do", "its "
	    "content was changed or damaged on the disk: restore it from a "
	    "backup"));
	return -EBADMSG;
}

static int
epoch_enter(struct db *db, struct message_reader *r, uint64_t message)
{
	int64_t id = epoch_of(message);
	sqlite3_stmt *s;
	struct str seed;
	int row, err = -EBADMSG;

	if (r->epoch == id)
		return 0;
	s = db_sql(db, SLOT_EPOCH_FIND, "SELECT seed FROM epoch WHERE id = ?1");
	sqlite3_bind_int64(s, 1, id);
	row = db_step(db, s);
	if (row < 0)
		return row;
	r->epoch = 0;
	if (row > 0) {
		seed = db_column(s, 0);
		if (seed.len == SEAL_SEED_SEALED)
			err = seal_epoch_open(&r->keys->now, r->owner,
			    (const unsigned char *)seed.at);
		db_reset(s);
	}
	if (err != 0)
		return message_broken(message);
	r->keys->marks[0] = r->keys->now;
	r->epoch = id;
	return 0;
}

/* Where the chain stands is kept if it is the place of a mark. */
static void
mark_set(struct reader_keys *k)
{
	if (k->now.next < SEAL_EPOCH_MAX && k->now.next % MARK_STEPS == 0)
		k->marks[k->now.next / MARK_STEPS] = k->now;
}

/* Bring the chain to place n, and take its key. No mark is passed unset. */
static void
key_take(struct reader_keys *k, uint32_t n)
{
	if (n < k->now.next)
		k->now = k->marks[n / MARK_STEPS];
	while (k->now.next < n) {
		uint32_t mark = (k->now.next / MARK_STEPS + 1) * MARK_STEPS;

		seal_ratchet_skip(&k->now, mark < n ? mark : n);
		mark_set(k);
	}
	seal_ratchet_key(&k->now, k->last);
	mark_set(k);
}

int
message_key(struct db *db, struct message_reader *r, uint64_t message,
	const unsigned char **key)
{
	int err;

	*key = r->keys->last;
	if (r->keyed == message && message != 0)
		return 0;
	r->keyed = 0;
	err = epoch_enter(db, r, message);
	if (err != 0)
		return err;
	key_take(r->keys, epoch_place(message));
	r->keyed = message;
	return 0;
}

/* Find its row. Returns: 1; 0: there is none; negative errno. */
static int
row_find(struct db *db, uint64_t message, uint64_t *size, bool *in_file)
{
	sqlite3_stmt *s = db_sql(db, SLOT_MESSAGE_FIND,
	    "SELECT size, body FROM message WHERE id = ?1");
	struct buf *sealed = body_scratch(db);
	int row;

	sqlite3_bind_int64(s, 1, (int64_t)message);
	row = db_step(db, s);
	if (row <= 0)
		return row;
	*size = (uint64_t)sqlite3_column_int64(s, 0);
	*in_file = sqlite3_column_type(s, 1) == SQLITE_NULL;
	if (!*in_file)
		buf_add(sealed, db_column(s, 1));
	db->sealed_of = message;
	db_reset(s);
	return 1;
}

int
message_open(struct db *db, struct message_reader *r, uint64_t message)
{
	const unsigned char *key;
	uint64_t size;
	bool in_file;
	int row, err;

	body_close(&r->body);
	row = row_find(db, message, &size, &in_file);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	err = body_open(db, &r->body, (struct blob_id){ BLOB_MESSAGE,
	    message }, size, in_file);
	if (err != 0) {
		log_event(LOG_ERROR, "file-unreadable",
		    LOG_N("message", (int64_t)message),
		    LOG_C("why", strerror(-err)));
		return err;
	}
	err = message_key(db, r, message, &key);
	if (err == 0)
		memcpy(r->keys->key, key, SEAL_KEY);
	else
		body_close(&r->body);
	return err;
}

int
message_seek(struct message_reader *r, uint32_t index)
{
	return body_seek(&r->body, index);
}

/* Mostly it was opened just now, and its row is still there. */
static int
row_read(struct db *db, struct message_reader *r, struct buf *out)
{
	uint64_t message = r->body.id.number, size;
	bool in_file;
	int row = 1;

	if (db->sealed_of != message)
		row = row_find(db, message, &size, &in_file);
	if (row <= 0) {
		body_close(&r->body);
		return row < 0 ? row : -ENOENT;
	}
	return body_read(&r->body, buf_str(&db->sealed), r->keys->key, out);
}

int
message_read(struct db *db, struct message_reader *r, struct buf *out)
{
	int err;

	buf_clear(out);
	if (!r->body.open)
		return 0;
	err = r->body.file < 0 ? row_read(db, r, out) :
	    body_read(&r->body, STR(""), r->keys->key, out);
	if (err == -EBADMSG)
		return message_broken(r->body.id.number);
	if (err != 0) {
		log_event(LOG_ERROR, "message-unreadable",
		    LOG_N("message", (int64_t)r->body.id.number),
		    LOG_C("why", strerror(-err)));
		return err;
	}
	return out->len > 0;
}
