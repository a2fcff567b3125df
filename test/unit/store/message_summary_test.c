/* Summaries: made at delivery, or when its owner first asks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "mail/summary.h"
#include "store/db_inner.h"
#include "store/lazy.h"

int message_summary_test(void);

#define FIRST 1024u	/* the number of the first message of epoch 1 */

/* Put a letter, of so many octets, into INBOX. */
static void
letter_put(struct fixture *f, unsigned n, size_t size)
{
	struct message_start start = { BOX_INBOX, 5, 0 };
	struct message_writer *w;
	struct buf text;
	struct str rest;

	buf_init(&text, size + 1000);
	buf_add_format(&text, "From: Ann <ann@far.example>\r\n"
	    "Subject: letter %u\r\n\r\nHello, world.\r\n", n);
	while (text.len < size)
		buf_add_text(&text, "and so on\r\n");
	rest = buf_str(&text);
	assert_int_equal(message_begin(f->db, &w), 0);
	while (rest.len > PIECE_SIZE)
		assert_int_equal(message_piece(w, str_take(&rest, PIECE_SIZE),
		    false), 0);
	assert_int_equal(message_piece(w, rest, true), 0);
	assert_int_equal(message_keep(w, &start, NULL), 0);
	buf_drop(&text);
}

/* Whether the two texts are those of letter n. */
static void
texts_are(struct str head, struct str body, unsigned n)
{
	struct summary_head h;
	struct summary_body b;
	char subject[40];

	(void)snprintf(subject, sizeof subject, "\"letter %u\"", n);
	assert_true(summary_read_head(&h, head));
	assert_true(str_find_str(h.envelope, str_of(subject)) != STR_NONE);
	assert_true(summary_read_body(&b, body));
	assert_true(str_starts(b.preview, STR("Hello, world.")));
}

/* Read it, or make it; what was opened before is another matter. */
static int
summary(struct fixture *f, uint64_t message, unsigned n, bool make)
{
	struct message_reader *r = message_reader_new(fixture_unlock(f));
	struct buf head, body;
	int got, also;

	buf_init(&head, SUMMARY_MAX);
	buf_init(&body, SUMMARY_MAX);
	if (make) {
		got = fixture_summarise(f, r, message, &head, &body);
		also = got = got == 0 ? 1 : got;
	} else {
		got = message_summary(f->db, r, message, MESSAGE_HEAD, &head);
		also = message_summary(f->db, r, message, MESSAGE_BODY, &body);
	}
	assert_int_equal(got, also);
	if (got > 0)
		texts_are(buf_str(&head), buf_str(&body), n);
	else
		assert_int_equal(head.len + body.len, 0);
	buf_drop(&head);
	buf_drop(&body);
	message_reader_drop(r);
	return got;
}

static int64_t
rows(struct fixture *f)
{
	return fixture_number(f, "SELECT count(*) FROM summary");
}

