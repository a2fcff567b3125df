/* The lines a final delivery puts above a message (RFC 5321 section 4.4). */
#ifndef MAIL_TRACE_H
#define MAIL_TRACE_H

#include "base/buf.h"

/* All views borrowed. */
struct trace {
	struct str reverse_path;	/* without brackets; empty for <> */
	const struct str *recipients;	/* as written at RCPT, in its order */
	size_t recipient_count;
	struct str helo;		/* as said, or empty */
	struct str client_ip;		/* "192.0.2.1" or "2001:db8::1" */
	struct str host;		/* our name */
	struct str protocol;		/* "ESMTPS", RFC 3848; "UTF8SMTPS",
					   RFC 6531 section 4.3 */
	struct str tls_version;		/* "TLSv1.3"; empty in clear */
	struct str tls_cipher;
	struct str id;
	int64_t now;			/* unix s */
};

/*
 * Add Return-Path, one Delivered-To per recipient, and Received. Received
 * names the recipient ("for") only when there is just one, so that no copy
 * tells of another. No line is longer than 998 bytes; foreign text that could
 * break out of its place is written in a harmless form.
 */
void trace_add(struct buf *out, const struct trace *trace);

/*
 * Add the Received of a letter that its owner submitted: by whom, with what
 * ("ESMTPSA", RFC 3848; "UTF8SMTPSA", RFC 6531 section 4.3), id and date. It
 * says nothing of the client, its network, or the recipients.
 */
void trace_add_submitted(struct buf *out, const struct trace *trace);

#endif
