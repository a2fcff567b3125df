/*
 * The store on a disk that fails or loses power at its n-th operation, for
 * every n.
 *
 * usage: vfs_run [STRIDE]
 *
 * STRIDE 1, the default, tries every operation; 7 every seventh. Prints how
 * many runs passed and failed, and for each that failed how to repeat it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "store/address.h"
#include "store/box.h"
#include "store/credential.h"
#include "store/message.h"
#include "store/rest.h"
#include "vfs_sim.h"

#define MESSAGES 26		/* so that no two have the same text */
#define SIZE_MAX_TEXT 300000

/* What was promised about a message. */
enum fate {
	FATE_NONE,
	FATE_TRIED,	/* its commit failed: at most once */
	FATE_KEPT,	/* its commit did not: exactly once */
	FATE_LEAVING,	/* the commit of its deletion failed: at most once */
	FATE_GONE	/* it did not: never again */
};

struct world {
	struct db *db;
	struct clock clock;
	struct seal_owner *owner;
	enum fate fate[MESSAGES];
	size_t size[MESSAGES];
	uint32_t uid[MESSAGES];
	unsigned count;
	uint32_t uid_high;	/* the highest that was promised */
	int err;		/* what failures must be told as; 0: as any */
	const char *wrong;	/* the first thing found wrong; NULL */
};

static struct buf recovery;

static void
text_make(struct buf *text, unsigned n, size_t size)
{
	char *at;

	buf_init(text, SIZE_MAX_TEXT);
	at = buf_space(text, size);
	for (size_t i = 0; i < size; i++)
		at[i] = (char)('a' + (i / 26 * 7 + i + n) % 26);
	buf_grew(text, size);
}

static void
wrong(struct world *w, bool is, const char *what)
{
	if (is && w->wrong == NULL)
		w->wrong = what;
}

/* Write message n. Returns: as message_keep(). */
static int
message_put(struct world *w, unsigned n)
{
	struct message_start start = { BOX_INBOX, 1700000000, 0 };
	struct message_writer *writer;
	struct buf text;
	struct str rest;
	int err = message_begin(w->db, &writer);

	if (err != 0)
		return err;
	text_make(&text, n, w->size[n]);
	rest = buf_str(&text);
	do {
		struct str piece = str_take(&rest, PIECE_SIZE);

		err = message_piece(writer, piece, rest.len == 0);
	} while (err == 0 && rest.len > 0);
	buf_drop(&text);
	return message_keep(writer, &start, &w->uid[n]);
}

/* Deliver some messages in one group. */
static void
deliver(struct world *w, const size_t *sizes, size_t count)
{
	unsigned first = w->count;
	int err = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned n = w->count++;

		must(n < MESSAGES);
		w->size[n] = sizes[i];
		w->fate[n] = FATE_TRIED;
		if (message_put(w, n) != 0)
			err = -EIO;
		if (err == 0)
			err = address_received(w->db,
			    STR("shop@example.test"), false);
	}
	/* What could not be put makes the app give up the whole group. */
	if (err != 0) {
		db_rollback(w->db);
		return;
	}
	err = db_commit(w->db);
	wrong(w, err != 0 && w->err != 0 && err != w->err, "a wrong errno");
	if (err != 0)
		return;
	for (unsigned n = first; n < w->count; n++) {
		w->fate[n] = FATE_KEPT;
		wrong(w, w->uid[n] <= w->uid_high, "a UID came twice");
		w->uid_high = w->uid[n];
	}
}

/* Take every step-th message out. */
static void
delete(struct world *w, unsigned step)
{
	uint32_t uids[MESSAGES];
	unsigned numbers[MESSAGES];
	size_t count = 0;

	for (unsigned n = 0; n < w->count; n += step) {
		if (w->fate[n] != FATE_KEPT)
			continue;
		w->fate[n] = FATE_LEAVING;
		numbers[count] = n;
		uids[count++] = w->uid[n];
	}
	if (box_delete(w->db, BOX_INBOX, uids, count) != 0) {
		db_rollback(w->db);
		return;
	}
	if (db_commit(w->db) != 0)
		return;
	for (size_t i = 0; i < count; i++)
		w->fate[numbers[i]] = FATE_GONE;
}

