/* Large messages: a sealed file each, named by the message. */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "store/db_inner.h"

/* A file that is being written, or waits for its commit. */
struct blob {
	struct list link;
	uint64_t message;
	uint64_t len;		/* bytes written */
	unsigned faults;	/* db->sync_faults when it was made */
	int file;
};

#define BLOB_FOLDER "blob"	/* in the data directory */
#define BLOB_NAME 17		/* bytes of a name, its NUL included */

void blob_name(uint64_t message, char name[BLOB_NAME]);

/* Returns: false when it is no name of a blob. */
bool blob_name_read(const char *name, uint64_t *message);

/* Open blob/ in the data directory, making it unless only reading. */
int blob_folder_open(struct db *db) __attribute__((warn_unused_result));

/* Make a file; blob_keep() or blob_abort() ends it. Logs. */
int blob_make(struct db *db, uint64_t message, struct blob **blob)
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

/*
 * What became of the transaction. Committed: its files stay, and those in
 * doubt before it go. Lost: its files go. In doubt: the commit failed, but a
 * power cut now might yet find it whole in the WAL, so its files wait for the
 * next commit, which writes over that.
 */
void blob_committed(struct db *db);
void blob_lost(struct db *db);
void blob_doubt(struct db *db);

/* Let go of all without a change. */
void blob_close(struct db *db);

/* Remove the file of a message that is no more; logs what goes wrong. */
void blob_remove(struct db *db, uint64_t message);

#endif
