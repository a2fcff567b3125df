/* Two sessions with one mailbox, without their connections. */
#ifndef TEST_VIEW_WORLD_H
#define TEST_VIEW_WORLD_H

#include "app/gate_world.h"
#include "app/mua_part.h"

struct view_world {
	struct gate_world at;
	struct imap_service service;
	struct mua one, two;
};

/* For cmocka; the state is a struct view_world. */
int view_world_begin(void **state);
int view_world_end(void **state);

/* Put letters into INBOX. */
void view_letters(struct view_world *w, unsigned count);

/* Take them out, each by itself. */
void view_gone(struct view_world *w, uint32_t first, uint32_t last);

/* Give flags; returns the modseq. */
uint64_t view_flag(struct view_world *w, uint32_t first, uint32_t last,
	uint64_t flags);

/* Open INBOX, in which nobody is recent any more. */
void view_opened(struct view_world *w, struct mua *m);

/* What it is told now, all of it, must be this. */
void view_told(struct mua *m, bool expunges, const char *text);

#endif
