/* Listening sockets and who knocks, on loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/listen.h"

int listen_test(void);

struct world {
	struct loop loop;
	struct listener listener;
	struct settle settle;
	int knocks;
	int knocks_of_turn;
	int knocks_max;
	int wanted;
	bool drop;
	struct peer peer;
	int options;
};

static void
on_knock(struct listener *l, int fd, const struct peer *peer)
{
	struct world *w = list_of(l, struct world, listener);
	int value = 0;
	socklen_t len = sizeof value;

	w->peer = *peer;
	w->knocks_of_turn++;
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value,
	    &len), 0);
	w->options = value;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value,
	    &len), 0);
	w->options += value;
	close(fd);
	if (w->drop) {
		listener_drop(l, &w->loop);
		listener_drop(l, &w->loop);
	}
	if (++w->knocks == w->wanted)
		w->loop.stop = true;
}

static void
on_settle(struct settle *s)
{
	struct world *w = list_of(s, struct world, settle);

	if (w->knocks_of_turn > w->knocks_max)
		w->knocks_max = w->knocks_of_turn;
	w->knocks_of_turn = 0;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof a;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin6_port);
}

static int
knock4(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
knock6(unsigned port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static unsigned
begin(struct world *w, const char *address, int wanted)
{
	int fd;

	*w = (struct world){ .wanted = wanted };
	assert_int_equal(loop_init(&w->loop), 0);
	w->settle.run = on_settle;
	loop_settle(&w->loop, &w->settle);
	fd = listen_open(address, 0);
	assert_true(fd >= 0);
	w->listener.knock = on_knock;
	assert_int_equal(listener_open(&w->listener, &w->loop, fd), 0);
	return port_of(fd);
}

static void
finish(struct world *w)
{
	listener_drop(&w->listener, &w->loop);
	listener_drop(&w->listener, &w->loop);
	loop_drop(&w->loop);
}

static void
test_v4(void **state)
{
	struct world w;
	unsigned port;
	int fd;

	(void)state;
	port = begin(&w, "127.0.0.1", 1);
	fd = knock4(port);
	assert_true(fd >= 0);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_string_equal(w.peer.text, "127.0.0.1");
	assert_int_equal(w.peer.ip_len, 4);
	assert_memory_equal(w.peer.ip, "\177\0\0\1", 4);
	assert_int_equal(w.peer.port, port_of(fd));
	assert_int_equal(w.options, 2);
	assert_int_equal(listen_open("127.0.0.1", port), -EADDRINUSE);
	close(fd);
	finish(&w);
}

static void
test_v6(void **state)
{
	struct world w;
	unsigned port;
	int fd;

	(void)state;
	fd = listen_open("::1", 0);
	if (fd < 0)
		skip();
	close(fd);
	port = begin(&w, "::1", 1);
	assert_int_equal(knock4(port), -1);
	fd = knock6(port);
	assert_true(fd >= 0);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_string_equal(w.peer.text, "::1");
	assert_int_equal(w.peer.ip_len, 16);
	close(fd);
	finish(&w);
}

/* Mapped addresses are told as the IPv4 ones they are. */
static void
test_both(void **state)
{
	struct world w;
	unsigned port;
	int fd;

	(void)state;
	port = begin(&w, "*", 1);
	fd = knock4(port);
	assert_true(fd >= 0);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_string_equal(w.peer.text, "127.0.0.1");
	assert_int_equal(w.peer.ip_len, 4);
	close(fd);
	fd = knock6(port);
	if (fd >= 0) {
		w.loop.stop = false;
		w.wanted = 2;
		assert_int_equal(loop_run(&w.loop), 0);
		assert_string_equal(w.peer.text, "::1");
		close(fd);
	}
	finish(&w);
}

static void
test_no_address(void **state)
{
	(void)state;
	assert_int_equal(listen_open("localhost", 0), -EINVAL);
	assert_int_equal(listen_open("", 0), -EINVAL);
	assert_int_equal(listen_open("127.0.0.1", 65536), -EINVAL);
	assert_int_equal(listen_open("192.0.2.1", 0), -EADDRNOTAVAIL);
}

static void
test_burst(void **state)
{
	struct world w;
	unsigned port;
	int fds[100], i;

	(void)state;
	port = begin(&w, "127.0.0.1", 100);
	for (i = 0; i < 100; i++) {
		fds[i] = knock4(port);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(w.knocks, 100);
	assert_int_equal(w.knocks_max, 64);
	for (i = 0; i < 100; i++)
		close(fds[i]);
	finish(&w);
}

static void
test_drop_in_knock(void **state)
{
	struct world w;
	unsigned port;
	int fds[2];

	(void)state;
	port = begin(&w, "127.0.0.1", 1);
	w.drop = true;
	fds[0] = knock4(port);
	fds[1] = knock4(port);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(w.knocks, 1);
	assert_int_equal(knock4(port), -1);
	close(fds[0]);
	close(fds[1]);
	finish(&w);
}

struct bell {
	struct timer timer;
	struct rlimit limit;
	struct loop *loop;
};

static void
on_relief(struct timer *t)
{
	struct bell *b = list_of(t, struct bell, timer);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &b->limit), 0);
}

/* Without descriptors it rests, and goes on when there are some again. */
static void
test_no_descriptors(void **state)
{
	struct world w;
	struct bell b = { .timer.fire = on_relief };
	struct rlimit none;
	unsigned port;
	int64_t before_ms;
	int fd;

	(void)state;
	port = begin(&w, "127.0.0.1", 1);
	fd = knock4(port);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &b.limit), 0);
	none = b.limit;
	none.rlim_cur = 3;
	before_ms = w.loop.clock.mono_ms;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	timer_set(&w.loop, &b.timer, 50);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(w.knocks, 1);
	assert_true(w.loop.clock.mono_ms - before_ms >= 900);
	close(fd);
	finish(&w);
}

int
listen_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_drop_in_knock),
		cmocka_unit_test(test_no_descriptors),
	};

	return cmocka_run_group_tests_name("net/listen", tests, NULL, NULL);
}
