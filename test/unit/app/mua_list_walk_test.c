/* Which names a LIST answers; the examples of RFC 5258 section 5 are here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "app/mua_list_walk.h"
#include "base/buf.h"

int mua_list_walk_test(void);

#define BOXES_MAX 16
#define SAID_MAX 4000
#define SUBSCRIBED IMAP_SELECT_SUBSCRIBED
#define RECURSIVE (IMAP_SELECT_SUBSCRIBED | IMAP_SELECT_RECURSIVE)

/*
 * Mailboxes as words in octet order: "+" stands before what is subscribed to,
 * "-" before what is not there, ":" before what has a special use.
 */
static size_t
boxes_read(struct mailbox *boxes, struct str words)
{
	struct str word;
	size_t n = 0;

	while (words.len > 0) {
		if (!str_split(&words, ' ', &word))
			word = str_take(&words, words.len);
		assert_true(n < BOXES_MAX);
		boxes[n] = (struct mailbox){ .id = (int64_t)n + 1 };
		if (str_skip(&word, '+'))
			boxes[n].subscribed = true;
		if (str_skip(&word, '-'))
			boxes[n].id = 0;
		if (str_skip(&word, ':'))
			boxes[n].special_use = STR("\\Sent");
		boxes[n++].name = word;
	}
	return n;
}

/* Say what was found: "!" no mailbox, "?" not selected, "/" has some below,
   "<" CHILDINFO. */
static void
say(struct buf *said, const struct list_found *found)
{
	if (said->len > 0)
		buf_add_char(said, ' ');
	if (found->mailbox == NULL || found->mailbox->id == 0)
		buf_add_char(said, '!');
	if (!found->selected)
		buf_add_char(said, '?');
	buf_add(said, found->name);
	if (found->parent)
		buf_add_char(said, '/');
	if (found->info)
		buf_add_char(said, '<');
}

struct vector {
	const char *boxes;
	unsigned options;
	bool lsub;
	const char *reference;
	const char *patterns[3];
	const char *said;
};

static void
walk(const struct vector *v, size_t budget, struct buf *said)
{
	struct mailbox boxes[BOXES_MAX];
	const struct mailboxes all = {
		.list = boxes, .count = boxes_read(boxes, str_of(v->boxes))
	};
	struct str patterns[3];
	struct imap_list want = {
		.options = v->options, .reference = str_of(v->reference),
		.patterns = patterns
	};
	struct list_walk *w;
	struct list_found found;
	enum list_walk_step step;
	size_t left = budget, turns = 0;

	for (; want.count < 3 && v->patterns[want.count] != NULL; want.count++)
		patterns[want.count] = str_of(v->patterns[want.count]);
	w = list_walk_new(&want, &all, v->lsub);
	while ((step = list_walk_next(w, &left, &found)) != LIST_WALK_END) {
		if (step == LIST_WALK_FOUND) {
			say(said, &found);
			continue;
		}
		assert_int_equal(left, 0);
		assert_true(++turns < 1000);
		left = budget;
	}
	assert_true(budget > 1 || turns > 0 || all.count == 0);
	list_walk_drop(w);
}

#define TREE "+Fruit/Banana +-Fruit/Peach Fruit/Plum INBOX Tofu " \
	"+Vegetable +Vegetable/Broccoli Vegetable/Corn"
#define TWOS "INBOX +baz2/bar2 +baz2/bar22 +baz2/bar222 +eps2 +eps2/mamba " \
	"foo2 +foo2/bar1 +foo2/bar2 +qux2/bar2"

