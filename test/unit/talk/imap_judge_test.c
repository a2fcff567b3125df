/*
 * Search keys judged in stages come out as keys judged at once, for random
 * trees; and what sets say beforehand is true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "talk/imap.h"
#include "talk/imap_judge.h"

int imap_judge_test(void);

#define KEYS_MAX 64
#define MESSAGES 20	/* UIDs 3, 6, ... 60 */

struct tree {
	struct imap_search_key keys[KEYS_MAX];
	size_t count;
	unsigned seed;
};

static unsigned
next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static const enum imap_key leaves[] = {
	IMAP_KEY_ALL, IMAP_KEY_SET, IMAP_KEY_UID, IMAP_KEY_FLAG,
	IMAP_KEY_LARGER, IMAP_KEY_SUBJECT, IMAP_KEY_SENTON, IMAP_KEY_HEADER,
	IMAP_KEY_BODY, IMAP_KEY_TEXT
};

/* A random tree, at most so deep. */
static struct imap_search_key *
grow(struct tree *t, unsigned depth)
{
	struct imap_search_key *key = &t->keys[t->count++], **next;
	unsigned kind = next_random(&t->seed) % 6, children;

	*key = (struct imap_search_key){ .key = IMAP_KEY_ALL };
	if (depth == 0 || kind > 3 || t->count > KEYS_MAX - 12) {
		key->key = leaves[next_random(&t->seed) % countof(leaves)];
		return key;
	}
	key->key = kind == 0 ? IMAP_KEY_NOT :
	    kind == 1 ? IMAP_KEY_OR : IMAP_KEY_AND;
	children = kind == 0 ? 1 : kind == 1 ? 2 :
	    1 + next_random(&t->seed) % 3;
	for (next = &key->child; children > 0; children--) {
		*next = grow(t, depth - 1);
		next = &(*next)->next;
	}
	return key;
}

/* What a leaf is for a message. */
static bool
is_true(const struct judge_key *k, uint32_t uid)
{
	switch (k->key->key) {
	case IMAP_KEY_ALL:
		return true;
	case IMAP_KEY_SET:
		return uids_has(&k->places, uid / 3);
	case IMAP_KEY_UID:
		return uids_has(&k->uids, uid);
	default:
		return (k->flags >> (uid / 3) & 1) != 0;
	}
}

/* The same tree without stages. */
static bool
judge_plainly(const struct judge *j, size_t at, uint32_t uid)
{
	const struct judge_key *k = &j->keys[at];
	size_t i;

	if (!judge_is_group(k->key->key))
		return is_true(k, uid);
	if (k->key->key == IMAP_KEY_NOT)
		return !judge_plainly(j, at + 1, uid);
	for (i = at + 1; i < k->end; i = j->keys[i].end)
		if (judge_plainly(j, i, uid) == (k->key->key == IMAP_KEY_OR))
			return k->key->key == IMAP_KEY_OR;
	return k->key->key == IMAP_KEY_AND;
}

static enum judge_value
judge_staged(struct judge *j, uint32_t uid, unsigned *asked)
{
	struct judge_key *k;
	enum judge_value value = JUDGE_OPEN;
	int stage;

	judge_begin(j);
	for (stage = 0; stage < JUDGE_STAGES && value == JUDGE_OPEN;
	    stage++) {
		for (k = NULL; (k = judge_next(j, (enum judge_stage)stage,
		    k)) != NULL; (*asked)++) {
			assert_int_equal(k->value, JUDGE_OPEN);
			k->value = is_true(k, uid) ? JUDGE_YES : JUDGE_NO;
		}
		value = judge_fold(j);
	}
	return value;
}

static void
leaves_fill(struct judge *j, unsigned *seed)
{
	struct judge_key *k;
	size_t i;

	for (i = 0; i < j->count; i++) {
		k = &j->keys[i];
		k->flags = (uint64_t)next_random(seed) << 16 |
		    next_random(seed);
		if (k->key->key == IMAP_KEY_SET)
			uids_add(&k->places, 1 + next_random(seed) % 25,
			    1 + next_random(seed) % 25);
		if (k->key->key == IMAP_KEY_UID)
			uids_add(&k->uids, 1 + next_random(seed) % 70,
			    1 + next_random(seed) % 70);
	}
}

static void
check_tree(struct judge *j, unsigned *asked)
{
	struct uids all = { 0 }, found = { 0 };
	uint32_t uid;
	bool sure, is;

	for (uid = 3; uid <= 3 * MESSAGES; uid += 3)
		uids_add(&all, uid, uid);
	sure = judge_bounds(j, &all, &found);
	for (uid = 3; uid <= 3 * MESSAGES; uid += 3) {
		is = judge_plainly(j, 0, uid);
		assert_int_equal(judge_staged(j, uid, asked),
		    is ? JUDGE_YES : JUDGE_NO);
		assert_true(uids_has(&found, uid) || !is);
		assert_true(!uids_has(&found, uid) || is || !sure);
	}
	uids_part(&found, &all);
	assert_int_equal(found.count, 0);
	uids_drop(&all);
	uids_drop(&found);
}

static void
test_trees(void **state)
{
	struct judge j = { 0 };
	struct tree t;
	unsigned n, asked = 0, leaf_count = 0;
	size_t i;

	(void)state;
	for (n = 1; n <= 2000; n++) {
		t.count = 0;
		t.seed = n;
		judge_init(&j, grow(&t, 5));
		assert_int_equal(j.count, t.count);
		for (i = 0; i < j.count; i++)
			leaf_count += judge_is_group(j.keys[i].key->key) ?
			    0 : MESSAGES;
		leaves_fill(&j, &t.seed);
		check_tree(&j, &asked);
		judge_drop(&j);
		judge_drop(&j);
	}
	/* Not all are asked: that is what it is for. */
	assert_true(asked < leaf_count / 4 * 3);
}

/* As deep as the parser lets them be. */
static void
test_deep(void **state)
{
	struct imap_search_key keys[IMAP_NEST_MAX + 2] = { { 0 } };
	struct judge j = { 0 };
	struct judge_key *leaf;
	size_t i;

	(void)state;
	for (i = 0; i < countof(keys) - 1; i++) {
		keys[i].key = IMAP_KEY_NOT;
		keys[i].child = &keys[i + 1];
	}
	keys[i].key = IMAP_KEY_TEXT;
	judge_init(&j, keys);
	judge_begin(&j);
	assert_null(judge_next(&j, JUDGE_ENTRY, NULL));
	assert_int_equal(judge_fold(&j), JUDGE_OPEN);
	leaf = judge_next(&j, JUDGE_TEXT, NULL);
	assert_ptr_equal(leaf->key, &keys[countof(keys) - 1]);
	leaf->value = JUDGE_YES;
	assert_int_equal(judge_fold(&j),
	    countof(keys) % 2 == 1 ? JUDGE_YES : JUDGE_NO);
	judge_drop(&j);
}

int
imap_judge_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests_name("talk/imap_judge", tests, NULL,
	    NULL);
}
