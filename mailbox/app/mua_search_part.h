/*
 * What the files of SEARCH, SORT and THREAD share; nobody else includes it.
 *
 * mua_search.c answers SEARCH, mua_sort.c and mua_thread.c the other two;
 * mua_search_scan.c goes through the mailbox for them, mua_search_key.c makes
 * the keys ready, mua_search_look.c looks into messages.
 */
#ifndef APP_MUA_SEARCH_PART_H
#define APP_MUA_SEARCH_PART_H

#include "app/mua_mailbox.h"
#include "mail/envelope.h"
#include "mail/look.h"
#include "talk/imap_judge.h"

#define SEARCH_STEPS 8192	/* of sorting, in one step of a command */
#define SEARCH_SORT_MAX 1000	/* octets of a text that is sorted by */
#define SEARCH_LOOKED 32	/* needles that one struct look takes */
#define SEARCH_KEYS 65536	/* that are judged in one step, of all its
				   messages together */

/* Texts that are looked for in one pass through a message. */
struct search_pass {
	struct look *look;
	struct judge_key *keys[SEARCH_LOOKED];
	size_t count;
};

/* A way through the selected mailbox, to the messages that are meant. */
struct search {
	struct mua *m;
	struct judge judge;
	bool modseq;		/* MODSEQ is among the keys */
	struct needle *needles;
	size_t needle_count;
	struct search_pass *passes;
	size_t pass_count;

	struct uids wanted;	/* who may be found */
	bool sure;		/* they are: nobody need be looked at */
	struct mua_walk walk;
	struct box_entry *rows;	/* MUA_ROWS */
	size_t row_count, row;

	/* within one step */
	bool loaded;		/* rows were */
	uint64_t octets;	/* that were opened */
	size_t judged;		/* keys */
	bool holds;		/* service->piece is all of the message */

	/* the message */
	const struct box_entry *entry;
	enum judge_stage stage;
	bool opened;		/* in this stage */
	bool has_head;
	bool found;		/* only its summary is still to be had */
	struct message_summary_maker *maker;	/* it has none yet */
	struct buf head, body, text, base;
	struct summary_head summary;
	struct envelope_person person;
	struct mime *mime;	/* of its header */
};

/* ---- mua_search_scan.c ---- */

/*
 * Begin with the keys of the command. m->job is about to hold s, zeroed.
 *
 * Returns:  false: the command has ended, for it cannot be done.
 */
bool search_begin(struct search *s, struct mua *m);
void search_drop(struct search *s);

/* A step of the command begins. */
void search_step(struct search *s);

enum search_go { SEARCH_FOUND, SEARCH_PAUSES, SEARCH_OVER };

/*
 * Go on to the next message that is found: s->entry.
 *
 * head      its summary is wanted as well; who has none is not found
 * go        gets SEARCH_PAUSES when this step has done its share
 */
int search_next(struct search *s, bool head, enum search_go *go)
	__attribute__((warn_unused_result));

/*
 * Have the summary of the message in s->summary.
 *
 * Returns:  0; 1: it is not there yet, but this step has done its share;
 *           -ENOENT: it is gone, or it is damaged, which was logged.
 */
int search_head(struct search *s) __attribute__((warn_unused_result));

/* When the message of s->summary was sent (RFC 5256 section 2.2). */
int64_t search_sent(const struct search *s);

/*
 * Add its base subject, folded, of which at most SEARCH_SORT_MAX octets.
 *
 * Returns:  as subject_base().
 */
bool search_subject(struct search *s, struct buf *out);

/* ---- mua_search_key.c ---- */

/* Make sets, flags and needles ready. Returns: as search_begin(). */
bool search_keys(struct search *s);

/* Judge the keys of which the entry tells. */
void search_judge_entry(struct search *s);

/* ---- mua_search_look.c ---- */

/*
 * Judge the keys of a stage that are open.
 *
 * Returns:  as search_head().
 */
int search_judge_summary(struct search *s);
int search_judge_header(struct search *s);
int search_judge_text(struct search *s);

/* ---- mua_thread.c ---- */

enum mua_go mua_thread(struct mua *m);

#endif
