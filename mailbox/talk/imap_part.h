/* What the parts of the IMAP machine share; nobody else includes it. */
#ifndef TALK_IMAP_PART_H
#define TALK_IMAP_PART_H

#include "talk/imap_words.h"

#define IMAP_TAG_MAX 250	/* octets */
#define IMAP_TAIL_MAX 64	/* octets of a line in which its literal is */
#define IMAP_DONE_MAX 64	/* octets of the line that ends IDLE */

/* When a command is taken. */
enum imap_when {
	IMAP_BEFORE = 1,	/* not authenticated */
	IMAP_AFTER = 2,		/* authenticated, nothing selected */
	IMAP_SELECTED = 4
};

struct imap_verb_row {
	const char *name;
	enum imap_verb verb;
	unsigned when;		/* enum imap_when */
	bool uid;		/* there is a UID form */
	bool numbers;		/* the other form speaks of sequence numbers */
	bool (*parse)(struct imap_words *w, struct imap_command *c);

	/* answers it, and reads what stands behind the verb unless parse does;
	   NULL: the shell does */
	void (*run)(struct imap *m, struct imap_words *w);
};

/*
 * How a session reads. A command is gathered in text with its literals, the
 * text of messages excepted, and understood when it is whole, so that it
 * cannot matter how it came. What is too large is passed over: tail alone is
 * kept, to see whether a literal follows.
 */
struct imap_reading {
	enum {
		IMAP_AT_LINE, IMAP_AT_LITERAL, IMAP_AT_PASSED, IMAP_AT_SASL,
		IMAP_AT_IDLE, IMAP_AT_SECURE, IMAP_AT_ENTER, IMAP_AT_DO,
		IMAP_AT_TAKE, IMAP_AT_TEXT, IMAP_AT_TEXT_END, IMAP_AT_FORGET,
		IMAP_OVER
	} state;
	bool offered;		/* STARTTLS */
	bool authenticated;
	struct buf text;
	struct buf tag;		/* empty: not known, or none */
	char tail[IMAP_TAIL_MAX];
	size_t tail_len;
	uint64_t left;		/* octets of the literal that comes */
	size_t early;		/* octets before login */
	unsigned errors;	/* in a row */
	unsigned tries;

	bool passing;		/* nothing more of this command is kept; it
				   ends with: */
	enum imap_end pass_end;
	struct buf pass_code;
	const char *pass_why;

	/* the messages of APPEND and REPLACE */
	unsigned messages;	/* that were announced */
	size_t message_end;	/* where text goes on behind the last one */
	struct imap_literal literal;	/* the one that comes */

	size_t used;		/* octets of input that m->text showed */
	struct sasl sasl;
};

/* ---- imap.c ---- */

/* The tagged reply, which ends the command: everything about it is gone. */
void imap_finish(struct imap *m, enum imap_end end, struct str code,
	const char *text);

/* The same, for what went wrong with w. */
void imap_finish_wrong(struct imap *m, const struct imap_words *w);

/* Say BYE and be over. */
void imap_leave(struct imap *m, const char *text);

/* The words of what there is of the command, from an octet on. */
struct imap_words imap_words_from(struct imap *m, size_t from);

/* ---- imap_read.c ---- */

/*
 * Take what there is of a line or a literal.
 *
 * Returns:  false when nothing can be done without more input.
 */
bool imap_read(struct imap *m, struct str *in);

/*
 * The literal that was announced is not wanted: the command ends with this
 * reply, at once when the client waits to be asked for it, else when all of it
 * has gone by.
 */
void imap_read_refuse(struct imap *m, const struct imap_literal *literal,
	const struct imap_words *w);

/* ---- imap_obey.c ---- */

/*
 * Read the tag, the verb and whether it may be said now.
 *
 * Returns:  NULL when it may not: w says why.
 */
const struct imap_verb_row *imap_obey_begin(struct imap *m,
	struct imap_words *w);

/* A command is whole. */
void imap_obey(struct imap *m);

/* The line after IDLE. */
void imap_obey_idle(struct imap *m, struct str line);

/* ---- imap_text.c ---- */

/* Whether text belongs to an APPEND or REPLACE whose messages come. */
bool imap_text_is(const struct imap *m);

/*
 * A literal is announced in an APPEND or REPLACE.
 *
 * Returns:  false when it is a part of the command like any other.
 */
bool imap_text_announced(struct imap *m, const struct imap_literal *literal);

/* The line behind a message ends without a literal. */
void imap_text_last(struct imap *m);

/* ---- imap_login.c ---- */

void imap_run_starttls(struct imap *m, struct imap_words *w);
void imap_run_login(struct imap *m, struct imap_words *w);
void imap_run_authenticate(struct imap *m, struct imap_words *w);

/* A line of the client's within AUTHENTICATE. */
void imap_login_line(struct imap *m, struct str line);

/* ---- imap_own.c ---- */

void imap_run_capability(struct imap *m, struct imap_words *w);
void imap_run_logout(struct imap *m, struct imap_words *w);
void imap_run_id(struct imap *m, struct imap_words *w);
void imap_run_enable(struct imap *m, struct imap_words *w);

#endif
