/* Keywords, and annotations. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/annotation.h"
#include "store/db_inner.h"
#include "store/mailbox.h"

int keyword_test(void);

static void
test_keywords(void **state)
{
	struct fixture *f = *state;
	char name[KEYWORD_NAME_MAX + 1];
	struct keywords k;
	unsigned number;

	assert_int_equal(keyword_list(f->db, 1, &k), 0);
	assert_int_equal(k.count, 0);
	assert_int_equal(keyword_find(f->db, 1, STR("Work"), false, &number),
	    -ENOENT);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	assert_int_equal(keyword_find(f->db, 1, STR("Work"), true, &number),
	    0);
	assert_int_equal(number, 0);
	assert_int_equal(keyword_find(f->db, 1, STR("$MDNSent"), true,
	    &number), 0);
	assert_int_equal(number, 1);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(keyword_find(f->db, 1, STR("wORK"), true, &number),
	    0);
	assert_int_equal(number, 0);
	/* those of another mailbox are its own */
	assert_int_equal(keyword_find(f->db, 2, STR("$MDNSent"), true,
	    &number), 0);
	assert_int_equal(number, 0);
	assert_int_equal(keyword_find(f->db, 77, STR("x"), true, &number),
	    -ENOENT);
	for (unsigned i = 2; i < BOX_KEYWORDS_MAX; i++) {
		(void)snprintf(name, sizeof name, "k%u", i);
		assert_int_equal(keyword_find(f->db, 1, str_of(name), true,
		    &number), 0);
		assert_int_equal(number, i);
	}
	assert_int_equal(keyword_find(f->db, 1, STR("new"), true, &number),
	    -EDQUOT);
	assert_int_equal(keyword_list(f->db, 1, &k), 0);
	assert_int_equal(k.count, BOX_KEYWORDS_MAX);
	assert_true(str_equal(k.names[0], STR("Work")));
	assert_true(str_equal(k.names[1], STR("$MDNSent")));
	assert_true(str_equal(k.names[53], STR("k53")));
	keyword_list_drop(&k);
	keyword_list_drop(&k);
	memset(name, 'x', sizeof name);
	assert_int_equal(keyword_find(f->db, 2, str_from(name, sizeof name),
	    true, &number), -EDQUOT);
	assert_int_equal(keyword_find(f->db, 2, str_from(name,
	    sizeof name - 1), true, &number), 0);
	db_rollback(f->db);
	assert_int_equal(keyword_list(f->db, 1, &k), 0);
	assert_int_equal(k.count, 2);
	keyword_list_drop(&k);
}

/* All of a mailbox, as "/a=1 /b=2 ". */
static void
notes_are(struct fixture *f, int64_t box, const char *expected)
{
	struct annotation a = { .name.at = NULL };
	struct buf text;
	int more;

	buf_init(&text, 1000);
	while ((more = annotation_next(f->db, fixture_unlock(f), box,
	    buf_str(&a.name), &a)) > 0) {
		buf_add(&text, buf_str(&a.name));
		buf_add_char(&text, '=');
		buf_add(&text, buf_str(&a.value));
		buf_add_char(&text, ' ');
	}
	assert_int_equal(more, 0);
	assert_string_equal(buf_text(&text), expected);
	buf_drop(&text);
	buf_drop(&a.name);
	buf_drop(&a.value);
}

static int
note(struct fixture *f, int64_t box, const char *name, const char *value)
{
	return annotation_set(f->db, fixture_unlock(f), box, str_of(name),
	    str_of(value));
}

static void
test_annotations(void **state)
{
	struct fixture *f = *state;
	struct annotation a = { .name.at = NULL };

	notes_are(f, 0, "");
	assert_int_equal(note(f, 1, "/private/Comment", "Wolpertinger"), 0);
	assert_int_equal(note(f, 1, "/private/a", "1"), 0);
	assert_int_equal(note(f, 0, "/shared/admin", ""), 0);
	assert_int_equal(note(f, 2, "/private/b", "2"), 0);
	assert_int_equal(note(f, 77, "/private/b", "2"), -ENOENT);
	assert_int_equal(db_commit(f->db), 0);
	notes_are(f, 0, "/shared/admin= ");
	notes_are(f, 1, "/private/a=1 /private/comment=Wolpertinger ");
	notes_are(f, 2, "/private/b=2 ");
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM annotation"
	    " WHERE instr(value, CAST('Wolp' AS BLOB)) > 0"), 0);
	assert_int_equal(note(f, 1, "/PRIVATE/A", "3"), 0);
	assert_int_equal(note(f, 1, "/private/comment", NULL), 0);
	assert_int_equal(note(f, 1, "/private/none", NULL), 0);
	notes_are(f, 1, "/private/a=3 ");
	db_rollback(f->db);
	notes_are(f, 1, "/private/a=1 /private/comment=Wolpertinger ");
	/* they go with their mailbox */
	assert_int_equal(mailbox_remove(f->db, STR("Drafts")), 0);
	assert_int_equal(db_commit(f->db), 0);
	notes_are(f, 2, "");
	/* one value in place of another */
	assert_int_equal(db_exec(f->db, "UPDATE annotation SET value ="
	    " (SELECT value FROM annotation WHERE name LIKE '%comment')"), 0);
	assert_int_equal(annotation_next(f->db, fixture_unlock(f), 1,
	    STR(""), &a), -EBADMSG);
	assert_string_equal(buf_text(&a.name), "/private/a");
	assert_int_equal(annotation_next(f->db, fixture_unlock(f), 1,
	    buf_str(&a.name), &a), 1);
	buf_drop(&a.name);
	buf_drop(&a.value);
}

static void
test_annotation_limits(void **state)
{
	struct fixture *f = *state;
	struct seal_owner *owner = fixture_unlock(f);
	struct annotation a = { .name.at = NULL };
	char *large = xalloc(1, ANNOTATION_MAX + 1);
	char name[20];

	memset(large, 'x', ANNOTATION_MAX + 1);
	assert_int_equal(annotation_set(f->db, owner, 0, STR("/a"),
	    str_from(large, ANNOTATION_MAX + 1)), -E2BIG);
	assert_int_equal(annotation_set(f->db, owner, 0, str_from(large,
	    ANNOTATION_NAME_MAX + 1), STR("")), -E2BIG);
	assert_int_equal(annotation_set(f->db, owner, 0, str_from(large,
	    ANNOTATION_NAME_MAX), str_from(large, ANNOTATION_MAX)), 0);
	assert_int_equal(annotation_next(f->db, owner, 0, STR(""), &a), 1);
	assert_int_equal(a.value.len, ANNOTATION_MAX);
	assert_int_equal(a.name.len, ANNOTATION_NAME_MAX);
	for (unsigned i = 1; i < ANNOTATIONS_MAX; i++) {
		(void)snprintf(name, sizeof name, "/%u", i);
		assert_int_equal(note(f, i % 6, name, "x"), 0);
	}
	assert_int_equal(note(f, 1, "/new", "x"), -EDQUOT);
	assert_int_equal(note(f, 1, "/1", "y"), 0);
	assert_int_equal(note(f, 1, "/1", NULL), 0);
	assert_int_equal(note(f, 1, "/new", "x"), 0);
	buf_drop(&a.name);
	buf_drop(&a.value);
	free(large);
}

int
keyword_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_keywords),
		WITH_BOX(test_annotations),
		WITH_BOX(test_annotation_limits),
	};

	return cmocka_run_group_tests_name("store/keyword", tests, NULL, NULL);
}
