/* Letters to be sent, on the simulated disk. */
#include "vfs_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/queue.h"

#define HEAD STR("From: shop@example.test\r\n\r\n")
#define TEXT_MAX 300000

/* A letter's number is in its ENVID. */
static struct str
envid_of(unsigned n)
{
	return str_part(STR("abcdefghijklmnopqrstuvwxyz"), n, 1);
}

static int
letter_put(struct world *w, unsigned n)
{
	const struct queue_recipient to[LETTER_TO] = {
		{ .address = STR("ann@far.example"),
		  .route = STR("far.example") },
		{ .address = STR("bob@near.example"),
		  .route = STR("near.example") },
	};
	struct queue_letter letter = { .envid = envid_of(n) };
	struct queue_writer *writer;
	struct buf text;
	struct str rest;
	int err = queue_begin(w->db, &writer);

	if (err != 0)
		return err;
	text_make(&text, n, w->sent[n].size);
	rest = buf_str(&text);
	while (err == 0 && rest.len > 0)
		err = queue_piece(writer, str_take(&rest, PIECE_SIZE));
	buf_drop(&text);
	err = queue_keep(writer, &letter, HEAD, to, LETTER_TO);
	w->sent[n].id = letter.id;
	return err;
}

void
queue_send(struct world *w, const size_t *sizes, size_t count)
{
	unsigned first = w->sent_count;
	int err = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned n = w->sent_count++;

		must(n < LETTERS);
		w->sent[n].size = sizes[i];
		for (size_t to = 0; to < LETTER_TO; to++)
			w->sent[n].fate[to] = FATE_TRIED;
		if (err == 0)
			err = letter_put(w, n);
	}
	if (!world_commit(w, err))
		return;
	for (unsigned n = first; n < w->sent_count; n++) {
		for (size_t to = 0; to < LETTER_TO; to++)
			w->sent[n].fate[to] = FATE_KEPT;
	}
}

/* The id of a recipient that is there for sure; 0. */
static uint64_t
recipient_of(struct world *w, unsigned n, size_t to)
{
	struct queue_item *item;
	uint64_t id = 0;

	if (w->sent[n].fate[to] != FATE_KEPT ||
	    queue_item(w->db, w->sent[n].id, &item) != 0)
		return 0;
	for (size_t i = 0; i < item->count; i++) {
		if (str_starts(item->recipients[i].address,
		    to == 0 ? STR("ann") : STR("bob")))
			id = item->recipients[i].id;
	}
	queue_item_drop(item);
	return id;
}

/* Note an attempt, told twice as it may be. Returns: 0 or an error. */
static int
recipient_try(struct world *w, struct sent *sent, size_t to, uint64_t id)
{
	struct queue_attempt attempt = {
		.number = sent->attempts[to], .next = 1700000900,
		.code = 450, .status = { 4, 2, 1 }, .said = STR("later")
	};
	bool met = false, again = false;
	int err = queue_tried(w->db, id, &attempt, &met);

	if (err == 0)
		err = queue_tried(w->db, id, &attempt, &again);
	wrong(w, err == 0 && (!met || again), "an attempt is not noted once");
	sent->trying[to] = true;
	return err;
}

void
queue_attempt(struct world *w)
{
	bool promised;
	int err = 0;

	for (unsigned i = 0; i < w->sent_count * LETTER_TO; i++) {
		struct sent *sent = &w->sent[i / LETTER_TO];
		uint64_t id = recipient_of(w, i / LETTER_TO, i % LETTER_TO);

		/* What is unsure stays so, and is left alone. */
		if (id != 0 && err == 0 && !sent->unsure[i % LETTER_TO])
			err = recipient_try(w, sent, i % LETTER_TO, id);
	}
	promised = world_commit(w, err);
	for (unsigned i = 0; i < w->sent_count * LETTER_TO; i++) {
		struct sent *sent = &w->sent[i / LETTER_TO];
		size_t to = i % LETTER_TO;

		if (sent->trying[to] && promised)
			sent->attempts[to]++;
		else if (sent->trying[to])
			sent->unsure[to] = true;
		sent->trying[to] = false;
	}
}

