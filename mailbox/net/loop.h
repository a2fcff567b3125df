/* One epoll loop: who is ready, what time it is, what to settle. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/clock.h"
#include "base/list.h"

struct epoll_event;

#define LOOP_READ 1u		/* EPOLLIN */
#define LOOP_WRITE 4u		/* EPOLLOUT */

/* A descriptor under watch; lives in the thing it belongs to. */
struct watch {
	int fd;
	unsigned events;	/* LOOP_READ and LOOP_WRITE, as now set */

	/* events as epoll(7) tells them: those and EPOLLHUP, EPOLLERR */
	void (*ready)(struct watch *w, unsigned events);
};

/* A moment to be told of; lives in the thing it belongs to. Zeroed: unset. */
struct timer {
	int64_t at_ms;		/* mono ms */
	size_t slot;		/* in the heap, counted from 1; 0: unset */
	uint64_t turn;		/* in which it was set */
	void (*fire)(struct timer *t);
};

/*
 * Work done once per turn, after all events and before the loop sleeps: this
 * is where the keeper commits and releases the answers. Run in the order of
 * loop_settle(), every turn; run() may take its own link out.
 */
struct settle {
	struct list link;
	void (*run)(struct settle *s);
};

struct loop {
	struct clock clock;	/* sampled once per turn */
	int epoll;
	struct timer **heap;
	size_t timers, room;
	struct list settles;
	bool stop;		/* set it to leave loop_run() */

	uint64_t turn;		/* private: counts them */

	/* private: what epoll told in this turn */
	struct epoll_event *told;
	int told_count;
};

/* Read the clocks; for programs without a loop. */
void clock_sample(struct clock *clock);

/* Returns: 0 or negative errno. */
int loop_init(struct loop *loop) __attribute__((warn_unused_result));

/*
 * Free the loop; what is watched is not closed. Safe on a zeroed struct and
 * twice.
 */
void loop_drop(struct loop *loop);

/*
 * Turn until stop is set: wait, sample the clock, hand out events, fire the
 * timers that are due, settle. Stop is looked at after settling.
 *
 * Returns:  0, or negative errno of epoll (logged).
 */
int loop_run(struct loop *loop);

/*
 * Watch w->fd for events, or change for what.
 *
 * w         kept until loop_unwatch()
 * events    0 watches for errors and hang-ups alone
 *
 * Returns:  0 or negative errno.
 */
int loop_watch(struct loop *loop, struct watch *w, unsigned events)
	__attribute__((warn_unused_result));
void loop_change(struct loop *loop, struct watch *w, unsigned events);

/*
 * Stop watching; call before closing the fd. Also safe from within ready()
 * of any watch in the same turn: no event of this turn reaches w any more.
 */
void loop_unwatch(struct loop *loop, struct watch *w);

/*
 * Set or move a timer to after_ms from now; at most once a turn it fires,
 * so 0 means in this turn still or in the next, which then does not sleep.
 */
void timer_set(struct loop *loop, struct timer *t, int64_t after_ms);
void timer_cancel(struct loop *loop, struct timer *t);

void loop_settle(struct loop *loop, struct settle *s);

#endif
