/* Summaries of messages as they are stored: sealed, beside the message. */
#ifndef STORE_SUMMARY_ROW_H
#define STORE_SUMMARY_ROW_H

#include "store/db_inner.h"
#include "store/message.h"

/* Both texts, sealed, each behind its version. Zeroed: none. */
struct summary_row {
	uint64_t message;
	struct buf head, body;
};

/*
 * Seal them with the message's own key, as often as need be: no two sealings
 * share a nonce.
 *
 * row       zeroed; to be dropped
 */
void summary_row_seal(struct summary_row *row, uint64_t message,
	struct str head, struct str body, const unsigned char key[SEAL_KEY]);

void summary_row_drop(struct summary_row *row);	/* safe twice */

/* Keep that of a new message, within the open transaction. */
int summary_row_add(struct db *db, const struct summary_row *row)
	__attribute__((warn_unused_result));

/*
 * Keep that of an older message with the next commit, for which nobody asks:
 * it can be made again, as it has to be when this fails.
 *
 * row       given
 */
void summary_row_late(struct db *db, struct summary_row *row);

/* Which text is asked for. */
struct summary_ask {
	uint64_t message;
	enum message_summary which;
	const unsigned char *key;	/* of the message */
};

/*
 * Read a text, also one that waits.
 *
 * Returns:  1; 0: there is none of this version; -EBADMSG; others.
 */
int summary_row_open(struct db *db, const struct summary_ask *ask,
	struct buf *out) __attribute__((warn_unused_result));

/* Those that wait to be written, and those that were read before their turn. */
struct summaries;

struct summaries *summaries_new(void);
void summaries_drop(struct summaries *all);	/* NULL is fine */

/* How many wait. */
size_t summaries_count(const struct summaries *all);

/* Whether the oldest has waited long enough for a commit of its own. */
bool summaries_due(const struct db *db);

/* Write all into the transaction that is about to be committed. */
int summaries_write(struct db *db) __attribute__((warn_unused_result));

/* It is committed: forget what was written. When it is lost, all wait on. */
void summaries_committed(struct db *db);

#endif
