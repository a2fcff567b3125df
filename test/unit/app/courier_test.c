/* The courier as a process: to whom it goes, and what it tells the keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/courier_world.h"

int courier_test(void);

#define GREET "220 hello\n>EHLO box.example.test\n250 mx\n"
#define FROM ">MAIL FROM:<shop@example.test>\n250 ok\n"
#define TO(who) ">RCPT TO:<" who "@mail.example>\n250 ok\n"
#define TEXT ">DATA\n354 go\n.5\n"
#define DONE "250 2.0.0 in\n"
#define QUIT ">QUIT\n221 bye\n"
#define TAKE GREET FROM TO("a") TEXT DONE
#define ONE_MX \
	"mail.example MX 10 mx1.mail.example\n" \
	"mx1.mail.example A 127.0.0.2\n"
#define TWO_MX ONE_MX \
	"mail.example MX 20 mx2.mail.example\n" \
	"mx2.mail.example A 127.0.0.3\n"
#define DELIVERED "delivered 250 2.0.0 in [mx1.mail.example]\n"

/* A letter for count recipients of mail.example; what becomes of it. */
static void
carry(struct courier_world *w, size_t count, const char *want)
{
	struct carry_job job = courier_world_job(w, "mail.example", count);

	courier_world_carry(w, 1, &job);
	courier_world_outcome(w, 1, want);
}

static void
test_delivery(void **state)
{
	struct courier_world w;

	(void)state;
	courier_world_init(&w);
	courier_world_names(&w, ONE_MX, false);
	courier_world_serve(&w, "127.0.0.2", w.port,
	    GREET FROM TO("a") ">RCPT TO:<b@mail.example>\n"
	    "450 4.2.1 Later\n" TO("c") TEXT DONE
	    /* the same connection takes the next letter */
	    FROM TO("a") TEXT DONE);
	courier_world_start(&w, "");
	carry(&w, 3, DELIVERED DELIVERED
	    "temporary 450 4.2.1 Later [mx1.mail.example]\n");
	carry(&w, 1, DELIVERED);
	courier_world_end(&w);
}

int
courier_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delivery),
	};

	return cmocka_run_group_tests_name("app/courier", tests, NULL, NULL);
}