/* A life of a box: everything that writes, more than once. */
static void
live(struct world *w)
{
	static const size_t small[] = { 100, 4000, 60000 };
	static const size_t large[] = { 70000, 300, 200000 };

	deliver(w, small, 3);
	deliver(w, large, 3);
	rest_checkpoint(w->db, false);
	deliver(w, small, 1);
	delete(w, 2);
	(void)db_rest(w->db, INT64_MAX);
	deliver(w, large, 2);
	deliver(w, small + 1, 2);
	w->clock.mono_ms += 60000;
	if (address_refused(w->db, STR("shop@example.test")) != 0)
		db_rollback(w->db);
	(void)db_rest(w->db, INT64_MAX);
	rest_checkpoint(w->db, false);
	delete(w, 3);
	deliver(w, large, 1);
	(void)db_rest(w->db, INT64_MAX);
	deliver(w, small, 2);
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

/* Hold what is in the mailbox against what was promised. */
static void
check_mailbox(struct world *w, bool crashed)
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
		wrong(w, found[n] > 1, "a message is there twice");
		wrong(w, w->fate[n] == FATE_KEPT && found[n] != 1,
		    "a message is lost");
		wrong(w, w->fate[n] == FATE_GONE && found[n] != 0,
		    "a deleted message is back");
		wrong(w, !crashed && w->fate[n] == FATE_TRIED && found[n] != 0,
		    "a message is there whose commit failed");
		wrong(w, !crashed && w->fate[n] == FATE_LEAVING &&
		    found[n] != 1, "a message whose deletion failed is gone");
	}
	free(items);
	message_reader_drop(r);
}

static void
check_whole(struct world *w)
{
	struct buf why;

	buf_init(&why, 300);
	if (db_verify(w->db, &why) != 0) {
		printf("  %s\n", buf_text(&why));
		wrong(w, true, "the box does not verify");
	}
	buf_drop(&why);
}

/* A message more, which must succeed. */
static void
check_goes_on(struct world *w)
{
	static const size_t sizes[] = { 500, 70000 };
	unsigned first = w->count;

	deliver(w, sizes, 2);
	wrong(w, w->fate[first] != FATE_KEPT, "the box does not go on");
}

static bool
world_open(struct world *w)
{
	w->clock = (struct clock){ .mono_ms = 1000, .unix_s = 1700000000 };
	return db_open(&w->db, SIM_DIR, DB_SERVE, &w->clock) == 0;
}

static void
world_close(struct world *w)
{
	db_close(w->db);
	w->db = NULL;
}

