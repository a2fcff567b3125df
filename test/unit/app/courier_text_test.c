/* Long letters by pieces, results until they are noted, and many at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/courier_world.h"
#include "mail/piece.h"

int courier_text_test(void);

#define GREET "220 hello\n>EHLO box.example.test\n250 mx\n"
#define FROM ">MAIL FROM:<shop@example.test>\n250 ok\n"
#define RCPT(who) ">RCPT TO:<" who "@mail.example>\n"
#define TO(who) RCPT(who) "250 ok\n"
#define DATA ">DATA\n354 go\n"
#define DONE "250 2.0.0 in\n"
#define ZONE \
	"mail.example MX 10 mx1.mail.example\n" \
	"mx1.mail.example A 127.0.0.2\n"
#define IN "delivered 250 2.0.0 in [mx1.mail.example]\n"

static void
begin(struct courier_world *w, const char *script, const char *more)
{
	courier_world_init(w);
	courier_world_names(w, ZONE, false);
	courier_world_serve(w, "127.0.0.2", w->port, script);
	courier_world_start(w, more);
}

/* A letter of two pieces and three bytes, with what ends its last line. */
static struct carry_job
long_job(struct courier_world *w, size_t count)
{
	struct carry_job job = courier_world_job(w, "mail.example", count);

	job.whole = false;
	job.size = 2 * PIECE_SIZE + 3;
	return job;
}

static void
test_pieces(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	begin(&w, GREET FROM TO("a") DATA ".131077\n" DONE, "");
	job = long_job(&w, 1);
	courier_world_carry(&w, 1, &job);
	courier_world_fetch(&w, 1, 0);
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	/* What is not the one that was asked for is not sent. */
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	courier_world_text(&w, 1, 1, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 2);
	courier_world_text(&w, 1, 2, 3, WIRE_LAST);
	courier_world_outcome(&w, 1, IN);
	courier_world_end(&w);
}

/* It speaks, and leaves, while the keeper still looks for the next piece. */
static void
test_broken_off(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	begin(&w, GREET FROM TO("a") DATA "hear 65536\n552 5.3.4 Too much\n",
	    "");
	job = long_job(&w, 1);
	courier_world_carry(&w, 1, &job);
	courier_world_fetch(&w, 1, 0);
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	courier_world_outcome(&w, 1,
	    "permanent 552 5.3.4 Too much [mx1.mail.example]\n");
	courier_world_text(&w, 1, 1, PIECE_SIZE, 0);
	assert_true(world_silent(&w.role, 50));
	courier_world_end(&w);
}

/* The letter starts anew with the next server. */
static void
test_next_from_the_start(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	courier_world_init(&w);
	courier_world_names(&w, ZONE "mail.example MX 20 mx2.mail.example\n"
	    "mx2.mail.example A 127.0.0.3\n", false);
	courier_world_serve(&w, "127.0.0.2", w.port,
	    GREET FROM TO("a") DATA "hear 65536\nclose\n");
	courier_world_serve(&w, "127.0.0.3", w.port,
	    GREET FROM TO("a") DATA ".131077\n" DONE);
	courier_world_start(&w, "");
	job = long_job(&w, 1);
	courier_world_carry(&w, 1, &job);
	courier_world_fetch(&w, 1, 0);
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	/* Only when this is answered anything else is asked. */
	assert_true(world_silent(&w.role, 100));
	courier_world_text(&w, 1, 1, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 0);
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	courier_world_text(&w, 1, 1, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 2);
	courier_world_text(&w, 1, 2, 3, WIRE_LAST);
	courier_world_outcome(&w, 1,
	    "delivered 250 2.0.0 in [mx2.mail.example]\n");
	courier_world_end(&w);
}

static void
test_unreadable(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	begin(&w, GREET FROM TO("a") DATA "wait\n", "");
	job = long_job(&w, 1);
	courier_world_carry(&w, 1, &job);
	courier_world_fetch(&w, 1, 0);
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	courier_world_text(&w, 1, 1, 0, WIRE_FAILED);
	courier_world_outcome(&w, 1,
	    "temporary 0 4.3.0 The message could not be read\n");
	courier_world_end(&w);
}

/* The keeper goes and comes back: the letter goes on where it was. */
static void
test_keeper_gone(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	begin(&w, GREET FROM TO("a") TO("b") DATA ".131077\n" DONE, "");
	job = long_job(&w, 2);
	courier_world_carry(&w, 1, &job);
	courier_world_fetch(&w, 1, 0);
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	world_rewire(&w.role);
	courier_world_room(&w, CARRY_JOBS_MAX - 1, 2);
	courier_world_fetch(&w, 1, 1);
	courier_world_text(&w, 1, 1, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 2);
	courier_world_text(&w, 1, 2, 3, WIRE_LAST);
	courier_world_outcome(&w, 1, IN IN);
	courier_world_end(&w);
}

