/* What the files of the submission rewriter share. */
#ifndef RULES_SUBMIT_PART_H
#define RULES_SUBMIT_PART_H

#include "mail/head.h"
#include "mail/people.h"
#include "rules/submit.h"

#define SUBMIT_TOO_LARGE "552 5.3.4 The header is too large"

/* A header under way. */
struct submit_job {
	const struct submit_policy *policy;
	struct submit *result;
	struct str from;	/* value of the field, as it stands */
	struct str subject;
	unsigned from_count;
	unsigned subject_count;
	bool receipt;		/* a disposition notification (RFC 8098) */
	bool refers;		/* In-Reply-To or References says something */
	bool as_is;		/* X-Pillarbox-Identity says so */
	struct person author;	/* who From names */
	struct buf name;	/* to be shown in the new From */
	struct buf text;	/* the Subject, decoded */
	struct buf rest;	/* the same without its tags */
	bool tagged;
	struct addr chosen;	/* views into result->chosen */
	struct addr main;	/* views into the policy; null for none */
	struct str id_domain;	/* where message-ids of ours are */
	struct buf field;	/* the field being written */
	bool dated;		/* Date has been written */
	bool identified;	/* Message-ID has been written */
};

/* Begin; policy and result are kept. submit_job_drop() at the end. */
void submit_job_init(struct submit_job *job,
	const struct submit_policy *policy, struct submit *result);
void submit_job_drop(struct submit_job *job);

/* Find the fields that decide, and who From names; NULL, or the refusal. */
const char *submit_read(struct submit_job *job, struct str head);

/* Choose the address and what follows from it; NULL, or the refusal. */
const char *submit_choose(struct submit_job *job);

/* Whether a mailbox is a main address of the owner's. */
bool submit_is_main(const struct submit_job *job, const struct addr *addr);

/* Which address of the owner's, but the chosen one, a text shows. */
enum submit_leak { SUBMIT_LEAK_NONE, SUBMIT_LEAK_OTHER, SUBMIT_LEAK_MAIN };

/* Whether a mailbox is the owner's: at a domain of ours, or listed. */
bool submit_owns(const struct submit_policy *policy, const struct addr *addr);

/* The worst that an unfolded text shows, as it stands and when decoded. */
enum submit_leak submit_leak(const struct submit_job *job, struct str text);

/*
 * Write an unfolded text as it is to be searched: encoded-words and %XX
 * decoded, parameters in pieces (RFC 2231) once more as a whole, wide signs
 * narrow, white space as spaces, without backslashes, the quotes of local
 * parts, and what is not seen.
 *
 * out       is set up here
 */
void submit_look(struct buf *out, struct str text);

/* Add an unfolded text without its comments. */
void submit_uncomment(struct buf *out, struct str text);

/* Whether a name is the local part of a main address that was not chosen. */
bool submit_is_local(const struct submit_job *job, struct str text);

/*
 * Whether a text shows such a local part as a word: no letters around it; nor
 * digits, if it is short or has some at its end.
 */
bool submit_shows_local(const struct submit_job *job, struct str text);

/*
 * Whether an unfolded text shows the name or the address of the client, not as
 * part of a longer word.
 */
bool submit_shows_client(const struct submit_policy *policy, struct str text);

/* Add what becomes of a field; NULL, or the refusal. */
const char *submit_field(struct submit_job *job,
	const struct head_field *field);

/* Add what was missing. */
void submit_missing(struct submit_job *job);

/* Add the only Message-ID in the place of one that came. */
void submit_id(struct submit_job *job, const struct head_field *field);

/* Add the Message-ID that did not come. */
void submit_id_missing(struct submit_job *job);

/* Add what becomes of In-Reply-To or References, called name. */
void submit_ids(struct submit_job *job, const struct head_field *field,
	const char *name);

#endif
