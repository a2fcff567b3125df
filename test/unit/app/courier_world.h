/*
 * A courier in a process of its own, and all that it meets: a keeper (the
 * test), a DNS server with a zone, mail servers that follow a script.
 */
#ifndef TEST_COURIER_WORLD_H
#define TEST_COURIER_WORLD_H

#include "app/carry.h"
#include "app/role_world.h"

#define COURIER_PEERS_MAX 8

/* A process that serves. */
struct courier_peer {
	pid_t pid;
	const char *what;
};

struct courier_world {
	struct role_world role;
	unsigned port;		/* of all mail servers */
	unsigned smart_port;	/* of one that is smart_host */
	unsigned https_port;	/* of policies */
	int dns;		/* socket, until it is served */
	unsigned dns_port;
	struct courier_peer peers[COURIER_PEERS_MAX];
	size_t peer_count;
	struct buf key, cert;	/* of all servers */
	uint64_t ids;		/* recipients given so far */
};

void courier_world_init(struct courier_world *w);

/*
 * Serve names. zone has a line for each record:
 *
 *	mail.example A 127.0.0.2
 *	mail.example MX 10 mx.mail.example
 *	mail.example MX 0 .
 *	_mta-sts.mail.example TXT v=STSv1; id=1
 *	_25._tcp.mx.mail.example PIN
 *
 * (TLSA 3 0 1 of w->cert; BADPIN: of another; ODDPIN: one of no use. The port
 * of our servers is put in for 25.)
 *
 *	mail.example SERVFAIL [TYPE]
 *
 *	FIRST _mta-sts.mail.example TXT v=STSv1; id=1
 *	LATER _mta-sts.mail.example TXT v=STSv1; id=2
 *
 * (Until TXT was asked for once, and from then on.)
 *
 * A name that is in no line does not exist.
 *
 * ad        every answer is validated
 */
void courier_world_names(struct courier_world *w, const char *zone, bool ad);

/*
 * Serve mail at an address of loopback. Each line of script is a step:
 *
 *	220 hello	is sent
 *	>MAIL FROM	a line must come that begins so
 *	.N		a text must come, N bytes with its dots doubled, to
 *			the lone dot
 *	tls		the handshake
 *	noise		to a handshake, bytes that are none; then close
 *	close		the connection ends, the next one begins
 *	wait		until the client closes; then as close
 *	hear N		N bytes must come
 *	headers		lines must come, to an empty one
 *
 * The server ends with its script; courier_world_end() sees that it did.
 */
void courier_world_serve(struct courier_world *w, const char *ip,
	unsigned port, const char *script);

/* Start the courier; more: configuration besides. */
void courier_world_start(struct courier_world *w, const char *more);

/* Wait until a server has come to the end of its script. */
void courier_world_served(const struct courier_world *w, size_t peer);

/* Stop the courier; all servers must have come to their end. */
void courier_world_end(struct courier_world *w);

/* A job for recipients "a@", "b@"... of a domain; whole, "Hi.\r\n". */
struct carry_job courier_world_job(struct courier_world *w,
	const char *domain, size_t count);
void courier_world_carry(struct courier_world *w, uint32_t number,
	const struct carry_job *job);

/*
 * Hear what became of it, and note it: "delivered 250 2.0.0 said [host]", a
 * line for each recipient. Returns: whether it was the last.
 */
bool courier_world_result(struct courier_world *w, uint32_t number,
	struct buf *out, bool note);

/* The same until the last, which must tell what is wanted. */
void courier_world_outcome(struct courier_world *w, uint32_t number,
	const char *want);

/* The next words must be WIRE_ROOM of a number in all, naming ids. */
void courier_world_room(struct courier_world *w, unsigned number,
	size_t ids);

/* The next word must be WIRE_FETCH of a piece; and the answer. */
void courier_world_fetch(struct courier_world *w, uint32_t number,
	unsigned piece);
void courier_world_text(struct courier_world *w, uint32_t number,
	unsigned piece, size_t len, unsigned flags);

#endif
