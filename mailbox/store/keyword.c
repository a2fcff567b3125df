/* The keywords of a mailbox: names for its flags from bit 8 on. */
#include <errno.h>
#include <stdlib.h>

#include "store/db_inner.h"
#include "store/mailbox.h"

static sqlite3_stmt *
rows_ask(struct db *db, int64_t box)
{
	sqlite3_stmt *s = db_sql(db, SLOT_KEYWORD_LIST,
	    "SELECT name FROM keyword WHERE box = ?1 ORDER BY number");

	sqlite3_bind_int64(s, 1, box);
	return s;
}

int
keyword_list(struct db *db, int64_t box, struct keywords *k)
{
	sqlite3_stmt *s = rows_ask(db, box);
	size_t ends[BOX_KEYWORDS_MAX];
	struct buf text;
	int row = 0;

	*k = (struct keywords){ .count = 0 };
	buf_init(&text, BOX_KEYWORDS_MAX * KEYWORD_NAME_MAX);
	while (k->count < BOX_KEYWORDS_MAX && (row = db_step(db, s)) > 0) {
		buf_add(&text, db_column(s, 0));
		ends[k->count++] = text.len;
	}
	db_reset(s);
	if (row < 0 || text.full) {
		k->count = 0;
		buf_drop(&text);
		return row < 0 ? row : -EUCLEAN;
	}
	for (size_t i = 0, from = 0; i < k->count; from = ends[i++])
		k->names[i] = str_part(buf_str(&text), from, ends[i] - from);
	k->text = text.at;
	return 0;
}

void
keyword_list_drop(struct keywords *k)
{
	free(k->text);
	*k = (struct keywords){ .count = 0 };
}

/* Returns: 1 with *number; 0 with the next free one; negative errno. */
static int
number_find(struct db *db, int64_t box, struct str name, unsigned *number)
{
	sqlite3_stmt *s = rows_ask(db, box);
	bool same = false;
	int row;

	*number = 0;
	while ((row = db_step(db, s)) > 0) {
		same = str_same(db_column(s, 0), name);
		if (same)
			break;
		++*number;
	}
	if (row > 0)
		db_reset(s);
	return row < 0 ? row : same;
}

int
keyword_find(struct db *db, int64_t box, struct str name, bool make,
	unsigned *number)
{
	struct box_status status;
	sqlite3_stmt *s;
	int found, err;

	err = make ? db_begin(db) : 0;
	if (err != 0)
		return err;
	found = number_find(db, box, name, number);
	if (found != 0)
		return found < 0 ? found : 0;
	if (!make)
		return -ENOENT;
	if (*number >= BOX_KEYWORDS_MAX || name.len > KEYWORD_NAME_MAX)
		return -EDQUOT;
	err = box_status(db, box, &status);
	if (err != 0)
		return err;
	s = db_sql(db, SLOT_KEYWORD_ADD,
	    "INSERT INTO keyword (box, number, name) VALUES (?1, ?2, ?3)");
	sqlite3_bind_int64(s, 1, box);
	sqlite3_bind_int64(s, 2, *number);
	db_bind_text(s, 3, name);
	return db_run(db, s);
}