/* With the delivery: in it or not at all. */
static void
test_early(void **state)
{
	static const size_t sizes[] = {
		0, 5000, 70000, 300000, 2 * PIECE_SIZE
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < countof(sizes); i++)
		letter_put(f, i, sizes[i]);
	assert_int_equal(rows(f), countof(sizes));
	assert_int_equal(db_commit(f->db), 0);
	for (unsigned i = 0; i < countof(sizes); i++)
		assert_int_equal(summary(f, FIRST + i, i, false), 1);
	letter_put(f, 9, 100);
	db_rollback(f->db);
	assert_int_equal(rows(f), countof(sizes));
	assert_int_equal(summary(f, FIRST + 5, 9, false), 0);
	assert_int_equal(box_delete(f->db, BOX_INBOX,
	    (uint32_t[]){ 1, 3 }, 2), 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_false(db_rest(f->db, INT64_MAX));
	assert_int_equal(rows(f), countof(sizes) - 2);
}

/* In any order, while another message is open. */
static void
test_order(void **state)
{
	struct fixture *f = *state;
	struct message_reader *r = message_reader_new(fixture_unlock(f));
	struct buf text, piece;
	unsigned at = 7;

	for (unsigned i = 0; i < 1100; i++)
		letter_put(f, i, 0);
	letter_put(f, 1100, 2 * PIECE_SIZE + 9);
	assert_int_equal(db_commit(f->db), 0);
	buf_init(&text, SUMMARY_MAX);
	buf_init(&piece, PIECE_SIZE);
	assert_int_equal(message_open(f->db, r, FIRST + 1100), 0);
	assert_int_equal(message_read(f->db, r, &piece), 1);
	for (unsigned i = 0; i < 200; i++) {
		struct summary_head h;
		char subject[40];

		at = (at * 31 + 17) % 1101;
		(void)snprintf(subject, sizeof subject, "\"letter %u\"", at);
		assert_int_equal(message_summary(f->db, r, FIRST + at,
		    MESSAGE_HEAD, &text), 1);
		assert_true(summary_read_head(&h, buf_str(&text)));
		assert_true(str_find_str(h.envelope, str_of(subject)) !=
		    STR_NONE);
		assert_int_equal(message_summary(f->db, r, FIRST + at,
		    MESSAGE_BODY, &text), 1);
	}
	assert_int_equal(message_read(f->db, r, &piece), 1);
	assert_int_equal(message_read(f->db, r, &piece), 1);
	assert_int_equal(message_read(f->db, r, &piece), 0);
	buf_drop(&text);
	buf_drop(&piece);
	message_reader_drop(r);
}

/* Made later: kept with the next commit, and nobody is asked for one. */
static void
test_late(void **state)
{
	struct fixture *f = *state;

	letter_put(f, 0, 100);
	letter_put(f, 1, 100000);
	letter_put(f, 2, 100);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_exec(f->db, "CREATE TABLE was AS SELECT * FROM"
	    " summary; DELETE FROM summary"), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(summary(f, FIRST + i, i, false), 0);
		assert_int_equal(summary(f, FIRST + i, i, true), 1);
		assert_int_equal(summary(f, FIRST + i, i, false), 1);
	}
	assert_int_equal(rows(f), 0);
	assert_int_equal(db_pending(f->db), DB_LAZY);
	/* one is gone before; a transaction is lost before */
	assert_int_equal(box_delete(f->db, BOX_INBOX, (uint32_t[]){ 3 }, 1),
	    0);
	db_rollback(f->db);
	assert_int_equal(summary(f, FIRST + 2, 2, false), 1);
	assert_int_equal(db_exec(f->db, "DELETE FROM message WHERE id = 1026"),
	    0);
	(void)db_rest(f->db, INT64_MAX);
	assert_int_equal(rows(f), 0);
	f->clock.mono_ms += LAZY_REST_MS;
	(void)db_rest(f->db, INT64_MAX);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	assert_int_equal(rows(f), 2);
	/* the very same as at delivery, and sealed anew: see test_nonce() */
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM summary AS s"
	    " JOIN was USING (message) WHERE length(s.head) = length(was.head)"
	    " AND length(s.body) = length(was.body)"), 2);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM summary AS s"
	    " JOIN was USING (message) WHERE s.head = was.head OR"
	    " s.body = was.body"), 0);
	/* again: nothing is there twice */
	assert_int_equal(summary(f, FIRST, 0, true), 1);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(rows(f), 2);
	assert_int_equal(summary(f, FIRST, 0, false), 1);
	assert_int_equal(summary(f, FIRST + 7, 0, true), -ENOENT);
}

/* More than can wait go with a transaction. */
static void
test_many(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 300; i++)
		letter_put(f, i, 0);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_exec(f->db, "DELETE FROM summary"), 0);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(summary(f, FIRST + i, i, true), 1);
	assert_int_equal(db_pending(f->db), DB_URGENT);
	assert_int_equal(rows(f), 300 - 256);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(rows(f), 300);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(summary(f, FIRST + i, i, false), 1);
}

/* A long one is made in small steps, and can be left at any time. */
static void
test_steps(void **state)
{
	const size_t size = 20 << 20;
	struct fixture *f = *state;
	struct message_reader *r = message_reader_new(fixture_unlock(f));
	struct message_summary_maker *maker;
	struct buf head, body;
	uint64_t octets = 0, before;
	unsigned steps = 0;
	int more = 1;

	letter_put(f, 3, size);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_exec(f->db, "DELETE FROM summary"), 0);
	buf_init(&head, SUMMARY_MAX);
	buf_init(&body, SUMMARY_MAX);
	assert_int_equal(message_summary_begin(f->db, r, FIRST, &maker), 0);
	while (more > 0) {
		before = octets;
		more = message_summary_step(f->db, maker, &head, &body,
		    &octets);
		assert_true(octets > before && octets - before <= PIECE_SIZE);
		assert_int_equal(head.len > 0 && body.len > 0, more == 0);
		assert_int_equal(db_pending(f->db), more == 0 ? DB_LAZY :
		    DB_CLEAN);
		steps++;
	}
	message_summary_drop(maker);
	assert_int_equal(more, 0);
	assert_true(steps > size / PIECE_SIZE);
	assert_true(octets >= size + head.len + body.len);
	texts_are(buf_str(&head), buf_str(&body), 3);
	/* left half way, nothing is kept */
	letter_put(f, 4, size / 4);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_exec(f->db, "DELETE FROM summary"), 0);
	assert_int_equal(message_summary_begin(f->db, r, FIRST + 1, &maker),
	    0);
	assert_int_equal(message_summary_step(f->db, maker, &head, &body,
	    &octets), 1);
	message_summary_drop(maker);
	message_summary_drop(NULL);
	message_reader_drop(r);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
	assert_int_equal(summary(f, FIRST + 1, 4, false), 0);
	assert_int_equal(summary(f, FIRST + 1, 4, true), 1);
	buf_drop(&head);
	buf_drop(&body);
}

