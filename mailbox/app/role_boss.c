/*
 * The supervisor's watch over the roles: it starts them, starts them again
 * when they end, and stops them.
 *
 * Two roles talk over a wire that is new whenever one of them starts: it is
 * born with its end, and the other is sent the other end.
 */
#include "app/role_part.h"

#include "base/log.h"
#include "net/wire.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STABLE_MS 1000		/* a role that lived so long was well */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 30000
#define PATIENCE_MS (ROLE_DRAIN_MS + 5000)

void
role_tell(struct role *r, const struct wire_head *head, int fd)
{
	int err;

	if (!r->alive)
		return;
	err = wire_send(r->wire.fd, head, NULL, 0, fd);
	if (err == 0 || err == -EPIPE)
		return;		/* its end is noticed soon */
	log_event(LOG_ERROR, "role-deaf", LOG_C("role", role_name(r->id)),
	    LOG_C("why", strerror(-err)));
	if (r->pid > 0)
		(void)kill(r->pid, SIGKILL);
}

static void
role_unhear(struct role *r)
{
	if (r->heard)
		loop_unwatch(&r->boss->loop, &r->wire);
	r->heard = false;
}

static void
end_if_all_did(struct boss *boss)
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++)
		if (boss->roles[i].alive)
			return;
	boss->loop.stop = true;
}

void
boss_stop(struct boss *boss, int code)
{
	const struct wire_head head = { .kind = WIRE_STOP };
	size_t i;

	if (boss->stopping)
		return;
	log_event(LOG_INFO, "stopping", LOG_N("code", code));
	boss->stopping = true;
	boss->code = code;
	timer_cancel(&boss->loop, &boss->resolv);
	if (!boss->one)
		role_ports_drop(&boss->ports);
	for (i = 0; i < ROLE_COUNT; i++) {
		timer_cancel(&boss->loop, &boss->roles[i].again);
		role_tell(&boss->roles[i], &head, -1);
	}
	timer_set(&boss->loop, &boss->patience, PATIENCE_MS);
	end_if_all_did(boss);
}

/* A role has ended, as it should or not. */
static void
role_gone(struct role *r)
{
	struct boss *boss = r->boss;
	int64_t lived_ms = boss->loop.clock.mono_ms - r->started_ms;

	role_unhear(r);
	close(r->wire.fd);
	r->alive = r->ready = false;
	r->pid = 0;
	if (boss->stopping) {
		end_if_all_did(boss);
		return;
	}
	if (lived_ms >= STABLE_MS)
		r->pause_ms = 0;
	else if (r->pause_ms == 0)
		r->pause_ms = PAUSE_MIN_MS;
	else
		r->pause_ms = r->pause_ms < PAUSE_MAX_MS / 2 ?
		    2 * r->pause_ms : PAUSE_MAX_MS;
	timer_set(&boss->loop, &r->again, r->pause_ms);
}

static void
on_served(struct boss *boss)
{
	boss->served = true;
	log_event(LOG_INFO, "serving", LOG_S("data", buf_str(&boss->data)),
	    LOG_N("pid", getpid()));
	if (boss->ready_fd < 0)
		return;
	if (write(boss->ready_fd, "\n", 1) < 0)
		log_event(LOG_ERROR, "ready-unsaid",
		    LOG_C("why", strerror(errno)));
	close(boss->ready_fd);
	boss->ready_fd = -1;
}

static void
note_ready(struct role *r)
{
	struct boss *boss = r->boss;
	bool all = true;
	size_t i;

	r->ready = true;
	for (i = 0; i < ROLE_COUNT; i++)
		all = all && boss->roles[i].ready;
	if (all && !boss->served)
		on_served(boss);
}

static void
on_role(struct watch *w, unsigned events)
{
	struct role *r = list_of(w, struct role, wire);
	struct wire_mail mail;
	int err;

	(void)events;
	err = wire_receive(w->fd, &r->boss->room, &mail);
	buf_drop(&r->boss->room);
	if (err == 0) {
		if (mail.fd >= 0)
			close(mail.fd);
		if (mail.head.kind == WIRE_READY)
			note_ready(r);
		else
			log_event(LOG_ERROR, "role-garbled",
			    LOG_C("role", role_name(r->id)),
			    LOG_N("kind", mail.head.kind));
		return;
	}
	if (err == -EAGAIN || err == -EBADMSG)
		return;
	/* A process that ends is told by SIGCHLD. */
	role_unhear(r);
	if (r->boss->one)
		role_gone(r);
}

