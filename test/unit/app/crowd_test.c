/* Who has to go when a port is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/crowd.h"

int crowd_test(void);

static const unsigned char near_ip[] = { 192, 0, 2, 1 };
static const unsigned char far_ip[] = { 198, 51, 100, 1 };

struct fixture {
	struct crowd crowd;
	struct member a, b, c;
	struct network near, far;
};

/* a and b are near, c is far. */
static void
fill(struct fixture *f)
{
	*f = (struct fixture){
		.near = network_of(near_ip, sizeof near_ip),
		.far = network_of(far_ip, sizeof far_ip)
	};
	crowd_init(&f->crowd);
	crowd_join(&f->crowd, &f->a, f->near);
	crowd_join(&f->crowd, &f->b, f->near);
	crowd_join(&f->crowd, &f->c, f->far);
}

static void
room_needs_nobody_to_go(void **state)
{
	struct member *victim;
	struct fixture f;

	(void)state;
	fill(&f);
	assert_true(crowd_room(&f.crowd, f.near, 4, 3, &victim));
	assert_null(victim);
}

static void
the_network_comes_first(void **state)
{
	struct member *victim;
	struct fixture f;

	(void)state;
	fill(&f);
	crowd_touch(&f.crowd, &f.a);	/* b is the one without progress now */
	assert_true(crowd_room(&f.crowd, f.near, 3, 2, &victim));
	assert_ptr_equal(victim, &f.b);
	assert_true(crowd_room(&f.crowd, f.far, 3, 2, &victim));
	assert_ptr_equal(victim, &f.b);	/* full in all */
	assert_true(crowd_room(&f.crowd, f.far, 9, 1, &victim));
	assert_ptr_equal(victim, &f.c);
}

static void
settled_ones_stay(void **state)
{
	struct member *victim;
	struct fixture f;

	(void)state;
	fill(&f);
	f.a.settled = f.b.settled = true;
	assert_false(crowd_room(&f.crowd, f.near, 9, 2, &victim));
	assert_true(crowd_room(&f.crowd, f.near, 3, 9, &victim));
	assert_ptr_equal(victim, &f.c);
	crowd_yield(&f.crowd, &f.b);
	assert_true(crowd_room(&f.crowd, f.near, 9, 2, &victim));
	assert_ptr_equal(victim, &f.b);
	assert_true(crowd_room(&f.crowd, f.near, 3, 9, &victim));
	assert_ptr_equal(victim, &f.b);	/* it is first now */
}

static void
who_left_is_not_counted(void **state)
{
	struct member *victim;
	struct fixture f;

	(void)state;
	fill(&f);
	crowd_leave(&f.crowd, &f.b);
	crowd_leave(&f.crowd, &f.b);
	assert_int_equal(f.crowd.count, 2);
	assert_true(crowd_room(&f.crowd, f.near, 3, 2, &victim));
	assert_null(victim);
	crowd_leave(&f.crowd, &f.a);
	crowd_leave(&f.crowd, &f.c);
	crowd_join(&f.crowd, &f.a, f.far);
	crowd_yield(&f.crowd, &f.a);
	assert_true(crowd_room(&f.crowd, f.near, 1, 1, &victim));
	assert_ptr_equal(victim, &f.a);
}

int
crowd_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_needs_nobody_to_go),
		cmocka_unit_test(the_network_comes_first),
		cmocka_unit_test(settled_ones_stay),
		cmocka_unit_test(who_left_is_not_counted),
	};

	return cmocka_run_group_tests_name("app/crowd", tests, NULL, NULL);
}
