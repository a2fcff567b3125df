/*
 * A connection: moves bytes between a socket, perhaps through TLS, and two
 * buffers, and tells its owner by events. Knows no protocol.
 *
 * 1. on() is called from turn() and on_deadline() alone, and so from the loop
 *    alone. What a call of the owner makes due waits for the wake timer.
 * 2. After on() nothing of the connection is touched when it was dropped.
 * 3. CONN_CLOSED is told once, and is the last event.
 * 4. No memory goes unwiped: passwords come in and mail goes both ways.
 */
#include "net/conn_part.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_MAX 65536		/* bytes read in a turn, so all get theirs */
#define KEPT_MAX (CONN_CHUNK_MIN + 1)	/* bytes of an empty buffer kept for */
#define REST_MS 1000		/* so long */
#define FINISH_MS 2000

static bool
alive(const struct conn *c)
{
	return c->loop != NULL && c->state != CONN_DEAD;
}

bool
conn_idle(const struct conn *c)
{
	return c->out->len == 0 && c->packed_out.len == 0 &&
	    !c->tls_wants_write;
}

/* Whether what came in compressed has more to give. */
static bool
unpacks(const struct conn *c)
{
	return c->deflate != NULL && (c->packed_in.len > 0 || c->unpack_more);
}

static bool
wants_input(const struct conn *c)
{
	if (c->state == CONN_SHAKING)
		return true;
	return alive(c) && !c->paused && (!c->ended || unpacks(c)) &&
	    c->in.len < c->in.max;
}

/* Whether all has been told but that it is over. */
static bool
over(const struct conn *c)
{
	return c->state == CONN_DEAD ||
	    (c->ended && !c->paused && conn_idle(c) && !unpacks(c));
}

/* Whether bytes can be had that no poll of the socket will announce. */
static bool
input_waits(const struct conn *c)
{
	return wants_input(c) &&
	    (!c->watched || unpacks(c) ||
	    (c->tls != NULL && tls_pending(c->tls)));
}

/* Whether our side can be shut down, all having been sent. */
static bool
parts_now(const struct conn *c)
{
	return c->finishing && !c->finished && alive(c) &&
	    c->state != CONN_SHAKING && conn_idle(c);
}

/* Whether there is something to tell, or to do, that nothing announces. */
static bool
due(const struct conn *c)
{
	return over(c) || input_waits(c) || (c->due_input && !c->paused) ||
	    (c->due_drained && conn_idle(c)) || parts_now(c);
}

/*
 * Free what is empty, and larger than room bytes; not what an owner who hears
 * that all is sent is about to fill anew, nor, until there is rest, what more
 * will come into, the last read having left some.
 */
static void
shed(struct conn *c, size_t room)
{
	if (c->in.len == 0 && c->in.room > room &&
	    (room == 0 || c->chunk == CONN_CHUNK_MIN))
		buf_wipe(&c->in);
	if (conn_idle(c) && !c->due_drained && !c->out->full &&
	    c->out->room > room)
		buf_wipe(c->out);
	if (c->packed_in.len == 0)
		buf_wipe(&c->packed_in);
	if (c->packed_out.len == 0)
		buf_wipe(&c->packed_out);
}

/*
 * Be woken by what can happen next. That input is not wanted is told to the
 * kernel only when some has come nevertheless: nearly always an owner who
 * paused goes on before that, and two system calls are saved. Small empty
 * buffers stay for a moment, in which mostly more comes.
 */
static void
rearm(struct conn *c, bool unwanted)
{
	unsigned events = 0;

	shed(c, KEPT_MAX);
	if (wants_input(c) || (!unwanted && (c->watch.events & EPOLLIN) != 0))
		events |= EPOLLIN;
	if (alive(c) && !conn_idle(c))
		events |= EPOLLOUT;
	if (c->watched)
		loop_change(c->loop, &c->watch, events);
	c->resting = !due(c);
	if (!c->resting)
		timer_set(c->loop, &c->wake, 0);
	else if (c->in.at != NULL || c->out->at != NULL)
		timer_set(c->loop, &c->wake, REST_MS);
}

static void
unwatch(struct conn *c)
{
	if (c->watched)
		loop_unwatch(c->loop, &c->watch);
	c->watched = false;
}

/* Tell the owner; false when the connection is no more. */
static bool
tell(struct conn *c, enum conn_event event)
{
	bool gone = false;

	if (c->finishing && event != CONN_CLOSED)
		return true;
	c->gone = &gone;
	c->on(c, event);
	if (!gone)
		c->gone = NULL;
	return !gone;
}

static void
fill(struct conn *c)
{
	size_t before = c->in.len;

	while (conn_fill_once(c) && c->in.len - before < TURN_MAX)
		continue;
	if (c->finishing)
		buf_clear(&c->in);
}

/* Go on with the handshake; true when that ends it well. */
static bool
shake(struct conn *c)
{
	enum tls_result result = tls_handshake(c->tls);

	c->tls_wants_write = result == TLS_WANT_WRITE;
	if (result == TLS_OK)
		c->state = CONN_SECURE;
	else if (result == TLS_CLOSED || result == TLS_FAILED)
		c->state = CONN_DEAD;
	return result == TLS_OK;
}

/* Our side of parting: RFC 8446 section 6.1, then the FIN. */
static void
say_finished(struct conn *c)
{
	c->finished = true;
	if (c->tls != NULL)
		tls_finish(c->tls);
	(void)shutdown(c->watch.fd, SHUT_WR);
}

static void
say_closed(struct conn *c)
{
	unwatch(c);
	timer_cancel(c->loop, &c->timer);
	timer_cancel(c->loop, &c->wake);
	c->state = CONN_DEAD;
	c->closed = true;
	(void)tell(c, CONN_CLOSED);
}

