/* What the rows of a letter hold comes back as it was put. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue_world.h"

int queue_item_test(void);

static void
test_round(void **state)
{
	struct fixture *f = *state;
	struct queue_recipient to[] = {
		{ .address = STR("ann@far.example"),
		  .route = STR("far.example"), .notify = 5,
		  .orcpt = STR("rfc822;ann+40far.example") },
		{ .address = STR("\xc3\xa9@far.example"),
		  .route = STR("far.example") },
	};
	struct queue_letter letter = {
		.sender = STR("shop@example.test"), .has_8bit = true,
		.utf8 = true, .require_tls = true, .ret = 2,
		.envid = STR("QQ314159")
	};
	struct queue_item *item;

	assert_int_equal(queue_keep(queue_write(f, 1, 10, 10), &letter,
	    STR(QUEUE_HEAD), to, countof(to)), 0);
	assert_int_equal(queue_item(f->db, letter.id, &item), 0);
	assert_int_equal(item->letter.id, letter.id);
	assert_true(str_equal(item->letter.sender, letter.sender));
	assert_true(str_equal(item->letter.envid, letter.envid));
	assert_int_equal(item->letter.queued, f->clock.unix_s);
	assert_int_equal(item->letter.size, strlen(QUEUE_HEAD) + 10);
	assert_true(item->letter.has_8bit);
	assert_true(item->letter.utf8);
	assert_true(item->letter.require_tls);
	assert_int_equal(item->letter.ret, 2);
	assert_int_equal(item->count, 2);
	for (size_t i = 0; i < item->count; i++) {
		struct queue_recipient *r = &item->recipients[i];

		assert_int_equal(r->letter, letter.id);
		assert_int_equal(r->id, queue_of(letter.id, (unsigned)i));
		assert_true(str_equal(r->address, to[i].address));
		assert_true(str_equal(r->route, to[i].route));
		assert_true(str_equal(r->orcpt, to[i].orcpt));
		assert_int_equal(r->notify, to[i].notify);
		assert_int_equal(r->state, QUEUE_WAITING);
		assert_int_equal(r->attempts, 0);
		assert_int_equal(r->next, f->clock.unix_s);
		assert_false(r->told_late);
		assert_int_equal(r->tried, 0);
		assert_int_equal(r->code, 0);
		assert_int_equal(r->said.len, 0);
		assert_int_equal(r->remote.len, 0);
	}
	queue_item_drop(item);
	queue_item_drop(NULL);
	assert_int_equal(queue_item(f->db, 99, &item), -ENOENT);
}

/* The flags are told apart. */
static void
test_flags(void **state)
{
	struct fixture *f = *state;
	struct queue_recipient to = { .address = STR("a@far.example"),
	    .route = STR("far.example") };

	for (int i = 0; i < 3; i++) {
		struct queue_letter letter = { .sender = STR(""),
		    .has_8bit = i == 0, .utf8 = i == 1, .require_tls = i == 2 };
		struct queue_item *item;

		assert_int_equal(queue_keep(queue_write(f, 1, 10, 10),
		    &letter, STR(QUEUE_HEAD), &to, 1), 0);
		assert_int_equal(queue_item(f->db, letter.id, &item), 0);
		assert_int_equal(item->letter.has_8bit, i == 0);
		assert_int_equal(item->letter.utf8, i == 1);
		assert_int_equal(item->letter.require_tls, i == 2);
		assert_int_equal(item->letter.sender.len, 0);
		queue_item_drop(item);
	}
}

struct seen {
	struct fixture *f;
	uint64_t letters[10];
	size_t count;
};

static void
see(void *ctx, const struct queue_item *item)
{
	struct seen *seen = ctx;

	seen->letters[seen->count++] = item->letter.id;
	assert_int_equal(item->count, item->letter.id);
	/* who looks may change what he sees, and what comes after */
	if (item->letter.id == 2) {
		assert_int_equal(queue_drop(seen->f->db, 3), 0);
		assert_int_equal(db_commit(seen->f->db), 0);
	}
}

static void
test_list(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { .f = f };

	assert_int_equal(queue_list(f->db, see, &seen), 0);
	assert_int_equal(seen.count, 0);
	(void)queue_put(f, 1, 10, "a@far.example");
	(void)queue_put(f, 2, 10, "a@far.example b@near.example");
	(void)queue_put(f, 3, 10, "a@a.example b@b.example c@c.example");
	(void)queue_put(f, 4, 10, "a@a.example b@b.example c@c.example"
	    " d@d.example");
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(queue_list(f->db, see, &seen), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.letters[0], 1);
	assert_int_equal(seen.letters[1], 2);
	assert_int_equal(seen.letters[2], 4);
}

/* As many recipients as there can be, with words as long as they get. */
static void
test_most(void **state)
{
	struct fixture *f = *state;
	struct queue_recipient to[QUEUE_RECIPIENTS_MAX];
	struct queue_letter letter = { .sender = STR("") };
	struct queue_item *item;
	struct buf words;
	bool met;

	fixture_text(&words, 1, 1000);
	for (size_t i = 0; i < countof(to); i++)
		to[i] = (struct queue_recipient){
			.address = str_part(buf_str(&words), i, 320),
			.route = str_part(buf_str(&words), i, 255),
			.orcpt = str_part(buf_str(&words), i, 500),
		};
	assert_int_equal(queue_keep(queue_write(f, 1, 10, 10), &letter,
	    STR(QUEUE_HEAD), to, countof(to)), 0);
	for (unsigned i = 0; i < countof(to); i++) {
		struct queue_attempt attempt = {
			.said = buf_str(&words), .code = 450,
			.status = { 4, 999, 1000 },
			.remote = str_part(buf_str(&words), i, 255),
		};

		assert_int_equal(queue_tried(f->db, queue_of(letter.id, i),
		    &attempt, &met), 0);
		assert_true(met);
	}
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(queue_item(f->db, letter.id, &item), 0);
	assert_int_equal(item->count, countof(to));
	for (size_t i = 0; i < countof(to); i++) {
		struct queue_recipient *r = &item->recipients[i];

		assert_true(str_equal(r->address, to[i].address));
		assert_true(str_equal(r->orcpt, to[i].orcpt));
		assert_true(str_equal(r->said, str_part(buf_str(&words), 0,
		    QUEUE_SAID_MAX)));
		assert_true(str_equal(r->remote, to[i].route));
		assert_int_equal(r->status[0], 4);
		assert_int_equal(r->status[1], 999);
		assert_int_equal(r->status[2], 999);
	}
	queue_item_drop(item);
	buf_drop(&words);
}

int
queue_item_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_round),
		WITH_BOX(test_flags),
		WITH_BOX(test_list),
		WITH_BOX(test_most),
	};

	return cmocka_run_group_tests_name("store/queue_item", tests, NULL,
	    NULL);
}
