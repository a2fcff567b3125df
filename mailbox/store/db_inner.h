/* The inside of struct db, for the files of store/ alone. */
#ifndef STORE_DB_INNER_H
#define STORE_DB_INNER_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/list.h"
#include "store/db.h"
#include "store/disk.h"
#include "store/seal.h"

#define DB_FILE "pillarbox.db"
#define DB_FILE_NEW "pillarbox.db.new"	/* while it is made or copied */
#define DB_PAGE 4096		/* bytes */
#define PATH_LEN_MAX 4096	/* bytes of a path */
#define DB_WAL_MAX 1024			/* pages: 4 MiB; see db.c */
#define DB_WAL_REST 256			/* the same in a quiet moment */

/* Every statement is prepared once and kept under its number. */
enum db_slot {
	SLOT_BEGIN, SLOT_COMMIT, SLOT_ROLLBACK, SLOT_LOOK,
	SLOT_STATE_GET, SLOT_STATE_SET,
	SLOT_BOX_STATUS, SLOT_BOX_LIST, SLOT_BOX_RECEIVED, SLOT_BOX_NEXT,
	SLOT_BOX_NEXT_GAVE, SLOT_BOX_GONE, SLOT_BOX_CHANGED,
	SLOT_BOX_UNSEEN_SEEK,
	SLOT_ENTRY_DELETE, SLOT_ENTRY_ADD, SLOT_ENTRY_UIDS, SLOT_ENTRY_LIST,
	SLOT_ENTRY_CHANGED, SLOT_ENTRY_ARRIVED, SLOT_ENTRY_UNSEEN,
	SLOT_ENTRY_DELETED, SLOT_ENTRY_DELETED_COUNT, SLOT_ENTRY_SET,
	SLOT_ENTRY_SEEN, SLOT_ENTRY_NEWER,
	SLOT_VANISHED_ADD, SLOT_VANISHED_COUNT, SLOT_VANISHED_LIST,
	SLOT_VANISHED_AFTER,
	SLOT_COPY_FIND, SLOT_COPY_LESS, SLOT_COPY_DELETE, SLOT_COPY_MORE,
	SLOT_MAILBOX_LIST, SLOT_MAILBOX_FIND, SLOT_MAILBOX_USE,
	SLOT_MAILBOX_COUNT, SLOT_MAILBOX_ADD, SLOT_MAILBOX_BELOW,
	SLOT_MAILBOX_NAME, SLOT_MAILBOX_DROP, SLOT_MAILBOX_OCTETS,
	SLOT_SUBSCRIBE, SLOT_UNSUBSCRIBE, SLOT_SUBSCRIBED_COUNT,
	SLOT_KEYWORD_LIST, SLOT_KEYWORD_ADD, SLOT_KEYWORD_DROP,
	SLOT_REMOVED_ADD, SLOT_REMOVED_FIND, SLOT_REMOVED_DELETE,
	SLOT_REMOVED_ENTRIES, SLOT_REMOVED_VANISHED,
	SLOT_INBOX_COUNT, SLOT_INBOX_KEYWORDS, SLOT_INBOX_VANISHED,
	SLOT_INBOX_ENTRIES, SLOT_INBOX_LEAVE, SLOT_INBOX_GONE,
	SLOT_INBOX_EMPTY,
	SLOT_ANNOTATION_SET, SLOT_ANNOTATION_REMOVE, SLOT_ANNOTATION_COUNT,
	SLOT_ANNOTATION_NEXT, SLOT_ANNOTATION_DROP,
	SLOT_GARBAGE_ADD, SLOT_GARBAGE_LIST, SLOT_GARBAGE_DELETE,
	SLOT_MESSAGE_ADD, SLOT_MESSAGE_FIND, SLOT_MESSAGE_DELETE,
	SLOT_MESSAGE_FILE,
	SLOT_SUMMARY_ADD, SLOT_SUMMARY_LATE, SLOT_SUMMARY_HEAD,
	SLOT_SUMMARY_BODY, SLOT_SUMMARY_DELETE,
	SLOT_EPOCH_ADD, SLOT_EPOCH_FIND, SLOT_EPOCH_DELETE,
	SLOT_ADDRESS_STATE, SLOT_ADDRESS_ADD, SLOT_ADDRESS_COUNT,
	SLOT_ADDRESS_SET, SLOT_ADDRESS_NOTE, SLOT_ADDRESS_LIST,
	SLOT_OWNER_ADD, SLOT_CREDENTIAL_NAMES, SLOT_CREDENTIAL_LIST,
	SLOT_CREDENTIAL_KIND,
	SLOT_CREDENTIAL_PUT, SLOT_CREDENTIAL_USED, SLOT_CREDENTIAL_REMOVE,
	SLOT_LETTER_ADD, SLOT_LETTER_FIND, SLOT_LETTER_TEXT,
	SLOT_LETTER_LIST, SLOT_LETTER_ERASE, SLOT_LETTER_FILE,
	SLOT_RECIPIENT_ADD, SLOT_RECIPIENT_LIST, SLOT_RECIPIENT_DELETE,
	SLOT_RECIPIENT_TRIED, SLOT_RECIPIENT_PUT_OFF, SLOT_RECIPIENT_SAME,
	SLOT_RECIPIENT_DUE, SLOT_RECIPIENT_NEXT, SLOT_RECIPIENT_ROUTES,
	SLOT_RECIPIENT_ROUTE, SLOT_RECIPIENT_STATE, SLOT_RECIPIENT_DROP,
	SLOT_DATA_VERSION,
	SLOT_IDENTITY_BUCKET, SLOT_IDENTITY_TURN, SLOT_IDENTITY_ADD,
	SLOT_IDENTITY_FIND,
	SLOT_DKIM_ADD, SLOT_DKIM_COUNT, SLOT_DKIM_LIST, SLOT_DKIM_ROTATE,
	SLOT_DKIM_REMOVE,
	SLOT_ROUTE_SET, SLOT_ROUTE_REMOVE, SLOT_ROUTE_LIST, SLOT_ROUTE_FIND,
	SLOT_POLICY_SET, SLOT_POLICY_PURGE, SLOT_POLICY_CUT, SLOT_POLICY_FIND,
	SLOT_COUNT
};

