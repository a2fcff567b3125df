/*
 * argon2id takes a good part of a second and tens of megabytes on purpose, so
 * it is run in a fork that does nothing else: it closes every descriptor but
 * its end of a pipe, stretches, writes the key, and exits. The fork is under
 * the same cage as the role that made it.
 *
 * Invariants:
 * 1. A login is waiting, or has a child, or neither; it counts in its desk
 *    while it is one of the first two.
 * 2. The key is wiped on every way out.
 */
#include "app/login.h"

#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX 65536		/* descriptors closed one by one */

/* Connections that end while the child runs must not live on in it. */
static void
close_all_but(int kept)
{
	struct rlimit limit = { .rlim_cur = FILES_MAX };
	int fd;

	if (kept != STDERR_FILENO + 1) {
		if (dup2(kept, STDERR_FILENO + 1) < 0)
			_exit(1);
	}
	if (syscall(SYS_close_range, STDERR_FILENO + 2, ~0u, 0) == 0)
		return;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	for (fd = STDERR_FILENO + 2;
	    fd < FILES_MAX && (rlim_t)fd < limit.rlim_cur; fd++)
		(void)close(fd);
}

static _Noreturn void
run_child(const struct login *l, int pipe_end)
{
	unsigned char key[SEAL_KEY];
	ssize_t put = -1;

	close_all_but(pipe_end);
	if (seal_stretch(l->secret, l->how.salt, l->how.ops, l->how.mem,
	    key) == 0)
		put = write(STDERR_FILENO + 1, key, sizeof key);
	crypto_wipe(key, sizeof key);
	_exit(put == (ssize_t)sizeof key ? 0 : 1);
}

/* The child has ended, or has to: no zombie stays. */
static void
child_end(struct login *l, bool early)
{
	struct login_desk *desk = l->desk;

	timer_cancel(desk->loop, &l->deadline);
	loop_unwatch(desk->loop, &l->pipe);
	close(l->pipe.fd);
	if (early)
		(void)kill(l->child, SIGKILL);
	while (waitpid(l->child, NULL, 0) < 0 && errno == EINTR)
		;
	l->child = 0;
	desk->running_count--;
	timer_set(desk->loop, &desk->next, 0);
}

/* Call done(), after which l may be no more. */
static void
tell(struct login *l, int err)
{
	unsigned char key[SEAL_KEY];

	memcpy(key, l->key, sizeof key);
	crypto_wipe(l->key, sizeof l->key);
	l->secret = str_from(NULL, 0);
	l->done(l, err, key);
	crypto_wipe(key, sizeof key);
}

static void
on_pipe(struct watch *w, unsigned events)
{
	struct login *l = list_of(w, struct login, pipe);
	ssize_t got;

	(void)events;
	got = read(w->fd, l->key + l->got, sizeof l->key - l->got);
	if (got > 0)
		l->got += (size_t)got;
	/* At its end the child is done, be there a key or not. */
	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	child_end(l, false);
	if (l->got == sizeof l->key) {
		tell(l, 0);
		return;
	}
	log_event(LOG_ERROR, "password-unstretched",
	    LOG_C("why", "the child ended early; is there memory enough?"));
	tell(l, -ENOMEM);
}

static void
on_deadline(struct timer *t)
{
	struct login *l = list_of(t, struct login, deadline);

	child_end(l, true);
	log_event(LOG_ERROR, "password-unstretched",
	    LOG_C("why", "it took too long"));
	tell(l, -ETIMEDOUT);
}

/* Returns: 0 or negative errno (logged). */
static int
child_begin(struct login *l)
{
	struct loop *loop = l->desk->loop;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	l->pipe = (struct watch){ .fd = ends[0], .ready = on_pipe };
	l->deadline = (struct timer){ .fire = on_deadline };
	l->got = 0;
	err = loop_watch(loop, &l->pipe, LOOP_READ);
	if (err != 0)
		goto out_close_pipe;
	l->child = fork();
	if (l->child == 0)
		run_child(l, ends[1]);
	if (l->child < 0) {
		err = -errno;
		l->child = 0;
		loop_unwatch(loop, &l->pipe);
		goto out_close_pipe;
	}
	close(ends[1]);
	timer_set(loop, &l->deadline, LOGIN_DEADLINE_MS);
	l->desk->running_count++;
	return 0;
out_close_pipe:
	close(ends[0]);
	close(ends[1]);
	log_event(LOG_ERROR, "password-unstretched",
	    LOG_C("why", strerror(-err)));
	return err;
}

/* Give the next ones a child each. */
static void
on_next(struct timer *t)
{
	struct login_desk *desk = list_of(t, struct login_desk, next);
	struct login *l;
	int err;

	while (desk->running_count < LOGIN_CHILDREN &&
	    !list_empty(&desk->waiting)) {
		l = list_of(desk->waiting.next, struct login, link);
		list_take(&l->link);
		desk->waiting_count--;
		err = child_begin(l);
		if (err != 0)
			tell(l, err);
	}
}

void
login_desk_init(struct login_desk *desk, struct loop *loop)
{
	*desk = (struct login_desk){ .loop = loop, .next.fire = on_next };
	list_init(&desk->waiting);
}

void
login_desk_drop(struct login_desk *desk)
{
	if (desk->loop == NULL)
		return;
	must(desk->running_count == 0 && desk->waiting_count == 0);
	timer_cancel(desk->loop, &desk->next);
}

int
login_begin(struct login_desk *desk, struct login *l, struct str secret,
	const struct credential_stretch *how)
{
	if (desk->waiting_count >= LOGIN_QUEUE)
		return -EAGAIN;
	*l = (struct login){
		.done = l->done, .desk = desk, .secret = secret, .how = *how
	};
	list_add(&desk->waiting, &l->link);
	desk->waiting_count++;
	timer_set(desk->loop, &desk->next, 0);
	return 0;
}

void
login_cancel(struct login *l)
{
	if (l->child > 0)
		child_end(l, true);
	if (l->link.next != NULL) {
		list_take(&l->link);
		l->desk->waiting_count--;
	}
	crypto_wipe(l->key, sizeof l->key);
	l->secret = str_from(NULL, 0);
}
