/* The device key, for the files of store/ alone. */
#ifndef STORE_DEVICE_INNER_H
#define STORE_DEVICE_INNER_H

#include "store/device.h"

/*
 * Load the key, or make one when the box has an owner and never had one. A key
 * that cannot be loaded is logged, and no error: mail is received without it.
 * Who is about to serve a box without its key, or a copy, serves a restored
 * one: restored.h.
 */
int device_begin(struct db *db) __attribute__((warn_unused_result));

/*
 * Make the key for an owner, within the open transaction; the file is durable
 * when it returns.
 */
int device_make(struct db *db, const unsigned char public_key[SEAL_KEY])
	__attribute__((warn_unused_result));

/* The transaction is committed, or lost. */
void device_committed(struct db *db);
void device_lost(struct db *db);

/* Wipe the key. */
void device_drop(struct db *db);

/* Log that what needs the key must wait. Returns: -ENOKEY. */
int device_missing(const char *what);

#endif
