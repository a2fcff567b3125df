/*
 * Bytes of a connection between its buffers and its socket: bare or through
 * TLS, and on top of either perhaps compressed.
 */
#include "net/conn_part.h"

#include <errno.h>
#include <sys/socket.h>

#define CHUNK_MAX 65536		/* a body coming in */
#define PACK_MAX 32768		/* bytes compressed at a time */

/* As tls_read(), from the bare socket. */
static enum tls_result
plain_read(int fd, char *at, size_t room, size_t *got)
{
	ssize_t len;

	len = recv(fd, at, room, MSG_DONTWAIT);
	*got = len > 0 ? (size_t)len : 0;
	if (len > 0)
		return TLS_OK;
	if (len == 0)
		return TLS_CLOSED;
	return errno == EAGAIN || errno == EINTR ? TLS_WANT_READ : TLS_FAILED;
}

static enum tls_result
plain_write(int fd, struct str s, size_t *put)
{
	ssize_t len;

	len = send(fd, s.at, s.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	*put = len > 0 ? (size_t)len : 0;
	if (len >= 0 || errno == EAGAIN || errno == EINTR)
		return *put == s.len ? TLS_OK : TLS_WANT_WRITE;
	return TLS_FAILED;
}

static void
note_result(struct conn *c, enum tls_result result)
{
	if (result == TLS_CLOSED)
		c->ended = true;
	if (result == TLS_FAILED)
		c->state = CONN_DEAD;
}

static void
send_from(struct conn *c, struct buf *b)
{
	enum tls_result result;
	size_t put;

	if (c->tls != NULL) {
		result = tls_write(c->tls, buf_str(b), &put);
		c->tls_wants_write = result == TLS_WANT_WRITE;
	} else {
		result = plain_write(c->watch.fd, buf_str(b), &put);
	}
	buf_eat(b, put);
	note_result(c, result);
}

void
conn_send(struct conn *c)
{
	struct str s;

	if (c->deflate == NULL) {
		send_from(c, c->out);
		return;
	}
	do {
		if (c->packed_out.len == 0 && c->out->len > 0) {
			s = str_part(buf_str(c->out), 0, PACK_MAX);
			deflate_pack(c->deflate, s, &c->packed_out);
			buf_eat(c->out, s.len);
		}
		send_from(c, &c->packed_out);
	} while (c->out->len > 0 && c->packed_out.len == 0 &&
	    !c->tls_wants_write && c->state != CONN_DEAD);
}

/* What the socket has; *more: it may have more at once. */
static size_t
read_some(struct conn *c, char *at, size_t room, bool *more)
{
	enum tls_result result;
	size_t got;

	result = c->tls == NULL ? plain_read(c->watch.fd, at, room, &got) :
	    tls_read(c->tls, at, room, &got);
	note_result(c, result);
	*more = result == TLS_OK &&
	    (got == room || (c->tls != NULL && tls_pending(c->tls)));
	return got;
}

/* As read_some(), made plain. */
static size_t
unpack_some(struct conn *c, char *at, size_t room, bool *more)
{
	struct str packed;
	size_t len, got;
	char *raw;

	*more = false;
	if (c->packed_in.len == 0 && !c->unpack_more) {
		raw = buf_space_secret(&c->packed_in, CONN_CHUNK_MIN);
		must(raw != NULL);
		buf_grew(&c->packed_in,
		    read_some(c, raw, CONN_CHUNK_MIN, more));
	}
	packed = buf_str(&c->packed_in);
	len = packed.len;
	if (!deflate_unpack(c->deflate, &packed, at, room, &got))
		c->state = CONN_DEAD;
	buf_eat(&c->packed_in, len - packed.len);
	c->unpack_more = got == room;
	*more = *more || c->unpack_more || c->packed_in.len > 0;
	return got;
}

bool
conn_fill_once(struct conn *c)
{
	size_t room = c->in.max - c->in.len, got;
	bool more;
	char *at;

	if (room > c->chunk)
		room = c->chunk;
	if (room == 0)
		return false;
	at = buf_space_secret(&c->in, room);
	must(at != NULL);
	got = c->deflate == NULL ? read_some(c, at, room, &more) :
	    unpack_some(c, at, room, &more);
	buf_grew(&c->in, got);
	if (got > 0)
		c->due_input = true;
	if (!more)
		c->chunk = CONN_CHUNK_MIN;
	else if (c->chunk < CHUNK_MAX)
		c->chunk *= 2;
	return more && c->state != CONN_DEAD;
}
