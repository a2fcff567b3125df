/*
 * Credentials: rows that hold the owner's secret, wrapped under a key each.
 *
 * Nothing here can be tried without the secret in hand, nor tells more than
 * whether it fits: the key itself is the check, there is no password hash
 * beside it. It knows no protocol and counts no failures.
 */
#include "store/credential.h"

#include <errno.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "store/db_inner.h"
#include "store/device_inner.h"
#include "store/epoch.h"
#include "store/lazy.h"

#define SALT_SIZE 16
#define APP_SIZE 16			/* bytes of an app password */
#define RECOVERY_SIZE 20		/* bytes of a recovery key */
#define CHECK_SIZE 2			/* bytes of checksum behind it */
#define RECOVERY_SIGNS 36		/* letters and digits of both */
#define GROUP 4				/* signs between two hyphens */
#define SECRET_MAX 64			/* bytes of either in groups */

/* What a credential's row holds beside its name. */
struct wrap {
	unsigned char salt[SALT_SIZE];
	unsigned ops, mem;
	unsigned char wrapped[SEAL_WRAPPED];
};

static int
row_put(struct db *db, enum credential_kind kind, struct str name,
	const struct wrap *w)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_CREDENTIAL_PUT,
	    "INSERT INTO credential (kind, name, salt, ops, mem, wrapped,"
	    " created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT (kind, name) DO UPDATE SET salt = ?3, ops = ?4,"
	    " mem = ?5, wrapped = ?6, created = ?7, last_used = 0");
	sqlite3_bind_int(s, 1, (int)kind);
	db_bind_text(s, 2, name);
	db_bind_bytes(s, 3, w->salt, sizeof w->salt);
	sqlite3_bind_int64(s, 4, w->ops);
	sqlite3_bind_int64(s, 5, w->mem);
	db_bind_bytes(s, 6, w->wrapped, sizeof w->wrapped);
	sqlite3_bind_int64(s, 7, db->clock->unix_s);
	return db_run(db, s);
}

/* Read a row's wrap; false when it has not the right lengths. */
static bool
wrap_read(sqlite3_stmt *s, int at, struct wrap *w)
{
	struct str salt = db_column(s, at);
	struct str wrapped = db_column(s, at + 3);

	if (salt.len != sizeof w->salt || wrapped.len != sizeof w->wrapped)
		return false;
	memcpy(w->salt, salt.at, salt.len);
	w->ops = (unsigned)sqlite3_column_int64(s, at + 1);
	w->mem = (unsigned)sqlite3_column_int64(s, at + 2);
	memcpy(w->wrapped, wrapped.at, wrapped.len);
	return true;
}

static bool
password_fits(struct str password)
{
	return password.len >= CREDENTIAL_PASSWORD_MIN &&
	    password.len <= CREDENTIAL_PASSWORD_MAX;
}

int
credential_password(struct db *db, const struct seal_owner *owner,
	struct str password)
{
	struct wrap w = { .ops = CREDENTIAL_OPS, .mem = CREDENTIAL_MEM };
	unsigned char key[SEAL_KEY];
	int err;

	if (!password_fits(password))
		return -EINVAL;
	crypto_random(w.salt, sizeof w.salt);
	err = seal_stretch(password, w.salt, w.ops, w.mem, key);
	if (err != 0)
		return db_failed(db, "password-not-stretched", err);
	seal_wrap(owner, key, w.wrapped);
	crypto_wipe(key, sizeof key);
	return row_put(db, CREDENTIAL_OWNER, STR(""), &w);
}

/* Wrap the owner's secret under random bits that are secret enough. */
static int
random_put(struct db *db, const struct seal_owner *owner,
	enum credential_kind kind, struct str name, struct str secret)
{
	struct wrap w = { .ops = 0 };
	unsigned char key[SEAL_KEY];

	crypto_random(w.salt, sizeof w.salt);
	seal_hash(secret, w.salt, key);
	seal_wrap(owner, key, w.wrapped);
	crypto_wipe(key, sizeof key);
	return row_put(db, kind, name, &w);
}

static void
recovery_check(const unsigned char key[RECOVERY_SIZE],
	unsigned char check[CHECK_SIZE])
{
	unsigned char hash[SHA256_SIZE];

	crypto_sha256(str_from(key, RECOVERY_SIZE), hash);
	memcpy(check, hash, CHECK_SIZE);
	crypto_wipe(hash, sizeof hash);
}

int
credential_recovery(struct db *db, const struct seal_owner *owner,
	struct buf *recovery)
{
	unsigned char key[RECOVERY_SIZE + CHECK_SIZE];
	int err;