/* Move what can be moved and tell what is due. */
static void
turn(struct conn *c, unsigned events)
{
	bool unwanted = (events & EPOLLIN) != 0 && !wants_input(c);

	if (c->state == CONN_SHAKING && shake(c)) {
		if (!tell(c, CONN_SECURED))
			return;
		events = 0;	/* they were spent on the handshake */
	}
	if (alive(c) && c->state != CONN_SHAKING && !conn_idle(c))
		conn_send(c);
	if (parts_now(c))
		say_finished(c);
	if (alive(c) && c->state != CONN_SHAKING && wants_input(c) &&
	    ((events & ~(unsigned)EPOLLOUT) != 0 || input_waits(c)))
		fill(c);
	if (c->due_input && !c->paused) {
		c->due_input = false;
		if (!tell(c, CONN_INPUT))
			return;
	}
	if (c->due_drained && conn_idle(c)) {
		c->due_drained = false;
		if (!tell(c, CONN_DRAINED))
			return;
	}
	if (over(c)) {
		say_closed(c);
		return;
	}
	/* a hang-up would be announced for ever, also while paused */
	if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		unwatch(c);
	rearm(c, unwanted);
}

static void
on_ready(struct watch *w, unsigned events)
{
	turn(list_of(w, struct conn, watch), events);
}

static void
on_wake(struct timer *t)
{
	struct conn *c = list_of(t, struct conn, wake);

	if (c->resting)
		shed(c, 0);
	else
		turn(c, 0);
}

static void
on_deadline(struct timer *t)
{
	struct conn *c = list_of(t, struct conn, timer);

	if (c->finishing)
		say_closed(c);
	else if (tell(c, CONN_TIMEOUT))
		rearm(c, false);
}

int
conn_open(struct conn *c, struct loop *loop, int fd, size_t in_max,
	struct buf *out)
{
	int error;

	must(in_max > 0 && c->on != NULL);
	*c = (struct conn){
		.on = c->on,
		.out = out,
		.watch = { .fd = fd, .ready = on_ready },
		.timer = { .fire = on_deadline },
		.wake = { .fire = on_wake },
		.chunk = CONN_CHUNK_MIN
	};
	error = loop_watch(loop, &c->watch, EPOLLIN);
	if (error != 0) {
		close(fd);
		return error;
	}
	buf_init(&c->in, in_max);
	c->watched = true;
	c->loop = loop;
	return 0;
}

/* After a call of the owner; within on() it is turn() that rearms. */
static void
rearm_outside(struct conn *c)
{
	if (c->gone == NULL && c->loop != NULL && !c->closed)
		rearm(c, false);
}

/* Whether TLS can begin; what came in clear is forgotten. */
static bool
secure_ready(struct conn *c)
{
	if (!alive(c))
		return false;
	must(c->state == CONN_PLAIN && conn_idle(c));
	buf_wipe(&c->in);
	c->due_input = false;
	c->state = CONN_SHAKING;
	return true;
}

void
conn_secure(struct conn *c, struct tls_server *server)
{
	if (!secure_ready(c))
		return;
	c->tls = tls_begin(server, c->watch.fd);
	rearm_outside(c);
}

/* The client speaks first, so that no event announces the beginning. */
void
conn_secure_to(struct conn *c, struct tls_client *client,
	const struct tls_goal *goal)
{
	if (!secure_ready(c))
		return;
	c->tls = tls_begin_to(client, c->watch.fd, goal,
	    c->loop->clock.unix_s);
	(void)shake(c);
	rearm_outside(c);
}

void
conn_compress(struct conn *c)
{
	if (!alive(c))
		return;
	must(c->deflate == NULL && conn_idle(c));
	c->deflate = deflate_new();
	buf_init(&c->packed_out, CONN_PACKED_OUT_MAX);
	buf_init(&c->packed_in, c->in.max + CONN_CHUNK_MIN);
	buf_add(&c->packed_in, buf_str(&c->in));
	buf_wipe(&c->in);
	c->due_input = false;
	rearm_outside(c);
}

void
conn_flush(struct conn *c)
{
	if (alive(c) && c->out->len > 0) {
		c->due_drained = true;
		if (c->state != CONN_SHAKING)
			conn_send(c);
	}
	rearm_outside(c);
}

void
conn_pause(struct conn *c)
{
	c->paused = true;
	rearm_outside(c);
}

void
conn_resume(struct conn *c)
{
	c->paused = false;
	if (c->in.len > 0)
		c->due_input = true;
	rearm_outside(c);
}

void
conn_deadline(struct conn *c, int64_t after_ms)
{
	if (!alive(c) || c->finishing)
		return;
	if (after_ms > 0)
		timer_set(c->loop, &c->timer, after_ms);
	else
		timer_cancel(c->loop, &c->timer);
}

void
conn_finish(struct conn *c)
{
	if (!alive(c) || c->finishing)
		return;
	c->finishing = true;
	c->paused = false;
	buf_wipe(&c->in);
	timer_set(c->loop, &c->timer, FINISH_MS);
	if (c->state != CONN_SHAKING && !conn_idle(c))
		conn_send(c);
	rearm_outside(c);
}

void
conn_drop(struct conn *c)
{
	if (c->loop == NULL)
		return;
	if (c->gone != NULL)
		*c->gone = true;
	unwatch(c);
	timer_cancel(c->loop, &c->timer);
	timer_cancel(c->loop, &c->wake);
	tls_drop(c->tls);
	close(c->watch.fd);
	buf_wipe(&c->in);
	deflate_drop(c->deflate);
	buf_wipe(&c->packed_in);
	buf_wipe(&c->packed_out);
	*c = (struct conn){ .on = c->on };
}

const struct tls *
conn_tls(const struct conn *c)
{
	return c->tls;
}
