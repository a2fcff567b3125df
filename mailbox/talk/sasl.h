/* SASL PLAIN (RFC 4616) and LOGIN, as our server protocols use them. */
#ifndef TALK_SASL_H
#define TALK_SASL_H

#include "base/buf.h"

#define SASL_LINE_MAX 12288	/* bytes of a response, for whoever reads
				   lines; RFC 4954 section 4 */
#define SASL_NAME_MAX 1024	/* bytes of a name or a password, decoded */

enum sasl_result {
	SASL_MORE,	/* send s->challenge (base64, may be empty), feed the
			   response */
	SASL_DONE,	/* s->user and s->secret are there */
	SASL_CANCEL,	/* the client said "*" */
	SASL_BAD	/* not base64, or not of the mechanism's form */
};

/* Zeroed plus sasl_begin(); end with sasl_drop(), which wipes. */
struct sasl {
	enum { SASL_PLAIN, SASL_LOGIN } mechanism;
	enum { SASL_FIRST, SASL_SECOND } step;
	struct buf challenge;
	struct buf user;
	struct buf secret;
};

/*
 * Start a mechanism by its name, letter case apart. LOGIN takes an initial
 * response as the name, because clients send one.
 *
 * initial   the initial response as on the wire, "=" for an empty one;
 *           looked at only when has_initial is true
 *
 * Returns:  as sasl_step(); SASL_BAD with s->user.max 0 when the mechanism is
 *           none of ours (test with sasl_knows()).
 */
enum sasl_result sasl_begin(struct sasl *s, struct str mechanism,
	struct str initial, bool has_initial);

bool sasl_knows(struct str mechanism);

/*
 * Feed one response line, without its CRLF; borrowed.
 *
 * Returns:  SASL_DONE with s->user and s->secret not empty, valid UTF-8, at
 *           most SASL_NAME_MAX bytes; they may be taken. After SASL_CANCEL
 *           and SASL_BAD nothing of them is kept.
 */
enum sasl_result sasl_step(struct sasl *s, struct str line);

/* Wipe and free everything; safe on a zeroed struct and twice. */
void sasl_drop(struct sasl *s);

#endif
