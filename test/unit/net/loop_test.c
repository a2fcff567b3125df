/* Events, timers, settling, and what happens to those taken out meanwhile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

#define TIMERS 300

int loop_test(void);

struct world {
	struct loop loop;
	struct settle settle;
	int turns;
	int stop_at;
};

static void
on_settle(struct settle *s)
{
	struct world *w = list_of(s, struct world, settle);

	if (++w->turns == w->stop_at)
		w->loop.stop = true;
}

static void
world_begin(struct world *w, int turns)
{
	*w = (struct world){ .stop_at = turns };
	assert_int_equal(loop_init(&w->loop), 0);
	w->settle.run = on_settle;
	loop_settle(&w->loop, &w->settle);
}

struct end {
	struct watch watch;
	struct loop *loop;
	struct end *other;
	int count;
	unsigned events;
};

static void
on_end(struct watch *watch, unsigned events)
{
	struct end *e = list_of(watch, struct end, watch);

	e->count++;
	e->events = events;
	if (e->other != NULL) {
		loop_unwatch(e->loop, &e->other->watch);
		e->other->other = NULL;
	}
	e->other = NULL;
}

/* Whichever is told first takes the other out. */
static void
test_unwatch_in_turn(void **state)
{
	struct world w;
	struct end a = { .watch.ready = on_end }, b = a;
	int pipes[2][2];

	(void)state;
	world_begin(&w, 2);
	assert_int_equal(pipe(pipes[0]), 0);
	assert_int_equal(pipe(pipes[1]), 0);
	assert_int_equal(write(pipes[0][1], "x", 1), 1);
	assert_int_equal(write(pipes[1][1], "x", 1), 1);
	a.watch.fd = pipes[0][0];
	b.watch.fd = pipes[1][0];
	a.loop = b.loop = &w.loop;
	a.other = &b;
	b.other = &a;
	assert_int_equal(loop_watch(&w.loop, &a.watch, EPOLLIN), 0);
	assert_int_equal(loop_watch(&w.loop, &b.watch, EPOLLIN), 0);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(a.count + b.count, 2);
	assert_true(a.count == 0 || b.count == 0);
	assert_int_equal(a.events | b.events, EPOLLIN);
	loop_drop(&w.loop);
	close(pipes[0][0]);
	close(pipes[0][1]);
	close(pipes[1][0]);
	close(pipes[1][1]);
}

static void
test_change(void **state)
{
	struct world w;
	struct end a = { .watch.ready = on_end };
	int pipes[2];

	(void)state;
	world_begin(&w, 1);
	assert_int_equal(pipe(pipes), 0);
	a.watch.fd = pipes[0];
	assert_int_equal(loop_watch(&w.loop, &a.watch, 0), 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	loop_change(&w.loop, &a.watch, EPOLLIN);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(a.count, 1);
	loop_unwatch(&w.loop, &a.watch);
	a.watch.fd = -1;
	assert_int_equal(loop_watch(&w.loop, &a.watch, EPOLLIN), -EBADF);
	loop_drop(&w.loop);
	close(pipes[0]);
	close(pipes[1]);
}

struct bell {
	struct timer timer;
	struct world *world;
	int64_t *last_ms;
	int rang;
	int again;
};

static void
on_bell(struct timer *t)
{
	struct bell *b = list_of(t, struct bell, timer);

	b->rang++;
	if (b->last_ms != NULL) {
		assert_true(*b->last_ms <= t->at_ms);
		*b->last_ms = t->at_ms;
	}
	assert_true(b->world->loop.clock.mono_ms >= t->at_ms);
	if (b->rang <= b->again)
		timer_set(&b->world->loop, t, 0);
}

/* Set, moved and cancelled in a mixed order: fired in the right one. */
static void
test_timers_in_order(void **state)
{
	struct bell bells[TIMERS], end;
	struct world w;
	int64_t last_ms = 0;
	unsigned seed = 1;
	int i;

	(void)state;
	world_begin(&w, 0);
	for (i = 0; i < TIMERS; i++) {
		bells[i] = (struct bell){ { .fire = on_bell }, &w, &last_ms,
		    0, 0 };
		timer_set(&w.loop, &bells[i].timer, rand_r(&seed) % 40);
	}
	for (i = 0; i < TIMERS; i += 3)
		timer_set(&w.loop, &bells[i].timer, rand_r(&seed) % 40);
	for (i = 1; i < TIMERS; i += 3)
		timer_cancel(&w.loop, &bells[i].timer);
	timer_cancel(&w.loop, &bells[1].timer);
	assert_int_equal(w.loop.timers, TIMERS - TIMERS / 3);
	for (i = 0; (size_t)i < w.loop.timers; i++)
		assert_ptr_equal(w.loop.heap[w.loop.heap[i]->slot - 1],
		    w.loop.heap[i]);
	end = (struct bell){ { .fire = on_bell }, &w, &last_ms, 0, 0 };
	timer_set(&w.loop, &end.timer, 41);
	while (end.rang == 0) {
		w.stop_at = w.turns + 1;
		w.loop.stop = false;
		assert_int_equal(loop_run(&w.loop), 0);
	}
	for (i = 0; i < TIMERS; i++)
		assert_int_equal(bells[i].rang, i % 3 == 1 ? 0 : 1);
	loop_drop(&w.loop);
	loop_drop(&w.loop);
}

/* A timer that sets itself to 0 ms neither holds a turn up nor sleeps. */
static void
test_timer_again(void **state)
{
	struct world w;
	struct bell b = { { .fire = on_bell }, &w, NULL, 0, 100 }, far[20];

	(void)state;
	world_begin(&w, 5);
	timer_set(&w.loop, &b.timer, 0);
	/* Others that are set, and not yet due, change nothing. */
	for (size_t i = 0; i < countof(far); i++) {
		far[i] = (struct bell){ { .fire = on_bell }, &w, NULL, 0, 0 };
		timer_set(&w.loop, &far[i].timer, 100000);
	}
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(w.turns, 5);
	assert_int_equal(b.rang, 5);
	loop_drop(&w.loop);
}

static void
on_settle_once(struct settle *s)
{
	list_take(&s->link);
}

static void
test_settle(void **state)
{
	struct world w;
	struct settle once = { .run = on_settle_once };
	struct bell b = { { .fire = on_bell }, &w, NULL, 0, 2 };

	(void)state;
	world_begin(&w, 3);
	loop_settle(&w.loop, &once);
	timer_set(&w.loop, &b.timer, 0);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(w.turns, 3);
	assert_null(once.link.next);
	loop_drop(&w.loop);
}

static void
test_clock(void **state)
{
	struct world w;
	struct bell b = { { .fire = on_bell }, &w, NULL, 0, 0 };
	int64_t before_ms, slept_ms;

	(void)state;
	world_begin(&w, 1);
	before_ms = w.loop.clock.mono_ms;
	assert_true(w.loop.clock.unix_s > 1600000000);
	timer_set(&w.loop, &b.timer, 20);
	while (b.rang == 0) {
		w.stop_at = w.turns + 1;
		w.loop.stop = false;
		assert_int_equal(loop_run(&w.loop), 0);
	}
	slept_ms = w.loop.clock.mono_ms - before_ms;
	assert_true(slept_ms >= 20);
	loop_drop(&w.loop);
}

int
loop_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unwatch_in_turn),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_timers_in_order),
		cmocka_unit_test(test_timer_again),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
