/*
 * Through the selected mailbox in slices, to the messages that a search finds.
 *
 * Nobody is opened whose entry decides; who vanishes meanwhile is not found,
 * nor who is damaged. What others delete stays readable while it is looked
 * at: its content is held by m->stamp.
 */
#include "app/mua_search_part.h"

#include "mail/fold.h"
#include "mail/subject.h"

#include <errno.h>
#include <stdlib.h>

bool
search_begin(struct search *s, struct mua *m)
{
	const struct uids *view = &m->view.uids;

	s->m = m;
	s->rows = xalloc(MUA_ROWS, sizeof *s->rows);
	buf_init(&s->head, SUMMARY_MAX);
	buf_init(&s->body, SUMMARY_MAX);
	buf_init(&s->text, 2 * SUMMARY_MAX);
	buf_init(&s->base, 2 * SUMMARY_MAX);
	judge_init(&s->judge, m->imap.command.u.search.top);
	if (!search_keys(s))
		return false;
	s->sure = judge_bounds(&s->judge, view, &s->wanted) && !s->modseq;
	s->walk.box = m->view.box;
	s->walk.next = 1;
	/* Gaps where nobody is are read for nothing. */
	if (uids_len(&s->wanted) == uids_len(view) && view->count > 0)
		uids_add(&s->walk.set, 1, uids_last(view));
	else
		uids_copy(&s->walk.set, &s->wanted);
	m->work_total = uids_len(&s->wanted);
	return true;
}

void
search_drop(struct search *s)
{
	size_t i;

	s->m->stamp = INT64_MAX;
	for (i = 0; i < s->pass_count; i++)
		look_free(s->passes[i].look);
	for (i = 0; i < s->needle_count; i++)
		look_needle_drop(&s->needles[i]);
	free(s->passes);
	free(s->needles);
	judge_drop(&s->judge);
	uids_drop(&s->wanted);
	uids_drop(&s->walk.set);
	free(s->rows);
	buf_drop(&s->head);
	buf_drop(&s->body);
	buf_drop(&s->text);
	buf_drop(&s->base);
	envelope_person_drop(&s->person);
	message_summary_drop(s->maker);
	mime_drop(s->mime);
}

void
search_step(struct search *s)
{
	s->loaded = false;
	s->octets = 0;
	s->judged = 0;
	s->holds = false;
}

static int
rows_load(struct search *s)
{
	struct mua *m = s->m;

	s->loaded = true;
	s->row = 0;
	s->entry = NULL;
	m->stamp = db_stamp(m->service->db);
	return mua_walk_on(m, &s->walk, s->rows, MUA_ROWS, &s->row_count);
}

/* Read it, or begin to make it. Returns: 0 or negative errno. */
static int
head_begin(struct search *s)
{
	struct db *db = s->m->service->db;
	int got = message_summary(db, s->m->reader, s->entry->message,
	    MESSAGE_HEAD, &s->head);

	s->octets += s->head.len;
	if (got == 0)
		got = message_summary_begin(db, s->m->reader,
		    s->entry->message, &s->maker);
	return got < 0 ? got : 0;
}

/* Go on making it, as far as this step may. Returns: as search_head(). */
static int
head_make(struct search *s)
{
	int more = 1;

	while (more > 0 && s->octets < MUA_OCTETS)
		more = message_summary_step(s->m->service->db, s->maker,
		    &s->head, &s->body, &s->octets);
	if (more <= 0) {
		message_summary_drop(s->maker);
		s->maker = NULL;
	}
	return more;
}

int
search_head(struct search *s)
{
	int got = 0;

	if (s->has_head)
		return 0;
	if (s->maker == NULL)
		got = head_begin(s);
	if (got == 0 && s->maker != NULL)
		got = head_make(s);
	if (got != 0)
		return got == -EBADMSG ? -ENOENT : got;
	s->has_head = summary_read_head(&s->summary, buf_str(&s->head));
	return s->has_head ? 0 : -ENOENT;
}

int64_t
search_sent(const struct search *s)
{
	return s->summary.has_sent ? s->summary.sent : s->entry->received;
}

bool
search_subject(struct search *s, struct buf *out)
{
	size_t from = out->len;
	bool reply;

	if (!envelope_text(&s->text, s->summary.envelope, ENVELOPE_SUBJECT))
		return false;
	buf_clear(&s->base);
	reply = subject_base(&s->base, buf_str(&s->text));
	fold_text(out, str_part(buf_str(&s->base), 0, SEARCH_SORT_MAX));
	if (out->len - from > SEARCH_SORT_MAX)
		buf_cut(out, from + SEARCH_SORT_MAX);
	return reply;
}

/*
 * Judge the message stage by stage.
 *
 * Returns:  0 with *value; 1: this step has done its share; negative errno.
 */
static int
entry_judge(struct search *s, enum judge_value *value)
{
	int err = 0;

	*value = JUDGE_OPEN;
	for (;;) {
		if (s->stage == JUDGE_ENTRY)
			search_judge_entry(s);
		else if (judge_next(&s->judge, s->stage, NULL) == NULL)
			err = 0;
		else if (s->stage == JUDGE_SUMMARY)
			err = search_judge_summary(s);
		else if (s->stage == JUDGE_HEADER)
			err = search_judge_header(s);
		else
			err = search_judge_text(s);
		if (err != 0)
			return err;
		*value = judge_fold(&s->judge);
		if (*value != JUDGE_OPEN)
			return 0;
		s->stage++;
		must(s->stage < JUDGE_STAGES);
		s->opened = false;
	}
}

/* Begin with the next row. */
static void
entry_begin(struct search *s)
{
	s->entry = &s->rows[s->row];
	s->judged += s->judge.count;
	s->stage = JUDGE_ENTRY;
	s->opened = false;
	s->has_head = false;
	s->holds = false;
	judge_begin(&s->judge);
}

/*
 * Make the next row s->entry, loading more if need be.
 *
 * Returns:  0, also when there is none: *go says so; negative errno.
 */
static int
entry_next(struct search *s, enum search_go *go)
{
	int err = 0;

	*go = SEARCH_FOUND;
	if (s->octets >= MUA_OCTETS || s->judged >= SEARCH_KEYS ||
	    (s->row == s->row_count && s->loaded && s->walk.next != 0))
		*go = SEARCH_PAUSES;
	else if (s->row == s->row_count && s->walk.next == 0)
		*go = SEARCH_OVER;
	else if (s->row == s->row_count)
		err = rows_load(s);
	if (err == 0 && *go == SEARCH_FOUND && s->row < s->row_count &&
	    s->entry != &s->rows[s->row])
		entry_begin(s);
	return err;
}

int
search_next(struct search *s, bool head, enum search_go *go)
{
	enum judge_value value;
	int err;

	for (;;) {
		err = entry_next(s, go);
		if (err != 0 || *go != SEARCH_FOUND)
			return err;
		if (s->row == s->row_count)
			continue;
		value = s->found ? JUDGE_YES : JUDGE_NO;
		if (!s->found && uids_has(&s->wanted, s->entry->uid))
			err = entry_judge(s, &value);
		if (err == 0 && value == JUDGE_YES && head) {
			err = search_head(s);
			s->found = err > 0;
		}
		if (err > 0) {
			*go = SEARCH_PAUSES;
			return 0;
		}
		if (err < 0 && err != -ENOENT)
			return err;
		s->row++;
		s->m->work_done++;
		if (err == 0 && value == JUDGE_YES)
			return 0;
	}
}
