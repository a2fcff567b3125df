/*
 * The text of a message, or of a letter to be sent, as it is stored: sealed
 * pieces behind a codec byte. A short one waits in memory for its row, a long
 * one goes to a file at once; read back, both come in the same pieces.
 */
#ifndef STORE_BODY_H
#define STORE_BODY_H

#include "base/buf.h"
#include "mail/piece.h"
#include "store/blob.h"
#include "store/seal.h"

#define BODY_ROW_MAX PIECE_SIZE		/* bytes; a longer one is a file */
#define BODY_SEALED_MAX (1 + PIECE_SIZE + SEAL_EXTRA)

/* One that is being written. */
struct body {
	struct db *db;
	struct blob_id id;	/* set before the first piece */
	uint64_t size;		/* octets so far */
	uint32_t index;		/* of the next piece */
	struct buf sealed;	/* of a short one, after the last piece */
	struct blob *blob;	/* of a long one; else NULL */
};

/*
 * Whether the disk has room for mail (disk_room()).
 *
 * row       a row may have what deleted ones have left in the database
 *
 * Returns:  0; -ENOSPC, logged; others.
 */
int body_room(struct db *db, bool row) __attribute__((warn_unused_result));

/*
 * Room for BODY_SEALED_MAX bytes that are sealed, empty.
 *
 * Lives:    until the next call; db->sealed_of may say what is in it.
 */
struct buf *body_scratch(struct db *db);

/* db is kept. */
void body_init(struct body *b, struct db *db);

/*
 * Seal and write the next piece: PIECE_SIZE bytes unless it is the last.
 *
 * key       of this message or letter alone
 */
int body_piece(struct body *b, struct str piece, bool last,
	const unsigned char key[SEAL_KEY]) __attribute__((warn_unused_result));

/* Its file now belongs to the open transaction. */
void body_keep(struct body *b);

/* Forget what was not kept. Safe on a zeroed struct and twice. */
void body_drop(struct body *b);

/* One that is being read. Begins with file -1. */
struct body_reader {
	struct blob_id id;
	uint64_t size;		/* octets of all */
	uint64_t have;		/* octets read */
	uint64_t file_len;
	uint32_t index;		/* of the next piece */
	int file;		/* -1: it is in its row */
	bool open;
};

/* Begin; closes what was open. Returns: 0, or why the file is unreadable. */
int body_open(struct db *db, struct body_reader *r, struct blob_id id,
	uint64_t size, bool in_file) __attribute__((warn_unused_result));

/*
 * Read the next piece.
 *
 * row       what stands in its row, when it is not in a file
 * out       cleared by the caller; of at least PIECE_SIZE
 *
 * Returns:  0; -EBADMSG: the seal does not hold; -EIO and the like. It is
 *           closed with the last piece, and when it fails.
 */
int body_read(struct body_reader *r, struct str row,
	const unsigned char key[SEAL_KEY], struct buf *out)
	__attribute__((warn_unused_result));

/*
 * Go on with another piece, which may be one that was read already.
 *
 * Returns:  0; -EINVAL: none is open, or it ends before.
 */
int body_seek(struct body_reader *r, uint32_t index)
	__attribute__((warn_unused_result));

void body_close(struct body_reader *r);

#endif
