/* Messages as files keep them: LF line ends, and many in one mbox. */
#ifndef APP_MBOX_H
#define APP_MBOX_H

#include "base/buf.h"

#include <stdio.h>

#define MBOX_FRAGMENT 65536	/* bytes of a line given at once */
#define MBOX_FROM_MAX 1024	/* bytes of a From_ line looked at */

/*
 * Turns the wire form into that of a file: CRLF becomes LF, and for an mbox
 * each line that is "From " behind any number of '>' gets one '>' more
 * (mboxrd, which can be undone). Zeroed: at the start of a message that is
 * not quoted.
 */
struct mbox_out {
	bool quote;
	enum { MBOX_LINE_START, MBOX_FROM, MBOX_IN_LINE } state;
	bool held_cr;		/* a CR that may be one of CRLF */
	uint64_t signs;		/* '>' at the line start, not yet written */
	size_t matched;		/* bytes of "From " seen, not yet written */
};

/* Write the next bytes of a message; ferror(file) tells whether it went. */
void mbox_write(struct mbox_out *o, FILE *file, struct str wire);

/* Write what was held back, and end the last line if it is open. */
void mbox_write_end(struct mbox_out *o, FILE *file);

/*
 * Add the From_ line of a message, LF included.
 *
 * head      the message from its start; Return-Path tells the sender
 */
void mbox_from(struct buf *out, struct str head, int64_t received);

/*
 * When a message came: the date of its topmost Received, else its Date.
 *
 * Returns:  false, *received unchanged, when it has neither.
 */
bool mbox_date(struct str head, int64_t *received);

/* Reads a file line by line at flat memory: long lines come in fragments. */
struct mbox_in {
	FILE *file;		/* borrowed */
	size_t from, to;	/* unread part of at */
	bool at_end;
	bool in_line;		/* the last fragment did not end its line */
	char at[MBOX_FRAGMENT];
};

struct mbox_line {
	struct str text;	/* without its line end */
	bool starts;		/* it is the first of its line */
	bool ends;		/* it is the last, and has a line end */
};

/*
 * Read the next line or fragment of one. A line that starts is whole, or
 * MBOX_FROM_MAX bytes long at least; LF, CRLF and CR all end a line.
 *
 * Returns:  false at the end of the file; ferror(in->file) tells whether it
 *           could not be read.
 * Lives:    line's text until the next call.
 */
bool mbox_read(struct mbox_in *in, struct mbox_line *line);

/*
 * Whether a line is a From_ line, by its time of day, which "From " at the
 * start of a sentence lacks.
 *
 * received  gets its date, unix s; left alone when that cannot be read
 */
bool mbox_is_from(struct str line, int64_t *received);

/* How many '>' to take off a line of mboxrd: 1 if it was quoted, else 0. */
size_t mbox_quoted(struct str line);

#endif
