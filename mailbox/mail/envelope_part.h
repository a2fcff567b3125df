/* What the files of the envelope share; summary*.c includes it too. */
#ifndef MAIL_ENVELOPE_PART_H
#define MAIL_ENVELOPE_PART_H

#include "mail/envelope.h"

/* Bytes of the wire that hang together. */
enum envelope_token {
	ENVELOPE_OPEN, ENVELOPE_CLOSE,	/* parentheses */
	ENVELOPE_NIL, ENVELOPE_NUMBER,
	ENVELOPE_STRING,		/* quoted or literal */
	ENVELOPE_OVER			/* or damaged */
};

/*
 * Cut the next token off *rest.
 *
 * token     a view of it as it stands
 */
enum envelope_token envelope_take(struct str *rest, struct str *token);

/* Add without the backslashes that are before what is meant. */
void envelope_unescape(struct buf *out, struct str s);

/* Pass over all to the end of the list that is open. */
void envelope_leave(struct str *rest);

/* Add as a string for people: runs of white space are one space. */
void envelope_human(struct buf *out, struct str s);

/* Add once more what was added from at on, len bytes of it. */
void envelope_repeat(struct buf *out, size_t at, size_t len);

/* ---- envelope_people.c ---- */

/* A list being read, and the address it is at; zeroed at first. */
struct envelope_reader {
	struct str rest;
	struct buf comment;	/* the last ones */
	struct buf name, route, mailbox, host;
	bool has_mailbox, has_host, has_route;
	bool in_group;
	unsigned count;
};

void envelope_reader_drop(struct envelope_reader *r);

/*
 * Add address lists, one on each line of lists, as one; NIL for nobody.
 *
 * r         for its use; may have been used before
 */
void envelope_write_people(struct buf *out, struct envelope_reader *r,
	struct str lists);

#endif
