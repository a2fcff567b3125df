/* Credentials: who may open the owner's key, each with a wrap of its own. */
#ifndef STORE_CREDENTIAL_H
#define STORE_CREDENTIAL_H

#include "base/buf.h"
#include "store/db.h"
#include "store/seal.h"

enum credential_kind {
	CREDENTIAL_OWNER,	/* the password; argon2id */
	CREDENTIAL_APP,		/* 128 random bits; one keyed hash */
	CREDENTIAL_RECOVERY	/* 160 random bits, printed once; opens the box
				   on the command line, never a login */
};

/*
 * What stretching the owner password costs (RFC 9106). 32 MiB is what a Pi
 * Zero with 512 MB can spare beside the box; three passes make up for it.
 */
#define CREDENTIAL_OPS 3
#define CREDENTIAL_MEM (32 * 1024)	/* KiB */

#define CREDENTIAL_APP_MAX 100	/* app passwords; each login tries all */
#define CREDENTIAL_NAME_MAX 64		/* bytes of an app password's name */
#define CREDENTIAL_PASSWORD_MIN 8	/* bytes of the owner password */
#define CREDENTIAL_PASSWORD_MAX 1024

/*
 * Make the owner's pair, the password's credential, the recovery key and the
 * device key (device.h), in a database that has none.
 *
 * recovery  gets the recovery key as a person copies it, to be shown once:
 *           nine groups of four signs, the last few a checksum; wipe it
 *
 * Returns:  0; -EEXIST: there is an owner; -EINVAL: the password is too short
 *           or too long; others as db_commit().
 */
int credential_create(struct db *db, struct str password,
	struct buf *recovery) __attribute__((warn_unused_result));

/*
 * Try what needs no stretching: is secret an app password (or, where allowed,
 * the recovery key)?
 *
 * recovery_too  false for logins over the network
 *
 * Returns:  0 with *owner owned, and *id the credential; -EACCES when none
 *           fits; other negative errno.
 */
int credential_quick(struct db *db, struct str secret, bool recovery_too,
	struct seal_owner **owner, int64_t *id)
	__attribute__((warn_unused_result));

/* What stretching the owner password takes. */
struct credential_stretch {
	unsigned char salt[16];
	unsigned ops, mem;
};

int credential_stretch(struct db *db, struct credential_stretch *how)
	__attribute__((warn_unused_result));

/* Try the stretched password; as credential_quick(). */
int credential_slow(struct db *db, const unsigned char key[SEAL_KEY],
	struct seal_owner **owner, int64_t *id)
	__attribute__((warn_unused_result));

/*
 * Both in one, stretching in this process, recovery key allowed: for the
 * command line.
 *
 * Returns:  as credential_quick(); -EBADMSG when none fits, but secret has
 *           the shape of a recovery key with signs mistyped.
 */
int credential_unlock(struct db *db, struct str secret,
	struct seal_owner **owner) __attribute__((warn_unused_result));

/* Note that a credential was used just now; lazy. */
int credential_used(struct db *db, int64_t id)
	__attribute__((warn_unused_result));

/* Put a new owner password in place of the old; rewraps 32 bytes. -EINVAL:
   it is too short or too long. */
int credential_password(struct db *db, const struct seal_owner *owner,
	struct str password) __attribute__((warn_unused_result));

/* Make a new recovery key; the old one opens nothing any more. */
int credential_recovery(struct db *db, const struct seal_owner *owner,
	struct buf *recovery) __attribute__((warn_unused_result));

/*
 * Make an app password: 128 random bits, as groups of four letters or digits.
 *
 * Returns:  0; -EEXIST: the name is taken; -EINVAL: it is empty, too long or
 *           no UTF-8; -E2BIG: there are too many; others as db_commit().
 */
int credential_app_add(struct db *db, const struct seal_owner *owner,
	struct str name, struct buf *password)
	__attribute__((warn_unused_result));

/* Revoke one by name; -ENOENT when there is none. */
int credential_app_remove(struct db *db, struct str name)
	__attribute__((warn_unused_result));

struct credential {
	struct str name;
	int64_t created;	/* unix s */
	int64_t last_used;	/* unix s; 0: never */
};

int credential_app_list(struct db *db,
	void (*each)(void *ctx, const struct credential *credential),
	void *ctx) __attribute__((warn_unused_result));

#endif