static const struct vector vectors[] = {
	{ "", 0, false, "", { "*" }, "" },
	{ TREE, 0, false, "", { "*" }, "!Fruit/ Fruit/Banana Fruit/Plum "
	  "INBOX Tofu Vegetable/ Vegetable/Broccoli Vegetable/Corn" },
	{ TREE, 0, false, "", { "%" }, "!Fruit/ INBOX Tofu Vegetable/" },
	{ TREE, 0, false, "", { "%/%" }, "Fruit/Banana Fruit/Plum "
	  "Vegetable/Broccoli Vegetable/Corn" },
	{ TREE, 0, false, "Fruit/", { "%" }, "Fruit/Banana Fruit/Plum" },
	{ TREE, 0, false, "", { "" }, "" },
	{ TREE, 0, false, "", { "", "inbox", "Tofu" }, "INBOX Tofu" },
	{ TREE, 0, false, "", { "TOFU" }, "" },
	{ TREE, 0, false, "in", { "b%" }, "INBOX" },
	/* examples 2, 8 and 10 */
	{ TREE, SUBSCRIBED, false, "", { "*" }, "Fruit/Banana !Fruit/Peach "
	  "Vegetable/ Vegetable/Broccoli" },
	{ "Foo Foo/Bar +Foo/Baz INBOX Moo", SUBSCRIBED, false, "", { "%" },
	  "" },
	{ "Foo Foo/Bar +Foo/Baz INBOX Moo", RECURSIVE, false, "", { "%" },
	  "?Foo/<" },
	{ "+Foo Foo/Bar +Foo/Baz INBOX Moo", RECURSIVE, false, "", { "%" },
	  "Foo/<" },
	{ "+Foo/Baz INBOX Moo", RECURSIVE, false, "", { "%" }, "!?Foo/<" },
	{ "Foo Foo/Bar Foo/Baz INBOX Moo", RECURSIVE, false, "", { "%" }, "" },
	{ "+Foo Foo/Bar Foo/Baz INBOX +Moo", RECURSIVE, false, "", { "%" },
	  "Foo/ Moo" },
	{ "INBOX foo +-foo/bar", RECURSIVE, false, "", { "foo" }, "?foo<" },
	{ "INBOX foo +-foo/bar", SUBSCRIBED, false, "", { "foo/*" },
	  "!foo/bar" },
	/* example 9: whom all below are answered for says nothing of them */
	{ TWOS, RECURSIVE, false, "", { "*2" }, "baz2/bar2 baz2/bar22 "
	  "baz2/bar222 eps2/< ?foo2/< foo2/bar2 qux2/bar2" },
	{ TWOS, RECURSIVE, false, "", { "*" }, "baz2/bar2 baz2/bar22 "
	  "baz2/bar222 eps2/ eps2/mamba foo2/bar1 foo2/bar2 qux2/bar2" },
	/* LSUB: RFC 3501 section 6.3.9 */
	{ "foo +-foo/bar +moo", 0, true, "", { "%" }, "?foo< moo" },
	{ "foo +-foo/bar +moo", 0, true, "", { "*" }, "!foo/bar moo" },
	{ "+-a/b/c", 0, true, "", { "%" }, "!?a<" },
	/* special uses, alone and of what is subscribed to */
	{ ":Sent +a/+b +:a/c", IMAP_SELECT_SPECIAL_USE, false, "", { "*" },
	  "Sent a/c" },
	{ ":Sent +a/+b +:a/c", SUBSCRIBED | IMAP_SELECT_SPECIAL_USE, false, "",
	  { "*" }, "a/c" },
	{ ":Sent +a/+b +:a/c", IMAP_SELECT_RECURSIVE | IMAP_SELECT_SPECIAL_USE,
	  false, "", { "%" }, "Sent !?a/<" },
	/* who stands between a name and those below it */
	{ "a a! a-b a-b/c a.b a/b a/b-c a0", 0, false, "", { "%" },
	  "a/ a! a-b/ a.b a0" },
	{ "a! a/b/c/d a0", 0, false, "", { "*" }, "a! !a/ !a/b/ !a/b/c/ "
	  "a/b/c/d a0" },
	{ "a/b a/b/c/d a/b/c/e", 0, false, "", { "%", "*c" }, "!a/ !a/b/c/" },
	/* only subscribed to: nobody is above it */
	{ "INBOX +-a/b", 0, false, "", { "*" }, "INBOX" },
};

static void
names_are_answered(void **state)
{
	static const size_t budgets[] = { 1, 2, 3, 5, 100000 };
	struct buf said;
	size_t i, n;

	(void)state;
	buf_init(&said, SAID_MAX);
	for (i = 0; i < countof(vectors); i++) {
		for (n = 0; n < countof(budgets); n++) {
			buf_clear(&said);
			walk(&vectors[i], budgets[n], &said);
			assert_string_equal(buf_text(&said), vectors[i].said);
		}
	}
	buf_drop(&said);
}

static void
nothing_can_be_dropped(void **state)
{
	(void)state;
	list_walk_drop(NULL);
}

int
mua_list_walk_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_answered),
		cmocka_unit_test(nothing_can_be_dropped),
	};

	return cmocka_run_group_tests_name("app/mua_list_walk", tests, NULL,
	    NULL);
}
