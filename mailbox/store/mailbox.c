/*
 * Mailboxes by name.
 *
 * 1. An id is never given twice, and no two mailboxes ever have the same
 *    UIDVALIDITY: so a name that comes back is another mailbox to whoever
 *    remembers it (RFC 9051 section 2.3.1.1).
 * 2. What is subscribed to is a name (RFC 9051 section 6.3.7); mailboxes come
 *    and go below it.
 */
#include "store/mailbox.h"

#include <errno.h>
#include <stdlib.h>

#include "store/box_inner.h"
#include "store/db_inner.h"
#include "store/mailbox_inner.h"

#define INBOX STR("INBOX")
#define LIST_TEXT_MAX \
	(2 * MAILBOXES_MAX * (MAILBOX_NAME_MAX + MAILBOX_USE_MAX))

/* RFC 6855 section 3: what no name may have, beside broken UTF-8. */
static bool
control_is(struct str name, size_t i)
{
	int c = str_at(name, i), next = str_at(name, i + 1);
	int third = str_at(name, i + 2);

	return c < 32 || c == 127 || (c == 0xc2 && next < 0xa0) ||
	    (c == 0xe2 && next == 0x80 && (third == 0xa8 || third == 0xa9));
}

/* Returns: 0, -EINVAL or -ENAMETOOLONG. */
static int
name_judge(struct str name)
{
	struct str rest = name, level;

	if (name.len > MAILBOX_NAME_MAX)
		return -ENAMETOOLONG;
	if (!str_is_utf8(name) || str_ends(name, STR("/")))
		return -EINVAL;
	for (size_t i = 0; i < name.len; i++)
		if (control_is(name, i))
			return -EINVAL;
	while (str_split(&rest, '/', &level))
		if (level.len == 0)
			return -EINVAL;
	return rest.len == 0 ? -EINVAL : 0;
}

int
mailbox_name(struct buf *clean, struct str name)
{
	struct str rest = name;
	int err = name_judge(name);

	buf_init(clean, MAILBOX_NAME_MAX);
	if (err != 0)
		return err;
	if (str_skip_word(&rest, INBOX) && (rest.len == 0 ||
	    str_at(rest, 0) == '/'))
		buf_add(clean, INBOX);
	else
		rest = name;
	buf_add(clean, rest);
	return 0;
}

int
mailbox_find_clean(struct db *db, struct str name, int64_t *id)
{
	sqlite3_stmt *s = db_sql(db, SLOT_MAILBOX_FIND,
	    "SELECT id FROM box WHERE name = ?1");
	int row;

	db_bind_text(s, 1, name);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	*id = sqlite3_column_int64(s, 0);
	db_reset(s);
	return 0;
}

int
mailbox_find(struct db *db, struct str name, int64_t *id)
{
	struct buf clean;
	int err = mailbox_name(&clean, name);

	if (err == 0)
		err = mailbox_find_clean(db, buf_str(&clean), id);
	buf_drop(&clean);
	return err == -EINVAL || err == -ENAMETOOLONG ? -ENOENT : err;
}

/* A list that is being made; its views come when the text stands still. */
struct listing {
	struct mailboxes all;
	struct buf text;
};

static void
listing_add(struct listing *l, sqlite3_stmt *s)
{
	struct str name = db_column(s, 1), use = db_column(s, 2);

	if (l->all.count % 64 == 0)
		l->all.list = xresize(l->all.list,
		    (l->all.count + 64) * sizeof *l->all.list);
	l->all.list[l->all.count++] = (struct mailbox){
		.id = sqlite3_column_int64(s, 0),
		.name.len = name.len,
		.special_use.len = use.len,
		.subscribed = sqlite3_column_int(s, 3) != 0,
	};
	buf_add(&l->text, name);
	buf_add(&l->text, use);
}

/* Point the names into the text. */
static void
listing_end(struct listing *l)
{
	struct str rest = buf_str(&l->text);

	for (size_t i = 0; i < l->all.count; i++) {
		struct mailbox *m = &l->all.list[i];

		m->name = str_take(&rest, m->name.len);
		m->special_use = str_take(&rest, m->special_use.len);
	}
	l->all.text = l->text.at;
}

int
mailbox_list(struct db *db, struct mailboxes *all)
{
	sqlite3_stmt *s = db_sql(db, SLOT_MAILBOX_LIST,
	    "SELECT id, name, special_use, name IN subscription FROM box"
	    " UNION ALL SELECT 0, name, NULL, 1 FROM subscription"
	    " WHERE name NOT IN (SELECT name FROM box) ORDER BY name");
	struct listing l = { .all.count = 0 };
	int row;

	*all = l.all;
	buf_init(&l.text, LIST_TEXT_MAX);
	while ((row = db_step(db, s)) > 0)
		listing_add(&l, s);
	if (row == 0 && l.text.full)
		row = -EUCLEAN;
	if (row < 0) {
		buf_drop(&l.text);
		free(l.all.list);
		return row;
	}
	listing_end(&l);
	*all = l.all;
	return 0;
}

void
mailbox_list_drop(struct mailboxes *all)
{
	free(all->list);
	free(all->text);
	*all = (struct mailboxes){ .count = 0 };
}

/* Whether a special use is taken: 0, -EEXIST, others. */
static int
use_judge(struct db *db, struct str special_use)
{
	sqlite3_stmt *s = db_sql(db, SLOT_MAILBOX_USE,
	    "SELECT 1 FROM box WHERE special_use = ?1");
	int row;

	if (special_use.len == 0 || special_use.len > MAILBOX_USE_MAX)
		return special_use.len == 0 ? 0 : -EINVAL;
	db_bind_text(s, 1, special_use);
	row = db_step(db, s);
	if (row > 0)
		db_reset(s);
	return row > 0 ? -EEXIST : row;
}

