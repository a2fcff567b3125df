/* All a role needs from outside: configuration, certificates and keys. */
#ifndef APP_SETUP_H
#define APP_SETUP_H

#include "app/config.h"
#include "net/tls.h"

#define SETUP_PEM_MAX 65536	/* bytes of one PEM file */
#define SETUP_PACKED_MAX (4u << 20)

/* Zeroed: empty. Loaded once, then passed to the roles as bytes. */
struct setup {
	struct config config;
	struct buf text;	/* the configuration as it was read */
	struct buf certs[CONFIG_CERTIFICATES_MAX];
	struct buf keys[CONFIG_CERTIFICATES_MAX];	/* wiped by drop */
	struct tls_pair pairs[CONFIG_CERTIFICATES_MAX]; /* views of those */
	struct buf roots;	/* PEM certificates to believe; may be empty */
	struct buf resolv;	/* resolv.conf as it was read, when the
				   configuration names no dns.servers */
	int64_t expires[CONFIG_CERTIFICATES_MAX];	/* unix s; 0 when not
							   from setup_load() */
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

/* Safe on a zeroed struct and twice; wipes the keys. */
void setup_drop(struct setup *setup);

/* As bytes, to be handed to a caged role, and back (which cannot fail for
 * bytes that setup_pack() made: -EBADMSG otherwise). out has a max of
 * SETUP_PACKED_MAX and is wiped later by the caller: the keys are in it. */
void setup_pack(const struct setup *setup, struct buf *out);
int setup_unpack(struct setup *setup, struct str packed)
	__attribute__((warn_unused_result));

#endif
