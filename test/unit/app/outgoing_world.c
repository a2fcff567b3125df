#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/outgoing_world.h"

#define TEXT_MAX (4 << 20)

static void
envelope(struct smtp *smtp, const struct sent *sent)
{
	struct str rest = str_of(sent->recipients), one;

	*smtp = (struct smtp){ .recipient_count = 0 };
	buf_init(&smtp->reverse_path, 600);
	buf_init(&smtp->recipients, 60000);
	buf_init(&smtp->canonical, 60000);
	buf_init(&smtp->wishes, 60000);
	buf_init(&smtp->helo, 300);
	buf_init(&smtp->envid, 100);
	buf_add_text(&smtp->reverse_path, sent->sender != NULL ?
	    sent->sender : "owner@example.test");
	buf_add_text(&smtp->helo, "laptop.home.arpa");
	buf_add_text(&smtp->envid, "QQ2");
	while (rest.len > 0) {
		if (!str_split(&rest, ' ', &one)) {
			one = rest;
			rest.len = 0;
		}
		buf_add(&smtp->recipients, one);
		buf_add_char(&smtp->recipients, '\0');
		if (str_ends(one, STR(".test")))
			buf_add(&smtp->canonical, one);
		buf_add_char(&smtp->canonical, '\0');
		buf_add_char(&smtp->wishes, (char)('0' + sent->notify));
		buf_add_char(&smtp->wishes, '\0');
		smtp->recipient_count++;
	}
}

static void
pieces(struct outgoing *o, struct sent *sent)
{
	struct str text = str_of(sent->text), piece;
	size_t cut = sent->cut > 0 ? sent->cut : PIECE_SIZE;

	do {
		piece = str_take(&text, cut);
		sent->verdict = outgoing_piece(o, piece, text.len == 0,
		    &sent->refusal);
	} while (sent->verdict == SMTP_ACCEPT && text.len > 0);
}

void
world_submit(struct office *o, struct sent *sent)
{
	struct signing signing;
	struct outgoing *outgoing;
	struct smtp smtp;
	const struct outgoing_start start = {
		.db = o->db, .signing = &signing, .clock = &o->loop.clock,
		.era = o->era, .smtp = &smtp, .id = STR("a1b2c3"),
		.number = 7
	};

	envelope(&smtp, sent);
	signing_open(&signing, o->db);
	sent->verdict = outgoing_begin(&outgoing, &start);
	if (sent->verdict == SMTP_ACCEPT) {
		pieces(outgoing, sent);
		sent->queued = outgoing_queued(outgoing);
		outgoing_drop(outgoing);
	}
	if (sent->lost)
		db_rollback(o->db);
	else if (db_commit(o->db) != 0)
		sent->verdict = SMTP_LATER;
	smtp_drop(&smtp);
	signing_drop(&signing);
}

struct first {
	uint64_t letter;
	size_t letters;
};

static void
take_first(void *ctx, const struct queue_item *item)
{
	struct first *first = ctx;

	if (first->letters++ == 0)
		first->letter = item->letter.id;
}

struct queue_item *
world_queued(struct office *o, struct buf *text)
{
	struct first first = { 0, 0 };
	struct queue_reader *reader;
	struct buf piece;

	assert_int_equal(queue_list(o->db, take_first, &first), 0);
	assert_int_equal(first.letters, 1);
	buf_init(text, TEXT_MAX);
	buf_init(&piece, PIECE_SIZE);
	assert_int_equal(queue_open(o->db, first.letter, &reader), 0);
	while (queue_read(reader, &piece) == 1)
		buf_add(text, buf_str(&piece));
	queue_close(reader);
	buf_drop(&piece);
	return office_item(o, first.letter);
}

bool
world_has(const struct buf *text, const char *words)
{
	return str_find_str(buf_str(text), str_of(words)) != STR_NONE;
}
