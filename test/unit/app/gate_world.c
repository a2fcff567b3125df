#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/gate_world.h"

static void
credentials_make(struct gate_world *w)
{
	struct seal_owner *owner;
	struct buf recovery;

	buf_init(&recovery, 256);
	assert_int_equal(credential_create(w->db, STR(GATE_WORLD_PASSWORD),
	    &recovery), 0);
	assert_int_equal(credential_unlock(w->db, buf_str(&recovery), &owner),
	    0);
	assert_int_equal(credential_app_add(w->db, owner, STR("phone"),
	    &w->app_password), 0);
	assert_int_equal(db_commit(w->db), 0);
	seal_owner_drop(owner);
	buf_wipe(&recovery);
}

void
gate_world_begin(struct gate_world *w)
{
	*w = (struct gate_world){ .dir = "/tmp/gate-test-" "XX" "XX" "XX" };
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(loop_init(&w->loop), 0);
	buf_init(&w->app_password, 100);
	assert_int_equal(db_open(&w->db, w->dir, DB_CREATE, &w->loop.clock),
	    0);
	credentials_make(w);
	gate_open(&w->gate, &w->loop, w->db);
}

void
gate_world_end(struct gate_world *w)
{
	char command[128];

	gate_drop(&w->gate);
	db_close(w->db);
	loop_drop(&w->loop);
	buf_wipe(&w->app_password);
	(void)snprintf(command, sizeof command, "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
}

struct network
gate_world_network(unsigned char number)
{
	const unsigned char ip[4] = { 10, 0, number, 1 };

	return network_of(ip, 4);
}

void
gate_world_shut(struct gate_world *w)
{
	const int64_t now = w->loop.clock.mono_ms;
	unsigned n;

	for (n = 0; n < DOOR_NETWORK_MAX; n++)
		(void)door_failed(&w->gate.door, gate_world_network(1), now);
	for (n = 0; n < DOOR_ALL_MAX; n++)
		(void)door_failed(&w->gate.door,
		    gate_world_network((unsigned char)(100 + n)), now);
}
