/* Mailboxes as IMAP reads them, held against one that is kept by hand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/db_inner.h"

int box_read_test(void);

#define UIDS 400	/* of a mailbox by hand */

/* A mailbox by hand. */
struct model {
	int64_t box;
	struct {
		bool there;
		uint64_t flags, arrived, modseq, gone;
		int64_t received, saved;
	} uids[UIDS];
	uint32_t next;
	uint64_t modseq;
};

static unsigned
chance(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % below;
}

static void
model_add(struct model *m, uint32_t uid, uint64_t flags, int64_t received,
	int64_t saved)
{
	assert_true(uid >= m->next && uid < UIDS);
	for (uint32_t skipped = m->next; skipped < uid; skipped++)
		m->uids[skipped].gone = m->modseq;
	m->uids[uid].there = true;
	m->uids[uid].flags = flags;
	m->uids[uid].arrived = m->uids[uid].modseq = m->modseq;
	m->uids[uid].received = received;
	m->uids[uid].saved = saved;
	m->next = uid + 1;
}

static void
check_status(struct fixture *f, const struct model *m)
{
	struct box_status status;
	uint64_t messages = 0, unseen = 0, deleted = 0, count, octets;
	uint32_t first = 0, uid;

	for (uint32_t i = 1; i < m->next; i++) {
		if (!m->uids[i].there)
			continue;
		messages++;
		deleted += (m->uids[i].flags & BOX_DELETED) != 0;
		if ((m->uids[i].flags & BOX_SEEN) != 0)
			continue;
		unseen++;
		if (first == 0)
			first = i;
	}
	assert_int_equal(box_status(f->db, m->box, &status), 0);
	assert_int_equal(status.messages, messages);
	assert_int_equal(status.octets, 20 * messages);
	assert_int_equal(status.unseen, unseen);
	assert_int_equal(status.uidnext, m->next);
	assert_int_equal(status.modseq, m->modseq);
	assert_int_equal(box_unseen(f->db, m->box, &uid), 0);
	assert_int_equal(uid, first);
	assert_int_equal(box_deleted(f->db, m->box, &count, &octets), 0);
	assert_int_equal(count, deleted);
	assert_int_equal(octets, 20 * deleted);
}

static void
check_sets(struct fixture *f, const struct model *m, uint64_t since)
{
	struct uids there = { 0 }, gone = { 0 }, deleted = { 0 };
	uint32_t arrived, least = m->next;

	assert_int_equal(box_uids(f->db, m->box, &there), 0);
	assert_int_equal(box_vanished(f->db, m->box, since, &gone), 0);
	assert_int_equal(box_deleted_uids(f->db, m->box, &deleted), 0);
	for (uint32_t i = 1; i < UIDS; i++) {
		bool is = m->uids[i].there;

		assert_int_equal(uids_has(&there, i), is);
		assert_int_equal(uids_has(&gone, i), m->uids[i].gone > since);
		assert_int_equal(uids_has(&deleted, i), is &&
		    (m->uids[i].flags & BOX_DELETED) != 0);
		if (is && m->uids[i].arrived > since && i < least)
			least = i;
	}
	assert_int_equal(box_arrived(f->db, m->box, since, &arrived), 0);
	assert_int_equal(arrived, least);
	uids_drop(&there);
	uids_drop(&gone);
	uids_drop(&deleted);
}

static void
entry_is(const struct model *m, const struct box_entry *e)
{
	assert_true(e->uid < UIDS && m->uids[e->uid].there);
	assert_int_equal(e->flags, m->uids[e->uid].flags);
	assert_int_equal(e->modseq, m->uids[e->uid].modseq);
	assert_int_equal(e->received, m->uids[e->uid].received);
	assert_int_equal(e->saved, m->uids[e->uid].saved);
	assert_int_equal(e->size, 20);
}