/* Who only reads makes what is missing, and keeps it not. */
static void
test_read_only(void **state)
{
	struct fixture *f = *state;

	letter_put(f, 0, 100);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_exec(f->db, "DELETE FROM summary"), 0);
	(void)fixture_unlock(f);
	fixture_reopen(f, DB_READ);
	assert_int_equal(summary(f, FIRST, 0, false), 0);
	assert_int_equal(summary(f, FIRST, 0, true), 1);
	assert_int_equal(summary(f, FIRST, 0, false), 0);
	assert_int_equal(db_pending(f->db), DB_CLEAN);
}

/*
 * No nonce seals two texts. Made again, a summary may differ: were the nonce
 * the same, its ciphertexts would be where its texts are.
 */
static void
test_nonce(void **state)
{
	struct fixture *f = *state;

	letter_put(f, 0, 100);
	assert_int_equal(db_commit(f->db), 0);
	assert_int_equal(db_exec(f->db, "CREATE TABLE made (sealed)"), 0);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(db_exec(f->db, "INSERT INTO made SELECT head"
		    " FROM summary; INSERT INTO made SELECT body FROM summary;"
		    "DELETE FROM summary"), 0);
		assert_int_equal(summary(f, FIRST, 0, true), 1);
		assert_int_equal(db_commit(f->db), 0);
	}
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT"
	    " substr(sealed, 2, 24)) FROM made"), 40);
	/* nor is there anything in common where the texts are the same */
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT"
	    " substr(sealed, 26, 8)) FROM made"), 40);
}

/* What was changed on the disk is refused; another version is made anew. */
static void
test_spoilt(void **state)
{
	static const struct {
		const char *spoil;
		int got;
	} cases[] = {
		{ "UPDATE summary SET (head, body) = (SELECT head, body FROM"
		  " summary WHERE message = 1025) WHERE message = 1024",
		  -EBADMSG },
		{ "UPDATE summary SET head = body, body = head", -EBADMSG },
		{ "UPDATE summary SET head = CAST(head || x'00' AS BLOB),"
		  " body = substr(body, 1, 20)", -EBADMSG },
		{ "UPDATE summary SET head = substr(head, 1, 3),"
		  " body = substr(body, 1, 1)", -EBADMSG },
		{ "UPDATE summary SET head = x'', body = x''", 0 },
		{ "UPDATE summary SET head = CAST(x'f0' || substr(head, 2)"
		  " AS BLOB), body = CAST(x'f0' || substr(body, 2) AS BLOB)",
		  0 },
		{ "DELETE FROM summary", 0 },
	};
	struct fixture *f = *state;

	letter_put(f, 0, 0);
	letter_put(f, 1, 0);
	assert_int_equal(db_commit(f->db), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(db_exec(f->db, "BEGIN"), 0);
		assert_int_equal(db_exec(f->db, cases[i].spoil), 0);
		assert_int_equal(summary(f, FIRST, 0, false), cases[i].got);
		assert_int_equal(db_exec(f->db, "ROLLBACK"), 0);
		assert_int_equal(summary(f, FIRST, 0, false), 1);
	}
}

int
message_summary_test(void)
{
#define WITH_BOX(test) \
	cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		WITH_BOX(test_early),
		WITH_BOX(test_order),
		WITH_BOX(test_late),
		WITH_BOX(test_many),
		WITH_BOX(test_steps),
		WITH_BOX(test_read_only),
		WITH_BOX(test_nonce),
		WITH_BOX(test_spoilt),
	};

	return cmocka_run_group_tests_name("store/message_summary", tests,
	    NULL, NULL);
}