/* Every file is named by a row, once the sweep is done. */
static void
check_orphans(struct world *w)
{
	struct box_item *items;
	size_t count, files = 0, large = 0;
	const char *name;

	while (db_rest(w->db, INT64_MAX))
		continue;
	for (size_t i = 0; (name = sim_name(i)) != NULL; i++)
		files += strchr(name, '/') != NULL;
	if (box_list(w->db, BOX_INBOX, &items, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++)
		large += items[i].size > MESSAGE_ROW_MAX;
	free(items);
	wrong(w, files != large, "a file was left behind");
}

/* After a power cut: all that was promised, and the box works. */
static void
check_after(struct world *w)
{
	if (!world_open(w)) {
		wrong(w, true, "the box does not open");
		return;
	}
	check_mailbox(w, true);
	check_whole(w);
	check_orphans(w);
	check_goes_on(w);
	check_mailbox(w, true);
	world_close(w);
}

struct run {
	enum sim_fault fault;
	unsigned at, length;
	int err;
	enum sim_chance chance;
	unsigned seed;
};

/* One run. Returns: whether the fault was reached. */
static bool
run(const struct run *r, struct world *w)
{
	bool struck;

	sim_restore();
	must(world_open(w));
	sim_arm(r->fault, r->at, r->length, r->err);
	w->err = r->err;
	live(w);
	w->err = 0;
	struck = sim_struck();
	if (r->fault == SIM_FAIL) {
		/* the fault is over: nothing but the failed is missing */
		sim_arm(SIM_NONE, 0, 0, 0);
		check_mailbox(w, false);
		check_goes_on(w);
		check_whole(w);
		check_mailbox(w, false);
	}
	world_close(w);
	sim_crash(r->chance, r->seed);
	if (r->chance == SIM_RANDOM && r->fault == SIM_STOP) {
		/* the power fails again while the box starts */
		sim_arm(SIM_STOP, 1 + r->seed % 12, 0, 0);
		if (world_open(w))
			(void)db_rest(w->db, INT64_MAX);
		world_close(w);
		sim_crash(SIM_RANDOM, r->seed + 1);
	}
	check_after(w);
	return struck;
}

static bool
run_told(const struct run *r, unsigned *passed, unsigned *failed)
{
	static const char *const faults[] = { "none", "stop", "fail",
	    "late" };
	struct seal_owner *owner = NULL;
	struct world w = { .wrong = NULL };
	struct db *db;
	int64_t id;
	bool struck;

	sim_restore();
	w.clock.mono_ms = 1;
	must(db_open(&db, SIM_DIR, DB_READ, &w.clock) == 0);
	must(credential_quick(db, buf_str(&recovery), true, &owner, &id) == 0);
	db_close(db);
	w.owner = owner;
	struck = run(r, &w);
	seal_owner_drop(owner);
	if (w.wrong == NULL) {
		++*passed;
	} else {
		++*failed;
		printf("FAILED %s at %u (%u, errno %d), chance %d, seed %u: "
		    "%s\n", faults[r->fault], r->at, r->length, -r->err,
		    (int)r->chance, r->seed, w.wrong);
	}
	return struck;
}

/*
 * The making of a box is cut short: it is there whole, or not at all.
 *
 * Returns:  whether the stop was reached.
 */
static bool
run_create(unsigned at, const struct run *r, unsigned *passed,
	unsigned *failed)
{
	struct world w = { .wrong = NULL };
	bool made, struck;
	int err;

	sim_reset();
	w.clock.unix_s = 1700000000;
	sim_arm(SIM_STOP, at, 0, 0);
	made = db_open(&w.db, SIM_DIR, DB_CREATE, &w.clock) == 0;
	struck = sim_struck();
	world_close(&w);
	sim_crash(r->chance, r->seed + at);
	err = db_open(&w.db, SIM_DIR, DB_SERVE, &w.clock);
	wrong(&w, err != 0 && (made || err != -ENOENT), "it does not open");
	if (err == -ENOENT)
		wrong(&w, db_open(&w.db, SIM_DIR, DB_CREATE, &w.clock) != 0,
		    "it cannot be made again");
	if (w.wrong == NULL)
		check_whole(&w);
	world_close(&w);
	if (w.wrong != NULL)
		printf("FAILED making, stop at %u, chance %d: %s\n", at,
		    (int)r->chance, w.wrong);
	++*(w.wrong == NULL ? passed : failed);
	return struck;
}

static void
base_make(void)
{
	struct world w = { .wrong = NULL };

	w.clock.unix_s = 1700000000;
	must(db_open(&w.db, SIM_DIR, DB_CREATE, &w.clock) == 0);
	must(credential_create(w.db, STR("correct horse"), &recovery) == 0);
	must(db_commit(w.db) == 0);
	world_close(&w);
	sim_save();
}

int
main(int argc, char **argv)
{
	static const struct run kinds[] = {
		{ SIM_STOP, 0, 0, 0, SIM_LOSE_ALL, 0 },
		{ SIM_STOP, 0, 0, 0, SIM_KEEP_ALL, 0 },
		{ SIM_STOP, 0, 0, 0, SIM_RANDOM, 1 },
		{ SIM_STOP, 0, 0, 0, SIM_RANDOM, 2 },
		{ SIM_FAIL, 0, 1, -EIO, SIM_LOSE_ALL, 0 },
		{ SIM_FAIL, 0, 1, -EIO, SIM_KEEP_ALL, 0 },
		{ SIM_FAIL, 0, 1, -ENOSPC, SIM_RANDOM, 3 },
		{ SIM_FAIL, 0, 20, -ENOSPC, SIM_RANDOM, 4 },
		{ SIM_FAIL, 0, 20, -EIO, SIM_RANDOM, 5 },
		{ SIM_FAIL, 0, 20, -EROFS, SIM_RANDOM, 6 },
		{ SIM_LATE, 0, 0, 0, SIM_LOSE_ALL, 0 },
		{ SIM_LATE, 0, 1, 0, SIM_KEEP_ALL, 0 },
		{ SIM_LATE, 0, 3, 0, SIM_KEEP_ALL, 0 },
		{ SIM_LATE, 0, 5, 0, SIM_RANDOM, 6 },
	};
	unsigned stride = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
	unsigned passed = 0, failed = 0;

	if (stride == 0)
		stride = 1;
	crypto_start();
	sim_sqlite();
	buf_init(&recovery, 100);
	base_make();
	for (size_t i = 0; i < countof(kinds); i++) {
		struct run r = kinds[i];

		/* another first for every kind, so that strides mesh */
		r.at = 1 + (unsigned)i % stride;
		while (run_told(&r, &passed, &failed)) {
			r.at += stride;
			r.seed += 10;
		}
		if (r.fault != SIM_STOP)
			continue;
		for (r.at = 1; run_create(r.at, &r, &passed, &failed); r.at++)
			continue;
	}
	printf("crash/vfs: %u passed, %u failed\n", passed, failed);
	buf_wipe(&recovery);
	return failed > 0;
}
