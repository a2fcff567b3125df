/* How many, from where: connections and failures counted per network. */
#ifndef RULES_RATE_H
#define RULES_RATE_H

#include "base/str.h"

/*
 * The network a client is counted under: the /24 of an IPv4 address (mapped
 * ones included), the /48 of an IPv6 address. Equal networks are equal bytes.
 */
struct network {
	unsigned char at[8];
};

/* ip      4 bytes (IPv4) or 16 bytes (IPv6), network order */
struct network network_of(const unsigned char *ip, size_t len);

#define RATE_SLOTS 1024		/* networks remembered at once */

/*
 * A leaky count per network: every hit adds one, and one leaks away every
 * leak_ms. When all slots are taken the one that would be empty first is
 * reused: a flood from many networks costs memory no more than these.
 */
struct rate_slot {
	struct network network;
	int64_t empty_ms;	/* when the count is back at zero; mono ms */
};

struct rate {
	int64_t leak_ms;
	struct rate_slot slots[RATE_SLOTS];
};

void rate_init(struct rate *r, int64_t leak_ms);

/* Count one hit now. Returns: the count with it. */
unsigned rate_hit(struct rate *r, struct network network, int64_t now_ms);

/* The count now, without a hit. */
unsigned rate_level(const struct rate *r, struct network network,
	int64_t now_ms);

/* Forget a network's count. */
void rate_clear(struct rate *r, struct network network);

#endif
