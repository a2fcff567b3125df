/*
 * Checking all that can be checked without a key: what SQLite says of its
 * file, and whether rows, counters and files agree. It changes nothing.
 *
 * It holds the lock that keeps deleted messages from being freed, and reads
 * the rows in one transaction, so that a box at work is not found wanting.
 */
#include "store/verify.h"

#include <errno.h>

#include "base/buf.h"
#include "store/blob.h"
#include "store/queue_inner.h"

/* A query that must find nothing, and how to say what it found. */
static const struct {
	const char *what, *query;
} rules[] = {
	{ "a counter of a mailbox is wrong: ",
	  "SELECT name FROM box LEFT JOIN (SELECT box, count(*) AS n,"
	  " sum(size) AS o, sum(flags & 1 = 0) AS u, max(uid) AS m FROM entry"
	  " GROUP BY box) ON box = id WHERE messages <> ifnull(n, 0)"
	  " OR octets <> ifnull(o, 0) OR unseen <> ifnull(u, 0)"
	  " OR uidnext <= ifnull(m, 0)" },
	{ "a message without \\Seen is not looked for: ",
	  "SELECT uid FROM entry JOIN box ON id = box"
	  " WHERE flags & 1 = 0 AND uid < unseen_from" },
	{ "UIDs vanished that are there: ",
	  "SELECT name FROM box JOIN (SELECT box, sum(last - first + 1) AS n"
	  " FROM vanished GROUP BY box) ON box = id"
	  " WHERE n + messages >= uidnext" },
	{ "a keyword or an annotation is of no mailbox: ",
	  "SELECT box FROM (SELECT box FROM keyword UNION"
	  " SELECT box FROM annotation WHERE box <> 0)"
	  " WHERE box NOT IN (SELECT id FROM box)" },
	{ "a mailbox that was removed is there: ",
	  "SELECT name FROM box WHERE id IN (SELECT box FROM removed)" },
	{ "an entry is in no mailbox: ",
	  "SELECT uid FROM entry WHERE box NOT IN"
	  " (SELECT id FROM box UNION ALL SELECT box FROM removed)" },
	{ "an entry has no message: ",
	  "SELECT entry.message FROM entry LEFT JOIN message"
	  " ON id = entry.message WHERE id IS NULL"
	  " OR entry.size <> message.size" },
	{ "a message is in no mailbox: ",
	  "SELECT id FROM message WHERE id NOT IN (SELECT message FROM entry)"
	  " AND id NOT IN (SELECT message FROM garbage)" },
	{ "a message to be freed is in a mailbox: ",
	  "SELECT message FROM entry"
	  " WHERE message IN (SELECT message FROM garbage)" },
	{ "the count of a message's copies is wrong: ",
	  "SELECT message FROM (SELECT message, count(*) - 1 AS n FROM entry"
	  " GROUP BY message HAVING n > 0) LEFT JOIN copy USING (message)"
	  " WHERE n IS NOT more UNION ALL SELECT message FROM copy"
	  " WHERE message NOT IN (SELECT message FROM entry)" },
	{ "a message has no key: ",
	  "SELECT message.id FROM message LEFT JOIN epoch"
	  " ON epoch.id = message.id / 1024 WHERE epoch.id IS NULL" },
	{ "a summary has no message: ",
	  "SELECT message FROM summary"
	  " WHERE message NOT IN (SELECT id FROM message)" },
	{ "a letter to be sent has no recipient: ",
	  "SELECT id FROM letter WHERE NOT EXISTS (SELECT 1 FROM recipient"
	  " WHERE recipient.id BETWEEN letter.id * 128"
	  " AND letter.id * 128 + 127)" },
	{ "a recipient has no letter: ",
	  "SELECT id FROM recipient WHERE id / 128 NOT IN"
	  " (SELECT id FROM letter) OR state NOT IN (0, 1)" },
	{ "the text of a letter to be sent is nowhere, or twice: ",
	  "SELECT id FROM letter WHERE (file IS NULL) = (body IS NULL)"
	  " OR size < length(head) - 17" },
	{ "the number of a letter to be sent can come again: ",
	  "SELECT id FROM letter WHERE id > ifnull((SELECT seq FROM"
	  " sqlite_sequence WHERE name = 'letter'), 0)" },
	{ "the key to what is to be sent is not known: ",
	  "SELECT name FROM (SELECT 'letter' AS name FROM letter UNION"
	  " SELECT 'dkim' FROM dkim UNION SELECT 'route' FROM route)"
	  " WHERE NOT EXISTS (SELECT 1 FROM state"
	  " WHERE name = 'device_check')" },
};

