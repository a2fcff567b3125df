/*
 * Reading a body, piece by piece. Content never passes anybody before its seal
 * is checked, and neither a piece too few nor one too many passes for a whole.
 */
#include "store/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRIDE (PIECE_SIZE + SEAL_EXTRA)

void
body_close(struct body_reader *r)
{
	disk_close(r->file);
	r->file = -1;
	r->open = false;
}

int
body_open(struct db *db, struct body_reader *r, struct blob_id id,
	uint64_t size, bool in_file)
{
	char name[BLOB_NAME];
	int err = 0;

	body_close(r);
	*r = (struct body_reader){ .id = id, .size = size, .file = -1 };
	if (in_file) {
		blob_name(id, name);
		err = disk_open(db->blobs, name, &r->file);
		if (err == 0)
			err = disk_size(r->file, &r->file_len);
		else
			r->file = -1;
	}
	if (err != 0)
		body_close(r);
	r->open = err == 0;
	return err;
}

/* Unseal one piece; the codec byte was taken off the first. */
static int
piece_unseal(const struct body_reader *r, struct str sealed, bool last,
	const unsigned char key[SEAL_KEY], struct buf *out)
{
	struct seal_place place = {
		.message = r->id.number, .index = r->index, .kind = SEAL_BODY,
		.codec = SEAL_STORED, .last = last
	};

	return seal_piece_open(out, sealed, key, &place);
}

static int
row_read(const struct body_reader *r, struct str row,
	const unsigned char key[SEAL_KEY], struct buf *out)
{
	if (row.len > 1 + STRIDE || str_at(row, 0) != SEAL_STORED)
		return -EBADMSG;
	return piece_unseal(r, str_part(row, 1, STRIDE), true, key, out);
}

static int
file_read(const struct body_reader *r, const unsigned char key[SEAL_KEY],
	struct buf *out, bool *last)
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
		    (size_t)got - codec), *last, key, out);
	free(sealed);
	return err;
}

int
body_seek(struct body_reader *r, uint32_t index)
{
	uint64_t from = (uint64_t)index * PIECE_SIZE;

	if (!r->open || (index > 0 && from >= r->size))
		return -EINVAL;
	r->index = index;
	r->have = from;
	return 0;
}

int
body_read(struct body_reader *r, struct str row,
	const unsigned char key[SEAL_KEY], struct buf *out)
{
	bool last = true;
	int err = r->file < 0 ? row_read(r, row, key, out) :
	    file_read(r, key, out, &last);

	r->index++;
	r->have += out->len;
	if (err == 0 && (last ? r->have != r->size : out->len != PIECE_SIZE))
		err = -EBADMSG;
	if (last || err != 0)
		body_close(r);
	return err;
}
