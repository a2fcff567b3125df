/* Commands about mailboxes and what is answered, played with a real box. */
#ifndef TEST_MUA_MAILBOX_SCRIPT_H
#define TEST_MUA_MAILBOX_SCRIPT_H

#include "app/imap_world.h"

struct exchange {
	const char *ask;	/* without the tag */
	const char *reply;	/* with LF for CRLF, and '#' for a number of
				   any size; NULL: whatever */
};

/* Have a mail program say all of it; fail where the replies differ. */
void script_play(struct imap_client *c, const struct exchange *exchanges,
	size_t count);

/* One of them. */
void script_ask(struct imap_client *c, const char *ask, const char *reply);

/* A box, a mail program that is logged in, and so many letters in INBOX, none
   of them \Recent. */
struct script_world {
	struct imap_world w;
	struct imap_client c;
};

void script_begin(struct script_world *s, unsigned letters);
void script_end(struct script_world *s);

#endif