	crypto_random(key, RECOVERY_SIZE);
	recovery_check(key, key + RECOVERY_SIZE);
	err = random_put(db, owner, CREDENTIAL_RECOVERY, STR(""),
	    str_from(key, RECOVERY_SIZE));
	if (err == 0)
		base32_encode(recovery, str_from(key, sizeof key), GROUP);
	crypto_wipe(key, sizeof key);
	return err;
}

static int
public_key_put(struct db *db, const unsigned char public_key[SEAL_KEY])
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_OWNER_ADD,
	    "INSERT INTO state (name, value) VALUES ('public_key', ?1)"
	    " ON CONFLICT (name) DO NOTHING");
	db_bind_bytes(s, 1, public_key, SEAL_KEY);
	err = db_run_met(db, s);
	return err == -ENOENT ? db_doom(db, -EEXIST) : err;
}

int
credential_create(struct db *db, struct str password, struct buf *recovery)
{
	unsigned char public_key[SEAL_KEY];
	struct seal_owner *owner;
	int err;

	if (!password_fits(password))
		return -EINVAL;
	owner = seal_owner_new(public_key);
	err = public_key_put(db, public_key);
	if (err == 0)
		err = device_make(db, public_key);
	if (err == 0)
		err = credential_password(db, owner, password);
	if (err == 0)
		err = credential_recovery(db, owner, recovery);
	seal_owner_drop(owner);
	return err != 0 ? db_doom(db, err) : 0;
}

/* Try a key on every row of a kind. */
static int
rows_try(struct db *db, enum credential_kind kind, struct str secret,
	struct seal_owner **owner, int64_t *id)
{
	sqlite3_stmt *s;
	unsigned char key[SEAL_KEY];
	struct wrap w;
	int row, err = epoch_owner(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_CREDENTIAL_KIND,
	    "SELECT id, salt, ops, mem, wrapped FROM credential"
	    " WHERE kind = ?1");
	sqlite3_bind_int(s, 1, (int)kind);
	*owner = NULL;
	while ((row = db_step(db, s)) > 0 && *owner == NULL) {
		if (!wrap_read(s, 1, &w))
			continue;
		if (kind == CREDENTIAL_OWNER)
			memcpy(key, secret.at, SEAL_KEY);
		else
			seal_hash(secret, w.salt, key);
		*id = sqlite3_column_int64(s, 0);
		*owner = seal_unwrap(w.wrapped, key, db->public_key);
	}
	crypto_wipe(key, sizeof key);
	if (row > 0)
		db_reset(s);
	if (*owner != NULL)
		return 0;
	return row < 0 ? row : -EACCES;
}

/* How a secret of ours looks when typed. */
enum secret_shape {
	SHAPE_OTHER,
	SHAPE_APP,
	SHAPE_RECOVERY,
	SHAPE_MISTYPED		/* a recovery key but for its checksum */
};

static enum secret_shape
secret_shape(struct str secret, struct buf *bytes)
{
	unsigned char check[CHECK_SIZE];
	enum secret_shape shape = SHAPE_OTHER;
	size_t signs = 0;

	for (size_t i = 0; i < secret.len; i++)
		signs += char_is_alnum(str_at(secret, i));
	/* Bits left over can be what was mistyped, so the sign count too. */
	if (signs == RECOVERY_SIGNS && secret.len <= SECRET_MAX)
		shape = SHAPE_MISTYPED;
	if (secret.len > SECRET_MAX || !base32_decode(bytes, secret))
		return shape;
	if (bytes->len == APP_SIZE)
		return SHAPE_APP;
	if (bytes->len != RECOVERY_SIZE + CHECK_SIZE)
		return shape;
	recovery_check((const unsigned char *)bytes->at, check);
	if (crypto_equal(bytes->at + RECOVERY_SIZE, check, CHECK_SIZE))
		shape = SHAPE_RECOVERY;
	return shape;
}

int
credential_quick(struct db *db, struct str secret, bool recovery_too,
	struct seal_owner **owner, int64_t *id)
{
	struct buf bytes;
	enum secret_shape shape;
	int err = -EACCES;

	buf_init(&bytes, SECRET_MAX);
	shape = secret_shape(secret, &bytes);
	if (shape == SHAPE_APP)
		err = rows_try(db, CREDENTIAL_APP, buf_str(&bytes), owner, id);
	else if (shape == SHAPE_RECOVERY && recovery_too)
		err = rows_try(db, CREDENTIAL_RECOVERY,
		    str_part(buf_str(&bytes), 0, RECOVERY_SIZE), owner, id);
	buf_wipe(&bytes);
	return err;
}

