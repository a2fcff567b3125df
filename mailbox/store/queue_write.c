/*
 * Letters on their way into the queue: the body sealed as it comes, the header
 * when it is known, then the rows.
 *
 * A letter's key follows from the device key and a salt of its own, so nothing
 * but the salt is kept, and what is not being sealed needs no key in memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "store/body.h"
#include "store/device_inner.h"
#include "store/queue_inner.h"

#define ROUTE_MAX 255		/* bytes of a route; struct queue_due */

struct queue_writer {
	struct db *db;
	struct body body;
	struct buf plain;	/* less than a piece, or one that may be the
				   last */
	unsigned char salt[QUEUE_SALT];
	int failed;		/* the first error; 0 */
};

struct blob_id
queue_file(const unsigned char salt[QUEUE_SALT])
{
	uint64_t number = 0;

	for (size_t i = 0; i < 8; i++)
		number = number << 8 | salt[i];
	/* A number of SQLite has a sign. */
	return (struct blob_id){ BLOB_LETTER, number & INT64_MAX };
}

int
queue_key(struct db *db, const unsigned char salt[QUEUE_SALT],
	unsigned char key[SEAL_KEY])
{
	unsigned char secret[SEAL_KEY];

	if (device_secret(db, "queue", secret) != 0)
		return device_missing("queue");
	seal_derive(secret, str_from(salt, QUEUE_SALT), key, SEAL_KEY);
	crypto_wipe(secret, sizeof secret);
	return 0;
}

struct seal_place
queue_head_place(const unsigned char salt[QUEUE_SALT])
{
	return (struct seal_place){
		.message = queue_file(salt).number, .kind = SEAL_HEAD,
		.codec = SEAL_STORED, .last = true
	};
}

int
queue_begin(struct db *db, struct queue_writer **out)
{
	struct queue_writer *w;
	int err = db->doomed;

	if (err == 0 && !device_ready(db))
		err = device_missing("queue");
	if (err == 0)
		err = body_room(db, true);
	if (err != 0)
		return err;
	w = xalloc(1, sizeof *w);
	w->db = db;
	crypto_random(w->salt, sizeof w->salt);
	body_init(&w->body, db);
	w->body.id = queue_file(w->salt);
	buf_init(&w->plain, PIECE_SIZE);
	*out = w;
	return 0;
}

static int
piece_give(struct queue_writer *w, bool last)
{
	unsigned char key[SEAL_KEY];
	int err = queue_key(w->db, w->salt, key);

	if (err != 0)
		return err;
	err = body_piece(&w->body, buf_str(&w->plain), last, key);
	crypto_wipe(key, sizeof key);
	buf_clear(&w->plain);
	return err;
}

int
queue_piece(struct queue_writer *w, struct str part)
{
	must(part.len <= PIECE_SIZE);
	while (part.len > 0 && w->failed == 0) {
		if (w->plain.len == PIECE_SIZE)
			w->failed = piece_give(w, false);
		buf_add(&w->plain, str_take(&part, PIECE_SIZE - w->plain.len));
	}
	return w->failed;
}

static int
head_seal(struct queue_writer *w, struct str head, struct buf *sealed)
{
	struct seal_place place = queue_head_place(w->salt);
	unsigned char key[SEAL_KEY];
	int err = queue_key(w->db, w->salt, key);

	if (err != 0)
		return err;
	buf_add_char(sealed, SEAL_STORED);
	seal_piece(sealed, head, key, &place);
	crypto_wipe(key, sizeof key);
	return 0;
}

static int
letter_add(struct queue_writer *w, struct queue_letter *letter,
	struct str sealed)
{
	sqlite3_stmt *s = db_sql(w->db, SLOT_LETTER_ADD,
	    "INSERT INTO letter (sender, queued, size, flags, ret, envid,"
	    " salt, file, head, body)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
	int err;

	db_bind_text(s, 1, letter->sender);
	sqlite3_bind_int64(s, 2, letter->queued);
	sqlite3_bind_int64(s, 3, (int64_t)letter->size);
	sqlite3_bind_int(s, 4, (letter->has_8bit ? LETTER_8BIT : 0) |
	    (letter->utf8 ? LETTER_UTF8 : 0) |
	    (letter->require_tls ? LETTER_REQUIRE_TLS : 0));
	sqlite3_bind_int64(s, 5, letter->ret);
	db_bind_text(s, 6, letter->envid);
	db_bind_bytes(s, 7, w->salt, sizeof w->salt);
	if (w->body.blob != NULL)
		sqlite3_bind_int64(s, 8, (int64_t)w->body.id.number);
	else
		db_bind_bytes(s, 10, w->body.sealed.at, w->body.sealed.len);
	db_bind_bytes(s, 9, sealed.at, sealed.len);
	err = db_run(w->db, s);
	if (err == 0)
		letter->id = (uint64_t)sqlite3_last_insert_rowid(w->db->sql);
	return err;
}

static int
recipient_add(struct db *db, const struct queue_letter *letter, size_t place,
	const struct queue_recipient *recipient)
{
	sqlite3_stmt *s = db_sql(db, SLOT_RECIPIENT_ADD,
	    "INSERT INTO recipient (id, address, route, notify, orcpt, state,"
	    " next) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)");

	must(recipient->route.len <= ROUTE_MAX);
	sqlite3_bind_int64(s, 1, queue_first(letter->id) + (int64_t)place);
	db_bind_text(s, 2, recipient->address);
	db_bind_text(s, 3, recipient->route);
	sqlite3_bind_int64(s, 4, recipient->notify);
	db_bind_text(s, 5, recipient->orcpt);
	sqlite3_bind_int64(s, 6, letter->queued);
	return db_run(db, s);
}

/* Those of one route get places beside each other: so they come due. */
static int
recipients_add(struct db *db, const struct queue_letter *letter,
	const struct queue_recipient *recipients, size_t count)
{
	bool placed[QUEUE_RECIPIENTS_MAX] = { false };
	size_t place = 0, first = 0;
	int err = 0;

	while (place < count && err == 0) {
		while (placed[first])
			first++;
		for (size_t i = first; i < count && err == 0; i++) {
			if (placed[i] || !str_equal(recipients[i].route,
			    recipients[first].route))
				continue;
			placed[i] = true;
			err = recipient_add(db, letter, place++,
			    &recipients[i]);
		}
	}
	return err;
}

int
queue_keep(struct queue_writer *w, struct queue_letter *letter,
	struct str head, const struct queue_recipient *recipients,
	size_t count)
{
	struct db *db = w->db;
	struct buf sealed;
	int err = w->failed;

	must(head.len <= QUEUE_HEAD_MAX);
	must(count > 0 && count <= QUEUE_RECIPIENTS_MAX);
	buf_init(&sealed, 1 + QUEUE_HEAD_MAX + SEAL_EXTRA);
	if (err == 0)
		err = piece_give(w, true);
	if (err == 0)
		err = head_seal(w, head, &sealed);
	if (err == 0)
		err = db_begin(db);
	if (err == 0) {
		letter->queued = db->clock->unix_s;
		letter->size = head.len + w->body.size;
		err = letter_add(w, letter, buf_str(&sealed));
		if (err == 0)
			err = recipients_add(db, letter, recipients, count);
		if (err == 0)
			body_keep(&w->body);
		else
			(void)db_doom(db, err);
	}
	buf_drop(&sealed);
	queue_abort(w);
	return err;
}

void
queue_abort(struct queue_writer *w)
{
	if (w == NULL)
		return;
	body_drop(&w->body);
	buf_wipe(&w->plain);
	free(w);
}