static void
check_entries(struct fixture *f, const struct model *m, size_t room)
{
	struct box_entry to[64];
	uint32_t uid = 1;
	size_t count;

	do {
		assert_int_equal(box_entries(f->db, &(struct box_span){ m->box,
		    uid, UINT32_MAX }, to, room, &count), 0);
		for (size_t i = 0; i < count; i++) {
			for (; uid < to[i].uid; uid++)
				assert_false(m->uids[uid].there);
			entry_is(m, &to[i]);
			uid++;
		}
	} while (count == room);
	for (; uid < UIDS; uid++)
		assert_false(m->uids[uid].there);
}

static void
check_changed(struct fixture *f, const struct model *m, uint64_t since,
	uint32_t before, size_t room)
{
	struct box_entry to[64];
	uint64_t modseq = since;
	uint32_t uid = UINT32_MAX;
	size_t count, found = 0, expected = 0;

	for (uint32_t i = 1; i < before && i < UIDS; i++)
		expected += m->uids[i].there && m->uids[i].modseq > since &&
		    m->uids[i].modseq != m->uids[i].arrived;
	do {
		assert_int_equal(box_changed(f->db, &(struct box_since){
		    m->box, modseq, uid, before }, to, room, &count), 0);
		for (size_t i = 0; i < count; i++) {
			assert_true(to[i].modseq > modseq ||
			    (to[i].modseq == modseq && to[i].uid > uid));
			assert_true(to[i].uid < before);
			entry_is(m, &to[i]);
			modseq = to[i].modseq;
			uid = to[i].uid;
		}
		found += count;
	} while (count == room);
	assert_int_equal(found, expected);
}

static void
model_check(struct fixture *f, const struct model *m, unsigned *seed)
{
	uint64_t since = chance(seed, (unsigned)m->modseq + 2);

	check_status(f, m);
	check_sets(f, m, 0);
	check_sets(f, m, since);
	check_entries(f, m, 1 + chance(seed, 63));
	check_changed(f, m, since, UINT32_MAX, 1 + chance(seed, 63));
	check_changed(f, m, since, chance(seed, UIDS), 1 + chance(seed, 63));
}

static void
step_add(struct fixture *f, struct model *m, unsigned *seed)
{
	struct message_start start = { m->box, f->clock.unix_s -
	    (int64_t)chance(seed, 2), chance(seed, 32) };
	uint32_t uid;

	assert_int_equal(message_keep(fixture_write(f, 1, 20), &start, &uid),
	    0);
	m->modseq++;
	model_add(m, uid, start.flags, start.received, f->clock.unix_s);
}

static void
step_copy(struct fixture *f, struct model *m, unsigned *seed)
{
	const struct box_span span = { m->box, chance(seed, m->next),
	    UINT32_MAX };
	struct box_entry to[8];
	uint32_t first;
	size_t count;

	assert_int_equal(box_entries(f->db, &span, to, 1 + chance(seed, 8),
	    &count), 0);
	if (m->next + count >= UIDS)
		return;
	for (size_t i = 0; i < count; i++)
		to[i].flags = chance(seed, 1024);
	assert_int_equal(box_copy(f->db, m->box, to, count, &first), 0);
	m->modseq += count > 0;
	for (size_t i = 0; i < count; i++)
		model_add(m, first + (uint32_t)i, to[i].flags, to[i].received,
		    f->clock.unix_s);
}

static uint64_t
flags_after(const struct box_change *change, uint64_t flags)
{
	switch (change->how) {
	case BOX_FLAGS_SET:
		return change->flags;
	case BOX_FLAGS_ADD:
		return flags | change->flags;
	case BOX_FLAGS_REMOVE:
		break;
	}
	return flags & ~change->flags;
}