int64_t
mailbox_uidvalidity_next(const struct clock *clock, int64_t next)
{
	int64_t now = clock->unix_s;

	return now > next && now < UINT32_MAX / 2 ? now : next;
}

int
mailbox_uidvalidity(struct db *db, int64_t beyond, int64_t count,
	int64_t *first)
{
	int64_t next = 0;
	int err = state_number(db, "uidvalidity_next", &next);

	if (err != 0)
		return err;
	*first = mailbox_uidvalidity_next(db->clock, next + beyond);
	if (*first + count - 1 > UINT32_MAX)
		return -EOVERFLOW;
	return state_set(db, "uidvalidity_next", *first + count);
}

/* Whether there may be one more. */
static int
room_judge(struct db *db)
{
	sqlite3_stmt *s = db_sql(db, SLOT_MAILBOX_COUNT,
	    "SELECT count(*) FROM box");
	int64_t count;
	int row = db_step(db, s);

	if (row <= 0)
		return row < 0 ? row : -EIO;
	count = sqlite3_column_int64(s, 0);
	db_reset(s);
	return count < MAILBOXES_MAX ? 0 : -EDQUOT;
}

int
mailbox_add(struct db *db, struct str name, struct str special_use,
	int64_t *id)
{
	sqlite3_stmt *s;
	int64_t uidvalidity = 0;
	int err = mailbox_find_clean(db, name, id);

	if (err != -ENOENT)
		return err == 0 ? -EEXIST : err;
	err = use_judge(db, special_use);
	if (err == 0)
		err = room_judge(db);
	if (err == 0)
		err = mailbox_uidvalidity(db, 0, 1, &uidvalidity);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_MAILBOX_ADD,
	    "INSERT INTO box (name, special_use, uidvalidity)"
	    " VALUES (?1, nullif(?2, ''), ?3)");
	db_bind_text(s, 1, name);
	db_bind_text(s, 2, special_use);
	sqlite3_bind_int64(s, 3, uidvalidity);
	err = db_run(db, s);
	*id = sqlite3_last_insert_rowid(db->sql);
	return err;
}

int
mailbox_make(struct db *db, struct str name, struct str special_use,
	int64_t *id)
{
	struct buf clean;
	int err = mailbox_name(&clean, name);

	if (err == 0)
		err = db_begin(db);
	if (err == 0)
		err = mailbox_add(db, buf_str(&clean), special_use, id);
	buf_drop(&clean);
	return err;
}

/* Take its row and what is small; the rest is left for box_removed.c. */
static int
box_drop(struct db *db, int64_t id)
{
	static const struct {
		enum db_slot slot;
		const char *text;
	} parts[] = {
		{ SLOT_MAILBOX_DROP, "DELETE FROM box WHERE id = ?1" },
		{ SLOT_KEYWORD_DROP, "DELETE FROM keyword WHERE box = ?1" },
		{ SLOT_ANNOTATION_DROP,
		  "DELETE FROM annotation WHERE box = ?1" },
		{ SLOT_REMOVED_ADD,
		  "INSERT INTO removed (box) VALUES (?1)" },
	};
	int err = 0;

	for (size_t i = 0; i < countof(parts) && err == 0; i++) {
		sqlite3_stmt *s = db_sql(db, parts[i].slot, parts[i].text);

		sqlite3_bind_int64(s, 1, id);
		err = db_run(db, s);
	}
	return err;
}

int
mailbox_remove(struct db *db, struct str name)
{
	int64_t id = 0;
	int err = db_begin(db);

	if (err == 0)
		err = mailbox_find(db, name, &id);
	if (err != 0)
		return err;
	return id == BOX_INBOX ? -EPERM : box_drop(db, id);
}

/* Whether there may be one more subscription beside the others. */
static int
subscriptions_judge(struct db *db, struct str name)
{
	sqlite3_stmt *s = db_sql(db, SLOT_SUBSCRIBED_COUNT,
	    "SELECT count(*) FROM subscription WHERE name <> ?1");
	int64_t count;
	int row;

	db_bind_text(s, 1, name);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	count = sqlite3_column_int64(s, 0);
	db_reset(s);
	return count < MAILBOXES_MAX ? 0 : -EDQUOT;
}

static int
subscription_set(struct db *db, struct str name, bool on)
{
	sqlite3_stmt *s;
	int err = on ? subscriptions_judge(db, name) : 0;

	if (err != 0)
		return err;
	s = on ? db_sql(db, SLOT_SUBSCRIBE,
	    "INSERT INTO subscription (name) VALUES (?1) ON CONFLICT DO"
	    " NOTHING") : db_sql(db, SLOT_UNSUBSCRIBE,
	    "DELETE FROM subscription WHERE name = ?1");
	db_bind_text(s, 1, name);
	return db_run(db, s);
}

int
mailbox_subscribe(struct db *db, struct str name, bool on)
{
	struct buf clean;
	int err = mailbox_name(&clean, name);

	if (err == 0)
		err = db_begin(db);
	if (err == 0)
		err = subscription_set(db, buf_str(&clean), on);
	buf_drop(&clean);
	return err;
}

int
mailbox_quota(struct db *db, uint64_t *used, uint64_t *limit)
{
	sqlite3_stmt *s = db_sql(db, SLOT_MAILBOX_OCTETS,
	    "SELECT sum(octets) FROM box");
	uint64_t left = 0;
	int row = db_step(db, s), err;

	if (row <= 0)
		return row < 0 ? row : -EIO;
	*used = (uint64_t)sqlite3_column_int64(s, 0);
	db_reset(s);
	err = disk_left(db->folder, &left);
	*limit = *used + left;
	return err != 0 ? db_failed(db, "disk-unknown", err) : 0;
}
