/*
 * Mailboxes made, renamed, removed and subscribed to (RFC 9051 sections 6.3.4
 * to 6.3.8), and what commands about mailboxes share.
 */
#include "app/mua_mailbox.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>

void
mua_put_name(struct mua *m, struct str name)
{
	imap_put_mailbox(&m->imap.out, name, (m->imap.enabled &
	    (IMAP_ENABLED_UTF8 | IMAP_ENABLED_REV2)) != 0);
}

void
mua_put_mailbox_id(struct buf *out, int64_t box)
{
	buf_add_format(out, "F%" PRId64, box);
}

bool
mua_find(struct mua *m, const char *code, int64_t *box)
{
	int err = mailbox_find(m->service->db, m->imap.command.mailbox, box);

	if (err == -ENOENT)
		(void)mua_end_code(m, IMAP_NO, "There is no such mailbox.",
		    "%s", code);
	else if (err != 0)
		(void)mua_end_errno(m, err);
	return err == 0;
}

bool
mua_read_only(struct mua *m)
{
	if (m->view.read_only)
		(void)mua_end_code(m, IMAP_NO,
		    "The mailbox is open for reading only.", "READ-ONLY");
	return m->view.read_only;
}

/* A name without the '/' behind it (RFC 9051 section 6.3.4). */
static struct str
plain(struct str name)
{
	return str_ends(name, STR("/")) ? str_part(name, 0, name.len - 1) :
	    name;
}

/* What is wrong with a name, or with having it. */
static enum mua_go
end_name(struct mua *m, int err)
{
	switch (-err) {
	case EEXIST:
		return mua_end_code(m, IMAP_NO,
		    "There is such a mailbox already.", "ALREADYEXISTS");
	case ENOENT:
		return mua_end_code(m, IMAP_NO, "There is no such mailbox.",
		    "NONEXISTENT");
	case EINVAL:
	case ENAMETOOLONG:
		return mua_end_code(m, IMAP_NO, "That can be no name.",
		    "CANNOT");
	case EPERM:
		return mua_end_code(m, IMAP_NO, "INBOX is always there.",
		    "CANNOT");
	case EDQUOT:
		return mua_end_code(m, IMAP_NO, "There are too many.",
		    "LIMIT");
	default:
		return mua_end_errno(m, err);
	}
}

/*
 * Tell a client of IMAP4rev2 under which name it finds what it named
 * otherwise (RFC 9051 section 6.3.9.7).
 */
static void
put_old_name(struct mua *m, struct str name, struct str old)
{
	struct buf *out = &m->imap.out;

	if ((m->imap.enabled & IMAP_ENABLED_REV2) == 0)
		return;
	buf_add(out, STR("* LIST () \"/\" "));
	mua_put_name(m, name);
	buf_add(out, STR(" (\"OLDNAME\" ("));
	mua_put_name(m, old);
	buf_add(out, STR("))\r\n"));
}

/* Of CREATE and DELETE. */
struct name_job {
	int64_t box;
};

/* ---- CREATE ---- */

/*
 * A use for which a mailbox may be made (RFC 6154 section 2), or the empty
 * view: \All and \Flagged would have to show messages of other mailboxes.
 */
static struct str
use_of(struct str wanted)
{
	static const char *const uses[] = {
		"\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"
	};
	size_t n;

	for (n = 0; n < countof(uses); n++)
		if (str_same(wanted, str_of(uses[n])))
			return str_of(uses[n]);
	return str_of(NULL);
}

static enum mua_go
created(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	const struct str name = plain(c->mailbox);
	const struct name_job *job = m->job;
	struct buf id;

	if (m->settled != 0)
		return mua_end_errno(m, m->settled);
	if (name.len != c->mailbox.len)
		put_old_name(m, name, c->mailbox);
	buf_init(&id, 32);
	mua_put_mailbox_id(&id, job->box);
	(void)mua_end_code(m, IMAP_OK, "It is made.", "MAILBOXID (%s)",
	    buf_text(&id));
	buf_drop(&id);
	return MUA_DONE;
}

enum mua_go
mua_create(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	const struct str name = plain(c->mailbox);
	struct db *db = m->service->db;
	struct name_job *job = mua_job(m, sizeof *job, NULL);
	struct str use;
	int err = mailbox_find(db, name, &job->box);

	if (err != -ENOENT)
		return end_name(m, err == 0 ? -EEXIST : err);
	use = use_of(c->other);
	if (use.len != c->other.len)
		return mua_end_code(m, IMAP_NO,
		    "No mailbox can be made for that use.", "USEATTR");
	err = mailbox_make(db, name, use, &job->box);
	if (err == -EEXIST)
		return mua_end_code(m, IMAP_NO,
		    "Another mailbox is for that use.", "USEATTR");
	if (err != 0)
		return end_name(m, err);
	m->step = created;
	return MUA_SETTLE;
}

/* ---- DELETE ---- */

static enum mua_go
deleted(struct mua *m)
{
	const struct name_job *job = m->job;

	if (m->settled != 0)
		return mua_end_errno(m, m->settled);
	/* Who removes the mailbox it has open has none open any more. */
	if (m->view.open && m->view.box == job->box) {
		view_close(m);
		buf_add(&m->imap.out,
		    STR("* OK [CLOSED] The mailbox is gone.\r\n"));
	}
	return mua_end(m, IMAP_OK, "It is gone.");
}

