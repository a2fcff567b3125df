/*
 * What the files of FETCH share; nobody else includes it.
 *
 * mua_fetch.c finds the messages, mua_fetch_mark.c marks them as seen,
 * mua_fetch_item.c tells of one after the other, mua_fetch_text.c their
 * sections.
 */
#ifndef APP_MUA_FETCH_PART_H
#define APP_MUA_FETCH_PART_H

#include "app/mua_part.h"
#include "mail/transfer.h"
#include "talk/imap_fields.h"
#include "talk/imap_section.h"

#define FETCH_HELD_MAX 65536	/* octets that are put together before their
				   length is told; of more the length is found
				   first, then they are made once more */
#define FETCH_INLINE_MAX 16384	/* octets of a summary that need no look at
				   how full out is */
#define FETCH_MARK_MAX (1 << 20)	/* octets of messages that are marked as
				   seen before the first of them is told */

/* Octets that an item shows. */
struct fetch_text {
	enum {
		TEXT_REST,	/* what is in rest */
		TEXT_PLAIN,	/* of the message, as they stand */
		TEXT_FIELDS,	/* some fields of it */
		TEXT_DECODED	/* its transfer encoding undone */
	} how;
	const struct imap_item *item;
	struct imap_extent extent;
	struct str rest;
	uint64_t at;		/* the next octet of the message to look at */
	bool ended;		/* nothing more comes out of fields, transfer */
	bool has_nul;
	uint64_t total;		/* octets in all, once they are counted */
	uint64_t skip, left;	/* of those to come: to be left out, to be
				   told behind them */
	struct imap_fields fields;
	struct transfer transfer;
	struct buf made;	/* what came out of them last */
	struct buf held;	/* all that came out, while it fits */
	bool holds;		/* it does */
};

struct mua_fetch {
	struct mua *m;
	enum {
		FETCH_GONE,	/* what vanished is told */
		FETCH_LOADS,	/* the next rows */
		FETCH_MARKS,	/* what marked them is being committed */
		FETCH_BEGINS,	/* a message */
		FETCH_ITEMS,	/* the next item of it */
		FETCH_COUNTS,	/* how long a text will be */
		FETCH_TELLS	/* a text */
	} state;

	/* which messages */
	struct uids wanted;
	uint32_t next;		/* UID that is looked for next */
	uint32_t found;		/* of wanted */
	struct uids gone;	/* that are still to be told */
	struct box_entry *rows;	/* MUA_ROWS */
	uint64_t *marked;	/* with this modseq, just now; or 0 */
	size_t row_count, row;

	/* what is to be told of each */
	unsigned asked;		/* bits of enum imap_item_kind */
	bool needs_head, needs_body;	/* of its summary */
	bool likes_body;	/* if it is there */
	bool needs_octets;
	bool marks;

	/* within one step */
	uint64_t octets;	/* that were opened */
	size_t looked;		/* entries */
	uint32_t piece;		/* that service->piece holds; or NO_PIECE */

	/* the message */
	size_t item;
	unsigned told;		/* bits of enum imap_item_kind */
	bool first;		/* nothing of it was told yet */
	bool opened;
	uint32_t piece_next;	/* what message_read() would read */
	struct message_summary_maker *maker;	/* it has no summary yet */
	struct buf head, body;
	struct summary_head summary_head;
	struct summary_body summary_body;
	bool has_body;
	struct fetch_text text;

	/* what went wrong */
	int err;		/* of a message that could not be told */
	bool expunged;		/* one was gone */
	bool unknown;		/* one had an encoding that nobody knows */
};

#define FETCH_NO_PIECE UINT32_MAX

/* ---- mua_fetch_mark.c ---- */

/*
 * Mark the rows as seen, within the open transaction.
 *
 * Returns:  true when the commit is to be waited for.
 */
bool fetch_mark(struct mua_fetch *f);

/* The commit was made, or could not be. */
void fetch_marked(struct mua_fetch *f);

/* ---- mua_fetch_item.c ---- */

/* Note what will be needed of every message. */
void fetch_items_look(struct mua_fetch *f);

/* Begin to tell of a row, or pass it over when it cannot be told. */
void fetch_message(struct mua_fetch *f);

/* Tell the next item, or that there is none. */
void fetch_item(struct mua_fetch *f);

/* ---- mua_fetch_text.c ---- */

/* Begin with an item that shows octets of the message. */
void fetch_text_begin(struct mua_fetch *f, const struct imap_item *item);

/* Begin with a text that is there; it lives as long as the message. */
void fetch_text_rest(struct mua_fetch *f, struct str rest);

/* Go on counting how long it will be, as far as this step may. */
void fetch_text_count(struct mua_fetch *f);

/*
 * Go on telling it, as far as this step may.
 *
 * Returns:  0, or why the session has to end within a literal.
 */
int fetch_text_tell(struct mua_fetch *f) __attribute__((warn_unused_result));

/*
 * View the octets of the message from at on, to the end of their piece.
 *
 * Lives:    until the next call.
 */
int fetch_octets(struct mua_fetch *f, uint64_t at, struct str *view)
	__attribute__((warn_unused_result));

void fetch_text_drop(struct fetch_text *t);

/* Whether this step has done its share. */
bool fetch_pauses(const struct mua_fetch *f);

/* A space before all items but the first. */
void fetch_gap(struct mua_fetch *f);

#endif
