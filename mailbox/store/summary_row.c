/*
 * Rows of the summary table.
 *
 * What one version of a summary says of a message never differs, and the
 * version is part of the place that a text is sealed for, and so of its nonce:
 * the key of a message seals no two texts for one place.
 */
#include "store/summary_row.h"

#include <errno.h>
#include <stdlib.h>

#include "mail/summary.h"
#include "store/lazy.h"

#define SEALED_MAX (1 + SUMMARY_MAX + SEAL_EXTRA)
#define LATE_MAX 256		/* rows that wait at most */
#define LATE_BYTES (1 << 20)	/* likewise */

struct summary_late {
	struct summary_row rows[LATE_MAX];
	size_t count;
	size_t bytes;
	int64_t since_ms;	/* the first waits since; mono ms */
};

static struct seal_place
place_of(uint64_t message, enum message_summary which)
{
	return (struct seal_place){
		.message = message, .index = SUMMARY_VERSION,
		.kind = which == MESSAGE_HEAD ? SEAL_SUMMARY_HEAD :
		    SEAL_SUMMARY_BODY,
		.codec = SEAL_STORED, .last = true
	};
}

static void
text_seal(struct buf *out, struct str text, enum message_summary which,
	uint64_t message, const unsigned char key[SEAL_KEY])
{
	struct seal_place place = place_of(message, which);

	buf_init(out, SEALED_MAX);
	buf_add_char(out, SUMMARY_VERSION);
	seal_piece(out, text, key, &place);
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

int
summary_row_late(struct db *db, struct summary_row *row)
{
	struct summary_late *late = db->summaries;
	size_t size = row->head.len + row->body.len;
	uint64_t missing;
	int err = 0;

	/* What can be made again must not take the room for deletions. */
	if (db->mode == DB_READ || disk_room(db->folder, &missing) != 0 ||
	    missing > 0) {
		summary_row_drop(row);
	} else if (late->count < LATE_MAX && late->bytes + size <= LATE_BYTES) {
		if (late->count == 0)
			late->since_ms = db->clock->mono_ms;
		late->rows[late->count++] = *row;
		late->bytes += size;
	} else {
		err = db_begin(db);
		if (err == 0)
			err = late_write(db, row);
		summary_row_drop(row);
	}
	return err;
}

static int
text_open(struct buf *out, struct str sealed, enum message_summary which,
	uint64_t message, const unsigned char key[SEAL_KEY])
{
	struct seal_place place = place_of(message, which);

	if (sealed.len > SEALED_MAX)
		return -EBADMSG;
	if (str_at(sealed, 0) != SUMMARY_VERSION)
		return 0;
	(void)str_take(&sealed, 1);
	return seal_piece_open(out, sealed, key, &place) == 0 ? 1 : -EBADMSG;
}

/* The one that waits for a message; NULL: none. */
static const struct summary_row *
late_find(const struct summary_late *late, uint64_t message)
{
	for (size_t i = late->count; i > 0; i--) {
		if (late->rows[i - 1].message == message)
			return &late->rows[i - 1];
	}
	return NULL;
}

int
summary_row_open(struct db *db, uint64_t message, enum message_summary which,
	const unsigned char key[SEAL_KEY], struct buf *out)
{
	const struct summary_row *waits = late_find(db->summaries, message);
	bool head = which == MESSAGE_HEAD;
	sqlite3_stmt *s;
	int row;

	if (waits != NULL)
		return text_open(out, buf_str(head ? &waits->head :
		    &waits->body), which, message, key);
	s = head ? db_sql(db, SLOT_SUMMARY_HEAD,
	    "SELECT head FROM summary WHERE message = ?1") :
	    db_sql(db, SLOT_SUMMARY_BODY,
	    "SELECT body FROM summary WHERE message = ?1");
	sqlite3_bind_int64(s, 1, (int64_t)message);
	row = db_step(db, s);
	if (row <= 0)
		return row;
	row = text_open(out, db_column(s, 0), which, message, key);
	db_reset(s);
	return row;
}

struct summary_late *
summary_late_new(void)
{
	return xalloc(1, sizeof (struct summary_late));
}

static void
late_clear(struct summary_late *late)
{
	for (size_t i = 0; i < late->count; i++)
		summary_row_drop(&late->rows[i]);
	late->count = 0;
	late->bytes = 0;
}

void
summary_late_drop(struct summary_late *late)
{
	if (late != NULL)
		late_clear(late);
	free(late);
}

size_t
summary_late_count(const struct summary_late *late)
{
	return late->count;
}

bool
summary_late_due(const struct db *db)
{
	return db->summaries->count > 0 &&
	    db->clock->mono_ms - db->summaries->since_ms >= LAZY_REST_MS;
}

int
summary_late_write(struct db *db)
{
	int err = 0;

	for (size_t i = 0; i < db->summaries->count && err == 0; i++)
		err = late_write(db, &db->summaries->rows[i]);
	return err;
}

void
summary_late_committed(struct db *db)
{
	late_clear(db->summaries);
}