/* Whether a mailbox lies below a name; or why that cannot be told. */
static int
has_below(struct mua *m, struct str name, bool *has)
{
	struct mailboxes all;
	size_t n;
	int err = mailbox_list(m->service->db, &all);

	if (err != 0)
		return err;
	*has = false;
	for (n = 0; n < all.count && !*has; n++)
		*has = all.list[n].id != 0 &&
		    str_starts(all.list[n].name, name) &&
		    str_at(all.list[n].name, name.len) == '/';
	mailbox_list_drop(&all);
	return 0;
}

enum mua_go
mua_delete(struct mua *m)
{
	const struct str name = plain(m->imap.command.mailbox);
	struct name_job *job = mua_job(m, sizeof *job, NULL);
	struct db *db = m->service->db;
	bool below = false;
	int err = mailbox_find(db, name, &job->box);

	if (err == 0)
		err = mailbox_remove(db, name);
	else if (err == -ENOENT && has_below(m, name, &below) == 0 && below)
		return mua_end_code(m, IMAP_NO,
		    "There are only mailboxes below that name.", "HASCHILDREN");
	if (err != 0)
		return end_name(m, err);
	m->step = deleted;
	return MUA_SETTLE;
}

/* ---- RENAME ---- */

static enum mua_go
renamed(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	const struct str name = plain(c->other);

	if (m->settled != 0)
		return mua_end_errno(m, m->settled);
	if (name.len != c->other.len)
		put_old_name(m, name, c->mailbox);
	return mua_end(m, IMAP_OK, "It has its new name.");
}

/* A name that is not there, but above others: rename those. */
struct parent {
	struct mua *m;
	struct str from, to;
	struct mailboxes all;
};

/* The new name of the mailbox at a place; false: it is not below. */
static bool
new_name(const struct parent *p, size_t at, struct buf *name)
{
	const struct mailbox *box = &p->all.list[at];

	if (box->id == 0 || !str_starts(box->name, p->from) ||
	    str_at(box->name, p->from.len) != '/')
		return false;
	buf_clear(name);
	buf_add(name, p->to);
	buf_add(name, str_part(box->name, p->from.len, box->name.len));
	return true;
}

/* Whether all that is below can be renamed: 0, or why not. */
static int
parent_judge(const struct parent *p, struct buf *name)
{
	int err = -ENOENT;
	int64_t box;
	size_t n;

	if (str_starts(p->to, p->from) && str_at(p->to, p->from.len) == '/')
		return -EINVAL;
	for (n = 0; n < p->all.count && (err == 0 || err == -ENOENT); n++) {
		if (!new_name(p, n, name))
			continue;
		err = name->full ? -ENAMETOOLONG :
		    mailbox_find(p->m->service->db, buf_str(name), &box);
		if (err != -ENOENT)
			return err == 0 ? -EEXIST : err;
		err = 0;
	}
	return err;
}

/*
 * In octet order, so a mailbox that is there takes those below it along, and
 * they are there no more when it is their turn.
 */
static int
parent_rename(const struct parent *p, struct buf *name)
{
	struct db *db = p->m->service->db;
	int err = 0;
	size_t n;

	for (n = 0; n < p->all.count && err == 0; n++) {
		if (!new_name(p, n, name))
			continue;
		err = mailbox_rename(db, p->all.list[n].name, buf_str(name));
		if (err == -ENOENT)
			err = 0;
	}
	return err != 0 ? db_doom(db, err) : 0;
}

static int
rename_below(struct mua *m, struct str from, struct str to)
{
	struct parent p = { .m = m, .from = from, .to = to };
	struct buf name;
	int err = mailbox_list(m->service->db, &p.all);

	if (err != 0)
		return err;
	buf_init(&name, MAILBOX_NAME_MAX);
	err = parent_judge(&p, &name);
	if (err == 0)
		err = parent_rename(&p, &name);
	buf_drop(&name);
	mailbox_list_drop(&p.all);
	return err;
}

enum mua_go
mua_rename(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	const struct str from = plain(c->mailbox), to = plain(c->other);
	int64_t box;
	int err = mailbox_find(m->service->db, to, &box);

	if (err != -ENOENT)
		return end_name(m, err == 0 ? -EEXIST : err);
	err = mailbox_rename(m->service->db, from, to);
	if (err == -ENOENT)
		err = rename_below(m, from, to);
	if (err != 0)
		return end_name(m, err);
	m->step = renamed;
	return MUA_SETTLE;
}

/* ---- SUBSCRIBE, UNSUBSCRIBE ---- */

static enum mua_go
subscribed(struct mua *m)
{
	if (m->settled != 0)
		return mua_end_errno(m, m->settled);
	return mua_end(m, IMAP_OK, "So be it.");
}

enum mua_go
mua_subscribe(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	const struct str name = plain(c->mailbox);
	const bool on = c->verb == IMAP_SUBSCRIBE;
	int err = mailbox_subscribe(m->service->db, name, on);

	/* RFC 9051 section 6.3.8: who never was is not, either. */
	if (err != 0 && (on || err != -ENOENT))
		return end_name(m, err);
	m->step = subscribed;
	return MUA_SETTLE;
}
