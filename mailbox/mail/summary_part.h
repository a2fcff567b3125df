/* What the files of the summary share; nobody else includes it. */
#ifndef MAIL_SUMMARY_PART_H
#define MAIL_SUMMARY_PART_H

#include "mail/envelope.h"
#include "mail/param.h"
#include "mail/preview.h"
#include "mail/summary.h"
#include "mail/transfer.h"

/* Fields of a header that are kept until it is over; those of the envelope
   have their numbers there. */
enum summary_slot {
	SLOT_TYPE = ENVELOPE_COUNT, SLOT_DISPOSITION, SLOT_LANGUAGE,
	SLOT_LOCATION, SLOT_MD5, SLOT_ID, SLOT_DESCRIPTION, SLOT_ENCODING,
	SLOT_REFERENCES,
	SLOT_COUNT
};

/* A value in fields. */
struct summary_value {
	size_t at, len;
	bool has;
	bool fits;		/* it will do; of those that a later field of
				   the same name may take the place of */
};

/*
 * A part. What BODYSTRUCTURE says of it before its size and what behind lies
 * in text, one after the other, and then the envelope if it is a message
 * within a message.
 */
struct summary_node {
	uint64_t head, body, end, lines;
	size_t text;
	size_t front_len, back_len, envelope_len;
	unsigned depth;
	enum mime_kind kind;
	enum mime_encoding encoding;
	bool lined;		/* text: its lines are told */
};

struct summary_maker {
	size_t max;
	bool failed;			/* max is reached */
	struct mime *mime;

	struct buf fields;		/* of the header being read, unfolded */
	struct summary_value slots[SLOT_COUNT];

	struct summary_node *nodes;	/* in the order of their headers */
	size_t count, room;
	struct buf text;		/* of the nodes */
	struct buf made, value;		/* within one call */
	size_t open[MIME_DEPTH_MAX];	/* nodes by depth */

	struct buf envelope;		/* of the message itself */
	struct buf references;
	struct str date;		/* a view, within one call */
	bool has_sent;
	int64_t sent;
	int32_t sent_day;

	struct preview *preview;	/* of the text being read */
	struct transfer transfer;
	struct buf decoded;
	struct buf words;		/* the preview, once there is one */
};

/* ---- summary_field.c ---- */

/* Note a field of the header that mime is in. */
void summary_note(struct summary_maker *m);

/* The value of a slot; at NULL: it is not there. */
struct str summary_slot(const struct summary_maker *m, unsigned slot);

/* ---- summary_node.c ---- */

/* The header of a part is over: say in node and text what it is. */
void summary_describe(struct summary_maker *m, struct summary_node *node);

/* ---- summary_param.c ---- */

/*
 * Add parameters as BODYSTRUCTURE has them, continuations put together but
 * not decoded; NIL when there are none.
 *
 * value     for its use
 * text      say that the charset is us-ascii when nothing is said
 */
void summary_params(struct buf *out, struct param *p, struct buf *value,
	bool text);

/* ---- summary_head.c ---- */

/* The header of the message is over: its envelope, date and references. */
void summary_head(struct summary_maker *m);

/* Write the first text. */
void summary_write_head(const struct summary_maker *m, struct buf *out);

/* ---- summary_write.c ---- */

/* Write the second text. */
void summary_write_body(const struct summary_maker *m, struct buf *out);

/* ---- summary_number.c ---- */

/* Numbers in as few bytes as they need, seven bits each, the least first. */
void summary_add_number(struct buf *out, uint64_t number);
bool summary_take_number(struct str *rest, uint64_t *number);

/* Numbers that may be negative. */
void summary_add_signed(struct buf *out, int64_t number);
bool summary_take_signed(struct str *rest, int64_t *number);

/* Text with its length before it. */
void summary_add_text(struct buf *out, struct str text);
bool summary_take_text(struct str *rest, struct str *text);

#endif
