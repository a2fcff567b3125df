/* What a role must still be able to do. */
#include "cage_world.h"

#include "net/dial.h"
#include "net/resolve.h"
#include "net/tls_client.h"
#include "net/wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mbedtls/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
works(const struct cage_world *w, const char *what, bool ok)
{
	if (!ok)
		cage_report(w, what);
}

static void
need_wire(const struct cage_world *w)
{
	struct wire_head head = { .kind = WIRE_SETUP };
	struct wire_mail mail = { .fd = -1 };
	struct buf room, text;
	int fd;

	buf_init(&room, WIRE_BODY_MAX);
	buf_init(&text, 100);
	fd = wire_pack(STR("hello"));
	works(w, "memfd", fd >= 0);
	works(w, "send", wire_send(w->ends[0], &head, NULL, 0, fd) == 0);
	works(w, "receive", wire_receive(w->ends[1], &room, &mail) == 0);
	works(w, "unpack", wire_unpack(mail.fd, &text) == 0 &&
	    str_equal(buf_str(&text), STR("hello")));
	close(fd);
	close(mail.fd);
	buf_drop(&room);
	buf_drop(&text);
}

struct bell {
	struct timer timer;
	struct loop *loop;
};

static void
on_bell(struct timer *t)
{
	list_of(t, struct bell, timer)->loop->stop = true;
}

