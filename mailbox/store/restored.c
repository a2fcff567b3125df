/*
 * The mark of a restored box, and what is done about it.
 *
 * All is done in the transaction that takes the mark away, before anybody can
 * ask for a UID: so it is done once, and not seen half done. As long as the
 * device key is not back, the mark says that it was done already.
 */
#include "store/restored.h"

#include <errno.h>

#include "base/log.h"
#include "store/db_inner.h"
#include "store/mailbox_inner.h"

enum { MARK_NONE, MARK_COPY, MARK_KEYLESS };

/*
 * The box from before may have given UIDVALIDITYs that this one does not know
 * of, even some that the clock has not reached yet: so many are passed over.
 */
#define PASSED_OVER (1 << 20)

static int
boxes_renew(struct db *db)
{
	char text[300];
	int64_t count = 0, first = 0;
	int err = db_pragma(db, "SELECT count(*) FROM box", &count);

	if (err == 0)
		err = mailbox_uidvalidity(db, PASSED_OVER, count, &first);
	if (err == -EOVERFLOW) {
		log_event(LOG_ERROR, "uidvalidity-used-up", LOG_C("do",
		    "let every mail program forget what it has of this box, "
		    "and load it anew"));
		return 0;
	}
	if (err != 0)
		return err;
	(void)sqlite3_snprintf(sizeof text, text, "UPDATE box SET"
	    " uidvalidity = %lld + turn.n FROM (SELECT id,"
	    " row_number() OVER (ORDER BY id) - 1 AS n FROM box) AS turn"
	    " WHERE turn.id = box.id", (long long)first);
	return db_exec(db, text);
}

int
restored_begin(struct db *db, bool keyless)
{
	int64_t mark = MARK_NONE;
	const int64_t next = keyless ? MARK_KEYLESS : MARK_NONE;
	int err = state_number(db, RESTORED_MARK, &mark);
	bool renews = mark == MARK_COPY || (keyless && mark == MARK_NONE);

	if (err != 0 || mark == next)
		return err;
	err = db_begin(db);
	if (err == 0 && renews)
		err = boxes_renew(db);
	if (err == 0 && renews && mark == MARK_NONE)
		err = db_exec(db, RESTORED_IDS);
	if (err == 0)
		err = state_set(db, RESTORED_MARK, next);
	if (err == 0)
		err = db_commit(db);
	if (err != 0)
		db_rollback(db);
	else if (renews)
		log_event(LOG_INFO, "box-restored", LOG_C("so", "every mailbox "
		    "has a new UIDVALIDITY: mail programs load their lists "
		    "anew, and POP3 clients what they left here"));
	return err;
}
