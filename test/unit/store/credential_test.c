/* Credentials: what opens the box, and what does not. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "fixture.h"

int credential_test(void);

static int
unlock(struct fixture *f, const char *secret)
{
	struct seal_owner *owner = NULL;
	int err = credential_unlock(f->db, str_of(secret), &owner);

	assert_true((err == 0) == (owner != NULL));
	seal_owner_drop(owner);
	return err;
}

/* What a login over the network does. */
static int
login(struct fixture *f, const char *secret, int64_t *id)
{
	struct credential_stretch how;
	struct seal_owner *owner = NULL;
	unsigned char key[SEAL_KEY];
	int err = credential_quick(f->db, str_of(secret), false, &owner, id);

	if (err == -EACCES) {
		assert_int_equal(credential_stretch(f->db, &how), 0);
		assert_int_equal(how.ops, CREDENTIAL_OPS);
		assert_int_equal(how.mem, CREDENTIAL_MEM);
		assert_int_equal(seal_stretch(str_of(secret), how.salt,
		    how.ops, how.mem, key), 0);
		err = credential_slow(f->db, key, &owner, id);
	}
	seal_owner_drop(owner);
	return err;
}

static void
test_password(void **state)
{
	struct fixture *f = *state;
	char longest[CREDENTIAL_PASSWORD_MAX + 2];
	int64_t id;

	assert_int_equal(unlock(f, FIXTURE_PASSWORD), 0);
	assert_int_equal(unlock(f, FIXTURE_PASSWORD "x"), -EACCES);
	assert_int_equal(unlock(f, ""), -EACCES);
	assert_int_equal(login(f, FIXTURE_PASSWORD, &id), 0);
	assert_int_equal(login(f, "wrong", &id), -EACCES);
	assert_int_equal(credential_password(f->db, fixture_unlock(f),
	    STR("1234567")), -EINVAL);
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(credential_password(f->db, f->owner,
	    str_of(longest)), -EINVAL);
	assert_int_equal(unlock(f, longest), -EACCES);
	longest[sizeof longest - 2] = '\0';
	assert_int_equal(credential_password(f->db, f->owner,
	    str_of(longest)), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(unlock(f, longest), 0);
	assert_int_equal(unlock(f, FIXTURE_PASSWORD), -EACCES);
	/* the key behind it is the same: it reads what came before */
	assert_int_equal(unlock(f, buf_text(&f->recovery)), 0);
}

static void
test_create_once(void **state)
{
	struct fixture *f = *state;
	struct buf recovery;

	buf_init(&recovery, 100);
	assert_int_equal(credential_create(f->db, STR("another password"),
	    &recovery), -EEXIST);
	assert_int_equal(db_commit(f->db), -EEXIST);
	assert_int_equal(credential_create(f->db, STR("short"), &recovery),
	    -EINVAL);
	assert_int_equal(recovery.len, 0);
	assert_int_equal(unlock(f, FIXTURE_PASSWORD), 0);
	buf_drop(&recovery);
}

static void
test_recovery(void **state)
{
	struct fixture *f = *state;
	char typed[64], was[64];
	int64_t id;

	(void)snprintf(was, sizeof was, "%s", buf_text(&f->recovery));
	assert_int_equal(strlen(was), 36 + 8);
	assert_int_equal(unlock(f, was), 0);
	/* in capitals, and without the hyphens */
	for (size_t i = 0; i <= strlen(was); i++)
		typed[i] = (char)toupper((unsigned char)was[i]);
	assert_int_equal(unlock(f, typed), 0);
	for (size_t i = 0; i < strlen(typed); i++)
		typed[i] = typed[i] == '-' ? ' ' : typed[i];
	assert_int_equal(unlock(f, typed), 0);
	/* never over the network */
	assert_int_equal(login(f, was, &id), -EACCES);
	/* one sign wrong is told from a wrong password */
	(void)snprintf(typed, sizeof typed, "%s", was);
	typed[7] = typed[7] == 'c' ? 'd' : 'c';
	assert_int_equal(unlock(f, typed), -EBADMSG);
	(void)snprintf(typed, sizeof typed, "%s", was);
	typed[43] = typed[43] == 'b' ? 'c' : 'b';
	assert_int_equal(unlock(f, typed), -EBADMSG);
	/* a new one, and the old is nothing any more */
	fixture_unlock(f);
	buf_clear(&f->recovery);
	assert_int_equal(credential_recovery(f->db, f->owner, &f->recovery),
	    0);
	assert_int_equal(db_commit(f->db), 0);
	assert_string_not_equal(was, buf_text(&f->recovery));
	assert_int_equal(unlock(f, was), -EACCES);
	assert_int_equal(unlock(f, buf_text(&f->recovery)), 0);
}

static void
name_add(void *ctx, const struct credential *c)
{
	buf_add(ctx, c->name);
	buf_add_format(ctx, " +%d +%d\n", (int)(c->created - 1700000000),
	    c->last_used == 0 ? -1 : (int)(c->last_used - 1700000000));
}

static void
apps_are(struct fixture *f, const char *text)
{
	struct buf out;

	buf_init(&out, 10000);
	assert_int_equal(credential_app_list(f->db, name_add, &out), 0);
	assert_string_equal(buf_text(&out), text);
	buf_drop(&out);
}

static void
test_apps(void **state)
{
	struct fixture *f = *state;
	struct seal_owner *owner = fixture_unlock(f);
	struct buf phone, laptop;
	int64_t id, other;

	buf_init(&phone, 100);
	buf_init(&laptop, 100);
	apps_are(f, "");
	assert_int_equal(credential_app_add(f->db, owner, STR("phone"),
	    &phone), 0);
	f->clock.unix_s += 10;
	assert_int_equal(credential_app_add(f->db, owner, STR("laptop"),
	    &laptop), 0);
	assert_int_equal(credential_app_add(f->db, owner, STR("phone"),
	    &laptop), -EEXIST);
	assert_int_equal(credential_app_add(f->db, owner, STR(""), &laptop),
	    -EINVAL);
	assert_int_equal(credential_app_add(f->db, owner, STR("\xff"),
	    &laptop), -EINVAL);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(phone.len, 26 + 6);
	assert_int_equal(phone.at[4], '-');
	assert_int_equal(login(f, buf_text(&phone), &id), 0);
	assert_int_equal(login(f, buf_text(&laptop), &other), 0);
	assert_int_not_equal(id, other);
	assert_int_equal(login(f, "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aa", &other),
	    -EACCES);
	f->clock.unix_s += 10;
	assert_int_equal(credential_used(f->db, id), 0);
	assert_int_equal(db_pending(f->db), DB_LAZY);
	assert_int_equal(db_commit(f->db), 0);
	apps_are(f, "laptop +10 +-1\nphone +0 +20\n");
	assert_int_equal(credential_app_remove(f->db, STR("phone")), 0);
	assert_int_equal(credential_app_remove(f->db, STR("phone")), -ENOENT);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(login(f, buf_text(&phone), &id), -EACCES);
	assert_int_equal(login(f, buf_text(&laptop), &id), 0);
	apps_are(f, "laptop +10 +-1\n");
	buf_wipe(&phone);
	buf_wipe(&laptop);
}

static void
test_too_many(void **state)
{
	struct fixture *f = *state;
	struct seal_owner *owner = fixture_unlock(f);
	struct buf password;
	char name[20];

	buf_init(&password, 100);
	for (int i = 0; i < CREDENTIAL_APP_MAX; i++) {
		(void)snprintf(name, sizeof name, "app %d", i);
		buf_clear(&password);
		assert_int_equal(credential_app_add(f->db, owner, str_of(name),
		    &password), 0);
	}
	assert_int_equal(credential_app_add(f->db, owner, STR("more"),
	    &password), -E2BIG);
	buf_wipe(&password);
}

/* A credential of another box, put into the rows of this one. */
static void
test_foreign(void **state)
{
	struct fixture *f = *state;
	unsigned char public_key[SEAL_KEY];
	struct seal_owner *other = seal_owner_new(public_key);

	assert_int_equal(credential_password(f->db, other,
	    STR("other password")), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(unlock(f, "other password"), -EACCES);
	seal_owner_drop(other);
}

int
credential_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_password),
		WITH_BOX(test_create_once),
		WITH_BOX(test_recovery),
		WITH_BOX(test_apps),
		WITH_BOX(test_too_many),
		WITH_BOX(test_foreign),
	};

	return cmocka_run_group_tests_name("store/credential", tests, NULL,
	    NULL);
}
