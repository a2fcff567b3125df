/*
 * Which address a message-id came to.
 *
 * A note is keyed by the epoch of its message first, then by the hash: so all
 * notes of a thousand letters in a row lie on a few pages beside each other,
 * and noting one changes a page that was changed just before. Finding one,
 * which is rare, looks once into each of these buckets.
 */
#include "store/identity.h"

#include <errno.h>

#include "base/crypto.h"
#include "store/db_inner.h"
#include "store/device.h"
#include "store/epoch.h"

#define HASH_SIZE 16

/* Returns: 0, or -ENOKEY. */
static int
id_hash(struct db *db, struct str id, unsigned char hash[HASH_SIZE])
{
	unsigned char secret[SEAL_KEY];
	int err = device_secret(db, "identity", secret);

	if (err != 0)
		return err;
	seal_derive(secret, id, hash, HASH_SIZE);
	crypto_wipe(secret, sizeof secret);
	return 0;
}

/* Where a letter that we sent is noted: with what was received of late. */
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

int
identity_note(struct db *db, struct str id, struct str address,
	uint64_t message)
{
	unsigned char hash[HASH_SIZE];
	int64_t bucket = epoch_of(message), turn;
	sqlite3_stmt *s;
	int err = id_hash(db, id, hash);

	if (err == 0)
		err = db_begin(db);
	if (err == 0 && message == 0)
		err = bucket_find(db, &bucket);
	if (err == 0) {
		int more = turn_find(db, bucket, hash, address, &turn);

		if (more <= 0)
			return more;
	}
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_IDENTITY_ADD,
	    "INSERT INTO identity (bucket, hash, turn, address)"
	    " VALUES (?1, ?2, ?3, ?4)");
	sqlite3_bind_int64(s, 1, bucket);
	db_bind_bytes(s, 2, hash, sizeof hash);
	sqlite3_bind_int64(s, 3, turn);
	db_bind_text(s, 4, address);
	return db_run(db, s);
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