_Static_assert(SEAL_EPOCH_MAX == 1024, "the rule on keys says so");
_Static_assert(QUEUE_PLACES == 128, "the rules on recipients say so");
_Static_assert(1 + SEAL_EXTRA == 17, "the rule on headers says so");

static int
statement(struct db *db, const char *text, sqlite3_stmt **s)
{
	int code = sqlite3_prepare_v2(db->sql, text, -1, s, NULL);

	if (code == SQLITE_OK)
		return 0;
	return db_failed(db, "verify-failed", db_errno(db->sql, code));
}

static int
integrity_check(struct db *db, struct buf *why)
{
	sqlite3_stmt *s;
	int row, err = statement(db, "PRAGMA integrity_check(1)", &s);

	if (err != 0)
		return err;
	row = db_step(db, s);
	if (row > 0 && !str_equal(db_column(s, 0), STR("ok"))) {
		buf_add_text(why, "the database is damaged: ");
		buf_add(why, db_column(s, 0));
		row = -EUCLEAN;
	}
	sqlite3_finalize(s);
	return row < 0 ? row : 0;
}

static int
rules_check(struct db *db, struct buf *why)
{
	sqlite3_stmt *s;
	int row, err = 0;

	for (size_t i = 0; i < countof(rules) && err == 0; i++) {
		err = statement(db, rules[i].query, &s);
		if (err != 0)
			return err;
		row = db_step(db, s);
		if (row > 0) {
			buf_add_text(why, rules[i].what);
			buf_add(why, str_of((const char *)
			    sqlite3_column_text(s, 0)));
		}
		err = row > 0 ? -EUCLEAN : row;
		sqlite3_finalize(s);
	}
	return err;
}

bool
verify_file_len(uint64_t size, uint64_t len)
{
	uint64_t least = (size + PIECE_SIZE - 1) / PIECE_SIZE;

	if (least == 0)
		least = 1;
	/* A last piece may be empty when the others are full. */
	return len == 1 + size + least * SEAL_EXTRA ||
	    (size % PIECE_SIZE == 0 &&
	    len == 1 + size + (least + 1) * SEAL_EXTRA);
}

static int
file_check(struct db *db, struct blob_id id, uint64_t size, struct buf *why)
{
	char name[BLOB_NAME];
	uint64_t len = 0;
	int file, err;

	blob_name(id, name);
	err = disk_open(db->blobs, name, &file);
	if (err == 0) {
		err = disk_size(file, &len);
		disk_close(file);
	}
	if (err == 0 && verify_file_len(size, len))
		return 0;
	buf_add_format(why, "the file %s of a %s ", name,
	    id.kind == BLOB_LETTER ? "letter to be sent" : "message");
	buf_add_text(why, err == 0 ? "has the wrong length" :
	    err == -ENOENT ? "is missing" : "cannot be read");
	return err == 0 || err == -ENOENT ? -EUCLEAN : err;
}

/* Every row that names a file has it. */
static int
files_check(struct db *db, struct buf *why)
{
	sqlite3_stmt *s;
	int row, err = statement(db,
	    "SELECT id, size, false FROM message WHERE body IS NULL UNION ALL"
	    " SELECT file, size - (length(head) - 17), true FROM letter"
	    " WHERE file IS NOT NULL", &s);

	if (err != 0)
		return err;
	while (err == 0 && (row = db_step(db, s)) != 0)
		err = row < 0 ? row : file_check(db, (struct blob_id){
		    sqlite3_column_int(s, 2) ? BLOB_LETTER : BLOB_MESSAGE,
		    (uint64_t)sqlite3_column_int64(s, 0) },
		    (uint64_t)sqlite3_column_int64(s, 1), why);
	sqlite3_finalize(s);
	return err;
}

int
db_verify(struct db *db, struct buf *why)
{
	int err = disk_lock(db->blobs, DISK_SHARED);

	if (err != 0)
		return err;
	db_looked(db);
	if (!db->open)
		err = db_exec(db, "BEGIN");
	if (err == 0)
		err = integrity_check(db, why);
	if (err == 0)
		err = rules_check(db, why);
	if (err == 0)
		err = files_check(db, why);
	if (!db->open)
		(void)sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	disk_unlock(db->blobs);
	return err;
}