void
cage_need_basics(struct cage_world *w)
{
	struct bell bell = { .timer.fire = on_bell, .loop = &w->loop };
	struct timespec pause = { 0, 1000 };
	unsigned char bytes[16];
	size_t i;
	void *at;

	for (i = 1; i <= (16 << 20); i *= 4) {
		at = calloc(1, i);
		works(w, "memory", at != NULL);
		at = realloc(at, i * 2);
		works(w, "more memory", at != NULL);
		free(at);
	}
	works(w, "chance", getrandom(bytes, sizeof bytes, 0) == 16);
	works(w, "locked memory", mlock(bytes, sizeof bytes) == 0 ||
	    errno == ENOMEM);
	works(w, "time", time(NULL) > 0);
	works(w, "sleep", nanosleep(&pause, NULL) == 0);
	timer_set(&w->loop, &bell.timer, 1);
	works(w, "loop", loop_run(&w->loop) == 0);
	works(w, "signal", signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	need_wire(w);
}

void
cage_need_accept(struct cage_world *w)
{
	int one = 1, fd;

	fd = accept4(w->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	works(w, "accept", fd >= 0);
	works(w, "option", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one,
	    sizeof one) == 0);
	works(w, "write", send(fd, "220", 3, MSG_NOSIGNAL) == 3);
	works(w, "shutdown", shutdown(fd, SHUT_WR) == 0);
	close(fd);
}

void
cage_need_tls(struct cage_world *w)
{
	struct tls_pair pair = tls_peer_pair_view(&w->pair);
	enum tls_result result = TLS_WANT_READ;
	struct tls_server *server = NULL;
	struct tls_peer peer;
	struct tls *tls;
	int i;

	works(w, "certificate", tls_server_open(&server, &pair, 1, true) == 0);
	if (server == NULL)
		return;
	tls = tls_begin(server, w->streams[0]);
	tls_peer_begin(&peer, w->streams[1], NULL,
	    MBEDTLS_SSL_VERSION_TLS1_3);
	for (i = 0; i < 10; i++) {
		(void)tls_peer_shake(&peer);
		result = tls_handshake(tls);
	}
	works(w, "handshake", result == TLS_OK && peer.shaken);
	tls_drop(tls);
	tls_peer_end(&peer);
	tls_server_drop(server);
}

static bool
said(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void
need_files(struct cage_world *w)
{
	struct stat about;
	struct flock lock = { .l_type = F_WRLCK };
	int dir, fd;
	DIR *list;

	dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	works(w, "directory", dir >= 0);
	works(w, "mkdir", mkdirat(dir, "blob", 0700) == 0);
	fd = openat(dir, "blob/a", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	works(w, "create", fd >= 0);
	works(w, "write", pwrite(fd, "bytes", 5, 0) == 5);
	works(w, "allocate", fallocate(fd, 0, 0, 4096) == 0 ||
	    errno == EOPNOTSUPP);
	works(w, "truncate", ftruncate(fd, 100) == 0);
	works(w, "sync", fsync(fd) == 0 && fdatasync(fd) == 0 &&
	    syncfs(fd) == 0);
	works(w, "push", sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) ==
	    0);
	works(w, "lock", fcntl(fd, F_SETLK, &lock) == 0);
	works(w, "flock", flock(fd, LOCK_EX | LOCK_NB) == 0);
	works(w, "fstat", fstat(fd, &about) == 0 && about.st_size == 100);
	works(w, "fchmod", fchmod(fd, 0640) == 0);
	works(w, "rename", renameat(dir, "blob/a", dir, "b") == 0);
	works(w, "stat", fstatat(dir, "b", &about, 0) == 0);
	works(w, "unlink", unlinkat(dir, "b", 0) == 0);
	works(w, "rmdir", unlinkat(dir, "blob", AT_REMOVEDIR) == 0);
	list = fdopendir(dir);
	works(w, "list", list != NULL && readdir(list) != NULL);
	if (list != NULL)
		closedir(list);
	close(fd);
}

void
cage_need_database(struct cage_world *w)
{
	char path[CAGE_PATH_SIZE + 10];
	sqlite3 *db = NULL;

	need_files(w);
	(void)snprintf(path, sizeof path, "%s/test.db", w->dir);
	works(w, "database", sqlite3_open(path, &db) == SQLITE_OK);
	works(w, "journal", said(db, "PRAGMA journal_mode = WAL"));
	works(w, "table", said(db, "CREATE TABLE t (a, b)"));
	works(w, "rows", said(db, "INSERT INTO t SELECT value, "
	    "randomblob(10000) FROM json_each('[1,2,3,4,5,6]')"));
	works(w, "checkpoint", said(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
	works(w, "sort", said(db, "SELECT * FROM t ORDER BY b"));
	works(w, "vacuum", said(db, "VACUUM"));
	works(w, "close", sqlite3_close(db) == SQLITE_OK);
}

/* The child that stretches a password: same cage, no way to exec. */
void
cage_need_child(struct cage_world *w)
{
	int ends[2] = { -1, -1 }, status;
	char byte = 0;
	pid_t pid;

	works(w, "pipe", pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	pid = fork();
	if (pid == 0) {
		works(w, "dup2", dup2(ends[1], 100) == 100);
		cage_try_exec(w);
		cage_try_sockets(w);
		works(w, "stretch", calloc(64, 1 << 20) != NULL);
		works(w, "answer", write(100, "k", 1) == 1);
		_exit(7);
	}
	works(w, "fork", pid > 0);
	works(w, "wait", waitpid(pid, &status, 0) == pid &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 7);
	works(w, "read", read(ends[0], &byte, 1) == 1 && byte == 'k');
	pid = fork();
	if (pid == 0)
		for (;;)
			(void)pause();
	works(w, "kill", kill(pid, SIGKILL) == 0);
	works(w, "reap", waitpid(pid, &status, 0) == pid &&
	    WIFSIGNALED(status));
	close(ends[0]);
	close(ends[1]);
}

/* As a client that wants all proven. */
void
cage_need_tls_client(struct cage_world *w)
{
	struct tls_pair pair = tls_peer_pair_view(&w->pair);
	struct tls_goal goal = { .proof = TLS_NAME,
		.host = STR("mx.example.test") };
	enum tls_result result = TLS_WANT_READ;
	struct tls_client *client = NULL;
	struct tls_server *server = NULL;
	struct tls *here, *there;
	int i;

	works(w, "server", tls_server_open(&server, &pair, 1, false) == 0);
	works(w, "client", tls_client_open(&client, pair.cert) == 0);
	if (server == NULL || client == NULL)
		return;
	here = tls_begin_to(client, w->streams[0], &goal,
	    TLS_PEER_NOW);
	there = tls_begin(server, w->streams[1]);
	for (i = 0; i < 10; i++) {
		result = tls_handshake(here);
		(void)tls_handshake(there);
	}
	works(w, "handshake as the client", result == TLS_OK);
	tls_drop(here);
	tls_drop(there);
	tls_client_drop(client);
	tls_server_drop(server);
}

struct call {
	struct dial dial;
	struct loop *loop;
	int fd;
};

static void
on_called(struct dial *d, int fd)
{
	struct call *call = list_of(d, struct call, dial);

	call->fd = fd;
	call->loop->stop = true;
}

static int
call(struct cage_world *w, const struct dial_address *address)
{
	struct call c = { .dial.done = on_called, .loop = &w->loop };

	w->loop.stop = false;
	dial_begin(&c.dial, &w->loop, address, 1000);
	works(w, "loop", loop_run(&w->loop) == 0);
	return c.fd;
}

/* Sockets as libraries make them, that know no flags of socket(2). */
static void
need_library_socket(const struct cage_world *w, int domain, int type)
{
	int fd = socket(domain, type, 0), flags;
	struct pollfd look = { .fd = fd, .events = POLLIN };

	works(w, "socket", fd >= 0 || errno == EAFNOSUPPORT);
	if (fd < 0)
		return;
	flags = fcntl(fd, F_GETFL);
	works(w, "flags", flags >= 0);
	works(w, "O_NONBLOCK", fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
	works(w, "FD_CLOEXEC", fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
	works(w, "poll", poll(&look, 1, 0) >= 0);
	close(fd);
}

void
cage_need_connect(struct cage_world *w)
{
	struct dial_address v4 = { .ip = { 127, 0, 0, 1 }, .ip_len = 4,
		.port = ntohs(w->address.sin_port) };
	struct dial_address v6 = { .ip = { [15] = 1 }, .ip_len = 16,
		.port = ntohs(w->address.sin_port) };
	const struct sockaddr *to = (const struct sockaddr *)&w->address;
	struct sockaddr_in own;
	socklen_t len = sizeof own;
	int fd;

	fd = call(w, &v4);
	works(w, "connect", fd >= 0);
	close(fd);
	fd = call(w, &v6);
	works(w, "connect by IPv6", fd != -EPERM && fd != -EACCES);
	if (fd >= 0)
		close(fd);
	need_library_socket(w, AF_INET, SOCK_STREAM);
	need_library_socket(w, AF_INET, SOCK_DGRAM);
	need_library_socket(w, AF_INET6, SOCK_STREAM);
	need_library_socket(w, AF_INET6, SOCK_DGRAM);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	works(w, "udp", fd >= 0);
	works(w, "udp connect", connect(fd, to, sizeof w->address) == 0);
	works(w, "own address", getsockname(fd, (struct sockaddr *)&own,
	    &len) == 0);
	works(w, "ask", sendto(fd, "x", 1, MSG_NOSIGNAL, NULL, 0) == 1);
	close(fd);
}

struct question {
	struct lookup lookup;
	struct loop *loop;
	enum resolve_result result;
};

static void
on_answer(struct lookup *l, const struct resolve_answer *answer)
{
	struct question *q = list_of(l, struct question, lookup);

	q->result = answer->result;
	q->loop->stop = true;
}

/* Over UDP, and then over TCP, since the answer is cut off. */
void
cage_need_resolver(struct cage_world *w)
{
	struct question q = { .lookup.done = on_answer, .loop = &w->loop,
		.result = RESOLVE_FAILED };
	struct resolver *resolver = NULL;
	struct str server;
	char text[32];

	server = str_from(text, (size_t)snprintf(text, sizeof text,
	    "127.0.0.1:%u", w->dns_port));
	works(w, "resolver", resolver_open(&resolver, &w->loop, &server, 1,
	    false) == 0);
	if (resolver == NULL)
		return;
	w->loop.stop = false;
	lookup_begin(resolver, &q.lookup, RESOLVE_A, STR("mx.example.test"));
	works(w, "loop", loop_run(&w->loop) == 0);
	works(w, "lookup", q.result == RESOLVE_FOUND);
	resolver_drop(resolver);
}
