/* One connection: a socket, perhaps TLS on it, bytes in and bytes out. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "base/buf.h"
#include "net/deflate.h"
#include "net/loop.h"
#include "net/tls_client.h"

enum conn_event {
	CONN_INPUT,	/* c->in has grown */
	CONN_DRAINED,	/* all of *c->out has been sent */
	CONN_SECURED,	/* the handshake is done */
	CONN_TIMEOUT,	/* the deadline passed */
	CONN_CLOSED	/* the peer is gone or broke TLS; nothing more comes.
			   The owner now calls conn_drop() */
};

enum conn_state {
	CONN_PLAIN,
	CONN_SHAKING,
	CONN_SECURE,
	CONN_DEAD	/* no use any more; CONN_CLOSED was or will be told */
};

/* Lives in its owner. Zeroed plus conn_open(); end with conn_drop(). */
struct conn {
	struct buf in;		/* unread bytes; the owner eats them */
	struct buf *out;	/* the owner's bytes to send; conn eats them */
	void (*on)(struct conn *c, enum conn_event event);
	struct loop *loop;

	/* private */
	struct watch watch;
	struct timer timer;
	struct timer wake;	/* something is due that no poll announces */
	struct tls *tls;
	struct deflate *deflate;	/* NULL: not compressed */
	struct buf packed_in, packed_out;
	bool unpack_more;	/* without new input */
	enum conn_state state;
	bool paused;
	bool tls_wants_write;
	bool due_input;
	bool due_drained;
	bool ended;		/* the peer sends no more */
	bool finishing;
	bool finished;		/* we send no more */
	bool closed;		/* CONN_CLOSED has been told */
	bool watched;
	bool resting;		/* wake is set to free what is empty */
	bool *gone;		/* within on(): set by conn_drop() */
	size_t chunk;		/* bytes to ask for at the next read */
};

/*
 * Take over a connected socket.
 *
 * c         on set, the rest zero
 * fd        given
 * in_max    bytes of unread input held, at least 1; reading stops there
 * out       kept; the owner fills it and calls conn_flush()
 *
 * Events come from the loop only, never from within a call of the owner. in
 * may be eaten at any time; outside on(), call conn_flush() or conn_resume()
 * afterwards so that reading goes on. Empty, in and *out are freed: when large
 * at once (*out after CONN_DRAINED), else after a second without events.
 *
 * Returns:  0, or negative errno and the fd is closed.
 */
int conn_open(struct conn *c, struct loop *loop, int fd, size_t in_max,
	struct buf *out) __attribute__((warn_unused_result));

/*
 * Start the server side of TLS. Unread input is thrown away (RFC 3207
 * section 4.2); *out must have been sent (see conn_idle()). What is put into
 * *out before CONN_SECURED is sent after it. A failure is CONN_CLOSED, with
 * tls_why(conn_tls(c)) telling.
 */
void conn_secure(struct conn *c, struct tls_server *server);

/*
 * The same as the client: begin a session with the server at the other end.
 * Unread input is thrown away.
 *
 * goal      borrowed
 */
void conn_secure_to(struct conn *c, struct tls_client *client,
	const struct tls_goal *goal);

/*
 * From now on all bytes are compressed, both ways (RFC 4978); *out must have
 * been sent (see conn_idle()). Unread input counts as compressed.
 */
void conn_compress(struct conn *c);

/*
 * Send what is in *out as far as it goes now; the rest by and by. When there
 * was something, CONN_DRAINED comes once all is sent, this turn or a later.
 */
void conn_flush(struct conn *c);

/* Whether nothing waits to be sent. */
bool conn_idle(const struct conn *c);

/*
 * Stop reading, or go on; when in holds bytes CONN_INPUT comes again. That
 * the peer sends no more (a half-close) is told as CONN_CLOSED only while not
 * paused and when *out has been sent: who waits for an answer from elsewhere
 * should pause, so that a client that sends everything and shuts down its
 * side still gets its replies.
 */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* Have CONN_TIMEOUT in after_ms unless moved again; 0 for never. */
void conn_deadline(struct conn *c, int64_t after_ms);

/*
 * Part in peace: send *out, shut down our side, throw away what still comes,
 * and tell CONN_CLOSED when the peer has closed or two seconds have passed.
 * Closing at once would make the kernel answer later input with a reset, and
 * the peer might never see our last reply. No other event comes any more.
 */
void conn_finish(struct conn *c);

/* Close and free. Safe on a zeroed struct, twice, and from within on(). */
void conn_drop(struct conn *c);

/* NULL in clear. */
const struct tls *conn_tls(const struct conn *c);

#endif
