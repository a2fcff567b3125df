/* Commands that take several steps, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "app/imap_world.h"
#include "base/crypto.h"

int mua_work_test(void);

static int
begin(void **state)
{
	static struct imap_world w;

	imap_world_begin(&w, NULL);
	*state = &w;
	return 0;
}

static int
end(void **state)
{
	imap_world_end(*state);
	return 0;
}

/* A session in the middle of a command: the step is the test's from here. */
static void
work(struct imap_world *w, struct imap_client *c,
	enum mua_go (*step)(struct mua *m))
{
	struct buf many;
	unsigned n;

	imap_client_enter(c, w);
	(void)imap_client_ask(c, "SELECT INBOX");
	buf_init(&many, 10000);
	for (n = 0; n < 300; n++)
		buf_add_text(&many, "C CHECK\r\n");
	imap_client_say(c, buf_text(&many));
	buf_drop(&many);
	/* Some are for the next turn. */
	imap_world_turn(w, 1);
	assert_int_equal(c->m->state, MUA_WORKS);
	c->m->step = step;
}

struct job {
	unsigned *dropped;
};

static unsigned steps;

static void
job_drop(void *at)
{
	struct job *job = at;

	++*job->dropped;
}

static enum mua_go
ends_later(struct mua *m)
{
	static unsigned dropped;
	struct job *job = m->job;

	if (job == NULL) {
		job = mua_job(m, sizeof *job, job_drop);
		job->dropped = &dropped;
		steps = dropped = 0;
	}
	assert_int_equal(dropped, 0);
	if (++steps < 5)
		return steps % 2 == 0 ? MUA_AGAIN : MUA_SETTLE;
	assert_int_equal(m->settled, 0);
	return mua_end_code(m, IMAP_NO, "It was said.", "%s %d", "X-CODE", 7);
}

/* Nobody waits for a commit when nothing has changed. */
static void
steps_follow_one_another(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	work(w, &c, ends_later);
	(void)imap_client_hear(&c, "C NO [X-CODE 7] It was said.\r\n");
	assert_int_equal(steps, 5);
	assert_null(c.m->job);
	assert_true(str_ends(str_of(imap_client_ask(&c, "NOOP")),
	    STR("A OK Done.\r\n")));
	imap_client_close(&c);
}

static enum mua_go
breaks(struct mua *m)
{
	buf_add_text(&m->imap.out, "* 1 FETCH (BODY[] {5}\r\nab");
	return mua_break(m);
}

/* Nothing follows what would be read as a part of the reply. */
static void
who_cannot_go_on_says_no_more(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	work(w, &c, breaks);
	assert_true(str_ends(str_of(imap_client_hear(&c, "never")),
	    STR("{5}\r\nab")));
	imap_client_close(&c);
	assert_int_equal(w->service.common.crowd.count, 0);
}

static enum mua_go
says_too_much(struct mua *m)
{
	while (!m->imap.out.full)
		buf_add_text(&m->imap.out, "* OK Again and again.\r\n");
	return mua_end(m, IMAP_OK, "It is not.");
}

static void
a_reply_that_is_too_long_breaks(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;

	work(w, &c, says_too_much);
	assert_true(str_ends(str_of(imap_client_hear(&c, "never")),
	    STR("* OK Again and again.\r\n")));
	imap_client_close(&c);
}

static enum mua_go
waits(struct mua *m)
{
	steps++;
	buf_add_text(&m->imap.out, "* OK Once more.\r\n");
	return MUA_AGAIN;
}

/* The client may go in the middle of it. */
static void
who_goes_is_not_worked_for(void **state)
{
	struct imap_world *w = *state;
	struct imap_client c;
	unsigned now;

	steps = 0;
	work(w, &c, waits);
	imap_world_turn(w, 10);
	assert_true(steps > 5);
	imap_client_close(&c);
	for (now = 0; now < 10000 && w->service.common.crowd.count > 0; now++)
		imap_world_turn(w, 1);
	assert_int_equal(w->service.common.crowd.count, 0);
	now = steps;
	imap_world_turn(w, 10);
	assert_int_equal(steps, now);
}

static enum mua_go
fails(struct mua *m)
{
	return mua_end_errno(m, m->settled);
}

static void
errors_have_their_codes(void **state)
{
	static const struct {
		int err;
		const char *told;
	} cases[] = {
		{ -ENOSPC, "C NO [OVERQUOTA] " },
		{ -EBADMSG, "C NO [CORRUPTION] " },
		{ -ENOENT, "C NO [NONEXISTENT] " },
		{ -EIO, "C NO [SERVERBUG] " },
		{ -ENOTTY, "C NO [SERVERBUG] " },
	};
	struct imap_world *w = *state;
	struct imap_client c;
	size_t n;

	for (n = 0; n < countof(cases); n++) {
		work(w, &c, fails);
		c.m->settled = cases[n].err;
		(void)imap_client_hear(&c, cases[n].told);
		imap_client_close(&c);
	}
}

int
mua_work_test(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(steps_follow_one_another),
		TEST(who_cannot_go_on_says_no_more),
		TEST(a_reply_that_is_too_long_breaks),
		TEST(who_goes_is_not_worked_for),
		TEST(errors_have_their_codes),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/mua_work", tests, NULL, NULL);
}
