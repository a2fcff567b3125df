/* The small change of IMAP replies (RFC 9051 sections 4, 7 and 9). */
#ifndef TALK_IMAP_REPLY_H
#define TALK_IMAP_REPLY_H

#include "base/buf.h"

/* Add as a string: quoted when that can be, else a literal. */
void imap_put_string(struct buf *out, struct str s);

/* The same, or an atom when it can be one. */
void imap_put_astring(struct buf *out, struct str s);

/*
 * A mailbox name: in UTF-8 when utf8 (RFC 6855, RFC 9051), else in modified
 * UTF-7.
 */
void imap_put_mailbox(struct buf *out, struct str name, bool utf8);

/*
 * "(\Seen work)": system flags, then keywords.
 *
 * flags     bits of enum imap_flag; bit 8 + n is keyword n
 * keywords  their names; one that is not there is left out
 */
void imap_put_flags(struct buf *out, uint64_t flags,
	const struct str *keywords, size_t count, bool recent);

/* "17-Jul-1996 02:44:25 +0000", in quotes. */
void imap_put_date(struct buf *out, int64_t unix_s);

#endif
