/* The gate alone: who gets in, how soon, and how many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/gate_world.h"
#include "base/crypto.h"
#include "store/device.h"

int gate_test(void);

#define WRONG_APP "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-aa"

struct fixture {
	struct gate_world world;
	struct config config;
};

/* One who wants in, and what came of it. */
struct guest {
	struct entry entry;
	struct member member;
	enum gate_result result;
	bool told;
	struct settle settle;
};

static int
begin(void **state)
{
	static struct fixture f;
	static const char text[] = "data = \"/nowhere\";\n"
	    "domains = [\"example.test\", \"second.example\"];\n"
	    "pop3 = { port = 0; tls_port = 0; };\n"
	    "imap = { port = 0; tls_port = 0; };\n"
	    "submission = { port = 0; tls_port = 0; };\n";
	struct buf why;

	f = (struct fixture){ .config = { .data = NULL } };
	*state = &f;
	gate_world_begin(&f.world);
	buf_init(&why, 1000);
	assert_int_equal(config_parse(&f.config, str_of(text), "test", &why),
	    0);
	return 0;
}

static int
end(void **state)
{
	struct fixture *f = *state;

	config_drop(&f->config);
	gate_world_end(&f->world);
	return 0;
}

static void
on_done(struct entry *e, enum gate_result result)
{
	struct guest *g = list_of(e, struct guest, entry);

	assert_false(g->told);
	g->told = true;
	g->result = result;
}

/* Try a name and a password; true with g->result when told at once. */
static bool
try(struct fixture *f, struct guest *g, const char *name, struct str secret)
{
	const struct gate_ask ask = {
		.config = &f->config, .member = &g->member,
		.user = str_of(name), .secret = secret, .service = "tested",
		.ip = "192.0.2.1", .number = 7
	};

	entry_drop(&g->entry);
	g->told = false;
	g->entry.done = on_done;
	return gate_enter(&f->world.gate, &g->entry, &ask, &g->result);
}

static void
guest_init(struct guest *g, unsigned char network)
{
	*g = (struct guest){
		.member.network = gate_world_network(network)
	};
}

static void
on_settle(struct settle *settle)
{
	const struct guest *g = list_of(settle, struct guest, settle);

	g->entry.gate->loop->stop = g->told || !g->member.settled;
}

/* Turn the loop until its password is stretched. */
static void
stretch(struct fixture *f, struct guest *g)
{
	g->settle = (struct settle){ .run = on_settle };
	loop_settle(&f->world.loop, &g->settle);
	f->world.loop.stop = false;
	assert_int_equal(loop_run(&f->world.loop), 0);
	list_take(&g->settle.link);
}

/* In how many ms it is told that it was wrong; it is told now. */
static int64_t
regret(struct fixture *f, struct guest *g)
{
	struct timer *t = &g->entry.regret;
	int64_t after = t->at_ms - f->world.loop.clock.mono_ms;

	assert_false(g->told);
	assert_int_not_equal(t->slot, 0);
	timer_cancel(&f->world.loop, t);
	t->fire(t);
	assert_true(g->told);
	assert_int_equal(g->result, GATE_REFUSED);
	return after;
}

static void
app_passwords_need_no_stretching(void **state)
{
	static const char *const names[] = {
		"mailbox", "mailbox@example.test", "MailBox@Second.Example"
	};
	static const char *const others[] = {
		"", "owner", "mailbox@third.example", "mailbox@", "@",
		"mailbox@example.test@third.example"
	};
	struct fixture *f = *state;
	struct str good = buf_str(&f->world.app_password);
	struct guest g;
	size_t i;

	guest_init(&g, 1);
	for (i = 0; i < countof(names); i++) {
		assert_true(try(f, &g, names[i], good));
		assert_int_equal(g.result, GATE_WELCOME);
		assert_non_null(g.entry.owner);
	}
	for (i = 0; i < countof(others); i++) {
		assert_false(try(f, &g, others[i], good));
		assert_null(g.entry.owner);
	}
	entry_drop(&g.entry);
}

/* Nobody can guess one, so nobody need be kept from trying. */
static void
app_passwords_pass_shut_doors(void **state)
{
	struct fixture *f = *state;
	struct str good = buf_str(&f->world.app_password);
	unsigned char from;
	struct guest g;

	gate_world_shut(&f->world);
	for (from = 1; from < 3; from++) {
		guest_init(&g, from);
		assert_true(try(f, &g, "mailbox", STR(GATE_WORLD_PASSWORD)));
		assert_int_equal(g.result, GATE_TOO_MANY);
		assert_true(try(f, &g, "mailbox", STR(WRONG_APP)));
		assert_int_equal(g.result, GATE_TOO_MANY);
		assert_true(try(f, &g, "other", good));
		assert_int_equal(g.result, GATE_TOO_MANY);
		assert_null(g.entry.owner);
		assert_true(try(f, &g, "mailbox", good));
		assert_int_equal(g.result, GATE_WELCOME);
		entry_drop(&g.entry);
	}
}

static void
use_note(void *ctx, const struct credential *credential)
{
	*(int64_t *)ctx = credential->last_used;
}

