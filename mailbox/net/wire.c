/*
 * The wire between roles: SEQPACKET datagrams of a head, a body and at most
 * one descriptor. Knows what lengths must add up, not what they mean.
 *
 * The other end may have been taken over, so nothing is believed: a kind that
 * is none, a descriptor or a body where none belongs, lengths that go past the
 * body and recipients that are not as many as said all drop the datagram.
 */
#include "net/wire.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODIES_MAX 4
#define SEND_ROOM 1048576	/* asked for; the kernel clips it to
				   net.core.wmem_max, by default 208 KiB and
				   still more than one datagram */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#ifndef MFD_NOEXEC_SEAL		/* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008u
#endif

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof (int))];
};

/* What stands behind the head of a kind. */
enum form {
	FORM_UNKNOWN,		/* there is no such kind */
	FORM_FD,		/* a descriptor and nothing else */
	FORM_BARE,		/* nothing */
	FORM_BODY,		/* a byte at least */
	FORM_TEXT,		/* any bytes, or none */
	FORM_NUMBER,		/* 8 bytes */
	FORM_NUMBERS,		/* any number of those */
	FORM_LETTER		/* what the lengths in the head say */
};

static const enum form forms[] = {
	[WIRE_SETUP] = FORM_FD,
	[WIRE_PEER] = FORM_FD,
	[WIRE_STOP] = FORM_BARE,
	[WIRE_READY] = FORM_BARE,
	[WIRE_RCPT] = FORM_TEXT,
	[WIRE_LETTER] = FORM_LETTER,
	[WIRE_ABORT] = FORM_BARE,
	[WIRE_JUDGED] = FORM_BARE,
	[WIRE_TAKEN] = FORM_BARE,
	[WIRE_CARRY] = FORM_BODY,
	[WIRE_TEXT] = FORM_TEXT,
	[WIRE_NOTED] = FORM_BARE,
	[WIRE_ROOM] = FORM_NUMBERS,
	[WIRE_FETCH] = FORM_NUMBER,
	[WIRE_RESULT] = FORM_BODY,
	[WIRE_POLICY] = FORM_BODY
};

static enum form
form_of(uint32_t kind)
{
	return kind < countof(forms) ? forms[kind] : FORM_UNKNOWN;
}

int
wire_pair(int fds[2])
{
	int i, room = SEND_ROOM;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, fds) < 0)
		return -errno;
	for (i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room,
		    sizeof room);
	return 0;
}

