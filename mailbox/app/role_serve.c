/*
 * pillarbox serve: takes the data directory, binds the ports, turns signals
 * into orders, and reads configuration and keys for the roles. It is never
 * given a byte from the network.
 */
#include "app/role_part.h"

#include "base/log.h"
#include "net/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATH_MAX_LEN 4096	/* bytes */
#define WHY_MAX 2048		/* bytes of a sentence */
#define LOCK_TRIES 10		/* "status" tries it too, for an instant */
#define LOCK_PAUSE_NS 20000000
#define RESOLV_EVERY_MS 30000	/* one stat(2) */
#define FILES_SPARE 256		/* descriptors besides connections */

/* What we were started with open is no business of ours, or of the roles. */
static void
files_close(int kept)
{
	unsigned first = STDERR_FILENO + 1;

	if (kept >= (int)first) {
		(void)syscall(SYS_close_range, first, kept - 1, 0);
		first = (unsigned)kept + 1;
	}
	(void)syscall(SYS_close_range, first, ~0u, 0);
}

static const char *
data_remedy(int error)
{
	switch (error) {
	case ENOENT:
		return "make it with: pillarbox init";
	case EROFS:
		return "make its disk writable; for a service of systemd, "
		    "also name it in ReadWritePaths=";
	default:
		return "look at its owner and rights";
	}
}

/* Hold the data directory for ourselves. Returns: an exit code. */
static int
lock_take(struct boss *boss)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	struct buf path;
	int tries;

	buf_init(&path, PATH_MAX_LEN);
	buf_add(&path, buf_str(&boss->data));
	buf_add_text(&path, "/lock");
	boss->lock = open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0644);
	buf_drop(&path);
	if (boss->lock < 0) {
		log_event(LOG_ERROR, "data-directory",
		    LOG_S("path", buf_str(&boss->data)),
		    LOG_C("why", strerror(errno)),
		    LOG_C("do", data_remedy(errno)));
		return errno == EROFS || errno == ENOSPC || errno == EIO ?
		    ROLE_FAILED : ROLE_DATA;
	}
	for (tries = 0; flock(boss->lock, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (tries == LOCK_TRIES) {
			log_event(LOG_ERROR, "already-running",
			    LOG_S("data", buf_str(&boss->data)));
			return ROLE_FAILED;
		}
		(void)nanosleep(&pause, NULL);
	}
	if (ftruncate(boss->lock, 0) < 0 ||
	    dprintf(boss->lock, "%ld\n", (long)getpid()) < 0)
		log_event(LOG_ERROR, "lock-unwritten",
		    LOG_C("why", strerror(errno)));
	return ROLE_DONE;
}

/*
 * Allow the descriptors of as many connections as the configuration does:
 * each is a socket, and a letter that is written or read as a file.
 */
static void
files_allow(const struct config *config)
{
	rlim_t need = FILES_SPARE + 2 * ((rlim_t)config->smtp_connections +
	    config->pop3_connections + config->imap_connections +
	    config->submission_connections);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < need)
		log_event(LOG_ERROR, "few-descriptors",
		    LOG_N("wanted", (int64_t)need),
		    LOG_N("allowed", (int64_t)limit.rlim_cur));
}

/* Say what of a new configuration waits for the next start. */
static void
log_unreloaded(const struct config *old, const struct config *now,
	const struct boss *boss)
{
	bool listen = old->listen_count != now->listen_count;
	size_t i;

	for (i = 0; !listen && i < old->listen_count; i++)
		listen = strcmp(old->listen[i], now->listen[i]) != 0;
	if (listen || old->smtp_port != now->smtp_port ||
	    old->pop3_port != now->pop3_port ||
	    old->pop3s_port != now->pop3s_port ||
	    old->imap_port != now->imap_port ||
	    old->imaps_port != now->imaps_port ||
	    old->submission_port != now->submission_port ||
	    old->submissions_port != now->submissions_port)
		log_event(LOG_ERROR, "reload-waits", LOG_C("key", "ports"),
		    LOG_C("do", "restart to use the new ones"));
	if (!str_equal(buf_str(&boss->data), str_of(now->data)) ||
	    !str_equal(buf_str(&boss->user), str_of(now->user)))
		log_event(LOG_ERROR, "reload-waits",
		    LOG_C("key", "data or user"),
		    LOG_C("do", "restart to use the new one"));
}

/* Say what will not work without the authorities that sign for others. */
static void
log_roots(const struct setup *setup)
{
	if (setup->roots_err != 0)
		log_event(LOG_ERROR, "roots-unread",
		    LOG_C("path", setup->config.tls_roots),
		    LOG_C("why", strerror(-setup->roots_err)),
		    LOG_C("now", "nothing is sent to smart hosts and to "
		    "domains with an MTA-STS policy"),
		    LOG_C("do", "install ca-certificates, or correct "
		    "tls.roots"));
}

/* Send the set-up to all roles. */
static void
hand_out(struct boss *boss, const char *event)
{
	const struct wire_head head = { .kind = WIRE_SETUP };
	struct buf packed;
	size_t i;
	int fd;

	buf_init(&packed, SETUP_PACKED_MAX);
	setup_pack(&boss->setup, &packed);
	fd = wire_pack(buf_str(&packed));
	buf_wipe(&packed);
	for (i = 0; fd >= 0 && i < ROLE_COUNT; i++)
		role_tell(&boss->roles[i], &head, fd);
	if (fd >= 0)
		close(fd);
	log_event(fd >= 0 ? LOG_INFO : LOG_ERROR, event,
	    LOG_C("result", fd >= 0 ? "done" : strerror(-fd)));
}