/* Whether two roles talk to each other: everybody to the keeper alone. */
static bool
are_peers(enum role_id one, enum role_id other)
{
	return one != other && (one == ROLE_KEEPER || other == ROLE_KEEPER);
}

/* Make the wires of a role that starts to those that are there already. */
static int
wires_make(struct role *r, int own[ROLE_COUNT])
{
	struct boss *boss = r->boss;
	int pair[2], err;
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++) {
		if (!boss->roles[i].alive || !are_peers(r->id,
		    (enum role_id)i))
			continue;
		err = wire_pair(pair);
		if (err != 0)
			return err;
		own[i] = pair[0];
		boss->lent[i] = pair[1];
	}
	return 0;
}

/* Hand the other ends over, or close them. */
static void
wires_hand_out(struct role *r, bool started)
{
	const struct wire_head head = { .kind = WIRE_PEER, .number = r->id };
	struct boss *boss = r->boss;
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++) {
		if (boss->lent[i] < 0)
			continue;
		if (started)
			role_tell(&boss->roles[i], &head, boss->lent[i]);
		close(boss->lent[i]);
		boss->lent[i] = -1;
	}
}

static void
wires_close(const int wires[ROLE_COUNT])
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++)
		if (wires[i] >= 0)
			close(wires[i]);
}

/* Start a role with its wires. Returns: 0 or negative errno (logged). */
static int
role_launch(struct role *r)
{
	int boss_wire[2], wires[ROLE_COUNT] = { -1, -1, -1 };
	int err;

	err = wire_pair(boss_wire);
	if (err != 0)
		return err;
	err = wires_make(r, wires);
	if (err == 0) {
		r->wire = (struct watch){
			.fd = boss_wire[0], .ready = on_role
		};
		r->started_ms = r->boss->loop.clock.mono_ms;
		r->alive = true;
		err = role_begin(r, boss_wire[1], wires);
	} else {
		wires_close(wires);
		close(boss_wire[1]);
	}
	if (err == 0)
		err = loop_watch(&r->boss->loop, &r->wire, LOOP_READ);
	r->heard = r->alive = err == 0;
	if (err != 0)
		close(boss_wire[0]);
	wires_hand_out(r, err == 0);
	return err;
}

static void
on_again(struct timer *t)
{
	struct role *r = list_of(t, struct role, again);
	int err;

	err = role_launch(r);
	if (err == 0)
		return;
	log_event(LOG_ERROR, "role-unstarted", LOG_C("role", role_name(r->id)),
	    LOG_C("why", strerror(-err)));
	if (r->boss->one) {
		boss_stop(r->boss, r->id == ROLE_KEEPER ? ROLE_DATA :
		    ROLE_FAILED);
		return;
	}
	r->pause_ms = PAUSE_MAX_MS;
	timer_set(&r->boss->loop, t, r->pause_ms);
}

void
role_reap(struct role *r)
{
	int status;

	if (r->pid <= 0 || waitpid(r->pid, &status, WNOHANG) != r->pid)
		return;
	if (!r->boss->stopping || status != 0)
		log_event(LOG_ERROR, "role-ended",
		    LOG_C("role", role_name(r->id)), LOG_N("pid", r->pid),
		    LOG_N("code", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
		    LOG_N("signal", WIFSIGNALED(status) ? WTERMSIG(status) :
		    0));
	role_gone(r);
	if (!r->boss->served && WIFEXITED(status) &&
	    WEXITSTATUS(status) == ROLE_DATA)
		boss_stop(r->boss, ROLE_DATA);
}

void
boss_kill(struct boss *boss)
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++)
		if (boss->roles[i].pid > 0)
			(void)kill(boss->roles[i].pid, SIGKILL);
	if (boss->one)
		boss->loop.stop = true;
}

static void
on_patience(struct timer *t)
{
	struct boss *boss = list_of(t, struct boss, patience);

	log_event(LOG_ERROR, "stop-forced", LOG_N("ms", PATIENCE_MS));
	boss->code = ROLE_FAILED;
	boss_kill(boss);
}

void
boss_begin(struct boss *boss)
{
	struct role *r;
	size_t i;

	boss->patience = (struct timer){ .fire = on_patience };
	buf_init(&boss->room, WIRE_BODY_MAX);
	for (i = 0; i < ROLE_COUNT; i++) {
		r = &boss->roles[i];
		*r = (struct role){
			.boss = boss, .id = (enum role_id)i,
			.again = { .fire = on_again }
		};
		boss->lent[i] = -1;
		timer_set(&boss->loop, &r->again, 0);
	}
}
