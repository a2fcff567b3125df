/* What the sets of a command mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/view_world.h"
#include "base/crypto.h"

int mua_view_test(void);

#define STAR IMAP_STAR

struct set_case {
	struct imap_range ranges[3];
	size_t count;
	bool uid, saved;
	const char *meant;	/* NULL: it is bad */
};

/* There are the UIDs 1 to 3, 6, 9 and 10; $ is 2, 5 and 10. */
static const struct set_case set_cases[] = {
	{ { { 1, 1 } }, 1, false, false, "1" },
	{ { { 4, 5 } }, 1, false, false, "6,9" },
	{ { { 5, 4 } }, 1, false, false, "6,9" },
	{ { { 1, STAR } }, 1, false, false, "1:3,6,9:10" },
	{ { { STAR, STAR } }, 1, false, false, "10" },
	{ { { STAR, 5 } }, 1, false, false, "9:10" },
	{ { { 6, 6 }, { 1, 2 }, { 2, 4 } }, 3, false, false, "1:3,6,10" },
	{ { { 7, 7 } }, 1, false, false, NULL },
	{ { { 1, 1 }, { 5, 7 } }, 2, false, false, NULL },
	{ { { 0, 1 } }, 1, false, false, NULL },
	{ { { 6, 6 } }, 1, true, false, "6" },
	{ { { 7, 8 } }, 1, true, false, "" },
	{ { { 2, 9 } }, 1, true, false, "2:3,6,9" },
	{ { { 700, STAR } }, 1, true, false, "10" },
	{ { { STAR, 9 } }, 1, true, false, "9:10" },
	{ { { 1, UINT32_MAX - 1 } }, 1, true, false, "1:3,6,9:10" },
	{ { { 0, 0 } }, 0, false, true, "2,10" },
	{ { { 1, 1 } }, 1, true, true, "1:2,10" },
};

static void
sets_mean_what_is_there(void **state)
{
	struct view_world *w = *state;
	const struct set_case *c;
	struct mua *m = &w->one;
	struct uids out = { .count = 0 };
	struct buf text;
	size_t n;

	view_letters(w, 10);
	view_gone(w, 4, 5);
	view_gone(w, 7, 8);
	view_opened(w, m);
	uids_add(&m->view.saved, 2, 2);
	uids_add(&m->view.saved, 5, 5);
	uids_add(&m->view.saved, 10, 10);
	buf_init(&text, 1000);
	for (n = 0; n < countof(set_cases); n++) {
		struct imap_range ranges[3];
		struct imap_set set = { .ranges = ranges };

		c = &set_cases[n];
		memcpy(ranges, c->ranges, sizeof ranges);
		set.count = c->count;
		set.saved = c->saved;
		uids_clear(&out);
		assert_int_equal(view_set(m, &set, c->uid, &out),
		    c->meant != NULL);
		buf_clear(&text);
		uids_write(&text, &out);
		if (c->meant != NULL)
			assert_string_equal(buf_text(&text), c->meant);
	}
	buf_drop(&text);
	uids_drop(&out);
}

static void
in_an_empty_mailbox_no_number_is_good(void **state)
{
	struct view_world *w = *state;
	struct imap_range all = { 1, IMAP_STAR }, star = { STAR, STAR };
	struct imap_set set = { .ranges = &all, .count = 1 };
	struct uids out = { .count = 0 };
	struct mua *m = &w->one;

	view_opened(w, m);
	assert_false(view_set(m, &set, false, &out));
	assert_true(view_set(m, &set, true, &out));
	set.ranges = &star;
	assert_false(view_set(m, &set, false, &out));
	assert_true(view_set(m, &set, true, &out));
	assert_int_equal(out.count, 0);
}

/* A large mailbox without holes is one run, whatever the sets. */
static void
much_is_known_in_little_memory(void **state)
{
	struct view_world *w = *state;
	struct mua *m = &w->one;

	view_letters(w, 3000);
	view_opened(w, m);
	view_letters(w, 300);
	buf_clear(&m->imap.out);
	while (view_tell(m, true))
		;
	assert_int_equal(uids_len(&m->view.uids), 3300);
	assert_int_equal(m->view.uids.count, 1);
}

int
mua_view_test(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, view_world_begin, \
	view_world_end)
	const struct CMUnitTest tests[] = {
		TEST(sets_mean_what_is_there),
		TEST(in_an_empty_mailbox_no_number_is_good),
		TEST(much_is_known_in_little_memory),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_view", tests, NULL, NULL);
}
