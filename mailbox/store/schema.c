/*
 * The schema as a ladder: a database of version n is brought up by the steps
 * from n on, all in one transaction; a new one climbs the whole ladder. A
 * step that was ever released is never changed.
 *
 * Foreign keys are not declared: they would look rows up at every delivery,
 * and db_verify() checks what they would.
 */
#include "store/schema.h"

#include <errno.h>

#include "base/log.h"
#include "store/mailbox_inner.h"

#define APPLICATION_ID 0x50426f78	/* "PBox" in the file's header */

/* Above all that were given; a new database has no mailboxes yet. */
#define UIDVALIDITY_NOTE "INSERT INTO state" \
	" SELECT 'uidvalidity_next', max(uidvalidity) + 1 FROM box" \
	" HAVING count(*) > 0;"

static const char *const steps[] = {
	/* Small facts: public_key, stamp. */
	"CREATE TABLE state ("
	" name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"

	/* Counters are kept with each change, never counted. */
	"CREATE TABLE box ("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" special_use TEXT,"
	" subscribed INTEGER NOT NULL,"
	" uidvalidity INTEGER NOT NULL,"
	" uidnext INTEGER NOT NULL DEFAULT 1,"
	" modseq INTEGER NOT NULL DEFAULT 1,"
	" messages INTEGER NOT NULL DEFAULT 0,"
	" octets INTEGER NOT NULL DEFAULT 0,"
	" unseen INTEGER NOT NULL DEFAULT 0) STRICT;"

	/*
	 * What a scan of a mailbox reads, small and in order of UID. flags:
	 * bits 0 to 7 are enum box_flag, bit 8 + n is keyword n.
	 */
	"CREATE TABLE entry ("
	" box INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" message INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" flags INTEGER NOT NULL,"
	" modseq INTEGER NOT NULL,"
	" received INTEGER NOT NULL,"
	" PRIMARY KEY (box, uid)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE keyword ("
	" box INTEGER NOT NULL, number INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" PRIMARY KEY (box, number)) STRICT, WITHOUT ROWID;"

	/* UIDs that are gone, as ranges, for QRESYNC (RFC 7162). */
	"CREATE TABLE vanished ("
	" box INTEGER NOT NULL, modseq INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY (box, modseq, first)) STRICT, WITHOUT ROWID;"

	/*
	 * id is the epoch times SEAL_EPOCH_MAX and the place in it. dots: a
	 * line begins with a dot, so that whoever sends it by lines cannot
	 * send it as it is. body is sealed; NULL: it is in blob/. It comes
	 * last, so that the rest is read without it.
	 */
	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY,"
	" size INTEGER NOT NULL,"
	" dots INTEGER NOT NULL,"
	" body BLOB) STRICT;"

	/* Messages in several mailboxes: how many entries beyond the first. */
	"CREATE TABLE copy ("
	" message INTEGER PRIMARY KEY, more INTEGER NOT NULL) STRICT;"

	/* ENVELOPE and BODYSTRUCTURE as wire text, sealed. */
	"CREATE TABLE summary ("
	" message INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"

	/* Messages in no mailbox, in the order in which they left it. */
	"CREATE TABLE garbage ("
	" stamp INTEGER NOT NULL, message INTEGER NOT NULL,"
	" PRIMARY KEY (stamp, message)) STRICT, WITHOUT ROWID;"

	/* AUTOINCREMENT: no epoch, and so no message id, ever comes again. */
	"CREATE TABLE epoch ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" begun INTEGER NOT NULL,"
	" seed BLOB NOT NULL) STRICT;"

	"CREATE TABLE address ("
	" name TEXT PRIMARY KEY,"
	" state INTEGER NOT NULL DEFAULT 0,"
	" first_seen INTEGER NOT NULL DEFAULT 0,"
	" last_seen INTEGER NOT NULL DEFAULT 0,"
	" received INTEGER NOT NULL DEFAULT 0,"
	" refused INTEGER NOT NULL DEFAULT 0,"
	" muted INTEGER NOT NULL DEFAULT 0,"
	" note TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;"

	/* name is empty but for app passwords. */
	"CREATE TABLE credential ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" salt BLOB NOT NULL,"
	" ops INTEGER NOT NULL,"
	" mem INTEGER NOT NULL,"
	" wrapped BLOB NOT NULL,"
	" created INTEGER NOT NULL,"
	" last_used INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (kind, name)) STRICT;",

	/*
	 * What is to be sent, sealed to the device key (state: device_check,
	 * device_sealed). AUTOINCREMENT: no letter's id ever comes again. flags
	 * are enum letter_flag. file is the number of its file in blob/, or
	 * body is there. The long ones come last, so that the rest is read
	 * without them; the row never changes.
	 */
	"CREATE TABLE letter ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" sender TEXT NOT NULL,"
	" queued INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" flags INTEGER NOT NULL,"
	" ret INTEGER NOT NULL,"
	" envid TEXT NOT NULL,"
	" salt BLOB NOT NULL,"
	" file INTEGER,"
	" head BLOB NOT NULL,"
	" body BLOB) STRICT;"
	"CREATE UNIQUE INDEX letter_file ON letter (file)"
	" WHERE file IS NOT NULL;"

	/*
	 * id is the letter's times QUEUE_PLACES and the place in it: who
	 * belongs to a letter stands together, without an index. state is
	 * enum queue_state; the index has those that wait. status is three
	 * numbers of three digits.
	 */
	"CREATE TABLE recipient ("
	" id INTEGER PRIMARY KEY,"
	" address TEXT NOT NULL,"
	" route TEXT NOT NULL,"
	" notify INTEGER NOT NULL,"
	" orcpt TEXT NOT NULL,"
	" state INTEGER NOT NULL,"
	" attempts INTEGER NOT NULL DEFAULT 0,"
	" next INTEGER NOT NULL,"
	" told_late INTEGER NOT NULL DEFAULT 0,"
	" tried INTEGER NOT NULL DEFAULT 0,"
	" code INTEGER NOT NULL DEFAULT 0,"
	" status INTEGER NOT NULL DEFAULT 0,"
	" said TEXT NOT NULL DEFAULT '',"
	" remote TEXT NOT NULL DEFAULT '') STRICT;"
	"CREATE INDEX recipient_due ON recipient (next) WHERE state = 0;"

	/*
	 * Which address a message-id came to. bucket is the epoch of the
	 * message: what is noted lies beside what was noted just before. hash
	 * is keyed with the device key. turn: several addresses of one id.
	 */
	"CREATE TABLE identity ("
	" bucket INTEGER NOT NULL, hash BLOB NOT NULL,"
	" turn INTEGER NOT NULL,"
	" address TEXT NOT NULL,"
	" PRIMARY KEY (bucket, hash, turn)) STRICT, WITHOUT ROWID;"

	/* Private keys are sealed to the device key. */
	"CREATE TABLE dkim ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" domain TEXT NOT NULL,"
	" selector TEXT NOT NULL,"
	" kind INTEGER NOT NULL,"
	" state INTEGER NOT NULL,"
	" created INTEGER NOT NULL,"
	" changed INTEGER NOT NULL,"
	" pem BLOB NOT NULL,"
	" UNIQUE (domain, selector)) STRICT;"

	/* Smart hosts; the secret is sealed to the device key. */
	"CREATE TABLE route ("
	" domain TEXT PRIMARY KEY,"
	" host TEXT NOT NULL,"
	" port INTEGER NOT NULL,"
	" user TEXT NOT NULL,"
	" secret BLOB NOT NULL) STRICT, WITHOUT ROWID;"

	/* MTA-STS; public text of others. */
	"CREATE TABLE policy ("
	" domain TEXT PRIMARY KEY,"
	" id TEXT NOT NULL,"
	" expires INTEGER NOT NULL,"
	" text TEXT NOT NULL) STRICT, WITHOUT ROWID;",

	/*
	 * saved: when it was put here, 0: when it was received. arrived: its
	 * modseq before its flags first changed, 0: they never did; so the
	 * index on that costs a delivery nothing, nor does the one of those
	 * that are \Deleted.
	 */
	"ALTER TABLE entry ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE entry ADD COLUMN arrived INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX entry_changed ON entry (box, modseq) WHERE arrived > 0;"
	"CREATE INDEX entry_deleted ON entry (box) WHERE flags & 8 <> 0;"

	/*
	 * AUTOINCREMENT: no mailbox's id ever comes again. unseen_from: all
	 * below that UID have \Seen; of no meaning while unseen is 0. Only
	 * INBOX was ever shown with its UIDVALIDITY; now no two have the same.
	 */
	"CREATE TABLE mailbox ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL UNIQUE,"
	" special_use TEXT UNIQUE,"
	" uidvalidity INTEGER NOT NULL,"
	" uidnext INTEGER NOT NULL DEFAULT 1,"
	" modseq INTEGER NOT NULL DEFAULT 1,"
	" messages INTEGER NOT NULL DEFAULT 0,"
	" octets INTEGER NOT NULL DEFAULT 0,"
	" unseen INTEGER NOT NULL DEFAULT 0,"
	" unseen_from INTEGER NOT NULL DEFAULT 1) STRICT;"
	"INSERT INTO mailbox (id, name, special_use, uidvalidity, uidnext,"
	" modseq, messages, octets, unseen) SELECT id, name, special_use,"
	" uidvalidity + id - 1, uidnext, modseq, messages, octets, unseen"
	" FROM box;"

	/* By name, whether there is such a mailbox or not. */
	"CREATE TABLE subscription ("
	" name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
	"INSERT INTO subscription SELECT name FROM box WHERE subscribed = 1;"
	"DROP TABLE box;"
	"ALTER TABLE mailbox RENAME TO box;"
	UIDVALIDITY_NOTE

	/* Mailboxes that were removed, whose entries are still to be. */
	"CREATE TABLE removed (box INTEGER PRIMARY KEY) STRICT;"

	/* Of a mailbox, or of the server: box 0. value is sealed. */
	"CREATE TABLE annotation ("
	" box INTEGER NOT NULL, name TEXT NOT NULL,"
	" value BLOB NOT NULL,"
	" PRIMARY KEY (box, name)) STRICT, WITHOUT ROWID;"

	/*
	 * The texts of mail/summary.h, sealed, each behind its version. There
	 * never was a row in the older table.
	 */
	"DROP TABLE summary;"
	"CREATE TABLE summary ("
	" message INTEGER PRIMARY KEY,"
	" head BLOB NOT NULL, body BLOB NOT NULL) STRICT;"
};

