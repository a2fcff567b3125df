/*
 * The device key: a file, a check value in the database, and a copy there that
 * is sealed to the owner.
 *
 * 1. The file is whole and durable before the transaction that makes the key
 *    the database's own: it is written under another name, synced, renamed,
 *    and its name synced.
 * 2. A key that is in the file and not yet in the database is taken, not made
 *    anew: a power cut may bring back a transaction that was thought lost.
 * 3. The key itself leaves this file never: what is sealed hangs on keys that
 *    are derived from it, one per purpose.
 */
#include "store/device.h"

#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "store/db_inner.h"
#include "store/device_inner.h"
#include "store/epoch.h"
#include "store/restored.h"

#define DEVICE_FILE_NEW DEVICE_FILE ".new"	/* while it is written */
#define CHECK "device_check"	/* state: derived from the key */
#define SEALED "device_sealed"	/* state: the key, sealed to the owner */
#define CHECK_SIZE 32

/* Bytes of the state table. Returns: 1: there; 0: not; -EUCLEAN; others. */
static int
state_get(struct db *db, const char *name, unsigned char *value, size_t size)
{
	sqlite3_stmt *s = db_sql(db, SLOT_STATE_GET,
	    "SELECT value FROM state WHERE name = ?1");
	struct str found;
	int row;

	db_bind_text(s, 1, str_of(name));
	row = db_step(db, s);
	if (row <= 0)
		return row;
	found = db_column(s, 0);
	if (found.len == size)
		memcpy(value, found.at, size);
	else
		row = -EUCLEAN;
	db_reset(s);
	return row;
}

static int
state_put(struct db *db, const char *name, const unsigned char *value,
	size_t size)
{
	sqlite3_stmt *s = db_sql(db, SLOT_STATE_SET,
	    "INSERT INTO state (name, value) VALUES (?1, ?2)"
	    " ON CONFLICT (name) DO UPDATE SET value = ?2");

	db_bind_text(s, 1, str_of(name));
	db_bind_bytes(s, 2, value, size);
	return db_run(db, s);
}

static int
file_failed(int err)
{
	log_event(LOG_ERROR, "device-key-failed", LOG_C("file", DEVICE_FILE),
	    LOG_C("why", strerror(-err)), LOG_C("do", err == -ENOSPC ?
	    "make room on the disk of the data directory" :
	    "let the user of pillarbox own the file, readable by nobody else; "
	    "then start the box again"));
	return err;
}

/* Returns: 1: read; 0: there is none, or it is no key; negative errno. */
static int
file_read(struct db *db, unsigned char key[SEAL_KEY])
{
	unsigned char more[SEAL_KEY + 1];
	int64_t got;
	int file, err = disk_open(db->folder, DEVICE_FILE, &file);

	if (err != 0)
		return err == -ENOENT ? 0 : file_failed(err);
	got = disk_read(file, 0, more, sizeof more);
	disk_close(file);
	if (got == SEAL_KEY)
		memcpy(key, more, SEAL_KEY);
	crypto_wipe(more, sizeof more);
	return got < 0 ? file_failed((int)got) : got == SEAL_KEY;
}

/* Make it durable, in place of what is there. */
static int
file_write(struct db *db, const unsigned char key[SEAL_KEY])
{
	int file, err = disk_remove(db->folder, DEVICE_FILE_NEW);

	if (err == 0 || err == -ENOENT)
		err = disk_make(db->folder, DEVICE_FILE_NEW, &file);
	if (err != 0)
		return file_failed(err);
	err = disk_write(file, 0, str_from(key, SEAL_KEY));
	if (err == 0)
		err = disk_sync(file);
	disk_close(file);
	if (err == 0)
		err = disk_rename(db->folder, DEVICE_FILE_NEW, DEVICE_FILE);
	if (err == 0)
		err = disk_sync_folder(db->folder);
	return err != 0 ? file_failed(err) : 0;
}

static void
check_make(const unsigned char key[SEAL_KEY], unsigned char check[CHECK_SIZE])
{
	seal_derive(key, STR(CHECK), check, CHECK_SIZE);
}

/*
 * Read the key of the file, and hold it against the database.
 *
 * Returns:  1: it is ours; 0: there is none, or another's; negative errno.
 */
static int
key_load(struct db *db, const unsigned char check[CHECK_SIZE], bool *foreign)
{
	unsigned char is[CHECK_SIZE], *key = seal_memory_new(SEAL_KEY);
	int found = file_read(db, key);

	if (found == 1) {
		check_make(key, is);
		found = crypto_equal(is, check, CHECK_SIZE);
		*foreign = found == 0;
	}
	if (found == 1)
		db->device = key;
	else
		seal_memory_drop(key);
	return found;
}

/*
 * What cannot be loaded is logged, and no error.
 *
 * Returns:  0; 1: the key is missing, or another's; negative errno.
 */
static int
device_load(struct db *db)
{
	unsigned char check[CHECK_SIZE];
	bool foreign = false;
	int found = state_get(db, CHECK, check, sizeof check);

	if (found <= 0)
		return found;
	found = key_load(db, check, &foreign);
	if (foreign)
		log_event(LOG_ERROR, "device-key-foreign",
		    LOG_C("file", DEVICE_FILE), LOG_C("do", "the file belongs "
		    "to another box: put the right one there and start again, "
		    "or log in once, which makes it anew"));
	else if (found == 0 && db->mode == DB_SERVE)
		log_event(LOG_ERROR, "device-key-missing",
		    LOG_C("file", DEVICE_FILE), LOG_C("do", "log in once: "
		    "until then nothing is sent, and mail is received as "
		    "ever"));
	/* What cannot be read was logged. */
	return found == 0;
}

