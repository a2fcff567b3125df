/*
 * Judges login attempts by what went wrong before. Invariant: failures from
 * networks that never logged in well can shut the door for strangers only.
 */
#include "rules/door.h"

#include <string.h>

void
door_init(struct door *d)
{
	*d = (struct door){ .all_empty_ms = 0 };
	rate_init(&d->networks, DOOR_LEAK_MS);
}

/* Where the network stands among the friends, or friend_count. */
static size_t
friend_find(const struct door *d, struct network from)
{
	size_t i;

	for (i = 0; i < d->friend_count; i++)
		if (memcmp(&d->friends[i], &from, sizeof from) == 0)
			break;
	return i;
}

enum door_verdict
door_judge(const struct door *d, struct network from, int64_t now_ms)
{
	if (rate_level(&d->networks, from, now_ms) >= DOOR_NETWORK_MAX)
		return DOOR_SHUT;
	if (friend_find(d, from) < d->friend_count)
		return DOOR_OPEN;
	if (d->all_empty_ms - now_ms >
	    (int64_t)(DOOR_ALL_MAX - 1) * DOOR_LEAK_MS)
		return DOOR_SHUT;
	return DOOR_OPEN;
}

int64_t
door_failed(struct door *d, struct network from, int64_t now_ms)
{
	const int64_t all_full_ms = now_ms +
	    (int64_t)DOOR_ALL_MAX * DOOR_LEAK_MS;
	unsigned failures = rate_level(&d->networks, from, now_ms);
	int64_t delay_ms = DOOR_DELAY_MS;

	/* Failing on at a shut door does not keep it shut for longer. */
	if (failures < DOOR_NETWORK_MAX)
		failures = rate_hit(&d->networks, from, now_ms);
	if (d->all_empty_ms < now_ms)
		d->all_empty_ms = now_ms;
	d->all_empty_ms += DOOR_LEAK_MS;
	if (d->all_empty_ms > all_full_ms)
		d->all_empty_ms = all_full_ms;
	while (--failures > 0 && delay_ms < DOOR_DELAY_MAX_MS)
		delay_ms *= 2;
	return delay_ms < DOOR_DELAY_MAX_MS ? delay_ms : DOOR_DELAY_MAX_MS;
}

void
door_passed(struct door *d, struct network from)
{
	size_t i = friend_find(d, from);

	rate_clear(&d->networks, from);
	if (i == d->friend_count && d->friend_count < DOOR_FRIENDS)
		d->friend_count++;
	if (i == DOOR_FRIENDS)
		i--;
	memmove(d->friends + 1, d->friends, i * sizeof d->friends[0]);
	d->friends[0] = from;
}
