/* A set of UIDs, kept as runs: what IMAP calls a sequence set. */
#ifndef MAIL_UIDS_H
#define MAIL_UIDS_H

#include "base/buf.h"

/* From first to last, both in it. */
struct uid_run {
	uint32_t first, last;
	uint32_t before;	/* members of all runs before it */
};

/*
 * Ascending, no two runs touch. A mailbox of which nothing was ever deleted
 * is one run, however large. Zeroed: the empty set.
 */
struct uids {
	struct uid_run *runs;
	size_t count;
	size_t room;
};

/* Free it; safe on a zeroed struct and twice. */
void uids_drop(struct uids *u);

/* Forget the members, keep the memory. */
void uids_clear(struct uids *u);

/* Put first to last into it, in any order; quick at its end. first > 0. */
void uids_add(struct uids *u, uint32_t first, uint32_t last);

/* Take first to last out. */
void uids_remove(struct uids *u, uint32_t first, uint32_t last);

/* As uids_add() and uids_remove() of all of other. */
void uids_join(struct uids *u, const struct uids *other);
void uids_part(struct uids *u, const struct uids *other);

/* Add to out, an empty set, what is in both. */
void uids_meet(struct uids *out, const struct uids *a, const struct uids *b);

/* Make to, which may hold something, the same set. */
void uids_copy(struct uids *to, const struct uids *from);

/* How many members. */
uint32_t uids_len(const struct uids *u);

bool uids_has(const struct uids *u, uint32_t uid);

/* The member at a place counted from 1 (a sequence number); 0: none. */
uint32_t uids_at(const struct uids *u, uint32_t place);

/* The place of a member, counted from 1; 0: it is none. */
uint32_t uids_place(const struct uids *u, uint32_t uid);

/* The least member that is not below uid; 0: none. */
uint32_t uids_next(const struct uids *u, uint32_t uid);

/* The greatest member; 0: none. */
uint32_t uids_last(const struct uids *u);

/*
 * The run that holds a member, from uid on and cut to the set; false when uid
 * is no member. Walks a set by runs: begin with uids_next(u, 1).
 */
bool uids_run(const struct uids *u, uint32_t uid, uint32_t *last);

/* Add as a sequence-set (RFC 9051 section 9), such as 1:4,7. */
void uids_write(struct buf *out, const struct uids *u);

#endif
