/*
 * The one place that waits and the one place that reads clocks.
 *
 * 1. An event reaches only a watch that is watched when it is handed out:
 *    loop_unwatch() blots out what the same turn still has for it.
 * 2. heap[t->slot - 1] == t for every timer that is set, and no timer is due
 *    before its parent at slot / 2.
 * 3. A turn fires at most as many timers as were set when it began to, so a
 *    timer that sets itself to 0 ms cannot hold the turn up.
 */
#include "net/loop.h"

#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define TOLD_MAX 128	/* events of one turn; more come in the next */
#define HEAP_MIN 16

_Static_assert(LOOP_READ == EPOLLIN && LOOP_WRITE == EPOLLOUT,
    "the words of loop.h are those of epoll");

static int64_t
clock_ms(clockid_t id)
{
	struct timespec now;

	must(clock_gettime(id, &now) == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
clock_sample(struct clock *clock)
{
	clock->mono_ms = clock_ms(CLOCK_MONOTONIC);
	clock->unix_s = clock_ms(CLOCK_REALTIME) / 1000;
}

int
loop_init(struct loop *loop)
{
	*loop = (struct loop){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	if (loop->epoll < 0)
		return -errno;
	list_init(&loop->settles);
	loop->told = xalloc(TOLD_MAX, sizeof *loop->told);
	clock_sample(&loop->clock);
	return 0;
}

void
loop_drop(struct loop *loop)
{
	if (loop->told == NULL)
		return;
	close(loop->epoll);
	free(loop->heap);
	free(loop->told);
	*loop = (struct loop){ .epoll = -1 };
}

static int
control(struct loop *loop, int op, struct watch *w)
{
	struct epoll_event event = { .events = w->events, .data.ptr = w };

	return epoll_ctl(loop->epoll, op, w->fd, &event) < 0 ? -errno : 0;
}

int
loop_watch(struct loop *loop, struct watch *w, unsigned events)
{
	w->events = events;
	return control(loop, EPOLL_CTL_ADD, w);
}

void
loop_change(struct loop *loop, struct watch *w, unsigned events)
{
	if (w->events == events)
		return;
	w->events = events;
	must(control(loop, EPOLL_CTL_MOD, w) == 0);
}

void
loop_unwatch(struct loop *loop, struct watch *w)
{
	int i;

	must(control(loop, EPOLL_CTL_DEL, w) == 0);
	for (i = 0; i < loop->told_count; i++)
		if (loop->told[i].data.ptr == w)
			loop->told[i].data.ptr = NULL;
}

static void
heap_put(struct loop *loop, struct timer *t, size_t slot)
{
	loop->heap[slot - 1] = t;
	t->slot = slot;
}

static void
heap_rise(struct loop *loop, struct timer *t)
{
	size_t slot = t->slot;
	struct timer *parent;

	for (; slot > 1; slot /= 2) {
		parent = loop->heap[slot / 2 - 1];
		if (parent->at_ms <= t->at_ms)
			break;
		heap_put(loop, parent, slot);
	}
	heap_put(loop, t, slot);
}

static void
heap_sink(struct loop *loop, struct timer *t)
{
	size_t slot = t->slot, child;

	for (; (child = slot * 2) <= loop->timers; slot = child) {
		if (child < loop->timers && loop->heap[child]->at_ms <
		    loop->heap[child - 1]->at_ms)
			child++;
		if (loop->heap[child - 1]->at_ms >= t->at_ms)
			break;
		heap_put(loop, loop->heap[child - 1], slot);
	}
	heap_put(loop, t, slot);
}

void
timer_set(struct loop *loop, struct timer *t, int64_t after_ms)
{
	if (t->slot == 0) {
		if (loop->timers == loop->room) {
			loop->room = loop->room == 0 ? HEAP_MIN :
			    loop->room * 2;
			loop->heap = xresize(loop->heap,
			    loop->room * sizeof loop->heap[0]);
		}
		heap_put(loop, t, ++loop->timers);
	}
	t->at_ms = loop->clock.mono_ms + after_ms;
	t->turn = loop->turn;
	heap_rise(loop, t);
	heap_sink(loop, t);
}

void
timer_cancel(struct loop *loop, struct timer *t)
{
	struct timer *last;

	if (t->slot == 0)
		return;
	last = loop->heap[--loop->timers];
	if (last != t) {
		heap_put(loop, last, t->slot);
		heap_rise(loop, last);
		heap_sink(loop, last);
	}
	t->slot = 0;
}

void
loop_settle(struct loop *loop, struct settle *s)
{
	list_add(&loop->settles, &s->link);
}

static void
fire_due(struct loop *loop)
{
	struct timer *t;

	/* What is set from here on is for the next turn. */
	loop->turn++;
	while (loop->timers > 0) {
		t = loop->heap[0];
		if (t->at_ms > loop->clock.mono_ms || t->turn == loop->turn)
			break;
		timer_cancel(loop, t);
		t->fire(t);
	}
}

static void
hand_out(struct loop *loop)
{
	struct watch *w;
	int i;

	for (i = 0; i < loop->told_count; i++) {
		w = loop->told[i].data.ptr;
		if (w != NULL)
			w->ready(w, loop->told[i].events);
	}
	loop->told_count = 0;
}

static void
settle(struct loop *loop)
{
	struct list *link, *next;

	for (link = loop->settles.next; link != &loop->settles; link = next) {
		struct settle *s = list_of(link, struct settle, link);

		next = link->next;
		s->run(s);
	}
}

/* How long nothing is due: ms, or -1 for ever. */
static int
time_to_sleep(const struct loop *loop)
{
	int64_t left;

	if (loop->timers == 0)
		return -1;
	left = loop->heap[0]->at_ms - loop->clock.mono_ms;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int
loop_run(struct loop *loop)
{
	int count, error;

	while (!loop->stop) {
		count = epoll_wait(loop->epoll, loop->told, TOLD_MAX,
		    time_to_sleep(loop));
		if (count < 0 && errno != EINTR) {
			error = errno;
			log_event(LOG_ERROR, "loop-failed",
			    LOG_C("error", strerror(error)));
			return -error;
		}
		loop->told_count = count < 0 ? 0 : count;
		clock_sample(&loop->clock);
		hand_out(loop);
		fire_due(loop);
		settle(loop);
	}
	return 0;
}