static void
attach_fd(struct msghdr *message, union control *control, int fd)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof *control);
	message->msg_control = control;
	message->msg_controllen = CMSG_LEN(sizeof fd);
	c = CMSG_FIRSTHDR(message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

int
wire_send(int wire, const struct wire_head *head, const struct str *bodies,
	size_t count, int fd)
{
	struct iovec parts[1 + BODIES_MAX];
	struct msghdr message = { .msg_iov = parts };
	union control control;
	size_t i, len = 0;

	must(count <= BODIES_MAX && form_of(head->kind) != FORM_UNKNOWN);
	must((form_of(head->kind) == FORM_FD) == (fd >= 0));
	parts[0].iov_base = (void *)(uintptr_t)head;
	parts[0].iov_len = sizeof *head;
	for (i = 0; i < count; i++) {
		parts[i + 1].iov_base = (void *)(uintptr_t)bodies[i].at;
		parts[i + 1].iov_len = bodies[i].len;
		must(add_ok(&len, len, bodies[i].len));
	}
	must(len <= WIRE_BODY_MAX);
	message.msg_iovlen = count + 1;
	if (fd >= 0)
		attach_fd(&message, &control, fd);
	while (sendmsg(wire, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == ECONNRESET)
			return -EPIPE;
		if (errno == ENOBUFS)
			return -EAGAIN;
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/*
 * Take the first descriptor out of a message and close any other: padding in
 * the control room leaves space for two.
 */
static int
detach_fd(struct msghdr *message)
{
	struct cmsghdr *c;
	int fd, first = -1;
	size_t i, count;

	for (c = CMSG_FIRSTHDR(message); c != NULL;
	    c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd;
		for (i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

/* Whether the recipients are as many as said, each ended by NUL. */
static bool
recipients_fit(const struct wire_head *head, struct str body)
{
	struct str all = str_part(body, head->path_len, head->recipients_len);
	struct str one;
	uint32_t count = 0;

	while (str_split(&all, '\0', &one))
		count++;
	return all.len == 0 && count == head->recipient_count;
}

static bool
mail_fits(const struct wire_mail *mail)
{
	const struct wire_head *head = &mail->head;
	enum form form = form_of(head->kind);
	uint64_t parts = (uint64_t)head->path_len + head->recipients_len +
	    head->piece_len;

	if ((form == FORM_FD) != (mail->fd >= 0))
		return false;
	if (form == FORM_LETTER)
		return parts == mail->body.len &&
		    recipients_fit(head, mail->body);
	if (parts != 0 || head->recipient_count != 0)
		return false;
	switch (form) {
	case FORM_FD:
	case FORM_BARE:
		return mail->body.len == 0;
	case FORM_BODY:
		return mail->body.len > 0;
	case FORM_NUMBER:
		return mail->body.len == sizeof (uint64_t);
	case FORM_NUMBERS:
		return mail->body.len % sizeof (uint64_t) == 0;
	case FORM_TEXT:
	case FORM_LETTER:
		return true;
	case FORM_UNKNOWN:
		return false;
	}
	return false;
}

/*
 * How long the next body can be: what the room has already been grown to, or
 * else as long as it is, so that an idle role need not keep the memory for
 * the longest. Negative errno when there is none.
 */
static ssize_t
body_room(int wire, const struct buf *room)
{
	ssize_t len;

	if (room->room > WIRE_BODY_MAX)
		return WIRE_BODY_MAX;
	do
		len = recv(wire, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		return len == 0 || errno == ECONNRESET ? -EPIPE : -errno;
	len -= (ssize_t)sizeof (struct wire_head);
	return len < 0 ? 0 : len > WIRE_BODY_MAX ? WIRE_BODY_MAX : len;
}

int
wire_receive(int wire, struct buf *room, struct wire_mail *mail)
{
	struct iovec parts[2] = { { &mail->head, sizeof mail->head } };
	union control control;
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = countof(parts),
		.msg_control = &control,
		.msg_controllen = sizeof control
	};
	ssize_t len;

	mail->fd = -1;
	buf_clear(room);
	len = body_room(wire, room);
	if (len < 0)
		return (int)len;
	parts[1].iov_len = (size_t)len;
	parts[1].iov_base = buf_space(room, (size_t)len);
	must(parts[1].iov_base != NULL);
	do
		len = recvmsg(wire, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (len == 0)
		return -EPIPE;
	mail->fd = detach_fd(&message);
	if ((size_t)len >= sizeof mail->head) {
		buf_grew(room, (size_t)len - sizeof mail->head);
		mail->body = buf_str(room);
		if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
		    mail_fits(mail))
			return 0;
	}
	if (mail->fd >= 0)
		close(mail->fd);
	mail->fd = -1;
	log_event(LOG_ERROR, "wire-garbled", LOG_N("bytes", len));
	return -EBADMSG;
}

static int
write_all(int fd, struct str s)
{
	ssize_t len;

	while (s.len > 0) {
		len = write(fd, s.at, s.len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len < 0 ? -errno : -EIO;
		str_take(&s, (size_t)len);
	}
	return 0;
}

int
wire_pack(struct str s)
{
	int fd, error;

	fd = memfd_create("wire", MFD_CLOEXEC | MFD_ALLOW_SEALING |
	    MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("wire", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	error = write_all(fd, s);
	if (error == 0 && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		error = -errno;
	if (error != 0) {
		close(fd);
		return error;
	}
	return fd;
}

int
wire_unpack(int fd, struct buf *out)
{
	off_t size;
	ssize_t len;
	char *at;
	int seals;

	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return -EPERM;
	/* not fstat(), which a caged role is refused by some libcs' way */
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return -errno;
	buf_clear(out);
	if ((uint64_t)size > out->max)
		return -EFBIG;
	while (out->len < (size_t)size) {
		at = buf_space(out, (size_t)size - out->len);
		len = pread(fd, at, (size_t)size - out->len, (off_t)out->len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len < 0 ? -errno : -EIO;
		buf_grew(out, (size_t)len);
	}
	return 0;
}