struct epoch;
struct lazy;
struct summaries;

struct db {
	sqlite3 *sql;
	const struct clock *clock;
	enum db_mode mode;
	int folder;		/* the data directory */
	int blobs;		/* blob/ in it */
	uint64_t unsynced;	/* bytes in files being written or kept */
	unsigned sync_faults;	/* syncs of the whole file system that failed */
	int claim;		/* held by the one that serves; -1 */
	bool open;		/* a write transaction is */
	bool looks;		/* else a read transaction may be; db_look() */
	int doomed;		/* why it can only be rolled back; 0 */
	bool hasty;		/* no other process is waited for */
	int wal_pages;		/* in the WAL, not yet brought over */
	int wal_high;		/* the most since it was last cut to nothing */
	int64_t stamp;		/* the next deletion gets it, or a later one */
	bool has_public_key;
	unsigned char public_key[SEAL_KEY];
	int64_t epoch_floor;	/* the next one's id is not below this */
	struct epoch *epoch;	/* new messages take their keys from; NULL */
	struct list kept;	/* blobs of the open transaction */
	struct list doubtful;	/* blobs of one whose commit failed */
	struct list leaving;	/* blobs that the open transaction forgets */
	struct list forgotten;	/* blobs that a committed one forgot */
	unsigned char *device;	/* the device key; NULL: there is none */
	bool device_fresh;	/* the open transaction makes it */
	uint64_t *left;		/* letters that a recipient left within the
				   open transaction; see queue.c */
	size_t left_count;
	struct uid_floor *floors;	/* see box.c */
	size_t floor_count;
	struct lazy *lazy;	/* counts not yet written; see lazy.c */
	struct summaries *summaries;	/* see summary_row.c */
	struct buf sealed;	/* see body_scratch(); */
	uint64_t sealed_of;	/* of this message it is the row; or 0 */
	struct disk_list *sweep;	/* orphans are looked for; NULL: done */
	sqlite3_stmt *slots[SLOT_COUNT];
};

/*
 * A statement ready to be bound.
 *
 * Returns:  NULL when it cannot be prepared (logged); binding and db_step()
 *           pass that on.
 */
sqlite3_stmt *db_sql(struct db *db, enum db_slot slot, const char *text);

/*
 * Run a statement to its next row. It is reset, and its bindings forgotten,
 * whenever no row is returned.
 *
 * Returns:  1: a row; 0: done; negative errno, logged. A failing change dooms
 *           the transaction.
 */
int db_step(struct db *db, sqlite3_stmt *s)
	__attribute__((warn_unused_result));

/* Reset after the rows wanted were read. */
void db_reset(sqlite3_stmt *s);

/* As db_step() to the end, rows passed over. */
int db_run(struct db *db, sqlite3_stmt *s)
	__attribute__((warn_unused_result));

/* As db_run() for a change that must meet at least one row; else -ENOENT. */
int db_run_met(struct db *db, sqlite3_stmt *s)
	__attribute__((warn_unused_result));

/*
 * Open the transaction if none is open: before every change.
 *
 * Returns:  0; why not (logged); or why it is doomed.
 */
int db_begin(struct db *db) __attribute__((warn_unused_result));

/* Text and bytes, borrowed until the statement is reset. */
void db_bind_text(sqlite3_stmt *s, int at, struct str text);
void db_bind_bytes(sqlite3_stmt *s, int at, const void *bytes, size_t size);

/* A column's bytes; until the statement is stepped or reset. */
struct str db_column(sqlite3_stmt *s, int at);

/* The one number that a pragma answers. */
int db_pragma(struct db *db, const char *text, int64_t *number)
	__attribute__((warn_unused_result));

/* Run SQL without rows, several statements even. */
int db_exec(struct db *db, const char *text)
	__attribute__((warn_unused_result));

/* A result code of SQLite as a negative errno. */
int db_errno(sqlite3 *sql, int code);

/* Log what failed, with SQLite's own words. Returns: err. */
int db_failed(struct db *db, const char *event, int err);

/* One number of the state table; 0 when it is not there. */
int state_number(struct db *db, const char *name, int64_t *number)
	__attribute__((warn_unused_result));

int state_set(struct db *db, const char *name, int64_t number)
	__attribute__((warn_unused_result));

#endif
