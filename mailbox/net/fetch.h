/* Fetching a small text over HTTPS, without waiting. */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "base/buf.h"
#include "net/dial.h"

#define FETCH_DEADLINE_MS 60000	/* in all; RFC 8461 section 3.3 */

struct fetcher;

/*
 * Make a fetcher.
 *
 * roots     PEM certificates to believe; kept
 *
 * Returns:  0 with *f owned, or negative errno (logged).
 */
int fetcher_open(struct fetcher **f, struct loop *loop, struct str roots)
	__attribute__((warn_unused_result));

/* Free it; what is under way is never answered. NULL is fine. */
void fetcher_drop(struct fetcher *f);

enum fetch_result {
	FETCH_DONE,	/* 200, and all of it is there */
	FETCH_ABSENT,	/* the server answered anything else: a redirect is
			   not followed (RFC 8461 section 3.3) */
	FETCH_FAILED	/* no such answer was to be had */
};

/* One text; lives in whoever wants it. Zeroed: none is under way. */
struct fetch {
	/*
	 * Called from the loop, never from within fetch_begin().
	 *
	 * text      with FETCH_DONE; until it returns
	 * why       else: static sentence
	 */
	void (*done)(struct fetch *f, enum fetch_result result,
		struct str text, const char *why);

	/* private to fetch.c */
	struct fetching *fetching;
};

/* What to fetch: https://HOST/PATH. */
struct fetch_goal {
	struct str host;	/* with A-labels; it is not looked up: */
	const struct dial_address *addresses;	/* tried in this order until
						   one connects */
	size_t count;
	struct str path;	/* with its slash */
	size_t max;		/* bytes of text; more is FETCH_FAILED */
	const char *type;	/* the media type it must have, or NULL;
				   static */
};

/*
 * Fetch a text, the certificate of its server verified, by TLS 1.2 at least.
 *
 * f         done set
 * goal      copied, with what it points to
 */
void fetch_begin(struct fetcher *fetcher, struct fetch *f,
	const struct fetch_goal *goal);

/* Give up: done() is not called. Safe on a zeroed struct and twice. */
void fetch_cancel(struct fetch *f);

#endif
