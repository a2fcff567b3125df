/* The keys of our domains, read once and kept ready. */
#ifndef APP_SIGNING_H
#define APP_SIGNING_H

#include "proof/sign.h"
#include "store/dkim.h"

/* Zeroed: nothing is ready. */
struct signing {
	struct db *db;
	int64_t version;		/* dkim_version() it is of */
	struct signing_key *keys;	/* private */
	size_t count;
};

void signing_open(struct signing *s, struct db *db);

/* Wipe and free; safe on a zeroed struct and twice. */
void signing_drop(struct signing *s);

/*
 * Find who signs for an address: the keys of its domain, else of the domain
 * of ours above it (RFC 6376 section 3.10), in the order in which they sign.
 *
 * keys      gets at most room; they live until the next call
 * domain    gets d=
 *
 * Returns:  how many; 0: the letter goes unsigned.
 */
size_t signing_find(struct signing *s, struct str address,
	struct sign_key *keys, size_t room, struct str *domain);

#endif
