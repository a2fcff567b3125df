/*
 * Letters of the queue, read by whoever has the device key: header and body as
 * one text. The row is read once, so that a letter which is erased meanwhile
 * is read to its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "store/body.h"
#include "store/queue_inner.h"

struct queue_reader {
	struct db *db;
	uint64_t letter;
	unsigned char salt[QUEUE_SALT];
	struct body_reader body;
	struct buf row;		/* the sealed body of a short letter */
	struct buf plain;	/* unsealed, not all given out yet */
	size_t given;		/* of plain */
};

static int
seal_broken(uint64_t letter)
{
	log_event(LOG_ERROR, "seal-broken", LOG_N("letter", (int64_t)letter),
	    LOG_C("do", "its content was changed or damaged on the disk: "
	    "remove it with pillarbox queue drop, and send it anew"));
	return -EBADMSG;
}

/* Step to a letter's row. Returns: 1 (to be reset); -ENOENT; others. */
static int
row_find(struct db *db, uint64_t letter, sqlite3_stmt **s)
{
	int row;

	*s = db_sql(db, SLOT_LETTER_TEXT,
	    "SELECT salt, head, size, file, body FROM letter WHERE id = ?1");
	sqlite3_bind_int64(*s, 1, (int64_t)letter);
	row = db_step(db, *s);
	return row == 0 ? -ENOENT : row;
}

/* Unseal the header of a row. */
static int
head_unseal(struct db *db, sqlite3_stmt *s, unsigned char salt[QUEUE_SALT],
	struct buf *head)
{
	struct str is = db_column(s, 0), sealed = db_column(s, 1);
	unsigned char key[SEAL_KEY];
	struct seal_place place;
	int err;

	if (is.len != QUEUE_SALT || str_at(sealed, 0) != SEAL_STORED ||
	    sealed.len > 1 + QUEUE_HEAD_MAX + SEAL_EXTRA)
		return -EBADMSG;
	memcpy(salt, is.at, QUEUE_SALT);
	err = queue_key(db, salt, key);
	if (err != 0)
		return err;
	place = queue_head_place(salt);
	err = seal_piece_open(head, str_part(sealed, 1, sealed.len), key,
	    &place);
	crypto_wipe(key, sizeof key);
	return err;
}

int
queue_head(struct db *db, uint64_t letter, struct buf *head)
{
	unsigned char salt[QUEUE_SALT];
	sqlite3_stmt *s;
	int err = row_find(db, letter, &s);

	buf_clear(head);
	if (err < 0)
		return err;
	err = head_unseal(db, s, salt, head);
	db_reset(s);
	return err == -EBADMSG ? seal_broken(letter) : err;
}

/* Take all that a row has. */
static int
row_take(struct queue_reader *r, sqlite3_stmt *s, uint64_t *size,
	bool *in_file)
{
	int err = head_unseal(r->db, s, r->salt, &r->plain);

	if (err != 0)
		return err;
	*in_file = sqlite3_column_type(s, 3) != SQLITE_NULL;
	*size = (uint64_t)sqlite3_column_int64(s, 2);
	if (*size < r->plain.len || (*in_file && queue_file(r->salt).number !=
	    (uint64_t)sqlite3_column_int64(s, 3)))
		return -EBADMSG;
	*size -= r->plain.len;
	buf_add(&r->row, db_column(s, 4));
	return r->row.full ? -EBADMSG : 0;
}

/*
 * Its file cannot be opened: since the letter has just been erased, or it is
 * lost, or a fault that may pass.
 */
static int
file_missed(struct queue_reader *r, int err)
{
	sqlite3_stmt *s;
	int row = row_find(r->db, r->letter, &s);

	if (row < 0)
		return row;
	db_reset(s);
	log_event(LOG_ERROR, "file-unreadable",
	    LOG_N("letter", (int64_t)r->letter), LOG_C("why", strerror(-err)));
	return err == -ENOENT ? -EBADMSG : err;
}

int
queue_open(struct db *db, uint64_t letter, struct queue_reader **out)
{
	struct queue_reader *r;
	uint64_t size = 0;
	bool in_file = false;
	sqlite3_stmt *s;
	int err = row_find(db, letter, &s);

	if (err < 0)
		return err;
	r = xalloc(1, sizeof *r);
	r->db = db;
	r->letter = letter;
	r->body.file = -1;
	buf_init(&r->row, BODY_SEALED_MAX);
	buf_init(&r->plain, QUEUE_HEAD_MAX);
	err = row_take(r, s, &size, &in_file);
	db_reset(s);
	if (err == -EBADMSG)
		(void)seal_broken(letter);
	if (err == 0) {
		err = body_open(db, &r->body, queue_file(r->salt), size,
		    in_file);
		if (err != 0)
			err = file_missed(r, err);
	}
	if (err != 0) {
		queue_close(r);
		return err;
	}
	*out = r;
	return 0;
}

/* Unseal the next piece of the body. */
static int
body_next(struct queue_reader *r)
{
	unsigned char key[SEAL_KEY];
	int err = queue_key(r->db, r->salt, key);

	buf_clear(&r->plain);
	r->given = 0;
	if (err != 0)
		return err;
	err = body_read(&r->body, buf_str(&r->row), key, &r->plain);
	crypto_wipe(key, sizeof key);
	if (err == -EBADMSG)
		return seal_broken(r->letter);
	if (err != 0)
		log_event(LOG_ERROR, "file-unreadable",
		    LOG_N("letter", (int64_t)r->letter),
		    LOG_C("why", strerror(-err)));
	return err;
}

int
queue_read(struct queue_reader *r, struct buf *piece)
{
	int err;

	buf_clear(piece);
	for (;;) {
		struct str part = str_part(buf_str(&r->plain), r->given,
		    PIECE_SIZE - piece->len);

		buf_add(piece, part);
		r->given += part.len;
		if (piece->len == PIECE_SIZE)
			return 1;
		/* All of plain is given out. */
		if (!r->body.open)
			return piece->len > 0;
		err = body_next(r);
		if (err != 0)
			return err;
	}
}

void
queue_close(struct queue_reader *r)
{
	if (r == NULL)
		return;
	body_close(&r->body);
	buf_drop(&r->row);
	buf_wipe(&r->plain);
	free(r);
}
