/* Messages on the simulated disk. */
#include "vfs_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/address.h"
#include "store/box.h"
#include "store/identity.h"

#define SIZE_MAX_TEXT 300000

void
text_make(struct buf *text, unsigned n, size_t size)
{
	char *at;

	buf_init(text, SIZE_MAX_TEXT);
	at = buf_space(text, size);
	for (size_t i = 0; i < size; i++)
		at[i] = (char)('a' + (i / 26 * 7 + i + n) % 26);
	buf_grew(text, size);
}

void
wrong(struct world *w, bool is, const char *what)
{
	if (is && w->wrong == NULL)
		w->wrong = what;
}

bool
world_commit(struct world *w, int err)
{
	if (err != 0) {
		db_rollback(w->db);
		return false;
	}
	err = db_commit(w->db);
	wrong(w, err != 0 && w->err != 0 && err != w->err, "a wrong errno");
	return err == 0;
}

/* The message-id of message n. */
static struct str
id_of(unsigned n)
{
	return str_part(STR("abcdefghijklmnopqrstuvwxyz@far.example"), n, 99);
}

/* Count a message in whose fate is not known yet. */
static unsigned
mail_count(struct world *w, size_t size)
{
	unsigned n = w->count++;

	must(n < MESSAGES);
	w->size[n] = size;
	w->fate[n] = FATE_TRIED;
	return n;
}

void
mail_begin(struct world *w, struct mail_open *open, size_t size)
{
	open->n = mail_count(w, size);
	text_make(&open->text, open->n, size);
	open->rest = buf_str(&open->text);
	if (message_begin(w->db, &open->writer) != 0)
		open->writer = NULL;
	else if (open->rest.len > PIECE_SIZE && message_piece(open->writer,
	    str_take(&open->rest, PIECE_SIZE), false) != 0) {
		message_abort(open->writer);
		open->writer = NULL;
	}
}

/* Write the rest of it, and put what comes with a message. */
static int
mail_put(struct world *w, struct mail_open *open)
{
	struct message_start start = { BOX_INBOX, 1700000000, 0 };
	int err = open->writer == NULL ? -EIO : 0;

	while (err == 0 && open->rest.len > PIECE_SIZE)
		err = message_piece(open->writer, str_take(&open->rest,
		    PIECE_SIZE), false);
	if (err == 0)
		err = message_piece(open->writer, open->rest, true);
	if (err == 0)
		err = message_keep(open->writer, &start, &w->uid[open->n]);
	else
		message_abort(open->writer);
	buf_drop(&open->text);
	if (err == 0)
		err = address_received(w->db, STR("shop@example.test"), false);
	if (err == 0)
		err = identity_note(w->db, id_of(open->n),
		    STR("shop@example.test"), 0);
	return err;
}

static int
group_put(struct world *w, const size_t *sizes, size_t count)
{
	struct mail_open one;
	int err = 0;

	for (size_t i = 0; i < count; i++) {
		int now;

		mail_begin(w, &one, sizes[i]);
		now = mail_put(w, &one);
		if (err == 0)
			err = now;
	}
	return err;
}

static void
mail_promised(struct world *w, unsigned n)
{
	w->fate[n] = FATE_KEPT;
	wrong(w, w->uid[n] <= w->uid_high, "a UID came twice");
	w->uid_high = w->uid[n];
}

void
mail_deliver(struct world *w, const size_t *sizes, size_t count)
{
	unsigned first = w->count;

	if (!world_commit(w, group_put(w, sizes, count)))
		return;
	for (unsigned n = first; n < w->count; n++)
		mail_promised(w, n);
}

void
mail_end(struct world *w, struct mail_open *open, const size_t *sizes,
	size_t count)
{
	unsigned first = w->count;
	int err = mail_put(w, open);

	if (err == 0)
		err = group_put(w, sizes, count);
	if (!world_commit(w, err))
		return;
	mail_promised(w, open->n);
	for (unsigned n = first; n < w->count; n++)
		mail_promised(w, n);
}