static void
test_said_until_noted(void **state)
{
	struct courier_world w;
	struct carry_job job;
	struct buf out;
	int i;

	(void)state;
	begin(&w, GREET FROM TO("a") DATA ".5\n" DONE, "");
	job = courier_world_job(&w, "mail.example", 1);
	courier_world_carry(&w, 1, &job);
	buf_init(&out, 1000);
	for (i = 0; i < 3; i++) {
		buf_clear(&out);
		assert_true(courier_world_result(&w, 1, &out, false));
		assert_string_equal(buf_text(&out), IN);
		world_rewire(&w.role);
		courier_world_room(&w, CARRY_JOBS_MAX - 1, 1);
	}
	buf_drop(&out);
	courier_world_outcome(&w, 1, IN);
	/* Then it is over. */
	world_rewire(&w.role);
	courier_world_room(&w, CARRY_JOBS_MAX, 0);
	assert_true(world_silent(&w.role, 50));
	courier_world_end(&w);
}

/* Those who were too many go at once, and what is settled is said. */
static void
test_too_many(void **state)
{
	struct courier_world w;
	struct carry_job job;
	struct buf out;

	(void)state;
	begin(&w, GREET FROM TO("a") TO("b") RCPT("c") "452 4.5.3 Too many\n"
	    RCPT("d") "452 4.5.3 Too many\n" DATA ".5\n" DONE
	    FROM TO("c") TO("d") DATA ".5\n" DONE, "");
	job = courier_world_job(&w, "mail.example", 4);
	courier_world_carry(&w, 1, &job);
	buf_init(&out, 1000);
	assert_false(courier_world_result(&w, 1, &out, false));
	assert_string_equal(buf_text(&out), IN IN);
	assert_true(world_silent(&w.role, 100));
	/* Of those two nothing more is said once it is noted. */
	world_rewire(&w.role);
	courier_world_room(&w, CARRY_JOBS_MAX - 1, 4);
	buf_drop(&out);
	courier_world_outcome(&w, 1, IN IN IN IN);
	courier_world_end(&w);
}

/* A used connection that has gone is no reason to wait. */
static void
test_stale(void **state)
{
	struct courier_world w;
	struct carry_job job;

	(void)state;
	begin(&w, GREET FROM TO("a") DATA ".5\n" DONE ">MAIL\nclose\n"
	    GREET FROM TO("a") DATA ".5\n" DONE ">MAIL\n421 bye\nclose\n"
	    GREET FROM TO("a") DATA ".5\n" DONE, "");
	job = courier_world_job(&w, "mail.example", 1);
	courier_world_carry(&w, 1, &job);
	courier_world_outcome(&w, 1, IN);
	courier_world_carry(&w, 2, &job);
	courier_world_outcome(&w, 2, IN);
	courier_world_carry(&w, 3, &job);
	courier_world_outcome(&w, 3, IN);
	courier_world_end(&w);
}

/* One connection to a domain at once: the others wait, and follow on it. */
static void
test_limit(void **state)
{
	struct courier_world w;
	struct carry_job job;
	uint32_t i;

	(void)state;
	begin(&w, GREET FROM TO("a") DATA ".5\n" DONE FROM TO("a") DATA ".5\n"
	    DONE FROM TO("a") DATA ".5\n" DONE, "per_domain = 1;");
	job = courier_world_job(&w, "mail.example", 1);
	for (i = 1; i <= 3; i++)
		courier_world_carry(&w, i, &job);
	for (i = 1; i <= 3; i++)
		courier_world_outcome(&w, i, IN);
	courier_world_end(&w);
}

/* Stopping: what is being sent is sent, all else is left as it was. */
static void
test_stop(void **state)
{
	const struct wire_head stop = { .kind = WIRE_STOP };
	struct courier_world w;
	struct carry_job job;
	struct buf out;

	(void)state;
	begin(&w, GREET FROM TO("a") DATA ".131077\n" DONE ">QUIT\n221 bye\n",
	    "per_domain = 1;");
	job = long_job(&w, 1);
	courier_world_carry(&w, 1, &job);
	courier_world_carry(&w, 2, &job);
	courier_world_fetch(&w, 1, 0);
	assert_int_equal(wire_send(w.role.boss, &stop, NULL, 0, -1), 0);
	courier_world_text(&w, 1, 0, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 1);
	courier_world_text(&w, 1, 1, PIECE_SIZE, 0);
	courier_world_fetch(&w, 1, 2);
	courier_world_text(&w, 1, 2, 3, WIRE_LAST);
	buf_init(&out, 1000);
	assert_true(courier_world_result(&w, 1, &out, true));
	assert_string_equal(buf_text(&out), IN);
	buf_drop(&out);
	courier_world_end(&w);
}

int
courier_text_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_broken_off),
		cmocka_unit_test(test_next_from_the_start),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_keeper_gone),
		cmocka_unit_test(test_said_until_noted),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests_name("app/courier_text", tests, NULL,
	    NULL);
}
