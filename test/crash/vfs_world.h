/* A box on the simulated disk, and what was promised about its content. */
#ifndef TEST_CRASH_VFS_WORLD_H
#define TEST_CRASH_VFS_WORLD_H

#include "base/buf.h"
#include "base/clock.h"
#include "store/db.h"
#include "store/message.h"

#define MESSAGES 26		/* so that no two have the same text */
#define LETTERS 12		/* likewise */
#define LETTER_TO 2		/* recipients of each */
#define BOXES_TRIED 12		/* changes of mailboxes */

/* What was promised about a message, or about a recipient of a letter. */
enum fate {
	FATE_NONE,
	FATE_TRIED,	/* its commit failed: at most once */
	FATE_KEPT,	/* its commit did not: exactly once */
	FATE_LEAVING,	/* the commit of its deletion failed: at most once */
	FATE_GONE	/* it did not: never again */
};

/* A letter to be sent. */
struct sent {
	uint64_t id;			/* as the queue gave it */
	size_t size;			/* of its body */
	enum fate fate[LETTER_TO];
	unsigned attempts[LETTER_TO];	/* promised of each recipient */
	bool trying[LETTER_TO];		/* one more is in the transaction */
	bool unsure[LETTER_TO];		/* the commit of one more failed */
};

struct world {
	struct db *db;
	struct clock clock;
	struct seal_owner *owner;
	enum fate fate[MESSAGES];
	size_t size[MESSAGES];
	uint32_t uid[MESSAGES];
	unsigned count;
	uint32_t uid_high;	/* the highest that was promised */
	struct sent sent[LETTERS];
	unsigned sent_count;
	struct buf boxes;	/* the mailboxes as they were promised */
	struct buf tried[BOXES_TRIED];	/* as they might be since */
	unsigned tried_count;
	int err;		/* what failures must be told as; 0: as any */
	const char *wrong;	/* the first thing found wrong; NULL */
};

/* Note that something is wrong, if it is. */
void wrong(struct world *w, bool is, const char *what);

/*
 * End a change: commit it, unless it failed already; then what could not be
 * done makes the app give up the whole of it.
 *
 * Returns:  whether it is promised.
 */
bool world_commit(struct world *w, int err);

/* The text of message or letter n. */
void text_make(struct buf *text, unsigned n, size_t size);

/* Deliver some messages in one group. */
void mail_deliver(struct world *w, const size_t *sizes, size_t count);

/* A message that is received while groups of others come and go. */
struct mail_open {
	struct message_writer *writer;	/* NULL: it has failed */
	struct str rest;		/* of its text */
	struct buf text;
	unsigned n;
};

/* Write the first piece of a long one; then the others, in one group. */
void mail_begin(struct world *w, struct mail_open *open, size_t size);
void mail_end(struct world *w, struct mail_open *open, const size_t *sizes,
	size_t count);

/* Take every step-th message out. */
void mail_delete(struct world *w, unsigned step);

/* Hold what is in the mailbox against what was promised. */
void mail_check(struct world *w, bool crashed);

/* Make a mailbox with what is in INBOX. */
void boxes_make(struct world *w, const char *name);

/* Flags, one message fewer, and what is in INBOX once more. */
void boxes_change(struct world *w, const char *name);

void boxes_move(struct world *w, const char *from, const char *to);
void boxes_remove(struct world *w, const char *name);

/* Hold the mailboxes against what was promised. */
void boxes_check(struct world *w, bool crashed);

/* How many messages of all mailboxes have a file. */
size_t boxes_files(struct world *w);

/* Forget what was promised. */
void boxes_drop(struct world *w);

/* Put some letters into the queue, in one group. */
void queue_send(struct world *w, const size_t *sizes, size_t count);

/* Note an attempt for every recipient that is left. */
void queue_attempt(struct world *w);

/* Be done with one recipient of every step-th letter. */
void queue_finish(struct world *w, unsigned step, unsigned recipient);

/* Hold the queue against what was promised. */
void queue_check(struct world *w, bool crashed);

/* How many letters have a file. */
size_t queue_files(struct world *w);

#endif
