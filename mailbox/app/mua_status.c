/* STATUS (RFC 9051 section 6.3.11), also for LIST-STATUS (RFC 5819). */
#include "app/mua_mailbox.h"

#include <inttypes.h>

/* How many of a set are not below a UID. */
static uint32_t
count_from(const struct uids *uids, uint32_t first)
{
	const uint32_t uid = uids_next(uids, first);

	return uid == 0 ? 0 : uids_len(uids) + 1 - uids_place(uids, uid);
}

/* How many are \Recent, or would be to who selects it now. */
static int
count_recent(const struct mua *m, int64_t box, uint64_t *count)
{
	const struct mua_view *view = &m->view;
	struct uids uids = { .count = 0 };
	int err;

	if (view->open && view->box == box) {
		*count = count_from(&view->uids, view->recent);
		return 0;
	}
	err = box_uids(m->service->db, box, &uids);
	*count = count_from(&uids, recent_first(m->service, box));
	uids_drop(&uids);
	return err;
}

/* What there is to tell. */
struct status {
	struct box_status box;
	uint64_t recent;
	uint64_t deleted, deleted_octets;
};

static void
put_numbers(struct mua *m, const struct status *s, unsigned items)
{
	const struct {
		enum imap_status item;
		const char *name;
		uint64_t number;
	} all[] = {
		{ IMAP_STATUS_MESSAGES, "MESSAGES", s->box.messages },
		{ IMAP_STATUS_RECENT, "RECENT", s->recent },
		{ IMAP_STATUS_UIDNEXT, "UIDNEXT", s->box.uidnext },
		{ IMAP_STATUS_UIDVALIDITY, "UIDVALIDITY", s->box.uidvalidity },
		{ IMAP_STATUS_UNSEEN, "UNSEEN", s->box.unseen },
		{ IMAP_STATUS_HIGHESTMODSEQ, "HIGHESTMODSEQ", s->box.modseq },
		{ IMAP_STATUS_SIZE, "SIZE", s->box.octets },
		{ IMAP_STATUS_DELETED, "DELETED", s->deleted },
		{ IMAP_STATUS_DELETED_STORAGE, "DELETED-STORAGE",
		    s->deleted_octets },
		{ IMAP_STATUS_APPENDLIMIT, "APPENDLIMIT",
		    m->imap.append_limit },
	};
	const char *between = "";
	size_t n;

	for (n = 0; n < countof(all); n++) {
		if ((items & all[n].item) == 0)
			continue;
		buf_add_format(&m->imap.out, "%s%s %" PRIu64, between,
		    all[n].name, all[n].number);
		between = " ";
	}
}

int
mua_put_status(struct mua *m, struct str name, int64_t box, unsigned items)
{
	struct db *db = m->service->db;
	struct buf *out = &m->imap.out;
	struct status s = { .recent = 0 };
	int err = box_status(db, box, &s.box);

	if (err == 0 && (items & IMAP_STATUS_RECENT) != 0)
		err = count_recent(m, box, &s.recent);
	if (err == 0 && (items & (IMAP_STATUS_DELETED |
	    IMAP_STATUS_DELETED_STORAGE)) != 0)
		err = box_deleted(db, box, &s.deleted, &s.deleted_octets);
	if (err != 0)
		return err;
	buf_add(out, STR("* STATUS "));
	mua_put_name(m, name);
	buf_add(out, STR(" ("));
	put_numbers(m, &s, items);
	if ((items & IMAP_STATUS_MAILBOXID) != 0) {
		buf_add_text(out, items == IMAP_STATUS_MAILBOXID ?
		    "MAILBOXID (" : " MAILBOXID (");
		mua_put_mailbox_id(out, box);
		buf_add_char(out, ')');
	}
	buf_add(out, STR(")\r\n"));
	return 0;
}

enum mua_go
mua_status(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	int64_t box;
	int err;

	if (!mua_find(m, "NONEXISTENT", &box))
		return MUA_DONE;
	err = mua_put_status(m, c->mailbox, box, c->status);
	if (err != 0)
		return mua_end_errno(m, err);
	return mua_end(m, IMAP_OK, "That is its status.");
}
