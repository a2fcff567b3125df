/*
 * APPEND, several at once even (RFC 3502), and REPLACE (RFC 8508): the texts
 * go to the store as they come; when the command is complete all messages are
 * entered in one transaction.
 *
 * What was announced but is refused is passed over, and the reply waits for
 * the end of the command.
 */
#include "app/mua_mailbox.h"

#include "base/log.h"
#include "mail/piece.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define APPEND_MESSAGES_MAX 1000	/* of one command */
#define APPEND_SHORT_MAX (16 << 20)	/* octets, of those messages in it that
					   wait in memory for their row */
#define APPEND_LONG_MAX 100		/* and how many are open files */

/* A message that is there, or comes. */
struct appended {
	struct message_writer *writer;
	struct imap_flags flags;
	int64_t received;
	uint32_t uid;
};

struct append_job {
	int64_t box;
	uint32_t uidvalidity;
	uint32_t replaced;		/* its UID; 0: an APPEND */
	struct appended *messages;
	size_t count, room;
	uint64_t short_octets;
	unsigned long_count;
	struct buf piece;		/* of the message that comes */
	bool after_cr;			/* the last octet was a CR */
	bool nul;			/* one of them has a NUL */
	int err;			/* of the store */
};

static void
append_drop(void *at)
{
	struct append_job *job = at;
	size_t n;

	for (n = 0; n < job->count; n++)
		message_abort(job->messages[n].writer);
	free(job->messages);
	buf_wipe(&job->piece);
}

/* Nothing is left of what was given. */
static void
forget(struct mua *m)
{
	if (m->job == NULL)
		return;
	append_drop(m->job);
	free(m->job);
	m->job = NULL;
	m->job_drop = NULL;
}

/* The announced message is not wanted, nor are those before it. */
static void
refuse(struct mua *m, const char *code, const char *text)
{
	forget(m);
	imap_take(&m->imap, IMAP_NO, str_of(code), text);
}

static void
refuse_errno(struct mua *m, int err)
{
	if (err == -ENOSPC || err == -EDQUOT)
		refuse(m, "OVERQUOTA", "The disk is full.");
	else
		refuse(m, "SERVERBUG", "It cannot be kept now.");
}

/* Which message REPLACE is about; false: it was refused. */
static bool
find_replaced(struct mua *m, struct append_job *job)
{
	const struct imap_command *c = &m->imap.command;
	struct uids set = { .count = 0 };

	if (view_set(m, &c->set, c->uid, &set))
		job->replaced = uids_next(&set, 1);
	uids_drop(&set);
	if (m->view.read_only)
		refuse(m, "READ-ONLY", "The mailbox is open for reading "
		    "only.");
	else if (job->replaced == 0)
		refuse(m, NULL, "There is no such message.");
	else
		return true;
	return false;
}

/* The first message of a command: learn where it goes; false: refused. */
static bool
append_begin(struct mua *m)
{
	const struct imap_command *c = &m->imap.command;
	struct append_job *job;
	int err;

	forget(m);
	job = mua_job(m, sizeof *job, append_drop);
	buf_init(&job->piece, PIECE_SIZE);
	err = mailbox_find(m->service->db, c->mailbox, &job->box);
	if (err == -ENOENT)
		refuse(m, "TRYCREATE", "There is no such mailbox.");
	else if (err != 0)
		refuse_errno(m, err);
	else
		return c->verb != IMAP_REPLACE || find_replaced(m, job);
	return false;
}

/* What a message has that cannot be taken; true: it was refused. */
static bool
append_refused(struct mua *m, const struct append_job *job)
{
	const struct imap_append *a = &m->imap.append;

	if (a->utf8 && (m->imap.enabled & IMAP_ENABLED_UTF8) == 0)
		refuse(m, "CANNOT", "UTF8=ACCEPT was not enabled.");
	else if (job->count == APPEND_MESSAGES_MAX ||
	    job->short_octets > APPEND_SHORT_MAX ||
	    job->long_count == APPEND_LONG_MAX)
		refuse(m, "LIMIT", "Too many for one command.");
	else
		return false;
	return true;
}

void
mua_append_take(struct mua *m)
{
	const struct imap_append *a = &m->imap.append;
	struct append_job *job;
	struct appended *message;
	int err;

	if (a->number == 0 && !append_begin(m))
		return;
	job = m->job;
	if (append_refused(m, job))
		return;
	if (job->count == job->room) {
		job->room = job->room * 2 + 1;
		job->messages = xresize(job->messages,
		    job->room * sizeof *job->messages);
	}
	message = &job->messages[job->count];
	*message = (struct appended){
		.flags = a->flags, .received = a->has_date ? a->date :
		m->service->common.loop->clock.unix_s
	};
	err = message_begin(m->service->db, &message->writer);
	if (err != 0) {
		refuse_errno(m, err);
		return;
	}
	job->count++;
	job->after_cr = false;
	if (a->size <= MESSAGE_ROW_MAX)
		job->short_octets += a->size;
	else
		job->long_count++;
	imap_take(&m->imap, IMAP_OK, str_of(NULL), NULL);
}

