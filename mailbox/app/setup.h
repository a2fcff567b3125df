/* All a role needs from outside: configuration, certificates and keys. */
#ifndef APP_SETUP_H
#define APP_SETUP_H

#include "app/config.h"
#include "net/tls.h"

#define SETUP_PEM_MAX 65536	/* bytes of one PEM file */
#define SETUP_ROOTS_MAX (1u << 20)	/* of the authorities to believe */
#define SETUP_RESOLV_MAX 65536
#define SETUP_RESOLV "/etc/resolv.conf"
#define SETUP_PACKED_MAX (4u << 20)

/* Zeroed: empty. Loaded once, then passed to the roles as bytes. */
struct setup {
	struct config config;
	struct buf text;	/* the configuration as it was read */
	struct buf certs[CONFIG_CERTIFICATES_MAX];
	struct buf keys[CONFIG_CERTIFICATES_MAX];	/* wiped by drop */
	struct tls_pair pairs[CONFIG_CERTIFICATES_MAX]; /* views of those */
	struct buf roots;	/* PEM certificates to believe; may be empty */
	int roots_err;		/* 0, or why they could not be read */
	struct buf resolv;	/* resolv.conf as it was read, when the
				   configuration names no dns.servers */
	int64_t expires[CONFIG_CERTIFICATES_MAX];	/* unix s; 0 when not
							   from setup_load() */

	/* private: of resolv.conf when it was read, unix ns and bytes */
	int64_t resolv_changed, resolv_size;
};

/*
 * Read the configuration file alone; a command that needs no certificate
 * does with that.
 *
 * why       as for setup_load()
 *
 * Returns:  0 or negative errno.
 */
int setup_load_config(struct setup *setup, const char *file, struct buf *why)
	__attribute__((warn_unused_result));

/*
 * Read the configuration file and what it names; check that every key
 * belongs to its certificate.
 *
 * setup     is dropped first if it holds something
 * why       on failure one line for a person: file, line, what to do
 *
 * Returns:  0 or negative errno.
 */
int setup_load(struct setup *setup, const char *file, struct buf *why)
	__attribute__((warn_unused_result));

/*
 * Read what is needed to reach other servers, into a set-up that has a
 * configuration: the roots, and resolv.conf. What is not there stays empty,
 * since all but sending does without it. Part of setup_load().
 */
void setup_load_outside(struct setup *setup);

/*
 * Look whether resolv.conf has changed, and read it again if so: a board may
 * hear of its DNS servers only after the box has started.
 *
 * Returns:  whether there is something new to be handed to the roles.
 */
bool setup_follow_resolv(struct setup *setup);

/*
 * List the DNS servers: those of the configuration, else those of
 * resolv.conf, whose addresses of one network interface (with a '%') are
 * passed over.
 *
 * servers   gets at most room
 *
 * Returns:  how many.
 * Lives:    as long as the set-up.
 */
size_t setup_resolvers(const struct setup *setup, struct str *servers,
	size_t room);

/* Safe on a zeroed struct and twice; wipes the keys. */
void setup_drop(struct setup *setup);

/* As bytes, to be handed to a caged role, and back (which cannot fail for
 * bytes that setup_pack() made: -EBADMSG otherwise). out has a max of
 * SETUP_PACKED_MAX and is wiped later by the caller: the keys are in it. */
void setup_pack(const struct setup *setup, struct buf *out);
int setup_unpack(struct setup *setup, struct str packed)
	__attribute__((warn_unused_result));

#endif
