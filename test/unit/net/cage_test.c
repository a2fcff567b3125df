/*
 * Each role in a child of its own, caged, tries what it may never do and then
 * what it needs. The child writes the names of what went wrong into a pipe;
 * the parent wants to read nothing there.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cage_world.h"

#include "base/crypto.h"
#include "net/cage.h"
#include "net/listen.h"
#include "net/wire.h"

int cage_test(void);

/* qemu-user has neither Landlock nor seccomp: there all is let through. */
static bool
walls_missing(void)
{
	return getenv("PILLARBOX_EMULATED") != NULL;
}

static void
path_of(char path[CAGE_PATH_SIZE], const char *dir, const char *name)
{
	assert_in_range(snprintf(path, CAGE_PATH_SIZE, "%s%s", dir, name), 1,
	    CAGE_PATH_SIZE - 1);
}

static void
file_make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret", 6), 6);
	close(fd);
}

static void
sockets_make(struct cage_world *w)
{
	socklen_t len = sizeof w->address;

	w->listening = listen_open("127.0.0.1", 0);
	assert_true(w->listening >= 0);
	assert_int_equal(getsockname(w->listening,
	    (struct sockaddr *)&w->address, &len), 0);
	w->knocking = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(w->knocking, (struct sockaddr *)&w->address,
	    sizeof w->address), 0);
	w->tcp = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(w->tcp >= 0);
	assert_int_equal(wire_pair(w->ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->streams), 0);
}

struct test {
	struct cage_world world;
	pid_t dns;
	char top[CAGE_PATH_SIZE];
	int report;		/* the parent's end */
};

/* A DNS server that is in no cage. */
static void
dns_start(struct test *t)
{
	static const struct dns_record record = { .type = DNS_A,
		.data = "\300\0\2\1", .len = 4 };
	static const struct dns_script script = { .tc = true,
		.records = &record, .count = 1 };
	struct dns_peer peer;
	struct loop loop;
	int told[2];

	assert_int_equal(pipe(told), 0);
	t->dns = fork();
	assert_true(t->dns >= 0);
	if (t->dns == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		    loop_init(&loop) != 0)
			_exit(1);
		dns_peer_open(&peer, &loop);
		peer.script = &script;
		if (write(told[1], &peer.port, sizeof peer.port) < 0)
			_exit(1);
		(void)loop_run(&loop);
		_exit(0);
	}
	assert_int_equal(read(told[0], &t->world.dns_port,
	    sizeof t->world.dns_port), sizeof t->world.dns_port);
	close(told[0]);
	close(told[1]);
}

static int
begin(void **state)
{
	static const char *const names[] = { "mx.example.test", NULL };
	static struct test t;
	struct cage_world *w = &t.world;
	int fds[2];

	t = (struct test){ .report = -1 };
	(void)snprintf(t.top, sizeof t.top, P_tmpdir "/cage-test-%ld",
	    (long)getpid());
	assert_int_equal(mkdir(t.top, 0700), 0);
	path_of(w->dir, t.top, "/data");
	path_of(w->outside, t.top, "/outside");
	path_of(w->beside, t.top, "/beside");
	path_of(w->link, t.top, "/data/link");
	assert_int_equal(mkdir(w->dir, 0700), 0);
	file_make(w->outside);
	assert_int_equal(symlink(w->outside, w->link), 0);
	sockets_make(w);
	crypto_start();
	tls_peer_pair_make(&w->pair, names);
	/* before the pipe that must have one writer */
	dns_start(&t);
	assert_int_equal(pipe(fds), 0);
	t.report = fds[0];
	w->report = fds[1];
	w->parent = getpid();
	*state = &t;
	return 0;
}

