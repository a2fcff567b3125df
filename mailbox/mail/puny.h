/* Domains beyond ASCII as the DNS has them: A-labels (RFC 3492, RFC 5891). */
#ifndef MAIL_PUNY_H
#define MAIL_PUNY_H

#include "base/buf.h"

#define PUNY_LABEL_MAX 63	/* octets of a label; RFC 1035 section 2.3.4 */
#define PUNY_DOMAIN_MAX 253	/* and of a name without its last dot */

/*
 * Add a label as Punycode, without the prefix "xn--". ASCII letters stay as
 * they are.
 *
 * label     UTF-8 of at most 255 octets
 *
 * Returns:  false when it is not, with some of it added perhaps.
 */
bool puny_label(struct buf *out, struct str label)
	__attribute__((warn_unused_result));

/*
 * Add a domain with every label in ASCII, letters lowered. Nothing beyond
 * ASCII is mapped: who writes a capital there means another name.
 *
 * Returns:  false when a label is empty, no UTF-8, or becomes too long, with
 *           some of it added perhaps.
 */
bool puny_domain(struct buf *out, struct str domain)
	__attribute__((warn_unused_result));

#endif
