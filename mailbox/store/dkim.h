/* The keys that sign for our domains (RFC 6376), sealed to the device key. */
#ifndef STORE_DKIM_H
#define STORE_DKIM_H

#include "base/buf.h"
#include "store/db.h"

#define DKIM_SELECTOR_MAX 63
#define DKIM_KEYS_MAX 32	/* of a domain */

enum dkim_state {
	DKIM_NEXT,	/* made, its record is to be published */
	DKIM_SIGNS,
	DKIM_PAST	/* signed until a rotation; its record stays a while */
};

struct dkim_key {
	struct str domain;
	struct str selector;
	unsigned kind;		/* enum crypto_kind */
	enum dkim_state state;
	int64_t created;	/* unix s */
	int64_t changed;	/* of state */
	struct str pem;		/* private key; to be used and forgotten */
};

/*
 * Add a key, with its state; created and changed are set to now.
 *
 * Returns:  0; -EEXIST: the domain has a key by that selector; -E2BIG: it has
 *           too many; -ENOKEY; others as db_commit().
 */
int dkim_add(struct db *db, const struct dkim_key *key)
	__attribute__((warn_unused_result));

/*
 * Show every key, by domain and age; key->pem is empty unless private is
 * true, and then lives until each() returns.
 *
 * domain    this one alone; NULL: all
 * each      changes no key meanwhile
 */
int dkim_list(struct db *db, const struct str *domain, bool private,
	void (*each)(void *ctx, const struct dkim_key *key), void *ctx)
	__attribute__((warn_unused_result));

/*
 * Make those that are DKIM_NEXT sign, and those that signed DKIM_PAST.
 *
 * Returns:  0; -ENOENT: there is none that is next.
 */
int dkim_rotate(struct db *db, struct str domain)
	__attribute__((warn_unused_result));

/* Forget a key; -ENOENT. */
int dkim_remove(struct db *db, struct str domain, struct str selector)
	__attribute__((warn_unused_result));

/*
 * A number that changes with each change of the keys, by whatever process:
 * for who keeps them ready.
 */
int dkim_version(struct db *db, int64_t *version)
	__attribute__((warn_unused_result));

#endif