static int
end(void **state)
{
	static const char *const files[] = { "/data/link", "/data/test.db",
		"/data/test.db-wal", "/data/test.db-shm", "/outside" };
	struct test *t = *state;
	struct cage_world *w = &t->world;
	char path[CAGE_PATH_SIZE];
	size_t i;

	assert_int_equal(kill(t->dns, SIGKILL), 0);
	assert_int_equal(waitpid(t->dns, NULL, 0), t->dns);
	for (i = 0; i < countof(files); i++) {
		path_of(path, t->top, files[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(w->dir), 0);
	assert_int_equal(rmdir(t->top), 0);
	tls_peer_pair_drop(&w->pair);
	close(t->report);
	close(w->listening);
	close(w->knocking);
	close(w->tcp);
	for (i = 0; i < 2; i++) {
		close(w->ends[i]);
		close(w->streams[i]);
	}
	return 0;
}

/* Run the tries and needs of a role in a caged child. */
static void
try_role(struct test *t, enum cage_role role,
	void (*tries)(struct cage_world *w))
{
	const struct cage cage = { .role = role, .dir = t->world.dir };
	char report[4000];
	ssize_t len;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (loop_init(&t->world.loop) != 0 || cage_enter(&cage) != 0)
			cage_report(&t->world, "cage");
		tries(&t->world);
		_exit(0);
	}
	close(t->world.report);
	len = read(t->report, report, sizeof report - 1);
	assert_true(len >= 0);
	report[len] = '\0';
	assert_string_equal(report, "");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
as_intake(struct cage_world *w)
{
	if (!walls_missing()) {
		cage_try_files(w);
		cage_try_exec(w);
		cage_try_sockets(w);
		cage_try_powers(w);
		cage_try_signals(w);
		if (fork() >= 0)
			cage_report(w, "fork");
	}
	cage_need_basics(w);
	cage_need_accept(w);
	cage_need_tls(w);
}

static void
as_keeper(struct cage_world *w)
{
	if (!walls_missing()) {
		cage_try_outside(w);
		cage_try_exec(w);
		cage_try_sockets(w);
		cage_try_powers(w);
		cage_try_signals(w);
		cage_need_child(w);
	}
	cage_need_basics(w);
	cage_need_accept(w);
	cage_need_tls(w);
	cage_need_database(w);
}

static void
as_courier(struct cage_world *w)
{
	if (!walls_missing()) {
		cage_try_files(w);
		cage_try_exec(w);
		cage_try_accept(w);
		cage_try_powers(w);
		cage_try_signals(w);
		if (fork() >= 0)
			cage_report(w, "fork");
	}
	cage_need_basics(w);
	cage_need_tls_client(w);
	cage_need_connect(w);
	cage_need_resolver(w);
}

static void
test_intake(void **state)
{
	try_role(*state, CAGE_INTAKE, as_intake);
}

static void
test_keeper(void **state)
{
	try_role(*state, CAGE_KEEPER, as_keeper);
}

static void
test_courier(void **state)
{
	try_role(*state, CAGE_COURIER, as_courier);
}

/* How a caged child ends that does what. */
static int
ending(void (*what)(void))
{
	const struct cage cage = { .role = CAGE_KEEPER, .dir = P_tmpdir };
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (cage_enter(&cage) != 0)
			_exit(1);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
do_abort(void)
{
	abort();
}

/* What cannot be otherwise still ends the role as it should. */
static void
test_abort(void **state)
{
	int status;

	(void)state;
	status = ending(do_abort);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
}

static void
do_x32(void)
{
#ifdef __x86_64__
	(void)syscall(0x40000000 | SYS_getpid);
#endif
}

/* The numbers of another architecture are no way round the table. */
static void
test_foreign(void **state)
{
	int status;

	(void)state;
#ifndef __x86_64__
	skip();
#endif
	if (walls_missing())
		skip();
	status = ending(do_x32);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void
do_look(void)
{
	struct rlimit limit = { 1, 1 };

	_exit(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ?
	    0 : 2);
}

static void
test_hardened(void **state)
{
	(void)state;
	assert_int_equal(ending(do_look), 0);
}

/* Root becomes the user, and can never be root again. */
static void
test_user(void **state)
{
	struct cage cage = { .role = CAGE_KEEPER, .dir = P_tmpdir,
		.user = "nobody" };
	const struct passwd *nobody = getpwnam("nobody");
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0 || nobody == NULL)
		skip();
	pid = fork();
	if (pid == 0) {
		if (cage_enter(&cage) != 0)
			_exit(1);
		if (geteuid() != nobody->pw_uid || getegid() != nobody->pw_gid)
			_exit(2);
		_exit(syscall(SYS_setuid, 0) < 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pid = fork();
	if (pid == 0) {
		cage.user = "no-such-user";
		if (cage_enter(&cage) != -EINVAL)
			_exit(1);
		cage.user = "root";
		_exit(cage_enter(&cage) == -EINVAL ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
cage_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_intake, begin, end),
		cmocka_unit_test_setup_teardown(test_keeper, begin, end),
		cmocka_unit_test_setup_teardown(test_courier, begin, end),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_hardened),
		cmocka_unit_test(test_user),
	};

	return cmocka_run_group_tests_name("net/cage", tests, NULL, NULL);
}
