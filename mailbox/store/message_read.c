/*
 * Reading messages, as the owner.
 *
 * A reader keeps the epoch it read last: its seed opened once, and on the way
 * along the chain every so many steps a mark, so that reading on costs one
 * step and reading back at most a few. Content never passes anybody before
 * its seal is checked.
 */
#include "store/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/blob.h"
#include "store/epoch.h"

#define MARK_STEPS 32		/* messages from mark to mark */
#define STRIDE (PIECE_SIZE + SEAL_EXTRA)

/* In locked memory. */
struct reader_keys {
	struct seal_ratchet now;
	struct seal_ratchet marks[SEAL_EPOCH_MAX / MARK_STEPS];
	unsigned char key[SEAL_KEY];	/* of the open message */
};

struct message_reader {
	const struct seal_owner *owner;
	struct reader_keys *keys;
	int64_t epoch;		/* the marks belong to it; 0: none */
	uint64_t message;
	uint64_t size;		/* octets of the open message */
	uint64_t have;		/* octets read of it */
	uint64_t file_len;
	uint32_t index;		/* of the next piece */
	int file;		/* -1: it is in its row */
	bool open;
};

struct message_reader *
message_reader_new(const struct seal_owner *owner)
{
	struct message_reader *r = xalloc(1, sizeof *r);

	r->owner = owner;
	r->keys = seal_memory_new(sizeof *r->keys);
	r->file = -1;
	return r;
}

static void
reader_close(struct message_reader *r)
{
	disk_close(r->file);
	r->file = -1;
	r->open = false;
}

void
message_reader_drop(struct message_reader *r)
{
	if (r == NULL)
		return;
	reader_close(r);
	seal_memory_drop(r->keys);
	free(r);
}

static int
seal_broken(const struct message_reader *r)
{
	log_event(LOG_ERROR, "seal-broken",
	    LOG_N("message", (int64_t)r->message), LOG_C("do", "its content "
	    "was changed or damaged on the disk: restore it from a backup"));
	return -EBADMSG;
}

static int
epoch_enter(struct db *db, struct message_reader *r)
{
	int64_t id = epoch_of(r->message);
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
		return seal_broken(r);
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
	seal_ratchet_key(&k->now, k->key);
	mark_set(k);
}

static int
file_open(struct db *db, struct message_reader *r)
{
	char name[BLOB_NAME];
	int err;

	blob_name(r->message, name);
	err = disk_open(db->blobs, name, &r->file);
	if (err != 0) {
		r->file = -1;
		return err;
	}
	return disk_size(r->file, &r->file_len);
}

int
message_open(struct db *db, struct message_reader *r, uint64_t message)
{
	sqlite3_stmt *s;
	bool in_file;
	int row, err;

	reader_close(r);
	r->message = message;
	r->have = 0;
	r->index = 0;
	s = db_sql(db, SLOT_MESSAGE_FIND,
	    "SELECT size, body IS NULL FROM message WHERE id = ?1");
	sqlite3_bind_int64(s, 1, (int64_t)message);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	r->size = (uint64_t)sqlite3_column_int64(s, 0);
	in_file = sqlite3_column_int(s, 1) != 0;
	db_reset(s);
	err = epoch_enter(db, r);
	if (err != 0)
		return err;
	if (in_file)
		err = file_open(db, r);
	if (err != 0) {
		log_event(LOG_ERROR, "file-unreadable",
		    LOG_N("message", (int64_t)message),
		    LOG_C("why", strerror(-err)));
		reader_close(r);
		return err;
	}
	key_take(r->keys, epoch_place(message));
	r->open = true;
	return 0;
}

/* Unseal one piece; the codec byte was taken off the first. */
static int
piece_unseal(struct message_reader *r, struct str sealed, bool last,
	struct buf *out)
{
	struct seal_place place = {
		.message = r->message, .index = r->index, .kind = SEAL_BODY,
		.codec = SEAL_STORED, .last = last
	};

	return seal_piece_open(out, sealed, r->keys->key, &place);
}

static int
row_read(struct db *db, struct message_reader *r, struct buf *out)
{
	sqlite3_stmt *s = db_sql(db, SLOT_MESSAGE_BODY,
	    "SELECT body FROM message WHERE id = ?1");
	struct str body;
	int row;

	sqlite3_bind_int64(s, 1, (int64_t)r->message);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	body = db_column(s, 0);
	row = -EBADMSG;
	if (body.len <= 1 + STRIDE && str_at(body, 0) == SEAL_STORED)
		row = piece_unseal(r, str_part(body, 1, STRIDE), true, out);
	db_reset(s);
	return row;
}

static int
file_read(struct message_reader *r, struct buf *out, bool *last)
{
	uint64_t at = 1 + (uint64_t)r->index * STRIDE;
	char *sealed = xalloc(1, 1 + STRIDE);
	size_t codec = r->index == 0;	/* the byte in front of the first */
	int64_t got;
	int err = -EBADMSG;

	got = disk_read(r->file, at - codec, sealed, codec + STRIDE);
	if (got < 0)
		err = (int)got;
	*last = at + STRIDE >= r->file_len;
	if (got >= (int64_t)codec && (codec == 0 || *sealed == SEAL_STORED))
		err = piece_unseal(r, str_from(sealed + codec,
		    (size_t)got - codec), *last, out);
	free(sealed);
	return err;
}

int
message_read(struct db *db, struct message_reader *r, struct buf *out)
{
	bool last = true;
	int err;

	buf_clear(out);
	if (!r->open)
		return 0;
	err = r->file < 0 ? row_read(db, r, out) : file_read(r, out, &last);
	r->index++;
	r->have += out->len;
	if (err == 0 && (last ? r->have != r->size : out->len != PIECE_SIZE))
		err = -EBADMSG;
	if (last || err != 0)
		reader_close(r);
	if (err == -EBADMSG)
		return seal_broken(r);
	if (err != 0) {
		log_event(LOG_ERROR, "message-unreadable",
		    LOG_N("message", (int64_t)r->message),
		    LOG_C("why", strerror(-err)));
		return err;
	}
	return out->len > 0;
}
