/*
 * THREAD (RFC 5256): what is threaded by is gathered of all that are found,
 * and the threads are made in slices by talk/thread.c.
 */
#include "app/mua_search_part.h"

#include "base/crypto.h"
#include "mail/fold.h"
#include "talk/thread.h"

#include <errno.h>

struct threads {
	struct search search;
	struct thread *thread;
	bool any;		/* is found */
	struct buf text, id, subject;
	enum { THREADS_SEEKS, THREADS_ENDS, THREADS_TELLS } state;
};

static void
threads_drop(void *job)
{
	struct threads *t = job;

	search_drop(&t->search);
	thread_drop(t->thread);
	buf_drop(&t->text);
	buf_drop(&t->id);
	buf_drop(&t->subject);
}

/* The Message-ID without what is around it; empty: there is none. */
static struct str
message_id(struct threads *t)
{
	struct str rest;

	if (!envelope_text(&t->text, t->search.summary.envelope,
	    ENVELOPE_MESSAGE_ID))
		return STR("");
	rest = buf_str(&t->text);
	return envelope_id(&rest, &t->id) ? buf_str(&t->id) : STR("");
}

/* Returns: 0; -EOVERFLOW: they are too many. */
static int
found_add(struct threads *t)
{
	const struct mua *m = t->search.m;
	const uint32_t uid = t->search.entry->uid;
	struct thread_message message = {
		.number = m->imap.command.uid ? uid :
		    uids_place(&m->view.uids, uid),
		.sent = search_sent(&t->search),
		.references = t->search.summary.references
	};

	t->any = true;
	buf_clear(&t->subject);
	message.id = message_id(t);
	message.reply = search_subject(&t->search, &t->subject);
	message.subject = buf_str(&t->subject);
	return thread_add(t->thread, &message) ? 0 : -EOVERFLOW;
}

/* Gather; *over: all are found. */
static int
threads_seek(struct threads *t, bool *over)
{
	enum search_go go = SEARCH_FOUND;
	int err = 0;

	search_step(&t->search);
	while (err == 0 && go == SEARCH_FOUND) {
		err = search_next(&t->search, true, &go);
		if (err == 0 && go == SEARCH_FOUND)
			err = found_add(t);
	}
	*over = go == SEARCH_OVER;
	return err;
}

static enum mua_go
threads_tell(struct threads *t)
{
	struct mua *m = t->search.m;

	if (thread_write(t->thread, &m->imap.out, IMAP_OUT_STOP))
		return MUA_AGAIN;
	buf_add_text(&m->imap.out, "\r\n");
	return mua_end(m, IMAP_OK, "Threaded.");
}

static enum mua_go
threads_step(struct mua *m)
{
	struct threads *t = m->job;
	bool over;
	int err;

	switch (t->state) {
	case THREADS_SEEKS:
		err = threads_seek(t, &over);
		if (err != 0)
			return mua_end_errno(m, err);
		if (over)
			t->state = THREADS_ENDS;
		return MUA_AGAIN;
	case THREADS_ENDS:
		if (!thread_end(t->thread, SEARCH_STEPS))
			return MUA_AGAIN;
		m->work_total = 0;
		buf_add_text(&m->imap.out, t->any ? "* THREAD " : "* THREAD");
		t->state = THREADS_TELLS;
		break;
	case THREADS_TELLS:
		break;
	}
	return threads_tell(t);
}

enum mua_go
mua_thread(struct mua *m)
{
	struct threads *t = mua_job(m, sizeof *t, threads_drop);
	uint64_t secret;

	crypto_random(&secret, sizeof secret);
	t->thread = thread_new(m->imap.command.u.search.references, secret);
	buf_init(&t->text, SUMMARY_MAX);
	buf_init(&t->id, SUMMARY_MAX);
	buf_init(&t->subject, FOLD_GROWTH * SEARCH_SORT_MAX);
	if (!search_begin(&t->search, m))
		return MUA_DONE;
	m->step = threads_step;
	return threads_step(m);
}
