/* No password stays in the memory of connections that are no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "freed.h"
#include "net/conn.h"

int conn_wipe_test(void);

#define LONG 4000
#define SECRET "PASS secret"

struct world {
	struct loop loop;
	struct conn conn;
	struct buf out;
	int peer;
	uintptr_t at;		/* of the input, when it last came */
	size_t room;
};

static void
on_conn(struct conn *c, enum conn_event event)
{
	struct world *w = list_of(c, struct world, conn);

	assert_true(event == CONN_INPUT || event == CONN_DRAINED);
	w->loop.stop = true;
}

/* The peer says something that ends with the secret; it is not eaten. */
static void
hear(struct world *w)
{
	char said[LONG];

	memset(said, 'x', sizeof said);
	memcpy(said + sizeof said - strlen(SECRET), SECRET, strlen(SECRET));
	assert_int_equal(write(w->peer, said, sizeof said), sizeof said);
	w->loop.stop = false;
	assert_int_equal(loop_run(&w->loop), 0);
	w->at = (uintptr_t)w->conn.in.at;
	w->room = w->conn.in.room;
	assert_true(freed_holds(w->at, w->room, SECRET) ||
	    getenv("PILLARBOX_EMULATED") != NULL);
}

static int
begin(void **state)
{
	static struct world w;
	int ends[2];

	w = (struct world){ .conn.on = on_conn };
	assert_int_equal(loop_init(&w.loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends), 0);
	w.peer = ends[1];
	buf_init(&w.out, 100);
	assert_int_equal(conn_open(&w.conn, &w.loop, ends[0], 65536, &w.out),
	    0);
	hear(&w);
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	conn_drop(&w->conn);
	buf_drop(&w->out);
	loop_drop(&w->loop);
	close(w->peer);
	return 0;
}

static void
test_dropped(void **state)
{
	struct world *w = *state;

	conn_drop(&w->conn);
	assert_false(freed_holds(w->at, w->room, SECRET));
}

static void
test_finished(void **state)
{
	struct world *w = *state;

	conn_finish(&w->conn);
	assert_false(freed_holds(w->at, w->room, SECRET));
}

static void
test_outgrown(void **state)
{
	struct world *w = *state;
	const uintptr_t at = w->at;
	const size_t room = w->room;

	hear(w);
	assert_true(w->at != at);
	assert_int_equal(w->conn.in.len, 2 * LONG);
	assert_memory_equal(w->conn.in.at + LONG - strlen(SECRET), SECRET,
	    strlen(SECRET));
	assert_false(freed_holds(at, room, SECRET));
}

static void
test_eaten(void **state)
{
	struct world *w = *state;

	hear(w);
	buf_eat(&w->conn.in, 2 * LONG);
	conn_resume(&w->conn);
	assert_null(w->conn.in.at);
	assert_false(freed_holds(w->at, w->room, SECRET));
}

static void
test_sent(void **state)
{
	struct world *w = *state;

	w->out.max = 2 * LONG;
	w->at = (uintptr_t)buf_space(&w->out, 2 * LONG);
	buf_add_format(&w->out, "%100s", SECRET);
	w->room = w->out.room;
	conn_flush(&w->conn);

	/* It is kept until the owner, told of it, has nothing more to send. */
	assert_int_equal(w->out.len, 0);
	assert_non_null(w->out.at);
	w->loop.stop = false;
	assert_int_equal(loop_run(&w->loop), 0);
	assert_null(w->out.at);
	assert_false(freed_holds(w->at, w->room, SECRET));
}

int
conn_wipe_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dropped, begin, end),
		cmocka_unit_test_setup_teardown(test_finished, begin, end),
		cmocka_unit_test_setup_teardown(test_outgrown, begin, end),
		cmocka_unit_test_setup_teardown(test_eaten, begin, end),
		cmocka_unit_test_setup_teardown(test_sent, begin, end),
	};

	return cmocka_run_group_tests_name("net/conn wiped", tests, NULL, NULL);
}
