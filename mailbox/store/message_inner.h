/* What the files that read messages share. */
#ifndef STORE_MESSAGE_INNER_H
#define STORE_MESSAGE_INNER_H

#include "store/body.h"
#include "store/message.h"

struct reader_keys;

struct message_reader {
	const struct seal_owner *owner;
	struct reader_keys *keys;
	int64_t epoch;		/* the marks belong to it; 0: none */
	uint64_t keyed;		/* message whose key was taken last; 0: none */
	struct body_reader body;	/* of the open message */
};

/*
 * The key of a message. Those of ascending messages are cheap.
 *
 * key       gets it. Lives: until the next call; it is in locked memory.
 *
 * Returns:  0; -EBADMSG: the seal of its epoch does not hold (logged).
 */
int message_key(struct db *db, struct message_reader *r, uint64_t message,
	const unsigned char **key) __attribute__((warn_unused_result));

/* Log that a seal does not hold. Returns: -EBADMSG. */
int message_broken(uint64_t message);

#endif
