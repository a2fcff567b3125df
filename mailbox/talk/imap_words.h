/*
 * The words of which commands of IMAP are made (RFC 9051 section 9): each
 * function takes one off what is left of a command, or says what it wanted.
 */
#ifndef TALK_IMAP_WORDS_H
#define TALK_IMAP_WORDS_H

#include "talk/imap.h"

/*
 * A command that is being read, literals included. Views that the functions
 * give are into it, or into the arena.
 */
struct imap_words {
	struct str rest;	/* what is left */
	struct arena *arena;
	unsigned enabled;	/* enum imap_enabled */
	unsigned implied;	/* the same: what the command turns on */
	bool numbers;		/* there are sequence numbers in it */

	/* what went wrong first; why NULL: nothing */
	const char *why;
	enum imap_end end;
	const char *code;	/* NULL: none */
};

/* All bool functions return false when something went wrong. */

/* Say what is wrong: BAD. Returns: false. */
bool words_fail(struct imap_words *w, const char *why);

/* The same as NO or BAD with a response code. */
bool words_fail_code(struct imap_words *w, enum imap_end end,
	const char *code, const char *why);

/*
 * Zeroed memory of the arena.
 *
 * Returns:  NULL when it is full.
 */
void *words_take(struct imap_words *w, size_t count, size_t size)
	__attribute__((warn_unused_result));

/*
 * Room in an array of count members for one more.
 *
 * at        as the last call returned it; NULL while count is 0
 *
 * Returns:  NULL when the arena is full.
 */
void *words_grow(struct imap_words *w, void *at, size_t count, size_t size)
	__attribute__((warn_unused_result));

/* A copy in the arena. */
bool words_keep(struct imap_words *w, struct str s, struct str *kept);

/* ---- between words ---- */

/* What the next octet is, or -1. */
int words_next(const struct imap_words *w);

/* Spaces, one at least. */
bool words_space(struct imap_words *w);

/* The end; spaces before it are let pass. */
bool words_end(struct imap_words *w);

/* A single octet, if it is there; nothing goes wrong when it is not. */
bool words_skip(struct imap_words *w, char c);

/*
 * A list in parentheses:
 *
 *	struct words_list list = { 0 };
 *
 *	while (words_list(w, &list))
 *		read a member
 *	return w->why == NULL;
 */
struct words_list {
	bool open;
};

/* Returns: whether another member follows. */
bool words_list(struct imap_words *w, struct words_list *list);

/* ---- words ---- */

/* Letters, digits, "." and "-", which name things of IMAP; may be empty. */
struct str words_label(struct imap_words *w);

/* The same, and one of a list of names, letter case apart. */
bool words_choose(struct imap_words *w, const char *const *names,
	size_t count, const char *why, size_t *which);

/* Nothing is taken, but a string or an atom has to come next. */
bool words_expect(struct imap_words *w, const char *why);

/* Skip a name and go on behind it if it stands there as a whole word. */
bool words_skip_label(struct imap_words *w, struct str label);

/* ASTRING-CHARs; may be empty. */
struct str words_bare(struct imap_words *w);

bool words_atom(struct imap_words *w, struct str *atom);
bool words_string(struct imap_words *w, struct str *string);
bool words_astring(struct imap_words *w, struct str *string);

/* NIL gives a view at NULL. */
bool words_nstring(struct imap_words *w, struct str *string);

/* The same; it may be a literal8 (RFC 3516) as well. */
bool words_value(struct imap_words *w, struct str *string);

/* list-mailbox: as an astring, with wildcards. */
bool words_pattern(struct imap_words *w, struct str *string);

/* Digits that make a number from min to max. */
bool words_number(struct imap_words *w, uint64_t min, uint64_t max,
	uint64_t *number);

#define WORDS_NUMBER_MAX INT64_MAX	/* RFC 9051 section 4.2: 63 bits */

/* A literal that a command or a part of it ends with. */
struct imap_literal {
	uint64_t size;
	bool sync;	/* wants to be asked for */
	bool eight;	/* ~{n} */
};

/*
 * Read "~{n+}" off the end of a line.
 *
 * Returns:  1; 0: the line does not end with a literal; -1: with one of more
 *           octets than can be counted.
 */
int words_literal_end(struct str line, struct imap_literal *literal);

/* ---- imap_values.c ---- */

/* A sequence-set, or "$". */
bool words_set(struct imap_words *w, struct imap_set *set);

/* "(\Seen work)" */
bool words_flags(struct imap_words *w, struct imap_flags *flags);

/* The same, or without parentheses. */
bool words_flags_bare(struct imap_words *w, struct imap_flags *flags);

/* A keyword, as SEARCH KEYWORD has it. */
bool words_keyword(struct imap_words *w, struct str *keyword);

/* A mailbox by name, as UTF-8. */
bool words_mailbox(struct imap_words *w, struct str *name);

/* A pattern of LIST (wild), or its reference; what is no name stays as it is,
   and will match nothing. */
bool words_mailbox_pattern(struct imap_words *w, bool wild,
	struct str *pattern);

/* "1-Feb-1994" as days since 1970-01-01. */
bool words_day(struct imap_words *w, int32_t *day);

/* "\"17-Jul-1996 02:44:25 +0200\"" */
bool words_date(struct imap_words *w, int64_t *unix_s);

#endif