int
device_make(struct db *db, const unsigned char public_key[SEAL_KEY])
{
	unsigned char check[CHECK_SIZE], sealed[SEAL_SEED_SEALED];
	int found, err = db_begin(db);

	if (err != 0)
		return err;
	/* Another process may have been faster. */
	found = state_get(db, CHECK, check, sizeof check);
	if (found > 0) {
		err = device_load(db);
		return err < 0 ? err : 0;
	}
	if (found < 0)
		return found;
	must(db->device == NULL);
	db->device = seal_memory_new(SEAL_KEY);
	db->device_fresh = true;
	found = file_read(db, db->device);
	if (found == 0) {
		crypto_random(db->device, SEAL_KEY);
		err = file_write(db, db->device);
	}
	if (found < 0)
		err = found;
	check_make(db->device, check);
	seal_give(db->device, public_key, sealed);
	if (err == 0)
		err = state_put(db, CHECK, check, sizeof check);
	if (err == 0)
		err = state_put(db, SEALED, sealed, sizeof sealed);
	return err != 0 ? db_doom(db, err) : 0;
}

/* A box with an owner and without a key: made before there were any. */
static int
device_first(struct db *db)
{
	int64_t owners = 0;
	int err = db_pragma(db, "SELECT count(*) FROM state WHERE name ="
	    " 'public_key' AND NOT EXISTS (SELECT 1 FROM state"
	    " WHERE name = '" CHECK "')", &owners);
	if (err != 0 || owners == 0)
		return err;
	err = epoch_owner(db);
	if (err == 0)
		err = device_make(db, db->public_key);
	if (err == 0)
		err = db_commit(db);
	if (err != 0)
		db_rollback(db);
	return err;
}

int
device_begin(struct db *db)
{
	int lacks = device_load(db), err = lacks < 0 ? lacks : 0;

	if (lacks == 0 && db->device == NULL &&
	    (db->mode == DB_SERVE || db->mode == DB_WRITE))
		err = device_first(db);
	if (err == 0 && db->mode == DB_SERVE)
		err = restored_begin(db, lacks > 0);
	return err;
}

void
device_committed(struct db *db)
{
	db->device_fresh = false;
}

void
device_lost(struct db *db)
{
	if (db->device_fresh)
		device_drop(db);
	db->device_fresh = false;
}

void
device_drop(struct db *db)
{
	seal_memory_drop(db->device);
	db->device = NULL;
}

bool
device_ready(const struct db *db)
{
	return db->device != NULL;
}

int
device_recover(struct db *db, const struct seal_owner *owner)
{
	unsigned char check[CHECK_SIZE], is[CHECK_SIZE];
	unsigned char sealed[SEAL_SEED_SEALED], *key;
	bool foreign = false;
	int found, err;

	if (db->device != NULL)
		return 0;
	found = state_get(db, CHECK, check, sizeof check);
	/* Another process may have brought it back. */
	if (found == 1 && key_load(db, check, &foreign) == 1)
		return 0;
	if (found == 1)
		found = state_get(db, SEALED, sealed, sizeof sealed);
	if (found <= 0)
		return found < 0 ? found : -ENOKEY;
	key = seal_memory_new(SEAL_KEY);
	err = seal_take(key, owner, sealed);
	check_make(key, is);
	if (err == 0 && !crypto_equal(is, check, CHECK_SIZE))
		err = -EBADMSG;
	if (err == -EBADMSG)
		log_event(LOG_ERROR, "device-key-lost", LOG_C("do", "its copy "
		    "in the database is damaged: restore the data directory "
		    "from a backup"));
	if (err == 0)
		err = file_write(db, key);
	if (err != 0) {
		seal_memory_drop(key);
		return err;
	}
	db->device = key;
	log_event(LOG_INFO, "device-key-back", LOG_C("file", DEVICE_FILE));
	return 0;
}

int
device_secret(struct db *db, const char *purpose,
	unsigned char secret[SEAL_KEY])
{
	if (db->device == NULL)
		return -ENOKEY;
	seal_derive(db->device, str_of(purpose), secret, SEAL_KEY);
	return 0;
}

int
device_missing(const char *what)
{
	log_event(LOG_ERROR, "device-key-missing", LOG_C("for", what),
	    LOG_C("do", "log in once with a mail program: that brings "
	    DEVICE_FILE " back"));
	return -ENOKEY;
}

int
device_seal(struct db *db, struct str name, struct str plain, struct buf *out)
{
	unsigned char key[SEAL_KEY];
	int err = device_secret(db, "secret", key);

	if (err != 0)
		return device_missing("sealing");
	seal_secret(out, plain, name, key);
	crypto_wipe(key, sizeof key);
	return 0;
}

int
device_open_sealed(struct db *db, struct str name, struct str sealed,
	struct buf *out)
{
	unsigned char key[SEAL_KEY];
	int err = device_secret(db, "secret", key);

	if (err != 0)
		return device_missing("unsealing");
	err = seal_secret_open(out, sealed, name, key);
	crypto_wipe(key, sizeof key);
	if (err != 0)
		log_event(LOG_ERROR, "seal-broken", LOG_S("name", name),
		    LOG_C("do", "it was changed or damaged on the disk: "
		    "restore it from a backup, or make it anew"));
	return err;
}
