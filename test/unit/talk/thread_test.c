/*
 * Threads of RFC 5256. What the vectors want is what Dovecot answered to the
 * same messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "talk/thread.h"
#include "vector.h"

int thread_test(void);

#define SECRET UINT64_C(0x123456789abcdef0)
#define WHOLE SIZE_MAX

struct letter {
	const char *id, *references;	/* split at spaces */
	const char *subject;		/* with "re " in front of a reply */
	int64_t sent;
};

/* Its references end where memory ends. */
static void
add(struct thread *t, struct guard *g, uint32_t number,
	const struct letter *letter)
{
	struct thread_message message = {
		.number = number, .sent = letter->sent,
		.id = str_of(letter->id),
		.subject = str_of(letter->subject)
	};
	char references[512];
	size_t i, len = strlen(letter->references);

	message.reply = str_skip_word(&message.subject, STR("re "));
	assert_true(len < sizeof references);
	for (i = 0; i <= len; i++)
		references[i] = letter->references[i] == ' ' ? '\0' :
		    letter->references[i];
	if (len > 0)
		message.references = guard_place(g,
		    str_from(references, len + 1));
	assert_true(thread_add(t, &message));
}

/* Thread and write in slices; steps at a time. */
static void
finish(struct thread *t, size_t steps, struct buf *out)
{
	unsigned turns = 0;

	while (!thread_end(t, steps))
		assert_true(++turns < 1000000);
	buf_init(out, VECTOR_OUT_MAX);
	while (thread_write(t, out, steps == WHOLE ? WHOLE : out->len + 1))
		;
	assert_false(out->full);
}

static void
check_kind(bool references, const struct letter *letters, size_t count,
	const char *want)
{
	static const size_t steps[] = { 1, 3, WHOLE };
	struct thread *t;
	struct guard g;
	struct buf out;
	size_t n, i;

	guard_init(&g, 512);
	for (n = 0; n < countof(steps); n++) {
		t = thread_new(references, SECRET);
		for (i = 0; i < count; i++)
			add(t, &g, (uint32_t)i + 1, &letters[i]);
		finish(t, steps[n], &out);
		assert_string_equal(buf_text(&out), want);
		buf_drop(&out);
		thread_drop(t);
	}
	guard_drop(&g);
}

#define CHECK(want, ...) do { \
	static const struct letter letters[] = { __VA_ARGS__ }; \
	check_kind(true, letters, countof(letters), want); \
} while (0)

static void
test_references(void **state)
{
	(void)state;
	check_kind(true, NULL, 0, "");
	CHECK("(1)", { "a", "", "x", 0 });
	CHECK("(1 2 3)", { "a", "", "1", 1 }, { "b", "", "2", 2 },
	    { "c", "a b", "3", 3 });
	/* What b says itself of its parent counts when it comes. */
	CHECK("(2)(3 1)", { "c", "a b", "3", 3 }, { "a", "", "1", 1 },
	    { "b", "", "2", 2 });
	CHECK("((1)(2))(3)", { "c", "x y", "3", 1 }, { "a", "x", "1", 2 },
	    { "b", "", "2", 3 });
	CHECK("(1 (2)(3 (4)(5)))", { "a", "", "1", 1 },
	    { "b", "a", "2", 2 }, { "c", "a", "3", 3 },
	    { "d", "a c", "4", 4 }, { "e", "a c", "5", 5 });
}

static void
test_loops(void **state)
{
	(void)state;
	CHECK("(2 (1)(3))", { "a", "b", "3", 1 }, { "b", "a", "1", 2 },
	    { "c", "a b", "4", 3 });
	CHECK("(2 1)", { "a", "a", "3", 1 }, { "b", "b a b", "1", 2 });
	CHECK("(3 1 2)", { "b", "a", "1", 1 }, { "c", "a b", "2", 2 },
	    { "a", "c", "3", 3 });
}

/* The second one with an id has none. */
static void
test_ids(void **state)
{
	(void)state;
	CHECK("(1 3)(2)(4)(5)", { "a", "", "1", 1 }, { "a", "", "2", 2 },
	    { "", "a", "3", 3 }, { "", "", "4", 4 }, { "A", "", "5", 5 });
	CHECK("(1)(2)", { "", "x", "1", 1 }, { "", "", "2", 2 });
}

static void
test_dummies(void **state)
{
	(void)state;
	/* Nobody has what lies between, or above. */
	CHECK("(1 2)", { "a", "", "1", 1 }, { "d", "a b c", "2", 2 });
	CHECK("(1)", { "d", "a b c", "2", 2 });
	CHECK("((1)(2 3))", { "d", "a b c", "1", 1 }, { "e", "a f", "2", 2 },
	    { "g", "a f e", "3", 3 });
}

static void
test_dates(void **state)
{
	(void)state;
	CHECK("(2)(1 (4)(3))(5)", { "a", "", "1", 3 }, { "b", "", "2", -2 },
	    { "c", "a", "3", 9 }, { "d", "a", "4", 8 }, { "e", "", "5", 3 });
	CHECK("(1)((4)(3))(2)", { "a", "", "1", 1 }, { "b", "", "2", 6 },
	    { "c", "x", "3", 9 }, { "d", "x", "4", 2 });
}

