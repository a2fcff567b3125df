/* What the files of the queue share. */
#ifndef STORE_QUEUE_INNER_H
#define STORE_QUEUE_INNER_H

#include "store/blob.h"
#include "store/queue.h"
#include "store/seal.h"

/* A recipient's id is its letter's times this, and its place in it. */
#define QUEUE_PLACES 128

_Static_assert(QUEUE_RECIPIENTS_MAX <= QUEUE_PLACES, "places");

#define QUEUE_SALT 16		/* bytes */

enum letter_flag { LETTER_8BIT = 1, LETTER_UTF8 = 2, LETTER_REQUIRE_TLS = 4 };

/* The number of a letter's file, whether it has one or not. */
struct blob_id queue_file(const unsigned char salt[QUEUE_SALT]);

/* The key of a letter; wipe it. Returns: 0; -ENOKEY (logged). */
int queue_key(struct db *db, const unsigned char salt[QUEUE_SALT],
	unsigned char key[SEAL_KEY]) __attribute__((warn_unused_result));

/* Where the header of a letter belongs. */
struct seal_place queue_head_place(const unsigned char salt[QUEUE_SALT]);

/*
 * Erase the letters whose last recipient has gone within the transaction that
 * is about to be committed. Or it is lost: they are there again.
 */
int queue_erase_left(struct db *db) __attribute__((warn_unused_result));
void queue_left_lost(struct db *db);

static inline int64_t
queue_first(uint64_t letter)
{
	return (int64_t)(letter * QUEUE_PLACES);
}

static inline int64_t
queue_last(uint64_t letter)
{
	return queue_first(letter) + QUEUE_PLACES - 1;
}

#endif
