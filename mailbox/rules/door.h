/* How a login is slowed and capped without ever locking the owner out. */
#ifndef RULES_DOOR_H
#define RULES_DOOR_H

#include "rules/rate.h"

#define DOOR_DELAY_MS 1000	/* after the first failure of a network */
#define DOOR_DELAY_MAX_MS 30000	/* however many failures there were */
#define DOOR_NETWORK_MAX 20	/* failures that leak within an hour or so */
#define DOOR_ALL_MAX 100	/* the same for the whole world together */
#define DOOR_LEAK_MS 180000	/* one failure is forgiven in this time */
#define DOOR_FRIENDS 16		/* networks that logged in well of late */

/* Zeroed and door_init(): nobody has failed yet. */
struct door {
	struct rate networks;
	int64_t all_empty_ms;
	struct network friends[DOOR_FRIENDS];	/* latest first */
	size_t friend_count;
};

enum door_verdict {
	DOOR_OPEN,	/* check the password */
	DOOR_SHUT	/* too many failures: refuse without checking */
};

void door_init(struct door *d);

/*
 * May this network try a password now, of those that can be guessed? One that
 * logged in well of late is held to its own cap, never to the one of the whole
 * world; shut doors open again as failures leak away.
 */
enum door_verdict door_judge(const struct door *d, struct network from,
	int64_t now_ms);

/*
 * Note a failure.
 *
 * Returns:  how long to wait before saying so, ms: doubling with each failure
 *           of that network.
 */
int64_t door_failed(struct door *d, struct network from, int64_t now_ms);

/* Note a success: the network's failures are forgiven. */
void door_passed(struct door *d, struct network from);

#endif
