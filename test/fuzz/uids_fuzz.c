/*
 * Sets of UIDs: three octets each change one of two sets, which are held
 * against plain tables of a small world.
 */
#include <string.h>

#include "mail/uids.h"

#define WORLD 64	/* UIDs 1 to 63 */

struct both {
	struct uids sets[2];
	bool in[2][WORLD];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that can be asked of a set says the same as the table. */
static void
check(const struct uids *u, const bool *in)
{
	uint32_t uid, last, place = 0, greatest = 0;

	for (uid = 1; uid < WORLD; uid++) {
		must(uids_has(u, uid) == in[uid]);
		if (!in[uid]) {
			must(uids_place(u, uid) == 0);
			continue;
		}
		greatest = uid;
		must(uids_place(u, uid) == ++place);
		must(uids_at(u, place) == uid && uids_next(u, uid) == uid);
		must(uids_run(u, uid, &last) && in[last] &&
		    (last + 1 == WORLD || !in[last + 1]));
	}
	must(uids_len(u) == place && uids_last(u) == greatest);
	must(uids_next(u, greatest + 1) == 0 && uids_at(u, place + 1) == 0);
}

static void
mark(bool *in, uint32_t first, uint32_t last, bool to)
{
	uint32_t uid;

	for (uid = 1; uid < WORLD; uid++)
		if ((uid >= first && uid <= last) ||
		    (uid >= last && uid <= first))
			in[uid] = to;
}

static void
act(struct both *b, int what, uint32_t first, uint32_t last)
{
	struct uids met = { 0 };
	bool in[WORLD] = { 0 };
	uint32_t uid;

	if (what % 8 < 2) {
		uids_add(&b->sets[what % 2], first, last);
		mark(b->in[what % 2], first, last, true);
	} else if (what % 8 < 4) {
		uids_remove(&b->sets[what % 2], first, last);
		mark(b->in[what % 2], first, last, false);
	} else if (what % 8 == 4) {
		uids_join(&b->sets[0], &b->sets[1]);
		for (uid = 1; uid < WORLD; uid++)
			b->in[0][uid] |= b->in[1][uid];
	} else if (what % 8 == 5) {
		uids_part(&b->sets[0], &b->sets[1]);
		for (uid = 1; uid < WORLD; uid++)
			b->in[0][uid] &= !b->in[1][uid];
	} else if (what % 8 == 6) {
		uids_meet(&met, &b->sets[0], &b->sets[1]);
		for (uid = 1; uid < WORLD; uid++)
			in[uid] = b->in[0][uid] && b->in[1][uid];
		check(&met, in);
		uids_drop(&met);
	} else {
		uids_copy(&b->sets[1], &b->sets[0]);
		memcpy(b->in[1], b->in[0], sizeof b->in[1]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct both b = { 0 };
	size_t i;

	for (i = 0; i + 3 <= size; i += 3) {
		act(&b, data[i], data[i + 1] % (WORLD - 1) + 1,
		    data[i + 2] % (WORLD - 1) + 1);
		check(&b.sets[0], b.in[0]);
		check(&b.sets[1], b.in[1]);
	}
	uids_drop(&b.sets[0]);
	uids_drop(&b.sets[1]);
	return 0;
}