static void
the_owner_is_let_in(void **state)
{
	struct fixture *f = *state;
	int64_t used = 0;
	struct guest g;

	guest_init(&g, 1);
	assert_false(try(f, &g, "mailbox", STR(GATE_WORLD_PASSWORD)));
	assert_true(g.member.settled);
	stretch(f, &g);
	assert_true(g.told);
	assert_int_equal(g.result, GATE_WELCOME);
	assert_false(g.member.settled);
	assert_non_null(g.entry.owner);
	entry_drop(&g.entry);
	assert_null(g.entry.owner);
	entry_drop(&g.entry);
	assert_true(try(f, &g, "mailbox", buf_str(&f->world.app_password)));
	entry_drop(&g.entry);
	assert_int_equal(db_commit(f->world.db), 0);
	assert_int_equal(credential_app_list(f->world.db, use_note, &used), 0);
	assert_int_not_equal(used, 0);
}

static void
refusals_are_late_and_later(void **state)
{
	struct fixture *f = *state;
	struct guest g;

	guest_init(&g, 1);
	assert_false(try(f, &g, "mailbox", STR("wrong")));
	assert_true(g.member.settled);
	stretch(f, &g);
	/* From here on it may have to make room. */
	assert_false(g.member.settled);
	assert_int_equal(regret(f, &g), DOOR_DELAY_MS);
	/* The right password behind a wrong name is as wrong. */
	assert_false(try(f, &g, "other", STR(GATE_WORLD_PASSWORD)));
	stretch(f, &g);
	assert_null(g.entry.owner);
	assert_int_equal(regret(f, &g), 2 * DOOR_DELAY_MS);
	assert_false(try(f, &g, "mailbox", STR(GATE_WORLD_PASSWORD)));
	stretch(f, &g);
	assert_int_equal(g.result, GATE_WELCOME);
	/* All is forgiven. */
	assert_false(try(f, &g, "mailbox", STR("wrong")));
	stretch(f, &g);
	assert_int_equal(regret(f, &g), DOOR_DELAY_MS);
	entry_drop(&g.entry);
}

static void
a_network_tries_four_at_once(void **state)
{
	struct fixture *f = *state;
	struct guest guests[4], more, far;
	size_t i;

	for (i = 0; i < countof(guests); i++) {
		guest_init(&guests[i], 1);
		assert_false(try(f, &guests[i], "mailbox", STR("wrong")));
	}
	guest_init(&more, 1);
	assert_true(try(f, &more, "mailbox", STR(GATE_WORLD_PASSWORD)));
	assert_int_equal(more.result, GATE_TOO_MANY);
	guest_init(&far, 2);
	assert_false(try(f, &far, "mailbox", STR("wrong")));
	/* Who waits to hear that it was wrong is one of the four still. */
	stretch(f, &guests[0]);
	assert_true(try(f, &more, "mailbox", STR(GATE_WORLD_PASSWORD)));
	(void)regret(f, &guests[0]);
	assert_false(try(f, &more, "mailbox", STR(GATE_WORLD_PASSWORD)));
	for (i = 0; i < countof(guests); i++)
		entry_drop(&guests[i].entry);
	entry_drop(&more.entry);
	entry_drop(&far.entry);
}

static void
who_leaves_is_not_told(void **state)
{
	struct fixture *f = *state;
	struct guest left, stays;

	guest_init(&left, 1);
	guest_init(&stays, 1);
	assert_false(try(f, &left, "mailbox", STR(GATE_WORLD_PASSWORD)));
	assert_false(try(f, &stays, "mailbox", STR(GATE_WORLD_PASSWORD)));
	entry_drop(&left.entry);
	entry_drop(&left.entry);
	stretch(f, &stays);
	assert_true(stays.told);
	assert_false(left.told);
	/* Nor who leaves while it waits to hear that it was wrong. */
	assert_false(try(f, &left, "mailbox", STR("wrong")));
	stretch(f, &left);
	entry_drop(&left.entry);
	assert_int_equal(f->world.loop.timers, 0);
	entry_drop(&stays.entry);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* A box from a backup has no device key; its owner brings it back. */
static void
the_device_key_comes_back(void **state)
{
	struct fixture *f = *state;
	struct gate_world *w = &f->world;
	char path[100];
	struct guest g;

	assert_true(device_ready(w->db));
	gate_drop(&w->gate);
	db_close(w->db);
	(void)snprintf(path, sizeof path, "%s/%s", w->dir, DEVICE_FILE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(db_open(&w->db, w->dir, DB_SERVE, &w->loop.clock),
	    0);
	gate_open(&w->gate, &w->loop, w->db);
	assert_false(device_ready(w->db));
	guest_init(&g, 1);
	assert_false(try(f, &g, "mailbox", STR("wrong")));
	assert_false(device_ready(w->db));
	assert_true(try(f, &g, "mailbox", buf_str(&w->app_password)));
	assert_true(device_ready(w->db));
	assert_int_equal(access(path, R_OK), 0);
	entry_drop(&g.entry);
}

int
gate_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    app_passwords_need_no_stretching, begin, end),
		cmocka_unit_test_setup_teardown(app_passwords_pass_shut_doors,
		    begin, end),
		cmocka_unit_test_setup_teardown(the_owner_is_let_in,
		    begin, end),
		cmocka_unit_test_setup_teardown(refusals_are_late_and_later,
		    begin, end),
		cmocka_unit_test_setup_teardown(a_network_tries_four_at_once,
		    begin, end),
		cmocka_unit_test_setup_teardown(who_leaves_is_not_told,
		    begin, end),
		cmocka_unit_test_setup_teardown(the_device_key_comes_back,
		    begin, end),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/gate", tests, NULL, NULL);
}
