/* The unit in which a message travels between roles and is sealed. */
#ifndef MAIL_PIECE_H
#define MAIL_PIECE_H

/*
 * A message goes from intake to keeper in pieces, all but the last exactly
 * this long; each is sealed as one chunk. A message of one piece lives in the
 * database, a longer one in a file of its own.
 */
#define PIECE_SIZE 65536	/* bytes */

#endif
