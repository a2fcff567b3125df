/* What services share: who is let in, who has to go, who waits for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/service.h"
#include "base/crypto.h"

int service_test(void);

#define HOUSE 3			/* connections at once, in all */
#define HOUSE_NEAR 2		/* of one network */

/* A service whose sessions do nothing. */
struct fixture {
	struct loop loop;
	struct era *era;
	struct service service;
	unsigned port;
	struct settle settle;
	unsigned begun, evicted, awaited;
};

struct guest {
	struct member member;
	int fd;
	bool secure;
};

static struct service_limits
limits_of(const struct config *config)
{
	assert_ptr_equal(config->host, NULL);
	return (struct service_limits){
		.connections = HOUSE, .per_network = HOUSE_NEAR
	};
}

static void
guest_end(struct service *s, struct member *m)
{
	struct guest *g = list_of(m, struct guest, member);

	crowd_leave(&s->crowd, m);
	close(g->fd);
	free(g);
}

static void
on_evict(struct service *s, struct member *m)
{
	list_of(s, struct fixture, service)->evicted++;
	guest_end(s, m);
}

static void
on_begin(struct service *s, int fd, const struct peer *peer,
	struct network network, bool secure)
{
	struct guest *g = xalloc(1, sizeof *g);

	assert_int_equal(peer->ip_len, 4);
	g->fd = fd;
	g->secure = secure;
	crowd_join(&s->crowd, &g->member, network);
	list_of(s, struct fixture, service)->begun++;
}

static void
on_settle(struct settle *settle)
{
	struct fixture *f = list_of(settle, struct fixture, settle);

	f->loop.stop = f->begun >= f->awaited;
}

static int
begin(void **state)
{
	static struct fixture f;
	const int none[] = { -1 };
	int ports[] = { -1, -1 };
	struct setup setup = { .text = { NULL, 0, 0, 0, false } };
	struct sockaddr_in at;
	socklen_t len = sizeof at;

	f = (struct fixture){
		.service = {
			.limits = limits_of, .begin = on_begin,
			.evict = on_evict
		}
	};
	*state = &f;
	assert_int_equal(loop_init(&f.loop), 0);
	f.era = xalloc(1, sizeof *f.era);
	f.era->users = 1;
	f.era->setup = setup;
	ports[0] = listen_open("127.0.0.1", 0);
	assert_true(ports[0] >= 0);
	assert_int_equal(getsockname(ports[0],
	    (struct sockaddr *)(void *)&at, &len), 0);
	f.port = ntohs(at.sin_port);
	assert_int_equal(service_open(&f.service, &f.loop, f.era, ports,
	    none), 0);
	f.settle = (struct settle){ .run = on_settle };
	loop_settle(&f.loop, &f.settle);
	return 0;
}

static int
end(void **state)
{
	struct fixture *f = *state;
	struct list *members = &f->service.crowd.members;

	while (!list_empty(members))
		guest_end(&f->service, list_of(members->next, struct member,
		    link));
	service_drop(&f->service);
	service_drop(&f->service);
	assert_int_equal(f->era->users, 1);
	era_drop(f->era);
	loop_drop(&f->loop);
	return 0;
}

/* Connect from an address of loopback, and have it be taken note of. */
static int
knock(struct fixture *f, const char *from)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)f->port)
	};
	struct sockaddr_in source = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &at.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET, from, &source.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)(void *)&source,
	    sizeof source), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)(void *)&at,
	    sizeof at), 0);
	f->awaited++;
	f->loop.stop = false;
	assert_int_equal(loop_run(&f->loop), 0);
	return fd;
}

static void
a_full_house_makes_room(void **state)
{
	static const char *const from[] = {
		"127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.2.1",
		"127.0.3.1"
	};
	static const unsigned evicted[] = { 0, 0, 1, 1, 2 };
	static const size_t count[] = { 1, 2, 2, 3, 3 };
	struct fixture *f = *state;
	int fds[countof(from)];
	size_t i;

	for (i = 0; i < countof(from); i++) {
		fds[i] = knock(f, from[i]);
		assert_int_equal(f->evicted, evicted[i]);
		assert_int_equal(f->service.crowd.count, count[i]);
	}
	for (i = 0; i < countof(from); i++)
		close(fds[i]);
}

static void
nobody_comes_after_a_stop(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct fixture *f = *state;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	close(knock(f, "127.0.0.1"));
	service_stop(&f->service);
	assert_true(f->service.stopping);
	at.sin_port = htons((uint16_t)f->port);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &at.sin_addr), 1);
	assert_int_equal(connect(fd, (struct sockaddr *)(void *)&at,
	    sizeof at), -1);
	assert_int_equal(f->service.crowd.count, 1);
	close(fd);
}

static void
a_new_era_is_held(void **state)
{
	struct fixture *f = *state;
	struct era *next = xalloc(1, sizeof *next);

	next->users = 1;
	assert_int_equal(f->era->users, 2);
	service_renew(&f->service, next);
	assert_int_equal(f->era->users, 1);
	assert_int_equal(next->users, 2);
	service_renew(&f->service, f->era);
	era_drop(next);
}

static void
who_begins_to_wait_waits_for_the_next(void **state)
{
	struct list waiting, now, links[3] = { { NULL, NULL } };

	(void)state;
	list_init(&waiting);
	list_add(&waiting, &links[0]);
	list_add(&waiting, &links[1]);
	service_settling(&waiting, &now);
	assert_true(list_empty(&waiting));
	list_add(&waiting, &links[2]);
	assert_ptr_equal(now.next, &links[0]);
	assert_ptr_equal(now.prev, &links[1]);
	assert_ptr_equal(waiting.next, &links[2]);
}

static void
what_was_eaten_is_wiped(void **state)
{
	struct buf in;

	(void)state;
	buf_init(&in, 100);
	buf_add_text(&in, "PASS secret\r\nNOOP\r\n");
	service_eat(&in, 13);
	assert_string_equal(buf_text(&in), "NOOP\r\n");
	assert_null(memmem(in.at, in.room, "secret", 6));
	assert_null(memmem(in.at, in.room, "ret", 3));
	service_eat(&in, 6);
	assert_null(memmem(in.at, in.room, "NOOP", 4));
	buf_drop(&in);
	service_eat(&in, 0);
}

static void
no_two_letters_share_a_name(void **state)
{
	char one[SERVICE_ID], two[SERVICE_ID];

	(void)state;
	service_letter_id(one);
	service_letter_id(two);
	assert_int_equal(strlen(one), SERVICE_ID - 1);
	assert_int_equal(strspn(one, "0123456789abcdef"), SERVICE_ID - 1);
	assert_string_not_equal(one, two);
}

int
service_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_house_makes_room,
		    begin, end),
		cmocka_unit_test_setup_teardown(nobody_comes_after_a_stop,
		    begin, end),
		cmocka_unit_test_setup_teardown(a_new_era_is_held,
		    begin, end),
		cmocka_unit_test(who_begins_to_wait_waits_for_the_next),
		cmocka_unit_test(what_was_eaten_is_wiped),
		cmocka_unit_test(no_two_letters_share_a_name),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/service", tests, NULL, NULL);
}