/* BOX_INBOX is 1: the first. */
static const struct {
	const char *name, *special_use;
} boxes[] = {
	{ "INBOX", NULL },
	{ "Drafts", "\\Drafts" },
	{ "Sent", "\\Sent" },
	{ "Junk", "\\Junk" },
	{ "Trash", "\\Trash" },
	{ "Archive", "\\Archive" },
};

static int
steps_climb(struct db *db, size_t from)
{
	char version[40];
	int err = 0;

	for (size_t i = from; i < countof(steps) && err == 0; i++)
		err = db_exec(db, steps[i]);
	(void)sqlite3_snprintf(sizeof version, version,
	    "PRAGMA user_version = %d", (int)countof(steps));
	return err != 0 ? err : db_exec(db, version);
}

int
schema_migrate(struct db *db)
{
	int64_t is = 0, version = 0;
	int err = db_pragma(db, "PRAGMA application_id", &is);

	if (err == 0)
		err = db_pragma(db, "PRAGMA user_version", &version);
	if (err != 0)
		return err;
	if (is != APPLICATION_ID || version < 1) {
		log_event(LOG_ERROR, "database-foreign", LOG_C("file", DB_FILE),
		    LOG_C("do", "this is no database of pillarbox, or its head "
		    "is damaged: restore the data directory from a backup"));
		return -EUCLEAN;
	}
	if (version > (int64_t)countof(steps)) {
		log_event(LOG_ERROR, "database-newer", LOG_N("is", version),
		    LOG_N("known", (int64_t)countof(steps)),
		    LOG_C("do", "start the newer pillarbox again, or restore "
		    "the backup made before it"));
		return -EPROTO;
	}
	if (version == (int64_t)countof(steps))
		return 0;
	err = db_begin(db);
	/* Another process may have been faster. */
	if (err == 0)
		err = db_pragma(db, "PRAGMA user_version", &version);
	if (err == 0)
		err = steps_climb(db, (size_t)version);
	if (err == 0)
		err = db_commit(db);
	if (err != 0)
		db_rollback(db);
	return err;
}

