/* Messages as threads (RFC 5256 section 3). */
#ifndef TALK_THREAD_H
#define TALK_THREAD_H

#include "base/buf.h"

#define THREAD_MEMORY_MAX (64 << 20)	/* bytes all of it may take */
#define THREAD_REFERENCES_MAX 200	/* of a message, its last ones; those
					   before them are passed over */
#define THREAD_ID_MAX 1000	/* octets; a longer one is none */

struct thread;

/*
 * Returns owned: nothing yet; thread_drop() it.
 *
 * references   REFERENCES, else ORDEREDSUBJECT
 * secret       chosen at random: nobody can make ids that are slow to find
 */
struct thread *thread_new(bool references, uint64_t secret);
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

/*
 * In ascending number.
 *
 * Returns:  false when THREAD_MEMORY_MAX is in the way: there will be no
 *           threads.
 */
bool thread_add(struct thread *t, const struct thread_message *message)
	__attribute__((warn_unused_result));

/*
 * All are there: thread them, in slices of some steps.
 *
 * Returns:  true when all are threaded.
 */
bool thread_end(struct thread *t, size_t steps);

/*
 * Add the next of the threads, such as "(3 6 (4 23)(44 7 96))", until out
 * holds stop bytes or more, wherever that may be.
 *
 * Returns:  false when all are written.
 */
bool thread_write(struct thread *t, struct buf *out, size_t stop);

#endif
