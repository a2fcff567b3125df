#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/view_world.h"

static void
mua_make(struct view_world *w, struct mua *m)
{
	m->service = &w->service;
	buf_init(&m->imap.out, IMAP_OUT_MAX);
}

int
view_world_begin(void **state)
{
	static struct view_world w;

	w = (struct view_world){ .service = { .db = NULL } };
	gate_world_begin(&w.at);
	w.service.db = w.at.db;
	recent_open(&w.service);
	mua_make(&w, &w.one);
	mua_make(&w, &w.two);
	*state = &w;
	return 0;
}

int
view_world_end(void **state)
{
	struct view_world *w = *state;

	view_close(&w->one);
	view_close(&w->two);
	buf_drop(&w->one.imap.out);
	buf_drop(&w->two.imap.out);
	recent_drop(&w->service);
	gate_world_end(&w->at);
	return 0;
}

void
view_letters(struct view_world *w, unsigned count)
{
	const struct message_start start = { .box = BOX_INBOX, .received = 1 };
	struct message_writer *writer;

	while (count-- > 0) {
		assert_int_equal(message_begin(w->at.db, &writer), 0);
		assert_int_equal(message_piece(writer, STR("a letter\r\n"),
		    true), 0);
		assert_int_equal(message_keep(writer, &start, NULL), 0);
	}
	assert_int_equal(db_commit(w->at.db), 0);
}

void
view_gone(struct view_world *w, uint32_t first, uint32_t last)
{
	uint32_t uid;

	for (uid = first; uid <= last; uid++)
		assert_int_equal(box_delete(w->at.db, BOX_INBOX, &uid, 1), 0);
	assert_int_equal(db_commit(w->at.db), 0);
}

uint64_t
view_flag(struct view_world *w, uint32_t first, uint32_t last,
	uint64_t flags)
{
	const struct box_change change = {
		.how = BOX_FLAGS_ADD, .flags = flags
	};
	const struct box_span span = { BOX_INBOX, first, last };
	uint64_t modseq;

	assert_int_equal(box_flags(w->at.db, &span, &change, NULL, &modseq),
	    0);
	assert_int_equal(db_commit(w->at.db), 0);
	return modseq;
}

void
view_opened(struct view_world *w, struct mua *m)
{
	struct box_status status;

	assert_int_equal(box_status(w->at.db, BOX_INBOX, &status), 0);
	recent_given(&w->service, BOX_INBOX, status.uidnext);
	assert_int_equal(view_open(m, BOX_INBOX, false), 0);
}

void
view_told(struct mua *m, bool expunges, const char *text)
{
	buf_clear(&m->imap.out);
	while (view_tell(m, expunges))
		;
	assert_string_equal(buf_text(&m->imap.out), text);
}
