/*
 * Counts per network in a table of fixed size. A count is kept as the moment
 * at which it will have leaked away, so nothing has to be swept: a slot whose
 * moment has passed is free.
 */
#include "rules/rate.h"

#include <string.h>

#define IPV4_LEN 4
#define IPV6_LEN 16
#define IPV4_KEPT 3	/* bytes of a /24 */
#define IPV6_KEPT 6	/* bytes of a /48 */

struct network
network_of(const unsigned char *ip, size_t len)
{
	/* RFC 4291 section 2.5.5.2. */
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct network network = { { 0 } };

	must(len == IPV4_LEN || len == IPV6_LEN);
	if (len == IPV6_LEN && memcmp(ip, mapped, sizeof mapped) == 0) {
		ip += sizeof mapped;
		len = IPV4_LEN;
	}
	/* The first byte keeps the families, and the zeroed slot, apart. */
	network.at[0] = len == IPV4_LEN ? 4 : 6;
	memcpy(network.at + 1, ip, len == IPV4_LEN ? IPV4_KEPT : IPV6_KEPT);
	return network;
}

/* Where network stands in the table, or RATE_SLOTS. */
static size_t
slot_find(const struct rate *r, struct network network)
{
	size_t i;

	for (i = 0; i < RATE_SLOTS; i++)
		if (memcmp(&r->slots[i].network, &network,
		    sizeof network) == 0)
			break;
	return i;
}

static size_t
slot_soonest(const struct rate *r)
{
	size_t i, best = 0;

	for (i = 1; i < RATE_SLOTS; i++)
		if (r->slots[i].empty_ms < r->slots[best].empty_ms)
			best = i;
	return best;
}

/* How many hits are left, a leaking one counted whole. */
static unsigned
slot_level(const struct rate *r, int64_t empty_ms, int64_t now_ms)
{
	if (empty_ms <= now_ms)
		return 0;
	return (unsigned)((empty_ms - now_ms + r->leak_ms - 1) / r->leak_ms);
}

void
rate_init(struct rate *r, int64_t leak_ms)
{
	must(leak_ms > 0);
	*r = (struct rate){ .leak_ms = leak_ms };
}

unsigned
rate_hit(struct rate *r, struct network network, int64_t now_ms)
{
	size_t i = slot_find(r, network);
	struct rate_slot *slot;

	if (i == RATE_SLOTS) {
		i = slot_soonest(r);
		r->slots[i] = (struct rate_slot){ network, now_ms };
	}
	slot = &r->slots[i];
	if (slot->empty_ms < now_ms)
		slot->empty_ms = now_ms;
	slot->empty_ms += r->leak_ms;
	return slot_level(r, slot->empty_ms, now_ms);
}

unsigned
rate_level(const struct rate *r, struct network network, int64_t now_ms)
{
	size_t i = slot_find(r, network);

	if (i == RATE_SLOTS)
		return 0;
	return slot_level(r, r->slots[i].empty_ms, now_ms);
}

void
rate_clear(struct rate *r, struct network network)
{
	size_t i = slot_find(r, network);

	if (i < RATE_SLOTS)
		r->slots[i] = (struct rate_slot){ .empty_ms = 0 };
}
