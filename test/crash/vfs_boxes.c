/*
 * Mailboxes on the simulated disk. What is promised is the whole of those
 * beside the first six, as text; each change is promised when it is committed.
 */
#include "vfs_world.h"

#include <errno.h>

#include "store/mailbox.h"

#define TEXT_MAX 10000
#define FIRST_OURS 7		/* the least id of a mailbox made here */

static void
box_write(struct world *w, const struct mailbox *m, struct buf *text)
{
	const struct box_span span = { m->id, 1, UINT32_MAX };
	struct box_entry entries[MESSAGES];
	size_t count;

	buf_add(text, m->name);
	wrong(w, box_entries(w->db, &span, entries, MESSAGES, &count) != 0,
	    "a mailbox cannot be read");
	for (size_t i = 0; i < count; i++) {
		buf_add_char(text, ' ');
		buf_add_number(text, entries[i].uid);
		buf_add_char(text, ':');
		buf_add_number(text, entries[i].message);
		buf_add_char(text, ':');
		buf_add_number(text, entries[i].flags);
	}
	buf_add_char(text, '\n');
}

/* How the mailboxes are. Returns: 0 or negative errno. */
static int
boxes_write(struct world *w, struct buf *text)
{
	struct mailboxes all;
	int err = mailbox_list(w->db, &all);

	buf_init(text, TEXT_MAX);
	if (err != 0)
		return err;
	for (size_t i = 0; i < all.count; i++) {
		if (all.list[i].id >= FIRST_OURS)
			box_write(w, &all.list[i], text);
	}
	mailbox_list_drop(&all);
	return 0;
}

static void
tried_drop(struct world *w)
{
	while (w->tried_count > 0)
		buf_drop(&w->tried[--w->tried_count]);
}

/* End a change of mailboxes. */
static void
boxes_commit(struct world *w, int err)
{
	struct buf text = { .max = 0 };

	if (err == 0)
		err = boxes_write(w, &text);
	if (world_commit(w, err)) {
		tried_drop(w);
		buf_drop(&w->boxes);
		w->boxes = text;
	} else if (err == 0) {
		must(w->tried_count < BOXES_TRIED);
		w->tried[w->tried_count++] = text;
	} else {
		buf_drop(&text);
	}
}

void
boxes_drop(struct world *w)
{
	tried_drop(w);
	buf_drop(&w->boxes);
}

/* Put what INBOX has into a mailbox as well. */
static int
box_fill(struct world *w, int64_t id)
{
	const struct box_span inbox = { BOX_INBOX, 1, UINT32_MAX };
	struct box_entry entries[MESSAGES];
	uint32_t first;
	size_t count;
	int err = box_entries(w->db, &inbox, entries, MESSAGES, &count);

	return err != 0 ? err : box_copy(w->db, id, entries, count, &first);
}

void
boxes_make(struct world *w, const char *name)
{
	unsigned number;
	int64_t id;
	int err = mailbox_make(w->db, str_of(name), STR(""), &id);

	if (err == 0)
		err = keyword_find(w->db, id, STR("work"), true, &number);
	if (err == 0)
		err = box_fill(w, id);
	boxes_commit(w, err);
}

void
boxes_change(struct world *w, const char *name)
{
	const struct box_change set = {
		.how = BOX_FLAGS_ADD, .flags = BOX_SEEN | BOX_DELETED
	};
	struct box_span span = { .first = 1, .last = 3 };
	uint32_t uid = 2;
	uint64_t modseq;
	int err = mailbox_find(w->db, str_of(name), &span.box);

	if (err == -ENOENT)
		return;
	if (err == 0)
		err = box_flags(w->db, &span, &set, NULL, &modseq);
	if (err == 0)
		err = box_delete(w->db, span.box, &uid, 1);
	if (err == 0)
		err = box_fill(w, span.box);
	boxes_commit(w, err);
}

void
boxes_move(struct world *w, const char *from, const char *to)
{
	int err = mailbox_rename(w->db, str_of(from), str_of(to));

	if (err != -ENOENT)
		boxes_commit(w, err);
}

void
boxes_remove(struct world *w, const char *name)
{
	int err = mailbox_remove(w->db, str_of(name));

	if (err != -ENOENT)
		boxes_commit(w, err);
}

void
boxes_check(struct world *w, bool crashed)
{
	struct buf text;
	bool found;

	if (boxes_write(w, &text) != 0) {
		wrong(w, true, "the mailboxes cannot be listed");
		buf_drop(&text);
		return;
	}
	found = str_equal(buf_str(&text), buf_str(&w->boxes));
	for (unsigned i = 0; i < w->tried_count && crashed; i++)
		found |= str_equal(buf_str(&text), buf_str(&w->tried[i]));
	wrong(w, !found, "the mailboxes are not what was promised");
	if (found && crashed) {
		/* so they stay */
		tried_drop(w);
		buf_drop(&w->boxes);
		w->boxes = text;
	} else {
		buf_drop(&text);
	}
}

size_t
boxes_files(struct world *w)
{
	struct box_entry entries[MESSAGES];
	uint64_t seen[MESSAGES];
	struct mailboxes all;
	size_t count, large = 0;

	if (mailbox_list(w->db, &all) != 0)
		return 0;
	for (size_t i = 0; i < all.count; i++) {
		const struct box_span span = { all.list[i].id, 1,
		    UINT32_MAX };

		if (box_entries(w->db, &span, entries, MESSAGES, &count) != 0)
			count = 0;
		for (size_t n = 0; n < count; n++) {
			size_t at = 0;

			if (entries[n].size <= MESSAGE_ROW_MAX)
				continue;
			while (at < large && seen[at] != entries[n].message)
				at++;
			if (at == large)
				seen[large++] = entries[n].message;
		}
	}
	mailbox_list_drop(&all);
	return large;
}
