/* Watching for a library that changes its mind from within. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/guest.h"

int guest_test(void);

#define SOON_MS 5000

struct world {
	struct loop loop;
	struct guests guests;
	struct timer bell;
	int ends[2];
	int calls;
	unsigned events;
	unsigned then;		/* what is wanted from within ready() */
};

static void
on_ready(struct guests *g, int fd, unsigned events)
{
	struct world *w = list_of(g, struct world, guests);

	assert_int_equal(fd, w->ends[0]);
	w->calls++;
	w->events = events;
	guests_want(g, fd, w->then);
	w->loop.stop = true;
}

static void
on_bell(struct timer *t)
{
	list_of(t, struct world, bell)->loop.stop = true;
}

static void
begin(struct world *w)
{
	*w = (struct world){ .bell = { .fire = on_bell } };
	assert_int_equal(loop_init(&w->loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->ends), 0);
	guests_init(&w->guests, &w->loop, on_ready);
}

static void
finish(struct world *w)
{
	guests_drop(&w->guests);
	guests_drop(&w->guests);
	close(w->ends[0]);
	close(w->ends[1]);
	loop_drop(&w->loop);
}

static void
run(struct world *w, int64_t most_ms)
{
	w->loop.stop = false;
	timer_set(&w->loop, &w->bell, most_ms);
	assert_int_equal(loop_run(&w->loop), 0);
	timer_cancel(&w->loop, &w->bell);
}

static void
test_wants(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	/* nothing is wanted of one that is not there */
	guests_want(&w.guests, w.ends[0], 0);
	guests_want(&w.guests, w.ends[0], LOOP_READ);
	run(&w, 20);
	assert_int_equal(w.calls, 0);
	w.then = LOOP_READ;
	guests_want(&w.guests, w.ends[0], LOOP_READ | LOOP_WRITE);
	run(&w, SOON_MS);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.events, LOOP_WRITE);
	run(&w, 20);
	assert_int_equal(w.calls, 1);
	/* it leaves from within, with something still to be read */
	w.then = 0;
	assert_int_equal(write(w.ends[1], "x", 1), 1);
	run(&w, SOON_MS);
	assert_int_equal(w.calls, 2);
	assert_int_equal(w.events, LOOP_READ);
	run(&w, 20);
	assert_int_equal(w.calls, 2);
	/* and comes again */
	guests_want(&w.guests, w.ends[0], LOOP_READ);
	run(&w, SOON_MS);
	assert_int_equal(w.calls, 3);
	finish(&w);
}

/* A number that was closed is soon another socket's. */
static void
test_number_again(void **state)
{
	struct world w;
	int fd;

	(void)state;
	begin(&w);
	guests_want(&w.guests, w.ends[0], LOOP_WRITE);
	guests_want(&w.guests, w.ends[0], 0);
	fd = dup(w.ends[0]);
	close(w.ends[0]);
	assert_int_equal(dup2(fd, w.ends[0]), w.ends[0]);
	close(fd);
	w.then = LOOP_WRITE;
	guests_want(&w.guests, w.ends[0], LOOP_WRITE);
	run(&w, SOON_MS);
	assert_int_equal(w.calls, 1);
	finish(&w);
}

int
guest_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wants),
		cmocka_unit_test(test_number_again)
	};

	return cmocka_run_group_tests_name("net/guest", tests, NULL, NULL);
}