int
credential_stretch(struct db *db, struct credential_stretch *how)
{
	sqlite3_stmt *s = db_sql(db, SLOT_CREDENTIAL_KIND,
	    "SELECT id, salt, ops, mem, wrapped FROM credential"
	    " WHERE kind = ?1");
	struct wrap w;
	bool read;
	int row;

	_Static_assert(sizeof how->salt == sizeof w.salt, "salt");
	sqlite3_bind_int(s, 1, CREDENTIAL_OWNER);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOKEY;
	read = wrap_read(s, 1, &w);
	db_reset(s);
	if (!read)
		return db_failed(db, "credential-damaged", -EUCLEAN);
	memcpy(how->salt, w.salt, sizeof how->salt);
	how->ops = w.ops;
	how->mem = w.mem;
	return 0;
}

int
credential_slow(struct db *db, const unsigned char key[SEAL_KEY],
	struct seal_owner **owner, int64_t *id)
{
	return rows_try(db, CREDENTIAL_OWNER, str_from(key, SEAL_KEY), owner,
	    id);
}

int
credential_unlock(struct db *db, struct str secret, struct seal_owner **owner)
{
	struct credential_stretch how;
	unsigned char key[SEAL_KEY];
	struct buf bytes;
	int64_t id;
	int err = credential_quick(db, secret, true, owner, &id);

	if (err != -EACCES || secret.len > CREDENTIAL_PASSWORD_MAX)
		return err;
	err = credential_stretch(db, &how);
	if (err == 0)
		err = seal_stretch(secret, how.salt, how.ops, how.mem, key);
	if (err != 0)
		return err;
	err = credential_slow(db, key, owner, &id);
	crypto_wipe(key, sizeof key);
	if (err != -EACCES)
		return err;
	buf_init(&bytes, SECRET_MAX);
	if (secret_shape(secret, &bytes) == SHAPE_MISTYPED)
		err = -EBADMSG;
	buf_wipe(&bytes);
	return err;
}

int
credential_used(struct db *db, int64_t id)
{
	return lazy_credential(db, id);
}

/* Returns: 0 when a further app password may have this name. */
static int
app_name_free(struct db *db, struct str name)
{
	sqlite3_stmt *s = db_sql(db, SLOT_CREDENTIAL_NAMES,
	    "SELECT count(*), total(name = ?2) FROM credential"
	    " WHERE kind = ?1");
	int64_t count, same;
	int row;

	if (name.len == 0 || name.len > CREDENTIAL_NAME_MAX ||
	    !str_is_utf8(name))
		return -EINVAL;
	sqlite3_bind_int(s, 1, CREDENTIAL_APP);
	db_bind_text(s, 2, name);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -EIO;
	count = sqlite3_column_int64(s, 0);
	same = sqlite3_column_int64(s, 1);
	db_reset(s);
	if (same > 0)
		return -EEXIST;
	return count < CREDENTIAL_APP_MAX ? 0 : -E2BIG;
}

int
credential_app_add(struct db *db, const struct seal_owner *owner,
	struct str name, struct buf *password)
{
	unsigned char secret[APP_SIZE];
	int err = db_begin(db);

	/* Within the transaction, so that no other process is faster. */
	if (err == 0)
		err = app_name_free(db, name);
	if (err != 0)
		return err;
	crypto_random(secret, sizeof secret);
	err = random_put(db, owner, CREDENTIAL_APP, name,
	    str_from(secret, sizeof secret));
	if (err == 0)
		base32_encode(password, str_from(secret, sizeof secret),
		    GROUP);
	crypto_wipe(secret, sizeof secret);
	return err;
}

int
credential_app_remove(struct db *db, struct str name)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_CREDENTIAL_REMOVE,
	    "DELETE FROM credential WHERE kind = ?1 AND name = ?2");
	sqlite3_bind_int(s, 1, CREDENTIAL_APP);
	db_bind_text(s, 2, name);
	return db_run_met(db, s);
}

int
credential_app_list(struct db *db,
	void (*each)(void *ctx, const struct credential *credential),
	void *ctx)
{
	sqlite3_stmt *s = db_sql(db, SLOT_CREDENTIAL_LIST,
	    "SELECT name, created, last_used FROM credential"
	    " WHERE kind = ?1 ORDER BY name");
	int row;

	sqlite3_bind_int(s, 1, CREDENTIAL_APP);
	while ((row = db_step(db, s)) > 0) {
		struct credential c = {
			.name = db_column(s, 0),
			.created = sqlite3_column_int64(s, 1),
			.last_used = sqlite3_column_int64(s, 2),
		};

		each(ctx, &c);
	}
	return row;
}
