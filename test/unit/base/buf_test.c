/* Growing bytes and their cap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "freed.h"

int buf_test(void);

static void
test_add(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_str(&b).len, 0);
	buf_add(&b, str_from(NULL, 0));
	buf_add(&b, STR("one"));
	buf_add_char(&b, ' ');
	buf_add_text(&b, "two ");
	buf_add_number(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_number(&b, UINT64_MAX);
	buf_add_format(&b, " %s=%d", "x", -5);
	assert_string_equal(buf_text(&b),
	    "one two 0 18446744073709551615 x=-5");
	assert_int_equal(b.len, strlen(buf_text(&b)));
	buf_eat(&b, 4);
	assert_int_equal(b.at[b.len], '\0');
	buf_cut(&b, 3);
	assert_string_equal(buf_text(&b), "two");
	buf_eat(&b, 99);
	assert_string_equal(buf_text(&b), "");
	buf_drop(&b);
	buf_drop(&b);
	assert_int_equal(b.max, 100);
}

static void
test_full(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	buf_add(&b, STR("abcde"));
	assert_false(b.full);
	buf_add_char(&b, 'f');
	assert_true(b.full);
	assert_string_equal(buf_text(&b), "abcde");
	buf_cut(&b, 0);
	buf_add_char(&b, 'x');		/* full is sticky */
	assert_int_equal(b.len, 0);
	assert_null(buf_space(&b, 1));
	buf_clear(&b);
	assert_false(b.full);
	buf_add_format(&b, "%s", "123456");
	assert_true(b.full);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	buf_add_format(&b, "%s", "12345");
	assert_string_equal(buf_text(&b), "12345");
	assert_false(b.full);
	buf_drop(&b);

	b = (struct buf){ 0 };
	buf_add(&b, STR(""));
	assert_false(b.full);
	buf_add_char(&b, 'x');
	assert_true(b.full);
	buf_wipe(&b);
	buf_wipe(&b);
}

static void
test_grow(void **state)
{
	struct buf b;
	size_t i, room;
	char *at;

	(void)state;
	buf_init(&b, 100000);
	for (i = 0; i < 100000; i++) {
		room = b.room;
		buf_add_char(&b, (char)('a' + i % 26));
		assert_true(b.room == room || b.room >= room * 2 ||
		    b.room == 100001);
	}
	assert_false(b.full);
	assert_int_equal(b.len, 100000);
	for (i = 0; i < 100000; i++)
		assert_int_equal(b.at[i], 'a' + i % 26);
	buf_clear(&b);
	assert_int_equal(b.room, 100001);
	at = buf_space(&b, 10);
	assert_non_null(at);
	memcpy(at, "0123456789", 10);
	buf_grew(&b, 4);
	assert_string_equal(buf_text(&b), "0123");
	buf_wipe(&b);
	assert_null(b.at);
}

static void
test_secret(void **state)
{
	struct buf b;
	uintptr_t at;
	size_t room;

	(void)state;
	buf_init(&b, 1000);
	assert_non_null(buf_space_secret(&b, 100));
	memset(b.at, 'x', 100);
	memcpy(b.at + 50, "secret", 6);
	buf_grew(&b, 100);
	at = (uintptr_t)b.at;
	room = b.room;
	assert_non_null(buf_space_secret(&b, room - 101));
	assert_true((uintptr_t)b.at == at && b.room == room);
	assert_non_null(buf_space_secret(&b, 900));
	assert_memory_equal(b.at + 50, "secretx", 7);
	assert_int_equal(b.at[100], '\0');
	assert_int_equal(b.room, 1001);
	assert_false(freed_holds(at, room, "secret"));
	assert_null(buf_space_secret(&b, 901));
	assert_true(b.full);
	buf_wipe(&b);
}

int
buf_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
