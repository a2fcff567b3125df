/*
 * A box that goes on from an older state of itself. Since then it gave UIDs,
 * modseqs and ids to messages that it does not know any more, and mail
 * programs do.
 */
#ifndef STORE_RESTORED_H
#define STORE_RESTORED_H

#include "store/db.h"

#define RESTORED_MARK "restored"	/* state: see restored.c */
#define RESTORED_COPY "1"		/* its value in a copy by db_backup() */

/*
 * Ids of mailboxes and messages (RFC 8474) go on far above those of the older
 * state: SQL. 2^20 epochs may have begun in between.
 */
#define RESTORED_IDS \
	"INSERT INTO sqlite_sequence (name, seq) SELECT 'epoch', 0" \
	" WHERE 'epoch' NOT IN (SELECT name FROM sqlite_sequence);" \
	"UPDATE sqlite_sequence SET seq = seq + 1048576" \
	" WHERE name IN ('box', 'epoch');"

/*
 * Before a box is served: if it was restored, give every mailbox another
 * UIDVALIDITY, once (RFC 9051 section 2.3.1.1). It shows by the mark, or by
 * the lack of its device key, which no backup holds.
 *
 * keyless   the file of the device key is missing, or another box's
 */
int restored_begin(struct db *db, bool keyless)
	__attribute__((warn_unused_result));

#endif
