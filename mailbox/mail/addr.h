/* Mailboxes and paths as SMTP writes them (RFC 5321 section 4.1.2). */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include "base/buf.h"

#define ADDR_LOCAL_MAX 256	/* octets; RFC 5321 section 4.5.3.1.1 makes 64
				   the least to be accepted, and senders with
				   bounce tags in the address do need more */
#define ADDR_DOMAIN_MAX 255	/* section 4.5.3.1.2, octets */
#define ADDR_PATH_MAX 1024	/* with a source route, which is dropped;
				   section 4.5.3.1.3 asks for 256 */

/* Views into the parsed line. */
struct addr {
	bool null;		/* <>: no mailbox at all */
	struct str local;	/* as written, quotes and all */
	struct str domain;	/* as written; with its brackets if literal;
				   empty for a bare <postmaster> */
	bool quoted;		/* local is a Quoted-string */
	bool literal;		/* domain is an address-literal */
	bool utf8;		/* either has bytes above 127 (RFC 6531) */
};

enum addr_result { ADDR_OK, ADDR_BAD };

/*
 * Cut a path "<...>" off *in: null path, source route (accepted and ignored,
 * RFC 5321 section 4.1.1.3), quoted local part, address literal, UTF-8
 * (RFC 6531 section 3.3), and the bare <postmaster> of any letter case.
 *
 * in        starts at the '<' (leading spaces are tolerated); on ADDR_OK it
 *           goes on behind the '>', on ADDR_BAD it is as it was
 * why       on ADDR_BAD a static sentence for the reply
 *
 * Lives:    addr's views as long as the bytes of *in.
 */
enum addr_result addr_path(struct str *in, struct addr *addr,
	const char **why);

/*
 * Read a whole view as one mailbox "local@domain" without brackets, as a
 * person types it on a command line; rules as for addr_path(), the bare
 * postmaster included, but neither null nor a source route.
 */
enum addr_result addr_mailbox(struct str text, struct addr *addr,
	const char **why);

/*
 * Whether s is a domain: dotted labels of letters, digits, '-', '_' and
 * UTF-8, 1 to 63 octets each, not beginning or ending with '-'; a trailing
 * dot is no part of it.
 */
bool addr_is_domain(struct str s);

/*
 * Whether s is an address-literal "[192.0.2.1]" or "[IPv6:2001:db8::1]"
 * (RFC 5321 section 4.1.3; general tags are accepted by their form).
 */
bool addr_is_literal(struct str s);

/*
 * Add the mailbox in the one form under which the address book keeps it:
 * the local part without needless quotes and backslashes (quoted again only
 * where it must be), ASCII letters lowered in both parts. For the bare
 * <postmaster> the caller gives the domain to use.
 */
void addr_canonical(struct buf *out, const struct addr *addr,
	struct str domain_if_bare);

/* Whether two mailboxes have the same canonical form. */
bool addr_same(const struct addr *one, const struct addr *two);

#endif