/* SIGHUP: a set-up that is good goes to all roles, another to nobody. */
static void
reload(struct boss *boss)
{
	struct setup fresh = { 0 };
	struct buf text;
	int err;

	buf_init(&text, WHY_MAX);
	err = setup_load(&fresh, boss->file, &text);
	if (err != 0)
		log_event(LOG_ERROR, "reload-failed",
		    LOG_S("why", buf_str(&text)),
		    LOG_C("now", "the old configuration stays in use"));
	buf_drop(&text);
	if (err != 0) {
		setup_drop(&fresh);
		return;
	}
	log_unreloaded(&boss->setup.config, &fresh.config, boss);
	setup_drop(&boss->setup);
	boss->setup = fresh;
	log_open(boss->one ? ONE_NAME : BOSS_NAME, role_level(&fresh.config));
	log_roots(&boss->setup);
	hand_out(boss, "reload");
}

static void
on_resolv(struct timer *t)
{
	struct boss *boss = list_of(t, struct boss, resolv);

	if (setup_follow_resolv(&boss->setup))
		hand_out(boss, "resolv-changed");
	timer_set(&boss->loop, t, RESOLV_EVERY_MS);
}

static void
heed(struct boss *boss, uint32_t number)
{
	size_t i;

	if (number == SIGCHLD) {
		for (i = 0; i < ROLE_COUNT; i++)
			role_reap(&boss->roles[i]);
	} else if (number == SIGHUP) {
		if (!boss->stopping)
			reload(boss);
	} else if (boss->stopping) {
		/* The second SIGTERM or SIGINT means now. */
		boss_kill(boss);
	} else {
		boss_stop(boss, ROLE_DONE);
	}
}

static void
on_signal(struct watch *w, unsigned events)
{
	struct boss *boss = list_of(w, struct boss, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(w->fd, &info, sizeof info) == (ssize_t)sizeof info)
		heed(boss, info.ssi_signo);
}

/* Hear of signals in the loop. Returns: 0 or negative errno. */
static int
signals_open(struct boss *boss)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	boss->signals = (struct watch){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
		.ready = on_signal
	};
	if (boss->signals.fd < 0)
		return -errno;
	return loop_watch(&boss->loop, &boss->signals, LOOP_READ);
}

/* All that can be refused before a role is started. Returns: exit code. */
static int
prepare(struct boss *boss)
{
	const struct config *config = &boss->setup.config;
	int code, err;

	buf_init(&boss->data, PATH_MAX_LEN);
	buf_init(&boss->user, PATH_MAX_LEN);
	buf_add_text(&boss->data, config->data);
	/* Whoever is not root can become nobody else. */
	if (geteuid() == 0)
		buf_add_text(&boss->user, config->user);
	code = lock_take(boss);
	if (code != ROLE_DONE)
		return code;
	files_allow(config);
	log_roots(&boss->setup);
	err = role_ports_open(&boss->ports, config);
	if (err != 0)
		return ROLE_FAILED;
	err = signals_open(boss);
	if (err == 0)
		return ROLE_DONE;
	log_event(LOG_ERROR, "signals-unheard", LOG_C("why", strerror(-err)));
	return ROLE_FAILED;
}

/* The roles of a single process have closed their ports themselves. */
static void
release(struct boss *boss)
{
	if (!boss->one)
		role_ports_drop(&boss->ports);
	if (boss->signals.fd >= 0)
		close(boss->signals.fd);
	if (boss->lock >= 0)
		close(boss->lock);
	if (boss->ready_fd >= 0)
		close(boss->ready_fd);
	buf_drop(&boss->data);
	buf_drop(&boss->user);
	setup_drop(&boss->setup);
	loop_drop(&boss->loop);
}

int
role_serve(struct setup *setup, const char *file, bool one, int ready_fd)
{
	struct boss boss = {
		.setup = *setup, .file = file, .one = one,
		.ready_fd = ready_fd, .lock = -1,
		.signals = { .fd = -1 },
		.ports = { .smtp = { -1 }, .pop3 = { -1 }, .pop3s = { -1 },
		    .imap = { -1 }, .imaps = { -1 },
		    .submission = { -1 }, .submissions = { -1 } },
		.resolv = { .fire = on_resolv }
	};

	*setup = (struct setup){ .text = { NULL, 0, 0, 0, false } };
	files_close(ready_fd);
	log_open(one ? ONE_NAME : BOSS_NAME, role_level(&boss.setup.config));
	if (loop_init(&boss.loop) != 0) {
		boss.code = ROLE_FAILED;
	} else {
		boss.code = prepare(&boss);
	}
	if (boss.code == ROLE_DONE) {
		boss_begin(&boss);
		timer_set(&boss.loop, &boss.resolv, RESOLV_EVERY_MS);
		if (loop_run(&boss.loop) != 0)
			boss.code = ROLE_FAILED;
	}
	release(&boss);
	return boss.code;
}
