/* What the courier is told of a letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/post_world.h"

int post_hand_test(void);

/* What the client said of the envelope is for our reports alone. */
static void
envelope_of_the_client(void **state)
{
	struct office *o = *state;
	struct buf all;
	struct carry_job job;
	int i;

	office_wire(o);
	office_room(o, CARRY_JOBS_MAX, NULL, 0);
	buf_init(&all, 1000);
	buf_add_text(&all, "a+b=c@one.example \"ab\"@one.example "
	    "\303\244@one.example ");
	/* in xtext too long for any server */
	for (i = 0; i < 200; i++)
		buf_add_char(&all, '+');
	buf_add_text(&all, "@one.example d@one.example");
	(void)office_letter(o, buf_text(&all));
	office_sql(o, "UPDATE recipient SET"
	    " orcpt = 'rfc822;owner@example.test'"
	    " WHERE address <> 'd@one.example'");
	office_turn(o);
	(void)office_job(o, &job);
	assert_true(str_equal(job.envid, STR("pb1")));
	assert_int_equal(job.count, 5);
	assert_true(str_equal(job.recipients[0].orcpt,
	    STR("rfc822;a+2Bb+3Dc@one.example")));
	assert_true(str_equal(job.recipients[1].orcpt,
	    STR("rfc822;\"ab\"@one.example")));
	for (i = 2; i < 5; i++)
		assert_int_equal(job.recipients[i].orcpt.len, 0);

	(void)office_letter(o, "a@two.example");
	office_sql(o, "UPDATE letter SET envid = ''");
	office_turn(o);
	(void)office_job(o, &job);
	assert_int_equal(job.envid.len, 0);
	buf_drop(&all);
}

int
post_hand_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(envelope_of_the_client,
		    office_begin, office_end),
	};

	return cmocka_run_group_tests_name("app/post_hand", tests, NULL,
	    NULL);
}
