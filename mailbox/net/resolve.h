/* Asking the DNS, without waiting: MX, addresses, TXT and TLSA. */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "base/buf.h"
#include "net/loop.h"

#define RESOLVE_SERVERS_MAX 8
#define RESOLVE_RECORDS_MAX 64	/* of one answer; more are left out */
#define RESOLVE_TEXT_MAX 4096	/* bytes of one TXT record, strings joined */
#define RESOLVE_DEADLINE_MS 30000	/* of one question, all tries */

/* Which records are asked for. */
enum resolve_type {
	RESOLVE_A, RESOLVE_AAAA, RESOLVE_MX, RESOLVE_TXT, RESOLVE_TLSA,
	RESOLVE_PTR
};

enum resolve_result {
	RESOLVE_FOUND,	/* there are such records; those that cannot be used,
			   such as an MX whose name is no host's, are left
			   out, be it all of them */
	RESOLVE_EMPTY,	/* the name is there, such records are not */
	RESOLVE_NONE,	/* there is no such name (NXDOMAIN) */
	RESOLVE_FAILED	/* no answer to be had now: SERVFAIL, a timeout, an
			   answer that makes no sense */
};

/* One record; what it is not stays zero. */
struct resolve_record {
	unsigned char ip[16];	/* A: 4 bytes, AAAA: 16 */
	unsigned preference;	/* MX */
	unsigned usage, selector, matching;	/* TLSA, RFC 6698 section 2.1 */
	struct str text;	/* MX, PTR: the host, lower case, without its
				   last dot, empty for the root; TXT: its
				   strings joined; TLSA: the data */
};

struct resolve_answer {
	enum resolve_result result;
	const char *why;	/* RESOLVE_FAILED: static sentence */
	bool secure;		/* the resolver says it is validated (AD), and
				   is trusted to */
	struct resolve_record records[RESOLVE_RECORDS_MAX];
	size_t count;
};

struct resolver;

/*
 * Make a resolver.
 *
 * servers   "192.0.2.1", "192.0.2.1:5353", "2001:db8::1",
 *           "[2001:db8::1]:5353"; at most RESOLVE_SERVERS_MAX, asked in this
 *           order; none: every question fails, and says so
 * trust_ad  believe the AD bit of these servers: they are on this machine, or
 *           the way to them is safe
 *
 * Opens no file and starts no thread.
 *
 * Returns:  0 with *r owned; -EINVAL for what is no server (logged).
 */
int resolver_open(struct resolver **r, struct loop *loop,
	const struct str *servers, size_t count, bool trust_ad)
	__attribute__((warn_unused_result));

/* Free it; lookups under way are never answered. NULL is fine. */
void resolver_drop(struct resolver *r);

/* One question; lives in whoever asks. Zeroed: none is under way. */
struct lookup {
	/*
	 * Called from the loop, never from within lookup_begin(). answer lives
	 * until it returns; l is of no more use to the resolver then, and may
	 * be freed or begun again from within.
	 */
	void (*done)(struct lookup *l, const struct resolve_answer *answer);

	/* private to resolve.c */
	struct asked *asked;
};

/*
 * Ask.
 *
 * l         done set
 * name      copied; with A-labels, since what is not ASCII is no name to
 *           the DNS (RESOLVE_NONE); for RESOLVE_PTR the address as text
 */
void lookup_begin(struct resolver *r, struct lookup *l,
	enum resolve_type type, struct str name);

/* Forget it: done() is not called. Safe on a zeroed struct and twice. */
void lookup_cancel(struct lookup *l);

#endif
