/* Letters and their recipients as rows, brought to memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/queue_inner.h"

#define ITEM_TEXT_MAX (1u << 20)	/* bytes: rows are ours, and bounded */
#define STATUS_BASE 1000

/*
 * Put a column's text behind the others. Only its length is known to last, as
 * the buf moves when it grows; item_point() sets where each stands.
 */
static void
word_take(struct queue_item *item, struct str *word, struct str text)
{
	buf_add(&item->text, text);
	*word = str_from(NULL, text.len);
}

static void
word_point(struct str *rest, struct str *word)
{
	*word = str_take(rest, word->len);
}

/* In the order in which they were taken. */
static void
item_point(struct queue_item *item)
{
	struct str rest = buf_str(&item->text);

	word_point(&rest, &item->letter.sender);
	word_point(&rest, &item->letter.envid);
	for (size_t i = 0; i < item->count; i++) {
		struct queue_recipient *r = &item->recipients[i];

		word_point(&rest, &r->address);
		word_point(&rest, &r->route);
		word_point(&rest, &r->orcpt);
		word_point(&rest, &r->said);
		word_point(&rest, &r->remote);
	}
}

/* Returns: 0; -ENOENT; others. */
static int
letter_take(struct db *db, uint64_t id, struct queue_item *item)
{
	struct queue_letter *l = &item->letter;
	sqlite3_stmt *s = db_sql(db, SLOT_LETTER_FIND,
	    "SELECT sender, envid, queued, size, flags, ret FROM letter"
	    " WHERE id = ?1");
	unsigned flags;
	int row;

	sqlite3_bind_int64(s, 1, (int64_t)id);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	l->id = id;
	word_take(item, &l->sender, db_column(s, 0));
	word_take(item, &l->envid, db_column(s, 1));
	l->queued = sqlite3_column_int64(s, 2);
	l->size = (uint64_t)sqlite3_column_int64(s, 3);
	flags = (unsigned)sqlite3_column_int64(s, 4);
	l->has_8bit = (flags & LETTER_8BIT) != 0;
	l->utf8 = (flags & LETTER_UTF8) != 0;
	l->require_tls = (flags & LETTER_REQUIRE_TLS) != 0;
	l->ret = (unsigned)sqlite3_column_int64(s, 5);
	db_reset(s);
	return 0;
}

static void
recipient_take(struct queue_item *item, sqlite3_stmt *s)
{
	struct queue_recipient *r = &item->recipients[item->count++];
	unsigned status = (unsigned)sqlite3_column_int64(s, 11);

	word_take(item, &r->address, db_column(s, 1));
	word_take(item, &r->route, db_column(s, 2));
	word_take(item, &r->orcpt, db_column(s, 3));
	word_take(item, &r->said, db_column(s, 12));
	word_take(item, &r->remote, db_column(s, 13));
	r->id = (uint64_t)sqlite3_column_int64(s, 0);
	r->letter = item->letter.id;
	r->notify = (unsigned)sqlite3_column_int64(s, 4);
	r->state = (enum queue_state)sqlite3_column_int(s, 5);
	r->attempts = (unsigned)sqlite3_column_int64(s, 6);
	r->next = sqlite3_column_int64(s, 7);
	r->told_late = sqlite3_column_int(s, 8) != 0;
	r->tried = sqlite3_column_int64(s, 9);
	r->code = (unsigned)sqlite3_column_int64(s, 10);
	r->status[0] = status / STATUS_BASE / STATUS_BASE;
	r->status[1] = status / STATUS_BASE % STATUS_BASE;
	r->status[2] = status % STATUS_BASE;
}

static int
recipients_take(struct db *db, struct queue_item *item)
{
	sqlite3_stmt *s = db_sql(db, SLOT_RECIPIENT_LIST,
	    "SELECT id, address, route, orcpt, notify, state, attempts, next,"
	    " told_late, tried, code, status, said, remote FROM recipient"
	    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
	int row;

	item->recipients = xalloc(QUEUE_PLACES, sizeof *item->recipients);
	sqlite3_bind_int64(s, 1, queue_first(item->letter.id));
	sqlite3_bind_int64(s, 2, queue_last(item->letter.id));
	while ((row = db_step(db, s)) > 0)
		recipient_take(item, s);
	return row;
}

int
queue_item(struct db *db, uint64_t letter, struct queue_item **out)
{
	struct queue_item *item = xalloc(1, sizeof *item);
	int err;

	buf_init(&item->text, ITEM_TEXT_MAX);
	err = letter_take(db, letter, item);
	if (err == 0)
		err = recipients_take(db, item);
	if (err != 0 || item->text.full) {
		queue_item_drop(item);
		return err != 0 ? err : -EUCLEAN;
	}
	item_point(item);
	*out = item;
	return 0;
}

void
queue_item_drop(struct queue_item *item)
{
	if (item == NULL)
		return;
	buf_drop(&item->text);
	free(item->recipients);
	free(item);
}

/* All numbers are read before the first letter is shown; see address_list. */
static int
letters_list(struct db *db, uint64_t **letters, size_t *count)
{
	sqlite3_stmt *s = db_sql(db, SLOT_LETTER_LIST,
	    "SELECT id FROM letter ORDER BY id");
	int row;

	*letters = NULL;
	*count = 0;
	while ((row = db_step(db, s)) > 0) {
		if (*count % 256 == 0)
			*letters = xresize(*letters,
			    (*count + 256) * sizeof **letters);
		(*letters)[(*count)++] = (uint64_t)sqlite3_column_int64(s, 0);
	}
	return row;
}

int
queue_list(struct db *db,
	void (*each)(void *ctx, const struct queue_item *item), void *ctx)
{
	struct queue_item *item;
	uint64_t *letters;
	size_t count;
	int err = letters_list(db, &letters, &count);

	for (size_t i = 0; i < count && err == 0; i++) {
		err = queue_item(db, letters[i], &item);
		if (err == 0) {
			each(ctx, item);
			queue_item_drop(item);
		}
		/* It has gone meanwhile. */
		if (err == -ENOENT)
			err = 0;
	}
	free(letters);
	return err;
}
