/* Renaming mailboxes, with all below them; and what INBOX has of its own. */
#include <errno.h>
#include <stdlib.h>

#include "store/box_inner.h"
#include "store/db_inner.h"
#include "store/mailbox_inner.h"

/* One that gets another name. */
struct moved {
	int64_t id;
	struct buf name;	/* the new one */
};

struct rename {
	struct db *db;
	struct str from, to;	/* as they are kept */
	struct moved *moved;	/* the shortest first */
	size_t count;
};

/* Whether name is that of a mailbox or of one below it. */
static bool
name_below(struct str name, struct str top)
{
	return str_starts(name, top) &&
	    (name.len == top.len || str_at(name, top.len) == '/');
}

/*
 * List who is to be renamed. The shortest come first: so when the new name of
 * one is the old name of another, that has moved out of the way before.
 */
static int
moved_list(struct rename *r)
{
	sqlite3_stmt *s = db_sql(r->db, SLOT_MAILBOX_BELOW,
	    "SELECT id, name FROM box WHERE name = ?1 OR (name > ?1 || '/'"
	    " AND name < ?1 || '0') ORDER BY octet_length(name)");
	int row;

	db_bind_text(s, 1, r->from);
	while ((row = db_step(r->db, s)) > 0) {
		struct str name = db_column(s, 1);
		struct moved *m;

		if (r->count % 64 == 0)
			r->moved = xresize(r->moved,
			    (r->count + 64) * sizeof *r->moved);
		m = &r->moved[r->count++];
		m->id = sqlite3_column_int64(s, 0);
		buf_init(&m->name, MAILBOX_NAME_MAX);
		buf_add(&m->name, r->to);
		buf_add(&m->name, str_part(name, r->from.len, name.len));
		if (m->name.full) {
			db_reset(s);
			return -ENAMETOOLONG;
		}
	}
	return row;
}

/* Whether the new names are free, or become free. */
static int
moved_judge(const struct rename *r)
{
	int64_t other;
	int err = -ENOENT;

	for (size_t i = 0; i < r->count && err == -ENOENT; i++) {
		struct str name = buf_str(&r->moved[i].name);

		/* Whatever is there is one of them. */
		if (!name_below(name, r->from))
			err = mailbox_find_clean(r->db, name, &other);
	}
	return err == -ENOENT ? 0 : err == 0 ? -EEXIST : err;
}

static int
moved_write(const struct rename *r)
{
	int err = 0;

	for (size_t i = 0; i < r->count && err == 0; i++) {
		sqlite3_stmt *s = db_sql(r->db, SLOT_MAILBOX_NAME,
		    "UPDATE box SET name = ?2 WHERE id = ?1");

		sqlite3_bind_int64(s, 1, r->moved[i].id);
		db_bind_text(s, 2, buf_str(&r->moved[i].name));
		err = db_run(r->db, s);
	}
	return err;
}

static int
tree_rename(struct rename *r)
{
	int64_t id;
	int err = mailbox_find_clean(r->db, r->from, &id);

	if (err == 0)
		err = moved_list(r);
	if (err == 0)
		err = moved_judge(r);
	if (err == 0)
		err = moved_write(r);
	for (size_t i = 0; i < r->count; i++)
		buf_drop(&r->moved[i].name);
	free(r->moved);
	return err;
}

/*
 * The messages of INBOX as those of another mailbox, which is empty: they keep
 * their UIDs. To whoever knows INBOX all of them have vanished.
 */
static int
inbox_move(struct db *db, int64_t to)
{
	static const struct {
		enum db_slot slot;
		const char *text;
	} parts[] = {
		{ SLOT_INBOX_COUNT,
		  "UPDATE box SET (uidnext, modseq, messages, octets, unseen,"
		  " unseen_from) = (SELECT uidnext, modseq, messages, octets,"
		  " unseen, unseen_from FROM box WHERE id = 1) WHERE id = ?1" },
		{ SLOT_INBOX_KEYWORDS,
		  "INSERT INTO keyword (box, number, name)"
		  " SELECT ?1, number, name FROM keyword WHERE box = 1" },
		{ SLOT_INBOX_VANISHED,
		  "UPDATE vanished SET box = ?1 WHERE box = 1" },
		{ SLOT_INBOX_ENTRIES,
		  "INSERT INTO entry (box, uid, message, size, flags, modseq,"
		  " received, saved, arrived) SELECT ?1, uid, message, size,"
		  " flags, modseq, received, ?2, arrived FROM entry"
		  " WHERE box = 1" },
		{ SLOT_INBOX_LEAVE, "DELETE FROM entry WHERE box = 1" },
		{ SLOT_INBOX_GONE,
		  "INSERT INTO vanished (box, modseq, first, last)"
		  " SELECT 1, modseq + 1, 1, uidnext - 1 FROM box"
		  " WHERE id = 1 AND uidnext > 1" },
		{ SLOT_INBOX_EMPTY,
		  "UPDATE box SET modseq = modseq + 1, messages = 0,"
		  " octets = 0, unseen = 0 WHERE id = 1" },
	};
	int err = 0;

	for (size_t i = 0; i < countof(parts) && err == 0; i++) {
		sqlite3_stmt *s = db_sql(db, parts[i].slot, parts[i].text);

		sqlite3_bind_int64(s, 1, to);
		sqlite3_bind_int64(s, 2, db->clock->unix_s);
		err = db_run(db, s);
	}
	return err;
}

static int
inbox_rename(struct db *db, struct str to)
{
	int64_t id = 0;
	int err = mailbox_add(db, to, STR(""), &id);

	return err != 0 ? err : inbox_move(db, id);
}

int
mailbox_rename(struct db *db, struct str from, struct str to)
{
	struct buf old, new;
	struct rename r = { .db = db };
	int bad = mailbox_name(&new, to), err = mailbox_name(&old, from);

	r.from = buf_str(&old);
	r.to = buf_str(&new);
	if (err != 0)
		err = -ENOENT;
	else if (bad != 0)
		err = bad;
	else if (str_equal(r.from, r.to))
		err = -EEXIST;
	else if (name_below(r.to, r.from) &&
	    !str_equal(r.from, STR("INBOX")))
		err = -EINVAL;
	else
		err = db_begin(db);
	if (err == 0 && str_equal(r.from, STR("INBOX")))
		err = inbox_rename(db, r.to);
	else if (err == 0)
		err = tree_rename(&r);
	buf_drop(&old);
	buf_drop(&new);
	return err;
}
