/* The address book: one row per address of ours that was ever used. */
#ifndef STORE_ADDRESS_H
#define STORE_ADDRESS_H

#include "store/db.h"

#define ADDRESS_NOTE_MAX 500	/* bytes */

enum address_state {
	ADDRESS_OPEN,
	ADDRESS_REFUSE,		/* 550 5.1.1 at RCPT */
	ADDRESS_MUTE		/* accepted and dropped */
};

/* Views live until the callback returns. */
struct address {
	struct str name;	/* canonical: "shop@example.test" */
	enum address_state state;
	int64_t first_seen;	/* unix s; 0: never */
	int64_t last_seen;
	uint64_t received;	/* messages kept */
	uint64_t refused;	/* RCPTs refused */
	uint64_t muted;		/* messages dropped */
	struct str note;
};

/* The state of an address; ADDRESS_OPEN when it has no row. */
int address_state(struct db *db, struct str name, enum address_state *state)
	__attribute__((warn_unused_result));

/* Count a message received (or dropped) now; makes the row if need be. */
int address_received(struct db *db, struct str name, bool muted)
	__attribute__((warn_unused_result));

/* Count a refusal; lazy, and never makes a row. */
int address_refused(struct db *db, struct str name)
	__attribute__((warn_unused_result));

/* Open, refuse or mute; makes the row if need be. */
int address_set(struct db *db, struct str name, enum address_state state)
	__attribute__((warn_unused_result));

/* Set the note; makes the row if need be. -EINVAL: too long, or no UTF-8. */
int address_note(struct db *db, struct str name, struct str note)
	__attribute__((warn_unused_result));

/* Show every row, in the order of names, to each(). */
int address_list(struct db *db,
	void (*each)(void *ctx, const struct address *address), void *ctx)
	__attribute__((warn_unused_result));

#endif
