/* Passwords stretched beside the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "app/login.h"
#include "base/crypto.h"

int login_test(void);

static const struct credential_stretch how = {
	.salt = "0123456789abcde", .ops = 1, .mem = 1024
};

/* One login, and what came of it. */
struct try {
	struct login login;
	unsigned char key[SEAL_KEY];
	int err;
	bool told;
	struct loop *loop;
	size_t *left;
};

static void
on_done(struct login *l, int err, const unsigned char key[SEAL_KEY])
{
	struct try *t = list_of(l, struct try, login);

	assert_false(t->told);
	t->told = true;
	t->err = err;
	memcpy(t->key, key, sizeof t->key);
	if (--*t->left == 0)
		t->loop->stop = true;
}

static void
try_init(struct try *t, struct loop *loop, size_t *left)
{
	*t = (struct try){ .loop = loop, .left = left };
	t->login.done = on_done;
}

static void
no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
each_gets_its_key(void **state)
{
	static struct try tries[LOGIN_QUEUE];
	unsigned char key[SEAL_KEY];
	struct login_desk desk;
	struct loop loop;
	size_t i, left = LOGIN_QUEUE;
	struct try more;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	login_desk_init(&desk, &loop);
	for (i = 0; i < LOGIN_QUEUE; i++) {
		try_init(&tries[i], &loop, &left);
		assert_int_equal(login_begin(&desk, &tries[i].login,
		    i == 3 ? STR("three") : STR("others"), &how), 0);
	}
	try_init(&more, &loop, &left);
	assert_int_equal(login_begin(&desk, &more.login, STR("x"), &how),
	    -EAGAIN);
	assert_int_equal(loop_run(&loop), 0);
	for (i = 0; i < LOGIN_QUEUE; i++) {
		assert_int_equal(tries[i].err, 0);
		assert_int_equal(seal_stretch(i == 3 ? STR("three") :
		    STR("others"), how.salt, how.ops, how.mem, key), 0);
		assert_memory_equal(tries[i].key, key, sizeof key);
	}
	no_child_is_left();
	login_desk_drop(&desk);
	loop_drop(&loop);
}

static void
whom_nobody_waits_for_is_ended(void **state)
{
	static struct try tries[5];
	struct login_desk desk;
	struct loop loop;
	size_t i, left = 1;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	login_desk_init(&desk, &loop);
	for (i = 0; i < countof(tries); i++) {
		try_init(&tries[i], &loop, &left);
		assert_int_equal(login_begin(&desk, &tries[i].login,
		    STR("x"), &how), 0);
	}
	/* Stop when the first is told: of the others one may run. */
	assert_int_equal(loop_run(&loop), 0);
	left = countof(tries);
	for (i = 0; i < countof(tries); i++) {
		login_cancel(&tries[i].login);
		login_cancel(&tries[i].login);
	}
	assert_int_equal(desk.running_count + desk.waiting_count, 0);
	no_child_is_left();
	login_desk_drop(&desk);
	login_desk_drop(&desk);
	loop_drop(&loop);
}

static void
too_much_memory_is_an_error(void **state)
{
	const struct credential_stretch vast = {
		.ops = 1, .mem = 0xffffffff
	};
	struct login_desk desk;
	struct loop loop;
	size_t left = 1;
	struct try t;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	login_desk_init(&desk, &loop);
	try_init(&t, &loop, &left);
	assert_int_equal(login_begin(&desk, &t.login, STR("x"), &vast), 0);
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(t.err, -ENOMEM);
	no_child_is_left();
	login_desk_drop(&desk);
	loop_drop(&loop);
}

int
login_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_gets_its_key),
		cmocka_unit_test(whom_nobody_waits_for_is_ended),
		cmocka_unit_test(too_much_memory_is_an_error),
	};

	crypto_start();
	return cmocka_run_group_tests_name("app/login", tests, NULL, NULL);
}
