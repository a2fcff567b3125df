/* Letters for the tests of the queue. */
#include "queue_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_MAX (4 * 1024 * 1024)

struct queue_writer *
queue_write(struct fixture *f, unsigned n, size_t size, size_t part)
{
	struct queue_writer *w;
	struct buf text;
	struct str rest;

	assert_int_equal(queue_begin(f->db, &w), 0);
	fixture_text(&text, n, size);
	rest = buf_str(&text);
	while (rest.len > 0)
		assert_int_equal(queue_piece(w, str_take(&rest, part)), 0);
	buf_drop(&text);
	return w;
}

uint64_t
queue_put(struct fixture *f, unsigned n, size_t size, const char *to)
{
	struct queue_recipient recipients[QUEUE_RECIPIENTS_MAX];
	struct queue_letter letter = { .sender = STR("shop@example.test") };
	struct str rest = str_of(to), one;
	size_t count = 0;
	int err;

	while (rest.len > 0) {
		assert_true(count < QUEUE_RECIPIENTS_MAX);
		if (!str_split(&rest, ' ', &one))
			one = str_take(&rest, rest.len);
		recipients[count++] = (struct queue_recipient){
			.address = one,
			.route = str_part(one, str_find(one, 0, '@') + 1, 255),
		};
	}
	err = queue_keep(queue_write(f, n, size, PIECE_SIZE), &letter,
	    STR(QUEUE_HEAD), recipients, count);
	assert_int_equal(err, 0);
	assert_true(letter.id > 0);
	assert_int_equal(letter.queued, f->clock.unix_s);
	assert_int_equal(letter.size, strlen(QUEUE_HEAD) + size);
	return letter.id;
}

void
queue_reads(struct fixture *f, uint64_t letter, unsigned n, size_t size)
{
	struct queue_reader *r;
	struct buf all, piece, text;
	bool last = false;
	int more;

	buf_init(&all, TEXT_MAX);
	buf_init(&piece, PIECE_SIZE);
	assert_int_equal(queue_open(f->db, letter, &r), 0);
	while ((more = queue_read(r, &piece)) > 0) {
		assert_false(last);
		last = piece.len < PIECE_SIZE;
		buf_add(&all, buf_str(&piece));
	}
	assert_int_equal(more, 0);
	assert_int_equal(piece.len, 0);
	assert_int_equal(queue_read(r, &piece), 0);
	queue_close(r);
	fixture_text(&text, n, size);
	assert_true(str_starts(buf_str(&all), STR(QUEUE_HEAD)));
	assert_true(str_equal(str_part(buf_str(&all), strlen(QUEUE_HEAD),
	    all.len), buf_str(&text)));
	buf_drop(&text);
	buf_drop(&piece);
	buf_drop(&all);
}

uint64_t
queue_of(uint64_t letter, unsigned place)
{
	return letter * 128 + place;
}
