/*
 * GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208): there is one quota root for
 * all, the disk; nobody sets it.
 */
#include "app/mua_mailbox.h"

#include <inttypes.h>

#define QUOTA_UNIT 1024		/* octets; RFC 9208 section 5.1 */

static int
put_quota(struct mua *m)
{
	uint64_t used, limit;
	int err = mailbox_quota(m->service->db, &used, &limit);

	if (err == 0)
		buf_add_format(&m->imap.out, "* QUOTA \"\" (STORAGE %" PRIu64
		    " %" PRIu64 ")\r\n", used / QUOTA_UNIT +
		    (used % QUOTA_UNIT != 0), limit / QUOTA_UNIT);
	return err;
}

enum mua_go
mua_quota(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	struct buf *out = &m->imap.out;
	int err;

	if (c->verb == IMAP_SETQUOTA)
		return mua_end_code(m, IMAP_NO, "The disk is the only limit.",
		    "NOPERM");
	if (c->verb == IMAP_GETQUOTA && c->other.len > 0)
		return mua_end_code(m, IMAP_NO, "The one quota root is \"\".",
		    "NONEXISTENT");
	/* RFC 9208 section 4.1.2: the mailbox need not exist. */
	if (c->verb == IMAP_GETQUOTAROOT) {
		buf_add(out, STR("* QUOTAROOT "));
		mua_put_name(m, c->mailbox);
		buf_add(out, STR(" \"\"\r\n"));
	}
	err = put_quota(m);
	if (err != 0)
		return mua_end_errno(m, err);
	return mua_end(m, IMAP_OK, "That is the quota.");
}
