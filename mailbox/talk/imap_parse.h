/*
 * What stands behind the verbs: each function reads all that a command says
 * into c and adds nothing else (RFC 9051 section 6, and the extensions named
 * where they are read). Spaces in front are still there.
 *
 * Returns:  false when something is wrong; w->why says what.
 */
#ifndef TALK_IMAP_PARSE_H
#define TALK_IMAP_PARSE_H

#include "talk/imap_words.h"

/* ---- imap_parse_name.c ---- */

bool imap_parse_mailbox(struct imap_words *w, struct imap_command *c);
bool imap_parse_create(struct imap_words *w, struct imap_command *c);
bool imap_parse_rename(struct imap_words *w, struct imap_command *c);
bool imap_parse_select(struct imap_words *w, struct imap_command *c);

/* ---- imap_parse_list.c ---- */

bool imap_parse_list(struct imap_words *w, struct imap_command *c);
bool imap_parse_lsub(struct imap_words *w, struct imap_command *c);
bool imap_parse_status(struct imap_words *w, struct imap_command *c);

/* ---- imap_parse_meta.c ---- */

bool imap_parse_get_quota(struct imap_words *w, struct imap_command *c);
bool imap_parse_set_quota(struct imap_words *w, struct imap_command *c);
bool imap_parse_get_metadata(struct imap_words *w, struct imap_command *c);
bool imap_parse_set_metadata(struct imap_words *w, struct imap_command *c);
bool imap_parse_compress(struct imap_words *w, struct imap_command *c);

/* ---- imap_parse_notify.c ---- */

bool imap_parse_notify(struct imap_words *w, struct imap_command *c);

/* ---- imap_parse_fetch.c ---- */

bool imap_parse_fetch(struct imap_words *w, struct imap_command *c);

/* The items in parentheses, as NOTIFY has them. */
bool imap_parse_items(struct imap_words *w, struct imap_fetch *fetch);

/* ---- imap_parse_store.c ---- */

bool imap_parse_store(struct imap_words *w, struct imap_command *c);
bool imap_parse_copy(struct imap_words *w, struct imap_command *c);
bool imap_parse_expunge(struct imap_words *w, struct imap_command *c);

/* ---- imap_parse_search.c ---- */

bool imap_parse_search(struct imap_words *w, struct imap_command *c);
bool imap_parse_sort(struct imap_words *w, struct imap_command *c);
bool imap_parse_thread(struct imap_words *w, struct imap_command *c);

/* ---- imap_parse_key.c ---- */

/* Search keys up to the end of the command. */
bool imap_parse_keys(struct imap_words *w, struct imap_search_key **top);

/* ---- imap_parse_append.c ---- */

/* What announces the message of an APPEND or REPLACE. */
struct imap_announced {
	struct str spec;	/* "~{n+}" that ends the line */
	bool name;		/* it is not the message but the mailbox's name
				   that comes */
};

/*
 * Read an APPEND or REPLACE up to the literal that ends what there is of it;
 * what c and append refer to is in the arena.
 *
 * first     from behind the verb on, and c is filled; else from behind the
 *           message before it
 */
bool imap_parse_announced(struct imap_words *w, struct imap_command *c,
	bool first, struct imap_append *append,
	struct imap_announced *announced);

/* The end of the command behind the last message. */
bool imap_parse_appended(struct imap_words *w, bool utf8);

#endif