static void
step_flags(struct fixture *f, struct model *m, unsigned *seed)
{
	struct box_change change = {
		.how = (int)chance(seed, 3),
		.flags = chance(seed, 32) & chance(seed, 32),
		.conditional = chance(seed, 2) != 0,
		.unchanged_since = chance(seed, (unsigned)m->modseq + 1),
	};
	uint32_t first = chance(seed, m->next) + 1;
	uint32_t last = first + chance(seed, 30);
	struct uids failed = { 0 };
	uint64_t modseq;
	bool changed = false;

	assert_int_equal(box_flags(f->db, &(struct box_span){ m->box, first,
	    last }, &change, &failed, &modseq), 0);
	for (uint32_t i = first; i <= last && i < UIDS; i++) {
		uint64_t after = flags_after(&change, m->uids[i].flags);
		bool fails = m->uids[i].there && change.conditional &&
		    m->uids[i].modseq > change.unchanged_since;

		assert_int_equal(uids_has(&failed, i), fails);
		if (fails || !m->uids[i].there || after == m->uids[i].flags)
			continue;
		m->uids[i].flags = after;
		m->uids[i].modseq = m->modseq + 1;
		changed = true;
	}
	assert_int_equal(modseq, changed ? m->modseq + 1 : 0);
	m->modseq += changed;
	uids_drop(&failed);
}

static void
step_delete(struct fixture *f, struct model *m, unsigned *seed)
{
	uint32_t uids[UIDS] = { 0 };
	size_t count = 0;
	bool any = false;

	for (uint32_t i = 1; i < m->next; i++)
		if (chance(seed, 8) == 0)
			uids[count++] = i;
	assert_int_equal(box_delete(f->db, m->box, uids, count), 0);
	for (size_t i = 0; i < count; i++) {
		if (!m->uids[uids[i]].there)
			continue;
		m->uids[uids[i]].there = false;
		m->uids[uids[i]].gone = m->modseq + 1;
		any = true;
	}
	m->modseq += any;
}

static void
model_step(struct fixture *f, struct model *m, unsigned *seed)
{
	unsigned what = chance(seed, 16);

	if (what < 6 && m->next < UIDS - 8)
		step_add(f, m, seed);
	else if (what < 8)
		step_copy(f, m, seed);
	else if (what < 15)
		step_flags(f, m, seed);
	else
		step_delete(f, m, seed);
}

/* Anything in any order, now and then rolled back or begun anew. */
static void
test_model(void **state)
{
	struct fixture *f = *state;
	struct model *m = xalloc(1, sizeof *m), *was = xalloc(1, sizeof *m);
	struct buf why;
	unsigned seed = 7;

	*m = (struct model){ .box = 3, .next = 1, .modseq = 1 };
	*was = *m;
	for (unsigned turn = 0; turn < 400; turn++) {
		for (unsigned n = chance(&seed, 4) + 1; n > 0; n--)
			model_step(f, m, &seed);
		model_check(f, m, &seed);
		f->clock.unix_s++;
		if (chance(&seed, 8) == 0) {
			db_rollback(f->db);
			*m = *was;
			model_check(f, m, &seed);
			continue;
		}
		assert_int_equal(db_commit(f->db), 0);
		*was = *m;
		if (chance(&seed, 50) == 0)
			fixture_reopen(f, DB_SERVE);
	}
	buf_init(&why, 200);
	assert_int_equal(db_verify(f->db, &why), 0);
	buf_drop(&why);
	free(m);
	free(was);
}

/* What a rolled back transaction gave is a gap that is known. */
static void
test_gap(void **state)
{
	struct fixture *f = *state;
	struct uids uids = { 0 };

	(void)fixture_keep(f, 1, 20);
	assert_int_equal(db_commit(f->db), 0);
	(void)fixture_keep(f, 2, 20);
	(void)fixture_keep(f, 3, 20);
	db_rollback(f->db);
	assert_int_equal(fixture_keep(f, 4, 20), 4);
	db_rollback(f->db);
	assert_int_equal(fixture_keep(f, 5, 20), 5);
	assert_int_equal(fixture_keep(f, 6, 20), 6);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_number(f, "SELECT first = 2 AND last = 4"
	    " FROM vanished"), 1);
	assert_int_equal(box_uids(f->db, BOX_INBOX, &uids), 0);
	assert_int_equal(uids.count, 2);
	assert_int_equal(uids.runs[1].first, 5);
	assert_int_equal(uids.runs[1].last, 6);
	/* an older program told nobody of its gaps */
	assert_int_equal(db_exec(f->db, "DELETE FROM vanished"), 0);
	uids_clear(&uids);
	assert_int_equal(box_uids(f->db, BOX_INBOX, &uids), 0);
	assert_int_equal(uids.count, 2);
	assert_int_equal(uids_len(&uids), 3);
	uids_drop(&uids);
}

