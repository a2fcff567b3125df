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
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "store/address.h"
#include "store/credential.h"
#include "store/device.h"
#include "store/rest.h"
#include "vfs_sim.h"
#include "vfs_world.h"

static struct buf recovery;

/* A life of a box: everything that writes, more than once. */
static void
live(struct world *w)
{
	static const size_t small[] = { 100, 4000, 60000 };
	static const size_t large[] = { 70000, 300, 200000 };
	struct mail_open open;

	mail_deliver(w, small, 3);
	mail_deliver(w, large, 2);
	boxes_make(w, "work");
	queue_send(w, small, 2);
	/* no later deletion is to meet it: number 5 */
	mail_begin(w, &open, 150000);
	mail_deliver(w, large, 3);
	rest_checkpoint(w->db, false);
	mail_end(w, &open, large, 1);
	queue_send(w, large, 3);
	mail_delete(w, 2);
	boxes_make(w, "work/below");
	boxes_change(w, "work");
	queue_attempt(w);
	(void)db_rest(w->db, INT64_MAX);
	queue_finish(w, 1, 0);
	mail_deliver(w, large, 1);
	boxes_move(w, "work", "play");
	queue_attempt(w);
	w->clock.mono_ms += 60000;
	if (address_refused(w->db, STR("shop@example.test")) != 0)
		db_rollback(w->db);
	(void)db_rest(w->db, INT64_MAX);
	rest_checkpoint(w->db, false);
	mail_delete(w, 3);
	boxes_remove(w, "play/below");
	queue_finish(w, 2, 1);
	boxes_change(w, "play");
	mail_deliver(w, large, 1);
	(void)db_rest(w->db, INT64_MAX);
	queue_send(w, large, 1);
	mail_deliver(w, small, 2);
}

/* Hold all that is there against what was promised. */
static void
check_content(struct world *w, bool crashed)
{
	mail_check(w, crashed);
	queue_check(w, crashed);
	boxes_check(w, crashed);
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

/* Something more of everything, which must succeed. */
static void
check_goes_on(struct world *w)
{
	static const size_t sizes[] = { 500, 70000 };
	unsigned first = w->count, sent = w->sent_count;

	mail_deliver(w, sizes, 2);
	queue_send(w, sizes, 2);
	wrong(w, w->fate[first] != FATE_KEPT ||
	    w->sent[sent].fate[0] != FATE_KEPT, "the box does not go on");
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
	size_t files = 0;
	const char *name;

	while (db_rest(w->db, INT64_MAX))
		continue;
	for (size_t i = 0; (name = sim_name(i)) != NULL; i++)
		files += strchr(name, '/') != NULL;
	wrong(w, files != boxes_files(w) + queue_files(w),
	    "a file was left behind");
}

/* After a power cut: all that was promised, and the box works. */
static void
check_after(struct world *w)
{
	if (!world_open(w)) {
		wrong(w, true, "the box does not open");
		return;
	}
	check_content(w, true);
	check_whole(w);
	check_orphans(w);
	check_goes_on(w);
	check_content(w, true);
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
		check_content(w, false);
		check_goes_on(w);
		check_whole(w);
		check_content(w, false);
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
	boxes_drop(&w);
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

/* Make the box one of those that had no device key yet. */
static void
box_age(void)
{
	sqlite3 *sql;

	must(sqlite3_open(SIM_DIR "/pillarbox.db", &sql) == SQLITE_OK);
	must(sqlite3_exec(sql, "DELETE FROM state WHERE name LIKE 'device%'",
	    NULL, NULL, NULL) == SQLITE_OK);
	must(sqlite3_close(sql) == SQLITE_OK);
	must(sim_remove(DEVICE_FILE) == 0);
	must(sim_sync_folder("") == 0);
}

/*
 * The making of the device key is cut short: it is made in the end, and what
 * was sealed to it opens.
 *
 * Returns:  whether the stop was reached.
 */
static bool
run_device(unsigned at, const struct run *r, unsigned *passed,
	unsigned *failed)
{
	static const size_t sizes[] = { 100, 70000 };
	struct world w = { .wrong = NULL };
	bool struck;

	sim_restore();
	box_age();
	sim_arm(SIM_STOP, at, 0, 0);
	if (world_open(&w))
		queue_send(&w, sizes, 2);
	struck = sim_struck();
	world_close(&w);
	sim_crash(r->chance, r->seed + at);
	wrong(&w, !world_open(&w), "it does not open");
	if (w.wrong == NULL) {
		wrong(&w, !device_ready(w.db), "the device key is lost");
		queue_check(&w, true);
		queue_send(&w, sizes, 2);
		queue_check(&w, true);
		wrong(&w, w.sent[w.sent_count - 1].fate[0] != FATE_KEPT,
		    "the queue does not go on");
	}
	world_close(&w);
	if (w.wrong != NULL)
		printf("FAILED device key, stop at %u, chance %d: %s\n", at,
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
		for (r.at = 1; run_device(r.at, &r, &passed, &failed); r.at++)
			continue;
	}
	printf("crash/vfs: %u passed, %u failed\n", passed, failed);
	buf_wipe(&recovery);
	return failed > 0;
}
