/*
 * Which address a message-id came to.
 *
 * A note is keyed by the epoch of its message first, then by the hash: so all
 * notes of a thousand letters in a row lie on a few pages beside each other,
 * and noting one changes a page that was changed just before. Finding one,
 * which is rare, looks once into each of these buckets. What we sent is in a
 * bucket of its own, so that asking for that alone costs one look.
 */
#include "store/identity.h"

#include <errno.h>

#include "base/crypto.h"
#include "store/db_inner.h"
#include "store/device.h"
#include "store/epoch.h"

#define HASH_SIZE 16
#define BUCKET_SENT (-1)

/*
 * Mail programs write an id that is odd in another way: what is left out
 * here makes no difference.
 *
 * Returns:  0; -ENOENT when nothing is left; -ENOKEY.
 */
static int
id_hash(struct db *db, struct str id, unsigned char hash[HASH_SIZE])
{
	unsigned char secret[SEAL_KEY];
	int err = device_secret(db, "identity", secret);
	struct buf bare;
	size_t i;
	int c;

	if (err != 0)
		return err;
	buf_init(&bare, id.len);
	for (i = 0; i < id.len; i++) {
		c = str_at(id, i);
		if (c > 32 && c != 127 && c != '<' && c != '>')
			buf_add_char(&bare, (char)c);
	}
	if (bare.len == 0)
		err = -ENOENT;
	seal_derive(secret, buf_str(&bare), hash, HASH_SIZE);
	crypto_wipe(secret, sizeof secret);
	buf_drop(&bare);
	return err;
}

/* Where the letters are noted that were received of late. */
static int
bucket_find(struct db *db, int64_t *bucket)
{
	sqlite3_stmt *s;
	int row;

	if (db->epoch != NULL) {
		*bucket = db->epoch->id;
		return 0;
	}
	s = db_sql(db, SLOT_IDENTITY_BUCKET,
	    "SELECT ifnull(max(id), 0) FROM epoch");
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	*bucket = sqlite3_column_int64(s, 0);
	db_reset(s);
	return 0;
}

/*
 * The turn of a further note of an id within a bucket.
 *
 * Returns:  1 with *turn; 0: this very note is there; negative errno.
 */
static int
turn_find(struct db *db, int64_t bucket,
	const unsigned char hash[HASH_SIZE], struct str address, int64_t *turn)
{
	sqlite3_stmt *s = db_sql(db, SLOT_IDENTITY_TURN,
	    "SELECT turn, address FROM identity"
	    " WHERE bucket = ?1 AND hash = ?2 ORDER BY turn");
	bool same = false;
	int row;

	*turn = 0;
	sqlite3_bind_int64(s, 1, bucket);
	db_bind_bytes(s, 2, hash, HASH_SIZE);
	while ((row = db_step(db, s)) > 0 && !same) {
		*turn = sqlite3_column_int64(s, 0) + 1;
		same = str_equal(db_column(s, 1), address);
	}
	if (row > 0)
		db_reset(s);
	return row < 0 ? row : !same && *turn < IDENTITY_TURNS_MAX;
}

/* Note it in a bucket; 0 is that of what was received of late. */
static int
note(struct db *db, int64_t bucket, struct str id, struct str address)
{
	unsigned char hash[HASH_SIZE];
	sqlite3_stmt *s;
	int64_t turn;
	int more, err = id_hash(db, id, hash);

	if (err != 0)
		return err == -ENOENT ? 0 : err;
	err = db_begin(db);
	if (err == 0 && bucket == 0)
		err = bucket_find(db, &bucket);
	if (err != 0)
		return err;
	more = turn_find(db, bucket, hash, address, &turn);
	if (more <= 0)
		return more;
	s = db_sql(db, SLOT_IDENTITY_ADD,
	    "INSERT INTO identity (bucket, hash, turn, address)"
	    " VALUES (?1, ?2, ?3, ?4)");
	sqlite3_bind_int64(s, 1, bucket);
	db_bind_bytes(s, 2, hash, HASH_SIZE);
	sqlite3_bind_int64(s, 3, turn);
	db_bind_text(s, 4, address);
	return db_run(db, s);
}

int
identity_note(struct db *db, struct str id, struct str address,
	uint64_t message)
{
	return note(db, epoch_of(message), id, address);
}

int
identity_note_sent(struct db *db, struct str id, struct str address)
{
	return note(db, BUCKET_SENT, id, address);
}

int
identity_find(struct db *db, struct str id, struct buf *address)
{
	unsigned char hash[HASH_SIZE];
	sqlite3_stmt *s;
	int row, err = id_hash(db, id, hash);

	buf_clear(address);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_IDENTITY_FIND,
	    "WITH RECURSIVE buckets (n) AS ("
	    " SELECT min(bucket) FROM identity UNION ALL"
	    " SELECT (SELECT min(bucket) FROM identity WHERE bucket > n)"
	    " FROM buckets WHERE n IS NOT NULL)"
	    " SELECT (SELECT address FROM identity"
	    " WHERE bucket = n AND hash = ?1 ORDER BY turn LIMIT 1) AS found"
	    " FROM buckets WHERE n IS NOT NULL AND found IS NOT NULL");
	db_bind_bytes(s, 1, hash, sizeof hash);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	buf_add(address, db_column(s, 0));
	db_reset(s);
	return 0;
}

int
identity_is_sent(struct db *db, struct str id)
{
	unsigned char hash[HASH_SIZE];
	int64_t turn;
	int more, err = id_hash(db, id, hash);

	if (err != 0)
		return err == -ENOENT ? 0 : err;
	more = turn_find(db, BUCKET_SENT, hash, STR(""), &turn);
	return more < 0 ? more : turn > 0;
}
