/*
 * Rows of the summary table.
 *
 * A summary is made again whenever it is missing, and what is made later may
 * say other things: more of a rich message than at delivery, or what a mended
 * parser finds. So each is sealed with a nonce of its own, random and stored
 * with it; which message it is of, which text, and of which version, is
 * authenticated.
 */
#include "store/summary_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mail/summary.h"
#include "store/lazy.h"

#define SEALED_MAX (1 + SUMMARY_MAX + SEAL_SECRET_EXTRA)
#define LATE_MAX 256		/* rows that wait at most */
#define LATE_BYTES (1 << 20)	/* likewise */
#define AHEAD_MAX 64		/* texts read at once */
#define AHEAD_BYTES 65536	/* they may take, but for the last */
#define AHEAD_GAP 8		/* numbers that may lie between two asked for,
				   or it would be read in vain */

/*
 * Sealed texts of messages that follow one another. Who asks for one asks for
 * the next ones too, and a query for each would cost as much as the rest.
 */
struct ahead {
	uint64_t asked;		/* for last */
	uint64_t messages[AHEAD_MAX];
	size_t ends[AHEAD_MAX];	/* of their texts */
	size_t count;
	size_t at;		/* those before it were asked for, or passed */
	struct buf text;
};

struct summaries {
	struct summary_row late[LATE_MAX];
	size_t count;
	size_t bytes;
	int64_t since_ms;	/* the first waits since; mono ms */
	struct ahead ahead[2];	/* by enum message_summary */
};

/* What a text is sealed as: it holds for one message. */
struct summary_name {
	char bytes[sizeof "summary" + 1 + 8];
};

static struct str
name_make(struct summary_name *name, uint64_t message,
	enum message_summary which)
{
	char *to = name->bytes;

	memcpy(to, "summary", sizeof "summary" - 1);
	to += sizeof "summary" - 1;
	*to++ = which == MESSAGE_HEAD ? 'h' : 'b';
	*to++ = SUMMARY_VERSION;
	for (unsigned i = 0; i < 8; i++)
		*to++ = (char)(message >> (8 * i));
	return str_from(name->bytes, sizeof name->bytes);
}

static void
text_seal(struct buf *out, struct str text, enum message_summary which,
	uint64_t message, const unsigned char key[SEAL_KEY])
{
	struct summary_name name;

	buf_init(out, SEALED_MAX);
	buf_add_char(out, SUMMARY_VERSION);
	seal_secret(out, text, name_make(&name, message, which), key);
}

void
summary_row_seal(struct summary_row *row, uint64_t message, struct str head,
	struct str body, const unsigned char key[SEAL_KEY])
{
	row->message = message;
	text_seal(&row->head, head, MESSAGE_HEAD, message, key);
	text_seal(&row->body, body, MESSAGE_BODY, message, key);
}

void
summary_row_drop(struct summary_row *row)
{
	buf_drop(&row->head);
	buf_drop(&row->body);
}

static void
row_bind(sqlite3_stmt *s, const struct summary_row *row)
{
	sqlite3_bind_int64(s, 1, (int64_t)row->message);
	db_bind_bytes(s, 2, row->head.at, row->head.len);
	db_bind_bytes(s, 3, row->body.at, row->body.len);
}

int
summary_row_add(struct db *db, const struct summary_row *row)
{
	sqlite3_stmt *s = db_sql(db, SLOT_SUMMARY_ADD,
	    "INSERT INTO summary (message, head, body) VALUES (?1, ?2, ?3)");

	row_bind(s, row);
	return db_run(db, s);
}

/* What was read before its turn may no longer be so. */
static void
ahead_clear(struct summaries *all)
{
	for (size_t i = 0; i < countof(all->ahead); i++) {
		all->ahead[i].count = all->ahead[i].at = 0;
		buf_drop(&all->ahead[i].text);
	}
}

/* The message may be gone by now, or have a summary of another version. */
static int
late_write(struct db *db, const struct summary_row *row)
{
	sqlite3_stmt *s = db_sql(db, SLOT_SUMMARY_LATE,
	    "INSERT INTO summary (message, head, body) SELECT ?1, ?2, ?3"
	    " WHERE EXISTS (SELECT 1 FROM message WHERE id = ?1)"
	    " ON CONFLICT (message) DO UPDATE SET head = ?2, body = ?3");

	row_bind(s, row);
	return db_run(db, s);
}

void
summary_row_late(struct db *db, struct summary_row *row)
{
	struct summaries *all = db->summaries;
	size_t size = row->head.len + row->body.len;
	uint64_t missing;

	/* What can be made again must not take the room for deletions. */
	if (db->mode == DB_READ || disk_room(db->folder, &missing) != 0 ||
	    missing > 0) {
		summary_row_drop(row);
	} else if (all->count < LATE_MAX && all->bytes + size <= LATE_BYTES) {
		if (all->count == 0)
			all->since_ms = db->clock->mono_ms;
		all->late[all->count++] = *row;
		all->bytes += size;
	} else {
		if (db_begin(db) == 0)
			(void)late_write(db, row);
		ahead_clear(all);
		summary_row_drop(row);
	}
}