static int
boxes_make(struct db *db)
{
	sqlite3_stmt *s;
	/* A clock that was never set still gives a UIDVALIDITY. */
	int64_t first = mailbox_uidvalidity_next(db->clock, 1);
	int err = 0;

	if (sqlite3_prepare_v2(db->sql, "INSERT INTO box (name, special_use,"
	    " uidvalidity) VALUES (?1, ?2, ?3)", -1, &s, NULL) != SQLITE_OK)
		return db_failed(db, "database-unwritable", -EIO);
	for (size_t i = 0; i < countof(boxes) && err == 0; i++) {
		db_bind_text(s, 1, str_of(boxes[i].name));
		if (boxes[i].special_use != NULL)
			db_bind_text(s, 2, str_of(boxes[i].special_use));
		sqlite3_bind_int64(s, 3, first + (int64_t)i);
		err = db_run(db, s);
	}
	sqlite3_finalize(s);
	return err != 0 ? err : db_exec(db,
	    "INSERT INTO subscription SELECT name FROM box;"
	    UIDVALIDITY_NOTE);
}

int
schema_create(struct db *db)
{
	char id[48];
	int err = db_begin(db);

	(void)sqlite3_snprintf(sizeof id, id, "PRAGMA application_id = %d",
	    APPLICATION_ID);
	if (err == 0)
		err = db_exec(db, id);
	if (err == 0)
		err = steps_climb(db, 0);
	if (err == 0)
		err = boxes_make(db);
	if (err == 0)
		err = db_commit(db);
	if (err != 0)
		db_rollback(db);
	return err;
}
