/* What stands behind the verbs of SMTP: parameters of MAIL, RCPT and BDAT. */
#ifndef TALK_SMTP_ARGS_H
#define TALK_SMTP_ARGS_H

#include "base/str.h"

#define SMTP_ENVID_MAX 100	/* characters; RFC 3461 section 4.4 */
#define SMTP_ORCPT_MAX 500	/* characters; RFC 3461 section 4.2 */
#define SMTP_NUMBER_MAX 20	/* digits; RFC 1870 section 5 */

/* Said of what is not offered, too. */
#define SMTP_ARGS_UNKNOWN "555 5.5.4 Parameter not known here"

enum smtp_args_result { SMTP_ARGS_OK, SMTP_ARGS_BAD };

/* Parameters of MAIL; views into the line. */
struct smtp_mail_args {
	bool has_size;
	uint64_t size;			/* RFC 1870; the greatest number when
					   it says more than fits */
	enum { SMTP_BODY_NONE, SMTP_BODY_7BIT, SMTP_BODY_8BIT } body;
	bool utf8;			/* SMTPUTF8, RFC 6531 */
	enum { SMTP_RET_NONE, SMTP_RET_FULL, SMTP_RET_HDRS } ret;
	bool has_envid;
	struct str envid;		/* xtext as written */
	bool has_auth;			/* AUTH, RFC 4954 section 5: not kept */
	bool require_tls;		/* REQUIRETLS, RFC 8689 section 2 */
};

/* Which reports a recipient's sender wants (RFC 3461 section 4.1); bits. */
enum smtp_notify {
	SMTP_NOTIFY_NEVER = 1,
	SMTP_NOTIFY_SUCCESS = 2,
	SMTP_NOTIFY_FAILURE = 4,
	SMTP_NOTIFY_DELAY = 8
};

/* Parameters of RCPT; views into the line. */
struct smtp_rcpt_args {
	unsigned notify;		/* 0: not said */
	bool has_orcpt;
	struct str orcpt;		/* "type;xtext" as written */
};

/* Argument of BDAT. */
struct smtp_chunk_args {
	uint64_t size;
	bool last;
};

/*
 * Read what stands behind the reverse path (RFC 5321 section 4.1.2,
 * Mail-parameters): SIZE, BODY, SMTPUTF8, RET, ENVID, AUTH, REQUIRETLS, each
 * once at most.
 *
 * line      behind the '>': empty, or a space and parameters; borrowed
 * why       on SMTP_ARGS_BAD the reply, a static string without line end
 */
enum smtp_args_result smtp_args_mail(struct str line,
	struct smtp_mail_args *args, const char **why);

/* The same for RCPT: NOTIFY and ORCPT (RFC 3461 sections 4.1 and 4.2). */
enum smtp_args_result smtp_args_rcpt(struct str line,
	struct smtp_rcpt_args *args, const char **why);

/*
 * Read the argument of BDAT (RFC 3030 section 2): a size, and LAST perhaps.
 *
 * framed    gets whether args->size can be relied on, also when the rest is
 *           bad: the octets must then be passed over
 */
enum smtp_args_result smtp_args_chunk(struct str line,
	struct smtp_chunk_args *args, bool *framed);

#endif
