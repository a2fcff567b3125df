/*
 * Which messages the keys of a SEARCH mean, while more and more is known of
 * each: flags and dates cost next to nothing, whole messages a lot. Keys are
 * yes, no or open; what is open is looked at only if it still matters.
 */
#ifndef TALK_IMAP_JUDGE_H
#define TALK_IMAP_JUDGE_H

#include "talk/imap_command.h"

/* What it takes to know a key, the cheapest first. */
enum judge_stage {
	JUDGE_ENTRY,	/* what is in the list of messages */
	JUDGE_SUMMARY,	/* addresses, subject and date of the header */
	JUDGE_HEADER,	/* all of the header */
	JUDGE_TEXT,	/* all of the message */
	JUDGE_STAGES
};

enum judge_value { JUDGE_OPEN, JUDGE_NO, JUDGE_YES };

/* A key; those within it follow at once. */
struct judge_key {
	const struct imap_search_key *key;
	size_t end;		/* behind the last one within it */
	enum judge_stage stage;
	enum judge_value value;

	/* what the shell has found out beforehand */
	struct uids uids;	/* of SET and UID */
	struct uids places;	/* of SET: message numbers */
	uint64_t flags;		/* of FLAG and UNFLAG */
	size_t needle;		/* of texts */
};

/* Zeroed plus judge_init(). */
struct judge {
	struct judge_key *keys;	/* the first one is what all is about */
	size_t count;
};

/* top is kept. */
void judge_init(struct judge *j, const struct imap_search_key *top);
void judge_drop(struct judge *j);	/* safe on a zeroed struct and twice */

/* Whether a key has others within it: AND, OR, NOT. */
bool judge_is_group(enum imap_key key);

/*
 * What is certain of all messages that may be found, from the sets alone.
 *
 * all       UIDs of the mailbox; their places are the message numbers
 * found     an empty set; gets all that may be found
 *
 * Returns:  whether that is all that has to be known: they are found.
 */
bool judge_bounds(const struct judge *j, const struct uids *all,
	struct uids *found);

/* Another message: all is open. */
void judge_begin(struct judge *j);

/*
 * The next key of a stage that is open and matters: set its value.
 *
 * after     the one before; NULL for the first
 *
 * Returns:  NULL when there is none. Groups are as judge_fold() left them.
 */
struct judge_key *judge_next(struct judge *j, enum judge_stage stage,
	const struct judge_key *after);

/* Draw conclusions. Returns: what is known of the message. */
enum judge_value judge_fold(struct judge *j);

#endif
