/* Connecting on loopback: to who answers, who refuses, and who is silent. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

#include "net/dial.h"
#include "net/listen.h"

int dial_test(void);

#define SOON_MS 5000
#define FILLERS 8

struct world {
	struct loop loop;
	struct dial dial;
	struct dial_address address;
	int listening;
	int fd;			/* or negative errno */
	int calls;
	int again;		/* so often it begins anew from within done() */
	struct timer bell;
};

static void
on_done(struct dial *d, int fd)
{
	struct world *w = list_of(d, struct world, dial);

	w->fd = fd;
	w->calls++;
	if (w->calls <= w->again) {
		if (fd >= 0)
			close(fd);
		memset(d, 0, sizeof *d);
		d->done = on_done;
		dial_begin(d, &w->loop, &w->address, SOON_MS);
		return;
	}
	memset(d, 0xA5, sizeof *d);
	w->loop.stop = true;
}

static void
on_bell(struct timer *t)
{
	list_of(t, struct world, bell)->loop.stop = true;
}

static void
begin(struct world *w, const char *address)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	socklen_t len = sizeof a;

	*w = (struct world){ .fd = -1 };
	w->dial.done = on_done;
	w->bell.fire = on_bell;
	assert_int_equal(loop_init(&w->loop), 0);
	w->listening = listen_open(address, 0);
	if (w->listening < 0)
		return;
	assert_int_equal(getsockname(w->listening, &a.any, &len), 0);
	if (a.any.sa_family == AF_INET6) {
		memcpy(w->address.ip, &a.v6.sin6_addr, 16);
		w->address.ip_len = 16;
		w->address.port = ntohs(a.v6.sin6_port);
	} else {
		memcpy(w->address.ip, &a.v4.sin_addr, 4);
		w->address.ip_len = 4;
		w->address.port = ntohs(a.v4.sin_port);
	}
}

static void
finish(struct world *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->listening >= 0)
		close(w->listening);
	loop_drop(&w->loop);
}

static void
dial(struct world *w, int64_t deadline_ms)
{
	w->loop.stop = false;
	dial_begin(&w->dial, &w->loop, &w->address, deadline_ms);
	assert_int_equal(w->calls, 0);
	assert_int_equal(loop_run(&w->loop), 0);
}

static int
option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void
assert_talks(struct world *w)
{
	char byte = 0;
	int other;

	assert_true(w->fd >= 0);
	assert_true((fcntl(w->fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(w->fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(option(w->fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(w->fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	other = accept(w->listening, NULL, NULL);
	assert_true(other >= 0);
	assert_int_equal(write(w->fd, "x", 1), 1);
	assert_int_equal(read(other, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(other);
}

static void
test_v4(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "127.0.0.1");
	dial(&w, SOON_MS);
	assert_int_equal(w.calls, 1);
	assert_talks(&w);
	assert_int_equal(w.loop.timers, 0);
	finish(&w);
}

static void
test_v6(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "::1");
	if (w.listening >= 0) {
		dial(&w, SOON_MS);
		assert_int_equal(w.calls, 1);
		assert_talks(&w);
	}
	finish(&w);
}

static void
test_refused(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "127.0.0.1");
	close(w.listening);
	w.listening = -1;
	dial(&w, SOON_MS);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.fd, -ECONNREFUSED);
	finish(&w);
}

/* Who does not answer at all: a listener whose waiting line is full. */
static void
test_silent(void **state)
{
	struct world w;
	struct sockaddr_in a;
	socklen_t len = sizeof a;
	int fillers[FILLERS];
	int64_t before_ms;
	size_t i;

	(void)state;
	begin(&w, "127.0.0.1");
	assert_int_equal(listen(w.listening, 0), 0);
	assert_int_equal(getsockname(w.listening, (struct sockaddr *)&a,
	    &len), 0);
	for (i = 0; i < FILLERS; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fillers[i], (struct sockaddr *)&a, sizeof a);
	}
	before_ms = w.loop.clock.mono_ms;
	dial(&w, 50);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.fd, -ETIMEDOUT);
	assert_true(w.loop.clock.mono_ms - before_ms >= 50);
	for (i = 0; i < FILLERS; i++)
		close(fillers[i]);
	finish(&w);
}

static void
test_cancel(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "127.0.0.1");
	dial_cancel(&w.dial);
	dial_begin(&w.dial, &w.loop, &w.address, SOON_MS);
	dial_cancel(&w.dial);
	dial_cancel(&w.dial);
	timer_set(&w.loop, &w.bell, 20);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(w.calls, 0);
	assert_int_equal(w.loop.timers, 0);
	finish(&w);
}

static void
test_again(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "127.0.0.1");
	w.again = 3;
	dial_begin(&w.dial, &w.loop, &w.address, SOON_MS);
	assert_int_equal(loop_run(&w.loop), 0);
	assert_int_equal(w.calls, 4);
	assert_true(w.fd >= 0);
	finish(&w);
}

/* What fails at once is told from the loop as well; and no fd is lost. */
static void
test_at_once(void **state)
{
	struct rlimit before, none;
	struct world w;

	(void)state;
	begin(&w, "127.0.0.1");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	dial(&w, SOON_MS);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(w.calls, 1);
	assert_int_equal(w.fd, -EMFILE);
	memset(w.address.ip, 0xFF, 4);
	memset(&w.dial, 0, sizeof w.dial);
	w.dial.done = on_done;
	w.calls = 0;
	dial(&w, SOON_MS);
	assert_true(w.fd == -ENETUNREACH || w.fd == -EACCES);
	finish(&w);
}

static void
test_text(void **state)
{
	static const struct {
		struct dial_address address;
		const char *bare, *whole;
	} cases[] = {
		{ { { 192, 0, 2, 1 }, 4, 25 }, "192.0.2.1", "192.0.2.1:25" },
		{ { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 16, 465 },
		  "2001:db8::1", "[2001:db8::1]:465" }
	};
	struct buf out;
	size_t i;

	(void)state;
	buf_init(&out, DIAL_TEXT_MAX);
	for (i = 0; i < countof(cases); i++) {
		buf_clear(&out);
		dial_address_add(&out, &cases[i].address, false);
		assert_string_equal(buf_text(&out), cases[i].bare);
		buf_clear(&out);
		dial_address_add(&out, &cases[i].address, true);
		assert_string_equal(buf_text(&out), cases[i].whole);
	}
	buf_drop(&out);
}

int
dial_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests_name("net/dial", tests, NULL, NULL);
}