/* Give the store what is there of the message. */
static void
put_piece(struct append_job *job, bool last)
{
	if (job->err == 0)
		job->err = message_piece(job->messages[job->count - 1].writer,
		    buf_str(&job->piece), last);
	buf_clear(&job->piece);
}

static void
add_octets(struct append_job *job, struct str octets)
{
	while (octets.len > 0) {
		if (job->piece.len == PIECE_SIZE)
			put_piece(job, false);
		buf_add(&job->piece, str_take(&octets,
		    PIECE_SIZE - job->piece.len));
	}
}

/*
 * Add a part of the text. Line ends are CRLF in the store: an LF alone becomes
 * one, a CR alone stays, since it may belong to whatever it is.
 */
static void
add_text(struct append_job *job, struct str text)
{
	size_t end;

	while (text.len > 0) {
		end = str_find(text, 0, '\n');
		if (end == STR_NONE) {
			add_octets(job, text);
			break;
		}
		add_octets(job, str_part(text, 0, end));
		if (end > 0 ? str_at(text, end - 1) != '\r' : !job->after_cr)
			add_octets(job, STR("\r"));
		add_octets(job, STR("\n"));
		job->after_cr = false;
		(void)str_take(&text, end + 1);
	}
	if (text.len > 0)
		job->after_cr = text.at[text.len - 1] == '\r';
}

void
mua_append_text(struct mua *m)
{
	struct append_job *job = m->job;

	job->nul = job->nul ||
	    str_find(m->imap.text, 0, '\0') != STR_NONE;
	if (job->err == 0 && !job->nul)
		add_text(job, m->imap.text);
	imap_text_used(&m->imap);
}

void
mua_append_text_end(struct mua *m)
{
	put_piece(m->job, true);
	imap_text_used(&m->imap);
}

void
mua_append_forget(struct mua *m)
{
	forget(m);
	imap_text_used(&m->imap);
}

/* ---- the command is complete ---- */

/* The flags of a message; a keyword that has no room is left out. */
static int
append_flags(struct mua *m, const struct append_job *job,
	const struct imap_flags *flags, uint64_t *bits)
{
	int err = mua_flag_bits(m, job->box, flags, true, bits);

	return err == -EDQUOT ? mua_flag_bits(m, job->box, flags, false,
	    bits) : err;
}

/* Enter all messages, and remove the one replaced. */
static int
append_all(struct mua *m, struct append_job *job)
{
	struct db *db = m->service->db;
	struct message_start start = { .box = job->box };
	struct appended *message;
	struct box_status status;
	size_t n;
	int err = box_status(db, job->box, &status);

	if (err != 0)
		return err;
	job->uidvalidity = status.uidvalidity;
	for (n = 0; n < job->count && err == 0; n++) {
		message = &job->messages[n];
		err = append_flags(m, job, &message->flags, &start.flags);
		if (err != 0)
			break;
		start.received = message->received;
		err = message_keep(message->writer, &start, &message->uid);
		message->writer = NULL;
	}
	if (err == 0 && job->replaced != 0)
		err = box_delete(db, m->view.box, &job->replaced, 1);
	return err != 0 ? db_doom(db, err) : 0;
}

static enum mua_go
append_settled(struct mua *m)
{
	const struct append_job *job = m->job;
	struct uids uids = { .count = 0 };
	struct buf code;
	size_t n;

	if (m->settled != 0)
		return mua_end_errno(m, m->settled);
	for (n = 0; n < job->count; n++)
		uids_add(&uids, job->messages[n].uid, job->messages[n].uid);
	buf_init(&code, MUA_CODE_MAX);
	buf_add_format(&code, "APPENDUID %" PRIu32 " ", job->uidvalidity);
	uids_write(&code, &uids);
	uids_drop(&uids);
	/* RFC 8508 section 4.3: before the other one vanishes. */
	if (job->replaced != 0) {
		buf_add_format(&m->imap.out, "* OK [%s] It is there.\r\n",
		    buf_text(&code));
		(void)mua_end(m, IMAP_OK, "It is replaced.");
	} else {
		(void)mua_end_code(m, IMAP_OK, "It is kept.", "%s",
		    buf_text(&code));
	}
	buf_drop(&code);
	return MUA_DONE;
}

enum mua_go
mua_append(struct mua *m)
{
	struct append_job *job = m->job;
	int err = job->err, gone;
	int64_t received;

	if (job->nul)
		return mua_end_code(m, IMAP_NO,
		    "A message cannot be kept with NUL in it.", "UNKNOWN-CTE");
	if (err == 0 && job->replaced != 0) {
		gone = box_received(m->service->db, m->view.box, job->replaced,
		    &received);
		if (gone == -ENOENT)
			return mua_end_code(m, IMAP_NO,
			    "The message is there no more.", "EXPUNGEISSUED");
		err = gone;
	}
	if (err == 0)
		err = append_all(m, job);
	if (err == -ENOENT)
		return mua_end_code(m, IMAP_NO, "There is no such mailbox.",
		    "TRYCREATE");
	if (err != 0)
		return mua_end_errno(m, err);
	log_event(LOG_INFO, "append", LOG_N("session", m->number),
	    LOG_N("messages", (int64_t)job->count));
	m->step = append_settled;
	return MUA_SETTLE;
}
