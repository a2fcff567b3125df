/* What the files of a connection share; nobody else includes it. */
#ifndef NET_CONN_PART_H
#define NET_CONN_PART_H

#include "net/conn.h"

#define CONN_CHUNK_MIN 4096	/* bytes: a command, a few lines */
#define CONN_PACKED_OUT_MAX 98304	/* bytes: what is compressed at a time
				   and does not get smaller */

/* Send what is in *out as far as it goes now. */
void conn_send(struct conn *c);

/*
 * Read once, at most what in has room for.
 *
 * Returns:  false when there is no more now.
 */
bool conn_fill_once(struct conn *c);

#endif
