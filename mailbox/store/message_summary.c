/*
 * Summaries, read and made by the owner. A message may be long: it is looked at
 * piece by piece, so that nobody waits for all of it but who asked.
 */
#include <errno.h>
#include <stdlib.h>

#include "mail/summary.h"
#include "store/message_inner.h"
#include "store/summary_row.h"

int
message_summary(struct db *db, struct message_reader *r, uint64_t message,
	enum message_summary which, struct buf *out)
{
	struct summary_ask ask = { .message = message, .which = which };
	int more, err = message_key(db, r, message, &ask.key);

	buf_clear(out);
	if (err != 0)
		return err;
	more = summary_row_open(db, &ask, out);
	return more == -EBADMSG ? message_broken(message) : more;
}

struct message_summary_maker {
	struct message_reader *reader;
	uint64_t message;
	struct summary_maker *maker;
	struct buf piece;
};

int
message_summary_begin(struct db *db, struct message_reader *r,
	uint64_t message, struct message_summary_maker **out)
{
	struct message_summary_maker *m;
	int err = message_open(db, r, message);

	if (err != 0)
		return err;
	m = xalloc(1, sizeof *m);
	m->reader = r;
	m->message = message;
	m->maker = summary_new(SUMMARY_MAX);
	buf_init(&m->piece, PIECE_SIZE);
	*out = m;
	return 0;
}

void
message_summary_drop(struct message_summary_maker *m)
{
	if (m == NULL)
		return;
	summary_drop(m->maker);
	buf_drop(&m->piece);
	free(m);
}

/* The message is over. */
static int
texts_make(struct db *db, struct message_summary_maker *m, struct buf *head,
	struct buf *body)
{
	struct summary_row row = { .message = m->message };
	const unsigned char *key;
	int err = message_key(db, m->reader, m->message, &key);

	if (err != 0)
		return err;
	must(summary_end(m->maker, head, body));
	summary_row_seal(&row, m->message, buf_str(head), buf_str(body), key);
	summary_row_late(db, &row);
	return 0;
}

int
message_summary_step(struct db *db, struct message_summary_maker *m,
	struct buf *head, struct buf *body, uint64_t *octets)
{
	int more = message_read(db, m->reader, &m->piece);

	buf_clear(head);
	buf_clear(body);
	if (more > 0)
		summary_feed(m->maker, buf_str(&m->piece));
	else if (more == 0)
		more = texts_make(db, m, head, body);
	*octets += m->piece.len + head->len + body->len;
	return more;
}
