/* Datagrams between the roles: a fixed head, some bytes, at most one fd. */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "base/buf.h"

#define WIRE_BODY_MAX 131072	/* bytes behind the head: a piece of 64 KiB
				   and 100 recipients */

enum wire_kind {
	/* supervisor to role */
	WIRE_SETUP = 1,	/* fd: a sealed memfd with configuration and keys */
	WIRE_PEER,	/* fd: a new wire to the role named in number */
	WIRE_STOP,	/* finish what is under way, then exit */
	/* role to supervisor */
	WIRE_READY,	/* it serves; or it has taken the set-up */
	/* intake to keeper */
	WIRE_RCPT,	/* body: a canonical address */
	WIRE_LETTER,	/* body: reverse-path, recipients, piece */
	WIRE_ABORT,	/* forget the letter of this session */
	/* keeper to intake */
	WIRE_JUDGED,	/* answers WIRE_RCPT: number is an smtp_verdict */
	WIRE_TAKEN,	/* answers WIRE_LETTER: number is an smtp_verdict; for
			   the last piece the letter is on stable storage */
	/* keeper to courier; session is the number of a job */
	WIRE_CARRY,	/* body: a job (app/carry.h) */
	WIRE_TEXT,	/* answers WIRE_FETCH: number is the piece, body its
			   bytes, WIRE_LAST in flags; WIRE_FAILED: it cannot be
			   read */
	WIRE_NOTED,	/* answers WIRE_RESULT: it is on stable storage */
	/* courier to keeper */
	WIRE_ROOM,	/* number more jobs may be given. The first on a new
			   wire; its body: the recipients under way, 8 bytes
			   each, which nobody else may be given */
	WIRE_FETCH,	/* number: the piece of the text that is wanted, the
			   one after the last or, on a new wire, any; body: the
			   letter, 8 bytes, for a keeper that was born since */
	WIRE_RESULT,	/* body: what became of some recipients of a job
			   (app/carry.h), WIRE_LAST in flags when it is over.
			   Said again on every new wire until it is noted */
	WIRE_POLICY	/* body: an MTA-STS policy to be kept (app/carry.h) */
};

#define WIRE_FIRST 1u		/* the letter begins: path and recipients */
#define WIRE_LAST 2u		/* its last piece */
#define WIRE_FAILED 4u		/* there is no piece */

/*
 * Both ends run the same binary: host byte order, no padding. The lengths and
 * the count are for WIRE_LETTER; with any other kind they are 0 and the body
 * is whatever came behind the head. A kind without "body" above has none.
 */
struct wire_head {
	uint32_t kind;
	uint32_t session;	/* the sender's; answers carry it back */
	uint32_t flags;
	uint32_t number;
	uint32_t path_len;	/* WIRE_LETTER: bytes of the reverse-path, */
	uint32_t recipients_len; /* of the recipients, each ended by NUL, */
	uint32_t recipient_count;
	uint32_t piece_len;	/* and of the piece, in this order */
};

/* A received datagram. */
struct wire_mail {
	struct wire_head head;
	struct str body;	/* until the next wire_receive() on that buf */
	int fd;			/* -1: none; owned by the receiver */
};

/* Make a connected pair, close-on-exec and non-blocking. */
int wire_pair(int fds[2]) __attribute__((warn_unused_result));

/*
 * Send one datagram, whole or not at all.
 *
 * head      a kind of above; its lengths must add up to the bodies
 * bodies    count views that make up the body, in order; at most 4, and
 *           WIRE_BODY_MAX bytes in all
 * fd        lent; WIRE_SETUP and WIRE_PEER need one, -1 for all others
 *
 * Returns:  0; -EAGAIN when the wire is full (watch it for EPOLLOUT);
 *           -EPIPE when the other end is gone.
 */
int wire_send(int wire, const struct wire_head *head,
	const struct str *bodies, size_t count, int fd)
	__attribute__((warn_unused_result));

/*
 * Receive one datagram.
 *
 * room      a buf of max WIRE_BODY_MAX or more, the caller's; holds the body
 *
 * Returns:  0; -EAGAIN when nothing waits; -EPIPE when the other end is gone;
 *           -EBADMSG when the kind, its descriptor, its body or the lengths
 *           are not right (logged; the mail is dropped, and a descriptor
 *           closed).
 */
int wire_receive(int wire, struct buf *room, struct wire_mail *mail)
	__attribute__((warn_unused_result));

/*
 * Make a sealed memfd holding s, to be passed on; or read one whole.
 *
 * out       what it held is forgotten; give a wiped-later buf for secrets
 *
 * Returns:  the fd, or 0; negative errno. wire_unpack() refuses more than
 *           out->max (-EFBIG) and anything that is not sealed (-EPERM).
 */
int wire_pack(struct str s) __attribute__((warn_unused_result));
int wire_unpack(int fd, struct buf *out) __attribute__((warn_unused_result));

#endif
