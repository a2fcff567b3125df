/*
 * The keys that sign. Each change counts the version up, so that whoever keeps
 * the keys ready reads one number to know whether they still are.
 */
#include "store/dkim.h"

#include <errno.h>

#include "store/db_inner.h"
#include "store/device.h"

#define NAME_MAX_LEN 512	/* bytes: a domain and a selector */
#define PEM_MAX 8192		/* bytes of a private key */
#define VERSION "dkim_version"	/* state */

/* What a private key is sealed as. */
static void
name_make(struct buf *name, struct str domain, struct str selector)
{
	buf_init(name, NAME_MAX_LEN);
	buf_add_text(name, "dkim ");
	buf_add(name, domain);
	buf_add_char(name, ' ');
	buf_add(name, selector);
}

int
dkim_version(struct db *db, int64_t *version)
{
	return state_number(db, VERSION, version);
}

static int
version_raise(struct db *db)
{
	int64_t version = 0;
	int err = state_number(db, VERSION, &version);

	return err != 0 ? err : state_set(db, VERSION, version + 1);
}

/* Whether a domain may have one more key, by a selector. */
static int
key_fits(struct db *db, const struct dkim_key *key)
{
	sqlite3_stmt *s = db_sql(db, SLOT_DKIM_COUNT,
	    "SELECT count(*), total(selector = ?2) FROM dkim"
	    " WHERE domain = ?1");
	int64_t count, same;
	int row;

	db_bind_text(s, 1, key->domain);
	db_bind_text(s, 2, key->selector);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	count = sqlite3_column_int64(s, 0);
	same = sqlite3_column_int64(s, 1);
	db_reset(s);
	if (same > 0)
		return -EEXIST;
	return count < DKIM_KEYS_MAX ? 0 : -E2BIG;
}

static int
row_add(struct db *db, const struct dkim_key *key, struct str sealed)
{
	sqlite3_stmt *s = db_sql(db, SLOT_DKIM_ADD,
	    "INSERT INTO dkim (domain, selector, kind, state, created,"
	    " changed, pem) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)");

	db_bind_text(s, 1, key->domain);
	db_bind_text(s, 2, key->selector);
	sqlite3_bind_int64(s, 3, key->kind);
	sqlite3_bind_int(s, 4, (int)key->state);
	sqlite3_bind_int64(s, 5, db->clock->unix_s);
	db_bind_bytes(s, 6, sealed.at, sealed.len);
	return db_run(db, s);
}

int
dkim_add(struct db *db, const struct dkim_key *key)
{
	struct buf name, sealed;
	int err = db_begin(db);

	must(key->selector.len <= DKIM_SELECTOR_MAX);
	must(key->pem.len <= PEM_MAX);
	if (err == 0)
		err = key_fits(db, key);
	if (err != 0)
		return err;
	name_make(&name, key->domain, key->selector);
	buf_init(&sealed, PEM_MAX + SEAL_SECRET_EXTRA);
	err = device_seal(db, buf_str(&name), key->pem, &sealed);
	if (err == 0)
		err = row_add(db, key, buf_str(&sealed));
	if (err == 0)
		err = version_raise(db);
	buf_drop(&name);
	buf_drop(&sealed);
	return err;
}

/* Show a row, with its private key if it is wanted. */
static int
row_show(struct db *db, sqlite3_stmt *s, struct dkim_key *key, bool private,
	struct buf *pem)
{
	struct buf name;
	int err = 0;

	key->domain = db_column(s, 0);
	key->selector = db_column(s, 1);
	key->kind = (unsigned)sqlite3_column_int64(s, 2);
	key->state = (enum dkim_state)sqlite3_column_int(s, 3);
	key->created = sqlite3_column_int64(s, 4);
	key->changed = sqlite3_column_int64(s, 5);
	key->pem = STR("");
	if (!private)
		return 0;
	name_make(&name, key->domain, key->selector);
	buf_clear(pem);
	err = device_open_sealed(db, buf_str(&name), db_column(s, 6), pem);
	buf_drop(&name);
	key->pem = buf_str(pem);
	return err;
}

int
dkim_list(struct db *db, const struct str *domain, bool private,
	void (*each)(void *ctx, const struct dkim_key *key), void *ctx)
{
	sqlite3_stmt *s = db_sql(db, SLOT_DKIM_LIST,
	    "SELECT domain, selector, kind, state, created, changed, pem"
	    " FROM dkim WHERE ?1 IS NULL OR domain = ?1 ORDER BY domain, id");
	struct dkim_key key;
	struct buf pem;
	int row, err = 0;

	buf_init(&pem, PEM_MAX);
	if (domain != NULL)
		db_bind_text(s, 1, *domain);
	while ((row = db_step(db, s)) > 0) {
		err = row_show(db, s, &key, private, &pem);
		if (err != 0)
			break;
		each(ctx, &key);
	}
	if (row > 0)
		db_reset(s);
	buf_wipe(&pem);
	return row < 0 ? row : err;
}

int
dkim_rotate(struct db *db, struct str domain)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	_Static_assert(DKIM_NEXT == 0 && DKIM_SIGNS == 1 && DKIM_PAST == 2,
	    "a key goes on by one");
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_DKIM_ROTATE,
	    "UPDATE dkim SET state = state + 1, changed = ?2"
	    " WHERE domain = ?1 AND state IN (0, 1) AND EXISTS"
	    " (SELECT 1 FROM dkim WHERE domain = ?1 AND state = 0)");
	db_bind_text(s, 1, domain);
	sqlite3_bind_int64(s, 2, db->clock->unix_s);
	err = db_run_met(db, s);
	return err != 0 ? err : version_raise(db);
}

int
dkim_remove(struct db *db, struct str domain, struct str selector)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_DKIM_REMOVE,
	    "DELETE FROM dkim WHERE domain = ?1 AND selector = ?2");
	db_bind_text(s, 1, domain);
	db_bind_text(s, 2, selector);
	err = db_run_met(db, s);
	return err != 0 ? err : version_raise(db);
}
