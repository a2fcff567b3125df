/* Summaries of mail that is made to cost much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "mail/summary.h"

int summary_bound_test(void);

#define PATIENCE_S 20		/* many times what a test takes, but less than
				   when work is done again for each line */

/* A summary made with so much memory; false when it is not made. */
static bool
make(struct str message, size_t max, struct buf *head, struct buf *body)
{
	struct summary_maker *m;
	bool made;

	buf_init(head, max);
	buf_init(body, max);
	m = summary_new(max);
	while (message.len > 0)
		summary_feed(m, str_take(&message, 65536));
	made = summary_end(m, head, body);
	summary_drop(m);
	return made;
}

static void
check_same(struct str one, struct str other)
{
	assert_true(str_equal(one, other));
}

/* What is made at delivery is what is made later, or it is not made. */
static void
test_early(void **state)
{
	struct buf message, head, body, late_head, late_body;
	unsigned made;
	int people, i;

	(void)state;
	made = 0;
	buf_init(&message, 100000);
	for (people = 400; people <= 600; people++) {
		buf_clear(&message);
		buf_add_text(&message, "From: a@b.example\nTo: c@d.example");
		for (i = 0; i < people; i++)
			buf_add_format(&message, ",\n %d@test.example",
			    i + 1000);
		buf_add_text(&message, "\n\n");
		assert_true(make(buf_str(&message), SUMMARY_MAX, &late_head,
		    &late_body));
		assert_true(str_find_str(buf_str(&late_head),
		    STR("\"1399\" \"test.example\"")) != STR_NONE);
		if (make(buf_str(&message), SUMMARY_EARLY_MAX, &head, &body)) {
			made++;
			check_same(buf_str(&head), buf_str(&late_head));
			check_same(buf_str(&body), buf_str(&late_body));
		}
		buf_drop(&head);
		buf_drop(&body);
		buf_drop(&late_head);
		buf_drop(&late_body);
	}
	assert_in_range(made, 1, 200);
	buf_drop(&message);
}

static void
repeat(struct buf *out, const char *text, size_t count)
{
	while (count-- > 0)
		buf_add_text(out, text);
}

static void
check_quick(struct str message)
{
	struct buf head, body;

	alarm(PATIENCE_S);
	assert_true(make(message, SUMMARY_EARLY_MAX, &head, &body));
	buf_drop(&head);
	buf_drop(&body);
	assert_true(make(message, SUMMARY_MAX, &head, &body));
	buf_drop(&head);
	buf_drop(&body);
	alarm(0);
}

/* A long value that is kept, and many fields that do not take its place. */
static void
check_repeated(const char *name, const char *value)
{
	struct buf message;
	size_t i;

	buf_init(&message, 32 << 20);
	buf_add_text(&message, name);
	buf_add_text(&message, " (");
	repeat(&message, "a", 15000);
	buf_add_text(&message, ") ");
	buf_add_text(&message, value);
	for (i = 0; i < 500000; i++) {
		buf_add_char(&message, '\n');
		buf_add_text(&message, name);
	}
	buf_add_text(&message, "\n\n");
	check_quick(buf_str(&message));
	buf_drop(&message);
}

static void
test_repeated(void **state)
{
	(void)state;
	check_repeated("Content-Language:", "en");
	check_repeated("Content-Disposition:", "a; b=c");
	check_repeated("Content-Transfer-Encoding:", "7bit");
}

int
summary_bound_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_repeated),
	};

	return cmocka_run_group_tests_name("mail/summary_bound", tests, NULL,
	    NULL);
}
