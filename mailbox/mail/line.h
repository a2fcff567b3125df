/* Lines on the wire: commands, and the text between DATA and the lone dot. */
#ifndef MAIL_LINE_H
#define MAIL_LINE_H

#include "base/buf.h"

enum line_result {
	LINE_MORE,	/* no whole line yet */
	LINE_DONE,
	LINE_LONG,	/* longer than max; consumed up to its end */
	LINE_BAD	/* bare CR, bare LF or NUL: trust nothing more */
};

/*
 * Cut one CRLF-ended command line off *in (RFC 5321 section 2.3.8).
 *
 * max       the longest line, CRLF included, bytes
 * skipping  state of the caller for a line longer than max, which is passed
 *           over without being kept: false at first, else as left
 * line      gets the line without CRLF: a view into *in
 *
 * Returns:  see above; LINE_LONG comes once, when the end of the long line
 *           has been seen. The caller may drop what was cut off *in and must
 *           keep what was not.
 */
enum line_result line_take(struct str *in, size_t max, bool *skipping,
	struct str *line);

enum text_result {
	TEXT_MORE,	/* all of in is consumed, or out is full enough */
	TEXT_END,	/* the lone dot was read; in goes on behind it */
	TEXT_BARE,	/* bare CR or bare LF */
	TEXT_NUL,
	TEXT_LONG	/* a line longer than line_max */
};

/* Reads dot-stuffed text (RFC 5321 section 4.5.2). Zeroed: at line start. */
struct text {
	enum {
		TEXT_LINE_START, TEXT_IN_LINE, TEXT_SEEN_CR, TEXT_SEEN_DOT,
		TEXT_SEEN_DOT_CR
	} state;
	bool dotted;		/* DATA, not BDAT */
	size_t line_len;
};

/*
 * Take text off *in, undo the dot-stuffing, and add it to out, until *in is
 * empty, the text ends, or out holds out_stop bytes or more.
 *
 * line_max  the longest line, CRLF included and the dot that is undone not
 *           (RFC 5321 section 4.5.3.1.6), bytes; may grow between calls
 * out_stop  at most the max of out; never passed
 *
 * Returns:  see above; TEXT_END, TEXT_BARE and TEXT_NUL are final. After
 *           TEXT_LONG the caller may go on with a line_max of SIZE_MAX, to
 *           reach the lone dot: nothing is lost or taken twice.
 *           The line end before the lone dot belongs to the text; a text of
 *           nothing but the dot is empty. On an error *in goes on at the
 *           byte that was one too many.
 */
enum text_result text_undot(struct text *t, struct str *in, size_t line_max,
	struct buf *out, size_t out_stop);

/*
 * The same check for text that is not dot-stuffed (BDAT, RFC 3030 section
 * 2): takes all of *in (which the caller has cut to the chunk) up to out_stop.
 * text_closed() afterwards tells whether it ended with a line end.
 */
enum text_result text_plain(struct text *t, struct str *in, size_t line_max,
	struct buf *out, size_t out_stop);

/* Whether all that was read so far is whole lines. */
bool text_closed(const struct text *t);

/*
 * Add s to out with a dot before each line that starts with one (RFC 1939
 * section 3, RFC 5321 section 4.5.2).
 *
 * at_start  whether s begins a line; updated for the next call
 */
void text_dot(struct buf *out, struct str s, bool *at_start);

#endif