/* What another process put there meanwhile is no gap. */
static void
test_beside(void **state)
{
	struct fixture *f = *state, other = *f;
	struct box_change seen = { .how = BOX_FLAGS_ADD, .flags = BOX_SEEN };
	struct uids uids = { 0 };
	struct box_entry entry;
	uint64_t modseq;
	size_t count;

	other.owner = NULL;
	assert_int_equal(db_open(&other.db, f->dir, DB_WRITE, &f->clock), 0);
	(void)fixture_keep(f, 1, 20);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_keep(&other, 2, 20), 2);
	assert_int_equal(box_flags(other.db, &(struct box_span){ 1, 1, 1 },
	    &seen, NULL, &modseq), 0);
	assert_int_equal(db_commit(other.db), 0);
	assert_int_equal(box_changed(f->db, &(struct box_since){ 1, 2,
	    UINT32_MAX, 9 }, &entry, 1, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(entry.modseq, modseq);
	assert_int_equal(fixture_keep(f, 3, 20), 3);
	db_rollback(f->db);
	for (uint32_t i = 3; i < 9; i++)
		assert_int_equal(fixture_keep(&other, i, 20), i);
	assert_int_equal(db_commit(other.db), 0);
	assert_int_equal(fixture_keep(f, 9, 20), 9);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM vanished"),
	    0);
	assert_int_equal(box_uids(f->db, 1, &uids), 0);
	assert_int_equal(uids_len(&uids), 9);
	uids_drop(&uids);
	db_close(other.db);
}

/* More has vanished than there is: still right. */
static void
test_sparse(void **state)
{
	struct fixture *f = *state;
	struct uids uids = { 0 };

	for (uint32_t i = 1; i <= 200; i++) {
		(void)fixture_keep(f, i, 10);
		assert_int_equal(box_delete(f->db, BOX_INBOX,
		    &(uint32_t){ i }, i % 50 != 0), 0);
	}
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(box_uids(f->db, BOX_INBOX, &uids), 0);
	assert_int_equal(uids_len(&uids), 4);
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(uids_at(&uids, i), 50 * i);
	uids_drop(&uids);
}

/* No room, no rows, no mailbox. */
static void
test_edges(void **state)
{
	struct fixture *f = *state;
	struct uids uids = { 0 };
	const struct box_span all = { 1, 1, 9 }, none = { 1, 2, 9 },
	    nowhere = { 77, 1, 9 };
	struct box_entry one;
	size_t count = 9;
	uint32_t uid;

	(void)fixture_keep(f, 1, 10);
	assert_int_equal(box_entries(f->db, &all, &one, 0, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(box_entries(f->db, &none, &one, 1, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(box_entries(f->db, &nowhere, &one, 1, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(box_uids(f->db, 77, &uids), -ENOENT);
	assert_int_equal(box_arrived(f->db, 77, 0, &uid), -ENOENT);
	assert_int_equal(box_unseen(f->db, 77, &uid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(uids.count, 0);
	uids_drop(&uids);
}

int
box_read_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_model),
		WITH_BOX(test_gap),
		WITH_BOX(test_beside),
		WITH_BOX(test_sparse),
		WITH_BOX(test_edges),
	};

	return cmocka_run_group_tests_name("store/box_read", tests, NULL,
	    NULL);
}
