/* The IMAP service with a box behind it, and mail programs that a test plays,
   all in one process: the loop turns while somebody waits for a reply. */
#ifndef TEST_IMAP_WORLD_H
#define TEST_IMAP_WORLD_H

#include "app/gate_world.h"
#include "app/mua_part.h"

struct imap_world {
	struct gate_world at;
	struct era *era;
	struct imap_service service;
	struct settle settle;
	struct timer tick;
	bool fails;		/* the next commit does */
	unsigned commits;
};

/* config: more of it, such as "imap = { ... };" */
void imap_world_begin(struct imap_world *w, const char *config);
void imap_world_end(struct imap_world *w);

/* Let the loop turn so often. */
void imap_world_turn(struct imap_world *w, unsigned times);

/* Put a letter into a mailbox, and commit. Returns: its UID. */
uint32_t imap_world_letter(struct imap_world *w, int64_t box,
	const char *text);

struct imap_client {
	struct imap_world *w;
	struct mua *m;		/* its session, while it is there */
	int fd;
	struct buf said;	/* all that it was told since it last spoke */
};

/* Connect, as if behind TLS. */
void imap_client_open(struct imap_client *c, struct imap_world *w);

/* The same, and log in. */
void imap_client_enter(struct imap_client *c, struct imap_world *w);

void imap_client_close(struct imap_client *c);

/* Send text as it is. */
void imap_client_say(struct imap_client *c, const char *text);

/*
 * Let the loop turn until a text came, or the end of the connection.
 *
 * Returns:  all that it was told since it last spoke.
 */
const char *imap_client_hear(struct imap_client *c, const char *text);

/*
 * Send a command, without its tag and line end, and wait for its end.
 *
 * Returns:  all it was told, with "A " as the tag.
 */
const char *imap_client_ask(struct imap_client *c, const char *command);

#endif
