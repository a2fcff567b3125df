/*
 * Writing messages: each piece is sealed as it comes; a short message waits
 * in memory for its row, a long one goes to a file at once.
 *
 * A message's key is wiped with its last piece. Stored is a codec byte, then
 * the sealed pieces, each but the last of the same length.
 */
#include "store/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "store/blob.h"
#include "store/box_inner.h"
#include "store/epoch.h"

#define SEALED_MAX (1 + PIECE_SIZE + SEAL_EXTRA)

struct message_writer {
	struct db *db;
	struct epoch *epoch;	/* NULL until the first piece */
	uint64_t message;
	uint64_t size;
	uint32_t index;		/* of the next piece */
	int failed;		/* the first error; 0 */
	bool done;		/* the last piece was given */
	bool dots;		/* a line begins with a dot */
	bool line_begins;	/* the next byte is the first of a line */
	unsigned char *key;	/* in locked memory while there are pieces to
				   come; else NULL */
	struct buf sealed;	/* the body of a short message */
	struct blob *blob;	/* of a long one */
};

/*
 * Mail may not take the room in which deletions are noted; but a row may have
 * that which deleted ones have left in the database.
 */
static int
room_look(struct db *db, bool row)
{
	uint64_t missing;
	int64_t pages = 0;
	int err = disk_room(db->folder, &missing);

	if (err != 0 || missing == 0)
		return err;
	if (row)
		err = db_pragma(db, "PRAGMA freelist_count", &pages);
	if (err != 0 || (uint64_t)pages * DB_PAGE >= missing)
		return err;
	log_event(LOG_ERROR, "disk-full", LOG_C("do", "no letter is taken "
	    "until there is room: fetch and delete mail, or remove other "
	    "files"));
	return -ENOSPC;
}

int
message_begin(struct db *db, struct message_writer **out)
{
	struct message_writer *w;
	int err = db->doomed != 0 ? db->doomed : epoch_owner(db);

	if (err == 0)
		err = room_look(db, true);
	if (err != 0)
		return err;
	w = xalloc(1, sizeof *w);
	w->db = db;
	w->line_begins = true;
	buf_init(&w->sealed, SEALED_MAX);
	*out = w;
	return 0;
}

/* Does any line of the message begin with a dot? */
static void
dots_look(struct message_writer *w, struct str piece)
{
	if (piece.len == 0 || w->dots)
		return;
	w->dots = (w->line_begins && piece.at[0] == '.') ||
	    str_find_str(piece, STR("\n.")) != STR_NONE;
	w->line_begins = piece.at[piece.len - 1] == '\n';
}

static void
piece_seal(struct message_writer *w, struct str piece, bool last,
	const unsigned char key[SEAL_KEY])
{
	struct seal_place place = {
		.message = w->message, .index = w->index, .kind = SEAL_BODY,
		.codec = SEAL_STORED, .last = last
	};

	if (w->index == 0)
		buf_add_char(&w->sealed, SEAL_STORED);
	seal_piece(&w->sealed, piece, key, &place);
}

/* A piece of a long message: sealed and written, and nothing kept. */
static int
piece_write(struct message_writer *w, struct str piece, bool last)
{
	int err = room_look(w->db, false);

	piece_seal(w, piece, last, w->key);
	if (err == 0)
		err = blob_add(w->db, w->blob, buf_str(&w->sealed));
	buf_drop(&w->sealed);
	if (last) {
		seal_memory_drop(w->key);
		w->key = NULL;
	}
	return err;
}

static int
piece_first(struct message_writer *w, struct str piece, bool last)
{
	unsigned char key[SEAL_KEY];
	int err = epoch_take(w->db, &w->epoch, &w->message, key);

	if (err != 0)
		return err;
	if (last && piece.len <= MESSAGE_ROW_MAX) {
		piece_seal(w, piece, true, key);
	} else {
		w->key = seal_memory_new(SEAL_KEY);
		memcpy(w->key, key, SEAL_KEY);
		err = blob_make(w->db, w->message, &w->blob);
		if (err == 0)
			err = piece_write(w, piece, last);
	}
	crypto_wipe(key, sizeof key);
	return err;
}

int
message_piece(struct message_writer *w, struct str piece, bool last)
{
	must(!w->done && piece.len <= PIECE_SIZE);
	must(last || piece.len == PIECE_SIZE);
	w->done = last;
	if (w->failed != 0)
		return w->failed;
	dots_look(w, piece);
	w->size += piece.len;
	w->failed = w->index == 0 ? piece_first(w, piece, last) :
	    piece_write(w, piece, last);
	w->index++;
	return w->failed;
}

static int
message_add(struct message_writer *w)
{
	sqlite3_stmt *s = db_sql(w->db, SLOT_MESSAGE_ADD,
	    "INSERT INTO message (id, size, dots, body)"
	    " VALUES (?1, ?2, ?3, ?4)");

	sqlite3_bind_int64(s, 1, (int64_t)w->message);
	sqlite3_bind_int64(s, 2, (int64_t)w->size);
	sqlite3_bind_int(s, 3, w->dots);
	if (w->blob == NULL)
		db_bind_bytes(s, 4, w->sealed.at, w->sealed.len);
	return db_run(w->db, s);
}

int
message_keep(struct message_writer *w, const struct message_start *start,
	uint32_t *uid)
{
	struct db *db = w->db;
	uint32_t own;
	int err = w->failed;

	must(w->done || err != 0);
	if (err == 0)
		err = db_begin(db);
	if (err == 0)
		err = epoch_check(db, w->epoch);
	if (err != 0) {
		message_abort(w);
		return err;
	}
	err = message_add(w);
	if (err == 0)
		err = box_add(db, start, w->message, w->size, &own);
	if (err == 0 && uid != NULL)
		*uid = own;
	if (err == 0 && w->blob != NULL) {
		blob_keep(db, w->blob);
		w->blob = NULL;
	}
	message_abort(w);
	return err != 0 ? db_doom(db, err) : 0;
}

void
message_abort(struct message_writer *w)
{
	if (w == NULL)
		return;
	blob_abort(w->db, w->blob);
	seal_memory_drop(w->key);
	buf_drop(&w->sealed);
	epoch_leave(w->epoch);
	free(w);
}