/* Step 5 */
static void
test_subjects(void **state)
{
	(void)state;
	CHECK("((2)(1))", { "a", "", "b", 5 }, { "b", "", "b", 4 });
	CHECK("((2)(1))", { "a", "", "re b", 5 }, { "b", "", "re b", 4 });
	CHECK("(1 2)", { "a", "", "b", 5 }, { "b", "", "re b", 4 });
	CHECK("(1 (3)(2))", { "a", "", "b", 3 }, { "b", "", "re b", 4 },
	    { "c", "", "re b", 1 });
	CHECK("((3)(2)(1)(5)(4))", { "a", "", "b", 5 }, { "b", "", "b", 4 },
	    { "c", "", "re b", 1 }, { "d", "q", "re b", 9 },
	    { "e", "q", "re b", 8 });
	CHECK("(1)(2)((3 5)(6))(4)", { "a", "", "", 1 },
	    { "b", "", "re ", 2 }, { "c", "", "B", 3 }, { "d", "", "A", 4 },
	    { "e", "", "re B", 5 }, { "f", "", "B", 6 });
	/* Two dummies become one. */
	CHECK("((1)(2)(3)(4))", { "a", "x", "b", 1 }, { "b", "x", "c", 2 },
	    { "c", "y", "b", 3 }, { "d", "y", "d", 4 });
}

static void
test_ordered_subject(void **state)
{
	static const struct letter letters[] = {
		{ "a", "", "", 1 }, { "b", "a", "re ", 2 },
		{ "c", "", "B", 9 }, { "d", "c", "A", 4 },
		{ "e", "", "re B", 5 }, { "f", "d", "B", 6 },
	};

	(void)state;
	check_kind(false, letters, countof(letters), "(1 2)(4)(5 (6)(3))");
	check_kind(false, NULL, 0, "");
}

/* Only the last references of many are looked at. */
static void
test_many_references(void **state)
{
	struct thread *t = thread_new(true, SECRET);
	struct buf references, out;
	struct guard g;
	unsigned n;

	(void)state;
	guard_init(&g, 512);
	add(t, &g, 1, &(struct letter){ "first", "", "1", 1 });
	add(t, &g, 2, &(struct letter){ "a0", "", "2", 2 });
	buf_init(&references, 1 << 20);
	buf_add(&references, str_from("first", 6));
	for (n = 0; n < THREAD_REFERENCES_MAX; n++) {
		buf_add_format(&references, "a%u", n);
		buf_add_char(&references, '\0');
	}
	assert_true(thread_add(t, &(struct thread_message){
		.number = 3, .sent = 3, .subject = STR("3"),
		.references = buf_str(&references)
	}));
	finish(t, WHOLE, &out);
	assert_string_equal(buf_text(&out), "(1)(2 3)");
	buf_drop(&out);
	buf_drop(&references);
	guard_drop(&g);
	thread_drop(t);
}

static void
test_memory(void **state)
{
	struct thread *t = thread_new(true, SECRET);
	char id[THREAD_ID_MAX];
	uint32_t n = 0;

	(void)state;
	memset(id, 'x', sizeof id);
	do
		memcpy(id, &n, sizeof n);
	while (thread_add(t, &(struct thread_message){
		.number = ++n, .id = str_from(id, sizeof id)
	}));
	assert_in_range(n, THREAD_MEMORY_MAX / (sizeof id + 200),
	    THREAD_MEMORY_MAX / sizeof id);
	thread_drop(t);
	thread_drop(NULL);
}

/* A chain, its oldest message last, and pairs that are put below its end. */
static void
test_deep(void **state)
{
	enum { CHAIN = 20000, PAIRS = 20000 };
	struct thread *t = thread_new(true, SECRET);
	char id[32], other[64];
	struct guard g;
	struct buf out;
	uint32_t n;

	(void)state;
	guard_init(&g, 512);
	for (n = 0; n < CHAIN; n++) {
		(void)snprintf(id, sizeof id, "a%u", CHAIN - n);
		(void)snprintf(other, sizeof other, n + 1 < CHAIN ? "a%u" : "",
		    CHAIN - n - 1);
		add(t, &g, n + 1, &(struct letter){ id, other, "", 1 });
	}
	for (n = 0; n < PAIRS; n++) {
		(void)snprintf(id, sizeof id, "d%u", n);
		(void)snprintf(other, sizeof other, "a%u c%u", CHAIN, n);
		add(t, &g, CHAIN + n + 1,
		    &(struct letter){ id, other, "", 2 });
	}
	finish(t, 5000, &out);
	assert_true(str_starts(buf_str(&out), STR("(20000 19999 19998 ")));
	assert_true(str_ends(buf_str(&out), STR(")(39999)(40000))")));
	buf_drop(&out);
	guard_drop(&g);
	thread_drop(t);
}

int
thread_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_dummies),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_ordered_subject),
		cmocka_unit_test(test_many_references),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests_name("talk/thread", tests, NULL, NULL);
}
