/* A role in a process of its own, with a test in place of all others. */
#ifndef TEST_ROLE_WORLD_H
#define TEST_ROLE_WORLD_H

#include <sys/types.h>

#include "app/role.h"
#include "net/wire.h"
#include "store/address.h"

#define WORLD_PATIENCE_MS 20000

struct role_world {
	char dir[64];		/* with a store in it, if asked for */
	pid_t pid;
	int boss;		/* our end of its wire to the supervisor */
	int wire;		/* and of the one to the other role */
	enum role_id other;	/* which is the keeper, or for it intake */
	unsigned port;		/* SMTP */
	unsigned submission;	/* and of the keeper, STARTTLS */
	unsigned submissions;	/* TLS from the first byte */
	struct buf app_password; /* of the store */
	struct buf room;
};

#define WORLD_PASSWORD "a long password"

/*
 * Start a role of the domain example.test, and hear that it is ready. The
 * keeper has a certificate.
 */
void world_start(struct role_world *w,
	int (*start)(const struct role_start *start), bool store);

/* Have it stop, and see that it ends well. */
void world_end(struct role_world *w);

/* How many messages are in the box. */
unsigned world_stored(const struct role_world *w);

/* Open, refuse or mute an address, as the command line does. */
void world_address(const struct role_world *w, struct str name,
	enum address_state state);

/* The next datagram on our end of the wire; fails when none comes. */
void world_hear(struct role_world *w, struct wire_mail *mail);

/* Whether nothing comes within ms. */
bool world_silent(struct role_world *w, int ms);

/* Send bytes that are no datagram of ours. */
void world_say_raw(struct role_world *w, struct str bytes);

void world_say(struct role_world *w, const struct wire_head *head,
	const struct str *bodies, size_t count);

/* Give it another wire; the old one is closed. */
void world_rewire(struct role_world *w);

#endif
