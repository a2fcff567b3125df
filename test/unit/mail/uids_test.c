/* Sets of UIDs, held against a plain table of a small world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/uids.h"

int uids_test(void);

#define WORLD 40	/* UIDs 1 to 39 */
#define ROUNDS 20000

/* What uids_write() says of it. */
static void
expect(const struct uids *u, const char *want)
{
	struct buf out;

	buf_init(&out, 1000);
	uids_write(&out, u);
	assert_string_equal(buf_text(&out), want);
	buf_drop(&out);
}

/* All that can be asked of a set says the same as the table. */
static void
check(const struct uids *u, const bool *in)
{
	uint32_t uid, place = 0, next = 0, last = 0, greatest = 0;
	size_t i;

	for (uid = 1; uid < WORLD; uid++) {
		assert_int_equal(uids_has(u, uid), in[uid]);
		if (!in[uid]) {
			assert_int_equal(uids_place(u, uid), 0);
			assert_false(uids_run(u, uid, &last));
			continue;
		}
		place++;
		greatest = uid;
		assert_int_equal(uids_place(u, uid), place);
		assert_int_equal(uids_at(u, place), uid);
		assert_true(uids_run(u, uid, &last));
		assert_true(in[last] && !in[last + 1]);
	}
	assert_int_equal(uids_len(u), place);
	assert_int_equal(uids_at(u, 0), 0);
	assert_int_equal(uids_at(u, place + 1), 0);
	assert_int_equal(uids_last(u), greatest);
	for (uid = WORLD; uid-- > 1; ) {
		if (in[uid])
			next = uid;
		assert_int_equal(uids_next(u, uid), next);
	}
	for (i = 1; i < u->count; i++)
		assert_true(u->runs[i].first > u->runs[i - 1].last + 1);
}

static uint32_t
chance(uint32_t *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % (WORLD - 1) + 1;
}

static void
mark(bool *in, uint32_t first, uint32_t last, bool to)
{
	uint32_t uid;

	for (uid = first < last ? first : last;
	    uid <= (first < last ? last : first); uid++)
		in[uid] = to;
}

/* Two sets and their tables. */
struct pair {
	struct uids sets[2];
	bool in[2][WORLD + 1];
};

static void
act(struct pair *p, uint32_t what, uint32_t first, uint32_t last)
{
	struct uids met = { 0 };
	bool both[WORLD + 1] = { 0 };
	uint32_t uid;

	switch (what % 8) {
	case 0:
	case 1:
		uids_add(&p->sets[what % 2], first, last);
		mark(p->in[what % 2], first, last, true);
		break;
	case 2:
	case 3:
		uids_remove(&p->sets[what % 2], first, last);
		mark(p->in[what % 2], first, last, false);
		break;
	case 4:
		uids_join(&p->sets[0], &p->sets[1]);
		for (uid = 1; uid < WORLD; uid++)
			p->in[0][uid] |= p->in[1][uid];
		break;
	case 5:
		uids_part(&p->sets[0], &p->sets[1]);
		for (uid = 1; uid < WORLD; uid++)
			p->in[0][uid] &= !p->in[1][uid];
		break;
	case 6:
		uids_meet(&met, &p->sets[0], &p->sets[1]);
		for (uid = 1; uid < WORLD; uid++)
			both[uid] = p->in[0][uid] && p->in[1][uid];
		check(&met, both);
		uids_drop(&met);
		break;
	case 7:
		uids_copy(&p->sets[1], &p->sets[0]);
		memcpy(p->in[1], p->in[0], sizeof p->in[1]);
		uids_clear(&p->sets[0]);
		memset(p->in[0], 0, sizeof p->in[0]);
		break;
	}
}

static void
test_all(void **state)
{
	struct pair p = { 0 };
	uint32_t seed = 1, first, last;
	size_t i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		first = chance(&seed);
		last = chance(&seed) % 3 == 0 ? chance(&seed) : first;
		act(&p, chance(&seed), first, last);
		check(&p.sets[0], p.in[0]);
		check(&p.sets[1], p.in[1]);
	}
	uids_drop(&p.sets[0]);
	uids_drop(&p.sets[1]);
	uids_drop(&p.sets[1]);
}

static void
test_edges(void **state)
{
	struct uids u = { 0 }, other = { 0 };

	(void)state;
	expect(&u, "");
	uids_add(&u, UINT32_MAX, 7);
	expect(&u, "7:4294967295");
	assert_int_equal(uids_len(&u), UINT32_MAX - 6);
	assert_int_equal(uids_at(&u, UINT32_MAX - 6), UINT32_MAX);
	uids_add(&u, 1, 5);
	uids_add(&u, UINT32_MAX, UINT32_MAX);
	expect(&u, "1:5,7:4294967295");
	uids_add(&u, 6, 6);
	expect(&u, "1:4294967295");
	assert_int_equal(uids_len(&u), UINT32_MAX);
	uids_add(&other, 1, 1);
	uids_add(&other, UINT32_MAX, UINT32_MAX);
	uids_part(&u, &other);
	expect(&u, "2:4294967294");
	uids_join(&u, &other);
	expect(&u, "1:4294967295");
	uids_remove(&u, UINT32_MAX, UINT32_MAX);
	uids_remove(&u, 10, 3);
	expect(&u, "1:2,11:4294967294");
	uids_join(&u, &u);
	expect(&u, "1:2,11:4294967294");
	uids_part(&u, &u);
	expect(&u, "");
	uids_drop(&u);
	uids_drop(&other);
}

int
uids_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests_name("mail/uids", tests, NULL, NULL);
}