void
mail_delete(struct world *w, unsigned step)
{
	uint32_t uids[MESSAGES] = { 0 };
	unsigned numbers[MESSAGES];
	size_t count = 0;

	for (unsigned n = 0; n < w->count; n += step) {
		if (w->fate[n] != FATE_KEPT)
			continue;
		w->fate[n] = FATE_LEAVING;
		numbers[count] = n;
		uids[count++] = w->uid[n];
	}
	if (!world_commit(w, box_delete(w->db, BOX_INBOX, uids, count)))
		return;
	for (size_t i = 0; i < count; i++)
		w->fate[numbers[i]] = FATE_GONE;
}

static bool
text_is(struct world *w, unsigned n, uint64_t message,
	struct message_reader *r)
{
	struct buf text, piece, all;
	int more = message_open(w->db, r, message);
	bool same;

	text_make(&text, n, w->size[n]);
	buf_init(&piece, PIECE_SIZE);
	buf_init(&all, SIZE_MAX_TEXT);
	if (more == 0)
		while ((more = message_read(w->db, r, &piece)) > 0)
			buf_add(&all, buf_str(&piece));
	same = more == 0 && str_equal(buf_str(&text), buf_str(&all));
	buf_drop(&text);
	buf_drop(&piece);
	buf_drop(&all);
	return same;
}

/* Which message an item is, by its size and content. */
static unsigned
item_number(struct world *w, const struct box_item *item,
	struct message_reader *r)
{
	for (unsigned n = 0; n < w->count; n++) {
		if (w->size[n] == item->size &&
		    text_is(w, n, item->message, r))
			return n;
	}
	return MESSAGES;
}

/* A message-id is noted with its message, and stays when that is deleted. */
static void
id_check(struct world *w, unsigned n, bool crashed)
{
	struct buf address;
	int err;

	buf_init(&address, 400);
	err = identity_find(w->db, id_of(n), &address);
	wrong(w, err != 0 && err != -ENOENT, "a message-id cannot be asked");
	wrong(w, err == 0 && !str_equal(buf_str(&address),
	    STR("shop@example.test")), "a message-id has another address");
	wrong(w, err != 0 && w->fate[n] >= FATE_KEPT,
	    "a message-id is forgotten");
	wrong(w, err == 0 && !crashed && w->fate[n] == FATE_TRIED,
	    "a message-id is noted whose commit failed");
	buf_drop(&address);
}

static void
number_check(struct world *w, unsigned n, unsigned found, bool crashed)
{
	wrong(w, found > 1, "a message is there twice");
	wrong(w, w->fate[n] == FATE_KEPT && found != 1, "a message is lost");
	wrong(w, w->fate[n] == FATE_GONE && found != 0,
	    "a deleted message is back");
	wrong(w, !crashed && w->fate[n] == FATE_TRIED && found != 0,
	    "a message is there whose commit failed");
	wrong(w, !crashed && w->fate[n] == FATE_LEAVING && found != 1,
	    "a message whose deletion failed is gone");
}

void
mail_check(struct world *w, bool crashed)
{
	struct message_reader *r = message_reader_new(w->owner);
	unsigned found[MESSAGES + 1] = { 0 };
	struct box_item *items;
	size_t count;

	if (box_list(w->db, BOX_INBOX, &items, &count) != 0) {
		wrong(w, true, "the mailbox cannot be listed");
		message_reader_drop(r);
		return;
	}
	for (size_t i = 0; i < count; i++)
		found[item_number(w, &items[i], r)]++;
	wrong(w, found[MESSAGES] > 0, "a message cannot be read");
	for (unsigned n = 0; n < w->count; n++) {
		number_check(w, n, found[n], crashed);
		id_check(w, n, crashed);
	}
	free(items);
	message_reader_drop(r);
}