void
queue_finish(struct world *w, unsigned step, unsigned recipient)
{
	bool met = false;
	int err = 0;

	for (unsigned n = 0; n < w->sent_count && err == 0; n += step) {
		uint64_t id = recipient_of(w, n, recipient);

		if (id == 0)
			continue;
		w->sent[n].fate[recipient] = FATE_LEAVING;
		err = queue_done(w->db, id, &met);
		wrong(w, err == 0 && !met, "a recipient is not met");
	}
	if (!world_commit(w, err))
		return;
	for (unsigned n = 0; n < w->sent_count; n += step) {
		if (w->sent[n].fate[recipient] == FATE_LEAVING)
			w->sent[n].fate[recipient] = FATE_GONE;
	}
}

/* What is in the queue, counted. */
struct tally {
	struct world *w;
	unsigned letters[LETTERS];
	unsigned recipients[LETTERS][LETTER_TO];
	unsigned attempts[LETTERS][LETTER_TO];
	size_t files;
};

static bool
text_is(struct world *w, unsigned n, uint64_t letter)
{
	struct buf all, piece, text;
	struct queue_reader *r;
	bool same = false;

	if (queue_open(w->db, letter, &r) != 0)
		return false;
	buf_init(&all, TEXT_MAX);
	buf_init(&piece, PIECE_SIZE);
	while (queue_read(r, &piece) > 0)
		buf_add(&all, buf_str(&piece));
	queue_close(r);
	text_make(&text, n, w->sent[n].size);
	same = str_starts(buf_str(&all), HEAD) && str_equal(buf_str(&text),
	    str_part(buf_str(&all), HEAD.len, all.len));
	buf_drop(&text);
	buf_drop(&piece);
	buf_drop(&all);
	return same;
}

static void
letter_tally(void *ctx, const struct queue_item *item)
{
	struct tally *t = ctx;
	unsigned n = (unsigned)(str_at(item->letter.envid, 0) - 'a');

	if (n >= t->w->sent_count || !text_is(t->w, n, item->letter.id)) {
		wrong(t->w, true, "a letter cannot be read");
		return;
	}
	t->letters[n]++;
	t->files += t->w->sent[n].size > PIECE_SIZE;
	for (size_t i = 0; i < item->count; i++) {
		const struct queue_recipient *r = &item->recipients[i];
		size_t to = str_starts(r->address, STR("ann")) ? 0 : 1;

		t->recipients[n][to]++;
		t->attempts[n][to] = r->attempts;
	}
}

static void
recipient_check(const struct tally *t, unsigned n, size_t to, bool crashed)
{
	struct world *w = t->w;
	const struct sent *sent = &w->sent[n];
	unsigned found = t->recipients[n][to], tries = t->attempts[n][to];
	enum fate fate = sent->fate[to];

	wrong(w, found > 1, "a recipient is there twice");
	wrong(w, fate == FATE_KEPT && found != 1, "a recipient is lost");
	wrong(w, fate == FATE_GONE && found != 0, "a recipient is back");
	wrong(w, !crashed && fate == FATE_TRIED && found != 0,
	    "a recipient is there whose commit failed");
	wrong(w, !crashed && fate == FATE_LEAVING && found != 1,
	    "a recipient is gone whose end was not committed");
	if (found == 0)
		return;
	wrong(w, tries < sent->attempts[to], "an attempt is forgotten");
	wrong(w, tries > sent->attempts[to] + (crashed && sent->unsure[to]),
	    "an attempt is noted that was not promised");
}

static bool
queue_tally(struct world *w, struct tally *t)
{
	*t = (struct tally){ .w = w };
	if (queue_list(w->db, letter_tally, t) == 0)
		return true;
	wrong(w, true, "the queue cannot be listed");
	return false;
}

void
queue_check(struct world *w, bool crashed)
{
	struct tally t;

	if (!queue_tally(w, &t))
		return;
	for (unsigned n = 0; n < w->sent_count; n++) {
		wrong(w, t.letters[n] > 1, "a letter is there twice");
		for (size_t to = 0; to < LETTER_TO; to++)
			recipient_check(&t, n, to, crashed);
	}
}

size_t
queue_files(struct world *w)
{
	struct tally t;

	return queue_tally(w, &t) ? t.files : 0;
}