static int
text_open(struct buf *out, struct str sealed, const struct summary_ask *ask)
{
	struct summary_name name;

	if (sealed.len > SEALED_MAX)
		return -EBADMSG;
	if (str_at(sealed, 0) != SUMMARY_VERSION)
		return 0;
	(void)str_take(&sealed, 1);
	return seal_secret_open(out, sealed, name_make(&name, ask->message,
	    ask->which), ask->key) == 0 ? 1 : -EBADMSG;
}

/* Find the one that waits. */
static bool
late_find(const struct summaries *all, const struct summary_ask *ask,
	struct str *sealed)
{
	for (size_t i = all->count; i > 0; i--) {
		const struct summary_row *row = &all->late[i - 1];

		if (row->message != ask->message)
			continue;
		*sealed = buf_str(ask->which == MESSAGE_HEAD ? &row->head :
		    &row->body);
		return true;
	}
	return false;
}

/* Find one that was read before its turn; those before it are done with. */
static bool
ahead_find(struct ahead *a, uint64_t message, struct str *sealed)
{
	size_t from;

	while (a->at < a->count && a->messages[a->at] < message)
		a->at++;
	if (a->at == a->count || a->messages[a->at] != message)
		return false;
	from = a->at > 0 ? a->ends[a->at - 1] : 0;
	*sealed = str_part(buf_str(&a->text), from, a->ends[a->at] - from);
	return true;
}

/* The texts of a message and those behind it. */
static sqlite3_stmt *
rows_ask(struct db *db, const struct summary_ask *ask, int count)
{
	sqlite3_stmt *s = ask->which == MESSAGE_HEAD ?
	    db_sql(db, SLOT_SUMMARY_HEAD, "SELECT message, head FROM summary"
	    " WHERE message BETWEEN ?1 AND ?2 ORDER BY message LIMIT ?3") :
	    db_sql(db, SLOT_SUMMARY_BODY, "SELECT message, body FROM summary"
	    " WHERE message BETWEEN ?1 AND ?2 ORDER BY message LIMIT ?3");

	sqlite3_bind_int64(s, 1, (int64_t)ask->message);
	sqlite3_bind_int64(s, 2, count == 1 ? (int64_t)ask->message :
	    INT64_MAX);
	sqlite3_bind_int(s, 3, count);
	return s;
}

static int
ahead_fill(struct db *db, struct ahead *a, const struct summary_ask *ask)
{
	sqlite3_stmt *s = rows_ask(db, ask, AHEAD_MAX);
	int row = 0;

	a->count = a->at = 0;
	if (a->text.room > 2 * AHEAD_BYTES)
		buf_drop(&a->text);
	a->text.max = AHEAD_BYTES + SEALED_MAX;
	buf_clear(&a->text);
	while (a->count < AHEAD_MAX && a->text.len < AHEAD_BYTES &&
	    (row = db_step(db, s)) > 0) {
		buf_add(&a->text, db_column(s, 1));
		if (a->text.full)
			break;
		a->messages[a->count] = (uint64_t)sqlite3_column_int64(s, 0);
		a->ends[a->count++] = a->text.len;
	}
	db_reset(s);
	return row < 0 ? row : 0;
}

static int
row_open(struct db *db, const struct summary_ask *ask, struct buf *out)
{
	sqlite3_stmt *s = rows_ask(db, ask, 1);
	int row = db_step(db, s);

	if (row <= 0)
		return row;
	row = text_open(out, db_column(s, 1), ask);
	db_reset(s);
	return row;
}

int
summary_row_open(struct db *db, const struct summary_ask *ask,
	struct buf *out)
{
	struct ahead *a = &db->summaries->ahead[ask->which];
	bool next = ask->message > a->asked &&
	    ask->message - a->asked <= AHEAD_GAP;
	struct str sealed;
	int err;

	a->asked = ask->message;
	if (late_find(db->summaries, ask, &sealed))
		return text_open(out, sealed, ask);
	if (!next)
		return row_open(db, ask, out);
	if (!ahead_find(a, ask->message, &sealed)) {
		err = ahead_fill(db, a, ask);
		if (err != 0 || !ahead_find(a, ask->message, &sealed))
			return err;
	}
	return text_open(out, sealed, ask);
}

struct summaries *
summaries_new(void)
{
	return xalloc(1, sizeof (struct summaries));
}

static void
late_clear(struct summaries *all)
{
	for (size_t i = 0; i < all->count; i++)
		summary_row_drop(&all->late[i]);
	all->count = 0;
	all->bytes = 0;
}

void
summaries_drop(struct summaries *all)
{
	if (all != NULL) {
		late_clear(all);
		ahead_clear(all);
	}
	free(all);
}

size_t
summaries_count(const struct summaries *all)
{
	return all->count;
}

bool
summaries_due(const struct db *db)
{
	return db->summaries->count > 0 &&
	    db->clock->mono_ms - db->summaries->since_ms >= LAZY_REST_MS;
}

int
summaries_write(struct db *db)
{
	struct summaries *all = db->summaries;
	int err = 0;

	for (size_t i = 0; i < all->count && err == 0; i++)
		err = late_write(db, &all->late[i]);
	if (all->count > 0)
		ahead_clear(all);
	return err;
}

void
summaries_committed(struct db *db)
{
	late_clear(db->summaries);
}
