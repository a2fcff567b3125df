#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/role_world.h"

#include "base/crypto.h"
#include "net/listen.h"
#include "store/box.h"
#include "store/credential.h"

static const char config_text[] =
	"data = \"/nowhere\";\n"
	"domains = [\"example.test\"];\n"
	"smtp = { size_max = 200000; per_network = 50; };\n"
	"pop3 = { port = 0; tls_port = 0; };\n"
	"imap = { port = 0; tls_port = 0; };\n"
	"submission = { port = 0; tls_port = 0; };\n";

/* A store with an owner and an app password. */
static void
store_make(struct role_world *w)
{
	struct loop loop = { .epoll = -1 };
	struct seal_owner *owner;
	struct buf recovery;
	struct db *db;

	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(db_open(&db, w->dir, DB_CREATE, &loop.clock), 0);
	buf_init(&recovery, 256);
	assert_int_equal(credential_create(db, STR(WORLD_PASSWORD),
	    &recovery), 0);
	assert_int_equal(credential_unlock(db, buf_str(&recovery), &owner), 0);
	assert_int_equal(credential_app_add(db, owner, STR("phone"),
	    &w->app_password), 0);
	seal_owner_drop(owner);
	buf_wipe(&recovery);
	assert_int_equal(db_commit(db), 0);
	db_close(db);
	loop_drop(&loop);
}

/* What setup_load() finds in files. */
static int
certificate_make(struct setup *setup)
{
	const struct str name = STR("mail.example.test");
	int err;

	buf_init(&setup->keys[0], SETUP_PEM_MAX);
	buf_init(&setup->certs[0], SETUP_PEM_MAX);
	err = crypto_self_sign(&name, 1, 1700000000, &setup->keys[0],
	    &setup->certs[0]);
	setup->pairs[0].key = buf_str(&setup->keys[0]);
	setup->pairs[0].cert = buf_str(&setup->certs[0]);
	setup->config.certificate_count = 1;
	return err;
}

/* The role's process; asserts would be no use in it. */
static _Noreturn void
live(const struct role_world *w, struct role_start *start,
	int (*begin)(const struct role_start *start))
{
	struct setup setup = { .text = { NULL, 0, 0, 0, false } };
	struct loop loop;
	struct buf why;

	alarm(60);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	buf_init(&why, 1000);
	if (config_parse(&setup.config, str_of(config_text), "test", &why) != 0)
		_exit(2);
	if (begin == keeper_start && certificate_make(&setup) != 0)
		_exit(2);
	start->setup = &setup;
	start->data = w->dir;
	start->loop = &loop;
	if (loop_init(&loop) != 0 || begin(start) != 0)
		_exit(3);
	_exit(loop_run(&loop) == 0 ? 0 : 4);
}

static unsigned
port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;

	assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&at, &len),
	    0);
	return ntohs(at.sin_port);
}

/* Listen on any port of loopback. Returns: the socket. */
static int
port_open(unsigned *port)
{
	int fd = listen_open("127.0.0.1", 0);

	assert_true(fd >= 0);
	*port = port_of(fd);
	return fd;
}

void
world_start(struct role_world *w,
	int (*start)(const struct role_start *start), bool store)
{
	int boss[2], between[2];
	int ports[2] = { -1, -1 }, clear[2] = { -1, -1 };
	int secure[2] = { -1, -1 };
	const int none[] = { -1 };
	struct role_start begin = {
		.name = "tested",
		.smtp = ports, .pop3 = none, .pop3s = none,
		.imap = none, .imaps = none,
		.submission = clear, .submissions = secure,
		.wires = { -1, -1, -1 }
	};
	struct wire_mail mail;

	*w = (struct role_world){ .dir = "/tmp/role-test-" "XX" "XX" "XX" };
	assert_non_null(mkdtemp(w->dir));
	buf_init(&w->app_password, 100);
	if (store)
		store_make(w);
	buf_init(&w->room, WIRE_BODY_MAX);
	ports[0] = port_open(&w->port);
	clear[0] = port_open(&w->submission);
	secure[0] = port_open(&w->submissions);
	assert_int_equal(wire_pair(boss), 0);
	assert_int_equal(wire_pair(between), 0);
	begin.boss = boss[1];
	w->other = start == keeper_start ? ROLE_INTAKE : ROLE_KEEPER;
	begin.wires[w->other] = between[1];
	w->pid = fork();
	if (w->pid == 0) {
		close(boss[0]);
		close(between[0]);
		live(w, &begin, start);
	}
	assert_true(w->pid > 0);
	close(boss[1]);
	close(between[1]);
	close(ports[0]);
	close(clear[0]);
	close(secure[0]);
	w->boss = boss[0];
	w->wire = w->boss;
	world_hear(w, &mail);
	assert_int_equal(mail.head.kind, WIRE_READY);
	w->wire = between[0];
}

void
world_end(struct role_world *w)
{
	const struct wire_head stop = { .kind = WIRE_STOP };
	char command[128];
	int status;

	/* It may have ended already. */
	(void)!wire_send(w->boss, &stop, NULL, 0, -1);
	close(w->wire);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(w->boss);
	buf_drop(&w->room);
	buf_wipe(&w->app_password);
	(void)snprintf(command, sizeof command, "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
}

unsigned
world_stored(const struct role_world *w)
{
	struct box_status status;
	struct loop loop = { .epoll = -1 };
	struct db *db;

	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(db_open(&db, w->dir, DB_READ, &loop.clock), 0);
	assert_int_equal(box_status(db, BOX_INBOX, &status), 0);
	db_close(db);
	loop_drop(&loop);
	return (unsigned)status.messages;
}

void
world_address(const struct role_world *w, struct str name,
	enum address_state state)
{
	struct loop loop = { .epoll = -1 };
	struct db *db;

	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(db_open(&db, w->dir, DB_WRITE, &loop.clock), 0);
	assert_int_equal(address_set(db, name, state), 0);
	assert_int_equal(db_commit(db), 0);
	db_close(db);
	loop_drop(&loop);
}

void
world_hear(struct role_world *w, struct wire_mail *mail)
{
	struct pollfd p = { .fd = w->wire, .events = POLLIN };

	assert_int_equal(poll(&p, 1, WORLD_PATIENCE_MS), 1);
	assert_int_equal(wire_receive(w->wire, &w->room, mail), 0);
}

bool
world_silent(struct role_world *w, int ms)
{
	struct pollfd p = { .fd = w->wire, .events = POLLIN };

	return poll(&p, 1, ms) == 0;
}

void
world_say_raw(struct role_world *w, struct str bytes)
{
	assert_int_equal(send(w->wire, bytes.at, bytes.len, 0), bytes.len);
}

void
world_say(struct role_world *w, const struct wire_head *head,
	const struct str *bodies, size_t count)
{
	struct pollfd p = { .fd = w->wire, .events = POLLOUT };

	assert_int_equal(poll(&p, 1, WORLD_PATIENCE_MS), 1);
	assert_int_equal(wire_send(w->wire, head, bodies, count, -1), 0);
}

void
world_rewire(struct role_world *w)
{
	const struct wire_head head = {
		.kind = WIRE_PEER, .number = w->other
	};
	int between[2];

	close(w->wire);
	assert_int_equal(wire_pair(between), 0);
	assert_int_equal(wire_send(w->boss, &head, NULL, 0, between[1]), 0);
	close(between[1]);
	w->wire = between[0];
}
