/* Annotations: names in clear, since they are looked for; values sealed. */
#include "store/annotation.h"

#include <errno.h>

#include "base/crypto.h"
#include "base/log.h"
#include "store/box.h"
#include "store/db_inner.h"

#define PLACE_MAX (ANNOTATION_NAME_MAX + 40)

/* What a value is sealed as: it holds for one name in one mailbox. */
static void
place_make(struct buf *place, int64_t box, struct str name)
{
	buf_init(place, PLACE_MAX);
	buf_add_text(place, "annotation ");
	buf_add_number(place, (uint64_t)box);
	buf_add_char(place, ' ');
	buf_add(place, name);
}

static void
key_make(const struct seal_owner *owner, unsigned char key[SEAL_KEY])
{
	seal_owner_derive(owner, STR("annotation"), key, SEAL_KEY);
}

/* Whether there may be one more beside those of other names. */
static int
room_judge(struct db *db, int64_t box, struct str name)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ANNOTATION_COUNT,
	    "SELECT count(*) FROM annotation WHERE box <> ?1 OR name <> ?2");
	int64_t count;
	int row;

	sqlite3_bind_int64(s, 1, box);
	db_bind_text(s, 2, name);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	count = sqlite3_column_int64(s, 0);
	db_reset(s);
	return count < ANNOTATIONS_MAX ? 0 : -EDQUOT;
}

static int
value_remove(struct db *db, int64_t box, struct str name)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ANNOTATION_REMOVE,
	    "DELETE FROM annotation WHERE box = ?1 AND name = ?2");

	sqlite3_bind_int64(s, 1, box);
	db_bind_text(s, 2, name);
	return db_run(db, s);
}

static int
value_put(struct db *db, const struct seal_owner *owner, int64_t box,
	struct str name, struct str value)
{
	unsigned char key[SEAL_KEY];
	struct buf place, sealed;
	sqlite3_stmt *s;
	int err = room_judge(db, box, name);

	if (err != 0)
		return err;
	place_make(&place, box, name);
	buf_init(&sealed, ANNOTATION_MAX + SEAL_SECRET_EXTRA);
	key_make(owner, key);
	seal_secret(&sealed, value, buf_str(&place), key);
	crypto_wipe(key, sizeof key);
	s = db_sql(db, SLOT_ANNOTATION_SET,
	    "INSERT INTO annotation (box, name, value) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (box, name) DO UPDATE SET value = ?3");
	sqlite3_bind_int64(s, 1, box);
	db_bind_text(s, 2, name);
	db_bind_bytes(s, 3, sealed.at, sealed.len);
	err = db_run(db, s);
	buf_drop(&sealed);
	buf_drop(&place);
	return err;
}

int
annotation_set(struct db *db, const struct seal_owner *owner, int64_t box,
	struct str name, struct str value)
{
	struct box_status status;
	struct buf lower;
	int err;

	if (name.len > ANNOTATION_NAME_MAX || value.len > ANNOTATION_MAX)
		return -E2BIG;
	err = db_begin(db);
	if (err == 0 && box != 0)
		err = box_status(db, box, &status);
	if (err != 0)
		return err;
	buf_init(&lower, ANNOTATION_NAME_MAX);
	for (size_t i = 0; i < name.len; i++)
		buf_add_char(&lower, (char)char_lower(str_at(name, i)));
	err = value.at == NULL ? value_remove(db, box, buf_str(&lower)) :
	    value_put(db, owner, box, buf_str(&lower), value);
	buf_drop(&lower);
	return err;
}

/* Unseal the row a statement is at. */
static int
row_open(sqlite3_stmt *s, const struct seal_owner *owner, int64_t box,
	struct annotation *a)
{
	unsigned char key[SEAL_KEY];
	struct buf place;
	int err;

	if (sqlite3_column_bytes(s, 0) > ANNOTATION_NAME_MAX ||
	    sqlite3_column_bytes(s, 1) > ANNOTATION_MAX + SEAL_SECRET_EXTRA)
		return -EBADMSG;
	buf_add(&a->name, db_column(s, 0));
	place_make(&place, box, buf_str(&a->name));
	key_make(owner, key);
	err = seal_secret_open(&a->value, db_column(s, 1), buf_str(&place),
	    key);
	crypto_wipe(key, sizeof key);
	buf_drop(&place);
	return err;
}

int
annotation_next(struct db *db, const struct seal_owner *owner, int64_t box,
	struct str behind, struct annotation *a)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ANNOTATION_NEXT,
	    "SELECT name, value FROM annotation WHERE box = ?1 AND name > ?2"
	    " ORDER BY name LIMIT 1");
	int row, err;

	sqlite3_bind_int64(s, 1, box);
	db_bind_text(s, 2, behind);
	row = db_step(db, s);
	/* Only now: behind may be a view of the name. */
	buf_drop(&a->name);
	buf_drop(&a->value);
	buf_init(&a->name, ANNOTATION_NAME_MAX);
	buf_init(&a->value, ANNOTATION_MAX);
	if (row <= 0)
		return row;
	err = row_open(s, owner, box, a);
	db_reset(s);
	if (err == 0)
		return 1;
	log_event(LOG_ERROR, "seal-broken", LOG_N("mailbox", box),
	    LOG_S("annotation", buf_str(&a->name)), LOG_C("do", "its value was "
	    "changed or damaged on the disk: set it anew"));
	return err;
}
