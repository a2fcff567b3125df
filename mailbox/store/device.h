/*
 * The device key: what the box itself must be able to read unattended (mail
 * that it is to send, keys that sign, the password of a smart host) is sealed
 * to it.
 *
 * It lives in a file of its own, device.key in the data directory, mode 0600,
 * which no backup holds; the database holds it sealed to the owner. So a copy
 * of the data directory without that file reads nothing, and a box that
 * starts from a backup gets its device key back when its owner first logs in.
 */
#ifndef STORE_DEVICE_H
#define STORE_DEVICE_H

#include "base/buf.h"
#include "store/db.h"
#include "store/seal.h"

#define DEVICE_FILE "device.key"	/* in the data directory */

/*
 * db_open() loads the key, or makes one when the box has an owner and never
 * had one (an older box). Whether it is there:
 */
bool device_ready(const struct db *db);

/*
 * Bring the key back from the database, where it is sealed to the owner, and
 * write its file. 0 at once when it is there.
 *
 * Returns:  0; -EBADMSG when the seal does not hold; others as db_commit().
 */
int device_recover(struct db *db, const struct seal_owner *owner)
	__attribute__((warn_unused_result));

/*
 * A secret of the box for one purpose, the same as long as the device key.
 *
 * purpose   static, such as "message-id"
 *
 * Returns:  0, or -ENOKEY.
 */
int device_secret(struct db *db, const char *purpose,
	unsigned char secret[SEAL_KEY]) __attribute__((warn_unused_result));

/*
 * Seal a small secret to the device key, and open it again.
 *
 * name      what it is, authenticated with it: "dkim example.test pb1r"
 * out       to be wiped by the caller
 *
 * Returns:  0; -ENOKEY: there is no device key; -EBADMSG: the seal does not
 *           hold.
 */
int device_seal(struct db *db, struct str name, struct str plain,
	struct buf *out) __attribute__((warn_unused_result));
int device_open_sealed(struct db *db, struct str name, struct str sealed,
	struct buf *out) __attribute__((warn_unused_result));

#endif
