/* MTA-STS policies of others, kept until they expire. */
#include "store/policy.h"

#include <errno.h>

#include "store/body.h"
#include "store/db_inner.h"

/* Forget a domain's policy, and all that have expired. */
static int
policies_purge(struct db *db, struct str domain)
{
	sqlite3_stmt *s = db_sql(db, SLOT_POLICY_PURGE,
	    "DELETE FROM policy WHERE domain = ?1 OR expires <= ?2");

	db_bind_text(s, 1, domain);
	sqlite3_bind_int64(s, 2, db->clock->unix_s);
	return db_run(db, s);
}

/* Make room for one more. */
static int
policies_cut(struct db *db)
{
	sqlite3_stmt *s = db_sql(db, SLOT_POLICY_CUT,
	    "DELETE FROM policy WHERE domain IN (SELECT domain FROM policy"
	    " ORDER BY expires DESC, domain LIMIT -1 OFFSET ?1)");

	sqlite3_bind_int64(s, 1, POLICY_COUNT_MAX - 1);
	return db_run(db, s);
}

int
policy_set(struct db *db, struct str domain, struct str id, struct str text,
	int64_t expires)
{
	sqlite3_stmt *s;
	int err = body_room(db, true);

	if (err == 0)
		err = db_begin(db);
	if (err == 0)
		err = policies_purge(db, domain);
	if (err != 0 || text.len > POLICY_TEXT_MAX)
		return err;
	err = policies_cut(db);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_POLICY_SET,
	    "INSERT INTO policy (domain, id, expires, text)"
	    " VALUES (?1, ?2, ?3, ?4)");
	db_bind_text(s, 1, domain);
	db_bind_text(s, 2, id);
	sqlite3_bind_int64(s, 3, expires);
	db_bind_text(s, 4, text);
	return db_run(db, s);
}

int
policy_find(struct db *db, struct str domain, struct buf *id,
	struct buf *text, int64_t *expires)
{
	sqlite3_stmt *s = db_sql(db, SLOT_POLICY_FIND,
	    "SELECT id, text, expires FROM policy"
	    " WHERE domain = ?1 AND expires > ?2");
	int row;

	buf_clear(id);
	buf_clear(text);
	db_bind_text(s, 1, domain);
	sqlite3_bind_int64(s, 2, db->clock->unix_s);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	buf_add(id, db_column(s, 0));
	buf_add(text, db_column(s, 1));
	*expires = sqlite3_column_int64(s, 2);
	db_reset(s);
	return 0;
}
