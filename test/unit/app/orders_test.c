/* Orders that make no sense, and a set-up that does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/role_world.h"

int orders_test(void);

static void
order(struct role_world *w, enum wire_kind kind, int fd)
{
	const struct wire_head head = { .kind = kind };

	assert_true(fd >= 0 || kind == WIRE_STOP || kind == WIRE_ABORT);
	assert_int_equal(wire_send(w->boss, &head, NULL, 0, fd), 0);
	if (fd >= 0)
		close(fd);
}

/* What the role says to its supervisor. */
static void
hear_ready(struct role_world *w)
{
	struct wire_mail mail;
	int wire = w->wire;

	w->wire = w->boss;
	world_hear(w, &mail);
	assert_int_equal(mail.head.kind, WIRE_READY);
	w->wire = wire;
}

static int
good_setup(void)
{
	struct setup setup = { .text = { NULL, 0, 0, 0, false } };
	struct buf packed;
	int fd;

	buf_init(&setup.text, 1000);
	buf_add_text(&setup.text, "data = \"/nowhere\";\n"
	    "domains = \"other.example\";\n"
	    "pop3 = { port = 0; tls_port = 0; };\n"
	    "imap = { port = 0; tls_port = 0; };\n"
	    "submission = { port = 0; tls_port = 0; };\n");
	buf_init(&packed, SETUP_PACKED_MAX);
	setup_pack(&setup, &packed);
	fd = wire_pack(buf_str(&packed));
	buf_drop(&packed);
	setup_drop(&setup);
	return fd;
}

static void
bad_orders(struct role_world *w)
{
	order(w, WIRE_SETUP, open("/dev/null", O_RDONLY));
	order(w, WIRE_SETUP, wire_pack(STR("no set-up")));
	order(w, WIRE_SETUP, wire_pack(STR("")));
	order(w, WIRE_PEER, open("/dev/null", O_RDONLY));
	order(w, WIRE_ABORT, -1);
	order(w, WIRE_SETUP, good_setup());
	hear_ready(w);
	order(w, WIRE_STOP, -1);	/* world_end() says it once more */
	world_end(w);
}

static void
intake_survives(void **state)
{
	struct role_world w;

	(void)state;
	world_start(&w, intake_start, false);
	bad_orders(&w);
}

static void
keeper_survives(void **state)
{
	struct role_world w;

	(void)state;
	world_start(&w, keeper_start, true);
	bad_orders(&w);
}

static void
courier_survives(void **state)
{
	struct role_world w;

	(void)state;
	world_start(&w, courier_start, false);
	bad_orders(&w);
}

static void
an_orphan_stops(void **state)
{
	struct role_world w;
	int boss;

	(void)state;
	world_start(&w, intake_start, false);
	boss = w.boss;
	/* Only a wire that nobody holds is gone. */
	w.boss = dup(w.wire);
	close(boss);
	world_end(&w);
}

int
orders_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intake_survives),
		cmocka_unit_test(keeper_survives),
		cmocka_unit_test(courier_survives),
		cmocka_unit_test(an_orphan_stops),
	};

	return cmocka_run_group_tests_name("app/orders", tests, NULL, NULL);
}
