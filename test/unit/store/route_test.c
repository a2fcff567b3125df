/* Smart hosts: found by domain, their passwords sealed to the host. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/db_inner.h"
#include "store/device.h"
#include "store/route.h"

int route_test(void);

static const struct route all = {
	STR(ROUTE_ALL), STR("smart.example"), 465, STR("me"), STR("secret")
};

static const struct route one = {
	STR("far.example"), STR("other.example"), 587, STR(""), STR("")
};

static void
tell(void *ctx, const struct route *route)
{
	struct buf *text = ctx;

	buf_add(text, route->domain);
	buf_add_char(text, '=');
	buf_add(text, route->host);
	buf_add_format(text, ":%u/", route->port);
	buf_add(text, route->user);
	buf_add_char(text, '/');
	buf_add(text, route->secret);
	buf_add_char(text, ' ');
}

static void
list_is(struct fixture *f, const char *expected)
{
	struct buf text;

	buf_init(&text, 10000);
	assert_int_equal(route_list(f->db, tell, &text), 0);
	assert_string_equal(buf_text(&text), expected);
	buf_drop(&text);
}

/* The route of a domain; what route_find() says if there is none. */
static int
found(struct fixture *f, const char *domain, const char *expected)
{
	struct route route;
	struct buf text, told;
	int err;

	buf_init(&text, 4096);
	buf_init(&told, 10000);
	err = route_find(f->db, str_of(domain), &route, &text);
	if (err == 0) {
		tell(&told, &route);
		assert_string_equal(buf_text(&told), expected);
	}
	buf_wipe(&text);
	buf_wipe(&told);
	return err;
}

static void
test_routes(void **state)
{
	struct fixture *f = *state;
	struct route direct = one;

	assert_int_equal(found(f, "far.example", ""), -ENOENT);
	assert_int_equal(route_set(f->db, &one), 0);
	assert_int_equal(found(f, "near.example", ""), -ENOENT);
	assert_int_equal(route_set(f->db, &all), 0);
	assert_int_equal(db_commit(f->db), 0);
	fixture_reopen(f, DB_READ);
	assert_int_equal(found(f, "far.example",
	    "far.example=other.example:587// "), 0);
	assert_int_equal(found(f, "near.example",
	    "*=smart.example:465/me/secret "), 0);
	list_is(f, "*=smart.example:465/me/"
	    " far.example=other.example:587// ");
	fixture_reopen(f, DB_SERVE);
	/* one that goes straight in spite of the route of all */
	direct.host = STR("");
	direct.port = 0;
	assert_int_equal(route_set(f->db, &direct), 0);
	assert_int_equal(found(f, "far.example", "far.example=:0// "), 0);
	assert_int_equal(route_remove(f->db, STR("far.example")), 0);
	assert_int_equal(route_remove(f->db, STR("far.example")), -ENOENT);
	assert_int_equal(found(f, "far.example",
	    "*=smart.example:465/me/secret "), 0);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM route"
	    " WHERE instr(secret, CAST('secret' AS BLOB)) > 0"), 0);
}

/* The longest of everything fits, and one byte more is refused. */
static void
test_most(void **state)
{
	struct fixture *f = *state;
	struct route long_one, too_long;
	struct buf words;
	char expected[4096];

	fixture_text(&words, 1, 2000);
	for (size_t i = 0; i < words.len; i++)
		words.at[i] = 'a';
	long_one = (struct route){
		str_part(buf_str(&words), 0, 255),
		str_part(buf_str(&words), 0, 255), 465,
		str_part(buf_str(&words), 0, ROUTE_SECRET_MAX),
		str_part(buf_str(&words), 0, ROUTE_SECRET_MAX)
	};
	assert_int_equal(route_set(f->db, &long_one), 0);
	(void)snprintf(expected, sizeof expected,
	    "%.255s=%.255s:465/%.1024s/%.1024s ", buf_text(&words),
	    buf_text(&words), buf_text(&words), buf_text(&words));
	words.at[255] = '\0';
	assert_int_equal(found(f, buf_text(&words), expected), 0);
	words.at[255] = 'a';
	for (int i = 0; i < 4; i++) {
		struct str *part = i == 0 ? &too_long.domain : i == 1 ?
		    &too_long.host : i == 2 ? &too_long.user :
		    &too_long.secret;

		too_long = long_one;
		*part = str_part(buf_str(&words), 0, part->len + 1);
		assert_int_equal(route_set(f->db, &too_long), -EINVAL);
	}
	buf_drop(&words);
}

/* A password is for the host that it was given for. */
static void
test_sealed(void **state)
{
	static const char *const spoils[] = {
		"UPDATE route SET host = 'evil.example'",
		"UPDATE route SET port = 25",
		"UPDATE route SET user = 'you'",
		"UPDATE route SET secret = zeroblob(50)",
		"UPDATE route SET secret = zeroblob(5000)",
	};
	struct fixture *f = *state;

	assert_int_equal(route_set(f->db, &all), 0);
	assert_int_equal(db_commit(f->db), 0);
	for (size_t i = 0; i < countof(spoils); i++) {
		assert_int_equal(db_begin(f->db), 0);
		assert_int_equal(db_exec(f->db, spoils[i]), 0);
		assert_int_equal(found(f, "x.example", ""), -EBADMSG);
		db_rollback(f->db);
	}
	assert_int_equal(found(f, "x.example",
	    "*=smart.example:465/me/secret "), 0);
}

static void
test_keyless(void **state)
{
	struct fixture *f = *state;
	char path[128];

	assert_int_equal(route_set(f->db, &all), 0);
	assert_int_equal(db_commit(f->db), 0);
	(void)snprintf(path, sizeof path, "%s/" DEVICE_FILE, f->dir);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f, DB_SERVE);
	assert_int_equal(found(f, "x.example", ""), -ENOKEY);
	assert_int_equal(route_set(f->db, &all), -ENOKEY);
	/* one without a password needs no key */
	assert_int_equal(route_set(f->db, &one), 0);
	assert_int_equal(found(f, "far.example",
	    "far.example=other.example:587// "), 0);
	list_is(f, "*=smart.example:465/me/"
	    " far.example=other.example:587// ");
}

int
route_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_routes),
		WITH_BOX(test_most),
		WITH_BOX(test_sealed),
		WITH_BOX(test_keyless),
	};

	return cmocka_run_group_tests_name("store/route", tests, NULL, NULL);
}
