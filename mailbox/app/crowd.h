/* Who is here, and who has to go when there are too many. */
#ifndef APP_CROWD_H
#define APP_CROWD_H

#include "base/list.h"
#include "rules/rate.h"

/* One connection; lives in its session. Zeroed: in no crowd. */
struct member {
	struct list link;
	struct network network;
	bool settled;		/* may stay: it has shown who it is, or waits
				   for us */
};

/* All of a port, the one without progress for longest first. */
struct crowd {
	struct list members;
	size_t count;
};

void crowd_init(struct crowd *c);

/*
 * See who must make room for one more: within its network when that is full,
 * else in all. The member that has made no progress for longest goes, so a
 * newcomer is let in however many stand around; one that is settled never
 * does.
 *
 * Returns:  true when there is room or *victim (else NULL) can make it;
 *           false when all who could go are settled: turn the newcomer away.
 */
bool crowd_room(const struct crowd *c, struct network network, size_t max,
	size_t max_per_network, struct member **victim);

void crowd_join(struct crowd *c, struct member *m, struct network network);

/* It has made progress. */
void crowd_touch(struct crowd *c, struct member *m);

/* It has nothing more to say: the first to go. */
void crowd_yield(struct crowd *c, struct member *m);

/* Safe twice. */
void crowd_leave(struct crowd *c, struct member *m);

#endif
