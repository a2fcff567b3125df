/*
 * LIST with its extensions (RFC 9051 section 6.3.9, RFC 5258, RFC 5819, RFC
 * 6154), LSUB (RFC 3501 section 6.3.9) and NAMESPACE (RFC 2342).
 *
 * A LIST answers the mailboxes as they were when it began; who is gone when
 * its STATUS is asked for is left out.
 */
#include "app/mua_list_walk.h"

#include "app/mua_mailbox.h"

#include <errno.h>

#define LIST_BUDGET (1 << 20)	/* of a step; see mua_list_walk.h */

struct list_job {
	struct mailboxes all;
	struct list_walk *walk;
};

static void
list_drop(void *at)
{
	struct list_job *job = at;

	list_walk_drop(job->walk);
	mailbox_list_drop(&job->all);
}

/* Add an attribute to the list of them that begins at from in out. */
static void
put_attribute(struct buf *out, size_t from, struct str attribute)
{
	if (out->len > from)
		buf_add_char(out, ' ');
	buf_add(out, attribute);
}

static void
put_attributes(struct mua *m, const struct list_found *found)
{
	const struct imap_command *c = &m->imap.command;
	const struct imap_list *want = &c->u.list;
	const struct mailbox *box = found->mailbox;
	const bool lsub = c->verb == IMAP_LSUB, plain = !want->extended;
	const bool rev2 = (m->imap.enabled & IMAP_ENABLED_REV2) != 0;
	const bool there = box != NULL && box->id != 0;
	struct buf *out = &m->imap.out;
	const size_t from = out->len;

	if (lsub && !found->selected)
		put_attribute(out, from, STR("\\Noselect"));
	if (!lsub && !there)
		put_attribute(out, from, plain && !rev2 ?
		    STR("\\Noselect") : STR("\\NonExistent"));
	if (!lsub && (plain || !there ||
	    (want->options & IMAP_RETURN_CHILDREN) != 0))
		put_attribute(out, from, found->parent ?
		    STR("\\HasChildren") : STR("\\HasNoChildren"));
	if (!lsub && box != NULL && box->subscribed && (want->options &
	    (IMAP_RETURN_SUBSCRIBED | IMAP_SELECT_SUBSCRIBED)) != 0)
		put_attribute(out, from, STR("\\Subscribed"));
	if (box != NULL && box->special_use.len > 0 && (plain ||
	    (want->options & (IMAP_RETURN_SPECIAL_USE |
	    IMAP_SELECT_SPECIAL_USE)) != 0))
		put_attribute(out, from, box->special_use);
}

/* CHILDINFO (RFC 9051 section 6.3.9.6). */
static void
put_info(struct buf *out, unsigned options)
{
	const bool subscribed = (options & IMAP_SELECT_SUBSCRIBED) != 0;

	buf_add(out, STR(" (\"CHILDINFO\" ("));
	if (subscribed)
		buf_add(out, STR("\"SUBSCRIBED\""));
	if ((options & IMAP_SELECT_SPECIAL_USE) != 0)
		buf_add_text(out, subscribed ? " \"SPECIAL-USE\"" :
		    "\"SPECIAL-USE\"");
	buf_add(out, STR("))"));
}

/* One name; 0, or why it could not be answered. */
static int
put_found(struct mua *m, const struct list_found *found)
{
	const struct imap_command *c = &m->imap.command;
	const struct imap_list *want = &c->u.list;
	const bool lsub = c->verb == IMAP_LSUB;
	const int64_t id = found->mailbox == NULL ? 0 : found->mailbox->id;
	struct buf *out = &m->imap.out;
	const size_t from = out->len;
	int err;

	buf_add_text(out, lsub ? "* LSUB (" : "* LIST (");
	put_attributes(m, found);
	buf_add(out, STR(") \"/\" "));
	mua_put_name(m, found->name);
	if (found->info && !lsub)
		put_info(out, want->options);
	buf_add(out, STR("\r\n"));
	/* RFC 5819 section 2: not for who is there for those below it. */
	if (lsub || (want->options & IMAP_RETURN_STATUS) == 0 ||
	    !found->selected || id == 0)
		return 0;
	err = mua_put_status(m, found->name, id, want->status);
	if (err == -ENOENT) {
		buf_cut(out, from);
		err = 0;
	}
	return err;
}

static enum mua_go
list_on(struct mua *m)
{
	struct list_job *job = m->job;
	struct list_found found;
	size_t budget = LIST_BUDGET;
	int err;

	while (!mua_full(m)) {
		switch (list_walk_next(job->walk, &budget, &found)) {
		case LIST_WALK_FOUND:
			err = put_found(m, &found);
			if (err != 0)
				return mua_end_errno(m, err);
			break;
		case LIST_WALK_PAUSE:
			return MUA_AGAIN;
		case LIST_WALK_END:
			return mua_end(m, IMAP_OK, "These are all.");
		}
	}
	return MUA_AGAIN;
}

enum mua_go
mua_list(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	const struct imap_list *want = &c->u.list;
	struct list_job *job = m->job;
	int err;

	if (job != NULL)
		return list_on(m);
	/* RFC 9051 section 6.3.9: this asks for the delimiter. */
	if (c->verb == IMAP_LIST && !want->extended &&
	    want->patterns[0].len == 0) {
		buf_add(&m->imap.out,
		    STR("* LIST (\\Noselect) \"/\" \"\"\r\n"));
		return mua_end(m, IMAP_OK, "That is the delimiter.");
	}
	job = mua_job(m, sizeof *job, list_drop);
	err = mailbox_list(m->service->db, &job->all);
	if (err != 0)
		return mua_end_errno(m, err);
	job->walk = list_walk_new(want, &job->all, c->verb == IMAP_LSUB);
	return list_on(m);
}

enum mua_go
mua_namespace(struct mua *m)
{
	buf_add(&m->imap.out, STR("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"));
	return mua_end(m, IMAP_OK, "All mailboxes are yours.");
}
