/* Long messages and letters to be sent: a sealed file each, named by it. */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "store/db_inner.h"

/* Whose file it is. */
enum blob_kind {
	BLOB_MESSAGE,	/* named by its message's number */
	BLOB_LETTER	/* of the queue; the number is the file's own */
};

struct blob_id {
	enum blob_kind kind;
	uint64_t number;
};

/* A file that is being written, waits for its commit, or is to be removed. */
struct blob {
	struct list link;
	struct blob_id id;
	uint64_t len;		/* bytes written */
	unsigned faults;	/* db->sync_faults when it was made */
	int file;		/* -1: not open */
};

#define BLOB_FOLDER "blob"	/* in the data directory */
#define BLOB_NAME 18		/* bytes of the longest name, with its NUL */

void blob_name(struct blob_id id, char name[BLOB_NAME]);

/* Returns: false when it is no name of a blob. */
bool blob_name_read(const char *name, struct blob_id *id);

/* Open blob/ in the data directory, making it unless only reading. */
int blob_folder_open(struct db *db) __attribute__((warn_unused_result));

/* Make a file; blob_keep() or blob_abort() ends it. Logs. */
int blob_make(struct db *db, struct blob_id id, struct blob **blob)
	__attribute__((warn_unused_result));

/* Write at its end. Logs. */
int blob_add(struct db *db, struct blob *blob, struct str s)
	__attribute__((warn_unused_result));

/* Given to the open transaction. */
void blob_keep(struct db *db, struct blob *blob);

/* Remove it again; NULL is fine. */
void blob_abort(struct db *db, struct blob *blob);

/* Before a commit: make the transaction's files durable. Logs. */
int blob_sync_kept(struct db *db) __attribute__((warn_unused_result));

/* Remove a file once the open transaction, which forgets it, is committed. */
void blob_forget(struct db *db, struct blob_id id);

/*
 * What became of the transaction. Committed: its files stay, and those in
 * doubt before it and forgotten by it go. Lost: its files go. In doubt: the
 * commit failed, but a power cut now might yet find it whole in the WAL, so
 * its files wait for the next commit, which writes over that.
 */
void blob_committed(struct db *db);
void blob_lost(struct db *db);
void blob_doubt(struct db *db);

/* Let go of all without a change. */
void blob_close(struct db *db);

/* Remove the files that were forgotten, unless a backup still wants them. */
void blob_sweep(struct db *db);

/* Remove the file of something that is no more; logs what goes wrong. */
void blob_remove(struct db *db, struct blob_id id);

#endif
