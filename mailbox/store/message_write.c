/*
 * Writing messages: a number and a key from the epoch, a body sealed with it
 * (body_write.c), then a row. What lists want to know of it is found while it
 * goes by, and sealed with the same key. That is wiped with the last piece.
 */
#include "store/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "mail/summary.h"
#include "store/body.h"
#include "store/box_inner.h"
#include "store/epoch.h"
#include "store/summary_row.h"

_Static_assert(MESSAGE_ROW_MAX == BODY_ROW_MAX, "as message.h says");

struct message_writer {
	struct db *db;
	struct epoch *epoch;	/* NULL until the first piece */
	struct body body;
	struct summary_maker *maker;	/* NULL: not yet, or no more */
	struct summary_row summary;	/* message 0: none */
	int failed;		/* the first error; 0 */
	bool done;		/* the last piece was given */
	bool dots;		/* a line begins with a dot */
	bool line_begins;	/* the next byte is the first of a line */
	unsigned char *key;	/* in locked memory while there are pieces to
				   come; else NULL */
};

int
message_begin(struct db *db, struct message_writer **out)
{
	struct message_writer *w;
	int err = db->doomed != 0 ? db->doomed : epoch_owner(db);

	if (err == 0)
		err = body_room(db, true);
	if (err != 0)
		return err;
	w = xalloc(1, sizeof *w);
	w->db = db;
	w->line_begins = true;
	body_init(&w->body, db);
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

/* A summary that would be too rich is left for its owner to ask for. */
static void
summary_finish(struct message_writer *w, const unsigned char key[SEAL_KEY])
{
	struct buf head, body;

	buf_init(&head, SUMMARY_EARLY_MAX);
	buf_init(&body, SUMMARY_EARLY_MAX);
	if (summary_end(w->maker, &head, &body))
		summary_row_seal(&w->summary, w->body.id.number,
		    buf_str(&head), buf_str(&body), key);
	buf_drop(&head);
	buf_drop(&body);
	summary_drop(w->maker);
	w->maker = NULL;
}

static int
piece_put(struct message_writer *w, struct str piece, bool last,
	const unsigned char key[SEAL_KEY])
{
	int err = body_piece(&w->body, piece, last, key);

	summary_feed(w->maker, piece);
	if (last && err == 0)
		summary_finish(w, key);
	return err;
}

static int
piece_first(struct message_writer *w, struct str piece, bool last)
{
	unsigned char key[SEAL_KEY];
	int err = epoch_take(w->db, &w->epoch, &w->body.id.number, key);

	if (err != 0)
		return err;
	w->maker = summary_new(SUMMARY_EARLY_MAX);
	err = piece_put(w, piece, last, key);
	if (!last) {
		w->key = seal_memory_new(SEAL_KEY);
		memcpy(w->key, key, SEAL_KEY);
	}
	crypto_wipe(key, sizeof key);
	return err;
}

static int
piece_next(struct message_writer *w, struct str piece, bool last)
{
	int err = piece_put(w, piece, last, w->key);

	if (last) {
		seal_memory_drop(w->key);
		w->key = NULL;
	}
	return err;
}

int
message_piece(struct message_writer *w, struct str piece, bool last)
{
	must(!w->done);
	w->done = last;
	if (w->failed != 0)
		return w->failed;
	dots_look(w, piece);
	w->failed = w->epoch == NULL ? piece_first(w, piece, last) :
	    piece_next(w, piece, last);
	return w->failed;
}

static int
message_add(struct message_writer *w)
{
	sqlite3_stmt *s = db_sql(w->db, SLOT_MESSAGE_ADD,
	    "INSERT INTO message (id, size, dots, body)"
	    " VALUES (?1, ?2, ?3, ?4)");

	sqlite3_bind_int64(s, 1, (int64_t)w->body.id.number);
	sqlite3_bind_int64(s, 2, (int64_t)w->body.size);
	sqlite3_bind_int(s, 3, w->dots);
	if (w->body.blob == NULL)
		db_bind_bytes(s, 4, w->body.sealed.at, w->body.sealed.len);
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
	/* First: where it can be refused without a trace. */
	err = box_add(db, start, w->body.id.number, w->body.size, &own);
	if (err == 0)
		err = message_add(w);
	if (err == 0 && w->summary.message != 0)
		err = summary_row_add(db, &w->summary);
	if (err == 0 && uid != NULL)
		*uid = own;
	if (err == 0)
		body_keep(&w->body);
	message_abort(w);
	return err;
}

void
message_abort(struct message_writer *w)
{
	if (w == NULL)
		return;
	body_drop(&w->body);
	summary_drop(w->maker);
	summary_row_drop(&w->summary);
	seal_memory_drop(w->key);
	epoch_leave(w->epoch);
	free(w);
}
