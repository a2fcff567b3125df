/* Messages as threads (RFC 5256 section 3). */
#ifndef TALK_THREAD_H
#define TALK_THREAD_H

#include "base/buf.h"

struct thread;

/*
 * Returns owned: nothing yet; thread_drop() it.
 *
 * references   REFERENCES, else ORDEREDSUBJECT
 */
struct thread *thread_new(bool references);
void thread_drop(struct thread *t);	/* NULL is fine */

/* A message; all views are copied. */
struct thread_message {
	uint32_t number;	/* as it will be written: UID or sequence */
	int64_t sent;		/* Date, or the date of arrival */
	struct str id;		/* Message-ID without brackets; may be empty */
	struct str references;	/* each ended by NUL, oldest first */
	struct str subject;	/* base subject, folded (mail/fold.h) */
	bool reply;		/* subject_base() said so */
};

/* In ascending number. */
void thread_add(struct thread *t, const struct thread_message *message);

/* All are there: thread them. */
void thread_end(struct thread *t);

/*
 * Add the next whole threads, "(3 6 (4 23)(44 7 96))", until out holds stop
 * bytes or more.
 *
 * Returns:  false when all are written.
 */
bool thread_write(struct thread *t, struct buf *out, size_t stop);

#endif
