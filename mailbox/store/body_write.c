/*
 * Writing a body: each piece is sealed as it comes. Stored is a codec byte,
 * then the sealed pieces, each but the last of the same length.
 */
#include "store/body.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

/*
 * Mail may not take the room in which deletions are noted; but a row may have
 * that which deleted ones have left in the database.
 */
int
body_room(struct db *db, bool row)
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

struct buf *
body_scratch(struct db *db)
{
	db->sealed_of = 0;
	db->sealed.max = BODY_SEALED_MAX;
	buf_clear(&db->sealed);
	return &db->sealed;
}

void
body_init(struct body *b, struct db *db)
{
	*b = (struct body){ .db = db };
	buf_init(&b->sealed, BODY_SEALED_MAX);
}

static void
piece_seal(const struct body *b, struct str piece, bool last,
	const unsigned char key[SEAL_KEY], struct buf *out)
{
	struct seal_place place = {
		.message = b->id.number, .index = b->index, .kind = SEAL_BODY,
		.codec = SEAL_STORED, .last = last
	};

	if (b->index == 0)
		buf_add_char(out, SEAL_STORED);
	seal_piece(out, piece, key, &place);
}

/*
 * A piece of a long one: sealed and written. Nothing is kept but what all of
 * them share: fresh memory for each would cost as much as sealing it.
 */
static int
piece_write(struct body *b, struct str piece, bool last,
	const unsigned char key[SEAL_KEY])
{
	struct buf *sealed = body_scratch(b->db);
	int err = body_room(b->db, false);

	piece_seal(b, piece, last, key, sealed);
	return err != 0 ? err : blob_add(b->db, b->blob, buf_str(sealed));
}

int
body_piece(struct body *b, struct str piece, bool last,
	const unsigned char key[SEAL_KEY])
{
	int err = 0;

	must(piece.len <= PIECE_SIZE && (last || piece.len == PIECE_SIZE));
	if (b->index == 0 && last && piece.len <= BODY_ROW_MAX) {
		piece_seal(b, piece, true, key, &b->sealed);
	} else {
		if (b->index == 0)
			err = blob_make(b->db, b->id, &b->blob);
		if (err == 0)
			err = piece_write(b, piece, last, key);
	}
	b->size += piece.len;
	b->index++;
	return err;
}

void
body_keep(struct body *b)
{
	if (b->blob != NULL)
		blob_keep(b->db, b->blob);
	b->blob = NULL;
}

void
body_drop(struct body *b)
{
	blob_abort(b->db, b->blob);
	b->blob = NULL;
	buf_drop(&b->sealed);
}
